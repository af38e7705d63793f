/* SPDX-License-Identifier: Apache-2.0 */
#include "probe/evidence.h"

#include <stdio.h>

#include "tests/unit/recorded.h"
#include "tests/unit/row.h"

static const char *joined(const struct result *result, char out[8192])
{
	const struct evidence *evidence = &result->diagnosis.evidence;
	size_t len = 0;

	out[0] = '\0';
	for (size_t i = 0; i < evidence->count; i++)
		len += (size_t)snprintf(out + len, 8192 - len, "%s\n",
		                        evidence->lines[i]);
	return out;
}

/* Each of `told` (up to three) must stand there, `untold` must not. */
static const struct {
	const char *name, *text, *told[3], *untold;
} rows[] = {
	{ "refused",
	  RECORDED_REFUSAL,
	  { "the server offered AUTH", "\"535 5.7.8 Bad credentials\"",
	    "encrypted and the server's certificate verified" },
	  "not encrypted" },
	{ "refused in clear",
	  RECORDED_CLEARTEXT "0.1 > AUTH PLAIN x\n0.2 < 535 no\n0.2 * end reply\n",
	  { "\"535 no\"", "not encrypted" },
	  "certificate" },
	{ "refused by an unverified server",
	  RECORDED_STARTTLS "0.06 * tls start\n" RECORDED_CERTIFICATE
	                    "0.07 * verify 18 self-signed certificate\n"
	                    "0.08 * tls done TLSv1.3 X\n0.09 > EHLO a\n0.1 < 250-a\n"
	                    "0.1 < 250 AUTH PLAIN\n0.1 > AUTH PLAIN x\n0.2 < 535 no\n"
	                    "0.2 * end reply\n",
	  { "identity was not verified", "self-signed certificate", "CN=mx.example" },
	  "certificate verified" },
	{ "not offered",
	  RECORDED_ENCRYPTED "0.1 * end not_offered CRAM-MD5\n",
	  { "does not offer CRAM-MD5", "PLAIN, LOGIN" },
	  "AUTH," },
	{ "two addresses",
	  "0 * connect 192.0.2.1:587\n1 * failed refused\n1 * connect 192.0.2.2:587\n"
	  "2 * end timeout\n",
	  { "192.0.2.1:587: the connection was refused",
	    "192.0.2.2:587: the deadline passed" },
	  "password" },
	{ "proxy",
	  "0 * connect mx.example:587\n1 * proxy HTTP/1.1 403 Forbidden\n1 * end "
	  "proxy\n",
	  { "the proxy answered \"HTTP/1.1 403 Forbidden\"" },
	  "password" },
	{ "first bytes",
	  "0 * connect a:587\n0 * connected\n1 * raw \"\\x15\\x03\"\n1 * end protocol "
	  "x\n",
	  { "the first bytes were \"\\x15\\x03\"" },
	  "password" },
	{ "alert",
	  RECORDED_STARTTLS "1 * tls start\n1 * tls alert received handshake failure\n"
	                    "1 * end tls\n",
	  { "TLS alert received: handshake failure" },
	  "verify" },
	{ "expired",
	  RECORDED_STARTTLS "1 * tls start\n" RECORDED_CERTIFICATE
	                    "1 * verify 10 certificate has expired\n1 * end tls\n",
	  { "certificate has expired", "CN=mx.example", "2034-01-01T00:00:00Z" },
	  "password" },
	{ "blanks",
	  "0 * blank at an end of the password\n" RECORDED_REFUSAL,
	  { "begins or ends with a blank" },
	  "not encrypted" },
	{ "blanks that were never sent",
	  "0 * blank at an end of the password\n" RECORDED_GREETING "1 * end closed\n",
	  { "closed" },
	  "blank" },
	{ "suspended",
	  RECORDED_SUSPENDED("bad_credentials"),
	  { "the server offered AUTH, but the login was not tried, for it is suspended",
	    "the last 2 logins were refused", "before 2026-11-24T08:33:03Z" },
	  "encrypted" },
	{ "own trouble",
	  "0 * end local Too many open files\n",
	  { "the probe itself could not go on", "Too many open files" },
	  "server" },
};

