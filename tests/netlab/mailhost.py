# SPDX-License-Identifier: Apache-2.0
"""Mail servers, good and bad, and what stands in for them; one process plays many.

    mailhost.py '[{"at": ["10.99.3.2", 587], "certificate": "/dir/good"}, ...]'

Prints "listening", then a line for every line of a client: [connection, "text"], JSON.
What each does differently from a good server (all optional):

    certificate   FILE.pem and FILE.key are shown; without it no STARTTLS is offered
    implicit      TLS begins at once
    greeting      the first line; "" = none
    delay         seconds before the greeting
    raw           these bytes come instead of a greeting
    name          host name in the replies to EHLO and HELO
    offers        keywords of EHLO besides STARTTLS; offers_tls: those inside TLS
    starttls      false: STARTTLS is not announced
    answers       {"COMMAND": "reply"}, instead of the usual one; answers_tls: inside TLS
    handshake     what comes instead of a handshake after the client's first bytes:
                  "text ...", "alert NUMBER", "!action", or "sni ACTION": the action only
                  if the hello holds a server name
    password      whoever knows it is let in (default: everybody)
    first         the number of connections that this holds for; later ones are good

A reply may be an action: "!close", "!reset", "!silence", and so may greeting.
"""

import base64
import json
import os
import re
import select
import socket
import ssl
import struct
import sys
import threading
import time

WAIT_SECONDS = 120
RESET = struct.pack("ii", 1, 0)
HELLO_BYTES = 16384


class Ended(Exception):
    pass


class Session:
    def __init__(self, connection, settings, number):
        self.connection = connection
        self.number = number
        self.settings = settings
        self.encrypted = False
        self.rest = b""

    def act(self, action):
        if action == "!reset":
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
        elif action == "!silence":
            self.connection.settimeout(WAIT_SECONDS)
            while self.connection.recv(65536):
                pass
        raise Ended

    def say(self, text):
        if text.startswith("!"):
            self.act(text)
        self.connection.sendall(text.encode("latin-1") + b"\r\n")

    def line(self):
        while b"\n" not in self.rest:
            data = self.connection.recv(65536)
            if not data:
                raise Ended
            self.rest += data
        line, self.rest = self.rest.split(b"\n", 1)
        text = line.rstrip(b"\r").decode("latin-1")
        # One write: threads share the output.
        os.write(sys.stdout.fileno(), (json.dumps([self.number, text]) + "\n").encode())
        return text

    def greet(self):
        time.sleep(self.settings.get("delay", 0))
        if "raw" in self.settings:
            self.connection.sendall(self.settings["raw"].encode("latin-1"))
            self.act("!silence" if self.settings.get("stay") else "!close")
        greeting = self.settings.get("greeting", "220 mx.example.test ESMTP")
        if greeting:
            self.say(greeting)

    def handshake(self):
        how = self.settings.get("handshake")
        if how:
            self.spoil_handshake(how)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        place = self.settings["certificate"]
        context.load_cert_chain(place + ".pem", place + ".key")
        self.connection = context.wrap_socket(self.connection, server_side=True)
        self.encrypted = True
        self.rest = b""

    def spoil_handshake(self, how):
        word, _, rest = how.partition(" ")
        if word == "sni":
            hello = self.connection.recv(HELLO_BYTES, socket.MSG_PEEK)
            if b"example.test" not in hello:
                return
            how = rest
        if word == "text":
            self.connection.recv(HELLO_BYTES)
            self.say(rest)
            self.act("!close")
        if word == "alert":
            self.connection.recv(HELLO_BYTES)
            self.connection.sendall(bytes((21, 3, 3, 0, 2, 2, int(rest))))
            self.act("!close")
        self.connection.recv(HELLO_BYTES)
        self.act(how)

    def features(self):
        """The reply to EHLO."""
        if self.encrypted:
            words = self.settings.get("offers_tls", ["SIZE 1000000", "AUTH PLAIN LOGIN"])
        else:
            words = list(self.settings.get("offers", ["SIZE 1000000"]))
            if self.settings.get("certificate") and self.settings.get("starttls", True):
                words.append("STARTTLS")
        lines = [self.settings.get("name", "mx.example.test"), *words]
        return "\r\n".join(f"250{' ' if at == len(lines) - 1 else '-'}{text}"
                           for at, text in enumerate(lines))

    def authenticate(self, line):
        words = line.split()
        response = words[2] if len(words) > 2 else None
        if response is None:
            self.say("334 ")
            response = self.line()
        parts = base64.b64decode(response).split(b"\0")
        wanted = self.settings.get("password")
        if not wanted or parts[-1].decode() == wanted:
            return "235 2.7.0 Authentication successful"
        return "535 5.7.8 Error: authentication failed"

    def reply(self, line):
        command = line.split(" ")[0].upper()
        answers = self.settings.get("answers_tls" if self.encrypted else "answers", {})
        if command in answers:
            return answers[command]
        if command == "EHLO":
            return self.features()
        if command == "AUTH":
            return self.authenticate(line)
        usual = {"HELO": "250 " + self.settings.get("name", "mx.example.test"),
                 "NOOP": "250 2.0.0 Ok", "RSET": "250 2.0.0 Ok",
                 "STARTTLS": "220 2.0.0 Ready to start TLS", "QUIT": "221 2.0.0 Bye"}
        return usual.get(command, "502 5.5.2 Error: command not recognized")

    def run(self):
        if self.settings.get("implicit"):
            self.handshake()
        self.greet()
        while True:
            line = self.line()
            reply = self.reply(line)
            self.say(reply)
            if line.upper() == "STARTTLS" and reply.startswith("220"):
                self.handshake()
            if line.upper() == "QUIT" or re.match("421", reply):
                return


def good(settings):
    return {key: settings[key] for key in ("at", "certificate", "implicit", "password")
            if key in settings}


def serve(connection, settings, number):
    session = Session(connection, settings, number)
    try:
        session.run()
    except (Ended, OSError, ValueError):
        pass
    try:
        session.connection.close()
    except OSError:
        pass


def listen(settings):
    host, port = settings["at"]
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.create_server((host, port), family=family, backlog=64)
    return listener


def main():
    listeners = {}
    for settings in json.loads(sys.argv[1]):
        listeners[listen(settings)] = settings
    counts = {}
    print("listening", flush=True)
    while True:
        for ready in select.select([*listeners, sys.stdin], [], [])[0]:
            if ready is sys.stdin:
                return
            connection, _ = ready.accept()
            settings = listeners[ready]
            counts[ready] = counts.get(ready, 0) + 1
            if counts[ready] > settings.get("first", counts[ready]):
                settings = good(settings)
            threading.Thread(target=serve, args=(connection, settings, sum(counts.values())),
                             daemon=True).start()


if __name__ == "__main__":
    main()
