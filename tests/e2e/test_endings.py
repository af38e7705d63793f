# SPDX-License-Identifier: Apache-2.0
"""However a session ends, the verdict names the right phase and never the password.

A wrong `credentials` is the worst verdict there is: somebody rotates a good password.
"""

import base64

import pytest

from plugin import PASSWORD, USER, up_to
from plugin import probe  # noqa: F401 (a fixture)

SHORT = "0.6"  # seconds, where the server lets the deadline pass
QUIT_PATIENCE = 1.6  # the run may last so much longer than its verdict, on a busy machine
PHASES = ["banner", "ehlo", "starttls", "tls", "ehlo_tls", "auth"]
CREDENTIALS = ("auth", "credentials", "bad_credentials")


def play(probe, lines, *more, deadline=SHORT, arguments=()):
    """What the session alone says: the second look has tests of its own in the netlab."""
    with probe.replay_server(*lines, arguments=arguments) as server:
        return probe.log_in(server.port, "-t", deadline, "--second-look", "0", *more)


def assert_failed(run, phase, cause, reason):
    assert run.exit_code == 2, run
    assert run.verdict() == (phase, cause, reason), run
    assert run.report["success"] is False, run
    assert run.report["evidence"], run
    assert run.report["advice"], run


# ---- the server goes away -------------------------------------------------------------

# The server has seen the client's first TLS message before it goes.
LEAVING = {phase: up_to(phase) for phase in PHASES}
LEAVING["tls"] = [*up_to("tls"), "# server: hello"]
# A reset that comes with the connection itself cannot be told from a refused one.
LEAVING["banner"] = ["# server: delay 0.1"]


@pytest.mark.parametrize("phase", PHASES)
@pytest.mark.parametrize("how", ["close", "cut"])
def test_closed_connection_is_the_server_that_left(probe, phase, how):
    run = play(probe, [*LEAVING[phase], f"# server: {how}"], deadline="5")
    assert_failed(run, phase, "unavailable", "closed_by_server")
    assert run.elapsed < 2, run


@pytest.mark.parametrize("phase", PHASES)
def test_reset_connection_keeps_its_phase(probe, phase):
    run = play(probe, [*LEAVING[phase], "# server: reset"], deadline="5")
    # Inside verified TLS only the server itself can know that this is AUTH.
    cause = "unavailable" if phase == "auth" else "network"
    reason = "closed_by_server" if phase == "auth" else "connection_reset"
    assert_failed(run, phase, cause, reason)
    assert run.elapsed < 2, run


@pytest.mark.parametrize("phase", PHASES)
def test_silence_is_no_answer_at_the_deadline(probe, phase):
    run = play(probe, [*up_to(phase), "# server: silence"])
    assert_failed(run, phase, "unavailable", "no_answer")
    assert -0.01 < run.report["duration"] - float(SHORT) < 0.4, run
    assert run.elapsed < float(SHORT) + 1, run


BEFORE_THE_CREDENTIAL = [*up_to("auth", "LOGIN")]
BETWEEN_USER_AND_PASSWORD = [*BEFORE_THE_CREDENTIAL, "< 334 VXNlcm5hbWU6", "# server: expect-any"]
AFTER_THE_CREDENTIAL = [*BETWEEN_USER_AND_PASSWORD, "< 334 UGFzc3dvcmQ6",
                        "# server: expect-any"]


@pytest.mark.parametrize("said", [BEFORE_THE_CREDENTIAL, BETWEEN_USER_AND_PASSWORD,
                                  AFTER_THE_CREDENTIAL],
                         ids=["before", "in_between", "after"])
@pytest.mark.parametrize("how", ["close", "cut", "reset", "silence"])
def test_end_in_mid_exchange_is_not_the_password(probe, said, how):
    deadline = SHORT if how == "silence" else "5"
    run = play(probe, [*said, f"# server: {how}"], "-A", "LOGIN", deadline=deadline)
    reason = "no_answer" if how == "silence" else "closed_by_server"
    assert_failed(run, "auth", "unavailable", reason)


