# SPDX-License-Identifier: Apache-2.0
"""The examples for NRPE, with its daemon, and for the agent of Checkmk, in its grammar."""

import pathlib
import re
import subprocess

import pytest

from plugin import PASSWORD, USER
from plugin import probe  # noqa: F401 (a fixture)
from servers.nrpe import Nrpe

CONTRIB = pathlib.Path(__file__).resolve().parents[2] / "contrib"
NRPE = CONTRIB / "nrpe" / "check_smtp_auth.cfg"
MRPE = CONTRIB / "checkmk" / "mrpe.cfg"
LOCAL_CHECK = CONTRIB / "checkmk" / "local" / "smtp_login"
RUN_SECONDS = 60
PERFDATA = re.compile(r"(\w+=\d+\.\d+s(;[^ ;|]*){0,4})( \w+=\S+)*")
LOCAL_METRICS = re.compile(r"\w+=\d+\.\d+(;\d+)*(\|\w+=\d+\.\d+(;[\d;]*)?)*")
FAULTS = {"right": (0, "SMTP AUTH OK - "),
          "wrong": (2, "SMTP AUTH CRITICAL - credentials: bad credentials (535 5.7.8) ")}


@pytest.fixture(scope="module")
def server(probe):
    with probe.login_server() as started:
        yield started


def password_of(which, probe):
    if which == "right":
        return probe.password_file
    return probe.secret_file("wrong", "not " + PASSWORD)


def adapted(text, binary, server, authority, password_file):
    """The example for our server and our files."""
    for there, here in {
        "/usr/lib/nagios/plugins/check_smtp_auth": str(binary),
        "-H mx.example.com": f"-H 127.0.0.1 -p {server.port} --ca-file {authority}",
        "-U probe@example.com": f"-U {USER}",
    }.items():
        assert text.count(there) == 1
        text = text.replace(there, here)
    text, count = re.subn(r"(?<= )--password-file \S+", f"--password-file {password_file}", text)
    assert count == 1
    return text


def run(command):
    done = subprocess.run(command, capture_output=True, text=True, timeout=RUN_SECONDS,
                          check=False)
    assert done.stderr == ""
    return done.returncode, done.stdout


@pytest.mark.parametrize("which", FAULTS)
def test_nrpe(which, probe, server):
    daemon = Nrpe()
    try:
        daemon.start(adapted(NRPE.read_text(), daemon.copy(pathlib.Path(probe.binary), 0o750), server,
                             daemon.copy(probe.authority, 0o640),
                             daemon.copy(password_of(which, probe), 0o640)))
        state, printed = run(daemon.question("check_smtp_auth"))
    finally:
        daemon.stop()
    message, _, perfdata = printed.splitlines()[0].partition("|")
    assert (state, message[: len(FAULTS[which][1])]) == FAULTS[which], printed
    assert PERFDATA.fullmatch(perfdata), perfdata
    assert ("\ndo:" in printed) == (state != 0)
    assert PASSWORD not in printed


@pytest.mark.parametrize("which", FAULTS)
def test_mrpe(which, probe, server):
    lines = [line for line in MRPE.read_text().splitlines()
             if line and not line.startswith("#")]
    assert len(lines) == 1
    name, options, command = re.fullmatch(r"(\S+) \((.+?)\) (.+)", lines[0]).groups()
    assert name == "SMTP_login"
    assert int(re.fullmatch(r"interval=(\d+)", options)[1]) >= 1800
    state, printed = run(["bash", "-c", adapted(
        command, probe.binary, server, probe.authority, password_of(which, probe))])
    assert (state, printed[: len(FAULTS[which][1])]) == FAULTS[which], printed


@pytest.mark.parametrize("which", FAULTS)
def test_local_check(which, probe, server, tmp_path):
    script = tmp_path / "smtp_login"
    script.write_text(adapted(
        LOCAL_CHECK.read_text(), probe.binary, server, probe.authority,
        password_of(which, probe)))
    script.chmod(0o755)
    exit_code, printed = run([script])
    found = re.fullmatch(r'(\d) "SMTP login" (\S+) (.+)\n', printed)
    assert exit_code == 0 and found, printed
    state, metrics, text = found.groups()
    assert (int(state), text[: len(FAULTS[which][1])]) == FAULTS[which], printed
    assert LOCAL_METRICS.fullmatch(metrics), metrics
    assert metrics.startswith("time=") and ";2;5;0|" in metrics and "|auth=" in metrics


def test_local_check_without_metrics(probe, tmp_path):
    """A run that comes to nothing is a service with a state, too."""
    script = tmp_path / "smtp_login"
    script.write_text(LOCAL_CHECK.read_text().replace("-H mx.example.com", "-p 0").replace(
        "/usr/lib/nagios/plugins/check_smtp_auth", str(probe.binary)))
    script.chmod(0o755)
    assert run([script]) == (0, '3 "SMTP login" - check_smtp_auth: -p: the value is not a port'
                             " from 1 to 65535\n")
