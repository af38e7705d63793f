# SPDX-License-Identifier: Apache-2.0
"""The certificates of the lab: the mail server's own, and those of interceptors.

What the scripted server's infrastructure holds (good, expired, untrusted ...; see
tests/support/certificate.def) is taken from it; the rest is made with openssl. A place is
the path of a certificate without its ending: PLACE.pem holds the chain, PLACE.key the key.
"""

import os
import pathlib

from lab import HOST
from servers import tools
from smtp_script_server import ScriptServer

KEY = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-noenc")
BIG_KEY = ("-newkey", "rsa:2048", "-noenc")
BIG_NAMES = 120  # so many names that the certificate fills several segments


class Authority:
    def __init__(self, directory):
        self.directory = pathlib.Path(directory)
        with ScriptServer("login", "--users", os.devnull, "--quiet", "--name", HOST,
                          certificates=self.directory):
            pass
        self._root("root", "/CN=Example Test Root", KEY)
        self.bundle = self.directory / "bundle.pem"
        self.bundle.write_text((self.directory / "ca.pem").read_text()
                               + (self.directory / "root.pem").read_text())

    def place(self, name):
        return str(self.directory / name)

    def _request(self, name, *arguments):
        tools.run([tools.require("openssl", "openssl"), "req", "-x509", "-days", "30",
                   "-keyout", self.place(name) + ".key", "-out", self.place(name) + ".pem",
                   *arguments])

    def _root(self, name, subject, key):
        self._request(name, *key, "-subj", subject, "-addext",
                      "keyUsage=critical,keyCertSign,cRLSign")

    def _leaf(self, name, issuer, subject, names, key, *extensions):
        words = [word for text in extensions for word in ("-addext", text)]
        self._request(name, *key, "-CA", self.place(issuer) + ".pem", "-CAkey",
                      self.place(issuer) + ".key", "-subj", subject, "-addext",
                      "basicConstraints=critical,CA:FALSE", "-addext",
                      "subjectAltName=" + ",".join(f"DNS:{each}" for each in names), *words)

    def _with_issuer(self, name, issuer):
        path = pathlib.Path(self.place(name) + ".pem")
        path.write_text(path.read_text() + pathlib.Path(self.place(issuer) + ".pem").read_text())
        return self.place(name)

    def issue(self, name, *names, extensions=()):
        """Signed by an authority of the bundle."""
        self._leaf(name, "root", f"/CN={names[0]}", names, KEY, *extensions)
        return self.place(name)

    def big(self):
        """A chain that no single packet holds."""
        names = [HOST, *(f"alias-{at}.mail.example.test" for at in range(BIG_NAMES))]
        self._leaf("big", "root", f"/CN={HOST}", names, BIG_KEY)
        return self.place("big")

    def incomplete(self):
        """Without the certificate that it hangs on, which it names an address of."""
        self._request("between", *KEY, "-CA", self.place("root") + ".pem", "-CAkey",
                      self.place("root") + ".key", "-subj", "/CN=Example Test CA 3",
                      "-addext", "basicConstraints=critical,CA:TRUE")
        self._leaf("incomplete", "between", f"/CN={HOST}", [HOST], KEY,
                   "authorityInfoAccess=caIssuers;URI:http://ca.example.test/ca3.crt")
        return self.place("incomplete")

    def intercepted(self, name, subject, host=HOST):
        """A new root with this subject, and a leaf for the host that it signed.

        PLACE-root.pem is the root alone; it is in no bundle.
        """
        self._root(f"{name}-root", subject, KEY)
        self._leaf(name, f"{name}-root", f"/CN={host}", [host], KEY)
        return self._with_issuer(name, f"{name}-root")

    def self_signed(self, name, *names):
        self._request(name, *KEY, "-subj", f"/CN={names[0]}", "-addext",
                      "subjectAltName=" + ",".join(f"DNS:{each}" for each in names))
        return self.place(name)
