# SPDX-License-Identifier: Apache-2.0
"""A box in the wire between r5 and the server: it delays frames and rewrites what they say.

    box.py SECONDS [mask-banner] [OLD=NEW]...

It has no address and takes nothing from the TTL, like a firewall in bridge mode. Each
direction waits SECONDS. OLD becomes NEW, of the same length, in what the server says;
mask-banner turns its greeting into asterisks, but for 2, 0 and blanks.
"""

import heapq
import select
import socket
import sys
import time

ALL_PROTOCOLS = 3
OUTGOING = 4
FRAME_BYTES = 65536
KEPT_IN_BANNER = b"20 \r\n"


def checksum(data):
    if len(data) % 2:
        data += b"\0"
    total = sum(int.from_bytes(data[i:i + 2], "big") for i in range(0, len(data), 2))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def tcp_of(frame):
    """Where the TCP header begins and what the pseudo header holds; None for others."""
    kind = frame[12:14]
    if kind == b"\x08\x00" and frame[23] == 6:
        start = 14 + (frame[14] & 15) * 4
        end = 14 + int.from_bytes(frame[16:18], "big")
        return start, end, frame[26:34]
    if kind == b"\x86\xdd" and frame[20] == 6:
        return 54, 54 + int.from_bytes(frame[18:20], "big"), frame[22:54]
    return None


def masked(text):
    return bytes(byte if byte in KEPT_IN_BANNER else ord("*") for byte in text)


class Rewriter:
    def __init__(self, words):
        self._mask = "mask-banner" in words
        self._pairs = [word.encode().split(b"=", 1) for word in words if "=" in word]
        for old, new in self._pairs:
            if len(old) != len(new):
                sys.exit(f"box.py: {old} and {new} differ in length")

    def _payload(self, text):
        if self._mask and text.startswith(b"220"):
            return masked(text)
        for old, new in self._pairs:
            text = text.replace(old, new)
        return text

    def frame(self, frame):
        found = tcp_of(frame)
        if not found:
            return frame
        start, end, addresses = found
        data = start + (frame[start + 12] >> 4) * 4
        payload = self._payload(frame[data:end])
        if payload == frame[data:end]:
            return frame
        segment = bytearray(frame[start:data] + payload)
        segment[16:18] = b"\0\0"
        pseudo = addresses + b"\0\6" + len(segment).to_bytes(2, "big")
        segment[16:18] = checksum(pseudo + bytes(segment)).to_bytes(2, "big")
        return frame[:start] + bytes(segment) + frame[end:]


def open_device(name):
    device = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ALL_PROTOCOLS))
    device.bind((name, 0))
    device.setblocking(False)
    return device


def main():
    delay, rewriter = float(sys.argv[1]), Rewriter(sys.argv[2:])
    left, right = open_device("left"), open_device("right")
    waiting = []
    count = 0
    print("listening", flush=True)
    while True:
        due = max(0, waiting[0][0] - time.monotonic()) if waiting else None
        for device in select.select([left, right, sys.stdin], [], [], due)[0]:
            if device is sys.stdin:
                return
            frame, where = device.recvfrom(FRAME_BYTES)
            if where[2] == OUTGOING:
                continue
            frame = rewriter.frame(frame) if device is right else frame
            count += 1
            heapq.heappush(waiting, (time.monotonic() + delay, count,
                                     left if device is right else right, frame))
        while waiting and waiting[0][0] <= time.monotonic():
            _, _, device, frame = heapq.heappop(waiting)
            device.send(frame)


if __name__ == "__main__":
    main()