static void what_was_seen_is_told(void **state)
{
	char text[8192];

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct result *result = recorded(rows[i].text, NULL);

		joined(result, text);
		for (size_t j = 0; j < 3 && rows[i].told[j]; j++)
			if (!strstr(text, rows[i].told[j]))
				fail_msg("row \"%s\": no \"%s\" in\n%s", rows[i].name,
				         rows[i].told[j], text);
		if (strstr(text, rows[i].untold))
			fail_msg("row \"%s\": \"%s\" in\n%s", rows[i].name,
			         rows[i].untold, text);
		result_release(result);
	}
}

/* In each phase that a session can end in, and in each way. */
static void every_end_in_every_phase_is_a_sentence(void **state)
{
	static const char *const starts[] = {
		"",
		"0 * resolve mx.example\n",
		"0 * connect 192.0.2.7:587\n",
		"0 * connect 192.0.2.7:587\n0 * connected\n",
		RECORDED_GREETING,
		RECORDED_GREETING "0.1 < 250 a\n0.1 > STARTTLS\n",
		RECORDED_STARTTLS "0.1 * tls start\n",
		RECORDED_ENCRYPTED,
		RECORDED_LOGIN,
		RECORDED_LOGIN "0.2 > QUIT\n",
	};
	char text[4096];

	(void)state;
	for (size_t i = 0; i < COUNT(starts); i++) {
		for (unsigned j = 0; j < ENDING_COUNT; j++) {
			struct result *result;
			const char *line;

			snprintf(text, sizeof(text), "%s9 * end %s%s\n", starts[i],
			         ending_word((enum ending)j),
			         j == ENDING_NOT_OFFERED ? " AUTH" : "");
			result = recorded(text, NULL);
			line = result->diagnosis.evidence.lines[0];
			CHECK(text, strlen(line) > 10);
			CHECK(text, !strstr(line, "(null)") && !strstr(line, "()") &&
			                    !strstr(line, "  "));
			CHECK(text, line[strlen(line) - 1] != ' ');
			result_release(result);
		}
	}
}

/* Only what was received counts: there is no reply with the code 0. */
static void missing_reply_is_not_quoted(void **state)
{
	struct result *result = recorded(RECORDED_LOGIN "1 * end reply\n", NULL);

	(void)state;
	assert_null(strstr(result->diagnosis.evidence.lines[0], "\"0"));
	result_release(result);
}

static void foreign_words_are_made_printable(void **state)
{
	struct result *result = recorded(
		RECORDED_LOGIN "1 < 535 5.7.8 \xe4\xf6 \x80\n1 * end reply\n", NULL);

	(void)state;
	for (const char *c = result->diagnosis.evidence.lines[0]; *c; c++)
		assert_true(*c >= ' ' && *c <= '~');
	result_release(result);
}

static void number_of_lines_has_a_limit(void **state)
{
	char text[16384];
	size_t len = 0;
	struct result *result;

	(void)state;
	for (int i = 0; i < TRIED_ADDRESS_MAX; i++)
		len += (size_t)snprintf(
			text + len, sizeof(text) - len,
			"0 * connect 192.0.2.%d:587\n0 * failed refused\n", i);
	snprintf(text + len, sizeof(text) - len, "1 * proxy x\n1 * raw \"x\"\n%s",
	         RECORDED_REFUSAL);
	result = recorded(text, NULL);
	assert_true(result->diagnosis.evidence.count <= EVIDENCE_MAX);
	assert_non_null(strstr(result->diagnosis.evidence.lines[0], "535"));
	result_release(result);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_was_seen_is_told),
		cmocka_unit_test(every_end_in_every_phase_is_a_sentence),
		cmocka_unit_test(missing_reply_is_not_quoted),
		cmocka_unit_test(foreign_words_are_made_printable),
		cmocka_unit_test(number_of_lines_has_a_limit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
