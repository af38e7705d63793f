# SPDX-License-Identifier: Apache-2.0
"""The lab: a client, five routers, a mail server and a second network, all private.

    with Lab() as lab:
        lab.mail_hosts("server", {"at": [SERVER, 587]})
        lab.filter("r2", "forward", "tcp dport 587 drop")
        seen = lab.observe(SERVER, 587)

README.md draws it. Everything ends with the `with` block, and nothing outside changes.
"""

import contextlib
import json
import os
import pathlib
import select
import shutil
import subprocess
import sys
import tempfile

from servers import tools

HERE = pathlib.Path(__file__).resolve().parent
SUPPORT = HERE.parent / "support"
START_SECONDS = 30
STOP_SECONDS = 10

CLIENT, SERVER, SECOND, OTHER = "10.99.1.2", "10.99.3.2", "10.99.3.3", "10.99.4.2"
SERVER6, OTHER6 = "fd99:3::2", "fd99:4::2"
NOBODY = "10.99.3.99"  # an address of the server's network that nobody has
SERVER_HOPS = 6  # routers count; what the client sends with this TTL just arrives
HOST, CONTROL_HOST = "mx.example.test", "control.example.net"
HOSTS = (f"{SERVER} {HOST}\n{SERVER6} {HOST}\n"
         f"{OTHER} {CONTROL_HOST}\n{OTHER6} {CONTROL_HOST}\n")
PLACES = {"resolv_conf": "/etc/resolv.conf", "hosts": "/etc/hosts"}
DEVICES = {"client": "netlab0", "box": "left"}

# Before anything runs in a namespace: is it one of ours, and is it the one meant?
PYTHON = (sys.executable, "-E", "-S")  # what runs inside needs the standard library only
GUARD = ('[ "$(readlink /proc/self/ns/net)" != "$1" ] && [ -e "/sys/class/net/$2" ] || '
         '{ echo "lab.py: not inside the lab" >&2; exit 125; }; shift 2; exec "$@"')


def network_of(pid):
    return os.readlink(f"/proc/{pid}/ns/net")


def in_family(address, family):
    """The IPv6 address that stands beside an IPv4 one of the lab."""
    if family == 4:
        return address
    _, _, number, host = address.split(".")
    return f"fd99:{number}::{host}"


