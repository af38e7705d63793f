/* SPDX-License-Identifier: Apache-2.0 */
#include "probe/message.h"

#include <stdio.h>

#include "tests/unit/recorded.h"
#include "tests/unit/row.h"

#define INTERCEPTED "0 * interceptor antivirus \"Avast\" in certificate 1 issuer\n"
#define WEAKER      "0 * last good 2026-01-01T00:00:00Z mechanism=\"SCRAM-SHA-256\"\n"

static struct target *target_for(const char *host, const char *user, int port)
{
	const struct target_settings settings = {
		.host = host, .user = user, .port = port, .mechanism = MECHANISM_AUTO
	};

	return recorded_target(&settings);
}

static const struct {
	const char *name, *host, *user;
	int port;
	const char *session, *message;
} lines[] = {
	{ "success", "mx.example", "probe@example.com", 0, RECORDED_SUCCESS,
	  "SMTP AUTH OK - probe@example.com at mx.example:587, 0.150 s, PLAIN" },
	{ "refused", "mx.example", "probe", 0, RECORDED_REFUSAL,
	  "SMTP AUTH CRITICAL - credentials: bad credentials (535 5.7.8) "
	  "mx.example:587" },
	{ "no enhanced status", "mx.example", "probe", 25,
	  RECORDED_LOGIN "1 < 454 later\n1 * end reply\n",
	  "SMTP AUTH CRITICAL - unavailable: auth backend down (454) mx.example:25" },
	{ "no reply", "192.0.2.7", "probe", 0,
	  "0 * connect 192.0.2.7:587\n1 * end refused\n",
	  "SMTP AUTH CRITICAL - network: connection refused 192.0.2.7:587" },
	{ "IPv6", "2001:db8::7", "probe", 0,
	  "0 * connect [2001:db8::7]:587\n1 * end refused\n",
	  "SMTP AUTH CRITICAL - network: connection refused [2001:db8::7]:587" },
	{ "socket", "/run/smtp", "probe", 0, "0 * connect /run/smtp\n1 * end refused\n",
	  "SMTP AUTH CRITICAL - network: connection refused /run/smtp" },
	{ "notice and a user of one letter too many", "mx.example", "probe@mx.example",
	  0, INTERCEPTED RECORDED_SUCCESS,
	  "SMTP AUTH WARNING - tls intercepted: mx.example:587, 0.150 s" },
	/* The one that somebody should look at soonest. */
	{ "two notices", "mx.example", "probe", 0,
	  INTERCEPTED RECORDED_SUCCESS "9 * tcp retransmits=3\n",
	  "SMTP AUTH WARNING - tls intercepted: probe at mx.example:587, 0.150 s, "
	  "PLAIN" },
	{ "notice and a user who just fits", "mx.example", "probe@a.example", 0,
	  INTERCEPTED RECORDED_SUCCESS,
	  "SMTP AUTH WARNING - tls intercepted: probe@a.example at mx.example:587, "
	  "0.150 s" },
	{ "lost packets", "mx.example", "probe", 0,
	  RECORDED_SUCCESS "9 * tcp retransmits=3\n",
	  "SMTP AUTH WARNING - packets lost: probe at mx.example:587, 0.150 s, PLAIN" },
	/* A failure is worse than what is worth a word besides. */
	{ "notice of a failure", "mx.example", "probe", 0,
	  RECORDED_REFUSAL "9 * tcp retransmits=3\n",
	  "SMTP AUTH CRITICAL - credentials: bad credentials (535 5.7.8) "
	  "mx.example:587" },
	{ "suspended", "mx.example", "probe", 0, RECORDED_SUSPENDED("bad_credentials"),
	  "SMTP AUTH CRITICAL - credentials: bad credentials, 14 min ago (login "
	  "suspended)" },
	{ "suspended, a letter too many", "mx.example", "probe", 0,
	  RECORDED_SUSPENDED("account_disabled"),
	  "SMTP AUTH CRITICAL - credentials: account disabled, 14 min ago "
	  "(suspended)" },
	{ "suspended, no room for the age", "mx.example", "probe", 0,
	  RECORDED_SUSPENDED("relay_or_sender_authorization"),
	  "SMTP AUTH CRITICAL - server config: relay or sender authorization "
	  "(suspended)" },
	{ "suspended for a warning", "mx.example", "probe", 0,
	  RECORDED_SUSPENDED("too_many_attempts"),
	  "SMTP AUTH WARNING - throttled: too many attempts, 14 min ago (login "
	  "suspended)" },
	{ "suspended, nobody knows why", "mx.example", "probe", 0,
	  "0 * suspended next=2026-11-24T08:33:03Z\n" RECORDED_ENCRYPTED
	  "0.1 * end suspended\n",
	  "SMTP AUTH UNKNOWN - local: internal (login suspended)" },
	{ "suspended and out of reach", "mx.example", "probe", 0,
	  RECORDED_SUSPENSION("bad_credentials") "1 * connect 192.0.2.7:587\n"
	                                         "1 * end refused\n",
	  "SMTP AUTH CRITICAL - network: connection refused mx.example:587" },
	{ "foreign words", "mx.example", "m\xc3\xbcller|x", 0, RECORDED_SUCCESS,
	  "SMTP AUTH OK - m??ller/x at mx.example:587, 0.150 s, PLAIN" },
};

