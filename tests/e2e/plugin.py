# SPDX-License-Identifier: Apache-2.0
"""check_smtp_auth as a function, and the servers it is pointed at.

    run = probe.run("-H", "127.0.0.1", "-p", server.port, "-U", USER, ...)
    assert run.exit_code == 0 and run.report["cause"] == "none", run

A test module takes the fixture by `from plugin import probe`.
"""

import base64
import contextlib
import json
import os
import pathlib
import select
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
import time

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "support"))

from smtp_script_server import ScriptServer  # noqa: E402

USER = "probe@example.test"
PASSWORD = "Correct-Horse-7-Battery"
EHLO_NAME = "probe.example.test"
RUN_SECONDS = 60  # a run that takes longer hangs
WAIT_SECONDS = 20  # for what a test waits for


class Run(str):
    """One run of the plugin, over: as text all of it, to be shown when a test fails.

    exit_code, stdout, stderr, elapsed (seconds), peak_kib (of memory)
    report  its JSON object; None when stdout is something else
    """

    def __new__(cls, command, exit_code, stdout, stderr, elapsed, peak_kib):
        words = b" ".join(command).decode(errors="backslashreplace")
        run = super().__new__(
            cls, f"{words}\nexit {exit_code} after {elapsed:.3f} s\n{stdout}{stderr}"
        )
        run.exit_code, run.stdout, run.stderr = exit_code, stdout, stderr
        run.elapsed, run.peak_kib = elapsed, peak_kib
        run.report = parse(stdout)
        return run

    def verdict(self):
        return tuple(self.report.get(key) for key in ("phase", "cause", "reason"))


class Running:
    """One run of the plugin, going on."""

    def __init__(self, command, environment, stdin, **options):
        self.command = [os.fsencode(word if isinstance(word, bytes) else str(word))
                        for word in command]
        self._files = [tempfile.TemporaryFile() for _ in range(2)]
        given = stdin is not None
        self._started = time.monotonic()
        self.process = subprocess.Popen(
            self.command,
            stdin=subprocess.PIPE if given else subprocess.DEVNULL,
            stdout=self._files[0],
            stderr=self._files[1],
            env={**os.environ, **(environment or {})},
            **options,
        )
        self.pid = self.process.pid
        if given:
            self.process.stdin.write(stdin)
            self.process.stdin.close()

    def finish(self, seconds=RUN_SECONDS):
        """Waits for the end, kills it when that does not come."""
        descriptor = os.pidfd_open(self.pid)
        try:
            ended = select.select([descriptor], [], [], seconds)[0]
        finally:
            os.close(descriptor)
        elapsed = time.monotonic() - self._started
        if not ended:
            self.process.kill()
        _, status, usage = os.wait4(self.pid, 0)
        self.process.returncode = os.waitstatus_to_exitcode(status)
        stdout, stderr = map(read_and_close, self._files)
        run = Run(self.command, self.process.returncode, stdout, stderr, elapsed,
                  usage.ru_maxrss)
        assert ended, f"did not end in {seconds} s\n{run}"
        return run


def read_and_close(file):
    with file:
        file.seek(0)
        return file.read().decode(errors="surrogateescape")


def parse(text):
    try:
        found = json.loads(text)
    except ValueError:
        return None
    return found if isinstance(found, dict) else None


class Probe:
    """The plugin, a password file and an authority to trust."""

    def __init__(self, binary, directory):
        self.binary = binary
        self.directory = directory
        self.certificates = directory / "certificates"
        self.authority = self.certificates / "ca.pem"
        self.users = directory / "users"
        self.users.write_text(f"{USER}:{PASSWORD}\n")
        self.password_file = self.secret_file("password", PASSWORD + "\n")
        self._script_count = 0

    def secret_file(self, name, content, mode=0o600):
        path = self.directory / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        path.chmod(mode)
        return path

    def start(self, *arguments, binary=None, environment=None, stdin=None, **options):
        command = [binary or self.binary, *arguments]
        return Running(command, environment, stdin, **options)

    def run(self, *arguments, seconds=RUN_SECONDS, **options):
        return self.start(*arguments, **options).finish(seconds)

    def options(self, port, *more, password=("--password-file",), host="127.0.0.1"):
        """What a login needs; reports as JSON."""
        if password == ("--password-file",):
            password = ("--password-file", self.password_file)
        return ["-H", host, "-p", port, "-U", USER, *password, "-F", EHLO_NAME,
                "--ca-file", self.authority, "--output", "json", *more]

    def log_in(self, port, *more, seconds=RUN_SECONDS, **options):
        """A run with those options; whatever came of it, the output must be sound."""
        run = self.run(*self.options(port, *more, **options), seconds=seconds)
        assert run.stderr == "", run
        assert run.report, run
        return run

    def login_server(self, *arguments, users=None):
        return ScriptServer("login", "--users", users or self.users, "--quiet", *arguments,
                            certificates=self.certificates)

    def replay_server(self, *lines, arguments=()):
        """Plays the script; each line without a time gets one."""
        self._script_count += 1
        path = self.directory / f"script-{self._script_count}.trace"
        path.write_text("".join(timed(line) + "\n" for line in lines))
        return ScriptServer("replay", path, "--quiet", *arguments,
                            certificates=self.certificates)

    @contextlib.contextmanager
    def python_server(self, conversation):
        with PythonServer(conversation, self.certificates) as server:
            yield server


def timed(line):
    return f"0.000 {line}" if line[0] in "<>*" else line


