/* SPDX-License-Identifier: Apache-2.0 */
#include "probe/notice.h"

#include "tests/unit/recorded.h"
#include "tests/unit/row.h"

/* A success that began at `begin`, with a chain that is still good. */
#define BEGUN(begin, chain) \
	"0 * begin " begin "\n" RECORDED_STARTTLS "0.06 * tls start\n" chain \
	"0.08 * verify 0 ok\n0.09 * tls done TLSv1.3 X\n0.09 > EHLO a\n" \
	"0.1 < 250-a\n0.1 < 250 AUTH PLAIN\n0.1 > AUTH PLAIN <redacted>\n" \
	"0.2 < 235 ok\n0.2 * end reply\n"
#define VALID(from, until) \
	"0.08 * certificate 0 subject=\"CN=a\" not_before=" from " not_after=" until \
	"\n"
#define LONG  VALID("2026-01-01T00:00:00Z", "2027-01-01T00:00:00Z")
#define SHORT VALID("2026-12-18T00:00:00Z", "2026-12-26T00:00:00Z")
#define TAKEN(mechanism, offered) \
	RECORDED_GREETING "0.05 < 250-a\n0.05 < 250 AUTH " offered "\n" \
			  "0.06 > AUTH " mechanism " <redacted>\n" \
			  "0.2 < 235 ok\n0.2 * end reply\n"
#define LAST(facts)     "0 * last good 2026-01-01T00:00:00Z " facts "\n"
#define USED(mechanism) LAST("mechanism=\"" mechanism "\"")
#define GREETED(at) \
	"0 * connect 192.0.2.7:587\n1 * connected\n" at " < 220 mx.example\n" at \
	" * end closed\n"
#define AVAST(kind) "0.08 * interceptor " kind " \"Avast\" in certificate 1 issuer\n"
#define ISSUED      "0.08 * certificate 0 subject=\"CN=a\" issuer=\"CN=New\"\n"

/* Each at its limit and one beyond; NULL: no notice. */
static const struct {
	const char *session, *reason, *text;
} rows[] = {
	{ RECORDED_SUCCESS, NULL, NULL },
	{ "", NULL, NULL },

	/* two weeks before the end of a long life */
	{ BEGUN("2026-12-18T00:00:00Z", LONG), NULL, NULL },
	{ BEGUN("2026-12-18T00:00:01Z", LONG), "cert_expires_soon",
	  "a certificate in the server's chain expires at 2027-01-01T00:00:00Z, in "
	  "14.0 days" },
	{ BEGUN("2026-12-31T12:00:00Z", LONG), "cert_expires_soon",
	  "a certificate in the server's chain expires at 2027-01-01T00:00:00Z, in "
	  "0.5 days" },
	{ BEGUN("2026-12-31T23:59:59Z", LONG), "cert_expires_soon",
	  "a certificate in the server's chain expires at 2027-01-01T00:00:00Z, in "
	  "0.0 days" },
	/* What has ended is no notice but a failure. */
	{ BEGUN("2027-01-01T00:00:00Z", LONG), NULL, NULL },
	/* a quarter of a short one: two of eight days */
	{ BEGUN("2026-12-24T00:00:00Z", SHORT), NULL, NULL },
	{ BEGUN("2026-12-24T00:00:01Z", SHORT), "cert_expires_soon",
	  "a certificate in the server's chain expires at 2026-12-26T00:00:00Z, in "
	  "2.0 days" },
	/* A quarter of sixty days is more than two weeks. */
	{ BEGUN("2026-12-18T00:00:00Z",
	        VALID("2026-11-02T00:00:00Z", "2027-01-01T00:00:00Z")),
	  NULL, NULL },
	/* The one that ends first counts, wherever it stands. */
	{ BEGUN("2026-12-24T00:00:01Z", LONG SHORT), "cert_expires_soon",
	  "a certificate in the server's chain expires at 2026-12-26T00:00:00Z, in "
	  "2.0 days" },
	{ BEGUN("2026-12-24T00:00:01Z", SHORT LONG), "cert_expires_soon",
	  "a certificate in the server's chain expires at 2026-12-26T00:00:00Z, in "
	  "2.0 days" },
	/* Without a clock, or without a time that can be read, nothing is known. */
	{ LONG, NULL, NULL },
	{ BEGUN("2026-12-24T00:00:01Z", VALID("2026", "2026-12-26T00:00:00Z")), NULL,
	  NULL },
	{ BEGUN("2026-12-24T00:00:01Z",
	        VALID("2026-12-18T00:00:00Z", "2026-12-26T00:00:00Z.5")),
	  NULL, NULL },

	/* a greeting after four seconds */
	{ GREETED("4.999999"), NULL, NULL },
	{ GREETED("5.000000"), "slow_greeting",
	  "the server took 4.0 s to greet: a tarpit, or a slow look-up of this "
	  "machine's name" },
	{ "0 * connect 192.0.2.7:587\n1 * connected\n9 * end timeout\n", NULL, NULL },

	/* three segments that were sent again */
	{ "0 * tcp retransmits=2\n", NULL, NULL },
	{ "0 * tcp retransmits=3\n", "packets_lost",
	  "packets are lost on the way: 3 TCP segments had to be sent again" },

	/* a weaker mechanism that the server leaves no choice to */
	{ USED("SCRAM-SHA-256") TAKEN("PLAIN", "PLAIN LOGIN"), "mechanism_downgrade",
	  "the server no longer offers SCRAM-SHA-256, which the last good login used; "
	  "this one used PLAIN, which is weaker" },
	{ USED("SCRAM-SHA-256") TAKEN("PLAIN", "PLAIN SCRAM-SHA-256"), NULL, NULL },
	{ USED("SCRAM-SHA-256") TAKEN("SCRAM-SHA-1", "SCRAM-SHA-1"),
	  "mechanism_downgrade",
	  "the server no longer offers SCRAM-SHA-256, which the last good login used; "
	  "this one used SCRAM-SHA-1, which is weaker" },
	{ USED("SCRAM-SHA-256-PLUS") TAKEN("SCRAM-SHA-256", "SCRAM-SHA-256"),
	  "mechanism_downgrade",
	  "the server no longer offers SCRAM-SHA-256-PLUS, which the last good login "
	  "used; this one used SCRAM-SHA-256, which is weaker" },
	{ USED("SCRAM-SHA-1") TAKEN("CRAM-MD5", "CRAM-MD5"), "mechanism_downgrade",
	  "the server no longer offers SCRAM-SHA-1, which the last good login used; "
	  "this one used CRAM-MD5, which is weaker" },
	{ USED("CRAM-MD5") TAKEN("PLAIN", "PLAIN"), "mechanism_downgrade",
	  "the server no longer offers CRAM-MD5, which the last good login used; this "
	  "one used PLAIN, which is weaker" },
	{ USED("SCRAM-SHA-256") TAKEN("SCRAM-SHA-256", "SCRAM-SHA-256"), NULL, NULL },
	{ USED("SCRAM-SHA-1") TAKEN("SCRAM-SHA-256", "SCRAM-SHA-256"), NULL, NULL },
	{ USED("PLAIN") TAKEN("LOGIN", "LOGIN"), NULL, NULL },
	{ USED("PLAIN") TAKEN("CRAM-MD5", "CRAM-MD5"), NULL, NULL },
	{ USED("PLAIN") TAKEN("EXTERNAL", "EXTERNAL"), NULL, NULL },
	{ USED("SCRAM-SHA-256") TAKEN("GSSAPI", "GSSAPI"), NULL, NULL },
	{ USED("PLAIN") TAKEN("SCRAM-SHA-1", "SCRAM-SHA-1"), NULL, NULL },
	{ TAKEN("PLAIN", "PLAIN"), NULL, NULL },
	{ LAST("hops=5") TAKEN("PLAIN", "PLAIN"), NULL, NULL },

	/* somebody who opens the encryption */
	{ AVAST("antivirus"), "tls_intercepted",
	  "the session is decrypted on its way by Avast (certificate 1 issuer)" },
	{ AVAST("proxy"), "tls_intercepted",
	  "the session is decrypted on its way by Avast (certificate 1 issuer)" },
	{ AVAST("parental"), "tls_intercepted",
	  "the session is decrypted on its way by Avast (certificate 1 issuer)" },
	{ AVAST("malware"), "tls_intercepted",
	  "the session is decrypted on its way by Avast (certificate 1 issuer)" },
	/* A firewall can be the mail server itself, unless another one signed before.
	 */
	{ AVAST("firewall") ISSUED, NULL, NULL },
	{ LAST("issuer=\"CN=New\"") AVAST("firewall") ISSUED, NULL, NULL },
	{ LAST("issuer=\"CN=Old\"") AVAST("firewall") ISSUED, "tls_intercepted",
	  "the session is decrypted on its way by Avast (certificate 1 issuer)" },
	{ LAST("issuer=\"CN=Old\"") ISSUED, NULL, NULL },
};

