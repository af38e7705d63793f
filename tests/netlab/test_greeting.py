# SPDX-License-Identifier: Apache-2.0
"""G rows: who greets, and how. Also T7, which differs in the proof only."""

import pytest

from lab import SERVER, SERVER_HOPS, in_family
from world import MACHINE, PATIENT, PROXY_NAME

HTTP = ("HTTP/1.1 400 Bad Request\r\nServer: lighttpd/1.4.69\r\nContent-Type: text/html\r\n"
        "Content-Length: 15\r\nConnection: close\r\n\r\n<html>no</html>")
DATA = "tcp flags & psh == psh"


def test_G1_masked_banner(lab, world, check, row):
    world.serve(587)
    lab.box(0, ["mask-banner", "STARTTLS=XXXXXXXA"])
    row(check())


@pytest.mark.parametrize("greeting", [
    "451 Request action aborted on MFE proxy, SMTP server is not available.",
    "421 concurrent connections limit in avast exceeded (pass:0, processes:1)",
], ids=["mcafee", "avast"])
def test_G2_reply_of_a_product(world, check, row, greeting):
    world.serve(587, greeting=greeting, answers={"QUIT": "!close"})
    row(check())


def test_G3b_web_proxy_since_the_last_good_run(lab, world, check, row):
    good = world.serve(587)
    assert check(*check.remembering()).exit_code == 0
    lab.stop(good)
    world.serve(587, raw=HTTP)
    row(check(*check.remembering()))


def test_G4_web_server(world, check, row):
    world.serve(587, raw=HTTP)
    row(check())


def test_G5_tls_alert_in_place_of_a_greeting(world, check, row):
    world.serve(587, raw="\x15\x03\x01\x00\x02\x02\x28")
    row(check())


def test_G6_tls_client_on_a_plain_port(world, check, row):
    world.serve(587)
    row(check("--tls"))


def test_G7_silent_port_that_wants_tls_first(world, check, row):
    world.serve(587, implicit=True)
    row(check(seconds=PATIENT))


@pytest.mark.parametrize("raw", [
    "SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u3\r\n",
    "* OK [CAPABILITY IMAP4rev1 LOGINDISABLED] IMAP server ready.\r\n",
    "+OK POP3 server ready.\r\n",
], ids=["ssh", "imap", "pop3"])
def test_G8_another_service(world, check, row, raw):
    world.serve(587, raw=raw, stay=True)
    row(check())


def test_G9_redirected_to_this_machine(world, check, row):
    world.serve()
    world.local_server()
    row(check(machine=MACHINE))


def test_T7_certificate_of_this_machine(world, check, row):
    """The greeting says nothing; the certificate does."""
    world.serve()
    world.local_server(greeting="220 ESMTP ready", name="localhost")
    row(check(machine=MACHINE))


@pytest.mark.parametrize("family", [4, 6])
@pytest.mark.parametrize("router,hops", [("r1", 1), ("r2", 2), ("r3", 3)])
def test_G10_transparent_proxy(lab, world, check, row, router, hops, family):
    world.serve()
    world.proxy(router)
    target = in_family(SERVER, family)
    seen = lab.observe(target, 587, ttl=hops)
    assert PROXY_NAME in seen["received"], seen
    assert lab.observe(target, 25, ttl=SERVER_HOPS - 1)["queue"] is not None
    row(check(family=family))


def test_answer_from_about_as_far_as_the_server_proves_nothing(world, check, verdict):
    world.serve()
    world.proxy("r4")
    verdict(check(), "tls", "tls", "cert_self_signed", "likely")


def test_G12_nearer_and_another_name(lab, world, check, row):
    """The server is 100 ms away; a proxy on the way is not, but for the hops."""
    world.serve(587)
    lab.box(0.05)
    assert check(*check.remembering(), seconds=5).exit_code == 0
    world.proxy("r4")
    row(check(*check.remembering(), seconds=5))


def test_G12b_slightly_nearer_and_another_name(lab, world, check, row):
    world.serve()
    assert check(*check.remembering()).exit_code == 0
    world.proxy("r4")
    assert lab.observe(SERVER, 587, ttl=4)["received"]
    assert lab.observe(SERVER, 587, ttl=3)["queue"] == "11/0"
    row(check(*check.remembering()))


def test_G13_not_now(world, check, row):
    world.serve(587, greeting="421 4.3.2 Service not available, try again later")
    row(check())


def test_G14_refused_by_the_greeting(world, check, row):
    world.serve(587, greeting="554 5.7.1 Your address is not permitted to connect")
    row(check())


def test_G15_hangs_up_at_once(world, check, row):
    world.serve(greeting="!close")
    row(check(*world.control()))


def test_G16_nothing_behind_the_syn_proxy(lab, world, check, row):
    """The proxy in r2 accepts, then finds that nobody listens."""
    world.serve(25)
    lab.filter("r2", "prerouting", "tcp dport 587 tcp flags & (syn | ack) == syn notrack",
               kind="filter", priority=-300)
    lab.filter("r2", "forward", "tcp dport 587 ct state invalid,untracked "
               "synproxy mss 1460 wscale 7 timestamp sack-perm", "ct state invalid drop")
    lab.do("r2", "sysctl", "-q", "-w", "net.netfilter.nf_conntrack_tcp_loose=0")
    lab.box(0.05)
    seen = lab.observe(SERVER, 587)
    assert (seen["when"], seen["errno"]) == ("session", "ECONNRESET"), seen
    row(check())


def test_G17_data_gets_lost_after_the_handshake(lab, world, check, row):
    world.serve(465)
    lab.filter("r2", "forward", f"tcp dport 465 {DATA} drop")
    row(check("--tls", port=465, seconds=PATIENT))


def test_G18_slow_greeting(world, check, row):
    world.serve(587, delay=5.5)
    row(check(seconds=10))


def test_G19_accepts_and_says_nothing(lab, world, check, row):
    world.serve(587, greeting="!silence")
    seen = lab.observe(SERVER, 587, seconds=1)
    assert (seen["ending"], seen["tcp"]["unacked"]) == ("timeout", 0), seen
    row(check(seconds=PATIENT))


def test_name_of_a_hosted_server_is_no_evidence(world, check, verdict):
    """Another name in the greeting and in EHLO, with a certificate that fits."""
    world.serve(587, name="srv4.hosting.example.net", greeting="220 srv4.hosting.example.net")
    verdict(check(), "none", "none", "none", "certain")
