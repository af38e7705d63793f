# SPDX-License-Identifier: Apache-2.0
"""GSSAPI with tickets from a private realm, at Dovecot and at Postfix before it."""

import pytest

from servers import HOST_NAME, TLS_MODES, tools
from servers.dovecot import MECHANISMS, DovecotInstance
from servers.kdc import Kdc
from servers.postfix import PostfixDovecot

SETTINGS = """
import_environment = TZ KRB5_CONFIG={configuration}
auth_krb5_keytab = {keytab}
auth_gssapi_hostname = "$ALL"
"""

STRANGER = "stranger"


@pytest.fixture(scope="module")
def kdc(account):
    realm = Kdc()
    realm.add_user(account.user, account.password)
    realm.add_user(STRANGER, account.password)
    yield realm
    realm.stop()


@pytest.fixture(scope="module")
def gssapi_dovecot(account, pki, kdc):
    """Dovecot looks for submission/host, clients ask smtp/host: it has both keys."""
    tools.require_file("/usr/lib/dovecot/modules/auth/libmech_gssapi.so",
                       "dovecot-gssapi")
    keytab = kdc.daemon.directory / "keytab"
    for service in ("smtp", "submission"):
        kdc.add_service(f"{service}/{HOST_NAME}", keytab)
    tools.run(["chgrp", "dovecot", keytab])
    keytab.chmod(0o640)
    settings = SETTINGS.format(
        configuration=kdc.environment()["KRB5_CONFIG"], keytab=keytab
    )
    instance = DovecotInstance(account, pki.servers["good"], "gssapi",
                               (*MECHANISMS, "GSSAPI"), settings)
    yield instance
    instance.stop()


@pytest.fixture(scope="module")
def gssapi_postfix(gssapi_dovecot, pki):
    server = PostfixDovecot({"good": gssapi_dovecot.auth_socket}, pki)
    yield server
    server.stop()


@pytest.fixture(params=["dovecot", "postfix-dovecot"])
def server(request):
    """A port per TLS mode and the server's log."""
    if request.param == "dovecot":
        instance = request.getfixturevalue("gssapi_dovecot")
        return instance.ports, instance.log
    postfix = request.getfixturevalue("gssapi_postfix")
    return {tls: postfix.port(tls) for tls in TLS_MODES}, postfix.log()


def attempt(plugin, account, server, tls, environment, mechanism="GSSAPI"):
    ports, log = server
    mark = log.mark()
    outcome = plugin.log_in(ports[tls], tls, mechanism, account.user, account.password,
                            environment=environment)
    return outcome, log.login_attempts(mark)


@pytest.mark.parametrize("tls", TLS_MODES)
def test_ticket_logs_in(plugin, account, kdc, server, tls):
    environment = kdc.environment(kdc.log_in(account.user, account.password))
    outcome, logins = attempt(plugin, account, server, tls, environment)
    assert outcome.verdict()[:2] == (0, "none"), str(outcome)
    assert outcome.report["mechanism"] == "GSSAPI", str(outcome)
    assert logins == 1, str(outcome)


@pytest.mark.parametrize("tls", TLS_MODES)
def test_ticket_of_another_user_is_credentials(plugin, account, kdc, server, tls):
    """The plugin asks to be `-U`; with another's ticket the server must refuse that."""
    environment = kdc.environment(kdc.log_in(STRANGER, account.password))
    outcome, logins = attempt(plugin, account, server, tls, environment)
    assert outcome.verdict()[:2] == (2, "credentials"), str(outcome)
    assert logins == 1, str(outcome)


@pytest.mark.parametrize("tls", TLS_MODES)
def test_no_ticket_is_the_probes_own_fault(plugin, account, kdc, server, tls):
    """No server has refused anything yet, so nobody's password is in question."""
    outcome, _ = attempt(plugin, account, server, tls, kdc.environment())
    assert outcome.verdict()[:2] == (3, "local"), str(outcome)


def test_dead_kdc_is_not_credentials(plugin, account, kdc, server):
    """A user's ticket without a service ticket: the server is never asked."""
    environment = kdc.environment(kdc.log_in(account.user, account.password))
    kdc.daemon.end()
    try:
        outcome, _ = attempt(plugin, account, server, "starttls", environment)
    finally:
        kdc.start()
    assert outcome.exit_code in (2, 3), str(outcome)
    assert outcome.report["cause"] not in ("none", "credentials"), str(outcome)


def test_password_serves_where_gssapi_is_offered_too(plugin, account, kdc, server):
    """Who has a password and no ticket did not ask for GSSAPI."""
    outcome, logins = attempt(
        plugin, account, server, "starttls", kdc.environment(), "auto"
    )
    assert outcome.verdict()[:2] == (0, "none"), str(outcome)
    assert outcome.report["mechanism"] != "GSSAPI", str(outcome)
    assert "GSSAPI" in outcome.report["offered"], str(outcome)
    assert logins == 1, str(outcome)
