# SPDX-License-Identifier: Apache-2.0
"""The sessions of tests/corpus once more, played by a server to the real plugin.

tests/unit/test_corpus.c judges each as it is written. Here its `<` lines come from a
socket, and the verdict must be the same. How the plugin is called follows from the
session: whether and when TLS starts, which mechanism was used, whether it ran out of time.
"""

import json
import os
import pathlib
import re
import subprocess

import pytest

from namespace import Namespace
from plugin import PASSWORD, RUN_SECONDS, parse, up_to
from plugin import probe  # noqa: F401 (a fixture)

CORPUS = pathlib.Path(__file__).resolve().parent.parent / "corpus"
FILES = {path.stem: path for path in sorted(CORPUS.glob("*.trace"))}
SHORT, LONG = "0.6", "10"  # seconds: where the deadline passes, and where it must not
EXIT_CODES = {"none": 0, "throttled": 1, "local": 3}  # the others 2
REPLY_SECONDS = 0.3

# What stands fixed before a server can speak, by the event that ends the session.
WITHOUT_A_SERVER = {
    "name_not_found": "the name has no server",
    "no_address": "the name has no server",
    "dns_failure": "the DNS fails",
    "dns_timeout": "the DNS fails",
    "refused": "nothing listens",
    "unreachable": "no packet reaches a server",
    "forbidden": "no packet leaves this machine",
    "proxy": "a proxy answers in the place of the server",
    "local": "the fault lies in this machine",
    "suspended": "an earlier run was refused: test_guard.py",
    "cancelled": "a signal ends the session: test_signals.py",
}
# Other sessions that cannot be repeated by sending the lines again.
NOT_REPEATABLE = {
    "cert-incomplete-chain": "no test certificate names the place of its issuer's",
    "connect-timeout": "the server must not take the connection: test_network.py",
    "cert-revoked": "the plugin is given no revocation list",
    "no-verdict": "the trace ends in mid-session, as a pasted one may; a run never does",
    "success-scram": "the proof depends on the client's nonce: test_traps.py",
    "token-refused": "the plugin has no access token yet",
}
NOT_PLAYED_COUNT = 26


class Session:
    """A corpus file, as far as it decides how to call the plugin."""

    def __init__(self, path):
        self.text = path.read_text(encoding="utf-8")
        self.expected = re.search(r"^# expect: (\w+)/(\w+)$", self.text, re.M).groups()
        ending = self._find(r"\* end (.*)")
        self.ending, _, self.detail = ending.partition(" ")
        self.host = self._find(r"\* resolve (\S+)")
        self.mechanism = self._find(r"> AUTH (\S+)")

    def _find(self, pattern):
        found = re.search(r"^[\d.]+ " + pattern, self.text, re.M)
        return found[1] if found else ""

    def why_not_played(self, name):
        if self._find(r"\* (look|last good|others|errno|icmp6?|cname|interceptor) "):
            return "more is known than a server can say: tests/netlab"
        return WITHOUT_A_SERVER.get(self.ending) or NOT_REPEATABLE.get(name)

    def tls_options(self):
        starttls, tls = self._find("(> STARTTLS)"), self._find(r"(\* tls start)")
        if tls and not starttls:
            return ["--tls"]
        if (self.mechanism or self._find("(> HELO)")) and not starttls:
            return ["--no-tls", "--allow-cleartext"]
        return ["--starttls"]

    def options(self):
        options = self.tls_options()
        wanted = self.mechanism
        if self.ending == "not_offered" and self.detail not in ("AUTH", "STARTTLS"):
            wanted = self.detail
        if wanted:
            options += ["-A", wanted]
        return [*options, "--second-look", "0",
                "-t", SHORT if self.ending == "timeout" else LONG]


SESSIONS = {name: Session(path) for name, path in FILES.items()}
NOT_PLAYED = {name: why for name, session in SESSIONS.items()
              if (why := session.why_not_played(name))}
# These greet as no server of the provider that was asked would: the name must be asked for.
BY_NAME = [name for name, session in SESSIONS.items()
           if session.host not in ("", "mx.example") and name not in NOT_PLAYED]
PLAYED = [name for name in SESSIONS if name not in NOT_PLAYED and name not in BY_NAME]


