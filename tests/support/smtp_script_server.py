# SPDX-License-Identifier: Apache-2.0
"""The scripted SMTP server as a context manager.

    with ScriptServer("login", "--users", users) as server:
        connect(server.address, server.port, server.certificates / "ca.pem")
    assert server.counters["accepted"] == 1

The binary is the keyword argument `binary`, or named by SMTP_SCRIPT_SERVER.
"""

import os
import pathlib
import select
import shutil
import signal
import subprocess
import tempfile
import time

STOP_SECONDS = 30


class ScriptServer:
    """Starts the server on entering, stops it on leaving.

    address, port  where it listens; port 0 = address is the path of a Unix socket
    certificates   directory of its PKI (ca.pem, client.pem, client.key, ...)
    counters       what it counted, after stop()
    errors         what it wrote to stderr, after stop()
    """

    def __init__(self, mode, *args, binary=None, certificates=None, start_seconds=30):
        self.binary = binary or os.environ["SMTP_SCRIPT_SERVER"]
        self.arguments = [str(arg) for arg in args]
        self.mode = mode
        self.start_seconds = start_seconds
        self.private = None
        if certificates is None:
            self.private = tempfile.mkdtemp(prefix="smtp-script-server-")
            certificates = self.private
        self.certificates = pathlib.Path(certificates)
        self.process = None
        self.counters = None
        self.errors = None

    def start(self):
        self.stderr = tempfile.TemporaryFile()
        self.process = subprocess.Popen(
            [self.binary, self.mode, "--certificates", str(self.certificates)]
            + self.arguments,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=self.stderr,
        )
        self.pid = self.process.pid
        try:
            word, self.address, port = self._first_line().rsplit(" ", 2)
            if word != "listening":
                raise ValueError(f"unexpected first line, starts with {word!r}")
            self.port = int(port)
        except BaseException as error:
            self.process.kill()
            self._collect()
            raise RuntimeError(f"{self.binary}: {error}\n{self.errors}") from error
        return self

    def _first_line(self):
        deadline = time.monotonic() + self.start_seconds
        pipe = self.process.stdout.fileno()
        line = b""
        while not line.endswith(b"\n"):
            left = deadline - time.monotonic()
            if left <= 0 or not select.select([pipe], [], [], left)[0]:
                raise TimeoutError("no 'listening' line in time")
            byte = os.read(pipe, 1)
            if not byte:
                raise EOFError("ended without a 'listening' line")
            line += byte
        return line.decode().rstrip("\n")

    def _collect(self):
        try:
            output, _ = self.process.communicate(timeout=STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            output, _ = self.process.communicate()
        self.stderr.seek(0)
        self.errors = self.stderr.read().decode(errors="replace")
        self.stderr.close()
        if self.private:
            shutil.rmtree(self.private, ignore_errors=True)
        return output.decode()

    def stop(self):
        """Ends the server; returns its counters. A sanitizer's report is an error."""
        if self.counters is not None or self.process is None:
            return self.counters
        self.process.send_signal(signal.SIGTERM)
        words = self._collect().split()
        self.counters = dict(zip(words[::2], map(int, words[1::2])))
        if self.process.returncode != 0:
            raise RuntimeError(
                f"{self.binary}: exit {self.process.returncode}\n{self.errors}"
            )
        return self.counters

    def __enter__(self):
        return self.start()

    def __exit__(self, kind, error, traceback):
        self.stop()