def test_end_in_cleartext_auth_is_not_the_password(probe):
    lines = ["< 220 mx", "> EHLO", "< 250-mx", "< 250 AUTH PLAIN", "> AUTH"]
    for how in ("close", "reset"):
        run = play(probe, [*lines, f"# server: {how}"], "--no-tls", "--allow-cleartext")
        assert run.report["cause"] in ("unavailable", "network"), run
        assert run.report["phase"] == "auth", run


# ---- the verdict survives what comes after it ------------------------------------------


def test_verdict_survives_a_reset_after_535(probe):
    users = probe.secret_file("other-users", f"{USER}:another\n")
    with probe.login_server("--reset-after-refusal", users=users) as server:
        for mechanism in ("PLAIN", "LOGIN", "SCRAM-SHA-256"):
            run = probe.log_in(server.port, "-A", mechanism)
            assert_failed(run, *CREDENTIALS)
            assert run.report["reply"]["code"] == 535, run


@pytest.mark.parametrize("reply,expected", [
    ("535 5.7.8 Bad credentials", (2, *CREDENTIALS)),
    ("235 2.7.0 Good", (0, "none", "none", "none")),
    ("454 4.7.0 Later", (2, "auth", "unavailable", "auth_backend_down")),
], ids=["refused", "accepted", "backend_down"])
@pytest.mark.parametrize("how", ["silence", "reset", "cut", "raw \"nonsense without end\"",
                                 "raw \"500 what?\\r\\n\""],
                         ids=["silent", "reset", "cut", "nonsense", "500"])
def test_nothing_after_the_reply_changes_the_verdict(probe, reply, expected, how):
    lines = [*up_to("auth"), f"< {reply}", "> QUIT", f"# server: {how}"]
    run = play(probe, lines, deadline="5")
    assert (run.exit_code, *run.verdict()) == expected, run
    assert run.elapsed < run.report["duration"] + QUIT_PATIENCE + 0.3, run


@pytest.mark.parametrize("mode", ["starttls", "implicit"])
def test_server_that_never_answers_quit_costs_a_second(probe, mode):
    option = {"starttls": "--starttls", "implicit": "--tls"}[mode]
    with probe.login_server("--silent-quit", "--tls", mode) as server:
        run = probe.log_in(server.port, option)
    assert run.exit_code == 0, run
    assert 0.9 < run.elapsed - run.report["duration"] < QUIT_PATIENCE, run


@pytest.mark.parametrize("phase", ["banner", "ehlo", "starttls"])
def test_silent_quit_in_cleartext_costs_a_second_at_most(probe, phase):
    lines = [*up_to(phase), "< 554 5.7.1 not you", "> QUIT", "# server: silence"]
    run = play(probe, lines, deadline="5")
    assert run.verdict()[0] == phase, run
    assert run.elapsed - run.report["duration"] < QUIT_PATIENCE, run


def test_quit_is_said_after_a_refusal(probe):
    with probe.replay_server(*up_to("auth"), "< 535 5.7.8 no", "> QUIT", "< 221 bye") as server:
        run = probe.log_in(server.port, "--trace")
    assert server.counters["mismatches"] == 0, run
    assert run.report["trace"][-2].endswith("> QUIT"), run
    assert run.report["trace"][-1].endswith("< 221 bye"), run


# ---- wrong port kind -------------------------------------------------------------------


def test_tls_at_a_starttls_port_is_wrong_port_kind(probe):
    with probe.login_server() as server:
        run = probe.log_in(server.port, "--tls")
    assert_failed(run, "tls", "server_config", "wrong_port_kind")
    assert run.elapsed < 2, run


def test_starttls_at_a_tls_port_is_not_the_password(probe):
    """Both sides wait for the other to speak; nothing tells them apart from silence."""
    with probe.login_server("--tls", "implicit") as server:
        run = probe.log_in(server.port, "--starttls", "-t", SHORT)
    assert run.exit_code == 2, run
    assert run.verdict() in [("banner", "server_config", "wrong_port_kind"),
                             ("banner", "unavailable", "no_answer")], run


