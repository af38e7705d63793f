# SPDX-License-Identifier: Apache-2.0
"""Looks at one connection the way an ordinary client can, and says what the kernel told.

    observer.py '{"address": "10.99.3.2", "port": 587, ...}'

Prints one JSON object. It shares no code with the program under test, so that a test can
prove that a situation is what it should be before it asks for a verdict. Keys given:
ttl, mss, seconds to wait (3), lines to say, one after each piece that the server says.
Keys printed:

    errno        name of the error of connect(), or of the connection later
    when         sync, async (of connect) or session
    seconds      how long connect() took
    queue        "type/code" of the ICMP message on the error queue, or null
    offender     self, hop or target: who sent it; from: its address
    received     what came, as text
    ending       connected, timeout, closed or error
    tcp          numbers of TCP_INFO at the end
"""

import errno
import json
import select
import socket
import struct
import sys
import time

IP_RECVERR, IPV6_RECVERR, IPV6_UNICAST_HOPS = 11, 25, 16
MSG_ERRQUEUE = 0x2000
TCP_INFO_BYTES = 256
TCP_INFO_OFFSETS = {
    "retransmits": (2, "B"), "backoff": (4, "B"), "unacked": (24, "I"), "pmtu": (60, "I"),
    "rtt": (68, "I"), "total_retrans": (100, "I"), "bytes_received": (128, "Q"),
    "min_rtt": (148, "I"), "rcv_ooopack": (224, "I"),
}


def tcp_info(connection):
    data = connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, TCP_INFO_BYTES)
    return {name: struct.unpack_from(form, data, offset)[0]
            for name, (offset, form) in TCP_INFO_OFFSETS.items()
            if len(data) >= offset + struct.calcsize(form)}


def open_socket(wish):
    family = socket.AF_INET6 if ":" in wish["address"] else socket.AF_INET
    connection = socket.socket(family, socket.SOCK_STREAM)
    connection.setblocking(False)
    six = family == socket.AF_INET6
    level = socket.IPPROTO_IPV6 if six else socket.IPPROTO_IP
    connection.setsockopt(level, IPV6_RECVERR if six else IP_RECVERR, 1)
    if "ttl" in wish:
        connection.setsockopt(level, IPV6_UNICAST_HOPS if six else socket.IP_TTL, wish["ttl"])
    if "mss" in wish:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG, wish["mss"])
    return connection


def is_own(family, address):
    with socket.socket(family, socket.SOCK_DGRAM) as trial:
        try:
            trial.bind((address, 0))
        except OSError:
            return False
    return True


def read_queue(connection, target):
    """The SO_ERROR must be read before this: it clears it."""
    try:
        _, parts, _, _ = connection.recvmsg(1, 512, MSG_ERRQUEUE)
    except OSError:
        return {"queue": None}
    data = parts[0][2]
    kind, code = data[5], data[6]
    if connection.family == socket.AF_INET6:
        sender = socket.inet_ntop(socket.AF_INET6, data[24:40])
    else:
        sender = socket.inet_ntoa(data[20:24])
    who = "target" if sender == target else (
        "self" if is_own(connection.family, sender) else "hop")
    return {"queue": f"{kind}/{code}", "from": sender, "offender": who}


def wait(connection, event, seconds):
    poll = select.poll()
    poll.register(connection, event)
    return bool(poll.poll(seconds * 1000))


def connect(connection, wish, seen):
    begun = time.monotonic()
    number = connection.connect_ex((wish["address"], wish["port"]))
    seen["when"] = "sync" if number != errno.EINPROGRESS else "async"
    end = begun + wish["seconds"]
    if number == errno.EINPROGRESS:
        # POLLERR may come with the queue, before the error itself.
        while not number or number == errno.EINPROGRESS:
            left = end - time.monotonic()
            if left <= 0 or not wait(connection, select.POLLOUT, left):
                number = errno.ETIMEDOUT
                break
            number = connection.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
            if not number and tcp_state(connection) != 2:
                break
            time.sleep(0.001)
    seen["seconds"] = time.monotonic() - begun
    return number


def tcp_state(connection):
    return connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 1)[0]


def converse(connection, wish, seen):
    level, name = ((socket.IPPROTO_IPV6, IPV6_RECVERR)
                   if connection.family == socket.AF_INET6 else
                   (socket.IPPROTO_IP, IP_RECVERR))
    connection.setsockopt(level, name, 0)
    seen["when"] = "session"
    lines = list(wish.get("lines", []))
    received = b""
    while True:
        if not wait(connection, select.POLLIN, wish["seconds"]):
            return received, "timeout", connection.getsockopt(
                socket.SOL_SOCKET, socket.SO_ERROR)
        try:
            piece = connection.recv(65536)
        except OSError as error:
            return received, "error", error.errno
        if not piece:
            return received, "closed", 0
        received += piece
        if lines:
            connection.send(lines.pop(0).encode("latin-1") + b"\r\n")
        elif not wish.get("lines"):
            return received, "connected", 0


def main():
    wish = {"seconds": 3, **json.loads(sys.argv[1])}
    seen = {"errno": None, "ending": "error", "received": "", "offender": None}
    with open_socket(wish) as connection:
        number = connect(connection, wish, seen)
        if number == 0:
            received, seen["ending"], number = converse(connection, wish, seen)
            seen["received"] = received.decode("latin-1")
        elif number == errno.ETIMEDOUT:
            seen["ending"] = "timeout"
        seen["tcp"] = tcp_info(connection)
        seen.update(read_queue(connection, wish["address"]))
    seen["errno"] = errno.errorcode.get(number) if number else None
    print(json.dumps(seen))


if __name__ == "__main__":
    main()
