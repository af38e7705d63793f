# SPDX-License-Identifier: Apache-2.0
"""D rows: what DNS says. The client asks a scripted server on its own loopback."""

import pytest

from lab import OTHER

ZONE = "example.test"
CONTROL = "control.example.net"
CONTROL_MAP = ("--map", f"{CONTROL}={OTHER}")
pytestmark = pytest.mark.hosts("127.0.0.1 localhost\n")


def test_D1_every_name_is_denied(lab, world, check, row):
    world.control()
    lab.dns()
    row(check("--control", f"nx.{ZONE}:587", host=f"nx.mail.{ZONE}"))


def test_D2_this_name_does_not_exist(lab, world, check, row):
    lab.dns(*CONTROL_MAP)
    row(check(*world.control(CONTROL), host=f"nx.{ZONE}"))


def test_D3_name_without_address(lab, world, check, row):
    lab.dns(*CONTROL_MAP)
    row(check(*world.control(CONTROL), host=f"nodata.{ZONE}"))


def test_D4_resolver_is_silent(lab, check, row):
    lab.dns("--silent", "127.0.0.1")
    row(check(host=f"mx.{ZONE}"))


def test_D4_packets_to_the_resolver_are_dropped(lab, check, row):
    lab.dns()
    lab.filter("client", "input", "udp dport 53 drop", "tcp dport 53 drop")
    row(check(host=f"mx.{ZONE}"))


def test_resolver_silent_for_the_control_too_is_certain(lab, check, verdict):
    lab.dns("--silent", "127.0.0.1")
    run = check("--control", f"{CONTROL}:587", host=f"mx.{ZONE}")
    verdict(run, "resolve", "network", "dns_timeout", "certain")


def test_D5_broken_zone(lab, world, check, row):
    lab.dns(*CONTROL_MAP)
    row(check(*world.control(CONTROL), host=f"servfail.{ZONE}"))


def test_D6_sinkhole(lab, world, check, row):
    lab.dns(*CONTROL_MAP)
    row(check(*world.control(CONTROL), host=f"sink0.{ZONE}"))


def test_D6_loopback(lab, world, check, row):
    lab.dns(*CONTROL_MAP, "--map", f"mx.{ZONE}=127.0.0.1")
    row(check(*world.control(CONTROL), host=f"mx.{ZONE}"))