static const char *print(const struct result *result, struct arena *arena)
{
	return message_of(result, result_severity(result), arena);
}

static void line_says_who_where_and_why(void **state)
{
	struct arena *arena = arena_create();

	(void)state;
	for (size_t i = 0; i < COUNT(lines); i++) {
		struct target *target =
			target_for(lines[i].host, lines[i].user, lines[i].port);
		struct result *result = recorded(lines[i].session, target);

		CHECK_TEXT(lines[i].name, print(result, arena), lines[i].message);
		result_release(result);
		target_release(target);
	}
	arena_destroy(arena);
}

/* As a pager, a terminal and the perfdata parser want it. */
static void check_form(const char *row, const char *message)
{
	CHECK(row, strlen(message) <= MESSAGE_MAX);
	CHECK(row, str_starts(str_of(message), STR("SMTP AUTH ")));
	for (const char *c = message; *c; c++)
		CHECK(row, *c >= ' ' && *c <= '~' && *c != '|');
}

static const char *const sessions[] = {
	RECORDED_SUCCESS,
	INTERCEPTED RECORDED_SUCCESS,
	WEAKER RECORDED_SUCCESS, /* the longest word of a notice */
	RECORDED_REFUSAL,
	RECORDED_LOGIN "1 < 538 5.7.11 x\n1 * end reply\n",
	RECORDED_LOGIN "1 < 504 5.999.999 x\n1 * end reply\n",
	"1 * end timeout\n",
	"1 * end local \xff|\n",
};

static const char *word_of(char out[1025], char c, size_t len)
{
	memset(out, c, len);
	out[len] = '\0';
	return out;
}

static void no_length_breaks_the_form(void **state)
{
	struct arena *arena = arena_create();
	char host[1025], user[1025], row[64];

	(void)state;
	for (size_t i = 0; i < COUNT(sessions); i++) {
		for (size_t len = 1; len <= 253; len += len < 90 ? 1 : 27) {
			struct target *target =
				target_for(word_of(host, 'h', len),
			                   word_of(user, 'u', len * 4), 65535);
			struct result *result = recorded(sessions[i], target);

			snprintf(row, sizeof(row), "session %zu, %zu characters", i,
			         len);
			check_form(row, print(result, arena));
			result_release(result);
			target_release(target);
		}
	}
	arena_destroy(arena);
}

static void every_suspension_fits(void **state)
{
	struct arena *arena = arena_create();

	(void)state;
	for (unsigned i = REASON_NONE + 1; i < REASON_COUNT; i++) {
		const char *word = reason_word((enum reason)i), *message;
		const char *session = arena_print(
			arena,
			"0 * begin 2027-12-31T23:59:59Z\n0 * suspended "
			"next=2028-01-01T00:00:00Z times=9 at=2026-11-24T08:03:03Z "
			"reason=%s confidence=certain\n%s0.1 * end suspended\n",
			word, RECORDED_ENCRYPTED);
		struct result *result = recorded(session, NULL);

		message = print(result, arena);
		check_form(word, message);
		CHECK(word, str_find_nocase(str_of(message), STR("suspended)")) > 0);
		result_release(result);
	}
	arena_destroy(arena);
}

static void longest_socket_path_fits(void **state)
{
	struct arena *arena = arena_create();
	char path[1025];
	struct target *target;
	struct result *result;

	(void)state;
	word_of(path, 'p', 107);
	path[0] = '/';
	target = target_for(path, "probe", 0);
	result = recorded(RECORDED_SUCCESS, target);
	check_form("socket", print(result, arena));
	result_release(result);
	target_release(target);
	arena_destroy(arena);
}

