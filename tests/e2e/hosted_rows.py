# SPDX-License-Identifier: Apache-2.0
"""How mail is hosted: rows for test_hosted.py.

What is asked for (`target`), what DNS makes of it (`aliases`, one after the other), whom the
certificate names (`names`) and how the server calls itself (`banner`, `ehlo`) are often four
different things, and all of it is in order as long as TLS verifies. `later` is what has
changed at the second run, besides the node's address, the key and the issuer.
"""

import dataclasses

from hosting import EC_KEY, NODES, NODES6, RSA_KEY

ALIAS = "mail.customer.example"
PROVIDER = "mx7.provider.example"
NEXT_PROVIDER = "mx8.provider.example"
ALIAS_NAME = f"DNS:{ALIAS}"


@dataclasses.dataclass(frozen=True)
class Row:
    id: str
    target: str = ALIAS
    aliases: tuple = ()
    names: str = ALIAS_NAME
    subject: str = "/CN=mail"
    banner: str = f"{PROVIDER} ESMTP Postfix"
    ehlo: str = PROVIDER
    later: dict = dataclasses.field(default_factory=dict)
    tls: str = "starttls"
    addresses: tuple = tuple((address,) for address in NODES)
    key: tuple = EC_KEY
    options: tuple = ()
    certificate: tuple = ()
    machine: str = ""

    def at(self, run):
        """The row as it is at the first (0) or second (1) run."""
        moved = {"banner": f"{NEXT_PROVIDER} ESMTP Postfix", "ehlo": NEXT_PROVIDER}
        return dataclasses.replace(self, **{**moved, **self.later}) if run else self


def names(*listed):
    return ",".join(f"DNS:{name}" for name in listed)


BY_SNI = ("--certificate", "good", "--without-sni", "wrong-name")
NOT_BY_SNI = ("--certificate", "good")
SIX = tuple((address,) for address in NODES6)
MANY = names(*(f"mail.customer-{at}.example" for at in range(99)), ALIAS)
EXIM = ("{0} ESMTP Exim 4.96.2 #2 Tue, 24 Nov 2026 09:00:00 +0000\n"
        "We do not authorize the use of this system to transport unsolicited,\n"
        "and/or bulk e-mail.")

ALIASES = [
    Row("cname_to_provider", aliases=(PROVIDER,)),
    Row("cname_to_provider_implicit", aliases=(PROVIDER,), tls="implicit"),
    Row("cname_chain", aliases=("mail.hosting.example", "pool.provider.example", PROVIDER)),
    Row("address_record_instead_of_cname"),
    Row("provider_asked_directly", target=PROVIDER, names=names(PROVIDER)),
    Row("pool_name_of_the_provider", target="smtp.provider.example",
        names=names("smtp.provider.example"), banner="mx7-eu.core.provider.example ESMTP",
        later={"aliases": ("smtp-us.provider.example",)}),
    Row("provider_name_to_verify", aliases=(PROVIDER,), names=names(PROVIDER),
        options=("--server-name", PROVIDER)),
    Row("alias_leads_to_another_provider_now", aliases=(PROVIDER,),
        later={"aliases": ("in.other-provider.example",), "ehlo": "in1.other-provider.example",
               "banner": "in1.other-provider.example ESMTP ready"}),
    Row("short_name_inside_a_company", target="mailhost", names=names("mailhost"),
        banner="mailhost ESMTP", ehlo="mailhost.corp.example"),
    Row("label_of_63_characters", target="a" * 63 + ".example",
        names=names("a" * 63 + ".example")),
    Row("underscore_in_the_name", target="smtp_out.customer.example",
        names=names("smtp_out.customer.example")),
]

CERTIFICATES = [
    Row("wildcard", names=names("*.customer.example")),
    Row("wildcard_implicit", names=names("*.customer.example"), tls="implicit"),
    Row("wildcard_and_domain", names=names("customer.example", "*.customer.example")),
    Row("list_of_a_hundred_customers", names=MANY),
    Row("list_of_provider_and_customer", names=names(PROVIDER, "*.provider.example", ALIAS)),
    Row("list_of_addresses_and_names", names=f"IP:192.0.2.7,IP:192.0.2.8,{ALIAS_NAME}"),
    Row("common_name_of_the_provider", subject=f"/CN={PROVIDER}"),
    Row("organisation_of_the_provider",
        subject="/C=DE/O=Example Hosting GmbH/CN=*.provider.example"),
    Row("rsa_key", key=RSA_KEY),
    Row("wildcard_becomes_a_list", names=names("*.customer.example"),
        later={"names": names(ALIAS, "www.customer.example")}),
    Row("chosen_by_sni", certificate=BY_SNI, aliases=(PROVIDER,)),
    Row("chosen_by_sni_implicit", certificate=BY_SNI, tls="implicit"),
    Row("wildcard_chosen_by_sni", certificate=BY_SNI, names=names("*.customer.example")),
    Row("chosen_by_sni_then_alone", certificate=BY_SNI, later={"certificate": NOT_BY_SNI}),
]

