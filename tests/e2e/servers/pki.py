# SPDX-License-Identifier: Apache-2.0
"""A private certificate authority, made with the openssl command."""

import dataclasses
import datetime
import pathlib
import shutil
import tempfile

from servers import HOST_NAME, tools

OTHER_NAME = "elsewhere.example.test"
DAY = datetime.timedelta(days=1)

AUTHORITY_CONFIG = """
[ca]
default_ca = authority
[authority]
database = {directory}/index.txt
new_certs_dir = {directory}
rand_serial = yes
unique_subject = no
default_md = sha256
policy = anything
[anything]
commonName = supplied
[req]
distinguished_name = subject
[subject]
"""

LEAF_EXTENSIONS = """
basicConstraints = critical, CA:FALSE
keyUsage = critical, digitalSignature
extendedKeyUsage = {usage}
subjectAltName = {names}
"""


@dataclasses.dataclass(frozen=True)
class Certificate:
    """Paths: the certificate (with the chain a server sends), its key, both in one."""

    certificate: pathlib.Path
    key: pathlib.Path
    key_and_certificate: pathlib.Path


class Authority:
    """One root that signs."""

    def __init__(self, directory, name):
        self.directory = directory / name
        self.directory.mkdir()
        self.root = self.directory / "root.pem"
        self._key = self.directory / "root.key"
        self._config = self.directory / "ca.cnf"
        self._config.write_text(AUTHORITY_CONFIG.format(directory=self.directory))
        (self.directory / "index.txt").touch()
        openssl("req", "-x509", "-config", self._config, *new_key(self._key),
                "-subj", f"/CN={name}", "-days", "30", "-out", self.root,
                "-addext", "basicConstraints = critical, CA:TRUE",
                "-addext", "keyUsage = critical, keyCertSign, cRLSign")

    def issue(self, name, names, start=-DAY, end=30 * DAY, usage="serverAuth",
              chain=False):
        """Signs a certificate; with chain the root is sent along with it."""
        certificate = self.directory / f"{name}.pem"
        key = self.directory / f"{name}.key"
        request = self.directory / f"{name}.csr"
        extensions = self.directory / f"{name}.ext"
        extensions.write_text(LEAF_EXTENSIONS.format(usage=usage, names=names))
        openssl("req", "-new", "-config", self._config, *new_key(key),
                "-subj", f"/CN={name}", "-out", request)
        openssl("ca", "-batch", "-notext", "-config", self._config,
                "-cert", self.root, "-keyfile", self._key, "-in", request,
                "-extfile", extensions, "-out", certificate,
                "-startdate", timestamp(start), "-enddate", timestamp(end))
        if chain:
            append(certificate, self.root)
        return in_one_file(certificate, key)


class Pki:
    """Every certificate the tests need."""

    def __init__(self):
        tools.require("openssl", "openssl")
        self.directory = pathlib.Path(tempfile.mkdtemp(prefix="pki-"))
        self.directory.chmod(0o711)
        authority = Authority(self.directory, "trusted-root")
        stranger = Authority(self.directory, "stranger-root")
        own_names = f"DNS:{HOST_NAME}, IP:127.0.0.1"
        self.root = authority.root
        self.servers = {
            "good": authority.issue("good", own_names),
            "wrong_name": authority.issue("wrong-name", f"DNS:{OTHER_NAME}"),
            "expired": authority.issue("expired", own_names, -60 * DAY, -30 * DAY),
            "untrusted": stranger.issue("untrusted", own_names, chain=True),
            "self_signed": self._self_signed(own_names),
        }
        self._authority = authority

    def client(self, mail_address):
        """A certificate for the mechanism EXTERNAL; names its user by mail address."""
        name = "client-" + mail_address.split("@")[0]
        return self._authority.issue(name, f"email:{mail_address}", usage="clientAuth")

    def remove(self):
        shutil.rmtree(self.directory)

    def _self_signed(self, names):
        certificate = self.directory / "self-signed.pem"
        key = self.directory / "self-signed.key"
        openssl("req", "-x509", *new_key(key), "-subj", f"/CN={HOST_NAME}",
                "-days", "30", "-out", certificate,
                "-addext", f"subjectAltName = {names}")
        return in_one_file(certificate, key)


def openssl(*arguments):
    tools.run(["openssl", *arguments])


def new_key(path):
    return ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-noenc",
            "-keyout", path]


def timestamp(offset):
    moment = datetime.datetime.now(datetime.timezone.utc) + offset
    return moment.strftime("%Y%m%d%H%M%SZ")


def append(path, addition):
    path.write_text(path.read_text() + addition.read_text())


def in_one_file(certificate, key):
    """Postfix wants key and chain in one file, the key first."""
    both = certificate.with_suffix(".both")
    both.touch(mode=0o600)
    both.write_text(key.read_text() + certificate.read_text())
    return Certificate(certificate, key, both)
