# SPDX-License-Identifier: Apache-2.0
"""What a run sends, seen on the client's link: how often it connects, and never twice a login."""

import base64
import json

import pytest

from lab import CLIENT, HOST
from plugin import PASSWORD, USER, leaks
from world import PATIENT

CLEARTEXT = ("--no-tls", "--allow-cleartext")
WITH_AUTH = {"offers": ["SIZE 1000000", "AUTH PLAIN LOGIN"], "starttls": False}
CONNECTIONS_MAX = 12


def opened(packets):
    """Every attempt to connect: by its own port and where to."""
    return [tuple(packet["ends"]) for packet in packets
            if packet["out"] and packet["flags"] == "S"]


def attempts(packets):
    """The attempts, each once however often its SYN was repeated, in their order."""
    return list(dict.fromkeys(opened(packets)))


def said(packets, ends):
    """What the client sent in that connection, repetitions left out."""
    pieces = dict.fromkeys(packet["payload"] for packet in packets
                           if packet["out"] and tuple(packet["ends"]) == ends)
    return b"".join(map(bytes.fromhex, pieces))


def swallow_starttls(lab, world):
    world.serve(587, beside=(25, 465))
    lab.filter("r2", "forward", "tcp dport 587 @ih,0,64 0x5354415254544c53 drop")


def drop_the_port(lab, world):
    world.serve()
    lab.filter("r2", "forward", "tcp dport 587 drop")


def refuse_the_port(_, world):
    world.serve(25, 465)


def fail_tls(_, world):
    world.serve(587, beside=(25, 465), handshake="!reset")


def silent_greeting(_, world):
    world.serve(587, beside=(25, 465), greeting="!silence")


SITUATIONS = [swallow_starttls, drop_the_port, refuse_the_port, fail_tls, silent_greeting]


@pytest.mark.parametrize("situation", SITUATIONS, ids=lambda each: each.__name__)
def test_second_look_stays_within_its_budget(lab, world, check, situation):
    situation(lab, world)
    control = world.control()
    with lab.recording() as packets:
        run = check(*control, seconds=PATIENT)
    assert run.exit_code == 2, run
    assert run.report["second_look"], run
    made = attempts(packets)
    assert 2 <= len(made) <= CONNECTIONS_MAX, "\n".join(map(str, made)) + f"\n{run}"
    assert run.elapsed < PATIENT + 2, run


@pytest.mark.parametrize("situation", SITUATIONS, ids=lambda each: each.__name__)
def test_without_a_second_look_there_is_one_connection(lab, world, check, situation):
    """Not one packet belongs to anything but the session itself."""
    situation(lab, world)
    with lab.recording() as packets:
        run = check("--second-look", 0, *world.control(), seconds=1)
    assert run.exit_code == 2, run
    assert not run.report.get("second_look"), run
    made = attempts(packets)
    assert len(made) == 1, f"{made}\n{run}"
    mine = {made[0], made[0][::-1]}
    assert [packet for packet in packets if tuple(packet["ends"]) not in mine] == [], run


def test_success_makes_no_second_look(lab, world, check):
    world.serve()
    with lab.recording() as packets:
        run = check(*world.control())
    assert run.exit_code == 0, run
    assert len(attempts(packets)) == 1, run


def names_the_user(text):
    whole = base64.b64encode(USER.encode()).rstrip(b"=")
    return USER.encode() in text or whole in text or bool(leaks(USER, text))


@pytest.mark.parametrize("action", ["!reset", "!close", "535 5.7.8 Error: authentication failed",
                                    "454 4.7.0 Temporary authentication failure"],
                         ids=["reset", "close", "535", "454"])
def test_the_login_is_tried_once(lab, world, check, action):
    """Everything is in clear, so that the link shows it."""
    world.serve(587, **WITH_AUTH, answers={"AUTH": action})
    with lab.recording() as packets:
        run = check(*CLEARTEXT, *world.control())
    assert run.exit_code == 2, run
    first, *others = attempts(packets)
    session = said(packets, first)
    assert session.count(b"AUTH ") == 1, session
    assert names_the_user(session), session
    assert others or action.startswith("4"), "the second look is to be seen here"
    for each in others:
        text = said(packets, each)
        assert b"AUTH" not in text.upper(), text
        assert not names_the_user(text) and not leaks(PASSWORD, text), text


def heard(lab, server):
    """What the server heard, by connection."""
    connections = {}
    for number, text in map(json.loads, lab.output(server)):
        connections.setdefault(number, []).append(text)
    return list(connections.values())


ENCRYPTED = {
    "reset_at_auth": {"answers_tls": {"AUTH": "!reset"}},
    "refused": {"password": "another"},
    "refused_by_nobody_known": {"password": "another", "certificate": "untrusted"},
    "silent_at_auth": {"answers_tls": {"AUTH": "!silence"}},
    "ehlo_closed": {"answers": {"EHLO": "!close"}},
    "starttls_silent": {"answers": {"STARTTLS": "!silence"}},
    "not_trusted": {"certificate": "untrusted"},
}


@pytest.mark.parametrize("case", ENCRYPTED)
def test_no_server_hears_of_the_user_twice(lab, world, authority, check, case):
    """Inside TLS the link does not show it, so the server tells."""
    settings = dict(ENCRYPTED[case])
    if "certificate" in settings:
        settings["certificate"] = authority.place(settings["certificate"])
    server = world.serve(25, 587, **settings)
    insecure = ["--insecure"] if case == "refused_by_nobody_known" else []
    run = check(*insecure, seconds=PATIENT if "silent" in case else 3)
    assert run.exit_code == 2, run
    connections = heard(lab, server)
    with_login = [lines for lines in connections
                  if any("AUTH" in line.upper() or names_the_user(line.encode())
                         for line in lines)]
    logs_in = "auth" in case or "refused" in case
    assert len(with_login) == logs_in, connections
    assert sum(line.startswith("AUTH") for line in sum(connections, [])) <= 1, connections
    assert logs_in or len(connections) > 1, "the second look is to be heard here"


def test_recorder_sees_what_is_sent(lab, world, check):
    """The tests above are worth nothing if it does not."""
    world.serve(587, **WITH_AUTH)
    with lab.recording() as packets:
        run = check(*CLEARTEXT)
    assert run.exit_code == 0, run
    made = attempts(packets)
    assert len(made) == 1 and made[0][0].startswith(CLIENT + ":"), made
    text = said(packets, made[0])
    assert b"EHLO" in text and leaks(PASSWORD, text), text
    answer = b"".join(bytes.fromhex(packet["payload"]) for packet in packets
                      if not packet["out"])
    assert HOST.encode() in answer and b"\r\n235 " in answer, answer
