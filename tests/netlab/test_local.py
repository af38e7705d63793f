# SPDX-License-Identifier: Apache-2.0
"""L rows: this machine and its own network."""

import pathlib
import sys

from lab import CONTROL_HOST, SERVER, SERVER6
from world import PATIENT

PROHIBITED = "reject with icmpx type admin-prohibited"
FORBID_CONNECT = pathlib.Path(__file__).resolve().parent / "forbid_connect.py"


def test_L1_prohibit_route(lab, world, check, row):
    world.serve()
    lab.route("client", "add", "prohibit", SERVER)
    row(check())


def test_L1_sandbox(world, check, row):
    world.serve()
    row(check(before=[sys.executable, FORBID_CONNECT]))


def test_L2_blackhole_route(lab, world, check, row):
    world.serve()
    lab.route("client", "add", "blackhole", SERVER)
    row(check())


def test_L3_no_default_route(lab, world, check, row):
    world.serve()
    lab.route("client", "del", "default")
    row(check())


def test_L3_interface_is_down(lab, world, check, row):
    world.serve()
    lab.do("client", "ip", "link", "set", "netlab0", "down")
    row(check())


def test_L4_unreachable_route(lab, world, check, row):
    world.serve()
    lab.route("client", "add", "unreachable", SERVER)
    row(check())


def test_L5_own_firewall_rejects(lab, world, check, row):
    world.serve()
    lab.filter("client", "output", f"tcp dport 587 {PROHIBITED}")
    row(check(seconds=3))


def test_L6_gateway_does_not_answer(lab, world, check, row):
    world.serve()
    lab.do("r1", "ip", "addr", "del", "10.99.1.1/24", "dev", "lan")
    row(check(seconds=5))


def test_L7_nothing_is_reachable(lab, world, check, row):
    world.serve()
    control = world.control(CONTROL_HOST)
    lab.filter("r1", "forward", "drop")
    row(check(*control, seconds=PATIENT))


def test_L8_this_network_drops_smtp(lab, world, check, row):
    world.serve()
    control = world.control(CONTROL_HOST)
    lab.filter("r1", "forward", "tcp dport { 25, 465, 587, 2525 } drop")
    row(check(*control, seconds=PATIENT))


def test_route_of_one_family_does_not_hide_the_other(lab, world, check, verdict):
    world.serve()
    lab.route("client", "add", "prohibit", SERVER6)
    verdict(check(family=4), "none", "none", "none", "certain")
