# SPDX-License-Identifier: Apache-2.0
"""Which address is taken, and by which way, in networks that the tests make themselves."""

import contextlib
import json
import os
import re
import select
import socket
import struct
import threading
import time

import pytest

from namespace import Namespace
from plugin import EHLO_NAME, USER
from plugin import probe  # noqa: F401 (a fixture)
from servers import tools

HOST = "mx.example.test"
V4, V6 = "127.0.0.1", "::1"
SILENT = "127.0.0.2"
START_SECONDS = 20


class Net(Namespace):
    """A private network with a login server in it."""

    def __init__(self, probe, hosts):
        super().__init__(resolv_conf="nameserver 127.0.0.1\n",
                         hosts="".join(f"{address} {HOST}\n" for address in hosts))
        self.probe = probe
        self.port = 0

    def ip(self, *words):
        done = self.run([tools.require("ip", "iproute2"), *words])
        assert done.returncode == 0, done.stderr

    def own(self, *addresses):
        """Gives this machine addresses that DNS may well name for a server."""
        for address in addresses:
            self.ip("addr", "add", f"{address}/32", "dev", "lo")

    def drop(self, address):
        """Swallows what goes to the port at this address, without a word."""
        rules = (f"table ip test {{ chain input {{ type filter hook input priority 0; "
                 f"ip daddr {address} tcp dport {self.port} drop; }}; }}")
        done = self.run([tools.require("nft", "nftables"), rules])
        assert done.returncode == 0, done.stderr

    def serve(self, address, port=0):
        """Starts a login server at the address; all share one port."""
        process = self.start(
            [os.environ["SMTP_SCRIPT_SERVER"], "login", "--users", self.probe.users,
             "--certificates", self.probe.certificates, "--listen", address,
             "--port", str(port or self.port), "--quiet"],
            stdout=-1, stdin=-3)
        assert select.select([process.stdout], [], [], START_SECONDS)[0], "no server"
        self.port = int(process.stdout.readline().split()[-1])
        return process

    def log_in(self, *more, host=HOST):
        arguments = [self.probe.binary, "-H", host, "-p", str(self.port), "-U", USER,
                     "--password-file", self.probe.password_file, "-F", EHLO_NAME,
                     "--ca-file", self.probe.authority, "--server-name", "localhost",
                     "--output", "json", "--trace", "-t", "5", *more]
        begun = time.monotonic()
        done = self.run(arguments)
        self.elapsed = time.monotonic() - begun
        assert done.stderr == "", done.stderr
        return done.returncode, json.loads(done.stdout)


@contextlib.contextmanager
def net(probe, *hosts, serve=(V4,)):
    with Net(probe, hosts) as made:
        for address in serve:
            made.serve(address)
        yield made


def outcomes(report):
    """Host and outcome of every address tried, without the port."""
    return [(tried["address"].rsplit(":", 1)[0].strip("[]"), tried["outcome"])
            for tried in report["addresses_tried"]]


def assert_ok(result):
    state, report = result
    assert state == 0, report
    return report


# ---- which address ---------------------------------------------------------------------


@pytest.mark.parametrize("options,address", [(["-4"], V4), (["-6"], V6)],
                         ids=["ipv4", "ipv6"])
def test_family_is_chosen(probe, options, address):
    with net(probe, V6, V4, serve=(V4, V6)) as space:
        report = assert_ok(space.log_in(*options))
    assert outcomes(report) == [(address, "connected")]


@pytest.mark.parametrize("options,only", [(["-4"], V6), (["-6"], V4)], ids=["ipv4", "ipv6"])
def test_no_address_of_the_family_is_name_not_found(probe, options, only):
    with net(probe, serve=(only,)) as space:
        dns(space, only)
        state, report = space.log_in(*options)
    assert state == 2
    assert (report["phase"], report["reason"]) == ("resolve", "name_not_found"), report


@pytest.mark.parametrize("host", [V4, V6])
def test_address_needs_no_look_up(probe, host):
    with net(probe, serve=(host,)) as space:
        report = assert_ok(space.log_in(host=host))
    assert "resolve" not in report["phases"], report


def test_refused_address_leads_to_the_next(probe):
    with net(probe) as space:
        dns(space, "127.0.0.2", V4)
        report = assert_ok(space.log_in("-4"))
    assert outcomes(report) == [("127.0.0.2", "refused"), (V4, "connected")], report


