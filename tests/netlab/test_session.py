# SPDX-License-Identifier: Apache-2.0
"""S rows: what becomes of the session between the greeting and TLS."""

from lab import SERVER
from world import PATIENT

STARTTLS = "@ih,0,64 0x5354415254544c53"
DATA = "tcp flags & psh == psh"
CLEARTEXT = ("--no-tls", "--allow-cleartext")
REFUSED = "502 5.5.2 Error: command not recognized"
WITH_AUTH = {"offers": ["SIZE 1000000", "AUTH PLAIN LOGIN"], "starttls": False}


def test_S1_masked_keyword(lab, world, check, row):
    world.serve(587)
    lab.box(0, ["STARTTLS=XXXXXXXA"])
    seen = lab.observe(SERVER, 587, lines=["EHLO client.example.test", "QUIT"])
    assert "XXXXXXXA" in seen["received"], seen
    row(check())


def test_S2_only_helo_since_the_last_good_run(lab, world, check, row):
    good = world.serve(587)
    assert check(*check.remembering()).exit_code == 0
    lab.stop(good)
    world.serve(587, answers={"EHLO": REFUSED})
    row(check(*check.remembering()))


def test_S3_only_helo(world, check, row):
    world.serve(587, answers={"EHLO": REFUSED})
    row(check())


def test_S4_starttls_gone_from_this_port(lab, world, check, row):
    good = world.serve(25, 587)
    assert check(*check.remembering()).exit_code == 0
    lab.stop(good)
    world.serve(587, beside=(25,), starttls=False)
    row(check(*check.remembering()))


def test_S5_starttls_gone(lab, world, check, row):
    world.serve(587)
    assert check(*check.remembering()).exit_code == 0
    lab.box(0, ["STARTTLS=SMTPUTF8"])
    row(check(*check.remembering()))


def test_S6_auth_gone_from_a_clear_session(lab, world, check, row):
    good = world.serve(587, **WITH_AUTH)
    assert check(*CLEARTEXT, *check.remembering()).exit_code == 0
    lab.stop(good)
    world.serve(587, starttls=False)
    row(check(*CLEARTEXT, *check.remembering()))


def test_S7_starttls_missing_but_465_is_there(world, check, row):
    world.serve(587, beside=(465,), starttls=False)
    row(check())


def test_S8_starttls_missing(world, check, row):
    world.serve(587, starttls=False)
    row(check())


def test_S9_no_auth_inside_tls(world, check, row):
    world.serve(587, offers_tls=["SIZE 1000000"])
    row(check())


def test_S10_reset_faster_than_light(lab, world, check, row):
    """The server is 400 ms away, more than a busy machine holds a process up; the reset
    comes at once."""
    world.serve(587)
    lab.box(0.2)
    lab.filter("r1", "forward", f"tcp dport 587 {STARTTLS} reject with tcp reset")
    seen = lab.observe(SERVER, 587, lines=["EHLO client.example.test", "STARTTLS"])
    assert (seen["errno"], seen["tcp"]["min_rtt"] > 390000) == ("ECONNRESET", True), seen
    row(check(seconds=6))


def test_S11_keyword_is_swallowed(lab, world, check, row):
    world.serve(587)
    lab.filter("r2", "forward", f"tcp dport 587 {STARTTLS} drop")
    seen = lab.observe(SERVER, 587, lines=["EHLO client.example.test", "STARTTLS"],
                       seconds=1)
    assert seen["ending"] == "timeout" and seen["tcp"]["unacked"] > 0, seen
    row(check(seconds=PATIENT))


def test_S12_rejected_in_the_session(lab, world, check, row):
    world.serve(587)
    lab.filter("r2", "forward", f"tcp dport 587 {DATA} reject with icmpx type admin-prohibited")
    seen = lab.observe(SERVER, 587, lines=["EHLO client.example.test"], seconds=1)
    assert (seen["ending"], seen["errno"]) == ("timeout", "EHOSTUNREACH"), seen
    row(check(seconds=PATIENT))


def test_S13_every_command_gets_lost(lab, world, check, row):
    world.serve(587)
    lab.filter("r2", "forward", f"tcp dport 587 {DATA} drop")
    seen = lab.observe(SERVER, 587, lines=["NOOP"], seconds=1)
    assert seen["ending"] == "timeout" and seen["tcp"]["retransmits"] > 0, seen
    row(check(seconds=PATIENT))


def test_S14_server_stops_answering(world, check, row):
    world.serve(587, answers={"EHLO": "!silence"})
    row(check(seconds=PATIENT))


def test_silence_after_starttls_is_the_server_s_too(world, check, verdict):
    world.serve(587, answers={"STARTTLS": "!silence"})
    verdict(check(seconds=PATIENT), "starttls", "unavailable", "no_answer", "likely")


def test_S15_closes_in_the_session(world, check, row):
    world.serve(587, answers={"EHLO": "421 4.3.2 mx.example.test shutting down"})
    row(check())