/* What is left of a success when there is ever less room. */
static const struct {
	const char *host, *user;
	bool mechanism, user_shown, host_whole;
} shortening[] = {
	{ "mx.example", "probe", true, true, true },
	{ "a23456789.b23456789.example", "probe@example.com", false, true, true },
	{ "a23456789.b23456789.example", "a-rather-long-user@example.com", false, false,
	  true },
	{ "a23456789.b23456789.c23456789.d23456789.e23456789.f23456789.example.com",
	  "probe", false, false, false },
};

static void parts_go_in_order(void **state)
{
	struct arena *arena = arena_create();

	(void)state;
	for (size_t i = 0; i < COUNT(shortening); i++) {
		const char *row = shortening[i].host;
		struct target *target = target_for(row, shortening[i].user, 2587);
		struct result *result = recorded(RECORDED_SUCCESS, target);
		const char *message = print(result, arena);

		CHECK_INT(message, strstr(message, "PLAIN") != NULL,
		          shortening[i].mechanism);
		CHECK_INT(message, strstr(message, shortening[i].user) != NULL,
		          shortening[i].user_shown);
		CHECK_INT(message, strstr(message, row) != NULL,
		          shortening[i].host_whole);
		CHECK(message, strstr(message, "0.150 s"));
		if (!shortening[i].host_whole)
			CHECK(message, strstr(message, "a2345") &&
			                       strstr(message, "...") &&
			                       strstr(message, "com:2587"));
		result_release(result);
		target_release(target);
	}
	arena_destroy(arena);
}

/* A host name that is cut at its end looks like another host. */
static void end_of_the_host_survives_every_reason(void **state)
{
	static const char *const hosts[] = { "mx.example", "mail.example.com",
		                             "smtp-relay.eu-central.mail.example.com" };
	struct arena *arena = arena_create();

	(void)state;
	for (unsigned i = REASON_NONE + 1; i < REASON_COUNT * COUNT(hosts); i++) {
		const char *host = hosts[i / REASON_COUNT];
		struct target *target = target_for(host, "probe", 0);
		struct result *result = recorded(
			RECORDED_LOGIN "1 < 550 5.7.139 x\n1 * end reply\n", target);
		const char *message, *tail = strrchr(host, '.');

		result->diagnosis.reason = (enum reason)(i % REASON_COUNT);
		result->diagnosis.cause = reason_cause(result->diagnosis.reason);
		message = print(result, arena);
		check_form(message, message);
		if (!strstr(message, tail))
			fail_msg("the end of %s is lost: %s", host, message);
		result_release(result);
		target_release(target);
	}
	arena_destroy(arena);
}

/* What leads is never cut; the rest gives way. */
static void lead_stands_first(void **state)
{
	struct arena *arena = arena_create();
	struct result *good = recorded(RECORDED_SUCCESS, NULL),
		      *noticed = recorded(RECORDED_SUCCESS "9 * tcp retransmits=3\n",
	                                  NULL),
		      *refused = recorded(RECORDED_REFUSAL, NULL);

	(void)state;
	assert_string_equal(
		message_with(good, SEVERITY_WARNING, "auth 2.31 s > 2: ", arena),
		"SMTP AUTH WARNING - auth 2.31 s > 2: mx.example:587, 0.150 s");
	assert_string_equal(
		message_with(noticed, SEVERITY_WARNING, "tls 3.00 s > 2: ", arena),
		"SMTP AUTH WARNING - tls 3.00 s > 2: mx.example:587, 0.150 s");
	assert_string_equal(
		message_with(refused, SEVERITY_OK, "refused as expected: ", arena),
		"SMTP AUTH OK - refused as expected: bad credentials "
		"(535 5.7.8) mx.example");
	result_release(good);
	result_release(noticed);
	result_release(refused);
	arena_destroy(arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(line_says_who_where_and_why),
		cmocka_unit_test(lead_stands_first),
		cmocka_unit_test(no_length_breaks_the_form),
		cmocka_unit_test(every_suspension_fits),
		cmocka_unit_test(longest_socket_path_fits),
		cmocka_unit_test(parts_go_in_order),
		cmocka_unit_test(end_of_the_host_survives_every_reason),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