def test_refused_family_leads_to_the_other(probe):
    """Nothing listens at ::1, which comes first or second; the IPv4 address answers."""
    for serve, refused in ((V4, V6), (V6, V4)):
        with net(probe, V6, V4, serve=(serve,)) as space:
            report = assert_ok(space.log_in())
        tried = outcomes(report)
        assert tried[-1] == (serve, "connected"), report
        assert tried[:-1] in ([], [(refused, "refused")]), report


def dns(space, *addresses):
    space.start_dns("--map", f"{HOST}={','.join(addresses)}")


def test_addresses_are_tried_in_the_order_of_dns(probe):
    """Both refuse: both stand in the result, and the verdict is the last one's."""
    with net(probe, serve=("127.0.0.9",)) as space:
        space.own("192.0.2.2", "192.0.2.3")
        dns(space, "192.0.2.2", "192.0.2.3")
        state, report = space.log_in()
    assert state == 2
    assert report["reason"] == "connection_refused", report
    assert sorted(outcomes(report)) == [("192.0.2.2", "refused"), ("192.0.2.3", "refused")]


@pytest.mark.parametrize("how", ["dropped", "dead_neighbour"])
def test_silent_address_gets_a_third_of_the_time(probe, how):
    """c-ares orders by scope: loopback and link-local addresses stay in DNS order."""
    silent = SILENT if how == "dropped" else "169.254.9.2"
    with net(probe) as space:
        dns(space, silent, V4)
        if how == "dropped":
            space.drop(silent)
        else:
            space.ip("link", "add", "near", "type", "veth", "peer", "name", "far")
            space.ip("addr", "add", "169.254.9.1/24", "dev", "near")
            space.ip("link", "set", "near", "up")
            space.ip("link", "set", "far", "up")
        report = assert_ok(space.log_in("-4", "-t", "3"))
    assert outcomes(report) == [(silent, "timeout"), (V4, "connected")], report
    assert 0.8 < report["duration"] < 1.6, report


def test_silent_address_is_told_when_it_is_the_only_one(probe):
    with net(probe) as space:
        space.own("192.0.2.2")
        dns(space, "192.0.2.2")
        space.drop("192.0.2.2")
        state, report = space.log_in("-t", "1")
    assert state == 2
    assert (report["phase"], report["cause"], report["reason"]) == (
        "connect", "network", "connect_timeout"), report
    assert outcomes(report) == [("192.0.2.2", "timeout")]
    assert space.elapsed < 2, report


@pytest.mark.parametrize("kind,reason", [
    ("unreachable", "no_route"), ("prohibit", "local_firewall"), ("blackhole", "local_firewall"),
])
def test_route_of_this_machine_is_told_apart(probe, kind, reason):
    with net(probe) as space:
        space.ip("route", "add", kind, "192.0.2.0/24")
        state, report = space.log_in(host="192.0.2.7")
        dns(space, "192.0.2.7", V4)
        report_of_two = assert_ok(space.log_in("-4"))
    assert state == 2
    assert report["phase"] == "connect", report
    assert report["reason"] == reason, report
    assert outcomes(report_of_two)[-1] == (V4, "connected")


def test_no_route_at_all(probe):
    with net(probe) as space:
        state, report = space.log_in(host="192.0.2.7")
    assert state == 2
    assert (report["cause"], report["reason"]) == ("network", "no_route"), report


def test_connection_that_stood_is_not_tried_elsewhere(probe):
    """One run is one attempt: after a connection the next address is not for us."""
    with net(probe) as space:
        server = space.start(
            ["/usr/bin/python3", "-c",
             "import socket\ns = socket.create_server(('127.0.0.3', %d))\nprint(flush=True)\n"
             "while True: s.accept()[0].close()" % space.port], stdout=-1)
        server.stdout.readline()
        dns(space, "127.0.0.3")
        state, report = space.log_in()
        dns_free = outcomes(report)
    assert state == 2
    assert report["phase"] == "banner", report
    assert dns_free == [("127.0.0.3", "connected")]


# ---- from where, and by which way ------------------------------------------------------


def test_source_address_is_used(probe, tmp_path):
    seen = tmp_path / "peer"
    with net(probe) as space:
        server = space.start(
            ["/usr/bin/python3", "-c",
             "import socket,sys\ns = socket.create_server(('127.0.0.1', 0))\n"
             "print(s.getsockname()[1], flush=True)\n"
             "c, peer = s.accept()\nopen(sys.argv[1], 'w').write(peer[0])\nc.close()", seen],
            stdout=-1)
        space.port = int(server.stdout.readline())
        space.log_in("--source-address", "127.0.0.77", host=V4)
        assert server.wait(10) == 0
    assert seen.read_text() == "127.0.0.77"


