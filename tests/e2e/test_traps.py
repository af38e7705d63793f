# SPDX-License-Identifier: Apache-2.0
"""The traps of the libraries underneath: each was met and measured, each has a test here.

A test of this module fails when its remedy is taken out of the sources. What is measured
in other units of the project: stalls of the loop in tests/unit, CPU in tests/bench.
"""

import base64
import json
import os
import re
import subprocess
import time

import pytest

from namespace import Namespace
from plugin import EHLO_NAME, PASSWORD, USER, up_to
from plugin import probe  # noqa: F401 (a fixture)
from servers import tools


# LeakSanitizer cannot work under ptrace.
WITHOUT_LEAKS = {"ASAN_OPTIONS": "detect_leaks=0"}


def scram_iterations(probe, iterations, *more):
    """A server that chooses the iteration count; returns the run and what it was told."""

    def conversation(peer):
        peer.encrypted_session("AUTH SCRAM-SHA-256")
        nonce = base64.b64decode(peer.line().split()[2]).decode().split("r=")[1]
        first = f"r={nonce}more,s=QSXCR+Q6sek8bf92,i={iterations}"
        peer.send("334 " + base64.b64encode(first.encode()).decode())
        if peer.line() != "*":
            peer.send("535 5.7.8 no")
        else:
            peer.send("501 5.7.0 aborted")
        peer.drain()

    with probe.python_server(conversation) as server:
        run = probe.log_in(server.port, "-A", "SCRAM-SHA-256", "-t", "30", *more)
    return run, server.lines


def test_trap_curle_ok_is_not_a_login(probe):
    """libcurl's CURLE_OK does not mean "authenticated"; with CONNECT_ONLY it says no more
    than that EHLO was answered. Only the server's reply to AUTH counts."""
    lines = [*up_to("auth"), "< 535 5.7.8 Bad credentials", "# server: end-reply"]
    with probe.replay_server(*lines) as server:
        run = probe.log_in(server.port)
    assert run.exit_code == 2, run
    assert run.report["success"] is False, run
    assert run.report["reply"]["code"] == 535, run


def test_trap_535_and_454_are_not_the_same(probe):
    """libcurl makes the same code of a refused password and of a server whose user
    database is down. One is for the owner of the account, the other for the admin."""
    verdicts = {}
    for reply in ("535 5.7.8 no", "454 4.7.0 no"):
        lines = [*up_to("auth"), f"< {reply}", "# server: end-reply"]
        with probe.replay_server(*lines) as server:
            verdicts[reply[:3]] = probe.log_in(server.port).verdict()
    assert verdicts == {"535": ("auth", "credentials", "bad_credentials"),
                        "454": ("auth", "unavailable", "auth_backend_down")}


@pytest.mark.parametrize("reply", ["235 2.7.0 yes", "535 5.7.8 no"])
def test_trap_quit_never_blocks(probe, reply):
    """libcurl's own QUIT waits in its clean-up as long as the server likes (12 to 20 s
    seen). Ours is bounded by a second and changes nothing."""
    lines = [*up_to("auth"), f"< {reply}", "> QUIT", "# server: silence"]
    with probe.replay_server(*lines) as server:
        run = probe.log_in(server.port, "-t", "10")
    assert run.elapsed - run.report["duration"] < 1.2 + 0.3, run
    assert run.exit_code == (0 if reply.startswith("235") else 2), run


LOCAL_DNS = "nameserver 127.0.0.1\noptions timeout:30 attempts:3\n"


def in_namespace(probe, space, *arguments):
    done = space.run([probe.binary, "-F", EHLO_NAME, "-U", USER, "--password-file",
                      probe.password_file, "--ca-file", probe.authority,
                      "--output", "json", "--trace", *arguments])
    assert done.stderr == "", done
    report = json.loads(done.stdout)
    return done.returncode, report


def test_trap_dead_dns_does_not_stall(probe):
    """libcurl's threaded resolver joins its thread when it is cancelled and so outlives
    every deadline. With -t 2 and a DNS server that swallows all questions the whole
    process has 2.5 s."""
    with Namespace(resolv_conf=LOCAL_DNS, hosts="") as space:
        space.start_dns("--silent", "127.0.0.1")
        begun = time.monotonic()
        state, report = in_namespace(probe, space, "-H", "mx.example", "-t", "2")
        elapsed = time.monotonic() - begun
    assert state == 2
    assert (report["phase"], report["reason"]) == ("resolve", "dns_timeout"), report
    assert 1.9 < elapsed < 2.5, report


