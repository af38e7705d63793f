/* SPDX-License-Identifier: Apache-2.0 */
#include "probe/verdict.h"

#include <stdio.h>

#include "tests/unit/recorded.h"
#include "tests/unit/row.h"

/* Beginnings of sessions; the rows say how they go on. */
static const char lookup[] = "0.000 * resolve mx.example\n";
static const char dialling[] = "0.000 * connect 192.0.2.7:587\n";
static const char connected[] = "0.000 * connect 192.0.2.7:587\n0.010 * connected\n";
static const char greeting[] = RECORDED_GREETING;
static const char starttls[] = RECORDED_GREETING "0.050 < 250-mx.example\n"
						 "0.050 < 250 STARTTLS\n"
						 "0.050 > STARTTLS\n";
static const char handshake[] = RECORDED_STARTTLS "0.060 * tls start\n";
static const char implicit[] = "0.000 * connect 192.0.2.7:465\n0.010 * connected\n"
			       "0.010 * tls start\n";
static const char certificate[] =
	RECORDED_STARTTLS "0.060 * tls start\n" RECORDED_CERTIFICATE;
static const char ehlo_tls[] = RECORDED_STARTTLS "0.060 * tls start\n"
						 "0.070 * verify 0 ok\n"
						 "0.070 * tls done TLSv1.3 X\n"
						 "0.080 > EHLO probe.example\n";
static const char encrypted[] = RECORDED_ENCRYPTED;
static const char login[] = RECORDED_LOGIN;
static const char clear_login[] = RECORDED_CLEARTEXT "0.100 > AUTH PLAIN <redacted>\n";
static const char asked[] = RECORDED_ENCRYPTED "0.100 > AUTH LOGIN\n";

/* What a public authority's leaf looks like when the intermediate is missing. */
#define LEAF          "0.08 * certificate 0 subject=\"CN=a\" issuer=\"CN=b\" issuer_url=yes\n"
#define REPLIED(line) "0.15 < " line "\n0.15 * end reply\n"

/* What is known from before, of other targets, and from the second look. */
#define LAST(facts)     "0 * last good 2026-01-01T00:00:00Z " facts "\n"
#define KEY             "00000000000000000000000000000000000000000000000000000000000000aa"
#define AVAST           "0.08 * interceptor antivirus \"Avast\" in certificate 1 issuer\n"
#define FORTIGATE       "0.08 * interceptor firewall \"FortiGate\" in certificate 0 issuer\n"
#define OWN_NAME        "0.08 * own name answers\n"
#define NEARBY          "0.1 * tcp rtt=0.001000 min_rtt=0.001000 unacked=0\n"
#define FAR             "0.1 * tcp rtt=0.100000 min_rtt=0.100000 unacked=0\n"
#define LOST            "0.9 * tcp rtt=0.010000 retransmits=4 retrying=3 unacked=1\n"
#define PORT_ANSWERS    "1 * look port 465 answered\n"
#define SILENT_PORTS    "1 * look port 465 silent\n1 * look port 25 silent\n"
#define CONTROL_ANSWERS "1 * look control a.example:587 answered\n"

static const char refused[] = RECORDED_LOGIN;
static const char keyed[] =
	RECORDED_STARTTLS "0.060 * tls start\n"
			  "0.08 * certificate 0 subject=\"CN=a\" key_sha256=" KEY "\n";
static const char unverified[] =
	RECORDED_STARTTLS "0.060 * tls start\n" RECORDED_CERTIFICATE
			  "0.08 * verify 19 x\n0.09 * tls done TLSv1.3 X\n"
			  "0.09 > EHLO probe.example\n0.10 < 250 AUTH PLAIN\n"
			  "0.10 > AUTH PLAIN <redacted>\n";
static const char stranger[] =
	RECORDED_STARTTLS "0.060 * tls start\n"
			  "0.08 * certificate 0 subject=\"CN=a\" key_sha256=" KEY "\n"
			  "0.08 * verify 62 x\n0.09 * tls done TLSv1.3 X\n"
			  "0.09 > EHLO probe.example\n0.10 < 250 AUTH PLAIN\n"
			  "0.10 > AUTH PLAIN <redacted>\n";
static const char gmail_clear[] =
	"0.000 * resolve smtp.gmail.com\n0.010 * connect 192.0.2.7:587\n"
	"0.020 * connected\n0.040 < 220 mx.example ESMTP\n0.040 > EHLO a\n"
	"0.050 < 250-mx.example\n0.050 < 250 AUTH PLAIN\n"
	"0.100 > AUTH PLAIN <redacted>\n";

