# SPDX-License-Identifier: Apache-2.0
"""What a server staples to its certificate, and what comes of it.

Only an OCSP response that the issuer of the certificate stands for may say that it is
revoked; the responses of tests/support/stapled.def that nobody may believe all say so.
"""

import hashlib
import ssl
import subprocess

import pytest

from plugin import timed, up_to
from plugin import probe  # noqa: F401 (a fixture)
from smtp_script_server import ScriptServer

LOGIN = [*up_to("auth"), "< 235 2.7.0 Good", "> QUIT", "< 221 2.0.0 bye"]
VERSIONS = ["1.2", "1.3"]
UNBELIEVED = {
    "stale": "untrusted",
    "early": "untrusted",
    "by-leaf": "untrusted",
    "forged": "untrusted",
    "other": "untrusted",
    "trailing": "unreadable",
    "later": "unreadable",
    "garbage": "unreadable",
}


class Server(ScriptServer):
    """Plays a login; says on stderr why a handshake failed."""

    def __init__(self, probe, staple, *directives, version="1.3"):
        lines = [f"# server: staple {staple}"] if staple else []
        script = "".join(timed(line) + "\n" for line in [*lines, *directives, *LOGIN])
        path = probe.secret_file("staple.trace", script)
        super().__init__("replay", path, "--tls-max", version,
                         certificates=probe.certificates)


def events(run, word):
    """The events of the trace that begin with the word, without it."""
    notes = [line.split(" * ", 1)[1] for line in run.report["trace"] if " * " in line]
    return [note.removeprefix(word + " ") for note in notes if note.startswith(word + " ")]


def log_in(probe, server, *more):
    with server:
        run = probe.log_in(server.port, "--trace", *more)
    return run


def assert_logged_in(run, server):
    assert (run.exit_code, run.report["cause"]) == (0, "none"), run
    assert server.counters["mismatches"] == 0, f"{run}\n{server.errors}"
    assert server.errors == "", f"{run}\n{server.errors}"


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("staple,said", [("good", "good"), ("unknown", "unknown"),
                                         ("delegated", "good"), ("sha256", "good"),
                                         *UNBELIEVED.items()])
def test_login_goes_on_and_the_trace_tells(probe, staple, said, version):
    server = Server(probe, staple, version=version)
    run = log_in(probe, server)
    assert_logged_in(run, server)
    assert events(run, "staple") == [said], run
    assert events(run, "verify") == ["0 ok"], run


@pytest.mark.parametrize("version", VERSIONS)
def test_no_staple_is_no_event(probe, version):
    server = Server(probe, None, version=version)
    run = log_in(probe, server)
    assert_logged_in(run, server)
    assert events(run, "staple") == [], run


@pytest.mark.parametrize("version", VERSIONS)
def test_revoked_certificate_is_not_logged_in_to(probe, version):
    server = Server(probe, "revoked", version=version)
    run = log_in(probe, server)
    assert run.exit_code == 2, run
    assert run.verdict() == ("tls", "tls", "cert_revoked"), run
    assert run.report["confidence"] == "certain", run
    assert events(run, "staple") == ["revoked"], run
    assert events(run, "verify") == ["0 ok", "23 certificate revoked"], run
    assert events(run, "tls") == ["start", "alert sent bad certificate status response"], run
    assert events(run, "end")[0].startswith("tls "), run
    # The server was never encrypted, so it was told nothing over TLS: no EHLO, no AUTH.
    assert "TLS handshake" in server.errors, server.errors
    assert "bad certificate status response" in server.errors, server.errors


@pytest.mark.parametrize("version", VERSIONS)
def test_insecure_login_goes_on_although_revoked(probe, version):
    server = Server(probe, "revoked", version=version)
    run = log_in(probe, server, "--insecure")
    assert_logged_in(run, server)
    assert events(run, "staple") == ["revoked"], run
    assert events(run, "verify") == ["0 ok", "23 certificate revoked"], run
    assert len([event for event in events(run, "tls") if event.startswith("done ")]) == 1, run


@pytest.mark.parametrize("certificate", ["untrusted", "self-signed", "no-intermediate"])
def test_staple_below_an_unknown_authority_is_not_believed(probe, certificate):
    server = Server(probe, "revoked", f"# server: certificate {certificate}")
    run = log_in(probe, server, "--insecure")
    assert_logged_in(run, server)
    assert events(run, "staple") == ["untrusted"], run


def test_staple_of_an_issuer_that_nobody_trusts_is_not_believed(probe):
    """The issuer stands in the chain and did sign it, but who is that?"""
    server = Server(probe, "revoked")
    run = log_in(probe, server, "--insecure", "--ca-file", probe.certificates / "self-signed.pem")
    assert_logged_in(run, server)
    assert events(run, "staple") == ["untrusted"], run


def test_staple_to_a_certificate_that_stands_for_itself_is_not_believed(probe):
    server = Server(probe, "by-leaf", "# server: certificate self-signed")
    run = log_in(probe, server, "--ca-file", probe.certificates / "self-signed.pem")
    assert_logged_in(run, server)
    assert events(run, "staple") == ["untrusted"], run


def test_staple_to_a_certificate_of_another_name_is_believed(probe):
    """The name is no matter of trust: what the authority says of it still counts."""
    server = Server(probe, "revoked", "# server: certificate wrong-name")
    run = log_in(probe, server, "--insecure")
    assert_logged_in(run, server)
    assert events(run, "staple") == ["revoked"], run


# ---- the rest that a handshake tells ------------------------------------------------------


def openssl(*words, text=b""):
    return subprocess.run(["openssl", *map(str, words)], input=text, check=True,
                          capture_output=True).stdout


def public_key_digest(path):
    pem = openssl("x509", "-in", path, "-noout", "-pubkey")
    return hashlib.sha256(openssl("pkey", "-pubin", "-outform", "DER", text=pem)).hexdigest()


def test_certificate_event_ends_in_the_digest_of_its_key(probe):
    run = log_in(probe, Server(probe, None))
    digests = [event.rsplit(" key_sha256=", 1)[1] for event in events(run, "certificate")]
    assert digests == [public_key_digest(probe.certificates / f"{name}.pem")
                       for name in ("good", "intermediate")], run


@pytest.mark.parametrize("version,done", [
    ("1.2", ["TLSv1.2", "ECDHE-ECDSA-AES256-GCM-SHA384"]),
    ("1.3", ["TLSv1.3", "TLS_AES_256_GCM_SHA384"]),
])
def test_end_of_the_handshake_names_version_cipher_and_group(probe, version, done):
    run = log_in(probe, Server(probe, None, version=version))
    assert events(run, "tls")[-1].split() == ["done", *done, "x25519"], run


def test_key_exchange_without_a_group_names_none(probe):
    """As of RFC 5246: the client encrypts the secret with the server's RSA key."""
    key, certificate = (probe.directory / f"rsa.{end}" for end in ("key", "pem"))
    openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=127.0.0.1",
            "-keyout", key, "-out", certificate)

    def conversation(peer):
        peer.encrypted_session("AUTH PLAIN")
        peer.plain_response()
        peer.send("235 2.7.0 Good")
        peer.drain()

    with probe.python_server(conversation) as server:
        server.context.load_cert_chain(certificate, key)
        server.context.maximum_version = ssl.TLSVersion.TLSv1_2
        server.context.set_ciphers("AES256-GCM-SHA384")
        run = probe.log_in(server.port, "--insecure", "--trace")
    assert run.exit_code == 0, run
    assert events(run, "tls")[-1] == "done TLSv1.2 AES256-GCM-SHA384", run