def assert_verdict(run, cause, reason):
    assert run.report, run
    assert (run.report["cause"], run.report["reason"]) == (cause, reason), run
    assert run.exit_code == EXIT_CODES.get(cause, 2), run
    assert PASSWORD not in run, run


def replay_server(probe, path):
    return probe.replay_server(f"# played: {path.name}", *path.read_text().splitlines())


@pytest.mark.parametrize("name", PLAYED)
def test_played_session_means_the_same(probe, name):
    session = SESSIONS[name]
    with replay_server(probe, FILES[name]) as server:
        run = probe.log_in(server.port, *session.options())
    assert_verdict(run, *session.expected)
    assert server.counters["mismatches"] == 0, f"the plugin left the script\n{run}"


@pytest.mark.parametrize("name", BY_NAME)
def test_session_with_a_provider_asked_by_name_means_the_same(probe, name):
    session = SESSIONS[name]
    with Namespace(hosts=f"127.0.0.1 {session.host}\n") as space:
        server = space.start(
            [os.environ["SMTP_SCRIPT_SERVER"], "replay", "--certificates", probe.certificates,
             "--quiet", FILES[name]],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
        port = server.stdout.readline().split()[-1]
        run = space.run([probe.binary, *probe.options(port, *session.options(),
                                                      host=session.host)],
                        timeout=RUN_SECONDS)
    report = parse(run.stdout)
    assert report, run
    assert (report["cause"], report["reason"]) == session.expected, run


def test_what_is_not_played_has_a_reason_and_is_counted():
    """A new corpus file is played; who does not want that must change this number."""
    assert len(NOT_PLAYED) == NOT_PLAYED_COUNT, json.dumps(NOT_PLAYED, indent=1)
    assert set(NOT_REPEATABLE) <= set(SESSIONS)
    assert len(PLAYED) + len(BY_NAME) >= 60


# ---- the codes of RFC 4954 and RFC 5321 --------------------------------------------------

CODES = {
    "454": ("4.7.0 Temporary authentication failure", "unavailable", "auth_backend_down"),
    "535": ("5.7.8 Authentication credentials invalid", "credentials", "bad_credentials"),
    "534": ("5.7.9 Authentication mechanism is too weak", "server_config",
            "mechanism_disabled"),
    "538": ("5.7.11 Encryption required for requested authentication mechanism",
            "server_config", "auth_before_tls_forbidden"),
    "530": ("5.7.0 Must issue a STARTTLS command first", "server_config", "tls_required"),
    "421": ("4.3.2 Service shutting down", "unavailable", "shutting_down"),
    "432": ("4.7.12 A password transition is needed", "credentials", "password_expired"),
    "504": ("5.5.4 Unrecognized authentication type", "server_config",
            "mechanism_unsupported"),
    "503": ("5.5.1 Bad sequence of commands", "server_config", "protocol_error"),
}
CLEARTEXT = ["< 220 mx.example.test ESMTP", "> EHLO", "< 250-mx.example.test",
             "< 250 AUTH PLAIN", "> AUTH"]


def refuse(probe, code, text):
    """Who demands encryption does so without it."""
    clear = code in ("530", "538")
    lines = [*(CLEARTEXT if clear else up_to("auth")), f"< {code}{text}"]
    options = ["--no-tls", "--allow-cleartext"] if clear else ["--starttls"]
    with probe.replay_server(*lines, "# server: end-reply") as server:
        return probe.log_in(server.port, *options)


@pytest.mark.parametrize("written", ["in full", "without status", "bare"])
@pytest.mark.parametrize("code", CODES)
def test_each_code_has_its_own_verdict_at_once(probe, code, written):
    text, cause, reason = CODES[code]
    said = {"in full": f" {text}", "without status": f" {text.split(' ', 1)[1]}", "bare": ""}
    run = refuse(probe, code, said[written])
    assert_verdict(run, cause, reason)
    assert run.report["reply"]["code"] == int(code), run
    assert run.report["phase"] == "auth", run
    assert run.report["phases"]["auth"]["seconds"] < REPLY_SECONDS, run


def test_no_two_codes_share_a_verdict():
    assert len({verdict[1:] for verdict in CODES.values()}) == len(CODES)
