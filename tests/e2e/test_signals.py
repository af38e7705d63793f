# SPDX-License-Identifier: Apache-2.0
"""SIGTERM and SIGINT in mid-run: QUIT where the server can hear it, output, exit 3.

Schedulers stop plugins that way; what was learned until then must not be lost.
"""

import base64
import os
import signal
import socket
import subprocess

import pytest

from namespace import Namespace
from plugin import USER, eventually, parse
from plugin import probe  # noqa: F401 (a fixture)

SIGNALS = [signal.SIGTERM, signal.SIGINT]
NAMES = [number.name for number in SIGNALS]
PROMPTLY = 1.5  # QUIT included


def hold_banner(peer):
    peer.server.note("HERE")
    peer.drain()


def hold_ehlo(peer):
    peer.send("220 mx.example.test ESMTP")
    peer.line()
    peer.server.note("HERE")
    peer.drain()


def hold_starttls(peer):
    peer.send("220 mx.example.test ESMTP")
    peer.line()
    peer.send("250-mx.example.test", "250 STARTTLS")
    peer.line()
    peer.server.note("HERE")
    peer.drain()


def hold_tls(peer):
    peer.send("220 mx.example.test ESMTP")
    peer.line()
    peer.send("250-mx.example.test", "250 STARTTLS")
    peer.line()
    peer.send("220 2.0.0 go ahead")
    peer.socket.recv(1, socket.MSG_PEEK)
    peer.server.note("HERE")
    while peer.socket.recv(65536):
        pass


def hold_ehlo_tls(peer):
    peer.send("220 mx.example.test ESMTP")
    peer.line()
    peer.send("250-mx.example.test", "250 STARTTLS")
    peer.line()
    peer.send("220 2.0.0 go ahead")
    peer.start_tls()
    peer.line()
    peer.server.note("HERE")
    peer.drain()


def hold_auth(peer):
    peer.encrypted_session("AUTH PLAIN")
    peer.line()
    peer.server.note("HERE")
    peer.drain()


# Whether the server is in a state to hear QUIT: greeted, and not under libcurl's TLS.
HOLDS = {
    "banner": (hold_banner, False),
    "ehlo": (hold_ehlo, True),
    "starttls": (hold_starttls, True),
    "tls": (hold_tls, False),
    "ehlo_tls": (hold_ehlo_tls, False),
    "auth": (hold_auth, True),
}


def assert_cancelled(run, phase):
    assert run.exit_code == 3, run
    assert run.stderr == "", run
    assert run.report, run
    assert run.report["success"] is False, run
    assert run.report["cause"] == "local", run
    assert run.report["phase"] == phase, run
    assert run.report["message"].startswith("SMTP AUTH UNKNOWN"), run


@pytest.mark.parametrize("number", SIGNALS, ids=NAMES)
@pytest.mark.parametrize("phase", HOLDS)
def test_signal_ends_the_run_with_quit_and_output(probe, phase, number):
    conversation, hears_quit = HOLDS[phase]
    with probe.python_server(conversation) as server:
        running = probe.start(*probe.options(server.port, "-t", "30", "--trace"))
        server.wait_for("HERE")
        # Where no line tells that the plugin has read all, its own trace does.
        running.process.send_signal(number)
        run = running.finish(10)
        if hears_quit:
            server.wait_for("QUIT")
    assert_cancelled(run, phase)
    assert run.elapsed < PROMPTLY + 1, run
    assert ("QUIT" in server.lines) == hears_quit, server.lines
    assert any(" * end cancelled" in line for line in run.report["trace"]), run


@pytest.mark.parametrize("number", SIGNALS, ids=NAMES)
def test_signal_while_the_name_is_looked_up(probe, number, tmp_path):
    with Namespace(resolv_conf="nameserver 127.0.0.1\n", hosts="") as space:
        space.start_dns("--silent", "127.0.0.1")
        with open(tmp_path / "out", "w+b") as output:
            process = space.start([probe.binary, "-H", "mx.example", "-U", USER,
                                   "--password-file", probe.password_file, "-t", "30",
                                   "--output", "json"], stdout=output)
            eventually(space.dns_questions, "the first question")
            process.send_signal(number)
            assert process.wait(5) == 3
            output.seek(0)
            report = parse(output.read().decode())
    assert report["cause"] == "local", report
    assert report["phase"] == "resolve", report


