# SPDX-License-Identifier: Apache-2.0
"""What probe/resolve.c says about every kind of DNS trouble, in a private network.

The environment variable RESOLVE_PROBE names the built tests/e2e/resolve_probe.c.
"""

import os

import pytest

from namespace import Namespace
from servers import tools

LOCAL = "nameserver 127.0.0.1\n"
QUICK = "options timeout:1 attempts:1\n"
PROMPT_MS = 900  # well below the shortest timeout of a resolver


class Answer:
    def __init__(self, output):
        fields = dict(line.split(":", 1) for line in output.splitlines())
        self.status = fields["status"].strip()
        self.detail = fields.get("detail", "").strip()
        self.more = fields.get("more", "").strip() == "yes"
        self.addresses = fields.get("addresses", "").split()
        self.elapsed_ms = int(fields.get("elapsed_ms", 0))


def look_up(space, name, family="any", *more, timeout=60):
    done = space.run([os.environ["RESOLVE_PROBE"], name, family, *more], timeout)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stderr == ""
    return Answer(done.stdout)


def questions(space, name):
    return [line for line in space.dns_questions() if line.endswith(" " + name)]


@pytest.fixture(scope="module")
def scripted():
    """One healthy server that plays every label of dns_server.py."""
    with Namespace(resolv_conf=LOCAL + QUICK, hosts="127.0.0.1 localhost\n") as space:
        space.start_dns("--map", "mapped.example=192.0.2.77,2001:db8::77")
        yield space


FROM_LOCAL = " from 127.0.0.1"
CASES = [
    # name, family, status, detail, addresses
    ("a4.example", "any", "ok", "", ["192.0.2.10"]),
    ("a4.example", "4", "ok", "", ["192.0.2.10"]),
    ("a4.example", "6", "no_address", "no IPv6 address", []),
    ("a6.example", "any", "ok", "", ["2001:db8::10"]),
    ("a6.example", "6", "ok", "", ["2001:db8::10"]),
    ("a6.example", "4", "no_address", "no IPv4 address", []),
    ("both.example", "any", "ok", "", ["192.0.2.10", "2001:db8::10"]),
    ("both.example", "4", "ok", "", ["192.0.2.10"]),
    ("both.example", "6", "ok", "", ["2001:db8::10"]),
    ("mapped.example", "any", "ok", "", ["192.0.2.77", "2001:db8::77"]),
    ("cname.example", "any", "ok", "", ["192.0.2.10"]),
    ("dangling.example", "any", "no_address", "no address", []),
    ("sink0.example", "any", "ok", "", ["0.0.0.0"]),
    ("slow.example", "any", "ok", "", ["192.0.2.10"]),
    ("truncated.example", "4", "ok", "", ["192.0.2.10"]),
    ("nx.example", "any", "name_not_found", "NXDOMAIN", []),
    ("nx.example", "4", "name_not_found", "NXDOMAIN", []),
    ("nodata.example", "any", "no_address", "no address", []),
    ("nodata.example", "4", "no_address", "no IPv4 address", []),
    ("servfail.example", "any", "failure", "SERVFAIL" + FROM_LOCAL, []),
    ("servfail.example", "4", "failure", "SERVFAIL" + FROM_LOCAL, []),
    ("servfail.example", "6", "failure", "SERVFAIL" + FROM_LOCAL, []),
    ("refused.example", "any", "failure", "REFUSED" + FROM_LOCAL, []),
    ("notimp.example", "any", "failure", "NOTIMP" + FROM_LOCAL, []),
    ("formerr.example", "any", "failure", "FORMERR" + FROM_LOCAL, []),
    ("hangup.example", "4", "failure", "no usable answer" + FROM_LOCAL, []),
    ("garbage.example", "any", "failure", "garbled answer" + FROM_LOCAL, []),
    ("aonly-v6servfail.example", "any", "ok", "", ["192.0.2.10"]),
    ("aonly-v6garbage.example", "any", "ok", "", ["192.0.2.10"]),
    ("aonly-v6servfail.example", "6", "failure", "SERVFAIL" + FROM_LOCAL, []),
    ("nodata-v6servfail.example", "any", "failure", "SERVFAIL" + FROM_LOCAL, []),
    ("timeout.example", "any", "timeout", "no answer" + FROM_LOCAL, []),
    ("noise.example", "any", "timeout", "no answer" + FROM_LOCAL, []),
]


@pytest.mark.parametrize("name,family,status,detail,addresses", CASES)
def test_answer_is_told_apart(scripted, name, family, status, detail, addresses):
    answer = look_up(scripted, name, family)
    assert (answer.status, answer.detail) == (status, detail)
    assert sorted(answer.addresses) == addresses
    assert not answer.more
    if status != "timeout":
        assert answer.elapsed_ms < PROMPT_MS


def test_addresses_stop_at_the_limit_and_say_so(scripted):
    answer = look_up(scripted, "many.example")
    assert answer.status == "ok"
    assert len(answer.addresses) == 16
    assert answer.more


