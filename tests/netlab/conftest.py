# SPDX-License-Identifier: Apache-2.0
"""A lab for each test, and the program under test as its client."""

import json
import os
import pathlib
import re
import sys
import tempfile
import time

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

import rows  # noqa: E402
from authority import Authority  # noqa: E402
from lab import HOST, Lab  # noqa: E402
from plugin import EHLO_NAME, PASSWORD, USER, Run  # noqa: E402
from servers import tools  # noqa: E402
from world import World  # noqa: E402

RUN_SECONDS = 60
NAME = re.compile(r"test_([A-Z]\d+[a-z]?)_")
RENAME = 'hostname "$1" && shift && exec "$@"'


def pytest_configure(config):
    config.addinivalue_line("markers", "hosts(text): what /etc/hosts holds in the lab")


@pytest.fixture(scope="session")
def authority():
    with tempfile.TemporaryDirectory(prefix="netlab-authority-") as directory:
        yield Authority(directory)


@pytest.fixture
def lab(request):
    marker = request.node.get_closest_marker("hosts")
    with Lab(**({"hosts": marker.args[0]} if marker else {})) as made:
        yield made


@pytest.fixture
def world(lab, authority):
    return World(lab, authority)


class Check:
    """Runs check_smtp_auth in the client's namespace."""

    def __init__(self, binary, lab, authority):
        self.binary, self._lab, self.authority = binary, lab, authority
        self.password = lab.directory / "password"
        self.password.touch(mode=0o600)
        self.password.write_text(PASSWORD + "\n")
        self.state = lab.directory / "state"

    def remembering(self):
        """The options for a run that remembers and is remembered."""
        return ["--state-file", self.state]

    def __call__(self, *options, host=HOST, port=587, family=4, seconds=2, machine=None,
                 before=()):
        command = [self.binary, "-H", host, "-p", port, f"-{family}", "-U", USER,
                   "--password-file", self.password, "-F", EHLO_NAME,
                   "--ca-file", self.authority.bundle, "--output", "json", "--trace",
                   "-t", seconds, *options]
        command = [*before, *command]
        if machine:
            command = [tools.require("unshare", "util-linux"), "--uts", "sh", "-c", RENAME,
                       "rename", machine, *command]
        begun = time.monotonic()
        done = self._lab.run("client", command, timeout=RUN_SECONDS)
        words = [str(word).encode() for word in command]
        run = Run(words, done.returncode, done.stdout, done.stderr,
                  time.monotonic() - begun, 0)
        assert done.stderr == "" and run.report, run
        return run


@pytest.fixture
def check(plugin_path, lab, authority):
    return Check(plugin_path, lab, authority)


@pytest.fixture(scope="session")
def plugin_path():
    binary = pathlib.Path(os.environ["CHECK_SMTP_AUTH"]).resolve()
    if not os.access(binary, os.X_OK):
        raise pytest.UsageError(f"{binary} is no program")
    return binary


def judged(run):
    return tuple(run.report.get(key) for key in ("phase", "cause", "reason", "confidence"))


def note_verdict(test, run):
    """For tests/long/netlab-200, which compares the verdicts of many runs."""
    file = os.environ.get("NETLAB_VERDICTS")
    if file:
        line = json.dumps([test, *judged(run)]) + "\n"
        with open(file, "ab", buffering=0) as output:
            output.write(line.encode())


@pytest.fixture
def verdict(request):
    """verdict(run, phase, cause, reason, confidence): was that the outcome?"""

    def compare(run, *wanted):
        note_verdict(request.node.nodeid.rsplit("/", 1)[-1], run)
        assert judged(run) == wanted, f"wanted {wanted}, came {judged(run)}\n{run}"

    return compare


@pytest.fixture
def row(request, verdict):
    """row(run): was the outcome what rows.tsv says of the row that the test is named for?"""
    named = rows.read()[NAME.match(request.node.name)[1]]

    def compare(run):
        verdict(run, *named.verdict())
        notices = [notice["reason"] for notice in run.report.get("notices", [])]
        if named.cause == "none":
            assert named.notice in notices and run.exit_code == 1, run
        else:
            assert run.exit_code == 2, run

    return compare
