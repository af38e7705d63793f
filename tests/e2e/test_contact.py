# SPDX-License-Identifier: Apache-2.0
"""What probe/contact.c and probe/socket_facts.c say of a network that misbehaves.

The network is private: a client, a router that is the server as well, and behind it a
network in which nobody lives. The environment variable CONTACT_PROBE names the built
tests/e2e/contact_probe.c.
"""

import os
import subprocess
import sys

import pytest

from namespace import Namespace
from servers import tools

PATIENCE_MS, LONG_MS = 1500, 20000
PORT, GAP_PORT = 2525, 2526  # of a network of our own
CLIENT = {4: "10.77.1.1", 6: "fd77:1::1"}
ROUTER = {4: "10.77.1.2", 6: "fd77:1::2"}
SERVER = {4: "10.77.2.2", 6: "fd77:2::2"}
BEYOND = {4: "10.77.3.3", 6: "fd77:3::3"}
FAMILIES = (4, 6)
BOTH = pytest.mark.parametrize("family", FAMILIES)

# Greets each client; at the second port the greeting's large packet goes ahead of a small.
SERVER_CODE = """
import selectors, socket, sys
watched = selectors.DefaultSelector()
clients = []
for port in map(int, sys.argv[1:]):
    listener = socket.create_server(("", port), family=socket.AF_INET6, dualstack_ipv6=True)
    watched.register(listener, selectors.EVENT_READ)
print("ready", flush=True)
while True:
    for key, _ in watched.select():
        client, _ = key.fileobj.accept()
        clients.append(client)
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if key.fileobj.getsockname()[1] == int(sys.argv[2]):
            client.send(b"220-" + b"x" * 1200 + b"\\r\\n")
        client.send(b"220 mx.example\\r\\n")
"""