def test_source_address_that_is_not_ours_is_local(probe):
    with net(probe) as space:
        state, report = space.log_in("--source-address", "192.0.2.1", host=V4)
    assert state == 3, report
    assert report["cause"] == "local", report


def test_login_over_a_unix_socket(probe, tmp_path):
    path = tmp_path / "socket"
    with probe.login_server("--listen", path):
        run = probe.log_in(1, "-H", path)
    assert run.exit_code == 0, run
    assert "resolve" not in run.report["phases"], run


@pytest.mark.parametrize("case", ["nothing_there", "nobody_listens", "a_plain_file"])
def test_unix_socket_without_a_server_is_refused(probe, tmp_path, case):
    path = tmp_path / "socket"
    if case == "a_plain_file":
        path.write_text("")
    elif case == "nobody_listens":
        with socket.socket(socket.AF_UNIX) as left:
            left.bind(str(path))
    run = probe.log_in(1, "-H", path, "-t", "3")
    assert run.exit_code == 2, run
    assert run.verdict() == ("connect", "network", "connection_refused"), run


# ---- through a proxy -------------------------------------------------------------------


class Proxy:
    """SOCKS5 and HTTP CONNECT in one, refusing on demand; notes where to it was asked."""

    def __init__(self, refuse=None):
        self.refuse = refuse
        self.asked = []
        self._listener = socket.create_server((V4, 0))
        self.port = self._listener.getsockname()[1]

    def __enter__(self):
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_):
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _accept(self):
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                threading.Thread(target=self._serve, args=[client], daemon=True).start()

    def _serve(self, client):
        with client, contextlib.suppress(OSError, EOFError):
            if self.refuse == "silence":
                client.recv(65536)
                client.recv(65536)
            elif self.refuse == "hangup":
                client.recv(65536)
            elif self.refuse == "garbage":
                client.recv(65536)
                client.sendall(b"\xff\xff\xff\xff what?\r\n\r\n")
                client.recv(65536)
            elif client.recv(1, socket.MSG_PEEK) == b"\5":
                self._socks(client)
            else:
                self._http(client)

    def _pass_on(self, client, host, port):
        with socket.create_connection((host, port)) as server:
            pair = {client: server, server: client}
            while True:
                for ready in select.select(list(pair), [], [])[0]:
                    data = ready.recv(65536)
                    if not data:
                        return
                    pair[ready].sendall(data)

    def _http(self, client):
        request = b""
        while b"\r\n\r\n" not in request:
            request += client.recv(65536) or exec_eof()
        target = re.match(rb"CONNECT (\S+):(\d+) HTTP", request)
        self.asked.append((target[1].decode(), int(target[2])))
        if self.refuse:
            client.sendall(f"HTTP/1.1 {self.refuse}\r\nContent-Length: 0\r\n\r\n".encode())
            return
        client.sendall(b"HTTP/1.1 200 Connection established\r\nVia: test\r\n\r\n")
        self._pass_on(client, *self.asked[-1])

    def _socks(self, client):
        def take(count):
            return client.recv(count, socket.MSG_WAITALL) or exec_eof()

        take(take(2)[1])
        client.sendall(b"\5\0")
        kind = take(4)[3]
        if kind == 3:
            host = take(take(1)[0]).decode()
        else:
            host = socket.inet_ntop(*{1: (socket.AF_INET, take(4))}.get(kind) or
                                    (socket.AF_INET6, take(16)))
        port = struct.unpack("!H", take(2))[0]
        self.asked.append((host, port))
        if self.refuse:
            client.sendall(bytes([5, self.refuse]) + b"\0\1" + bytes(6))
            return
        client.sendall(b"\5\0\0\1" + bytes(6))
        self._pass_on(client, host, port)


def exec_eof():
    raise EOFError


SCHEMES = ["http", "socks5", "socks5h"]


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("mode", ["starttls", "implicit"])
def test_login_through_a_proxy(probe, scheme, mode):
    option = "--tls" if mode == "implicit" else "--starttls"
    with probe.login_server("--tls", mode) as server, Proxy() as proxy:
        run = probe.log_in(server.port, "--via", f"{scheme}://127.0.0.1:{proxy.port}", option,
                           "--trace", "-t", "5")
    assert run.exit_code == 0, run
    assert proxy.asked == [(V4, server.port)], run
    assert server.counters["accepted"] == 1, run
    trace = run.report["trace"]
    assert not [line for line in trace if "CONNECT" in line or "Via:" in line], run