@pytest.mark.parametrize("number", SIGNALS, ids=NAMES)
def test_signal_while_it_connects(probe, number):
    """A listener whose queue is full: the SYN is never answered."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        port = listener.getsockname()[1]
        fillers = [fill(port) for _ in range(3)]
        running = probe.start(*probe.options(port, "-t", "30"))
        eventually(lambda: is_connecting(running.pid, port), "a connection attempt")
        running.process.send_signal(number)
        run = running.finish(10)
        for filler in fillers:
            filler.close()
    assert_cancelled(run, "connect")
    assert run.elapsed < PROMPTLY + 1, run


def fill(port):
    filler = socket.socket()
    filler.setblocking(False)
    filler.connect_ex(("127.0.0.1", port))
    return filler


def is_connecting(pid, port):
    """One more SYN-SENT to the port than the fillers have; and the signals are caught."""
    with open(f"/proc/{pid}/status", encoding="ascii") as status:
        caught = next(int(line.split()[1], 16) for line in status
                      if line.startswith("SigCgt"))
    if not caught & 1 << signal.SIGTERM - 1:
        return False
    with open(f"/proc/{pid}/net/tcp", encoding="ascii") as table:
        rows = [line.split() for line in table][1:]
    inodes = {row[9] for row in rows
              if row[2].endswith(f":{port:04X}") and row[3] == "02"}
    return bool(inodes & sockets_of(pid))


def sockets_of(pid):
    found = set()
    for name in os.listdir(f"/proc/{pid}/fd"):
        try:
            target = os.readlink(f"/proc/{pid}/fd/{name}")
        except FileNotFoundError:
            continue
        if target.startswith("socket:["):
            found.add(target[8:-1])
    return found


@pytest.mark.parametrize("reply,expected", [("535 5.7.8 no", (2, "credentials")),
                                            ("235 2.7.0 yes", (0, "none"))])
def test_signal_after_the_verdict_does_not_change_it(probe, reply, expected):
    def conversation(peer):
        peer.encrypted_session("AUTH PLAIN")
        peer.line()
        peer.send(reply)
        peer.line()  # QUIT, never answered
        peer.line()

    with probe.python_server(conversation) as server:
        running = probe.start(*probe.options(server.port, "-t", "30"))
        server.wait_for("QUIT")
        running.process.terminate()
        run = running.finish(10)
    assert (run.exit_code, run.report["cause"]) == expected, run


def test_many_signals_are_one(probe):
    with probe.python_server(silent_to_quit) as server:
        running = probe.start(*probe.options(server.port, "-t", "30"))
        server.wait_for("HERE")
        for number in SIGNALS * 3:
            running.process.send_signal(number)
        server.wait_for("QUIT")
        for number in SIGNALS * 3:
            running.process.send_signal(number)
        run = running.finish(10)
    assert_cancelled(run, "auth")
    assert server.lines.count("QUIT") == 1, server.lines


def silent_to_quit(peer):
    peer.encrypted_session("AUTH PLAIN")
    peer.line()
    peer.server.note("HERE")
    while peer.line() is not None:
        pass


def test_signal_while_scram_computes(probe):
    """The step in the worker pool is finished there, its answer dropped."""
    def conversation(peer):
        peer.encrypted_session("AUTH SCRAM-SHA-256")
        nonce = base64.b64decode(peer.line().split()[2]).decode().split("r=")[1]
        first = f"r={nonce}more,s=QSXCR+Q6sek8bf92,i=200000"
        peer.send("334 " + base64.b64encode(first.encode()).decode())
        peer.server.note("HERE")
        peer.drain()

    with probe.python_server(conversation) as server:
        running = probe.start(*probe.options(server.port, "-t", "30", "-A", "SCRAM-SHA-256"))
        server.wait_for("HERE")
        running.process.terminate()
        run = running.finish(10)
    assert_cancelled(run, "auth")
    assert "QUIT" in server.lines, server.lines


def test_sigpipe_is_no_end(probe):
    """Writing to a connection that the server has reset."""
    lines = ["# server: reset"]
    with probe.replay_server(*lines) as server:
        run = probe.log_in(server.port)
    assert run.exit_code == 2, run


def test_closed_standard_output_is_no_crash(probe):
    """The scheduler may be gone; the exit state still counts."""
    with probe.login_server() as server:
        reader, writer = os.pipe()
        os.close(reader)
        command = [str(word) for word in [probe.binary, *probe.options(server.port)]]
        done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=writer, timeout=30,
                              check=False)
        os.close(writer)
    assert done.returncode >= 0
