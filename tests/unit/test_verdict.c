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
	ROW(dialling, "1 * end refused\n", CONNECTION_REFUSED, CERTAIN),
	ROW(dialling, "1 * end unreachable\n", NO_ROUTE, LIKELY),
	ROW(dialling, "1 * end timeout\n", CONNECT_TIMEOUT, POSSIBLE),
	ROW(dialling, "1 * end reset\n", CONNECTION_RESET, LIKELY),

	/* what answers is something else */
	ROW(connected, "1 * raw \"\\x15\\x03\\x03\\x00\"\n1 * end protocol\n", WRONG_PORT_KIND, CERTAIN),
	ROW(connected, "1 * raw \"\\x16\\x03\\x01\"\n1 * end protocol\n", WRONG_PORT_KIND, CERTAIN),
	ROW(connected, "1 * raw \"HTTP/1.1 400 Bad Request\"\n1 * end protocol\n", WRONG_PORT_KIND, LIKELY),
	ROW(connected, "1 * raw \"SSH-2.0-OpenSSH\"\n1 * end protocol\n", WRONG_PORT_KIND, LIKELY),
	ROW(connected, "1 * raw \"* OK IMAP\"\n1 * end protocol\n", WRONG_PORT_KIND, LIKELY),
	ROW(connected, "1 * raw \"+OK POP\"\n1 * end protocol\n", WRONG_PORT_KIND, LIKELY),
	ROW(connected, "1 * raw \"\\x00\\x01\"\n1 * end protocol\n", NOT_SMTP, POSSIBLE),
	ROW(connected, "1 * end protocol the greeting is no SMTP reply\n", NOT_SMTP, POSSIBLE),
	ROW(handshake, "1 * end tls wrong version number\n", PROXY_ERROR, LIKELY),
	ROW(implicit, "1 * end tls wrong version number\n", WRONG_PORT_KIND, CERTAIN),

	/* certificate and handshake */
	ROW(certificate, "1 * verify 18 self-signed\n1 * end tls\n", CERT_SELF_SIGNED, CERTAIN),
	ROW(certificate, "1 * verify 19 self-signed in chain\n1 * end tls\n", CERT_UNTRUSTED, CERTAIN),
	ROW(handshake, LEAF "1 * verify 20 no issuer\n1 * end tls\n", CERT_INCOMPLETE_CHAIN, LIKELY),
	ROW(handshake, LEAF "1 * verify 21 first\n1 * end tls\n", CERT_INCOMPLETE_CHAIN, LIKELY),
	ROW(certificate, "1 * verify 20 no issuer\n1 * end tls\n", CERT_UNTRUSTED, CERTAIN),
	ROW(certificate, "1 * verify 21 first\n1 * end tls\n", CERT_UNTRUSTED, CERTAIN),
	ROW(certificate, "1 * verify 23 revoked\n1 * end tls\n", CERT_REVOKED, CERTAIN),
	ROW(certificate, "1 * verify 62 name\n1 * end tls\n", CERT_NAME_MISMATCH, CERTAIN),
	ROW(certificate, "1 * verify 64 address\n1 * end tls\n", CERT_NAME_MISMATCH, CERTAIN),
	ROW(certificate, "1 * verify 10 expired\n1 * end tls\n", CERT_EXPIRED, CERTAIN),
	ROW(certificate, "1 * verify 9 early\n1 * end tls\n", CERT_NOT_YET_VALID, CERTAIN),
	ROW(certificate, "1 * verify 79 path length\n1 * end tls\n", CERT_UNTRUSTED, LIKELY),
	/* Not trusted says more than out of date. */
	ROW(certificate, "1 * verify 10 x\n1 * verify 18 y\n1 * end tls\n", CERT_SELF_SIGNED, CERTAIN),
	ROW(certificate, "1 * verify 10 x\n1 * verify 62 y\n1 * end tls\n", CERT_NAME_MISMATCH, CERTAIN),
	ROW(handshake, "1 * tls alert received protocol version\n1 * end tls\n", PROTOCOL_VERSION, CERTAIN),
	ROW(handshake, "1 * end tls no shared protocol version\n", PROTOCOL_VERSION, CERTAIN),
	ROW(handshake, "1 * end tls unsupported protocol\n", PROTOCOL_VERSION, CERTAIN),
	ROW(handshake, "1 * tls alert received handshake failure\n1 * end tls\n", HANDSHAKE_FAILED, CERTAIN),
	ROW(handshake, "1 * end tls\n", HANDSHAKE_FAILED, LIKELY),

	/* not offered */
	ROW(greeting, "0.05 < 250 mx.example\n0.05 * end not_offered STARTTLS\n", STARTTLS_NOT_OFFERED, LIKELY),
	ROW(greeting, "0.05 < 250 mx.example\n0.06 * tls start\n0.07 * tls done TLSv1.3 X\n0.1 * end not_offered AUTH\n", AUTH_NOT_OFFERED, CERTAIN),
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
		cmocka_unit_test(every_code_in_auth_has_a_meaning),
		cmocka_unit_test(success_needs_the_reply_to_auth),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
