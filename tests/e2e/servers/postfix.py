# SPDX-License-Identifier: Apache-2.0
"""Postfix submission, with Cyrus SASL's own database or with Dovecot behind it."""

import os
import re

from servers import CERTIFICATE_FAULTS, HOST_NAME, TLS_MODES, dovecot, tools
from servers.daemon import Daemon
from servers.session_log import SessionLog

PROGRAMS = "/usr/lib/postfix/sbin"

MAIN = """
compatibility_level = 3.6
queue_directory = {directory}/queue
data_directory = {directory}/data
maillog_file = {directory}/maillog
maillog_file_prefixes = {directory}
myhostname = {host_name}
mydestination =
mynetworks =
alias_maps =
local_recipient_maps =
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
smtpd_peername_lookup = no
smtpd_error_sleep_time = 0
smtpd_tls_security_level = may
smtpd_tls_auth_only = yes
smtpd_sasl_auth_enable = yes
smtpd_sasl_type = {sasl_type}
"""

SERVICES = """
tlsmgr  unix       -  -  n  1000?  1  tlsmgr
anvil   unix       -  -  n  -      1  anvil
postlog unix-dgram n  -  n  -      1  postlogd
"""

SERVICE = """
127.0.0.1:{port} inet n - n - - smtpd
  -o smtpd_tls_wrappermode={wrapper}
  -o smtpd_tls_chain_files={chain}
  -o smtpd_sasl_path={sasl_path}
"""

# Debian's Postfix reads this from $config_directory/sasl/NAME.conf, and nowhere else.
CYRUS = """
pwcheck_method: auxprop
auxprop_plugin: sasldb
sasldb_path: {database}
mech_list: {mechanisms}
"""

SESSION_END = re.compile(r"postfix/smtpd\[\d+\]: (disconnect from|fatal: )")
ATTEMPTS = re.compile(r" auth=(?:\d+/)?(\d+)")


def attempts(line):
    found = ATTEMPTS.search(line)
    return int(found[1]) if found else 0


class Postfix:
    """One Postfix; every variant is a service with ports of its own.

    `sasl_paths` says per variant where authentication is asked.
    """

    def __init__(self, pki, sasl_type):
        tools.require_file(f"{PROGRAMS}/master", "postfix")
        self.daemon = Daemon(self.name)
        self._pki = pki
        self._ports = {}
        directory = self.daemon.directory
        self._log = SessionLog(directory / "maillog", SESSION_END, attempts)
        self._make_directories()
        (directory / "main.cf").write_text(
            MAIN.format(directory=directory, host_name=HOST_NAME, sasl_type=sasl_type)
        )

    def _start(self, sasl_paths):
        services = [SERVICES]
        for variant, sasl_path in sasl_paths.items():
            services += [self._service(tls, variant, sasl_path) for tls in TLS_MODES]
        directory = self.daemon.directory
        (directory / "master.cf").write_text("".join(services))
        for name in ("main.cf", "master.cf"):
            # Postfix rereads a file that changed within the last seconds, and waits.
            os.utime(directory / name, (0, 0))
        # master itself, not the postfix command: that would look after the
        # permissions of the installed system first.
        self.daemon.start([f"{PROGRAMS}/master", "-s", "-c", directory],
                          {"MAIL_CONFIG": str(directory)},
                          lambda: self._log.greeted(self.port("starttls")))

    def _service(self, tls, variant, sasl_path):
        fault = variant if variant in CERTIFICATE_FAULTS else "good"
        port = self._ports[tls, variant] = self.daemon.ports.take()
        return SERVICE.format(
            port=port,
            wrapper="yes" if tls == "implicit" else "no",
            chain=self._pki.servers[fault].key_and_certificate,
            sasl_path=sasl_path,
        )

    def _make_directories(self):
        directory = self.daemon.directory
        for name in ("data", "queue", "queue/pid", "queue/private", "queue/public"):
            (directory / name).mkdir()
        for name in ("data", "queue/private", "queue/public"):
            tools.run(["chown", "postfix:root", directory / name])

    def port(self, tls, variant="good"):
        return self._ports[tls, variant]

    def log(self, variant="good"):
        return self._log

    def stop(self):
        self.daemon.stop()


class PostfixCyrus(Postfix):
    """Postfix with Cyrus SASL and a private sasldb; the realm is the host's name."""

    name = "postfix-cyrus"
    mechanisms = ("PLAIN", "LOGIN", "CRAM-MD5", "DIGEST-MD5", "SCRAM-SHA-1",
                  "SCRAM-SHA-256", "NTLM")

    def __init__(self, account, pki):
        super().__init__(pki, "cyrus")
        try:
            self._make_database(account)
            self._write_cyrus("smtpd", "sasldb")
            # There, but root's alone: Cyrus then reports a generic failure.
            self._write_cyrus("broken", "sasldb.unreadable")
            self._start({
                "good": "smtpd",
                "backend_down": "broken",
                **dict.fromkeys(CERTIFICATE_FAULTS, "smtpd"),
            })
        except BaseException:
            self.stop()
            raise

    def _make_database(self, account):
        directory = self.daemon.directory
        command = [tools.require("saslpasswd2", "sasl2-bin"), "-p", "-c",
                   "-f", directory / "sasldb", "-u", HOST_NAME, account.user]
        password = directory / "password"
        password.touch(mode=0o600)
        password.write_text(account.password)
        with open(password, "rb") as stdin:
            tools.run(command, stdin=stdin)
        password.unlink()
        tools.run(["cp", directory / "sasldb", directory / "sasldb.unreadable"])
        (directory / "sasldb.unreadable").chmod(0o600)
        tools.run(["chown", "root:postfix", directory / "sasldb"])
        (directory / "sasldb").chmod(0o640)

    def _write_cyrus(self, name, database):
        directory = self.daemon.directory / "sasl"
        directory.mkdir(exist_ok=True)
        (directory / f"{name}.conf").write_text(CYRUS.format(
            database=self.daemon.directory / database,
            mechanisms=" ".join(self.mechanisms),
        ))


class PostfixDovecot(Postfix):
    """Postfix that asks a Dovecot at each variant's authentication socket."""

    name = "postfix-dovecot"
    mechanisms = dovecot.MECHANISMS

    def __init__(self, sockets, pki):
        super().__init__(pki, "dovecot")
        try:
            self._start({
                **dict.fromkeys(CERTIFICATE_FAULTS, sockets["good"]),
                "no_backend": self.daemon.directory / "missing",
                **sockets,
            })
        except BaseException:
            self.stop()
            raise