/* clang-format off */
static const struct {
	const char *name, *start, *rest;
	enum reason reason;
	enum confidence confidence;
} rows[] = {
#define ROW(start, rest, reason, confidence) \
	{ #start ": " rest, start, rest, REASON_##reason, CONFIDENCE_##confidence }
	ROW(login, REPLIED("235 2.7.0 ok"), NONE, CERTAIN),
	ROW(login, REPLIED("235 too many logins today, but ok"), NONE, CERTAIN),
	ROW(clear_login, REPLIED("235 ok"), NONE, CERTAIN),

	/* our own trouble */
	ROW(login, "1 * end cancelled\n", INTERNAL, CERTAIN),
	ROW(dialling, "1 * end local Too many open files\n", RESOURCE_EXHAUSTED, CERTAIN),
	ROW(dialling, "1 * end local Cannot allocate memory\n", RESOURCE_EXHAUSTED, CERTAIN),
	ROW(encrypted, "1 * end local no Kerberos ticket\n", SECRET_UNREADABLE, LIKELY),
	ROW(dialling, "1 * end local unable to set client certificate\n", BAD_TARGET, CERTAIN),
	ROW(dialling, "1 * end local bind failed with errno 99\n", BAD_TARGET, CERTAIN),
	ROW(dialling, "1 * end local something else\n", INTERNAL, CERTAIN),

	/* name, route, connection */
	ROW(lookup, "1 * end name_not_found\n", NAME_NOT_FOUND, CERTAIN),
	ROW(lookup, "1 * end no_address no IPv6 address\n", NAME_NOT_FOUND, CERTAIN),
	ROW(lookup, "1 * end dns_failure SERVFAIL\n", DNS_FAILURE, LIKELY),
	ROW(lookup, "1 * end dns_timeout\n", DNS_TIMEOUT, LIKELY),
	ROW(dialling, "1 * end proxy\n", PROXY_ERROR, CERTAIN),
	ROW(dialling, "1 * end forbidden\n", LOCAL_FIREWALL, LIKELY),
	ROW(dialling, "1 * end refused\n", CONNECTION_REFUSED, LIKELY),
	ROW(dialling, "1 * end unreachable\n", NO_ROUTE, POSSIBLE),
	ROW(dialling, "1 * end timeout\n", CONNECT_TIMEOUT, POSSIBLE),
	ROW(dialling, "1 * end reset\n", CONNECTION_RESET, LIKELY),

	/* what answers is something else */
	ROW(connected, "1 * raw \"\\x15\\x03\\x03\\x00\"\n1 * end protocol\n", WRONG_PORT_KIND, CERTAIN),
	ROW(connected, "1 * raw \"\\x16\\x03\\x01\"\n1 * end protocol\n", WRONG_PORT_KIND, CERTAIN),
	ROW(connected, "1 * raw \"HTTP/1.1 400 Bad Request\"\n1 * end protocol\n", WRONG_PORT_KIND, LIKELY),
	ROW(connected, "1 * raw \"SSH-2.0-OpenSSH\"\n1 * end protocol\n", WRONG_PORT_KIND, CERTAIN),
	ROW(connected, "1 * raw \"* OK IMAP\"\n1 * end protocol\n", WRONG_PORT_KIND, CERTAIN),
	ROW(connected, "1 * raw \"+OK POP\"\n1 * end protocol\n", WRONG_PORT_KIND, CERTAIN),
	ROW(connected, "1 * raw \"\\x00\\x01\"\n1 * end protocol\n", NOT_SMTP, POSSIBLE),
	ROW(connected, "1 * end protocol the greeting is no SMTP reply\n", NOT_SMTP, POSSIBLE),
	ROW(handshake, "1 * end tls wrong version number\n", PROXY_ERROR, LIKELY),
	ROW(implicit, "1 * end tls wrong version number\n", WRONG_PORT_KIND, CERTAIN),

	/* certificate and handshake */
	ROW(certificate, "1 * verify 18 self-signed\n1 * end tls\n", CERT_SELF_SIGNED, LIKELY),
	ROW(certificate, "1 * verify 19 self-signed in chain\n1 * end tls\n", CERT_UNTRUSTED, LIKELY),
	ROW(handshake, LEAF "1 * verify 20 no issuer\n1 * end tls\n", CERT_INCOMPLETE_CHAIN, CERTAIN),
	ROW(handshake, LEAF "1 * verify 21 first\n1 * end tls\n", CERT_INCOMPLETE_CHAIN, CERTAIN),
	ROW(certificate, "1 * verify 20 no issuer\n1 * end tls\n", CERT_UNTRUSTED, LIKELY),
	ROW(certificate, "1 * verify 21 first\n1 * end tls\n", CERT_UNTRUSTED, LIKELY),
	ROW(certificate, "1 * verify 23 revoked\n1 * end tls\n", CERT_REVOKED, CERTAIN),
	ROW(certificate, "1 * verify 62 name\n1 * end tls\n", CERT_NAME_MISMATCH, LIKELY),
	ROW(certificate, "1 * verify 64 address\n1 * end tls\n", CERT_NAME_MISMATCH, LIKELY),
	ROW(certificate, "1 * verify 10 expired\n1 * end tls\n", CERT_EXPIRED, CERTAIN),
	ROW(certificate, "1 * verify 9 early\n1 * end tls\n", CERT_NOT_YET_VALID, CERTAIN),
	ROW(certificate, "1 * verify 79 path length\n1 * end tls\n", CERT_UNTRUSTED, LIKELY),
	/* Not trusted says more than out of date. */
	ROW(certificate, "1 * verify 10 x\n1 * verify 18 y\n1 * end tls\n", CERT_SELF_SIGNED, LIKELY),
	ROW(certificate, "1 * verify 10 x\n1 * verify 62 y\n1 * end tls\n", CERT_NAME_MISMATCH, LIKELY),
	ROW(handshake, "1 * tls alert received protocol version\n1 * end tls\n", PROTOCOL_VERSION, CERTAIN),
	ROW(handshake, "1 * end tls no shared protocol version\n", PROTOCOL_VERSION, CERTAIN),
	ROW(handshake, "1 * end tls unsupported protocol\n", PROTOCOL_VERSION, CERTAIN),
	ROW(handshake, "1 * tls alert received handshake failure\n1 * end tls\n", HANDSHAKE_FAILED, CERTAIN),
	ROW(handshake, "1 * end tls\n", HANDSHAKE_FAILED, LIKELY),

	/* not offered */
	ROW(greeting, "0.05 < 250 mx.example\n0.05 * end not_offered STARTTLS\n", STARTTLS_NOT_OFFERED, POSSIBLE),
	ROW(greeting, "0.05 < 250 mx.example\n0.06 * tls start\n0.07 * tls done TLSv1.3 X\n0.1 * end not_offered AUTH\n", AUTH_NOT_OFFERED, LIKELY),
	ROW(greeting, "0.05 < 250 mx.example\n0.1 * end not_offered AUTH\n", AUTH_NOT_OFFERED, LIKELY),
	ROW(encrypted, "0.1 * end not_offered SCRAM-SHA-256\n", MECHANISM_UNSUPPORTED, CERTAIN),
	ROW(encrypted, "0.1 * end not_offered mechanism\n", MECHANISM_UNSUPPORTED, CERTAIN),

	/* greeting */
	ROW(connected, REPLIED("421 4.3.2 too busy"), OVERLOADED, LIKELY),
	ROW(connected, REPLIED("450 later"), OVERLOADED, LIKELY),
	ROW(connected, REPLIED("521 no mail here"), IP_DENIED, LIKELY),
	ROW(connected, REPLIED("554 5.7.1 no"), IP_DENIED, LIKELY),

	/* EHLO */
	ROW(greeting, REPLIED("421 4.3.2 down"), OVERLOADED, LIKELY),
	ROW(greeting, REPLIED("500 what?"), AUTH_NOT_OFFERED, POSSIBLE),
	ROW(greeting, REPLIED("502 what?"), AUTH_NOT_OFFERED, POSSIBLE),
	ROW(greeting, REPLIED("501 5.5.4 bad name"), HELO_REJECTED, LIKELY),
	ROW(greeting, REPLIED("550 5.7.1 bad name"), HELO_REJECTED, LIKELY),
	ROW(greeting, REPLIED("554 5.7.1 no"), IP_DENIED, POSSIBLE),
	ROW(ehlo_tls, REPLIED("421 4.3.2 down"), OVERLOADED, LIKELY),
	ROW(ehlo_tls, REPLIED("550 5.7.1 bad name"), HELO_REJECTED, LIKELY),

	/* STARTTLS */
	ROW(starttls, REPLIED("454 4.7.0 TLS not available"), INTERNAL_ERROR, CERTAIN),
	ROW(starttls, REPLIED("421 4.3.0 no"), INTERNAL_ERROR, LIKELY),
	ROW(starttls, REPLIED("500 5.5.1 what?"), STARTTLS_STRIPPED, LIKELY),
	ROW(starttls, REPLIED("502 5.5.1 what?"), STARTTLS_STRIPPED, LIKELY),
	ROW(starttls, REPLIED("554 5.7.3 no"), STARTTLS_NOT_OFFERED, LIKELY),

	/* AUTH */
	ROW(login, REPLIED("454 4.7.0 Too many login attempts"), TOO_MANY_ATTEMPTS, LIKELY),
	ROW(login, REPLIED("535 5.7.0 too many failures"), TOO_MANY_ATTEMPTS, LIKELY),
	ROW(login, REPLIED("450 4.7.1 Rate limit exceeded"), RATE_LIMITED, LIKELY),
	ROW(login, REPLIED("421 4.3.2 shutting down"), SHUTTING_DOWN, LIKELY),
	ROW(login, REPLIED("432 4.7.12 transition"), PASSWORD_EXPIRED, LIKELY),
	ROW(login, REPLIED("454 4.7.0 Temporary authentication failure"), AUTH_BACKEND_DOWN, CERTAIN),
	ROW(login, REPLIED("435 unable to authenticate at present"), AUTH_BACKEND_DOWN, LIKELY),
	ROW(login, REPLIED("500 5.5.6 line too long"), PROTOCOL_ERROR, LIKELY),
	ROW(login, REPLIED("500 5.5.1 unrecognized"), AUTH_NOT_OFFERED, LIKELY),
	ROW(login, REPLIED("502 5.5.1 not implemented"), AUTH_NOT_OFFERED, LIKELY),
	ROW(login, REPLIED("501 5.5.2 cannot decode"), PROTOCOL_ERROR, LIKELY),
	ROW(login, REPLIED("503 5.5.1 not now"), PROTOCOL_ERROR, LIKELY),
	ROW(login, REPLIED("504 5.5.4 unknown"), MECHANISM_UNSUPPORTED, LIKELY),
	ROW(login, REPLIED("523 5.7.10 encrypt"), AUTH_BEFORE_TLS_FORBIDDEN, CERTAIN),
	ROW(login, REPLIED("525 5.7.13 account"), ACCOUNT_DISABLED, CERTAIN),
	ROW(clear_login, REPLIED("530 5.7.0 Must issue a STARTTLS command first"), TLS_REQUIRED, CERTAIN),
	ROW(login, REPLIED("534 5.7.9 too weak"), MECHANISM_DISABLED, LIKELY),
	ROW(clear_login, REPLIED("538 5.7.11 no"), AUTH_BEFORE_TLS_FORBIDDEN, CERTAIN),
	ROW(clear_login, REPLIED("550 5.7.10 no"), AUTH_BEFORE_TLS_FORBIDDEN, CERTAIN),
	ROW(clear_login, REPLIED("535 5.7.11 no"), AUTH_BEFORE_TLS_FORBIDDEN, CERTAIN),
	ROW(login, REPLIED("550 5.7.13 no"), ACCOUNT_DISABLED, CERTAIN),
	ROW(login, REPLIED("535 5.7.8 Invalid authentication mechanism"), MECHANISM_UNSUPPORTED, LIKELY),
	ROW(login, REPLIED("535 5.7.8 temporarily out of order"), AUTH_BACKEND_DOWN, LIKELY),
	ROW(clear_login, REPLIED("535 5.7.8 encryption needed"), AUTH_BEFORE_TLS_FORBIDDEN, CERTAIN),
	ROW(login, REPLIED("535 5.7.139 SmtpClientAuthentication is disabled"), MECHANISM_DISABLED, LIKELY),
	ROW(login, REPLIED("535 5.7.8 Error: authentication failed: (reason unavailable)"), BAD_CREDENTIALS, LIKELY),
	ROW(login, REPLIED("535 5.7.8 refused"), BAD_CREDENTIALS, CERTAIN),
	ROW(login, REPLIED("535 no"), BAD_CREDENTIALS, LIKELY),
	ROW(clear_login, REPLIED("535 5.7.8 refused"), BAD_CREDENTIALS, LIKELY),
	ROW(asked, REPLIED("535 5.7.8 refused"), MECHANISM_UNSUPPORTED, POSSIBLE),
	ROW(login, REPLIED("550 5.7.1 no"), PROTOCOL_ERROR, POSSIBLE),
	ROW(login, REPLIED("554 5.7.0 no"), PROTOCOL_ERROR, POSSIBLE),

	/* not a protocol any more; silence and broken connections */
	ROW(login, "1 * end protocol no SMTP reply\n", PROTOCOL_ERROR, LIKELY),
	ROW(connected, "1 * end protocol a line longer than 12288 bytes\n", PROTOCOL_ERROR, LIKELY),
	ROW(connected, "1 * end timeout\n", NO_ANSWER, LIKELY),
	ROW(handshake, "1 * end timeout\n", NO_ANSWER, LIKELY),
	ROW(login, "1 * end timeout\n", NO_ANSWER, LIKELY),
	ROW(connected, "1 * end closed\n", CLOSED_BY_SERVER, LIKELY),
	ROW(login, "1 * end closed\n", CLOSED_BY_SERVER, LIKELY),
	ROW(login, "1 * end reset\n", CLOSED_BY_SERVER, LIKELY),
	ROW(clear_login, "1 * end reset\n", CONNECTION_RESET, LIKELY),
	ROW(handshake, "1 * end reset\n", CONNECTION_RESET, LIKELY),

	/* who refused the login */
	ROW(refused, AVAST REPLIED("535 5.7.8 refused"), TLS_INTERCEPTED, CERTAIN),
	ROW(refused, FORTIGATE LAST("issuer=\"CN=Old\"") REPLIED("535 5.7.8 no"), TLS_INTERCEPTED, CERTAIN),
	ROW(refused, FORTIGATE "0 * others same_issuer=1\n" REPLIED("535 5.7.8 no"), TLS_INTERCEPTED, CERTAIN),
	ROW(refused, FORTIGATE REPLIED("535 5.7.8 no"), TLS_INTERCEPTED, LIKELY),
	ROW(unverified, "0 * others same_issuer=2\n" REPLIED("535 5.7.8 no"), TLS_INTERCEPTED, CERTAIN),
	ROW(clear_login, OWN_NAME REPLIED("535 5.7.8 no"), PROXY_ERROR, CERTAIN),
	ROW(clear_login, "1 * look hops 443 answered near=1 far=4\n" REPLIED("535 5.7.8 no"), PROXY_ERROR, CERTAIN),
	ROW(clear_login, "1 * look hops 443 answered near=3 far=6\n" REPLIED("535 5.7.8 no"), PROXY_ERROR, CERTAIN),
	ROW(clear_login, "1 * look hops 443 answered near=3 far=4\n" REPLIED("535 5.7.8 no"), BAD_CREDENTIALS, LIKELY),
	ROW(clear_login, "0 * others same_greeting=1 same_text=1\n" REPLIED("535 5.7.8 no"), PROXY_ERROR, CERTAIN),
	ROW(unverified, LAST("issuer=\"CN=Old\" verified=yes") REPLIED("535 5.7.8 no"), TLS_INTERCEPTED, LIKELY),
	ROW(gmail_clear, REPLIED("535 5.7.8 no"), PROXY_ERROR, LIKELY),
	ROW(clear_login, NEARBY LAST("banner=\"mx.other\" rtt=0.100000") REPLIED("535 5.7.8 no"), PROXY_ERROR, LIKELY),
	ROW(clear_login, NEARBY LAST("banner=\"mx.other\" rtt=0.004000") REPLIED("535 5.7.8 no"), BAD_CREDENTIALS, LIKELY),
	ROW(clear_login, LAST("banner=\"mx.other\"") "1 * look hops 443 answered near=3 far=4\n" REPLIED("535 5.7.8 no"), PROXY_ERROR, POSSIBLE),
	ROW(stranger, REPLIED("535 5.7.8 no"), CERT_NAME_MISMATCH, POSSIBLE),
	ROW(stranger, LAST("key=" KEY) REPLIED("535 5.7.8 no"), BAD_CREDENTIALS, LIKELY),
	/* What is no refused password stays what the reply says. */
	ROW(refused, AVAST REPLIED("454 4.7.0 Temporary authentication failure"), AUTH_BACKEND_DOWN, CERTAIN),
	ROW(starttls, LAST("before=\"STARTTLS\"") REPLIED("502 5.5.1 what?"), STARTTLS_STRIPPED, CERTAIN),
	ROW(greeting, LAST("before=\"STARTTLS\"") "1 * look helo answered\n" REPLIED("500 what?"), STARTTLS_STRIPPED, LIKELY),
	ROW(connected, "0 * others same_greeting=1 same_text=1\n" REPLIED("421 too many connections"), PROXY_ERROR, CERTAIN),

	/* this machine */
	ROW(dialling, "0 * errno EACCES sync\n1 * end forbidden\n", LOCAL_FIREWALL, CERTAIN),
	ROW(dialling, "0 * errno EINVAL sync\n1 * end forbidden\n", LOCAL_FIREWALL, CERTAIN),
	ROW(dialling, "0 * errno ENETUNREACH sync\n1 * end unreachable\n", NO_ROUTE, CERTAIN),
	ROW(dialling, "3.1 * icmp 3/1 from 10.0.0.1 self\n3.1 * end unreachable\n", NO_ROUTE, CERTAIN),
	ROW(dialling, "0.1 * icmp 3/1 from 10.0.0.1 self\n0.1 * end unreachable\n", LOCAL_FIREWALL, CERTAIN),
	ROW(dialling, "0.1 * icmp 3/3 from 10.0.0.1 self\n0.1 * end refused\n", LOCAL_FIREWALL, CERTAIN),
	ROW(dialling, "1 * end timeout\n1 * look control a.example:587 silent\n1 * look control a.example:443 silent\n", NO_ROUTE, LIKELY),
	ROW(dialling, "1 * end unreachable\n1 * look control a.example:587 unreachable\n", NO_ROUTE, LIKELY),
	ROW(dialling, "1 * end timeout\n1 * look control a.example:587 silent\n1 * look control a.example:443 answered\n", DROPPED_BY_FIREWALL, LIKELY),
	ROW(dialling, "0 * others silent=1\n1 * end timeout\n" SILENT_PORTS "1 * look control a.example:443 answered\n", DROPPED_BY_FIREWALL, LIKELY),

	/* names */
	ROW(lookup, "1 * end name_not_found\n1 * look name a.example name_not_found\n", DNS_FAILURE, LIKELY),
	ROW(lookup, "1 * end name_not_found\n1 * look name a.example found\n", NAME_NOT_FOUND, CERTAIN),
	ROW(lookup, "1 * end dns_failure SERVFAIL\n1 * look name a.example dns_failure\n", DNS_FAILURE, CERTAIN),
	ROW(lookup, "1 * end dns_timeout\n1 * look name a.example dns_timeout\n", DNS_TIMEOUT, CERTAIN),
	ROW(lookup, "0.1 * resolved 127.0.0.1\n0.1 * connect 127.0.0.1:587\n0.1 * end refused\n", DNS_HIJACKED, LIKELY),
	ROW(lookup, "0.1 * resolved 0.0.0.0\n0.1 * connect 0.0.0.0:587\n0.1 * connected\n0.2 * raw \"HTTP/1.1 400\"\n0.2 * end protocol\n", DNS_HIJACKED, LIKELY),
	ROW(lookup, LAST("addresses=\"192.0.2.7\"") "0.1 * resolved 10.0.0.9\n0.1 * connect 10.0.0.9:587\n0.1 * connected\n0.2 * raw \"HTTP/1.1 400\"\n0.2 * end protocol\n", DNS_HIJACKED, CERTAIN),

	/* rejected, and by whom */
	ROW(dialling, "0.1 * icmp 3/13 from 192.0.2.7 target\n0.1 * end unreachable\n", REJECTED_BY_FIREWALL, CERTAIN),
	ROW(dialling, "0.1 * icmp6 1/1 from 2001:db8::1 hop\n0.1 * errno EACCES async\n0.1 * end unreachable\n", REJECTED_BY_FIREWALL, CERTAIN),
	ROW(dialling, "0.1 * icmp 3/3 from 10.0.0.1 hop\n0.1 * end refused\n", REJECTED_BY_FIREWALL, CERTAIN),
	ROW(dialling, "0.1 * icmp 3/3 from 192.0.2.7 target\n0.1 * end refused\n", REJECTED_BY_FIREWALL, LIKELY),
	ROW(dialling, "0.1 * icmp 3/2 from 10.0.0.1 hop\n0.1 * end unreachable\n", REJECTED_BY_FIREWALL, LIKELY),
	ROW(dialling, "0.1 * errno EACCES async\n0.1 * end unreachable\n", REJECTED_BY_FIREWALL, LIKELY),
	ROW(dialling, "0.1 * icmp 11/0 from 10.0.0.1 hop\n0.1 * end unreachable\n", NO_ROUTE, CERTAIN),
	ROW(dialling, "0.1 * icmp 3/1 from 10.0.0.1 hop\n0.1 * end unreachable\n" PORT_ANSWERS, REJECTED_BY_FIREWALL, LIKELY),
	ROW(dialling, "0.1 * icmp 3/1 from 10.0.0.1 hop\n0.1 * end unreachable\n", NO_ROUTE, LIKELY),
	ROW(dialling, "0.1 * end refused\n1 * look hops 443 refused near=2 far=5\n", REJECTED_BY_FIREWALL, CERTAIN),
	ROW(dialling, "0 * others refused=1\n0.1 * end refused\n1 * look control a.example:443 answered\n", REJECTED_BY_FIREWALL, LIKELY),
	ROW(dialling, "0.1 * end refused\n" PORT_ANSWERS, CONNECTION_REFUSED, LIKELY),

	ROW(dialling, "0.1 * end refused\n1 * look control a.example:587 refused\n1 * look control a.example:443 answered\n", REJECTED_BY_FIREWALL, LIKELY),

	/* no answer to the SYN */
	ROW(dialling, "1 * end timeout\n1 * look address [2001:db8::7]:587 answered\n", CONNECT_TIMEOUT, LIKELY),
	ROW(dialling, "1 * end timeout\n1 * look address 192.0.2.8:587 answered\n", CONNECT_TIMEOUT, LIKELY),
	ROW(dialling, "0 * others silent=1\n1 * end timeout\n" PORT_ANSWERS, DROPPED_BY_FIREWALL, CERTAIN),
	ROW(dialling, "1 * end timeout\n" PORT_ANSWERS, DROPPED_BY_FIREWALL, LIKELY),
	ROW(dialling, "1 * end timeout\n" SILENT_PORTS "1 * look port 443 answered\n" CONTROL_ANSWERS, DROPPED_BY_FIREWALL, POSSIBLE),
	ROW(dialling, "1 * end timeout\n" SILENT_PORTS "1 * look port 443 silent\n" CONTROL_ANSWERS, CONNECT_TIMEOUT, LIKELY),

	/* what answers is something else, after the second look */
	ROW(connected, "0 * others not_smtp=1\n1 * raw \"HTTP/1.1 302\"\n1 * end protocol\n", NOT_SMTP, CERTAIN),
	ROW(connected, LAST("banner=\"mx.example\"") "1 * raw \"HTTP/1.1 302\"\n1 * end protocol\n", NOT_SMTP, LIKELY),
	ROW(connected, "1 * tcp rtt=0.01 unacked=0 retrying=0\n1 * end timeout\n1 * look tls_first answered\n", WRONG_PORT_KIND, CERTAIN),

	/* who opens the encryption */
	ROW(certificate, AVAST "1 * verify 19 x\n1 * end tls\n", TLS_INTERCEPTED, CERTAIN),
	ROW(certificate, FORTIGATE LAST("issuer=\"CN=Old\"") "1 * verify 19 x\n1 * end tls\n", TLS_INTERCEPTED, CERTAIN),
	ROW(certificate, FORTIGATE "0 * others same_issuer=1\n1 * verify 19 x\n1 * end tls\n", TLS_INTERCEPTED, CERTAIN),
	ROW(certificate, FORTIGATE "1 * verify 19 x\n1 * end tls\n", TLS_INTERCEPTED, LIKELY),
	ROW(certificate, "0 * others same_issuer=1\n1 * verify 19 x\n1 * end tls\n", TLS_INTERCEPTED, CERTAIN),
	ROW(certificate, "1 * own name certified\n1 * verify 18 x\n1 * verify 62 y\n1 * end tls\n", PROXY_ERROR, CERTAIN),
	ROW(certificate, LAST("issuer=\"CN=Old\" verified=yes") "1 * verify 18 x\n1 * end tls\n", TLS_INTERCEPTED, LIKELY),
	ROW(certificate, LAST("issuer=\"CN=Old\" verified=yes") "1 * verify 19 x\n1 * end tls\n", TLS_INTERCEPTED, LIKELY),
	ROW(certificate, LAST("issuer=\"CN=Old\" verified=yes") "1 * verify 20 x\n1 * end tls\n", TLS_INTERCEPTED, LIKELY),

	/* certificate and handshake, with what is known besides */
	ROW(keyed, LAST("key=" KEY) "1 * verify 18 x\n1 * end tls\n", CERT_SELF_SIGNED, CERTAIN),
	ROW(keyed, LAST("key=" KEY) "1 * verify 19 x\n1 * end tls\n", CERT_UNTRUSTED, CERTAIN),
	ROW(keyed, LAST("key=" KEY) "1 * verify 20 x\n1 * end tls\n", CERT_UNTRUSTED, CERTAIN),
	ROW(certificate, "0 * cname www.mx.example\n1 * verify 62 x\n1 * end tls\n", CERT_NAME_MISMATCH, CERTAIN),
	ROW(certificate, "0 * others expired=1\n1 * verify 10 x\n1 * end tls\n", CERT_EXPIRED, LIKELY),
	ROW(certificate, "0 * begin 2001-01-01T00:00:00Z\n1 * verify 9 x\n1 * end tls\n", CERT_NOT_YET_VALID, LIKELY),
	ROW(certificate, "0 * others expired=1\n1 * verify 9 x\n1 * end tls\n", CERT_NOT_YET_VALID, LIKELY),
	ROW(handshake, "1 * end timeout\n1 * look mss answered\n", MTU_BLACK_HOLE, CERTAIN),
	ROW(handshake, "1 * end timeout\n1 * look no_sni answered\n", CUT_AT_COMMAND, LIKELY),
	ROW(handshake, "1 * end reset\n1 * look small_hello answered\n", CUT_AT_COMMAND, LIKELY),
	ROW(handshake, "1 * end closed\n1 * look small_hello answered\n", CUT_AT_COMMAND, LIKELY),
	ROW(handshake, "1 * tcp rtt=0.01 unacked=0 out_of_order=1\n1 * end timeout\n", MTU_BLACK_HOLE, LIKELY),
	ROW(handshake, "1 * tcp rtt=0.01 unacked=1 retrying=3\n1 * end timeout\n1 * look mss lost\n", CUT_AT_COMMAND, LIKELY),
	ROW(handshake, "1 * end reset\n1 * look repeat reset\n1 * look small_hello reset\n1 * look no_sni reset\n", HANDSHAKE_FAILED, LIKELY),
	ROW(handshake, "1 * end closed\n1 * look repeat closed\n1 * look small_hello closed\n1 * look no_sni closed\n", HANDSHAKE_FAILED, LIKELY),

	ROW(certificate, "1 * verify 18 x\n1 * end tls\n1 * look hops 443 answered near=2 far=5\n", PROXY_ERROR, CERTAIN),
	ROW(certificate, NEARBY LAST("banner=\"mx.other\" rtt=0.100000") "1 * verify 18 x\n1 * end tls\n", PROXY_ERROR, LIKELY),
	ROW(certificate, LAST("banner=\"mx.other\"") "1 * verify 18 x\n1 * end tls\n1 * look hops 443 answered near=3 far=4\n", PROXY_ERROR, POSSIBLE),

	/* not offered any more */
	ROW(connected, "0.04 < 220 ****2***0*0***\n0.04 > EHLO a\n0.05 < 250 mx.example\n0.05 * end not_offered STARTTLS\n", BANNER_MASKED, CERTAIN),
	ROW(greeting, "0.05 < 250-mx.example\n0.05 < 250 XXXXXXXA\n0.05 * end not_offered STARTTLS\n", STARTTLS_STRIPPED, CERTAIN),
	ROW(greeting, "0.05 < 250-mx.example\n0.05 < 250 XXXX\n0.05 * end not_offered AUTH\n", BANNER_MASKED, CERTAIN),
	ROW(greeting, LAST("before=\"SIZE STARTTLS\"") "0.05 < 250 mx.example\n0.05 * end not_offered STARTTLS\n1 * look port 25 answered starttls=yes\n", STARTTLS_STRIPPED, CERTAIN),
	ROW(greeting, LAST("before=\"SIZE STARTTLS\"") "0.05 < 250 mx.example\n0.05 * end not_offered STARTTLS\n", STARTTLS_STRIPPED, LIKELY),
	ROW(greeting, "0.05 < 250 mx.example\n0.05 * end not_offered STARTTLS\n1 * look port 465 answered\n", STARTTLS_NOT_OFFERED, LIKELY),
	ROW(greeting, LAST("before=\"AUTH=PLAIN SIZE\"") "0.05 < 250 mx.example\n0.05 * end not_offered AUTH\n", BANNER_MASKED, LIKELY),
	ROW(greeting, "0.05 < 250 mx.example\n0.06 * tls start\n" AVAST "0.07 * tls done TLSv1.3 X\n0.1 * end not_offered AUTH\n", TLS_INTERCEPTED, CERTAIN),

	/* cut off at one command */
	ROW(greeting, FAR "0.042 * end reset\n", CUT_AT_COMMAND, CERTAIN),
	ROW(starttls, FAR "0.052 * end reset\n", CUT_AT_COMMAND, CERTAIN),
	ROW(clear_login, FAR "0.102 * end reset\n", CUT_AT_COMMAND, CERTAIN),
	ROW(starttls, "1 * tcp rtt=0.01 unacked=1 retrying=3 soft_error=EHOSTUNREACH\n1 * end timeout\n", REJECTED_BY_FIREWALL, LIKELY),
	ROW(greeting, "1 * end reset\n1 * look repeat reset\n1 * look helo answered\n", CUT_AT_COMMAND, LIKELY),
	ROW(greeting, LOST "1 * end timeout\n1 * look repeat lost\n1 * look helo answered\n", CUT_AT_COMMAND, LIKELY),
	ROW(starttls, "1 * end reset\n1 * look repeat reset\n1 * look noop answered\n", CUT_AT_COMMAND, LIKELY),
	ROW(starttls, LOST "1 * end timeout\n1 * look repeat lost\n1 * look noop answered\n", CUT_AT_COMMAND, LIKELY),
	ROW(clear_login, "1 * end reset\n1 * look noop answered\n", CUT_AT_COMMAND, LIKELY),
	ROW(clear_login, "1 * end closed\n1 * look noop answered\n", CUT_AT_COMMAND, LIKELY),
	ROW(clear_login, LOST "1 * end timeout\n1 * look noop answered\n", CUT_AT_COMMAND, LIKELY),

	/* gone well the second time */
	ROW(greeting, "1 * tcp rtt=0.01 retransmits=2 unacked=0\n1 * end reset\n1 * look repeat answered\n", PACKETS_LOST, POSSIBLE),
	ROW(greeting, "1 * tcp rtt=0.01 retransmits=2 unacked=0\n1 * end timeout\n1 * look repeat answered\n", PACKETS_LOST, POSSIBLE),
	ROW(greeting, "1 * end timeout\n1 * look repeat answered\n", NO_ANSWER, POSSIBLE),
	ROW(greeting, "1 * end closed\n1 * look repeat answered\n", CLOSED_BY_SERVER, POSSIBLE),
	ROW(greeting, "1 * end reset\n1 * look repeat answered\n", CLOSED_BY_SERVER, POSSIBLE),

	/* silence that TCP explains */
	ROW(starttls, LOST "1 * end timeout\n", PACKETS_LOST, LIKELY),
	ROW(starttls, "1 * tcp rtt=0.01 unacked=0 out_of_order=2\n1 * end timeout\n", MTU_BLACK_HOLE, POSSIBLE),
	ROW(starttls, "1 * tcp rtt=0.01 unacked=0\n1 * end timeout\n", NO_ANSWER, LIKELY),

	/* the rest */
	ROW(login, "", UNEXPLAINED, POSSIBLE),
	ROW(greeting, REPLIED("250 fine"), PROTOCOL_ERROR, POSSIBLE),
	ROW(connected, "0.15 * end reply\n", UNEXPLAINED, POSSIBLE),
#undef ROW
};
/* clang-format on */

static bool fired[COUNT(rows)];

static const char *whole(char *out, size_t room, size_t i)
{
	snprintf(out, room, "%s%s", rows[i].start, rows[i].rest);
	return out;
}

static void session_means_what_the_row_says(void **state)
{
	char text[4096];

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct result *result = recorded(whole(text, sizeof(text), i), NULL);
		struct verdict verdict = verdict_of(result->seen);

		CHECK_TEXT(rows[i].name, reason_word(verdict.reason),
		           reason_word(rows[i].reason));
		CHECK_TEXT(rows[i].name, confidence_word(verdict.confidence),
		           confidence_word(rows[i].confidence));
		CHECK(rows[i].name, verdict.rule < verdict_rule_count() ||
		                            verdict.rule == VERDICT_BY_READING);
		result_release(result);
	}
}

