# SPDX-License-Identifier: Apache-2.0
"""Mail hosts in a private network: names, addresses, certificates, and a client among them.

    certificates = Certificates(directory, like=probe.certificates)
    place = certificates.issue("DNS:mail.customer.example")
    with Network(probe) as network:
        network.names({"mail.customer.example": ["192.0.2.7"]}, {})
        with network.serve(Node(place, "192.0.2.7", banner="mx7.provider.example ESMTP")):
            run = network.log_in(certificates, "mail.customer.example")

The network holds documentation addresses (192.0.2.0/24, 2001:db8::/64), which are its own;
a route leads to 198.51.100.0/24, where nothing is, unless a rule redirects it.
"""

import contextlib
import dataclasses
import os
import pathlib
import select
import shutil
import time

from namespace import Namespace
from plugin import EHLO_NAME, PASSWORD, USER, Run
from servers import tools

NODES = ("192.0.2.7", "192.0.2.8")
NODES6 = ("2001:db8::7", "2001:db8::8")
ELSEWHERE = "198.51.100.7"
PORTS = {"starttls": 587, "implicit": 465, "none": 587}
TLS_OPTIONS = {"starttls": ["--starttls"], "implicit": ["--tls"],
               "none": ["--no-tls", "--allow-cleartext"]}
WRONG_PASSWORD = "Not-The-Password-8"
EC_KEY = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-noenc")
RSA_KEY = ("-newkey", "rsa:2048", "-noenc")
PUBLIC_ROOT = "/C=US/O=Example Trust Services/CN=Example Trust Root X1"
ISSUERS = ("/C=US/O=Example Trust Services/CN=R10", "/C=US/O=Example Trust Services/CN=R11")
START_SECONDS = 20
RENAME = 'hostname "$1" && shift && exec "$@"'


class Certificates:
    """An authority that the client trusts, and others; each certificate is a directory
    that the scripted server takes with --certificates."""

    def __init__(self, directory, like):
        self._directory = pathlib.Path(directory)
        self._like = like
        self._count = 0
        root = self._authority("root", PUBLIC_ROOT)
        self._issuers = [self._authority(f"issuer-{at}", subject, root)
                         for at, subject in enumerate(ISSUERS)]
        self.root = root.with_suffix(".pem")

    def _request(self, path, key, *arguments):
        tools.run([tools.require("openssl", "openssl"), "req", "-x509", "-days", "30", "-utf8",
                   *key, "-keyout", path.with_suffix(".key"),
                   "-out", path.with_suffix(".pem"), *arguments])

    @staticmethod
    def _by(issuer):
        return ["-CA", issuer.with_suffix(".pem"), "-CAkey", issuer.with_suffix(".key")]

    def _authority(self, name, subject, issuer=None):
        path = self._directory / name
        self._request(path, EC_KEY, "-subj", subject, "-addext",
                      "keyUsage=critical,keyCertSign,cRLSign",
                      *(["-addext", "basicConstraints=critical,CA:TRUE", *self._by(issuer)]
                        if issuer else []))
        return path

    def _place(self):
        self._count += 1
        place = self._directory / f"place-{self._count}"
        shutil.copytree(self._like, place)
        return place

    def _sign(self, place, issuer, names, subject, key):
        """The leaf and its issuer's certificate stand in the place of the server's own."""
        leaf = place / "good"
        self._request(leaf, key, *self._by(issuer), "-subj", subject, "-addext",
                      "basicConstraints=critical,CA:FALSE", "-addext",
                      f"subjectAltName={names}")
        certificate = leaf.with_suffix(".pem")
        certificate.write_text(certificate.read_text()
                               + issuer.with_suffix(".pem").read_text())
        return place

    def issue(self, names, subject="/CN=mail", renewed=0, key=EC_KEY):
        """Signed by the authority that everybody trusts; a renewal by its next issuer."""
        return self._sign(self._place(), self._issuers[renewed], names, subject, key)

    def intercept(self, names, root_subject):
        """Signed by an interceptor's root, which stands in PLACE/interceptor.pem."""
        place = self._place()
        root = self._authority(f"{place.name}/interceptor", root_subject)
        return self._sign(place, root, names, "/CN=mail", EC_KEY)

    def self_signed(self, names, subject):
        place = self._place()
        self._request(place / "good", EC_KEY, "-subj", subject, "-addext",
                      f"subjectAltName={names}")
        return place


