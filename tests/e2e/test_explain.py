# SPDX-License-Identifier: Apache-2.0
"""--explain: the phases drawn, the reasons, the four checks; colour on a terminal only."""

import contextlib
import os
import pty
import re
import select
import subprocess
import time

import pytest

from plugin import EHLO_NAME, RUN_SECONDS, USER, leaks, up_to
from plugin import probe  # noqa: F401 (a fixture)

SECRET = "uNiQue-7k.Zq-Passw0rd"
WIDTH = 80
CHECKS = ["credentials", "firewall and antivirus", "server set-up", "network connectivity"]
PHASES = ["resolve", "connect", "banner", "ehlo", "starttls", "tls", "ehlo_tls", "auth", "quit"]
BAR = re.compile(r"([a-z_]+) +(=+|#+) +([0-9.]+) (m?s)(  failed)?")
CHECK = re.compile(rf"({'|'.join(CHECKS)})  +(ok|at_fault|not_reached|unknown)  +\S.*")
TLS_MODES = {"--starttls": "starttls", "--tls": "implicit"}
ESCAPE = "\033"


def arguments(probe, port, *more, password_file=None):
    return ["-H", "localhost", "-4", "-p", port, "-U", USER, "--password-file",
            password_file or probe.password_file, "--ca-file", probe.authority,
            "-F", EHLO_NAME, *more]


def explain(probe, port, *more, **options):
    run = probe.run(*arguments(probe, port, "--explain", *more, **options))
    assert run.stderr == "", run
    assert ESCAPE not in run.stdout, run
    return run


def bars(run):
    """(word, bar, failed) of each line that has a bar."""
    found = [BAR.fullmatch(line) for line in run.stdout.splitlines()]
    return [(bar[1], bar[2], bool(bar[5])) for bar in found if bar]


def checks(run):
    return dict(CHECK.fullmatch(line).groups() for line in run.stdout.splitlines()
                if CHECK.fullmatch(line))


def assert_drawn(run, phases, failed):
    assert [word for word, _, _ in bars(run)] == phases, run
    assert [word for word, _, mark in bars(run) if mark] == failed, run
    assert [word for word, bar, _ in bars(run) if "#" in bar] == failed, run
    for line in run.stdout.splitlines():
        if BAR.fullmatch(line) or CHECK.fullmatch(line):
            assert len(line) <= WIDTH, run
    assert list(checks(run)) == CHECKS, run


@pytest.fixture(scope="module")
def server(probe):
    with probe.login_server() as started:
        yield started


# ---- what is told ----------------------------------------------------------------------


@pytest.mark.parametrize("tls", TLS_MODES)
def test_success_is_drawn_too(probe, tls):
    with probe.login_server("--tls", TLS_MODES[tls]) as started:
        run = explain(probe, started.port, tls)
    assert run.exit_code == 0, run
    phases = PHASES
    if tls == "--tls":
        phases = ["resolve", "connect", "tls", "banner", "ehlo", "auth", "quit"]
    assert_drawn(run, phases, [])
    assert set(checks(run).values()) == {"ok"}, run
    assert "what happened" not in run.stdout, run


def test_refusal_is_marked(probe, server):
    wrong = probe.secret_file("wrong", SECRET)
    run = explain(probe, server.port, password_file=wrong)
    assert run.exit_code == 2, run
    assert_drawn(run, PHASES, ["auth"])
    assert checks(run)["credentials"] == "at_fault", run
    assert run.stdout.index("\nwhat happened:") < run.stdout.index("\nwhy:"), run
    assert run.stdout.index("\nwhy:") < run.stdout.index("\ndo:"), run
    assert run.stdout.index("\ndo:") < run.stdout.index("\ncredentials "), run


def test_refused_connection_is_marked(probe):
    run = explain(probe, 1)
    assert run.exit_code == 2, run
    assert_drawn(run, ["resolve", "connect"], ["connect"])
    assert checks(run)["network connectivity"] == "at_fault", run
    assert checks(run)["credentials"] == "not_reached", run


def test_slow_phase_has_the_long_bar(probe):
    with probe.replay_server(*up_to("banner"), "# server: silence") as silent:
        run = explain(probe, silent.port, "-t", "0.5")
    assert run.exit_code == 2, run
    assert_drawn(run, ["resolve", "connect", "banner"], ["banner"])
    longest = max(bars(run), key=lambda bar: len(bar[1]))
    assert longest[0] == "banner" and len(longest[1]) > 30, run


def test_first_line_is_that_of_the_short_form(probe, server):
    digits = re.compile(r"\d+\.\d+")
    brief, full = (probe.run(*arguments(probe, server.port, *more)).stdout.split("\n")[0]
                   for more in ([], ["--explain"]))
    assert digits.sub("N", brief) == digits.sub("N", full)
    assert "|time=" in full