@pytest.mark.parametrize("count", [16, 17])
def test_limit_and_one_more(count):
    addresses = ",".join(f"192.0.2.{host + 1}" for host in range(count))
    with Namespace(resolv_conf=LOCAL) as space:
        space.start_dns("--map", f"mx.example={addresses}")
        answer = look_up(space, "mx.example")
    assert len(answer.addresses) == 16
    assert answer.more == (count > 16)


def test_success_asks_once_for_each_family(scripted):
    look_up(scripted, "both.once.example")
    assert sorted(questions(scripted, "both.once.example")) == [
        "udp A both.once.example",
        "udp AAAA both.once.example",
    ]


def test_timeout_and_attempts_of_resolv_conf_hold():
    options = "options timeout:1 attempts:2\n"
    with Namespace(resolv_conf=LOCAL + options) as space:
        space.start_dns()
        answer = look_up(space, "timeout.example", "4")
        asked = questions(space, "timeout.example")
    assert answer.status == "timeout"
    # The second attempt waits twice as long.
    assert 2900 <= answer.elapsed_ms < 4500
    assert len(asked) == 2


def test_literals_are_never_asked_for(scripted):
    for literal in ("192.0.2.1", "2001:db8::1"):
        assert look_up(scripted, literal).addresses == [literal]
        assert questions(scripted, literal) == []


def test_closed_port_is_named():
    with Namespace(resolv_conf=LOCAL + QUICK) as space:
        answer = look_up(space, "mx.example")
    assert answer.status == "failure"
    assert answer.detail == "no DNS server listens at 127.0.0.1"
    assert answer.elapsed_ms < PROMPT_MS


def test_closed_port_on_ipv6_is_named():
    with Namespace(resolv_conf="nameserver ::1\n" + QUICK) as space:
        answer = look_up(space, "mx.example")
    assert answer.detail == "no DNS server listens at ::1"


def test_no_route_to_the_server_is_named():
    with Namespace(resolv_conf="nameserver 192.0.2.53\n" + QUICK) as space:
        answer = look_up(space, "mx.example")
    assert answer.status == "failure"
    assert answer.detail == "cannot reach DNS server 192.0.2.53: network is unreachable"
    assert answer.elapsed_ms < PROMPT_MS


def block(space, hook, protocol, verdict):
    rules = (
        f"add table ip f; add chain ip f c {{ type filter hook {hook} priority 0; }};"
        f"add rule ip f c {protocol} dport 53 {verdict}"
    )
    loaded = space.run([tools.require("nft", "nftables"), rules])
    assert loaded.returncode == 0, loaded.stderr


@pytest.mark.parametrize(
    "hook,verdict,error",
    [
        ("output", "drop", "operation not permitted"),
        ("input", "reject with icmp type admin-prohibited", "host is unreachable"),
    ],
)
def test_firewall_before_the_server_is_told_from_a_closed_port(hook, verdict, error):
    with Namespace(resolv_conf=LOCAL + QUICK) as space:
        space.start_dns()
        block(space, hook, "udp", verdict)
        answer = look_up(space, "a4.example")
    assert answer.status == "failure"
    assert answer.detail == "cannot reach DNS server 127.0.0.1: " + error
    assert answer.elapsed_ms < PROMPT_MS


def test_every_server_is_named():
    servers = "nameserver 127.0.0.1\nnameserver 127.0.0.2\n"
    with Namespace(resolv_conf=servers + QUICK) as space:
        space.start_dns("--address", "127.0.0.2")
        answer = look_up(space, "refused.example")
    assert answer.status == "failure"
    assert answer.detail == "no DNS server listens at 127.0.0.1; REFUSED from 127.0.0.2"


def test_second_round_asks_each_server_once_for_each_family():
    servers = "nameserver 127.0.0.1\nnameserver 127.0.0.2\n"
    with Namespace(resolv_conf=servers + "options attempts:3\n") as space:
        space.start_dns("--address", "127.0.0.1", "--address", "127.0.0.2")
        assert look_up(space, "refused.example").status == "failure"
        asked = questions(space, "refused.example")
    # One of each kind and server in the first round: c-ares skips who refused it.
    assert len(asked) == 8
    assert len([line for line in asked if " A " in line]) == 4


def test_lone_server_is_asked_as_often_as_set_and_once_more():
    with Namespace(resolv_conf=LOCAL + "options attempts:3\n") as space:
        space.start_dns()
        assert look_up(space, "refused.example", "4").status == "failure"
        assert len(questions(space, "refused.example")) == 3 + 1


CLOSED, SILENT = "no DNS server listens at 127.0.0.1", "no answer from 127.0.0.2"


@pytest.mark.parametrize(
    "servers,detail",
    [
        ("nameserver 127.0.0.1\nnameserver 127.0.0.2\n", f"{CLOSED}; {SILENT}"),
        ("nameserver 127.0.0.2\nnameserver 127.0.0.1\n", f"{SILENT}; {CLOSED}"),
    ],
)
def test_failure_outweighs_silence(servers, detail):
    with Namespace(resolv_conf=servers + QUICK) as space:
        space.start_dns("--address", "127.0.0.2")
        answer = look_up(space, "servfail-1.example", "4")
    assert (answer.status, answer.detail) == ("failure", detail)


