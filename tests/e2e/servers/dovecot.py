# SPDX-License-Identifier: Apache-2.0
"""Dovecot's submission service, and its authentication service for Postfix."""

import os
import re

from servers import CERTIFICATE_FAULTS, HOST_NAME, TLS_MODES, tools
from servers.daemon import Daemon
from servers.session_log import SessionLog

MECHANISMS = ("PLAIN", "LOGIN", "CRAM-MD5", "DIGEST-MD5", "SCRAM-SHA-1",
              "SCRAM-SHA-256")

# A mechanism that this Dovecot does not have would end its authentication service
# and leave every client hanging, so the list above is exact.
#
# The penalty makes clients of one address wait after failed logins, right ones too:
# without its socket there is no penalty.
CONFIGURATION = """
protocols = submission
listen = 127.0.0.1
base_dir = {directory}/run
state_dir = {directory}/state
log_path = {directory}/log
auth_verbose = yes
hostname = {host_name}
ssl = required
ssl_cert = <{certificate}
ssl_key = <{key}
auth_mechanisms = {mechanisms}
auth_failure_delay = 0
mail_location = maildir:~/mail
submission_relay_host = 127.0.0.1
submission_relay_port = {closed_port}
{passdb}
userdb {{
	driver = static
	args = uid=nobody gid=nogroup home={directory}/home
}}
service anvil {{
	unix_listener anvil-auth-penalty {{
		mode = 0
	}}
}}
service auth {{
	unix_listener {directory}/auth-for-postfix {{
		mode = 0660
		user = {socket_user}
	}}
}}
service submission-login {{
	inet_listener submission {{
		port = {starttls_port}
	}}
	inet_listener submissions {{
		port = {implicit_port}
		ssl = yes
	}}
}}
"""

USER_FILE = """
passdb {{
	driver = passwd-file
	args = {directory}/users
}}
"""

# Exit code 111 is checkpassword's word for "cannot tell now".
BROKEN_BACKEND = """
passdb {{
	driver = checkpassword
	args = {directory}/checkpassword
}}
"""

SESSION_END = re.compile(r"submission-login: .*(Login: |Disconnected|Aborted login)")
FAILED_ATTEMPTS = re.compile(r"\(auth failed, (\d+) attempts")
OTHER_ATTEMPT = re.compile(
    r"Login: |auth service reported temporary failure|didn't finish SASL auth"
)


def attempts(line):
    failed = FAILED_ATTEMPTS.search(line)
    return int(failed[1]) if failed else len(OTHER_ATTEMPT.findall(line))


class DovecotInstance:
    """One Dovecot: it has one certificate, so each certificate fault is an instance."""

    def __init__(self, account, certificate, variant="good", mechanisms=MECHANISMS,
                 settings="", environment=None):
        program = tools.require("dovecot", "dovecot-core")
        tools.require_file("/usr/lib/dovecot/submission-login", "dovecot-submissiond")
        self.daemon = Daemon(f"dovecot-{variant.replace('_', '-')}")
        self.ports = {tls: self.daemon.ports.take() for tls in TLS_MODES}
        self.auth_socket = self.daemon.directory / "auth-for-postfix"
        self.log = SessionLog(self.daemon.directory / "log", SESSION_END, attempts)
        try:
            self._write_users(account)
            self._write_configuration(certificate, variant, mechanisms, settings)
            configuration = self.daemon.directory / "dovecot.conf"
            self.daemon.start([program, "-F", "-c", configuration], environment,
                              lambda: self.log.greeted(self.ports["starttls"]))
        except BaseException:
            self.stop()
            raise

    def stop(self):
        self.daemon.stop()

    def _write_users(self, account):
        directory = self.daemon.directory
        users = directory / "users"
        users.write_text(f"{account.user}:{{PLAIN}}{account.password}\n")
        tools.run(["chown", "dovecot:dovecot", users])
        users.chmod(0o600)
        backend = directory / "checkpassword"
        backend.write_text("#!/bin/sh\nexit 111\n")
        backend.chmod(0o755)
        (directory / "home").mkdir()
        tools.run(["chown", "nobody:nogroup", directory / "home"])

    def _write_configuration(self, certificate, variant, mechanisms, settings):
        directory = self.daemon.directory
        passdb = BROKEN_BACKEND if variant == "backend_down" else USER_FILE
        configuration = directory / "dovecot.conf"
        configuration.write_text(settings + CONFIGURATION.format(
            directory=directory,
            host_name=HOST_NAME,
            certificate=certificate.certificate,
            key=certificate.key,
            mechanisms=" ".join(mechanisms).lower(),
            passdb=passdb.format(directory=directory),
            socket_user="postfix" if os.path.exists("/usr/sbin/postfix") else "root",
            closed_port=self.daemon.ports.take(),
            starttls_port=self.ports["starttls"],
            implicit_port=self.ports["implicit"],
        ))


class Dovecot:
    """The submission server in all its variants, each started when first asked for."""

    name = "dovecot"
    mechanisms = MECHANISMS

    def __init__(self, account, pki):
        self._account = account
        self._pki = pki
        self._instances = {}

    def instance(self, variant):
        if variant not in self._instances:
            fault = variant if variant in CERTIFICATE_FAULTS else "good"
            self._instances[variant] = DovecotInstance(
                self._account, self._pki.servers[fault], variant
            )
        return self._instances[variant]

    def port(self, tls, variant="good"):
        return self.instance(variant).ports[tls]

    def log(self, variant="good"):
        return self.instance(variant).log

    def stop(self):
        for instance in self._instances.values():
            instance.daemon.terminate()
        for instance in self._instances.values():
            instance.stop()