@pytest.mark.parametrize("name,reason,word", [
    ("servfail.example", "dns_failure", "SERVFAIL"),
    ("refused.example", "dns_failure", "REFUSED"),
    ("nx.example", "name_not_found", "NXDOMAIN"),
    ("nodata.example", "name_not_found", "no address"),
])
def test_trap_dns_answers_are_told_apart(probe, name, reason, word):
    """c-ares 1.18 reports SERVFAIL, REFUSED and a closed resolver port alike as "could
    not contact DNS servers"."""
    with Namespace(resolv_conf=LOCAL_DNS, hosts="") as space:
        space.start_dns()
        state, report = in_namespace(probe, space, "-H", name)
    assert state == 2
    assert (report["cause"], report["reason"]) == ("network", reason), report
    assert word in report["evidence"][0], report


def test_trap_closed_dns_port_is_told_apart(probe):
    """The third of the three that c-ares 1.18 reports alike."""
    with Namespace(resolv_conf=LOCAL_DNS, hosts="") as space:
        _, report = in_namespace(probe, space, "-H", "mx.example")
    assert (report["cause"], report["reason"]) == ("network", "dns_failure"), report
    assert "no DNS server listens at 127.0.0.1" in report["evidence"][0], report


@pytest.mark.parametrize("kind", ["tcp", "unix"])
def test_trap_libcurl_connects_itself(probe, kind, tmp_path):
    """A socket that was connected before libcurl got it is connected again (EISCONN with
    7.88.1), so libcurl must do it, over TCP and to a Unix socket."""
    listen = ["--listen", tmp_path / "s"] if kind == "unix" else []
    with probe.login_server(*listen) as server:
        if kind == "unix":
            run = probe.log_in(1, "-H", tmp_path / "s")
        else:
            run = probe.log_in(server.port)
    assert run.exit_code == 0, run


def test_trap_one_shot_opens_few_authority_files(probe, tmp_path):
    """libcurl's defaults load every authority of the system for each probe: 28 ms of CPU.
    The hashed directory alone costs one look-up for each certificate of the chain."""
    strace = tools.require("strace", "strace")
    log = tmp_path / "strace"
    with probe.login_server() as server:
        subprocess.run([strace, "-f", "-e", "trace=%file", "-o", log, probe.binary,
                        "-H", "127.0.0.1", "-p", str(server.port), "-U", USER,
                        "--password-file", probe.password_file, "-F", EHLO_NAME],
                       stdout=subprocess.DEVNULL, timeout=60, check=False,
                       env={**os.environ, **WITHOUT_LEAKS})
    touched = re.findall(r'"(/etc/ssl/certs[^"]*)"', log.read_text())
    assert touched, "no authority was looked for"
    assert len(touched) < 10, touched
    assert not [path for path in touched if path.endswith("ca-certificates.crt")], touched


@pytest.mark.parametrize("certificate,reason,count", [
    ("untrusted", "cert_untrusted", 2),
    ("expired", "cert_expired", 2),
    ("not-yet-valid", "cert_not_yet_valid", 2),
    ("wrong-name", "cert_name_mismatch", 2),
    ("self-signed", "cert_self_signed", 1),
])
@pytest.mark.parametrize("mode", ["starttls", "implicit"])
def test_trap_chain_of_a_refused_certificate_is_kept(probe, certificate, reason, count, mode):
    """CURLINFO_CERTINFO is empty when verification fails and the SSL pointer is NULL under
    CONNECT_ONLY: chain and faults must be caught in the verify callback, so that what is
    untrusted, expired and of another name stays distinct."""
    option = "--tls" if mode == "implicit" else "--starttls"
    with probe.login_server("--certificate", certificate, "--tls", mode) as server:
        run = probe.log_in(server.port, option)
    assert run.verdict() == ("tls", "tls", reason), run
    assert len(run.report["tls"]["certificates"]) == count, run
    assert run.report["tls"]["certificates"][0]["not_after"], run
    assert server.counters["accepted"] == server.counters["refused"] == 0, run


def test_trap_expired_is_seen_behind_untrusted(probe):
    """All faults are found, not only the first: an expired certificate of an unknown
    authority is untrusted before anything else."""
    with probe.login_server("--certificate", "expired") as server:
        run = probe.log_in(server.port, "--ca-file", probe.certificates / "untrusted.pem",
                           "--trace")
    assert run.report["reason"] in ("cert_untrusted", "cert_incomplete_chain",
                                    "cert_self_signed"), run
    assert [line for line in run.report["trace"] if "verify 10 " in line], run


@pytest.mark.parametrize("options", [["--lower-case"], ["--auth-equals"],
                                     ["--lower-case", "--auth-equals"]],
                         ids=["lower_case", "auth_equals", "both"])
