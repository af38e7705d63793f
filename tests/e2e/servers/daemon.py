# SPDX-License-Identifier: Apache-2.0
"""One server process with its private directory, from start to a clean end."""

import os
import pathlib
import shutil
import signal
import socket
import subprocess
import tempfile
import time

from servers import tools
from servers.ports import LOOPBACK, PortReservation

START_SECONDS = 20
STOP_SECONDS = 10
POLL_SECONDS = 0.02


def wait_until(condition, seconds, what):
    """Polls until condition() is true and returns its value."""
    deadline = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise TimeoutError(f"not within {seconds} s: {what}")
        time.sleep(POLL_SECONDS)


class Daemon:
    """A foreground server process in a session of its own.

    Its output goes to a file: a pipe would stay open in every process the server
    leaves behind, and whoever reads the pipe would wait for all of them.
    """

    def __init__(self, name):
        tools.require_root()
        self.name = name
        # Other users pass through: servers give up root and reopen their own files.
        self.directory = pathlib.Path(tempfile.mkdtemp(prefix=f"{name}-"))
        self.directory.chmod(0o711)
        self.ports = PortReservation()
        self._output = self.directory / "output"
        self._process = None
        self._watcher = None

    def start(self, arguments, environment=None, ready=lambda: True):
        """Starts the program and waits until ready() is true."""
        with open(self._output, "wb") as output:
            self._process = subprocess.Popen(
                [str(argument) for argument in arguments],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                cwd=self.directory,
                env={"PATH": tools.SEARCH_PATH, "LC_ALL": "C", **(environment or {})},
                start_new_session=True,
            )
        self._watcher = start_watcher(self._process.pid)
        try:
            wait_until(lambda: self._alive() and ready(), START_SECONDS, "ready")
        except (TimeoutError, RuntimeError) as error:
            said = self._what_it_said()
            raise RuntimeError(f"{self.name}: {error}\n{said}") from error

    def _what_it_said(self):
        files = [self._output, *self.directory.rglob("*log")]
        return "\n".join(file.read_text(errors="replace") for file in files)

    def _alive(self):
        if self._process.poll() is not None:
            raise RuntimeError(f"ended with {self._process.returncode}")
        return True

    def terminate(self):
        """Asks the process to end, and does not wait: several can end at once."""
        if self._process and self._process.poll() is None:
            self._process.terminate()

    def stop(self):
        """Ends the process and what it started, then removes every trace of it."""
        try:
            self.end()
        finally:
            self.ports.release()
            shutil.rmtree(self.directory)

    def end(self):
        """Ends the process and what it started; its ports stay reserved."""
        if not self._process:
            return
        if self._watcher:
            self._watcher.kill()
            self._watcher.communicate()
        self.terminate()
        try:
            self._process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait(STOP_SECONDS)
        # The session's id is the first process's id: what it left behind shares it.
        session, self._process = self._process.pid, None
        signal_session(session, signal.SIGTERM)
        try:
            wait_until(lambda: not session_members(session), STOP_SECONDS, "end")
        except TimeoutError:
            signal_session(session, signal.SIGKILL)


def start_watcher(pid):
    """Ends the server when this program is killed and cannot: its pipe ends then."""
    return subprocess.Popen(
        ["/bin/sh", "-c", 'read -r nothing; kill "$1"', "watcher", str(pid)],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )


def signal_session(session, number):
    for pid in session_members(session):
        try:
            os.kill(pid, number)
        except ProcessLookupError:
            pass


def session_members(session):
    """Processes of the session; a zombie, which waits to be reaped, is no member."""
    found = []
    for stat in pathlib.Path("/proc").glob("[0-9]*/stat"):
        try:
            text = stat.read_text()
        except (FileNotFoundError, ProcessLookupError):
            continue
        # The program's name stands in brackets and may hold anything.
        state, _, _, its_session = text.rpartition(")")[2].split()[:4]
        if int(its_session) == session and state not in "ZX":
            found.append(int(stat.parent.name))
    return found


def greets(port):
    """True once an SMTP server says 220 on the port.

    One connection waits for the greeting as long as it takes, so that the server's
    log holds exactly one session afterwards.
    """
    try:
        with socket.create_connection((LOOPBACK, port), timeout=2) as connection:
            connection.settimeout(START_SECONDS)
            return connection.recv(4) == b"220 "
    except ConnectionRefusedError:
        return False


def accepts(port):
    """True once something listens on the port."""
    try:
        socket.create_connection((LOOPBACK, port), timeout=2).close()
    except ConnectionRefusedError:
        return False
    return True