def test_tls_at_a_web_server_is_wrong_port_kind(probe):
    run = play(probe, ["# server: hello", '# server: raw "HTTP/1.1 400 Bad Request\\r\\n\\r\\n"',
                       "# server: close"], "--tls", deadline="5")
    assert_failed(run, "tls", "server_config", "wrong_port_kind")


# ---- replies ---------------------------------------------------------------------------

UNAVAILABLE, CONFIG, POLICY = "unavailable", "server_config", "policy"

REPLIES = [
    ("banner", "421 4.3.2 shutting down", UNAVAILABLE, "shutting_down"),
    ("banner", "450 4.3.2 busy", UNAVAILABLE, "overloaded"),
    ("banner", "554 5.7.1 no SMTP service here", POLICY, "ip_denied"),
    ("banner", "521 mx does not accept mail", POLICY, "ip_denied"),
    ("ehlo", "421 4.3.2 shutting down", UNAVAILABLE, "shutting_down"),
    ("ehlo", "501 5.5.4 bad name", POLICY, "helo_rejected"),
    ("ehlo", "550 5.7.1 go away", POLICY, "helo_rejected"),
    ("ehlo", "554 5.7.1 go away", POLICY, "ip_denied"),
    ("ehlo", "502 5.5.1 no EHLO", CONFIG, "auth_not_offered"),
    ("starttls", "421 4.3.2 shutting down", UNAVAILABLE, "shutting_down"),
    ("starttls", "454 4.7.0 TLS not available", UNAVAILABLE, "internal_error"),
    ("starttls", "500 5.5.1 what?", "interference", "starttls_stripped"),
    ("starttls", "502 5.5.1 what?", "interference", "starttls_stripped"),
    ("starttls", "554 5.7.3 no", CONFIG, "starttls_not_offered"),
    ("ehlo_tls", "421 4.3.2 shutting down", UNAVAILABLE, "shutting_down"),
    ("ehlo_tls", "550 5.7.1 go away", POLICY, "helo_rejected"),
    ("auth", "421 4.3.2 shutting down", UNAVAILABLE, "shutting_down"),
    ("auth", "454 4.7.0 later", UNAVAILABLE, "auth_backend_down"),
    ("auth", "451 4.3.0 later", UNAVAILABLE, "internal_error"),
    ("auth", "500 5.5.1 what?", CONFIG, "auth_not_offered"),
    ("auth", "502 5.5.1 what?", CONFIG, "auth_not_offered"),
    ("auth", "503 5.5.1 not now", CONFIG, "protocol_error"),
    ("auth", "504 5.5.4 unknown mechanism", CONFIG, "mechanism_unsupported"),
    ("auth", "530 5.7.0 Must issue a STARTTLS command first", CONFIG, "tls_required"),
    ("auth", "534 5.7.9 too weak", CONFIG, "mechanism_disabled"),
    ("auth", "535 5.7.8 no", "credentials", "bad_credentials"),
    ("auth", "538 5.7.11 encrypt first", CONFIG, "auth_before_tls_forbidden"),
    ("auth", "571 5.7.1 strange", CONFIG, "protocol_error"),
]


@pytest.mark.parametrize("phase,reply,cause,reason", REPLIES,
                         ids=[f"{row[0]}-{row[1][:3]}" for row in REPLIES])
def test_reply_has_its_meaning(probe, phase, reply, cause, reason):
    lines = [*up_to(phase), f"< {reply}", "# server: end-reply"]
    run = play(probe, lines, deadline="5")
    assert_failed(run, phase, cause, reason)
    assert run.report["reply"]["code"] == int(reply[:3]), run
    assert run.elapsed < 2, run


@pytest.mark.parametrize("phase", PHASES[:3] + PHASES[4:])
def test_reply_and_close_together_is_the_reply(probe, phase):
    lines = [*up_to(phase), "< 421 4.3.2 shutting down", "# server: close"]
    run = play(probe, lines, deadline="5")
    assert run.report["reply"]["code"] == 421, run
    assert run.verdict()[:2] == (phase, "unavailable"), run
    assert run.report["reason"] != "closed_by_server", run


