# SPDX-License-Identifier: Apache-2.0
"""What becomes of a SYN, on this kernel, for IPv4 and IPv6.

Each case makes a situation, lets an independent observer say which error, which ICMP
message and which sender an ordinary client gets to see, and then asks the program for its
verdict. Port 587 is the one in trouble; port 25 of the same server is well.
"""

import dataclasses
import sys

import pytest

from lab import NOBODY, SERVER, in_family
from test_local import FORBID_CONNECT

REJECTED = "interference rejected_by_firewall "
LOCAL = "interference local_firewall certain"
NO_ROUTE = "network no_route "
REFUSED = "network connection_refused likely"
SILENCE = "network connect_timeout possible"
PLACES = {"client": ("client", "output", "self"), "path": ("r1", "forward", "hop"),
          "server": ("server", "input", "target")}
SYNC_SECONDS = 0.05
NEIGHBOUR_SECONDS = (2.5, 4.5)  # three unanswered questions, one a second


@dataclasses.dataclass(frozen=True)
class Reject:
    """How a packet filter answers: nft's word, the error, the message on the queue."""

    name: str
    family: int
    how: str
    errno: str
    queue: str
    path: str  # the verdicts, by who sent the answer
    server: str
    client: str = LOCAL


def icmp(name, word, errno, code, path, server):
    return Reject(name, 4, f"reject with icmp type {word}", errno, f"3/{code}", path, server)


def icmp6(name, word, errno, code, path, server):
    return Reject(name, 6, f"reject with icmpv6 type {word}", errno, f"1/{code}", path, server)


PROHIBITED = (REJECTED + "certain", REJECTED + "certain")
DISGUISED = (REJECTED + "likely", REJECTED + "likely")
CLOSED = (REJECTED + "certain", REJECTED + "likely")

REJECTS = [
    icmp("net_unreachable", "net-unreachable", "ENETUNREACH", 0, *DISGUISED),
    icmp("host_unreachable", "host-unreachable", "EHOSTUNREACH", 1, *DISGUISED),
    icmp("protocol_unreachable", "prot-unreachable", "ENOPROTOOPT", 2, *DISGUISED),
    icmp("port_unreachable", "port-unreachable", "ECONNREFUSED", 3, *CLOSED),
    icmp("net_prohibited", "net-prohibited", "ENETUNREACH", 9, *PROHIBITED),
    icmp("host_prohibited", "host-prohibited", "EHOSTUNREACH", 10, *PROHIBITED),
    icmp("admin_prohibited", "admin-prohibited", "EHOSTUNREACH", 13, *PROHIBITED),
    icmp6("no_route", "no-route", "ENETUNREACH", 0, *DISGUISED),
    icmp6("admin_prohibited", "admin-prohibited", "EACCES", 1, *PROHIBITED),
    icmp6("address_unreachable", "addr-unreachable", "EHOSTUNREACH", 3, *DISGUISED),
    icmp6("port_unreachable", "port-unreachable", "ECONNREFUSED", 4, *CLOSED),
    icmp6("policy_fail", "policy-fail", "EACCES", 5, *PROHIBITED),
    icmp6("reject_route", "reject-route", "EACCES", 6, *PROHIBITED),
]


@pytest.fixture(autouse=True)
def server(world):
    world.serve(25, 587)


@pytest.mark.parametrize("reject", REJECTS, ids=lambda each: f"ipv{each.family}-{each.name}")
def test_icmp_of_a_packet_filter(lab, check, verdict, reject):
    for place, (where, hook, offender) in PLACES.items():
        lab.filter(where, hook, f"tcp dport 587 {reject.how}",
                   family="ip" if reject.family == 4 else "ip6")
        seen = lab.observe(in_family(SERVER, reject.family), 587)
        assert observed(seen) == (reject.errno, "async", reject.queue, offender), seen
        assert seen["seconds"] < NEIGHBOUR_SECONDS[0], seen
        run = check(family=reject.family, seconds=3)
        verdict(run, "connect", *getattr(reject, place).split())
        lab.clear(where)


def observed(seen):
    return seen["errno"], seen["when"], seen["queue"], seen["offender"]


RESETS = {
    "client": REJECTED + "certain", "path": REJECTED + "certain", "server": REFUSED,
}


@pytest.mark.parametrize("family", [4, 6])
def test_reset_by_a_packet_filter(lab, check, verdict, family):
    for place, (where, hook, _) in PLACES.items():
        lab.filter(where, hook, "tcp dport 587 reject with tcp reset")
        seen = lab.observe(in_family(SERVER, family), 587)
        assert observed(seen) == ("ECONNREFUSED", "async", None, None), seen
        verdict(check(family=family, seconds=3), "connect", *RESETS[place].split())
        lab.clear(where)


@pytest.mark.parametrize("family", [4, 6])
def test_closed_port(lab, check, verdict, family):
    seen = lab.observe(in_family(SERVER, family), 2526)
    assert observed(seen) == ("ECONNREFUSED", "async", None, None), seen
    verdict(check(family=family, port=2526), "connect", *REFUSED.split())


@pytest.mark.parametrize("family", [4, 6])
@pytest.mark.parametrize("place", [*PLACES, "route"])
def test_silence(lab, check, verdict, place, family):
    target = in_family(SERVER, family)
    if place == "route":
        lab.route("r2", "add", "blackhole", target)
    else:
        where, hook, _ = PLACES[place]
        lab.filter(where, hook, "tcp dport 587 drop")
    seen = lab.observe(target, 587, seconds=1)
    assert seen["ending"] == "timeout" and seen["queue"] is None, seen
    run = check("--second-look", 0, family=family, seconds=1)
    verdict(run, "connect", *SILENCE.split())


