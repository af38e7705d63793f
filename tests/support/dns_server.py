#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A scripted DNS server: what it says depends on the first label of the name.

    dns_server.py [--address ADDRESS]... [--silent ADDRESS]... [--port PORT]
                  [--slow SECONDS] [--map NAME=ADDRESS,ADDRESS]... [--alias NAME=NAME]...

Prints "listening", then a line for each question: "udp A mx.example". Meant for a
network namespace of its own, where port 53 is free; tests/e2e/namespace.py makes one.

    nx servfail refused notimp formerr    that reply code
    nodata                                the name exists, without any address
    a4 a6 both                            192.0.2.10, 2001:db8::10, or the two
    sink0                                 0.0.0.0, as blocking resolvers say
    many                                  20 IPv4 addresses
    cname                                 an alias of a4
    dangling                              an alias of a name without addresses
    aonly-v6servfail aonly-v6garbage      an IPv4 address; SERVFAIL or nonsense for IPv6
    nodata-v6servfail                     no IPv4 address; SERVFAIL for IPv6
    timeout                               nothing at all
    servfail-N                            SERVFAIL to the first N questions, then nothing
    slow                                  192.0.2.10, after --slow seconds
    garbage                               the right question, then nonsense
    noise                                 bytes that are no answer to the question
    truncated                             "ask again over TCP"; there, 192.0.2.10
    hangup                                the same, but there the connection is closed