class Lab:
    def __init__(self, hosts=HOSTS, resolv_conf="nameserver 127.0.0.1\n"):
        self._files = {"hosts": hosts, "resolv_conf": resolv_conf}
        self._cleanup = contextlib.ExitStack()
        self._chains = 0
        self._box = None
        self._holder = None
        self.directory = None
        # The client's processor: packets are received on the others.
        self.processor = os.getpid() % len(os.sched_getaffinity(0))

    def __enter__(self):
        with self._cleanup:
            self.directory = pathlib.Path(tempfile.mkdtemp(prefix="netlab-"))
            self._cleanup.callback(shutil.rmtree, self.directory, ignore_errors=True)
            self._start_holder()
            self._cleanup = self._cleanup.pop_all()
        return self

    def __exit__(self, *_):
        self._cleanup.close()

    def _start_holder(self):
        mounts = []
        for name, content in self._files.items():
            path = self.directory / name
            path.write_text(content)
            mounts.append(f"{path}={PLACES[name]}")
        flags = ["--mount", "--net"] + ([] if os.geteuid() == 0 else ["--map-root-user"])
        self._holder = subprocess.Popen(
            [tools.require("unshare", "util-linux"), *flags, sys.executable,
             HERE / "inside.py", network_of("self"), str(self.processor), *mounts],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=with_path())
        self._cleanup.callback(self._stop, self._holder)
        if self._holder.stdout.readline() != "ready\n":
            raise RuntimeError("the lab could not be built; see stderr")

    def require_inside(self):
        """Nothing may ever be sent from the network that the tests run in."""
        if network_of(self._holder.pid) == network_of("self"):
            raise RuntimeError("the lab is not private")

    def _command(self, where, arguments):
        self.require_inside()
        enter = [tools.require("nsenter", "util-linux"), "--target", self._holder.pid,
                 "--mount", "--net", "--wd=" + os.getcwd()]
        if os.geteuid() != 0:
            enter += ["--user", "--preserve-credentials"]
        guard = ["sh", "-c", GUARD, "guard", network_of("self"), DEVICES.get(where, "lan")]
        words = [*enter, "--", "ip", "netns", "exec", where, *guard, *arguments]
        if where == "client":
            words = [tools.require("taskset", "util-linux"), "-c", self.processor, *words]
        return [word if isinstance(word, bytes) else str(word) for word in words]

    # ---- commands ----

    def run(self, where, arguments, timeout=60, **options):
        """Runs a command to its end; stdout and stderr are captured as text."""
        return subprocess.run(self._command(where, arguments), capture_output=True, text=True,
                              stdin=subprocess.DEVNULL, timeout=timeout, check=False,
                              env=with_path(), **options)

    def do(self, where, *arguments):
        done = self.run(where, arguments)
        if done.returncode != 0:
            raise RuntimeError(f"{arguments} in {where}:\n{done.stdout}{done.stderr}")
        return done.stdout

    def start(self, where, arguments):
        """Starts a program that says "listening" and ends with its input or with the lab."""
        process = subprocess.Popen(self._command(where, arguments), stdin=subprocess.PIPE,
                                   stdout=subprocess.PIPE, text=True, env=with_path())
        self._cleanup.callback(self._stop, process)
        ready = select.select([process.stdout], [], [], START_SECONDS)[0]
        if not ready or process.stdout.readline() != "listening\n":
            raise RuntimeError(f"did not start in {where}: {arguments}")
        return process

    @staticmethod
    def _stop(process):
        if process.poll() is not None:
            return
        process.stdin.close()
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        process.stdout.close()

    def stop(self, process):
        self._stop(process)

    @staticmethod
    def output(process):
        """Ends a program that was started; returns what it said since, line by line."""
        process.stdin.close()
        lines = process.stdout.read().splitlines()
        process.wait(STOP_SECONDS)
        return lines

    # ---- what stands there ----

    def mail_hosts(self, where, *settings):
        """What each does is written in mailhost.py."""
        return self.start(where, [*PYTHON, HERE / "mailhost.py", json.dumps(settings)])

    def dns(self, *arguments, where="client"):
        return self.start(where, [*PYTHON, SUPPORT / "dns_server.py", *arguments])

    def box(self, delay=0, rewrite=()):
        """Puts box.py in the place of the plain wire, or of the box.py that was there."""
        if self._box:
            self._stop(self._box)
        else:
            self.do("box", "ip", "link", "del", "wire")
        self._box = self.start("box", [*PYTHON, HERE / "box.py", delay, *rewrite])

    # ---- what goes wrong ----

    def nft(self, where, rules):
        self.do(where, tools.require("nft", "nftables"), rules)

    def filter(self, where, hook, *statements, family="inet", kind="filter", priority=0):
        """A chain of its own with these rules, in front of what may be there."""
        self._chains += 1
        name = f"netlab{self._chains}"
        rules = "".join(f"{statement}; " for statement in statements)
        self.nft(where, f"table {family} {name} {{ chain rules {{ "
                        f"type {kind} hook {hook} priority {priority}; {rules}}}; }}")

    def redirect(self, where, hook, match, port):
        """Connections that match end at a port of the namespace itself."""
        self.filter(where, hook, f"{match} redirect to :{port}", kind="nat", priority=-100)

    def clear(self, where):
        self.nft(where, "flush ruleset")

    def route(self, where, *words):
        family = "-6" if any(":" in word for word in words) else "-4"
        self.do(where, "ip", family, "route", *words)

    def second_home(self, address):
        """The server gets an address of another network, and the routers the way to it."""
        self.do("server", "ip", "addr", "add", f"{address}/32", "dev", "lan")
        for where, number in (("r1", 11), ("r2", 12), ("r3", 13), ("r4", 14), ("r5", 3)):
            self.route(where, "add", address, "via", f"10.99.{number}.2")

    # ---- what is seen ----

    def observe(self, address, port, before=(), **wish):
        """What observer.py says of one connection; `before` is a command to run it with."""
        wish = {"address": address, "port": port, **wish}
        return json.loads(self.do("client", *before, *PYTHON, HERE / "observer.py",
                                  json.dumps(wish)))

    @contextlib.contextmanager
    def recording(self):
        """Yields a list that holds the packets on the client's link once the block ended."""
        packets = []
        recorder = self.start("client", [*PYTHON, HERE / "recorder.py"])
        yield packets
        packets += map(json.loads, self.output(recorder))


def with_path():
    return {**os.environ, "PATH": tools.SEARCH_PATH}