@pytest.mark.parametrize("family", [4, 6])
@pytest.mark.parametrize("kind,errno4,errno6,words", [
    ("unreachable", "EHOSTUNREACH", "EHOSTUNREACH", NO_ROUTE + "certain"),
    ("prohibit", "EACCES", "EACCES", LOCAL),
    ("blackhole", "EINVAL", "EINVAL", LOCAL),
    ("throw", "ENETUNREACH", "ENETUNREACH", NO_ROUTE + "certain"),
], ids=["unreachable", "prohibit", "blackhole", "throw"])
def test_route_of_this_machine(lab, check, verdict, family, kind, errno4, errno6, words):
    target = in_family(SERVER, family)
    lab.route("client", "add", kind, target)
    if kind == "throw":
        lab.route("client", "del", "default", "via", in_family("10.99.1.1", family))
    seen = lab.observe(target, 587)
    errno = errno4 if family == 4 else errno6
    assert observed(seen) == (errno, "sync", None, None), seen
    assert seen["seconds"] < SYNC_SECONDS, seen
    verdict(check(family=family), "connect", *words.split())


@pytest.mark.parametrize("family", [4, 6])
@pytest.mark.parametrize("case", ["no_default_route", "interface_down"])
def test_no_way_out(lab, check, verdict, case, family):
    if case == "no_default_route":
        lab.route("client", "del", "default", "via", in_family("10.99.1.1", family))
    else:
        lab.do("client", "ip", "link", "set", "netlab0", "down")
    seen = lab.observe(in_family(SERVER, family), 587)
    assert observed(seen) == ("ENETUNREACH", "sync", None, None), seen
    verdict(check(family=family), "connect", *NO_ROUTE.split(), "certain")


@pytest.mark.parametrize("family", [4, 6])
@pytest.mark.parametrize("kind,seen4,seen6,words", [
    ("unreachable", ("EHOSTUNREACH", "3/1"), ("ENETUNREACH", "1/0"), NO_ROUTE + "likely"),
    ("prohibit", ("EHOSTUNREACH", "3/13"), ("EACCES", "1/1"), REJECTED + "certain"),
    ("throw", ("ENETUNREACH", "3/0"), ("ENETUNREACH", "1/0"), NO_ROUTE + "likely"),
], ids=["unreachable", "prohibit", "throw"])
def test_route_of_a_router(lab, check, verdict, family, kind, seen4, seen6, words):
    target = in_family(SERVER, family)
    lab.route("r1", "add", kind, target)
    if kind == "throw":
        network = "10.99.3.0/24" if family == 4 else "fd99:3::/64"
        lab.route("r1", "del", network, "via", in_family("10.99.11.2", family))
    seen = lab.observe(target, 587)
    errno, queue = seen4 if family == 4 else seen6
    assert observed(seen) == (errno, "async", queue, "hop"), seen
    verdict(check(family=family), "connect", *words.split())


@pytest.mark.parametrize("family", [4, 6])
def test_routing_loop(lab, check, verdict, family):
    network = "10.99.3.0/24" if family == 4 else "fd99:3::/64"
    lab.route("r3", "replace", network, "via", in_family("10.99.12.1", family))
    seen = lab.observe(in_family(SERVER, family), 587)
    queue = "11/0" if family == 4 else "3/0"
    assert observed(seen) == ("EHOSTUNREACH", "async", queue, "hop"), seen
    verdict(check(family=family), "connect", *NO_ROUTE.split(), "certain")


@pytest.mark.parametrize("family", [4, 6])
def test_neighbour_of_this_machine_is_dead(lab, check, verdict, family):
    lab.do("r1", "ip", "addr", "flush", "dev", "lan")
    seen = lab.observe(in_family(SERVER, family), 587, seconds=5)
    queue = "3/1" if family == 4 else "1/3"
    assert observed(seen) == ("EHOSTUNREACH", "async", queue, "self"), seen
    assert NEIGHBOUR_SECONDS[0] < seen["seconds"] < NEIGHBOUR_SECONDS[1], seen
    run = check("--second-look", 0, family=family, seconds=5)
    verdict(run, "connect", *NO_ROUTE.split(), "certain")


@pytest.mark.parametrize("family", [4, 6])
def test_host_on_the_far_network_is_dead(lab, check, verdict, family):
    target = in_family(NOBODY, family)
    seen = lab.observe(target, 587, seconds=5)
    queue = "3/1" if family == 4 else "1/3"
    assert observed(seen) == ("EHOSTUNREACH", "async", queue, "hop"), seen
    assert NEIGHBOUR_SECONDS[0] < seen["seconds"] < NEIGHBOUR_SECONDS[1], seen
    run = check(host=target, family=family, seconds=5)
    verdict(run, "connect", *NO_ROUTE.split(), "likely")


@pytest.mark.parametrize("family", [4, 6])
def test_sandbox(lab, check, verdict, family):
    before = [sys.executable, FORBID_CONNECT]
    seen = lab.observe(in_family(SERVER, family), 587, before=before)
    assert observed(seen) == ("EACCES", "sync", None, None), seen
    verdict(check(family=family, before=before), "connect", *LOCAL.split())
