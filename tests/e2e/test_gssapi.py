# SPDX-License-Identifier: Apache-2.0
"""GSSAPI with tickets from a private realm, at Dovecot and at Postfix before it."""

import os

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

# GNU SASL's Kerberos loses 16 bytes a process in gss_import_name; the leak checker
# must not take that for the plugin's. Programs without it do not read this.
LEAK_OF_KERBEROS = "leak:libgssapi_krb5.so\n"


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


@pytest.fixture
def server(request):
    """A port per TLS mode and the server's log."""
    if request.param == "dovecot":
        instance = request.getfixturevalue("gssapi_dovecot")
        return instance.ports, instance.log
    postfix = request.getfixturevalue("gssapi_postfix")
    return {tls: postfix.port(tls) for tls in TLS_MODES}, postfix.log()


@pytest.fixture(scope="module")
def leak_options(tmp_path_factory):
    suppressions = tmp_path_factory.mktemp("leaks") / "suppressions"
    suppressions.write_text(LEAK_OF_KERBEROS)
    options = f"suppressions={suppressions}:print_suppressions=0"
    given = os.environ.get("LSAN_OPTIONS")
    return {"LSAN_OPTIONS": f"{given}:{options}" if given else options}


@pytest.fixture
def attempt(plugin, account, server, leak_options):
    """Runs the plugin with tickets or without; returns its outcome and the logins."""
    ports, log = server

    def run(tls, kerberos, mechanism="GSSAPI"):
        mark = log.mark()
        outcome = plugin.log_in(
            ports[tls], tls, mechanism, account.user, account.password,
            environment={**leak_options, **kerberos},
        )
        return outcome, log.login_attempts(mark)

    return run


def rows(case, mechanism="GSSAPI"):
    """Runs a test at each server; the id of a row reads server/tls/mechanism/case."""
    return pytest.mark.parametrize(
        "server,tls",
        [
            pytest.param(name, tls, id=f"{name}/{tls}/{mechanism}/{case}")
            for name in ("dovecot", "postfix-dovecot")
            for tls in TLS_MODES
        ],
        indirect=["server"],
    )


@rows("right")
def test_ticket_logs_in(attempt, account, kdc, tls):
    environment = kdc.environment(kdc.log_in(account.user, account.password))
    outcome, logins = attempt(tls, environment)
    assert outcome.verdict()[:2] == (0, "none"), str(outcome)
    assert outcome.report["mechanism"] == "GSSAPI", str(outcome)
    assert logins == 1, str(outcome)


@rows("ticket_of_another")
def test_ticket_of_another_user_is_credentials(attempt, account, kdc, tls):
    """The plugin asks to be `-U`; with another's ticket the server must refuse that."""
    environment = kdc.environment(kdc.log_in(STRANGER, account.password))
    outcome, logins = attempt(tls, environment)
    assert outcome.verdict()[:2] == (2, "credentials"), str(outcome)
    assert logins == 1, str(outcome)


@rows("no_ticket")
def test_no_ticket_is_the_probes_own_fault(attempt, kdc, tls):
    """No server has refused anything yet, so nobody's password is in question."""
    outcome, _ = attempt(tls, kdc.environment())
    assert outcome.verdict()[:2] == (3, "local"), str(outcome)


@rows("kdc_down")
def test_dead_kdc_is_not_credentials(attempt, account, kdc, tls):
    """A user's ticket without a service ticket: the server is never asked."""
    environment = kdc.environment(kdc.log_in(account.user, account.password))
    kdc.daemon.end()
    try:
        outcome, _ = attempt(tls, environment)
    finally:
        kdc.start()
    assert outcome.exit_code in (2, 3), str(outcome)
    assert outcome.report["cause"] not in ("none", "credentials"), str(outcome)


@rows("no_ticket", "auto")
def test_password_serves_where_gssapi_is_offered_too(attempt, kdc, tls):
    """Who has a password and no ticket did not ask for GSSAPI."""
    outcome, logins = attempt(tls, kdc.environment(), "auto")
    assert outcome.verdict()[:2] == (0, "none"), str(outcome)
    assert outcome.report["mechanism"] != "GSSAPI", str(outcome)
    assert "GSSAPI" in outcome.report["offered"], str(outcome)
    assert logins == 1, str(outcome)