def test_fault_of_one_server_is_not_told_of_the_next():
    servers = "nameserver 127.0.0.1\nnameserver 127.0.0.2\n"
    with Namespace(resolv_conf=servers + QUICK) as space:
        space.start_dns("--address", "127.0.0.2")
        answer = look_up(space, "hangup.example", "4")
    assert answer.detail == f"{CLOSED}; no usable answer from 127.0.0.2"


def test_every_silent_server_is_named():
    servers = "nameserver 127.0.0.1\nnameserver 127.0.0.2\n"
    with Namespace(resolv_conf=servers + QUICK) as space:
        space.start_dns("--silent", "127.0.0.1", "--silent", "127.0.0.2")
        answer = look_up(space, "mx.example")
    assert answer.status == "timeout"
    assert answer.detail == "no usable answer from 127.0.0.1, 127.0.0.2"


@pytest.mark.parametrize("silent", [False, True], ids=["closed", "silent"])
def test_second_server_helps_out_when_the_first_is_dead(silent):
    servers = "nameserver 127.0.0.1\nnameserver 127.0.0.2\n"
    with Namespace(resolv_conf=servers + QUICK) as space:
        space.start_dns("--address", "127.0.0.2")
        if silent:
            space.start_dns("--silent", "127.0.0.1")
        answer = look_up(space, "both.example")
    assert answer.status == "ok"
    assert len(answer.addresses) == 2
    assert (answer.elapsed_ms > 900) == silent


def test_search_domain_is_honoured():
    with Namespace(resolv_conf=LOCAL + "search wrong.example right.example\n") as space:
        space.start_dns("--map", "mail.right.example=192.0.2.9")
        answer = look_up(space, "mail")
        asked = [line.split()[2] for line in space.dns_questions()]
    assert answer.addresses == ["192.0.2.9"]
    assert asked == ["mail.wrong.example"] * 2 + ["mail.right.example"] * 2


def test_hosts_file_comes_first():
    hosts = "192.0.2.5 both.example\n2001:db8::5 both.example\n"
    with Namespace(resolv_conf=LOCAL, hosts=hosts) as space:
        space.start_dns()
        answer = look_up(space, "both.example")
        assert space.dns_questions() == []
    assert sorted(answer.addresses) == ["192.0.2.5", "2001:db8::5"]


def test_order_of_nsswitch_is_honoured():
    hosts = "192.0.2.5 both.example\n"
    with Namespace(resolv_conf=LOCAL, hosts=hosts, nsswitch_conf="hosts: dns files\n") as space:
        space.start_dns()
        assert look_up(space, "both.example", "4").addresses == ["192.0.2.10"]


def test_machine_without_dns_says_so():
    with Namespace(resolv_conf=LOCAL, hosts="", nsswitch_conf="hosts: files\n") as space:
        answer = look_up(space, "mx.example")
    assert answer.status == "name_not_found"
    assert answer.detail == "not in the hosts file, and DNS is not used"


def test_tcp_only_resolver_is_asked_over_tcp():
    with Namespace(resolv_conf=LOCAL + "options use-vc\n") as space:
        space.start_dns()
        assert look_up(space, "both.example").status == "ok"
        assert {line.split()[0] for line in space.dns_questions()} == {"tcp"}


def test_closed_port_is_named_over_tcp():
    with Namespace(resolv_conf=LOCAL + "options use-vc attempts:1\n") as space:
        answer = look_up(space, "mx.example")
    assert (answer.status, answer.detail) == ("failure", CLOSED)


def test_connection_that_never_stands_does_not_hold_the_loop():
    with Namespace(resolv_conf=LOCAL + "options use-vc timeout:1 attempts:1\n") as space:
        space.start_dns()
        block(space, "input", "tcp", "drop")
        answer = look_up(space, "a4.example", "4", timeout=20)
    assert (answer.status, answer.detail) == ("timeout", "no answer" + FROM_LOCAL)
    assert answer.elapsed_ms < 2000


@pytest.mark.parametrize("wait_ms", ["0", "20"])
def test_cancel_leaves_nothing_behind(scripted, wait_ms):
    assert look_up(scripted, "timeout.example", "any", wait_ms).status == "cancelled"


def test_cancel_in_the_second_round_leaves_nothing_behind(scripted):
    name = "servfail-1.cancelled.example"
    assert look_up(scripted, name, "4", "300").status == "cancelled"
    assert len(questions(scripted, name)) == 2


def test_silence_in_the_second_round_is_waited_for_once():
    with Namespace(resolv_conf=LOCAL + "options timeout:1 attempts:2\n") as space:
        space.start_dns()
        answer = look_up(space, "servfail-2.example", "4")
        asked = questions(space, "servfail-2.example")
    assert (answer.status, answer.detail) == ("timeout", "no answer" + FROM_LOCAL)
    assert answer.elapsed_ms < 2000
    assert len(asked) == 2 + 1
