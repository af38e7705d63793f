# SPDX-License-Identifier: Apache-2.0
"""Loopback ports chosen at run time, and kept."""

import socket

LOOPBACK = "127.0.0.1"


class PortReservation:
    """Ports that nobody else gets while a server starts on them.

    The reserving sockets stay bound, but never listen, and have SO_REUSEADDR: Linux
    then lets a server that sets it too (they all do) bind and listen on the port,
    while connect() and bind(0) of other programs pass it over.
    """

    def __init__(self):
        self._sockets = []

    def take(self):
        reserved = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        self._sockets.append(reserved)
        reserved.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        reserved.bind((LOOPBACK, 0))
        return reserved.getsockname()[1]

    def release(self):
        for reserved in self._sockets:
            reserved.close()
        self._sockets.clear()
