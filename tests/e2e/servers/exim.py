# SPDX-License-Identifier: Apache-2.0
"""Exim, unpacked by `unpack-exim` beside this file: its package excludes Postfix."""

import pathlib
import pwd
import re
import shutil
import sysconfig

from servers import CERTIFICATE_FAULTS, HOST_NAME, TLS_MODES, tools
from servers.daemon import Daemon
from servers.session_log import SessionLog

UNPACK = pathlib.Path(__file__).with_name("unpack-exim")

# The lookups hand an unknown user on as a forced failure (535); a user file that is
# not there defers (435).
CONFIGURATION = r"""
CERTIFICATE = {directory}/tls/${{extract{{port$received_port}}{{{certificates}}}}}
primary_hostname = {host_name}
exim_path = {program}
spool_directory = {directory}/spool
log_file_path = {directory}/spool/%slog
pid_file_path = {directory}/pid
log_selector = +smtp_connection
local_interfaces = 127.0.0.1
daemon_smtp_ports = {ports}
tls_on_connect_ports = {implicit_ports}
host_lookup =
rfc1413_query_timeout = 0s
keep_environment =
tls_advertise_hosts = *
tls_certificate = CERTIFICATE.pem
tls_privatekey = CERTIFICATE.key
tls_try_verify_hosts = *
tls_verify_certificates = {directory}/tls/root.pem
auth_advertise_hosts = ${{if def:tls_in_cipher{{*}}}}
acl_smtp_auth = count

USERS = {directory}/${{extract{{port$received_port}}{{{user_files}}}}}
PASSWORD_OF_1 = ${{lookup{{$auth1}}lsearch{{USERS}}{{$value}}fail}}
PASSWORD_OF_2 = ${{lookup{{$auth2}}lsearch{{USERS}}{{$value}}fail}}

begin acl

count:
  accept
    logwrite = {attempt}

begin authenticators

plain:
  driver = plaintext
  public_name = PLAIN
  server_prompts = :
  server_condition = ${{if eq{{$auth3}}{{PASSWORD_OF_2}}}}
  server_set_id = $auth2

login:
  driver = plaintext
  public_name = LOGIN
  server_prompts = <| Username: | Password:
  server_condition = ${{if eq{{$auth2}}{{PASSWORD_OF_1}}}}
  server_set_id = $auth1

cram_md5:
  driver = cram_md5
  public_name = CRAM-MD5
  server_secret = PASSWORD_OF_1
  server_set_id = $auth1

ntlm:
  driver = spa
  public_name = NTLM
  server_password = PASSWORD_OF_1
  server_set_id = $auth1

external:
  driver = external
  public_name = EXTERNAL
  server_advertise_condition = ${{if eq{{$tls_in_certificate_verified}}{{1}}}}
  server_param2 = ${{certextract{{subj_altname,mail,>:}}{{$tls_in_peercert}}}}
  server_condition = ${{if inlisti{{$auth1}}{{$auth2}}}}
  server_set_id = $auth1
"""

# A handshake that fails with implicit TLS is the only line of its session.
SESSION_END = re.compile(
    r"SMTP connection from .* (closed by|lost)"
    r"|TLS error on connection from \[127\.0\.0\.1\] \(gnutls_handshake\)"
)
ATTEMPT = "login attempt"


def attempts(line):
    return int(line.endswith(ATTEMPT))


class Exim:
    """One Exim; every variant is a pair of its ports."""

    name = "exim"
    mechanisms = ("PLAIN", "LOGIN", "CRAM-MD5", "NTLM")

    def __init__(self, account, pki):
        root = pathlib.Path(tools.run([UNPACK]).splitlines()[-1])
        self._program = root / "usr/sbin/exim4"
        self.daemon = Daemon(self.name)
        self._ports = {
            (tls, variant): self.daemon.ports.take()
            for variant in ("good", "backend_down", *CERTIFICATE_FAULTS)
            for tls in TLS_MODES
        }
        directory = self.daemon.directory
        self._log = SessionLog(directory / "spool/mainlog", SESSION_END, attempts)
        try:
            self._write_files(account, pki)
            self._write_configuration()
            # Without -q: a queue runner would be executed anew, without its libraries.
            self.daemon.start(
                [self._program, "-C", directory / "exim.conf", "-bdf"],
                self._environment(root),
                lambda: self._log.greeted(self.port("starttls")),
            )
        except BaseException:
            self.stop()
            raise

    def _environment(self, root):
        """Its libraries, and the user that Exim's name for itself stands for.

        Debian's Exim wants the user Debian-exim, whom only an installation creates;
        nss_wrapper shows it one, and nobody else has to know.
        """
        directory = self.daemon.directory
        nobody = pwd.getpwnam("nobody")
        (directory / "passwd").write_text(
            "root:x:0:0:root:/:/bin/false\n"
            f"Debian-exim:x:{nobody.pw_uid}:{nobody.pw_gid}:Exim:/:/bin/false\n"
        )
        (directory / "group").write_text(
            f"root:x:0:\nmail:x:8:\nDebian-exim:x:{nobody.pw_gid}:\n"
        )
        triplet = sysconfig.get_config_var("MULTIARCH")
        wrapper = f"/usr/lib/{triplet}/libnss_wrapper.so"
        return {
            "LD_LIBRARY_PATH": f"{root}/usr/lib/{triplet}:{root}/usr/lib",
            "LD_PRELOAD": tools.require_file(wrapper, "libnss-wrapper"),
            "NSS_WRAPPER_PASSWD": str(directory / "passwd"),
            "NSS_WRAPPER_GROUP": str(directory / "group"),
        }

    def _write_files(self, account, pki):
        """Everything Exim opens as its own user, so all of it is that user's."""
        directory = self.daemon.directory
        (directory / "spool").mkdir()
        (directory / "tls").mkdir(mode=0o700)
        for variant, served in pki.servers.items():
            shutil.copy(served.certificate, directory / "tls" / f"{variant}.pem")
            shutil.copy(served.key, directory / "tls" / f"{variant}.key")
        shutil.copy(pki.root, directory / "tls/root.pem")
        users = directory / "users"
        users.touch(mode=0o600)
        users.write_text(f"{account.user}: {account.password}\n")
        owned = [directory / name for name in ("spool", "tls", "users")]
        tools.run(["chown", "-R", "nobody:nogroup", *owned])

    def _write_configuration(self):
        directory = self.daemon.directory
        (directory / "exim.conf").write_text(CONFIGURATION.format(
            directory=directory,
            program=self._program,
            host_name=HOST_NAME,
            attempt=ATTEMPT,
            ports=" : ".join(str(port) for port in self._ports.values()),
            implicit_ports=" : ".join(
                str(port) for (tls, _), port in self._ports.items() if tls == "implicit"
            ),
            certificates=self._by_port(certificate_of),
            user_files=self._by_port(user_file_of),
        ))

    def _by_port(self, meaning):
        """A list for Exim's ${extract}: what each port stands for."""
        return " ".join(
            f"port{port}={meaning(variant)}"
            for (_, variant), port in self._ports.items()
        )

    def port(self, tls, variant="good"):
        return self._ports[tls, variant]

    def log(self, variant="good"):
        return self._log

    def stop(self):
        self.daemon.stop()


def certificate_of(variant):
    return variant if variant in CERTIFICATE_FAULTS else "good"


def user_file_of(variant):
    return "missing" if variant == "backend_down" else "users"