Mapped names and aliases come before these, any other name does not exist. At a --silent
address every question is swallowed.
"""

import argparse
import collections
import ipaddress
import os
import socketserver
import struct
import sys
import threading
import time

A, CNAME, AAAA = 1, 5, 28
TYPE_WORDS = {A: "A", CNAME: "CNAME", AAAA: "AAAA"}
NOERROR, FORMERR, SERVFAIL, NXDOMAIN, NOTIMP, REFUSED = range(6)
FLAGS = 0x8180  # an answer, recursion desired and available
TRUNCATED = 0x0200
TTL = 60
HANG_UP = b""

CODES = {
    "nx": NXDOMAIN,
    "servfail": SERVFAIL,
    "refused": REFUSED,
    "notimp": NOTIMP,
    "formerr": FORMERR,
    "nodata": NOERROR,
}
ADDRESSES = {
    "a4": ["192.0.2.10"],
    "a6": ["2001:db8::10"],
    "both": ["192.0.2.10", "2001:db8::10"],
    "sink0": ["0.0.0.0"],
    "slow": ["192.0.2.10"],
    "truncated": ["192.0.2.10"],
    "many": [f"192.0.2.{host}" for host in range(101, 121)],
    "aonly-v6servfail": ["192.0.2.10"],
    "aonly-v6garbage": ["192.0.2.10"],
    "nodata-v6servfail": [],
}


class Question:
    """The one question of a message; raises ValueError when there is none."""

    def __init__(self, message):
        if len(message) < 17:
            raise ValueError("too short for a question")
        self.id = message[:2]
        labels, at = [], 12
        while message[at]:
            labels.append(message[at + 1 : at + 1 + message[at]].decode("ascii", "replace"))
            at += 1 + message[at]
            if at + 5 > len(message):
                raise ValueError("the name does not end")
        self.name = ".".join(labels).lower()
        self.type = struct.unpack_from("!H", message, at + 1)[0]
        self.bytes = message[12 : at + 5]

    def first_label(self):
        return self.name.split(".")[0]


def encode_name(name):
    labels = name.split(".")
    return b"".join(bytes([len(label)]) + label.encode() for label in labels) + b"\0"


def encode_record(kind, data):
    # 0xc00c points at the name of the question.
    return struct.pack("!HHHIH", 0xC00C, kind, 1, TTL, len(data)) + data


def encode_answer(question, records=(), code=NOERROR, flags=0):
    header = struct.pack("!HHHHH", FLAGS | flags | code, 1, len(records), 0, 0)
    return question.id + header + question.bytes + b"".join(records)


def address_records(question, addresses):
    """Those of the kind that was asked for."""
    version = {A: 4, AAAA: 6}.get(question.type)
    parsed = [ipaddress.ip_address(address) for address in addresses]
    return [
        encode_record(question.type, address.packed)
        for address in parsed
        if address.version == version
    ]


def encode_addresses(question, addresses):
    return encode_answer(question, address_records(question, addresses))


def encode_aliases(question, settings):
    """Every alias on the way to the addresses, as a resolver that has followed them says."""
    records, name = [], question.name
    while name in settings.alias and len(records) <= len(settings.alias):
        data = encode_name(settings.alias[name])
        records.append(encode_name(name) + encode_record(CNAME, data)[2:])
        name = settings.alias[name]
    owner = encode_name(name)
    records += [owner + record[2:]
                for record in address_records(question, settings.map.get(name, []))]
    return encode_answer(question, records)


def encode_alias(question):
    target = "a4." + question.name.partition(".")[2]
    records = [encode_record(CNAME, encode_name(target))]
    if question.type == A and question.first_label() == "cname":
        packed = ipaddress.ip_address(ADDRESSES["a4"][0]).packed
        records.append(encode_name(target) + encode_record(A, packed)[2:])
    return encode_answer(question, records)


def encode_garbage(question):
    """Passes for an answer up to the end of the question, then claims records."""
    return question.id + struct.pack("!HHHHH", FLAGS, 1, 9, 0, 0) + question.bytes + b"\xff" * 9


def answer(question, transport, settings):
    """The bytes to send, or None."""
    label = question.first_label()
    if question.name in settings.alias:
        return encode_aliases(question, settings)
    if question.name in settings.map:
        return encode_addresses(question, settings.map[question.name])
    if label == "timeout":
        return None
    if label.startswith("servfail-"):
        settings.asked[question.name, question.type] += 1
        times = settings.asked[question.name, question.type]
        failing = times <= int(label.removeprefix("servfail-"))
        return encode_answer(question, code=SERVFAIL) if failing else None
    if label == "noise":
        return bytes(range(64))
    if label == "garbage" or (label == "aonly-v6garbage" and question.type == AAAA):
        return encode_garbage(question)
    if label.endswith("-v6servfail") and question.type == AAAA:
        return encode_answer(question, code=SERVFAIL)
    if label in ("truncated", "hangup") and transport == "udp":
        return encode_answer(question, flags=TRUNCATED)
    if label == "slow":
        time.sleep(settings.slow)
    if label in ("cname", "dangling"):
        return encode_alias(question)
    if label == "hangup":
        return HANG_UP
    if label in ADDRESSES:
        return encode_addresses(question, ADDRESSES[label])
    return encode_answer(question, code=CODES.get(label, NXDOMAIN))


def respond(message, transport, settings, silent):
    try:
        question = Question(message)
    except (ValueError, IndexError):
        return None
    kind = TYPE_WORDS.get(question.type, question.type)
    # One write: threads share the output.
    os.write(sys.stdout.fileno(), f"{transport} {kind} {question.name}\n".encode())
    return None if silent else answer(question, transport, settings)


class UdpHandler(socketserver.BaseRequestHandler):
    def handle(self):
        message, socket = self.request
        reply = respond(message, "udp", self.server.settings, self.server.silent)
        if reply is not None:
            socket.sendto(reply, self.client_address)


class TcpHandler(socketserver.StreamRequestHandler):
    timeout = 30

    def handle(self):
        while len(prefix := self.rfile.read(2)) == 2:
            message = self.rfile.read(struct.unpack("!H", prefix)[0])
            reply = respond(message, "tcp", self.server.settings, self.server.silent)
            if reply == HANG_UP:
                return
            if reply is not None:
                self.wfile.write(struct.pack("!H", len(reply)) + reply)


class UdpServer(socketserver.ThreadingUDPServer):
    daemon_threads = True


class TcpServer(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True


def parse_mapping(text):
    name, sign, addresses = text.partition("=")
    if not sign:
        raise argparse.ArgumentTypeError(f"{text!r} is not NAME=ADDRESS,ADDRESS")
    addresses = [address for address in addresses.split(",") if address]
    for address in addresses:
        ipaddress.ip_address(address)
    return name.lower(), addresses


def parse_alias(text):
    name, sign, other = text.partition("=")
    if not sign or not other:
        raise argparse.ArgumentTypeError(f"{text!r} is not NAME=NAME")
    return name.lower(), other.lower()


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--address", action="append", default=[])
    parser.add_argument("--silent", action="append", default=[])
    parser.add_argument("--port", type=int, default=53)
    parser.add_argument("--slow", type=float, default=0.3)
    parser.add_argument("--map", action="append", default=[], type=parse_mapping)
    parser.add_argument("--alias", action="append", default=[], type=parse_alias)
    settings = parser.parse_args()
    settings.map = dict(settings.map)
    settings.alias = dict(settings.alias)
    settings.asked = collections.Counter()
    if not settings.address and not settings.silent:
        settings.address = ["127.0.0.1"]
    return settings


def serve(address, settings, silent):
    for server_type, handler in ((UdpServer, UdpHandler), (TcpServer, TcpHandler)):
        server = server_type((address, settings.port), handler)
        server.settings, server.silent = settings, silent
        threading.Thread(target=server.serve_forever, daemon=True).start()


def main():
    settings = parse_arguments()
    for address in settings.address:
        serve(address, settings, silent=False)
    for address in settings.silent:
        serve(address, settings, silent=True)
    print("listening", flush=True)
    # Whoever started the server ends it; so does the end of its input.
    sys.stdin.buffer.read()


if __name__ == "__main__":
    main()