GREETINGS = [
    Row("banner_of_another_domain", banner="server12.hoster.example ESMTP",
        ehlo="server12.hoster.example"),
    Row("banner_of_a_cluster_node", banner="node-3b.k8s.internal ESMTP Haraka ready",
        later={"banner": "node-9f.k8s.internal ESMTP Haraka ready"}),
    Row("banner_of_a_load_balancer", banner="lb01.dc2.provider.example ESMTP",
        ehlo="backend-17.provider.example",
        later={"banner": "lb02.dc1.provider.example ESMTP", "ehlo": "backend-4.provider.example"}),
    Row("banner_of_a_container", banner="3f2a9c1b77de ESMTP Postfix (Debian/GNU)",
        ehlo="3f2a9c1b77de", later={"banner": "77de3f2a9c1b ESMTP Postfix (Debian/GNU)"}),
    Row("banner_localhost", banner="localhost ESMTP", ehlo="localhost"),
    Row("banner_localhost_localdomain", banner="localhost.localdomain ESMTP Sendmail 8.17.1",
        ehlo="localhost.localdomain"),
    Row("banner_without_a_host", banner="ESMTP ready"),
    Row("banner_is_empty", banner=""),
    Row("banner_is_one_word", banner="ready"),
    Row("banner_is_an_address", banner="[192.0.2.7] ESMTP", ehlo="[192.0.2.7]"),
    Row("banner_is_a_private_address", banner="10.0.0.5 ESMTP", ehlo="10.0.0.5"),
    Row("banner_of_exim_in_three_lines", banner=EXIM.format("server12.hoster.example"),
        later={"banner": EXIM.format("server31.hoster.example")}),
    Row("banner_of_exchange", ehlo="EX01.corp.local Hello [192.0.2.1]",
        banner=f"{ALIAS} Microsoft ESMTP MAIL Service ready at Tue, 24 Nov 2026 09:00:00 +0000",
        later={"banner": "EX02.corp.local Microsoft ESMTP MAIL Service ready"}),
    Row("banner_in_other_case", banner="MAIL.Customer.Example ESMTP",
        later={"banner": "mail.customer.example ESMTP"}),
    Row("banner_in_utf_8", banner="b\u00fccher.example ESMTP ready"),
    Row("banner_gets_lost", banner=f"{PROVIDER} ESMTP", later={"banner": "ESMTP"}),
    Row("banner_of_the_sending_client", banner="probe.example.test ESMTP"),
    Row("ehlo_other_than_banner", banner=f"{ALIAS} ESMTP", ehlo="backend-17.provider.example"),
    Row("ehlo_localhost", banner=f"{ALIAS} ESMTP", ehlo="localhost"),
    Row("ehlo_greets_the_client", ehlo=f"{PROVIDER} Hello probe.example.test [192.0.2.1]"),
]

TARGETS = [
    Row("address", target=NODES[0], names=f"IP:{NODES[0]}",
        addresses=((NODES[0],), (NODES[0],))),
    Row("address_implicit", target=NODES[0], names=f"IP:{NODES[0]}",
        addresses=((NODES[0],), (NODES[0],)), tls="implicit"),
    Row("address_6", target=NODES6[0], names=f"IP:{NODES6[0]}",
        addresses=((NODES6[0],), (NODES6[0],))),
    Row("address_among_names", target=NODES[0], names=f"{ALIAS_NAME},IP:{NODES[0]}",
        addresses=((NODES[0],), (NODES[0],))),
    Row("address_with_a_name_to_verify", target=NODES[0], options=("--server-name", ALIAS),
        addresses=((NODES[0],), (NODES[0],))),
    Row("name_with_ipv6_only", addresses=SIX),
    Row("name_with_both_families", addresses=tuple(zip(NODES, NODES6))),
    Row("moves_to_ipv6", addresses=((NODES[0],), (NODES6[1],))),
    Row("first_node_is_down", addresses=((NODES[0],), (NODES[0], NODES[1]))),
    Row("idn", target="mail.xn--bcher-kva.example", names=names("mail.xn--bcher-kva.example")),
    Row("idn_wildcard", target="mail.xn--bcher-kva.example",
        names=names("*.xn--bcher-kva.example"), banner="xn--bcher-kva.example ESMTP"),
    Row("trailing_dot", target=f"{ALIAS}."),
    Row("trailing_dot_implicit", target=f"{ALIAS}.", tls="implicit"),
    Row("mixed_case", target="Mail.CUSTOMER.Example"),
    Row("mixed_case_in_the_certificate", names=names("MAIL.Customer.EXAMPLE")),
    Row("upper_case_wildcard", names=names("*.CUSTOMER.EXAMPLE"), target="MAIL.customer.example"),
    Row("own_server", machine=ALIAS, banner=f"{ALIAS} ESMTP", ehlo=ALIAS),
    Row("own_server_by_another_name", machine="server12.hoster.example",
        names=names("server12.hoster.example", ALIAS),
        banner="server12.hoster.example ESMTP", ehlo="server12.hoster.example"),
]

