# SPDX-License-Identifier: Apache-2.0
"""Commands after the login: -C and -f. No mail is sent."""

import pytest

from plugin import probe  # noqa: F401 (a fixture)
from plugin import up_to

LOGIN = [*up_to("auth"), "< 235 2.7.0 ok"]


def play(probe, lines, *options):
    with probe.replay_server(*LOGIN, *lines) as server:
        run = probe.log_in(server.port, "-A", "PLAIN", "--second-look", "0", *options)
    return run, server


def test_commands_are_said_in_order_and_only_after_the_login(probe):
    lines = ["> MAIL", "< 250 2.1.0 sender ok", "> RCPT", "< 250 2.1.5 recipient ok",
             "> RSET", "< 250 2.0.0 ok", "# server: end-reply"]
    run, server = play(probe, lines, "-f", "probe@example.test", "-C",
                       "RCPT TO:<postmaster@example.test>", "-C", "RSET", "--trace")
    assert run.exit_code == 0, run
    assert run.report["success"] and run.report["cause"] == "none", run
    assert server.counters["mismatches"] == 0, run
    said = [line for line in run.report["trace"] if " > " in line]
    order = [line.split(" > ")[1].split(" ")[0] for line in said]
    assert order[order.index("AUTH"):] == ["AUTH", "MAIL", "RCPT", "RSET", "QUIT"], said
    assert any("MAIL FROM:<probe@example.test>" in line for line in said), said


@pytest.mark.parametrize("reply,cause,reason", [
    ("550 5.7.60 SMTP; Client does not have permissions to send as this sender",
     "server_config", "relay_or_sender_authorization"),
    ("450 4.3.2 try again later", "unavailable", None),
])
def test_a_refused_command_is_the_verdict_and_ends_the_run(probe, reply, cause, reason):
    run, server = play(probe, ["> MAIL", f"< {reply}", "# server: end-reply"],
                       "-f", "probe@example.test", "-C", "RCPT TO:<a@example.test>")
    assert run.exit_code == 2, run
    assert run.report["phase"] == "mail" and run.report["cause"] == cause, run
    assert reason is None or run.report["reason"] == reason, run
    assert "RCPT" not in str(run.report.get("evidence")), run
    checks = {check["check"]: check["state"] for check in run.report["checks"]}
    assert checks["credentials"] == "ok", run


def test_a_refused_login_says_no_command(probe):
    with probe.replay_server(*up_to("auth"), "< 535 5.7.8 no", "# server: end-reply") as server:
        run = probe.log_in(server.port, "-A", "PLAIN", "-f", "a@example.test", "--trace")
    assert run.report["cause"] == "credentials", run
    assert not any("MAIL" in line for line in run.report["trace"]), run


@pytest.mark.parametrize("command", ["DATA", "data", " DATA", "BDAT 3 LAST", "AUTH PLAIN x",
                                     "STARTTLS", "QUIT", "BURL imap://x"])
def test_what_could_send_mail_or_log_in_again_is_not_said(probe, command):
    run = probe.log_in(1, "-C", command)
    assert run.exit_code == 3, run
    assert run.report["cause"] == "local" and "is not said here" in run.report["message"], run


@pytest.mark.parametrize("options,words", [
    (["-C", "NOOP\r\nDATA"], "CR or LF"),
    (["-C", ""], "empty"),
    (["-C", "NOOP " + "x" * 506], "longer than 510"),
    (["-f", "a>b"], "is not an address"),
    (["-C", "NOOP"] * 17, "more than 16"),
])
def test_commands_that_are_none(probe, options, words):
    run = probe.log_in(1, *options)
    assert run.exit_code == 3 and words in run.report["message"], run


def test_a_command_of_510_bytes_is_said(probe):
    run, server = play(probe, ["> NOOP", "< 250 ok", "# server: end-reply"],
                       "-C", "NOOP " + "x" * 505)
    assert run.exit_code == 0 and server.counters["mismatches"] == 0, run