class Lab:
    def __init__(self):
        self.client = Namespace()

    def __enter__(self):
        self.client.__enter__()
        self._holder = self._start_router()
        self._join()
        self._limitless()
        self._hasten()
        server = self.client.start(
            self._in_router([sys.executable, "-c", SERVER_CODE, str(PORT), str(GAP_PORT)]),
            stdout=subprocess.PIPE, text=True)
        assert server.stdout.readline() == "ready\n"
        return self

    def __exit__(self, *reason):
        self.client.__exit__(*reason)

    def _start_router(self):
        holder = self.client.start(
            [tools.require("unshare", "util-linux"), "--net", "--", "sh", "-c",
             "echo ready; exec cat"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert holder.stdout.readline() == "ready\n"
        return holder

    def _in_router(self, command):
        return [tools.require("nsenter", "util-linux"), "--target", str(self._holder.pid),
                "--net", "--", *command]

    def _run(self, command):
        done = self.client.run(command)
        assert done.returncode == 0, f"{command}: {done.stderr}"

    def ip(self, *words):
        self._run([tools.require("ip", "iproute2"), *words])

    def router_ip(self, *words):
        self._run(self._in_router([tools.require("ip", "iproute2"), *words]))

    def _join(self):
        self.ip("link", "add", "near", "type", "veth", "peer", "name", "far",
                "netns", str(self._holder.pid))
        self.router_ip("link", "add", "beyond", "type", "veth", "peer", "name", "nobody")
        for words in (["lo"], ["far"], ["beyond"], ["nobody"]):
            self.router_ip("link", "set", *words, "up")
        self.ip("link", "set", "near", "up")
        for family, bits, host in ((4, "24", "32"), (6, "64", "128")):
            more = ["nodad"] if family == 6 else []
            first_beyond = BEYOND[family][:-1] + "1"
            self.ip("addr", "add", f"{CLIENT[family]}/{bits}", "dev", "near", *more)
            self.router_ip("addr", "add", f"{ROUTER[family]}/{bits}", "dev", "far", *more)
            self.router_ip("addr", "add", f"{SERVER[family]}/{host}", "dev", "lo", *more)
            self.router_ip("addr", "add", f"{first_beyond}/{bits}", "dev", "beyond", *more)
            self.ip(f"-{family}", "route", "add", "default", "via", ROUTER[family])

    def _limitless(self):
        """Forwards, and answers every packet that cannot be."""
        self._run(self._in_router(["sh", "-c", "cd /proc/sys/net && "
                                   "echo 1 >ipv4/ip_forward && "
                                   "echo 1 >ipv6/conf/all/forwarding && "
                                   "echo 0 >ipv4/icmp_ratelimit && "
                                   "echo 0 >ipv6/icmp/ratelimit"]))

    def _hasten(self):
        """A neighbour that does not answer at once never will."""
        self._run(["sh", "-c", "cd /proc/sys/net && for family in ipv4 ipv6; do "
                   "echo 1 >$family/neigh/near/mcast_solicit && "
                   "echo 100 >$family/neigh/near/retrans_time_ms || exit 1; done"])

    def rule(self, hook, words, in_router=True):
        table = (f"table inet test {{ chain only {{ type filter hook {hook} priority 0; "
                 f"{words}; }}; }}")
        command = [tools.require("nft", "nftables"), table]
        self._run(self._in_router(command) if in_router else command)

    def forget_rules(self):
        command = [tools.require("nft", "nftables"), "flush", "ruleset"]
        self._run(command)
        self._run(self._in_router(command))

    def contact(self, address, step="connect", patience=LONG_MS, port=PORT, ttl=0):
        done = self.client.run([os.environ["CONTACT_PROBE"], address, str(port), step,
                                str(patience), str(ttl)])
        assert done.returncode == 0 and done.stderr == "", done.stdout + done.stderr
        return dict(line.split(": ", 1) for line in done.stdout.splitlines())


@pytest.fixture(scope="module")
def made_lab():
    with Lab() as lab:
        yield lab


@pytest.fixture
def lab(made_lab):
    yield made_lab
    made_lab.forget_rules()


def tcp(met):
    return dict(fact.split("=") for fact in met["tcp"].split()[1:])


@BOTH
def test_good_network(lab, family):
    met = lab.contact(SERVER[family], "greeting")
    assert met["outcome"] == "answered"
    assert met["first"] == "220 mx.example"
    assert met["icmp"] == ""
    assert float(tcp(met)["rtt"]) > 0


@BOTH
@pytest.mark.parametrize("kind, outcome, name", [
    ("prohibit", "forbidden", "EACCES"),
    ("blackhole", "forbidden", "EINVAL"),
    ("unreachable", "unreachable", "EHOSTUNREACH"),
    ("throw", "unreachable", "ENETUNREACH"),
])
def test_own_route_fails_at_once(lab, family, kind, outcome, name):
    place = f"{BEYOND[family]}/{32 if family == 4 else 128}"
    if kind == "throw":  # as when there is no route at all
        lab.ip(f"-{family}", "route", "del", "default")
    else:
        lab.ip(f"-{family}", "route", "add", kind, place)
    try:
        met = lab.contact(BEYOND[family])
    finally:
        if kind == "throw":
            lab.ip(f"-{family}", "route", "add", "default", "via", ROUTER[family])
        else:
            lab.ip(f"-{family}", "route", "del", kind, place)
    assert (met["outcome"], met["errno"], met["at_once"]) == (outcome, name, "1")
    assert met["connected"] == "0"


ADMIN = {4: ("icmp 3/13", "EHOSTUNREACH"), 6: ("icmp6 1/1", "EACCES")}
PORT_CLOSED = {4: ("icmp 3/3", "ECONNREFUSED"), 6: ("icmp6 1/4", "ECONNREFUSED")}


@BOTH
def test_own_firewall_rejects(lab, family):
    lab.rule("output", f"tcp dport {PORT} reject with icmpx type admin-prohibited",
             in_router=False)
    met = lab.contact(SERVER[family])
    icmp, name = ADMIN[family]
    assert met["icmp"] == f"{icmp} from {CLIENT[family]} self"
    assert met["errno"] == name
    assert met["outcome"] == "unreachable"


@BOTH
def test_router_rejects(lab, family):
    lab.rule("forward", "reject with icmpx type admin-prohibited")
    met = lab.contact(BEYOND[family])
    icmp, name = ADMIN[family]
    assert met["icmp"] == f"{icmp} from {ROUTER[family]} hop"
    assert (met["outcome"], met["errno"], met["at_once"]) == ("unreachable", name, "0")


@BOTH
def test_server_rejects(lab, family):
    lab.rule("input", f"tcp dport {PORT} reject with icmpx type port-unreachable")
    met = lab.contact(SERVER[family])
    icmp, name = PORT_CLOSED[family]
    assert met["icmp"] == f"{icmp} from {SERVER[family]} target"
    assert (met["outcome"], met["errno"]) == ("refused", name)


@BOTH
def test_reset_leaves_no_icmp(lab, family):
    met = lab.contact(SERVER[family], port=1)
    assert (met["outcome"], met["errno"]) == ("refused", "ECONNREFUSED")
    assert met["icmp"] == ""


@BOTH
def test_time_to_live_ends_at_the_router(lab, family):
    met = lab.contact(BEYOND[family], ttl=1)
    icmp = {4: "icmp 11/0", 6: "icmp6 3/0"}[family]
    assert met["icmp"] == f"{icmp} from {ROUTER[family]} hop"
    assert (met["outcome"], met["errno"]) == ("unreachable", "EHOSTUNREACH")


@BOTH
def test_neighbour_does_not_answer(lab, family):
    """The one error here that does not come while connect() still holds the socket."""
    met = lab.contact(CLIENT[family][:-1] + "9")
    icmp = {4: "icmp 3/1", 6: "icmp6 1/3"}[family]
    assert met["icmp"] == f"{icmp} from {CLIENT[family]} self"
    assert (met["outcome"], met["errno"], met["at_once"]) == (
        "unreachable", "EHOSTUNREACH", "0")
    # It was read before the queue, for taking an error from there clears it.
    assert tcp(met)["soft_error"] == "EHOSTUNREACH"


@BOTH
def test_dropped_attempt_is_silence(lab, family):
    lab.rule("input", f"tcp dport {PORT} drop")
    met = lab.contact(SERVER[family], patience=PATIENCE_MS)
    assert (met["outcome"], met["connected"]) == ("silent", "0")
    assert tcp(met)["unacked"] == "1"
    assert "rtt" not in tcp(met)


# EHLO at the start of a segment's payload.
EHLO_RULE = f"tcp dport {PORT} @ih,0,32 0x45484c4f"


@BOTH
def test_dropped_command_is_loss(lab, family):
    lab.rule("input", f"{EHLO_RULE} drop")
    met = lab.contact(SERVER[family], "ehlo", PATIENCE_MS)
    assert (met["outcome"], met["connected"]) == ("lost", "1")
    assert int(tcp(met)["unacked"]) > 0 and int(tcp(met)["retrying"]) > 0
    assert "soft_error" not in tcp(met)


@BOTH
def test_rejected_command_is_loss_with_a_soft_error(lab, family):
    """The session must live on: an ICMP message may be forged."""
    lab.rule("input", f"{EHLO_RULE} reject with icmpx type admin-prohibited")
    met = lab.contact(SERVER[family], "ehlo", PATIENCE_MS)
    assert (met["outcome"], met["errno"]) == ("lost", "0")
    assert tcp(met)["soft_error"] == ADMIN[family][1]


@BOTH
def test_large_packets_that_vanish_leave_a_gap(lab, family):
    lab.rule("input", f"tcp sport {GAP_PORT} meta length > 1000 drop", in_router=False)
    met = lab.contact(SERVER[family], "greeting", PATIENCE_MS, port=GAP_PORT)
    assert (met["outcome"], met["first"]) == ("gap", "")
    assert int(tcp(met)["out_of_order"]) > 0
    assert tcp(met)["received"] == "0"
