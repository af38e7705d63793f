# SPDX-License-Identifier: Apache-2.0
"""The lab itself: closed to the outside, and as long as it claims to be."""

import os
import subprocess

import pytest

from lab import (
    GUARD, OTHER, SECOND, SERVER, SERVER_HOPS, Lab, in_family, network_of,
)

FAMILIES = pytest.mark.parametrize("family", [4, 6])


def test_everything_runs_inside(lab):
    for where in ("client", "r1", "r5", "box", "server", "other"):
        inside = lab.do(where, "readlink", "/proc/self/ns/net").strip()
        assert inside != network_of("self"), where
        assert lab.do(where, "ip", "-o", "link").count("link/ether") <= 3, where


def test_command_outside_is_refused(lab, monkeypatch):
    """Such as a holder that never entered a network of its own."""
    ran = lab.directory / "ran"
    with subprocess.Popen(["cat"], stdin=subprocess.PIPE) as outsider:
        monkeypatch.setattr(lab, "_holder", outsider)
        with pytest.raises(RuntimeError, match="not private"):
            lab.do("client", "touch", ran)
        monkeypatch.undo()
    assert not ran.exists()


@pytest.mark.parametrize("device", ["lo", "nothing0"])
def test_guard_looks_for_network_and_device(lab, device):
    """In the network of the tests it refuses whatever the device; inside, a wrong device."""
    ran = lab.directory / "ran"
    outside = subprocess.run(["sh", "-c", GUARD, "guard", network_of("self"), device,
                              "touch", ran], capture_output=True, text=True, check=False)
    assert (outside.returncode, ran.exists()) == (125, False), outside
    inside = lab.run("client", ["sh", "-c", GUARD, "guard", network_of("self"), device,
                                "touch", ran])
    assert (inside.returncode, ran.exists()) == (
        (0, True) if device == "lo" else (125, False)), inside


def test_nothing_is_left_outside():
    before = sorted(os.listdir("/run")), sorted(os.listdir("/sys/class/net"))
    with Lab() as lab:
        directory = lab.directory
        lab.mail_hosts("server", {"at": [SERVER, 587]})
    assert not directory.exists()
    assert before == (sorted(os.listdir("/run")), sorted(os.listdir("/sys/class/net")))


@FAMILIES
def test_distance_of_the_server(lab, world, family):
    world.serve(587)
    target = in_family(SERVER, family)
    exceeded = "11/0" if family == 4 else "3/0"
    hops = [lab.observe(target, 587, ttl=ttl) for ttl in range(1, SERVER_HOPS + 1)]
    assert [seen["queue"] for seen in hops[:-1]] == [exceeded] * (SERVER_HOPS - 1), hops
    assert len({seen["from"] for seen in hops[:-1]}) == SERVER_HOPS - 1, hops
    assert hops[-1]["ending"] == "connected", hops


@FAMILIES
@pytest.mark.parametrize("address", [SERVER, SECOND, OTHER])
def test_every_address_answers_at_once(lab, address, family):
    target = in_family(address, family)
    lab.mail_hosts("other" if address == OTHER else "server", {"at": [target, 587]})
    seen = lab.observe(target, 587)
    assert seen["ending"] == "connected" and seen["seconds"] < 0.5, seen


def test_unknown_network_has_no_way(lab):
    seen = lab.observe("203.0.113.9", 25)
    assert (seen["queue"], seen["offender"]) == ("3/0", "hop"), seen


def test_box_delays_both_ways(lab, world):
    world.serve(587)
    lab.box(0.05)
    lab.observe(SERVER, 587)  # the first one waits for ARP, too
    seen = lab.observe(SERVER, 587)
    assert 100000 <= seen["tcp"]["min_rtt"] < 200000, seen


def test_box_rewrites(lab, world):
    world.serve(587)
    lab.box(0, ["mask-banner", "STARTTLS=XXXXXXXA"])
    seen = lab.observe(SERVER, 587, lines=["EHLO client.example.test", "QUIT"])
    assert seen["received"].startswith("220 **"), seen
    assert "250 XXXXXXXA\r\n" in seen["received"] and "STARTTLS" not in seen["received"], seen
    assert seen["ending"] == "closed" and seen["tcp"]["total_retrans"] == 0, seen


def test_redirection_ends_in_the_router(lab, world):
    world.serve()
    world.proxy("r2")
    assert lab.observe(SERVER, 587, ttl=2)["received"].startswith("220 smtp-proxy")
    assert lab.observe(SERVER, 25, ttl=2)["queue"] == "11/0"


def test_half_of_the_packets_can_get_lost(lab, world):
    """No tc netem: a packet filter that throws dice. TCP repairs it, and says so."""
    world.serve(587)
    lab.filter("r2", "forward", "tcp dport 587 numgen inc mod 2 < 1 drop")
    seen = lab.observe(SERVER, 587, seconds=5)
    assert seen["ending"] == "connected" and seen["seconds"] > 0.9, seen