/* A rule that never fires is a rule that nobody has tried. */
static void every_rule_fires(void **state)
{
	char text[4096], row[32];
	size_t missing = 0;

	(void)state;
	assert_true(verdict_rule_count() <= COUNT(rows));
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct result *result = recorded(whole(text, sizeof(text), i), NULL);

		size_t rule = verdict_of(result->seen).rule;

		if (rule != VERDICT_BY_READING)
			fired[rule] = true;
		result_release(result);
	}
	for (size_t i = 0; i < verdict_rule_count(); i++) {
		snprintf(row, sizeof(row), "rule %zu", i);
		if (!fired[i])
			print_message("%s never fires\n", row);
		missing += !fired[i];
	}
	assert_int_equal(missing, 0);
}

/* Every way to end that the words know means something, not "unexplained". */
static void every_ending_is_explained(void **state)
{
	char text[256];

	(void)state;
	for (unsigned i = ENDING_NONE + 1; i < ENDING_COUNT; i++) {
		const char *word = ending_word((enum ending)i);
		struct result *result;

		if (i == ENDING_REPLY) /* the code tells */
			continue;
		snprintf(text, sizeof(text), "%s1 * end %s\n", dialling, word);
		result = recorded(text, NULL);
		CHECK(word, result->diagnosis.reason != REASON_UNEXPLAINED);
		result_release(result);
	}
}