def test_json_is_the_same_with_and_without(probe, server):
    run = probe.run(*arguments(probe, server.port, "--output", "json", "--explain"))
    assert run.report and run.report["success"] is True, run
    assert [check["check"] for check in run.report["checks"]] == CHECKS, run


def test_without_it_the_form_is_short(probe, server):
    run = probe.run(*arguments(probe, server.port))
    assert run.stdout.count("\n") == 1, run


# ---- colour ----------------------------------------------------------------------------


def read_all(descriptor):
    """All that comes from a terminal until the last writer is gone."""
    read = b""
    deadline = time.monotonic() + RUN_SECONDS
    with contextlib.suppress(OSError):  # EIO: nobody holds the other end
        while select.select([descriptor], [], [], deadline - time.monotonic())[0]:
            piece = os.read(descriptor, 65536)
            if not piece:
                break
            read += piece
    return read.decode()


def on_a_terminal(probe, words, **environment):
    """What the plugin shows on a terminal, in an environment with these variables."""
    kept = {name: value for name, value in os.environ.items()
            if name not in ("NO_COLOR", "TERM")}
    ours, theirs = pty.openpty()
    try:
        with subprocess.Popen([str(probe.binary), *map(str, words)], stdout=theirs,
                              stdin=subprocess.DEVNULL, stderr=subprocess.PIPE,
                              env={**kept, **environment}) as process:
            os.close(theirs)
            shown = read_all(ours)
            assert process.wait(RUN_SECONDS) == 0, shown
            assert process.stderr.read() == b"", shown
    finally:
        os.close(ours)
    assert shown.startswith("SMTP AUTH OK - "), shown
    return shown.replace("\r\n", "\n")


def test_terminal_gets_colour(probe, server):
    shown = on_a_terminal(probe, arguments(probe, server.port, "--explain"), TERM="xterm")
    assert "\033[32m=" in shown and "\033[32mok\033[0m" in shown, shown
    assert shown.count("\033[32m") == shown.count("\033[0m") == len(PHASES) + len(CHECKS)
    assert ESCAPE not in shown.split("\n")[0], "the status line is coloured"


@pytest.mark.parametrize("environment, coloured", [
    ({"TERM": "xterm", "NO_COLOR": "1"}, False),
    ({"TERM": "xterm", "NO_COLOR": "0"}, False),  # whatever its value, says no-color.org
    ({"TERM": "xterm", "NO_COLOR": ""}, True),  # but an empty one does not count
    ({"TERM": "dumb"}, False),
    ({"TERM": ""}, False),
    ({}, False),
], ids=str)
def test_user_can_say_no(probe, server, environment, coloured):
    shown = on_a_terminal(probe, arguments(probe, server.port, "--explain"), **environment)
    assert (ESCAPE in shown) == coloured, shown
    assert "credentials" in shown, shown


@pytest.mark.parametrize("more", [[], ["-vvv"], ["--output", "json", "--explain"]], ids=str)
def test_nothing_else_is_coloured(probe, server, more):
    words = arguments(probe, server.port, *more)
    if "json" in more:
        run = probe.run(*words, environment={"TERM": "xterm"})
        assert ESCAPE not in run.stdout, run
    else:
        assert ESCAPE not in on_a_terminal(probe, words, TERM="xterm")


# ---- what is never told ----------------------------------------------------------------


def test_neither_trace_nor_secret_shows(probe):
    """The server sends back the command that held the password."""

    def conversation(peer):
        peer.encrypted_session("AUTH PLAIN")
        line = peer.plain_response()
        peer.send(f"535-5.7.8 {line}", f"535 5.7.8 {SECRET}")
        peer.drain()

    unique = probe.secret_file("unique", SECRET)
    with probe.python_server(conversation) as echoing:
        run = explain(probe, echoing.port, "-A", "PLAIN", password_file=unique)
    assert run.exit_code == 2, run
    assert_drawn(run, PHASES, ["auth"])
    assert not leaks(SECRET, run.stdout), run
    assert "trace:" not in run.stdout and "> EHLO" not in run.stdout, run


def test_servers_words_bring_no_colour(probe):
    """Control bytes of a peer reach no terminal, and no '|' begins more perfdata."""
    evil = "535 5.7.8 \033[31m a|b \033]0;owned\007 \x9b31m"
    with probe.replay_server(*up_to("auth"), f"< {evil}") as server:
        run = explain(probe, server.port, "-A", "PLAIN")
    assert run.exit_code == 2, run
    assert checks(run)["credentials"] != "ok", run
    assert all(" " <= c <= "~" for c in run.stdout if c != "\n"), run
    assert run.stdout.count("|") == 1, run
