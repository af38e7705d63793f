# SPDX-License-Identifier: Apache-2.0
"""Records what passes the client's link: one JSON line a TCP packet, until its input ends.

    {"at": 1.25, "out": true, "ends": ["10.99.1.2:40000", "10.99.3.2:587"],
     "flags": "S", "payload": "hex"}

Prints "listening" first. Only packets that really are on the link are seen: what goes to
the client itself, over its loopback interface, is not.
"""

import json
import select
import socket
import sys
import time

ALL_PROTOCOLS = 3
OUTGOING = 4
DEVICE = "netlab0"
FLAGS = "FSRPAU"
RECEIVE_BYTES = 1 << 24


def host_of(data):
    return socket.inet_ntop(socket.AF_INET if len(data) == 4 else socket.AF_INET6, data)


def tcp_packet(frame):
    kind = frame[12:14]
    if kind == b"\x08\x00" and frame[23] == 6:
        start, end = 14 + (frame[14] & 15) * 4, 14 + int.from_bytes(frame[16:18], "big")
        hosts = frame[26:30], frame[30:34]
    elif kind == b"\x86\xdd" and frame[20] == 6:
        start, end = 54, 54 + int.from_bytes(frame[18:20], "big")
        hosts = frame[22:38], frame[38:54]
    else:
        return None
    ports = [int.from_bytes(frame[start + at:start + at + 2], "big") for at in (0, 2)]
    data = start + (frame[start + 12] >> 4) * 4
    bits = frame[start + 13]
    return {
        "ends": [f"{host_of(host)}:{port}" for host, port in zip(hosts, ports)],
        "flags": "".join(name for bit, name in enumerate(FLAGS) if bits >> bit & 1),
        "payload": frame[data:end].hex(),
    }


def main():
    device = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ALL_PROTOCOLS))
    device.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUFFORCE
                      if hasattr(socket, "SO_RCVBUFFORCE") else socket.SO_RCVBUF,
                      RECEIVE_BYTES)
    device.bind((DEVICE, 0))
    device.setblocking(False)
    print("listening", flush=True)
    over = False
    while True:
        ready = select.select([device] if over else [device, sys.stdin], [], [],
                              0 if over else None)[0]
        over = over or sys.stdin in ready
        if over and device not in ready:
            return
        if device in ready:
            frame, where = device.recvfrom(65536)
            packet = tcp_packet(frame)
            if packet:
                print(json.dumps({"at": time.monotonic(), "out": where[2] == OUTGOING,
                                  **packet}), flush=True)


if __name__ == "__main__":
    main()