/* Rotating a good password is the worst that a verdict can bring about. */
static void credentials_are_blamed_only_after_they_were_sent(void **state)
{
	char text[4096];

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct result *result = recorded(whole(text, sizeof(text), i), NULL);

		if (result->diagnosis.cause == CAUSE_CREDENTIALS)
			CHECK(rows[i].name,
			      result->seen->credential_sent &&
			              result->seen->phase == PHASE_AUTH &&
			              result->seen->ending == ENDING_REPLY);
		result_release(result);
	}
}

/* The last verdict holds while no login is tried, unless something fails before. */
static void suspended_login_repeats_its_verdict(void **state)
{
	static const struct {
		const char *session;
		enum reason reason;
		enum confidence confidence;
	} sessions[] = {
		{ RECORDED_SUSPENDED("bad_credentials"), REASON_BAD_CREDENTIALS,
		  CONFIDENCE_LIKELY },
		{ RECORDED_SUSPENDED("too_many_attempts"), REASON_TOO_MANY_ATTEMPTS,
		  CONFIDENCE_LIKELY },
		{ RECORDED_SUSPENSION("bad_credentials") RECORDED_ENCRYPTED
		  "0.1 * end not_offered AUTH\n",
		  REASON_MECHANISM_UNSUPPORTED, CONFIDENCE_CERTAIN },
		{ RECORDED_SUSPENSION("bad_credentials") RECORDED_GREETING
		  "0.1 * end closed\n",
		  REASON_CLOSED_BY_SERVER, CONFIDENCE_LIKELY },
		/* Nothing is known of it but that it may not be tried. */
		{ "0 * suspended next=2026-11-24T08:33:03Z\n" RECORDED_ENCRYPTED
		  "0.1 * end suspended\n",
		  REASON_INTERNAL, CONFIDENCE_CERTAIN },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(sessions); i++) {
		const char *row = sessions[i].session;
		struct result *result = recorded(row, NULL);

		CHECK_TEXT(row, reason_word(result->diagnosis.reason),
		           reason_word(sessions[i].reason));
		CHECK_INT(row, result->diagnosis.confidence, sessions[i].confidence);
		CHECK_INT(row, verdict_of(result->seen).rule == VERDICT_REPEATED,
		          result->seen->ending == ENDING_SUSPENDED);
		result_release(result);
	}
}