def test_proxy_from_the_environment_is_not_used(probe):
    with probe.login_server() as server, Proxy() as proxy:
        url = f"http://127.0.0.1:{proxy.port}"
        run = probe.run(*probe.options(server.port), environment={
            "http_proxy": url, "https_proxy": url, "all_proxy": url, "ALL_PROXY": url})
    assert run.exit_code == 0, run
    assert proxy.asked == []


@pytest.mark.parametrize("scheme", ["http", "socks5h"])
def test_proxy_looks_the_name_up(probe, scheme):
    with probe.login_server() as server, Proxy() as proxy:
        run = probe.log_in(server.port, "-H", "localhost", "--via",
                           f"{scheme}://127.0.0.1:{proxy.port}", "-t", "5")
    assert run.exit_code == 0, run
    assert proxy.asked == [("localhost", server.port)], run


REFUSALS = [("http", "403 Forbidden"), ("http", "407 Proxy Authentication Required"),
            ("http", "502 Bad Gateway"), ("socks5", 2), ("socks5", 5), ("http", "hangup"),
            ("http", "garbage"), ("socks5", "hangup"), ("socks5", "garbage")]


@pytest.mark.parametrize("scheme,refusal", REFUSALS,
                         ids=[f"{scheme}-{str(how)[:3]}" for scheme, how in REFUSALS])
def test_refusing_proxy_is_proxy_error(probe, scheme, refusal):
    with probe.login_server() as server, Proxy(refuse=refusal) as proxy:
        run = probe.log_in(server.port, "--via", f"{scheme}://127.0.0.1:{proxy.port}",
                           "-t", "3")
    assert run.exit_code == 2, run
    assert run.verdict()[1:] == ("interference", "proxy_error"), run
    assert run.elapsed < 2, run
    assert server.counters["connections"] == 0, run


@pytest.mark.parametrize("scheme", ["http", "socks5"])
def test_silent_proxy_ends_at_the_deadline(probe, scheme):
    with probe.login_server() as server, Proxy(refuse="silence") as proxy:
        run = probe.log_in(server.port, "--via", f"{scheme}://127.0.0.1:{proxy.port}",
                           "-t", "0.6")
    assert run.exit_code == 2, run
    assert run.report["cause"] in ("interference", "unavailable", "network"), run
    assert run.elapsed < 1.5, run


@pytest.mark.parametrize("scheme", SCHEMES)
def test_proxy_that_is_not_there_is_proxy_or_network(probe, scheme):
    with socket.create_server((V4, 0)) as closed:
        port = closed.getsockname()[1]
    run = probe.log_in(1, "--via", f"{scheme}://127.0.0.1:{port}", "-t", "3")
    assert run.exit_code == 2, run
    assert run.report["cause"] in ("interference", "network"), run


def test_proxy_of_unknown_name_is_proxy_error(probe):
    with net(probe) as space:
        space.start_dns()
        state, report = space.log_in("--via", "socks5://nx.example:1080")
    assert state == 2
    assert (report["cause"], report["reason"]) == ("interference", "proxy_error"), report


# ---- how it introduces itself ----------------------------------------------------------


def ehlo_names(probe, name):
    """What EHLO says on a machine of that name."""
    unshare = tools.require("unshare", "util-linux")
    command = ["--uts", "sh", "-c", 'hostname "$0" && exec "$@"', name, probe.binary]

    def conversation(peer):
        peer.send("220 mx.example.test ESMTP")
        peer.line()
        peer.send("250 mx.example.test")
        peer.drain()

    with probe.python_server(conversation) as server:
        options = probe.options(server.port, "-t", "3")
        at = options.index("-F")
        run = probe.start(*command, *options[:at], *options[at + 2:], binary=unshare).finish()
    assert run.verdict()[0] == "ehlo", run
    return server.lines[0]


def test_ehlo_name_is_the_machine_s(probe):
    assert ehlo_names(probe, "probe.example.org") == "EHLO probe.example.org"


def test_ehlo_name_without_a_dot_is_an_address_literal(probe):
    assert ehlo_names(probe, "probe") == "EHLO [127.0.0.1]"


def test_ehlo_literal_of_ipv6_has_its_tag(probe):
    """RFC 5321 section 4.1.3: [IPv6:...]."""
    with net(probe, serve=(V6,)) as space:
        space.start_dns()
        arguments = [tools.require("unshare", "util-linux"), "--uts", "sh", "-c",
                     'hostname "$0" && exec "$@"', "probe", probe.binary, "-H", V6,
                     "-p", str(space.port), "-U", USER, "--password-file",
                     probe.password_file, "--ca-file", probe.authority, "-vvv"]
        done = space.run(arguments)
    assert done.returncode == 0, done
    assert "> EHLO [IPv6:::1]" in done.stdout, done
