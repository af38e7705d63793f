# SPDX-License-Identifier: Apache-2.0
"""What a server's own log says of a client's session."""

import dataclasses
import pathlib
import re
from typing import Callable

from servers.daemon import greets, wait_until

LOG_SECONDS = 10


@dataclasses.dataclass(frozen=True)
class SessionLog:
    """A log file and how to read it.

    `end` matches the line that closes a session; `attempts(line)` is the number of
    login attempts that a line speaks of.
    """

    path: pathlib.Path
    end: re.Pattern
    attempts: Callable[[str], int]

    def greeted(self, port):
        """True once the server greets there and has logged the end of that session."""
        return greets(port) and self.login_attempts(0) == 0

    def mark(self):
        """The place from which a later login_attempts() reads."""
        return self.path.stat().st_size if self.path.exists() else 0

    def login_attempts(self, mark):
        """Logins tried in the session since the mark; waits until that is over."""
        try:
            lines = wait_until(lambda: self._finished(mark), LOG_SECONDS, "session end")
        except TimeoutError as error:
            raise TimeoutError(f"{error}; {self.path}:\n{self.read(mark)}") from error
        return sum(self.attempts(line) for line in lines)

    def _finished(self, mark):
        lines = self.read(mark).splitlines()
        return lines if any(self.end.search(line) for line in lines) else None

    def read(self, mark=0):
        with open(self.path, "rb") as log:
            log.seek(mark)
            return log.read().decode(errors="replace")
