# SPDX-License-Identifier: Apache-2.0
"""A private MIT Kerberos realm: its KDC, tickets of users, keys of services."""

from servers import tools
from servers.daemon import Daemon, accepts

REALM = "EXAMPLE.TEST"

# Without canonicalisation nothing asks a name server: the names in the realm are the
# names that clients are given.
CLIENT_CONFIGURATION = """
[libdefaults]
	default_realm = {realm}
	dns_lookup_kdc = false
	dns_lookup_realm = false
	dns_canonicalize_hostname = false
	rdns = false
	udp_preference_limit = 1
[realms]
	{realm} = {{
		kdc = 127.0.0.1:{port}
	}}
[domain_realm]
	.example.test = {realm}
	localhost = {realm}
"""

KDC_CONFIGURATION = """
[kdcdefaults]
	kdc_listen = ""
	kdc_tcp_listen = 127.0.0.1:{port}
[realms]
	{realm} = {{
		database_name = {directory}/principal
		key_stash_file = {directory}/stash
		acl_file = {directory}/acl
	}}
[logging]
	kdc = FILE:{directory}/kdc.log
	admin_server = FILE:{directory}/admin.log
	default = FILE:{directory}/default.log
"""


class Kdc:
    """Starts with an empty realm; principals are added while it runs."""

    def __init__(self):
        self._kadmin = tools.require("kadmin.local", "krb5-admin-server")
        self._kinit = tools.require("kinit", "krb5-user")
        self.daemon = Daemon("kdc")
        self._port = self.daemon.ports.take()
        directory = self.daemon.directory
        self._client = {"KRB5_CONFIG": str(directory / "krb5.conf")}
        self._admin = {
            "PATH": tools.SEARCH_PATH,
            "KRB5_KDC_PROFILE": str(directory / "kdc.conf"),
            **self._client,
        }
        try:
            self._write_configuration()
            tools.run([tools.require("kdb5_util", "krb5-kdc"), "create", "-s",
                       "-r", REALM, "-P", "only-for-this-run"], env=self._admin)
            self.start()
        except BaseException:
            self.stop()
            raise

    def start(self):
        self.daemon.start([tools.require("krb5kdc", "krb5-kdc"), "-n"], self._admin,
                          lambda: accepts(self._port))

    def _write_configuration(self):
        directory = self.daemon.directory
        fields = {"directory": directory, "realm": REALM, "port": self._port}
        (directory / "krb5.conf").write_text(CLIENT_CONFIGURATION.format(**fields))
        (directory / "kdc.conf").write_text(KDC_CONFIGURATION.format(**fields))

    def environment(self, cache=None):
        """What a Kerberos program needs to find this realm, and perhaps its tickets."""
        tickets = self.daemon.directory / "no-tickets" if cache is None else cache
        return {**self._client, "KRB5CCNAME": f"FILE:{tickets}"}

    def add_user(self, name, password):
        self._admin_command(f"addprinc -pw {password} {name}")

    def add_service(self, principal, keytab):
        """Gives the service a random key and adds it to the keytab."""
        self._admin_command(f"addprinc -randkey {principal}")
        self._admin_command(f"ktadd -k {keytab} {principal}")

    def _admin_command(self, command):
        tools.run([self._kadmin, "-r", REALM, "-q", command], env=self._admin)

    def log_in(self, name, password):
        """Returns the cache that holds the user's ticket."""
        cache = self.daemon.directory / f"tickets-of-{name}"
        secret = self.daemon.directory / "password"
        secret.touch(mode=0o600)
        secret.write_text(password + "\n")
        with open(secret, "rb") as stdin:
            tools.run([self._kinit, name], stdin=stdin,
                      env={"PATH": tools.SEARCH_PATH, **self.environment(cache)})
        secret.unlink()
        return cache

    def stop(self):
        self.daemon.stop()