static void notice_is_given_beyond_its_limit(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		const char *row = rows[i].session;
		struct result *result = recorded(row, NULL);
		const struct notices *notices = &result->diagnosis.notices;

		CHECK_INT(row, notices->count == 1, rows[i].reason != NULL);
		if (rows[i].reason) {
			CHECK_TEXT(row, notices->list[0].reason, rows[i].reason);
			CHECK_TEXT(row, notices->list[0].text, rows[i].text);
		} else {
			CHECK_INT(row, notices->count == 0, 1);
		}
		result_release(result);
	}
}

/* All at once, the one that somebody should look at soonest first. */
static void notices_have_their_order(void **state)
{
	static const char *const reasons[NOTICE_MAX] = {
		"tls_intercepted", "cert_expires_soon", "mechanism_downgrade",
		"slow_greeting",   "packets_lost",
	};
	struct result *result = recorded(
		"0 * begin 2026-12-24T00:00:00Z\n" USED(
			"SCRAM-SHA-1") "0 * tcp retransmits=9\n0 * connect a:587\n0 * "
				       "connected\n"
				       "5 < 220 mx.example\n5 > EHLO a\n5 < 250-a\n5 < "
				       "250 AUTH PLAIN\n" LONG AVAST(
					       "proxy") "5 > AUTH PLAIN <redacted>\n6 "
							"< 235 ok\n"
							"6 * tcp retransmits=9\n6 * "
							"end reply\n",
		NULL);
	const struct notices *notices = &result->diagnosis.notices;

	(void)state;
	assert_int_equal(notices->count, NOTICE_MAX);
	for (size_t i = 0; i < NOTICE_MAX; i++)
		CHECK_TEXT("all", notices->list[i].reason, reasons[i]);
	result_release(result);
}

static void foreign_words_are_made_printable(void **state)
{
	struct result *result = recorded(
		"0 * interceptor proxy \"\xc3\xa4\" in certificate \xff issuer\n",
		NULL);
	const struct notices *notices = &result->diagnosis.notices;

	(void)state;
	assert_int_equal(notices->count, 1);
	assert_string_equal(notices->list[0].text,
	                    "the session is decrypted on its way by ?? (certificate ? "
	                    "issuer)");
	result_release(result);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(notice_is_given_beyond_its_limit),
		cmocka_unit_test(notices_have_their_order),
		cmocka_unit_test(foreign_words_are_made_printable),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