# Relays, gateways and tenants with the provider's name in DNS but a banner of their own.
PROVIDERS = [Row(f"provider_{host}", target=host, names=names(host, PROVIDER),
                 tls=("starttls", "implicit")[at % 2], banner=banner, ehlo=banner.split()[0])
             for at, (host, banner) in enumerate([
                 ("smtp.gmail.com", "smtp-relay.customer.example ESMTP"),
                 ("smtp.office365.com", "edge-4.provider.example ready"),
                 ("smtp.mail.yahoo.com", "mta4001.biz.mail.bf1.example ESMTP ready"),
                 ("smtp.mail.me.com", "p00-mailgateway.provider.example"),
                 ("smtp.zoho.eu", "mx.customer.example SMTP Server ready"),
                 ("smtp.yandex.com", "forward500a.mail.example ESMTP"),
                 ("smtp.mail.ru", "ESMTP ready"),
                 ("email-smtp.eu-west-1.amazonaws.com", "ESMTP service ready d-4F6"),
                 ("smtp.sendgrid.net", "SG ESMTP service ready at ismtpd-canary"),
                 ("smtp.mailgun.org", "Mail ready"),
                 ("mail.gmx.net", "mrgmx104 Nemesis ESMTP Service ready"),
                 ("smtp.fastmail.com", "phl-compute-06.internal ESMTP ready"),
                 ("smtp.qq.com", "newxmesmtplogicsvrszc13-1 ESMTP ready"),
                 ("smtp.163.com", "m5 ESMTP ready")])]

# Appliances that are the mail server, and vendors' own servers: public certificates.
APPLIANCES = [
    Row("fortimail", banner="mail.customer.example ESMTP FortiMail Smtpd",
        subject="/CN=mail.customer.example"),
    Row("fortinet_in_the_banner", banner="FortiGate ESMTP Fortinet ready", ehlo="FG100E"),
    Row("sophos_in_the_banner", banner="Sophos ESMTP ready", ehlo="Sophos"),
    Row("sophos_as_organisation", banner="Sophos ESMTP ready",
        subject="/C=GB/O=Sophos Limited/CN=mail.sophos.example"),
    Row("fortinet_as_organisation", subject="/C=US/O=Fortinet, Inc./CN=mail.fortinet.example"),
    Row("netskope_as_organisation", subject="/C=US/O=Netskope Inc./CN=mx.netskope.example"),
    Row("kaspersky_as_organisation", subject="/C=RU/O=AO Kaspersky Lab/CN=*.kaspersky.example",
        banner="ksmg1.customer.example ESMTP Kaspersky Secure Mail Gateway"),
    Row("eset_as_organisation", subject="/C=SK/O=ESET, spol. s r.o./CN=mail.eset.example"),
    Row("zscaler_as_organisation", subject="/C=US/O=Zscaler, Inc./CN=smtp.zscaler.example"),
    Row("barracuda", banner="esp.barracuda.customer.example ESMTP (Barracuda)"),
    Row("sonicwall", banner="sonicwall.customer.example ESMTP SonicWall (Email Security)"),
    Row("watchguard", banner="xcs.customer.example ESMTP WatchGuard XCS ready"),
    Row("trend_micro", banner="imsva ESMTP Trend Micro InterScan Messaging Security"),
    Row("avast_in_the_banner", banner="Avast Business Email Server ESMTP", ehlo="avast"),
]

ROWS = ALIASES + CERTIFICATES + GREETINGS + TARGETS + PROVIDERS + APPLIANCES
