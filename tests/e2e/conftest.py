# SPDX-License-Identifier: Apache-2.0
"""The plugin under test, and the real servers it logs in to."""

import dataclasses
import json
import os
import pathlib
import subprocess
import tempfile

import pytest

from servers import HOST_NAME
from servers.account import Account
from servers.dovecot import Dovecot
from servers.exim import Exim
from servers.pki import Pki
from servers.postfix import PostfixCyrus, PostfixDovecot

RUN_SECONDS = 60
PROBE_SECONDS = 20
TLS_OPTIONS = {"starttls": "--starttls", "implicit": "--tls"}


def pytest_addoption(parser):
    parser.addoption(
        "--plugin",
        default=os.environ.get("CHECK_SMTP_AUTH"),
        help="path of check_smtp_auth (default: $CHECK_SMTP_AUTH)",
    )


@dataclasses.dataclass(frozen=True)
class Outcome:
    """One run of the plugin: exit code, its JSON object, and all it printed."""

    command: str
    exit_code: int
    report: dict
    printed: str

    def verdict(self):
        return self.exit_code, self.report.get("cause"), self.report.get("reason")

    def __str__(self):
        return f"{self.command}\nexit {self.exit_code}\n{self.printed}"


class Plugin:
    """Runs check_smtp_auth against a port on loopback."""

    def __init__(self, binary, directory, authority):
        self._binary = binary
        self._directory = directory
        self._authority = authority

    def log_in(self, port, tls, mechanism, user, password, *options, environment=None):
        command = [
            str(self._binary), "-H", "127.0.0.1", "-p", str(port), TLS_OPTIONS[tls],
            "-A", mechanism, "-U", user, "--password-file", self._file(password),
            "--ca-file", str(self._authority), "--server-name", HOST_NAME,
            "-F", "probe.example.test", "-t", str(PROBE_SECONDS),
            "--output", "json", "--trace", *options,
        ]
        done = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=RUN_SECONDS,
            check=False,
            env={**os.environ, **(environment or {})},
        )
        outcome = Outcome(" ".join(command), done.returncode, parse(done.stdout),
                          done.stdout + done.stderr)
        assert outcome.report, f"no JSON object\n{outcome}"
        assert not done.stderr, f"something on stderr\n{outcome}"
        assert password not in outcome.printed, "the password was printed"
        return outcome

    def _file(self, password):
        path = self._directory / "password"
        path.unlink(missing_ok=True)
        path.touch(mode=0o600)
        path.write_text(password + "\n")
        return str(path)


def parse(text):
    try:
        return json.loads(text)
    except ValueError:
        return {}


@pytest.fixture(scope="session")
def plugin_path(request):
    named = request.config.getoption("--plugin")
    if not named:
        raise pytest.UsageError("which plugin? --plugin PATH or CHECK_SMTP_AUTH=PATH")
    binary = pathlib.Path(named).resolve()
    if not os.access(binary, os.X_OK):
        raise pytest.UsageError(f"{binary} is no program")
    return binary


@pytest.fixture(scope="session")
def plugin(plugin_path, pki):
    with tempfile.TemporaryDirectory(prefix="plugin-") as directory:
        yield Plugin(plugin_path, pathlib.Path(directory), pki.root)


@pytest.fixture(scope="session")
def account():
    return Account()


@pytest.fixture(scope="session")
def pki():
    made = Pki()
    yield made
    made.remove()


@pytest.fixture(scope="session")
def dovecot(account, pki):
    yield from until_done(Dovecot(account, pki))


@pytest.fixture(scope="session")
def postfix_cyrus(account, pki):
    yield from until_done(PostfixCyrus(account, pki))


@pytest.fixture(scope="session")
def postfix_dovecot(dovecot, pki):
    sockets = {
        variant: dovecot.instance(variant).auth_socket
        for variant in ("good", "backend_down")
    }
    yield from until_done(PostfixDovecot(sockets, pki))


@pytest.fixture(scope="session")
def exim(account, pki):
    yield from until_done(Exim(account, pki))


def until_done(server):
    yield server
    server.stop()