@pytest.mark.parametrize("reply,verdict", [
    ("HELO is fine", ("ehlo", POLICY, "helo_rejected")),
    ("HELO closes", ("ehlo", POLICY, "helo_rejected")),
])
def test_refused_ehlo_counts_not_what_helo_gets(probe, reply, verdict):
    """libcurl falls back to HELO where TLS stands; the refusal of EHLO is the fact."""
    lines = ["# server: tls", "< 220 mx", "> EHLO", "< 550 5.7.1 go away", "> HELO"]
    lines += ["< 250 mx"] if reply == "HELO is fine" else ["# server: close"]
    run = play(probe, lines, "--tls", deadline="5")
    assert_failed(run, *verdict)


def test_multi_line_replies_are_one_reply(probe):
    lines = [
        "< 220-mx.example.test", "< 220-welcome", "< 220 ESMTP", "> EHLO",
        "< 250-mx.example.test", "< 250-STARTTLS", "< 250 SIZE 1", "> STARTTLS",
        "< 220-wait", "< 220 go", "* tls start", "> EHLO",
        "< 250-mx.example.test", "< 250-AUTH LOGIN", "< 250 AUTH PLAIN", "> AUTH",
        "< 454-4.7.0 this is", "< 454-4.7.0 not", "< 454 4.7.0 your day",
        "# server: end-reply",
    ]
    run = play(probe, lines, "-A", "PLAIN", deadline="5")
    assert_failed(run, "auth", "unavailable", "auth_backend_down")
    assert run.report["offered"] == ["LOGIN", "PLAIN"], run
    assert run.report["reply"] == {"code": 454, "enhanced": "4.7.0",
                                   "text": "this is not your day"}, run


def test_multi_line_refusal_cut_in_the_middle_is_no_verdict_on_the_password(probe):
    lines = [*up_to("auth"), "< 535-5.7.8 first line", "# server: cut"]
    run = play(probe, lines, deadline="5")
    assert run.exit_code == 2, run
    assert run.report["cause"] != "none", run
    assert run.report["phase"] == "auth", run


# ---- what is not offered ---------------------------------------------------------------


def test_starttls_not_offered_stops_before_login(probe):
    lines = ["< 220 mx", "> EHLO", "< 250-mx", "< 250 AUTH PLAIN", "> QUIT", "< 221 bye"]
    with probe.replay_server(*lines) as server:
        run = probe.log_in(server.port)
    assert_failed(run, "ehlo", CONFIG, "starttls_not_offered")
    assert server.counters["mismatches"] == 0, run


@pytest.mark.parametrize("mode", ["starttls", "cleartext"])
def test_auth_not_offered_stops_before_login(probe, mode):
    if mode == "starttls":
        lines, options = up_to("ehlo_tls"), []
    else:
        lines, options = up_to("ehlo"), ["--no-tls", "--allow-cleartext"]
    lines = [*lines, "< 250-mx", "< 250 SIZE 1", "> QUIT", "< 221 bye"]
    with probe.replay_server(*lines) as server:
        run = probe.log_in(server.port, *options)
    assert_failed(run, "ehlo_tls" if mode == "starttls" else "ehlo", CONFIG, "auth_not_offered")
    assert server.counters["mismatches"] == 0, run


@pytest.mark.parametrize("options", [["-A", "CRAM-MD5"], ["-A", "NTLM"], []],
                         ids=["named", "ntlm", "auto"])
def test_mechanism_not_offered_stops_before_login(probe, options):
    lines = [*up_to("ehlo_tls"), "< 250-mx", "< 250 AUTH XOAUTH2 OAUTHBEARER", "> QUIT",
             "< 221 bye"]
    with probe.replay_server(*lines) as server:
        run = probe.log_in(server.port, *options)
    assert_failed(run, "ehlo_tls", CONFIG, "mechanism_unsupported")
    assert server.counters["mismatches"] == 0, run


def test_capabilities_before_tls_do_not_count_after_it(probe):
    lines = ["< 220 mx", "> EHLO", "< 250-mx", "< 250-AUTH PLAIN", "< 250 STARTTLS",
             "> STARTTLS", "< 220 go", "* tls start", "> EHLO", "< 250-mx", "< 250 SIZE 1",
             "> QUIT", "< 221 bye"]
    run = play(probe, lines, deadline="5")
    assert_failed(run, "ehlo_tls", CONFIG, "auth_not_offered")


