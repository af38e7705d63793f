# SPDX-License-Identifier: Apache-2.0
"""A real Nagios 4 runs the check as contrib/nagios tells it to, a second for each minute.

States, output, performance data and the notification are read from its own files.
"""

import re

import pytest

from plugin import PASSWORD, USER
from plugin import probe  # noqa: F401 (a fixture)
from servers.daemon import wait_until
from servers.nagios import EXAMPLE, Nagios, command_and_template
from servers.ports import PortReservation

SECONDS = 30
# state, what the status line says, and what the performance data must have
EXPECTED = {
    "good": ("0", "SMTP AUTH OK - ", "auth"),
    "refused": ("2", "SMTP AUTH CRITICAL - credentials: bad credentials (535 5.7.8) ", "auth"),
    "dead": ("2", "SMTP AUTH CRITICAL - network: connection refused ", "connect"),
}
PERFDATA = re.compile(r"(\w+=\d+\.\d+s(;[^ ;]*){0,4})( \w+=\S+)*")


@pytest.fixture(scope="module")
def nagios(probe):
    plugins = probe.directory / "plugins"
    plugins.mkdir()
    (plugins / "check_smtp_auth").symlink_to(probe.binary)
    wrong = probe.secret_file("wrong", "not " + PASSWORD)
    closed = PortReservation()

    def service(name, port, password_file=probe.password_file):
        return {"name": name, "user": USER, "password_file": password_file,
                "options": f"-p {port} -w 9 -c 9 --ca-file {probe.authority}"}

    with probe.login_server() as server:
        started = Nagios(plugins, [service("good", server.port),
                                   service("refused", server.port, wrong),
                                   service("dead", closed.take())])
        try:
            yield started
        finally:
            started.stop()
            closed.release()


@pytest.fixture(scope="module")
def statuses(nagios):
    """What Nagios thinks once each service has a hard state and the failures are told."""
    nagios.start()

    def settled():
        found = nagios.statuses()
        hard = all(status["has_been_checked"] == "1" and status["state_type"] == "1"
                   for status in found.values())
        told = len(nagios.lines("notifications")) == 2
        return hard and told and len(nagios.lines("perfdata")) >= 5 and found

    return wait_until(settled, SECONDS, "a hard state of each service")


def test_the_examples_are_accepted(nagios):
    said = nagios.verify()
    assert "Total Warnings: 0\nTotal Errors:   0" in said
    own = (nagios.directory / "services.cfg").read_text()
    nagios.use(EXAMPLE.read_text())
    said = nagios.verify()
    nagios.use(own)
    assert "Total Warnings: 0\nTotal Errors:   0" in said
    assert "Checked 2 services." in said


@pytest.mark.parametrize("name", EXPECTED)
def test_state_output_and_perfdata(name, statuses):
    state, output, last_phase = EXPECTED[name]
    status = statuses[name]
    assert status["current_state"] == status["last_hard_state"] == state
    assert status["plugin_output"].startswith(output)
    assert "127.0.0.1:" in status["plugin_output"]
    assert len(status["plugin_output"]) < 80
    perfdata = status["performance_data"]
    assert PERFDATA.fullmatch(perfdata), perfdata
    assert perfdata.startswith("time=") and ";9;9;0" in perfdata
    assert f" {last_phase}=" in perfdata


def test_more_lines_say_what_to_do(statuses):
    assert statuses["good"]["long_plugin_output"] == ""
    for name in ("refused", "dead"):
        assert r"\nwhy:" in statuses[name]["long_plugin_output"]
        assert r"\ndo:" in statuses[name]["long_plugin_output"]


def test_one_confirming_login_then_a_notification(nagios, statuses):
    assert statuses["refused"]["current_attempt"] == "2"
    lines = sorted(nagios.lines("notifications"))
    for line, name in zip(lines, ("dead", "refused")):
        # Nagios takes quotes and the like out of what it hands to a command.
        assert line.startswith(f"PROBLEM {name} CRITICAL {EXPECTED[name][1]}")


def test_perfdata_file(nagios, statuses):
    lines = nagios.lines("perfdata")
    assert {line.split()[0] for line in lines} == set(EXPECTED)
    for line in lines:
        assert PERFDATA.fullmatch(line.split(" ", 1)[1]), line


def test_the_password_is_nowhere(nagios, statuses):
    for path in nagios.directory.rglob("*"):
        if path.is_file():
            assert PASSWORD not in path.read_text(errors="replace"), path


def test_the_intervals_fit_the_lock_out_rule():
    """One confirming login after 60 s, then never more than two in 30 minutes (minutes here)."""
    number = {key: int(re.search(rf"^    {key} +(\d+)$", command_and_template(),
                                 re.MULTILINE)[1])
              for key in ("max_check_attempts", "retry_interval", "check_interval")}
    logins = [0]
    for attempt in range(1, 10):
        soft = attempt < number["max_check_attempts"]
        logins.append(logins[-1] + number["retry_interval" if soft else "check_interval"])
    assert logins[1] >= 1
    for login in logins:
        assert sum(login <= other < login + 30 for other in logins) <= 2