@dataclasses.dataclass(frozen=True)
class Node:
    """One scripted server."""

    place: pathlib.Path
    address: str
    banner: str = "mx7.provider.example ESMTP"
    ehlo: str = "mx7.provider.example"
    tls: str = "starttls"
    more: tuple = ()


class Network:
    def __init__(self, probe):
        self._probe = probe
        self._space = Namespace(resolv_conf="nameserver 127.0.0.1\n", hosts="")
        self._dns = None

    def __enter__(self):
        self._space.__enter__()
        self.state_file = self._space.directory / "state"
        self.wrong_password = self._space.directory / "wrong"
        self.wrong_password.touch(mode=0o600)
        self.wrong_password.write_text(WRONG_PASSWORD + "\n")
        self.ip("link", "add", "wan", "type", "veth", "peer", "name", "far")
        for address in (*NODES, *NODES6):
            self.ip("addr", "add", address, "dev", "wan", "nodad")
        self.ip("link", "set", "wan", "up")
        self.ip("link", "set", "far", "up")
        self.ip("route", "add", "198.51.100.0/24", "dev", "wan")
        return self

    def __exit__(self, *details):
        self._space.__exit__(*details)

    def ip(self, *words):
        self._do("ip", "iproute2", *words)

    def nft(self, rules):
        self._do("nft", "nftables", rules)

    def _do(self, program, package, *words):
        done = self._space.run([tools.require(program, package), *words])
        assert done.returncode == 0, done.stderr

    def names(self, addresses, aliases):
        """What DNS says from now on."""
        if self._dns:
            self._dns.terminate()
            self._dns.wait(START_SECONDS)
        words = [word for name, found in addresses.items()
                 for word in ("--map", f"{name}={','.join(found)}")]
        words += [word for alias in aliases.items() for word in ("--alias", "=".join(alias))]
        self._dns = self._space.start_dns(*words)

    @contextlib.contextmanager
    def serve(self, node):
        process = self._space.start(
            [os.environ["SMTP_SCRIPT_SERVER"], "login", "--users", self._probe.users,
             "--certificates", node.place, "--listen", node.address,
             "--port", PORTS[node.tls], "--tls", node.tls, "--greeting", node.banner,
             "--ehlo-name", node.ehlo, "--quiet", *node.more], stdout=-1, stdin=-3)
        with process.stdout:
            ready = select.select([process.stdout], [], [], START_SECONDS)[0]
            assert ready and process.stdout.readline().startswith(b"listening"), node
            yield
            process.terminate()
            assert process.wait(START_SECONDS) == 0, node

    def log_in(self, host, *options, trust=(), tls="starttls", wrong=False, machine=None):
        """One run of the plugin; `trust`: files of authorities; `machine`: its full name."""
        bundle = self._space.directory / "trusted.pem"
        bundle.write_text("".join(file.read_text() for file in trust))
        secret = self.wrong_password if wrong else self._probe.password_file
        command = [self._probe.binary, "-H", host, "-U", USER, "--password-file", secret,
                   "-F", EHLO_NAME, *TLS_OPTIONS[tls], *(["--ca-file", bundle] if trust else []),
                   "--output", "json", "--trace", *options]
        if machine:
            command = [tools.require("unshare", "util-linux"), "--uts", "sh", "-c", RENAME,
                       "rename", machine, *command]
        begun = time.monotonic()
        done = self._space.run(command)
        run = Run([os.fsencode(str(word)) for word in command], done.returncode, done.stdout,
                  done.stderr, time.monotonic() - begun, 0)
        assert done.stderr == "" and run.report, run
        assert PASSWORD not in run and WRONG_PASSWORD not in run
        return run


def notices(run):
    return [notice["reason"] for notice in run.report.get("notices") or []]
