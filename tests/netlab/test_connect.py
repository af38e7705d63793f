# SPDX-License-Identifier: Apache-2.0
"""C rows: firewalls, routers and closed ports between the client and a greeting."""

import pytest

from lab import SECOND, SERVER, SERVER6, SERVER_HOPS, in_family
from world import PATIENT

FAMILIES = pytest.mark.parametrize("family", [4, 6])
PROHIBITED = "reject with icmpx type admin-prohibited"
PORT_CLOSED = "reject with icmpx type port-unreachable"
HOST_GONE = "reject with icmpx type host-unreachable"
RESET = "reject with tcp reset"
SMTP = "tcp dport { 25, 465, 587, 2525 }"


@FAMILIES
def test_C1_host_prohibits(lab, world, check, row, family):
    world.serve()
    lab.filter("server", "input", f"tcp dport 587 {PROHIBITED}")
    row(check(family=family))


@FAMILIES
def test_C2_router_prohibits(lab, world, check, row, family):
    world.serve()
    lab.filter("r2", "forward", f"tcp dport 587 {PROHIBITED}")
    row(check(family=family))


@FAMILIES
def test_C3_router_says_closed_port(lab, world, check, row, family):
    world.serve()
    lab.filter("r3", "forward", f"tcp dport 587 {PORT_CLOSED}")
    row(check(family=family))


@FAMILIES
def test_C4_packet_filter_of_the_host(lab, world, check, row, family):
    world.serve()
    lab.filter("server", "input", f"tcp dport 587 {PORT_CLOSED}")
    row(check(family=family))


def test_C5_protocol_unreachable(lab, world, check, row):
    world.serve()
    lab.filter("r2", "forward", "tcp dport 587 reject with icmp type prot-unreachable",
               family="ip")
    row(check())


@FAMILIES
def test_C7_routing_loop(lab, world, check, row, family):
    world.serve()
    network = "10.99.3.0/24" if family == 4 else "fd99:3::/64"
    back = in_family("10.99.12.1", family)
    lab.route("r3", "replace", network, "via", back)
    seen = lab.observe(in_family(SERVER, family), 587)
    assert seen["queue"] == ("11/0" if family == 4 else "3/0"), seen
    row(check(family=family))


@FAMILIES
def test_C8_disguised_as_unreachable(lab, world, check, row, family):
    world.serve()
    lab.filter("r2", "forward", f"tcp dport 587 {HOST_GONE}")
    row(check(family=family))


@FAMILIES
def test_C9_router_has_no_way(lab, world, check, row, family):
    world.serve()
    lab.route("r3", "add", "unreachable", in_family(SERVER, family))
    row(check(*world.control(), family=family))


@FAMILIES
@pytest.mark.parametrize("router,hops", [("r1", 2), ("r2", 3)])
def test_C10_reset_from_a_nearer_box(lab, world, check, row, family, router, hops):
    """A router forwards what comes with a TTL of one more than its distance."""
    world.serve()
    lab.filter(router, "forward", f"tcp dport 587 {RESET}")
    target = in_family(SERVER, family)
    assert lab.observe(target, 587, ttl=hops)["errno"] == "ECONNREFUSED"
    assert lab.observe(target, 587, ttl=hops - 1)["queue"] is not None
    assert lab.observe(target, 25, ttl=SERVER_HOPS - 1)["queue"] is not None
    row(check(family=family))


@FAMILIES
def test_reset_from_about_as_far_as_the_server_proves_nothing(lab, world, check, verdict, family):
    """Two hops may also lie between a load balancer and the hosts behind it."""
    world.serve()
    lab.filter("r3", "forward", f"tcp dport 587 {RESET}")
    assert lab.observe(in_family(SERVER, family), 587, ttl=4)["errno"] == "ECONNREFUSED"
    verdict(check(family=family), "connect", "network", "connection_refused", "likely")


def test_C11_hosting_machine_refuses_smtp(lab, world, check, row):
    world.serve()
    control = world.control()
    lab.filter("client", "output", f"{SMTP} {RESET}")
    row(check(*control, seconds=3))


@FAMILIES
def test_C12_nobody_listens_here(world, check, row, family):
    world.serve(25)
    row(check(family=family))


@FAMILIES
def test_C13_mail_service_is_stopped(check, row, family):
    row(check(family=family))


def test_C14_only_ipv6_is_broken(lab, world, check, row):
    world.serve()
    lab.filter("r2", "forward", "drop", family="ip6")
    row(check(family=6, seconds=PATIENT))


def test_C14_only_ipv4_is_broken(lab, world, check, row):
    world.serve()
    lab.filter("r2", "forward", "drop", family="ip")
    row(check(family=4, seconds=PATIENT))


@pytest.mark.hosts(f"{SECOND} mx.example.test\n{SERVER} mx.example.test\n")
def test_one_dead_address_of_two_does_not_stop_the_login(lab, world, check, verdict):
    """C15, as long as the other address is tried in time."""
    world.serve()
    lab.filter("server", "input", f"ip daddr {SECOND} drop")
    run = check(seconds=5)
    verdict(run, "none", "none", "none", "certain")


@FAMILIES
def test_C16_this_port_is_dropped(lab, world, check, row, family):
    world.serve()
    lab.filter("r2", "forward", "tcp dport 587 drop")
    row(check(family=family, seconds=PATIENT))


def test_C17_server_ignores_smtp_from_here(lab, world, check, row):
    world.serve()
    world.web()
    control = world.control()
    lab.filter("server", "input", f"{SMTP} drop")
    row(check(*control, seconds=PATIENT))


@FAMILIES
def test_C18_host_is_down(lab, world, check, row, family):
    control = world.control()
    lab.filter("server", "input", "meta l4proto tcp drop")
    row(check(*control, family=family, seconds=PATIENT))


@FAMILIES
def test_C20_silence_and_no_second_look(lab, world, check, row, family):
    world.serve()
    lab.filter("r2", "forward", "tcp dport 587 drop")
    row(check("--second-look", 0, family=family, seconds=1))


def test_silent_address_of_the_other_family_does_not_stop_the_login(lab, world, check, verdict):
    world.serve()
    lab.filter("r2", "forward", f"ip6 daddr {SERVER6} drop")
    verdict(check(family=4), "none", "none", "none", "certain")