@pytest.mark.parametrize("mechanism", ["auto", "PLAIN"])
def test_trap_keywords_have_no_case(probe, options, mechanism):
    """libcurl compares STARTTLS and AUTH with regard to case and does not know "AUTH=";
    RFC 5321 section 2.4 has no case, and old servers write AUTH=."""
    with probe.login_server(*options) as server:
        run = probe.log_in(server.port, "-A", mechanism)
    assert run.exit_code == 0, run
    assert "PLAIN" in run.report["offered"], run


@pytest.mark.parametrize("written", ["StartTLS", "starttls", "STARTTLS"])
@pytest.mark.parametrize("place", ["250-", "250 "], ids=["in_between", "last"])
def test_trap_starttls_in_any_case(probe, written, place):
    """The same at every place of the EHLO reply."""
    last = ["< 250 SIZE 1"] if place == "250-" else []
    lines = ["< 220 mx", "> EHLO", "< 250-mx", f"< {place}{written}", *last, "> STARTTLS",
             *up_to("auth")[len(up_to("starttls")):], "< 235 2.7.0 yes", "> QUIT", "< 221 bye"]
    with probe.replay_server(*lines) as server:
        run = probe.log_in(server.port)
    assert run.exit_code == 0, run


TIMED = {
    "starttls": ["connect", "banner", "ehlo", "starttls", "tls", "ehlo_tls", "auth", "quit"],
    "implicit": ["connect", "tls", "banner", "ehlo", "auth", "quit"],
}


@pytest.mark.parametrize("mode", TIMED)
def test_trap_phase_times_come_from_the_trace(probe, mode):
    """CURLINFO_PRETRANSFER_TIME is 0 under CONNECT_ONLY. Each phase entered has its own
    time; a server that takes 60 ms for each reply makes them visible."""
    delay = 0.06
    option = "--tls" if mode == "implicit" else "--starttls"
    with probe.login_server("--reply-delay", int(delay * 1000), "--tls", mode) as server:
        run = probe.log_in(server.port, option, "-A", "PLAIN")
    assert run.exit_code == 0, run
    seconds = {phase: value["seconds"] for phase, value in run.report["phases"].items()}
    assert sorted(seconds) == sorted(TIMED[mode]), run
    for phase in set(seconds) - {"connect", "tls"}:
        assert delay / 2 <= seconds[phase] < delay + 0.25, (phase, run)
    login = sum(value for phase, value in seconds.items() if phase != "quit")
    assert 0.8 * run.report["duration"] < login <= run.report["duration"] + 0.001, run
    assert min(seconds.values()) >= 0, run


def one_record(peer, *lines):
    peer.socket.sendall("".join(line + "\r\n" for line in lines).encode())


def test_trap_lines_of_one_record_are_all_read(probe):
    """TLS may hold bytes that no poll announces: curl_easy_recv until CURLE_AGAIN. The
    reply is longer than one reading, its end is in the same TLS record."""

    def conversation(peer):
        peer.encrypted_session("AUTH PLAIN")
        peer.line()
        # 15 kB in one record of 16 kB: no reading takes it at once.
        one_record(peer, *[f"454-4.7.0 {'x' * 240}"] * 60, "454 4.7.0 last")
        peer.drain()

    with probe.python_server(conversation) as server:
        run = probe.log_in(server.port, "-A", "PLAIN", "-t", "3", "--trace")
    assert run.verdict() == ("auth", "unavailable", "auth_backend_down"), run
    assert run.elapsed < 2, run
    assert any(line.endswith("454 4.7.0 last") for line in run.report["trace"]), run


def test_trap_reply_in_two_records_is_one_line(probe):
    """The other way round: a line comes in pieces, each in a record of its own."""

    def conversation(peer):
        peer.encrypted_session("AUTH LOGIN")
        peer.line()
        for piece in (b"3", b"34 VXNl", b"cm5hbWU6\r", b"\n"):
            peer.socket.sendall(piece)
        peer.line()
        for piece in (b"334 UGFzc3dvcmQ6", b"\r\n"):
            peer.socket.sendall(piece)
        peer.line()
        for piece in (b"235 2.7.0", b" yes\r\n"):
            peer.socket.sendall(piece)
        peer.drain()

    with probe.python_server(conversation) as server:
        run = probe.log_in(server.port, "-A", "LOGIN", "-t", "3")
    assert run.exit_code == 0, run
    assert run.report["reply"]["text"] == "yes", run


