# SPDX-License-Identifier: Apache-2.0
"""A and F rows: the login itself, and faults that come and go."""

import pytest

from plugin import PASSWORD
from test_tls import AVAST
from world import MACHINE, PATIENT

CLEARTEXT = ("--no-tls", "--allow-cleartext")
WITH_AUTH = {"offers": ["SIZE 1000000", "AUTH PLAIN LOGIN"], "starttls": False}
WITH_CLEAR_AUTH = {"offers": ["SIZE 1000000", "AUTH PLAIN LOGIN"]}
REFUSED = "535 5.7.8 Error: authentication failed"


def test_A1_refused_by_this_machine(world, check, row):
    world.serve()
    world.local_server(answers_tls={"AUTH": REFUSED})
    row(check("--insecure", machine=MACHINE))


@pytest.mark.parametrize("options", [("--insecure",), CLEARTEXT], ids=["insecure", "cleartext"])
def test_refused_by_a_nameless_server_of_this_machine(world, check, verdict, options):
    """Only the way betrays it: the server's other ports are farther than this one."""
    world.serve()
    world.local_server(**WITH_CLEAR_AUTH, answers={"AUTH": REFUSED}, answers_tls={"AUTH": REFUSED})
    verdict(check(*options), "auth", "interference", "proxy_error", "certain")


@pytest.mark.parametrize("options", [("--insecure",), CLEARTEXT], ids=["insecure", "cleartext"])
def test_refused_by_a_proxy_of_the_gateway(world, check, verdict, options):
    world.serve()
    world.proxy("r1", **WITH_CLEAR_AUTH, answers={"AUTH": REFUSED}, answers_tls={"AUTH": REFUSED})
    verdict(check(*options), "auth", "interference", "proxy_error", "certain")


def test_refused_behind_a_trusted_interceptor(world, authority, check, verdict):
    """Nobody knows whether the server has seen this password."""
    place = authority.intercepted("interceptor", AVAST)
    world.serve(587, certificate=place, password="another")
    run = check("--ca-file", place + "-root.pem")
    verdict(run, "auth", "interference", "tls_intercepted", "certain")


def test_refused_by_the_server_itself_is_the_password(world, check, verdict):
    world.serve(587, password="another")
    run = check()
    verdict(run, "auth", "credentials", "bad_credentials", "certain")


def test_accepted_by_the_server_itself(world, check, verdict):
    world.serve(587, password=PASSWORD)
    run = check()
    verdict(run, "none", "none", "none", "certain")
    assert run.exit_code == 0 and not run.report.get("notices"), run


def test_A2_wants_encryption_first(world, check, row):
    world.serve(587, **WITH_AUTH, answers={"AUTH": "530 5.7.0 Must issue a STARTTLS command first"})
    row(check(*CLEARTEXT))


def test_A3_backend_is_down(world, check, row):
    world.serve(587, answers_tls={"AUTH": "454 4.7.0 Temporary authentication failure"})
    row(check())


def test_A4_reset_at_a_clear_login(world, check, row):
    world.serve(587, **WITH_AUTH, answers={"AUTH": "!reset"})
    row(check(*CLEARTEXT))


@pytest.mark.parametrize("action", ["!reset", "!close"], ids=["reset", "close"])
def test_A5_closed_at_an_encrypted_login(world, check, row, action):
    world.serve(587, answers_tls={"AUTH": action})
    row(check())


def test_F1_lost_on_one_way_of_two(lab, world, check, row):
    """Routers send each connection one of several ways; one of them loses the data."""
    world.serve(587)
    lab.nft("r2", "table ip ways { set lossy { type inet_service; size 1; flags dynamic; }; "
                  "chain rules { type filter hook forward priority 0; "
                  "tcp dport 587 tcp flags & (syn | ack) == syn add @lossy { tcp sport }; "
                  "tcp flags & psh == psh tcp sport @lossy drop; }; }")
    row(check(seconds=PATIENT))


def test_F2_failed_once(world, check, row):
    world.serve(587, answers={"EHLO": "!close"}, first=1)
    row(check())


def test_silent_once(world, check, verdict):
    world.serve(587, answers={"EHLO": "!silence"}, first=1)
    verdict(check(seconds=PATIENT), "ehlo", "unavailable", "no_answer", "possible")


def test_F3_login_through_a_trusted_interceptor(world, authority, check, row):
    place = authority.intercepted("interceptor", AVAST)
    world.serve(587, certificate=place)
    row(check("--ca-file", place + "-root.pem"))