# What is said up to the moment when it is the server's turn in the phase.
TURNS = {
    "banner": [],
    "ehlo": ["< 220 mx.example.test ESMTP", "> EHLO"],
    "starttls": ["< 250-mx.example.test", "< 250-SIZE 1000", "< 250 STARTTLS", "> STARTTLS"],
    "tls": ["< 220 2.0.0 go ahead"],
    "ehlo_tls": ["* tls start", "> EHLO"],
    "auth": ["< 250-mx.example.test", "< 250 AUTH {mechanisms}", "> AUTH"],
}


def up_to(phase, mechanisms="PLAIN"):
    """The lines of a STARTTLS session up to the server's answer in the phase."""
    lines = []
    for name, said in TURNS.items():
        lines += [line.format(mechanisms=mechanisms) for line in said]
        if name == phase:
            return lines
    raise KeyError(phase)


class Peer:
    """One client of a PythonServer."""

    def __init__(self, connection, server):
        self.socket = connection
        self.server = server
        self._rest = b""

    def send(self, *lines):
        data = b"".join(
            line if isinstance(line, bytes) else line.encode() + b"\r\n" for line in lines
        )
        self.socket.sendall(data)

    def line(self):
        """The client's next line without its end, None when it has hung up."""
        while b"\n" not in self._rest:
            data = self.socket.recv(65536)
            if not data:
                return None
            self._rest += data
        line, self._rest = self._rest.split(b"\n", 1)
        line = line.rstrip(b"\r").decode()
        self.server.note(line)
        return line

    def start_tls(self):
        self.socket = self.server.context.wrap_socket(self.socket, server_side=True)

    def encrypted_session(self, *capabilities):
        """Greeting, EHLO, STARTTLS and EHLO again; the AUTH command comes next."""
        self.send("220 mx.example.test ESMTP")
        self.line()
        self.send("250-mx.example.test", "250 STARTTLS")
        self.line()
        self.send("220 2.0.0 go ahead")
        self.start_tls()
        self.line()
        self.send("250-mx.example.test", *[f"250-{word}" for word in capabilities], "250 SIZE 1")

    def plain_response(self):
        """Reads AUTH PLAIN; returns the line that holds the password, sent with it or after."""
        line = self.line()
        if line == "AUTH PLAIN":
            self.send("334 ")
            line = self.line()
        return line

    def drain(self):
        """Reads to the end and answers nothing but QUIT; what the client says is noted."""
        with contextlib.suppress(OSError, ssl.SSLError):
            while (line := self.line()) is not None:
                if line == "QUIT":
                    self.send("221 2.0.0 bye")


class PythonServer:
    """For what the scripted server cannot do: `conversation(peer)` in a thread."""

    def __init__(self, conversation, certificates):
        self._conversation = conversation
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self._changed = threading.Condition()
        self.lines = []
        self.errors = []
        self._threads = []
        self._sockets = []
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(certificates / "good.pem", certificates / "good.key")

    def note(self, line):
        with self._changed:
            self.lines.append(line)
            self._changed.notify_all()

    def wait_for(self, start):
        """Until the client has said a line that starts so."""
        with self._changed:
            came = self._changed.wait_for(
                lambda: any(line.startswith(start) for line in self.lines), WAIT_SECONDS
            )
        assert came, f"the client never said {start}: {self.lines}"

    def _serve(self, connection):
        peer = Peer(connection, self)
        try:
            self._conversation(peer)
        except (OSError, ssl.SSLError):
            pass  # the client left; what it said stands in `lines`
        except Exception as error:  # pylint: disable=broad-except
            self.errors.append(error)
        with contextlib.suppress(OSError):
            peer.socket.close()

    def _accept(self):
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self._sockets.append(connection)
            thread = threading.Thread(target=self._serve, args=[connection], daemon=True)
            self._threads.append(thread)
            thread.start()

    def __enter__(self):
        self._acceptor = threading.Thread(target=self._accept, daemon=True)
        self._acceptor.start()
        return self

    def __exit__(self, kind, *_):
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._acceptor.join(WAIT_SECONDS)
        for thread in self._threads:
            thread.join(WAIT_SECONDS)
        if kind is None and self.errors:
            raise self.errors[0]


def eventually(condition, what):
    deadline = time.monotonic() + WAIT_SECONDS
    while not condition():
        assert time.monotonic() < deadline, f"never: {what}"
        time.sleep(0.005)


def base64_runs(secret):
    """Every run of eight characters that gives the secret away, whatever stands around."""
    runs = set()
    for shift in range(3):
        text = base64.b64encode(b"\0" * shift + secret.encode()).decode().rstrip("=")
        # The first and the last character may hold bits of a neighbour.
        text = text[shift + 1 if shift else 0 : (shift + len(secret)) * 8 // 6]
        runs |= {text[i : i + 8].lower() for i in range(len(text) - 7)}
    return runs


def leaks(secret, shown):
    """What of the secret the text shows, without regard to case."""
    if isinstance(shown, bytes):
        shown = shown.decode("latin-1")
    shown = shown.lower()
    return [needle for needle in sorted({secret.lower()} | base64_runs(secret))
            if needle in shown]


@pytest.fixture(scope="session")
def probe(plugin_path):
    with tempfile.TemporaryDirectory(prefix="probe-") as directory:
        made = Probe(plugin_path, pathlib.Path(directory))
        with made.login_server():
            pass  # it makes the certificates
        yield made
