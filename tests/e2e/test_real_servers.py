# SPDX-License-Identifier: Apache-2.0
"""The plugin against Dovecot, Postfix and Exim: every mechanism, every kind of refusal.

The id of a row reads server/tls/mechanism/case.
"""

import smtplib
import ssl

import pytest

from servers import CERTIFICATE_FAULTS, HOST_NAME, TLS_MODES
from servers.dovecot import Dovecot
from servers.exim import Exim
from servers.pki import Pki
from servers.postfix import PostfixCyrus, PostfixDovecot

SERVERS = (Dovecot, PostfixCyrus, PostfixDovecot, Exim)
UNKNOWN_USER = "nobody-here"

# What each server answers when it cannot reach its users.
BACKEND_DOWN_REPLY = {"dovecot": 454, "postfix-cyrus": 454, "exim": 435}

CERTIFICATE_REASONS = {
    "untrusted": {"cert_untrusted", "cert_self_signed"},
    "self_signed": {"cert_self_signed"},
    "expired": {"cert_expired"},
    "wrong_name": {"cert_name_mismatch"},
}


def rows(case, kinds=SERVERS, mechanisms=None):
    return [
        pytest.param(kind.name, tls, mechanism,
                     id=f"{kind.name}/{tls}/{mechanism}/{case}")
        for kind in kinds
        for tls in TLS_MODES
        for mechanism in mechanisms or kind.mechanisms
    ]


@pytest.fixture
def server(request):
    """The running server of the row; it stays for the rows to come."""
    return request.getfixturevalue(request.param.replace("-", "_"))


def attempt(plugin, server, variant, tls, mechanism, user, password):
    """One run of the plugin; returns its outcome and the logins the server counted."""
    port = server.port(tls, variant)
    mark = server.log(variant).mark()
    outcome = plugin.log_in(port, tls, mechanism, user, password)
    return outcome, server.log(variant).login_attempts(mark)


@pytest.mark.parametrize("server,tls,mechanism", rows("right"), indirect=["server"])
def test_right_password_logs_in(plugin, account, server, tls, mechanism):
    outcome, logins = attempt(
        plugin, server, "good", tls, mechanism, account.user, account.password
    )
    assert outcome.verdict()[:2] == (0, "none"), str(outcome)
    assert outcome.report["mechanism"] == mechanism, str(outcome)
    assert logins == 1, str(outcome)


@pytest.mark.parametrize("server,tls,mechanism", rows("wrong"), indirect=["server"])
def test_wrong_password_is_credentials(plugin, account, server, tls, mechanism):
    outcome, logins = attempt(
        plugin, server, "good", tls, mechanism, account.user, "x" + account.password
    )
    assert_refused_credentials(outcome, logins)


@pytest.mark.parametrize("server,tls,mechanism", rows("unknown"), indirect=["server"])
def test_unknown_user_is_credentials(plugin, account, server, tls, mechanism):
    outcome, logins = attempt(
        plugin, server, "good", tls, mechanism, UNKNOWN_USER, account.password
    )
    assert_refused_credentials(outcome, logins)


def assert_refused_credentials(outcome, logins):
    assert outcome.verdict()[:2] == (2, "credentials"), str(outcome)
    assert outcome.report["phase"] == "auth", str(outcome)
    assert outcome.report["reply"]["code"] == 535, str(outcome)
    assert logins == 1, str(outcome)


@pytest.mark.parametrize(
    "server,tls,mechanism",
    rows("backend_down", [Dovecot, PostfixCyrus, Exim]),
    indirect=["server"],
)
def test_dead_backend_is_unavailable(plugin, account, server, tls, mechanism):
    outcome, logins = attempt(
        plugin, server, "backend_down", tls, mechanism, account.user, account.password
    )
    expected = (2, "unavailable", "auth_backend_down")
    assert outcome.verdict() == expected, str(outcome)
    assert outcome.report["phase"] == "auth", str(outcome)
    code = outcome.report["reply"]["code"]
    assert code == BACKEND_DOWN_REPLY[server.name], str(outcome)
    assert logins == 1, str(outcome)


@pytest.mark.parametrize(
    "server,tls,mechanism",
    rows("backend_down_says_535", [PostfixDovecot]),
    indirect=["server"],
)
def test_hidden_dead_backend_is_not_certain(plugin, account, server, tls, mechanism):
    """Postfix tells of Dovecot's temporary failure with the words of a wrong password.

    Nobody can know better from outside, so the verdict may be credentials, but it must
    not pretend to be certain.
    """
    outcome, logins = attempt(
        plugin, server, "backend_down", tls, mechanism, account.user, account.password
    )
    assert outcome.verdict()[:2] == (2, "credentials"), str(outcome)
    assert outcome.report["confidence"] in ("likely", "possible"), str(outcome)
    assert logins == 1, str(outcome)