@pytest.mark.parametrize("reply", ["454 4.7.0 later", "235 2.7.0 yes"])
def test_trap_challenge_and_reply_in_one_record(probe, reply):
    """334 and what follows it arrive together, before the answer to the challenge: the
    rest stays in TLS until it is asked for."""

    def conversation(peer):
        peer.encrypted_session("AUTH CRAM-MD5")
        peer.line()
        one_record(peer, "334 PDEuMkBteD4=", reply)
        peer.drain()

    with probe.python_server(conversation) as server:
        run = probe.log_in(server.port, "-A", "CRAM-MD5", "-t", "3")
    assert run.report["reply"]["code"] == int(reply[:3]), run
    assert run.elapsed < 2, run


@pytest.mark.parametrize("raw,reason", [
    ('"\\x16\\x03\\x01\\0\\x05\\x01\\0\\0\\x01\\0"', "wrong_port_kind"),
    ('"SSH-2.0-x"', "wrong_port_kind"),
    ('"\\0\\x01\\x02garbage"', "not_smtp"),
], ids=["tls_record", "ssh", "garbage"])
def test_trap_line_without_a_newline_is_seen(probe, raw, reason):
    """What has no line end never reaches libcurl's debug callback, and a peer that speaks
    another protocol would be one that says nothing."""
    # Sent with the connection or a moment later: both have their own way into libcurl.
    for before in ([], ["# server: delay 0.05"]):
        with probe.replay_server(*before, f"# server: raw {raw}",
                                 "# server: silence") as server:
            run = probe.log_in(server.port, "-t", "2")
        assert run.verdict()[0] == "banner", run
        assert run.report["reason"] == reason, run
        assert run.elapsed < 1, run


@pytest.mark.parametrize("raw", ['"\\x16\\x03\\x01\\0\\x05\\x01"', '"SSH-2.0-x\\r\\n"'],
                         ids=["tls_record", "ssh"])
def test_trap_first_bytes_are_seen_whenever_they_come(probe, raw):
    """Looking at the bytes before libcurl takes them leaves a gap in which they may
    arrive. strace holds the plugin in that gap: its first recv() returns 60 ms late."""
    strace = [tools.require("strace", "strace"), "-f", "-qq", "-o", "/dev/null",
              "-e", "trace=recvfrom", "-e", "inject=recvfrom:delay_exit=60000:when=1"]
    with probe.replay_server("# server: delay 0.03", f"# server: raw {raw}",
                             "# server: silence") as server:
        run = probe.start(*strace[1:], probe.binary, *probe.options(server.port, "-t", "2"),
                          binary=strace[0], environment=WITHOUT_LEAKS).finish()
    assert run.verdict() == ("banner", "server_config", "wrong_port_kind"), run


def test_trap_scram_iterations_are_capped(probe):
    """The server chooses the iteration count and GNU SASL has no cap of its own:
    5,000,000 take 3.7 s of CPU. Refused at once, and the server hears "*"."""
    run, lines = scram_iterations(probe, 5_000_000)
    assert run.verdict() == ("auth", "server_config", "protocol_error"), run
    assert run.report["duration"] < 0.5, run
    assert lines[-2:] == ["*", "QUIT"], lines


@pytest.mark.parametrize("iterations,refused", [(200_000, False), (200_001, True)],
                         ids=["at_the_limit", "limit_and_one"])
def test_trap_scram_iterations_at_the_limit(probe, iterations, refused):
    """200,000 are computed and end in the server's refusal, one more is refused by us."""
    run, lines = scram_iterations(probe, iterations)
    assert ("*" in lines) == refused, lines
    cause = "server_config" if refused else "credentials"
    assert run.verdict()[:2] == ("auth", cause), run


@pytest.mark.parametrize("count", ["+5000000", "99999999999999999999", "5000000x", "-1", "0"])
def test_trap_scram_iterations_written_strangely(probe, count):
    """A count that is not a plain number must not slip past the cap."""
    run, _ = scram_iterations(probe, count)
    assert run.exit_code == 2, run
    assert run.report["duration"] < 1, run
    assert run.report["cause"] in ("server_config", "credentials"), run


def test_trap_echo_of_the_command_is_redacted(probe):
    """Servers send back what they do not understand, the password in it: "Command
    unrecognized: AUTH PLAIN AGpvZQ..."."""
    lines = [*up_to("ehlo_tls"), "< 250-mx", "< 250 AUTH PLAIN", "# server: echo-back"]
    with probe.replay_server(*lines) as server:
        run = probe.log_in(server.port, "-A", "PLAIN", "--trace")
    sent = base64.b64encode(f"\0{USER}\0{PASSWORD}".encode()).decode()
    assert "Command unrecognized" in run.stdout, run
    assert sent[:12] not in run.stdout, run
    assert PASSWORD not in run.stdout, run
    assert "<redacted>" in run.report["reply"]["text"], run