/* Whatever a server answers to AUTH: no code is left without a meaning. */
static void every_code_in_auth_has_a_meaning(void **state)
{
	char text[4096];

	(void)state;
	for (int code = 400; code < 600; code++) {
		struct result *result;

		snprintf(text, sizeof(text), "%s0.2 < %d refused\n0.2 * end reply\n",
		         login, code);
		result = recorded(text, NULL);
		assert_int_not_equal(result->diagnosis.cause, CAUSE_UNEXPLAINED);
		assert_int_not_equal(result->diagnosis.cause, CAUSE_NONE);
		if (code / 100 == 4 && code != 432)
			assert_int_not_equal(result->diagnosis.cause,
			                     CAUSE_CREDENTIALS);
		result_release(result);
	}
}

static void success_needs_the_reply_to_auth(void **state)
{
	static const char *const lies[] = {
		RECORDED_GREETING "0.05 < 235 2.7.0 ok\n0.05 * end reply\n",
		RECORDED_LOGIN "0.15 < 235-2.7.0 ok\n0.15 * end reply\n",
		RECORDED_LOGIN "0.15 < 235 2.7.0 ok\n0.15 * end protocol unproved\n",
		RECORDED_LOGIN "0.15 < 334 ok\n0.15 * end reply\n",
		RECORDED_LOGIN "0.15 < 235 2.7.0 ok\n0.15 * end timeout\n",
		RECORDED_LOGIN "0.15 < 2350 ok\n0.15 * end reply\n",
		RECORDED_LOGIN "0.15 < 235 2.7.0 ok\n",
	};

	(void)state;
	for (size_t i = 0; i < COUNT(lies); i++) {
		struct result *result = recorded(lies[i], NULL);

		CHECK(lies[i], result->diagnosis.cause != CAUSE_NONE);
		result_release(result);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(session_means_what_the_row_says),
		cmocka_unit_test(every_rule_fires),
		cmocka_unit_test(every_ending_is_explained),
		cmocka_unit_test(credentials_are_blamed_only_after_they_were_sent),
		cmocka_unit_test(suspended_login_repeats_its_verdict),
		cmocka_unit_test(every_code_in_auth_has_a_meaning),
		cmocka_unit_test(success_needs_the_reply_to_auth),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