@pytest.mark.parametrize(
    "server,tls,mechanism",
    rows("no_backend", [PostfixDovecot], ["PLAIN"]),
    indirect=["server"],
)
def test_server_that_gives_up_is_unavailable(plugin, account, server, tls, mechanism):
    """Without Dovecot's socket Postfix ends as soon as the session is encrypted.

    Its process dies, so the kernel closes for it: with a reset when the EHLO that
    follows STARTTLS arrived unread, else in good order.
    """
    outcome, logins = attempt(
        plugin, server, "no_backend", tls, mechanism, account.user, account.password
    )
    ending = {("unavailable", "closed_by_server")}
    if tls == "starttls":
        ending.add(("network", "connection_reset"))
    assert outcome.exit_code == 2, str(outcome)
    assert outcome.verdict()[1:] in ending, str(outcome)
    assert logins == 0, str(outcome)


@pytest.mark.parametrize("fault", CERTIFICATE_FAULTS)
@pytest.mark.parametrize(
    "server,tls,mechanism",
    rows("certificate", mechanisms=["PLAIN"]),
    indirect=["server"],
)
def test_bad_certificate_stops_before_login(
    plugin, account, server, tls, mechanism, fault
):
    outcome, logins = attempt(
        plugin, server, fault, tls, mechanism, account.user, account.password
    )
    assert outcome.verdict()[:2] == (2, "tls"), str(outcome)
    assert outcome.report["reason"] in CERTIFICATE_REASONS[fault], str(outcome)
    assert outcome.report["phase"] == "tls", str(outcome)
    assert logins == 0, str(outcome)


@pytest.mark.parametrize(
    "server,tls,mechanism", rows("best", mechanisms=["auto"]), indirect=["server"]
)
def test_auto_takes_one_that_works(plugin, account, server, tls, mechanism):
    outcome, logins = attempt(
        plugin, server, "good", tls, mechanism, account.user, account.password
    )
    assert outcome.verdict()[:2] == (0, "none"), str(outcome)
    assert outcome.report["mechanism"] in server.mechanisms, str(outcome)
    assert set(outcome.report["offered"]) == set(server.mechanisms), str(outcome)
    assert logins == 1, str(outcome)


@pytest.mark.parametrize(
    "server,tls,mechanism",
    rows("not_offered", [Dovecot, PostfixDovecot], ["NTLM"])
    + rows("not_offered", [PostfixCyrus], ["GSSAPI"])
    + rows("not_offered", [Exim], ["SCRAM-SHA-256"]),
    indirect=["server"],
)
def test_mechanism_not_offered_is_not_tried(plugin, account, server, tls, mechanism):
    """Postfix would answer it with 535, as if the password were wrong."""
    outcome, logins = attempt(
        plugin, server, "good", tls, mechanism, account.user, account.password
    )
    expected = (2, "server_config", "mechanism_unsupported")
    assert outcome.verdict() == expected, str(outcome)
    assert logins == 0, str(outcome)


@pytest.mark.parametrize("tls", TLS_MODES)
@pytest.mark.parametrize("case", ["right", "wrong"])
def test_client_certificate_is_the_login(plugin, pki, exim, tls, case):
    """Exim believes the mail address in a client certificate (EXTERNAL)."""
    user = "probe@example.test"
    owner = user if case == "right" else "stranger@example.test"
    certificate = pki.client(owner)
    mark = exim.log().mark()
    outcome = plugin.log_in(
        exim.port(tls), tls, "EXTERNAL", user, "not-used",
        "--client-cert", str(certificate.certificate),
        "--client-key", str(certificate.key),
    )
    expected = (0, "none") if case == "right" else (2, "credentials")
    assert outcome.verdict()[:2] == expected, str(outcome)
    assert outcome.report["mechanism"] == "EXTERNAL", str(outcome)
    assert exim.log().login_attempts(mark) == 1, str(outcome)


@pytest.mark.parametrize(
    "server,tls,mechanism", rows("offer", mechanisms=["any"]), indirect=["server"]
)
def test_rows_above_cover_every_mechanism_offered(pki, server, tls, mechanism):
    """Asked with another client, so that the plugin's own list is not its witness."""
    offered = mechanisms_offered(server.port(tls), tls, pki)
    assert offered == set(server.mechanisms)


class NamedSmtp(smtplib.SMTP):
    """SMTP over TLS from the first byte, with the name of the certificate."""

    def __init__(self, port, context):
        self._context = context
        super().__init__("127.0.0.1", port, local_hostname="probe.example.test",
                         timeout=20)

    def _get_socket(self, host, port, timeout):
        plain = super()._get_socket(host, port, timeout)
        return self._context.wrap_socket(plain, server_hostname=HOST_NAME)


def mechanisms_offered(port, tls, pki: Pki):
    context = ssl.create_default_context(cafile=pki.root)
    if tls == "implicit":
        client = NamedSmtp(port, context)
    else:
        client = smtplib.SMTP("127.0.0.1", port, "probe.example.test", timeout=20)
        # The name to verify is the one that smtplib believes it called.
        client._host = HOST_NAME
        client.starttls(context=context)
    with client:
        client.ehlo()
        return set(client.esmtp_features["auth"].split())