def test_lines_injected_before_the_handshake_are_not_believed(probe):
    """CVE-2011-0411 the other way round: bytes sent in clear behind the 220 of STARTTLS."""
    lines = [*up_to("starttls"),
             '# server: raw "220 go\\r\\n250-mx\\r\\n250 AUTH PLAIN\\r\\n"',
             "* tls start", "> EHLO", "< 250-mx", "< 250 SIZE 1", "> QUIT", "< 221 bye"]
    run = play(probe, lines, deadline="5")
    assert run.exit_code == 2, run
    assert "PLAIN" not in run.report["offered"], run
    assert run.report["cause"] not in ("none", "credentials"), run


# ---- success that is none --------------------------------------------------------------


@pytest.mark.parametrize("phase", ["banner", "ehlo", "starttls", "ehlo_tls"])
def test_unsolicited_235_is_no_login(probe, phase):
    lines = [*up_to(phase), "< 235 2.7.0 Authentication successful", "# server: end-reply"]
    run = play(probe, lines)
    assert run.exit_code == 2, run
    assert run.report["success"] is False, run
    assert run.report["cause"] not in ("none", "credentials"), run


def test_235_before_the_credential_is_no_login_of_ours(probe):
    """LOGIN: the server says yes before it has seen user or password."""
    run = play(probe, [*BEFORE_THE_CREDENTIAL, "< 235 2.7.0 yes", "# server: end-reply"],
               "-A", "LOGIN", deadline="5")
    assert run.exit_code == 2, run
    assert run.verdict() == ("auth", CONFIG, "protocol_error"), run


@pytest.mark.parametrize("mechanism", ["SCRAM-SHA-1", "SCRAM-SHA-256"])
def test_scram_success_without_proof_is_no_login(probe, mechanism):
    """235 in place of the server's first message: anybody can say that."""
    lines = [*up_to("auth", mechanism), "< 235 2.7.0 yes", "# server: end-reply"]
    run = play(probe, lines, "-A", mechanism, deadline="5")
    assert_failed(run, "auth", CONFIG, "protocol_error")


@pytest.mark.parametrize("last", ["< 235 2.7.0 yes", "< 334 dj1ub25zZW5zZQ==",
                                  "< 535 5.7.8 no"],
                         ids=["no_proof", "false_proof", "refusal"])
def test_scram_server_must_prove_itself_after_the_exchange(probe, last):
    """The server continues our nonce, so the exchange is right up to its proof."""

    def conversation(peer):
        peer.encrypted_session("AUTH SCRAM-SHA-256")
        first = base64.b64decode(peer.line().split()[2]).decode()
        nonce = first.split("r=")[1]
        peer.send("334 " + base64.b64encode(
            f"r={nonce}more,s=QSXCR+Q6sek8bf92,i=4096".encode()).decode())
        peer.line()
        peer.send(last[2:])
        peer.drain()

    with probe.python_server(conversation) as server:
        run = probe.log_in(server.port, "-A", "SCRAM-SHA-256", "-t", "5")
    expected = CREDENTIALS if "535" in last else ("auth", CONFIG, "protocol_error")
    assert_failed(run, *expected)


def test_second_success_line_is_not_needed(probe):
    """PLAIN: one 235 is the whole truth, whatever is pipelined behind it."""
    lines = [*up_to("auth"), '# server: raw "235 2.7.0 yes\\r\\n535 5.7.8 no\\r\\n"',
             "# server: end-reply"]
    run = play(probe, lines, deadline="5")
    assert run.exit_code == 0, run


def test_one_run_is_one_attempt(probe):
    """A refusal is never answered with another mechanism or another try."""
    users = probe.secret_file("users-of-one-attempt", f"{USER}:not-{PASSWORD}\n")
    with probe.login_server(users=users) as server:
        run = probe.log_in(server.port)
    assert_failed(run, *CREDENTIALS)
    assert server.counters["refused"] == 1, run
    assert server.counters["connections"] == 1, run
