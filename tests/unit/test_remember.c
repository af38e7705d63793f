/* SPDX-License-Identifier: Apache-2.0 */
#include "probe/remember.h"

#include <stdio.h>

#include "tests/unit/recorded.h"
#include "tests/unit/row.h"

enum { STARTED = 1234567 };

static bool remember(struct memory_record *out, const char *session,
                     struct result **result, struct arena *arena)
{
	*result = recorded(session, NULL);
	return remember_login(out, (*result)->seen, STARTED, arena);
}

/* ---- a good login ---- */

static void good_login_is_remembered(void **state)
{
	struct arena *arena = arena_create();
	struct memory_record record;
	struct result *result;

	(void)state;
	assert_true(remember(
		&record,
		"0 * resolve mx.example\n0 * resolved 192.0.2.7 192.0.2.8\n"
		"0 * connect 192.0.2.7:587\n0 * connected\n"
		"0.04 < 220 mx.example ESMTP ready\n0.04 > EHLO a\n0.05 < 250-mx\n"
		"0.05 < 250-STARTTLS\n0.05 < 250-SIZE 1000\n0.05 < 250 8BITMIME\n"
		"0.05 > STARTTLS\n0.06 < 220 go\n0.06 * tls start\n"
		"0.07 * certificate 0 subject=\"CN=mx\" issuer=\"CN=CA\" "
		"key_sha256=aa\n"
		"0.07 * certificate 1 subject=\"CN=CA\" issuer=\"CN=Root\" "
		"key_sha256=bb\n"
		"0.07 * verify 0 ok\n0.08 * tls done TLSv1.3 X\n0.08 > EHLO a\n"
		"0.09 < 250-mx\n0.09 < 250-AUTH LOGIN PLAIN\n0.09 < 250 DSN\n"
		"0.09 > AUTH PLAIN <redacted>\n0.1 < 235 ok\n"
		"0.1 * tcp rtt=0.012 min_rtt=0.01 unacked=0\n0.1 * end reply\n"
		"0.1 * look hops 443 answered near=5 far=5\n",
		&result, arena));
	assert_int_equal(record.at, STARTED);
	CHECK_STR("record", record.addresses, "192.0.2.7 192.0.2.8");
	CHECK_STR("record", record.banner, "mx.example");
	CHECK_STR("record", record.before, "8BITMIME SIZE STARTTLS");
	CHECK_STR("record", record.after, "AUTH=LOGIN,PLAIN DSN");
	CHECK_STR("record", record.mechanism, "PLAIN");
	CHECK_STR("record", record.key, "aa");
	CHECK_STR("record", record.issuer, "CN=CA");
	assert_true(record.verified);
	assert_int_equal(record.rtt, 12000);
	assert_int_equal(record.hops, 5);
	result_release(result);
	arena_destroy(arena);
}

static void what_is_not_known_is_left_out(void **state)
{
	struct arena *arena = arena_create();
	struct memory_record record;
	struct result *result;

	(void)state;
	assert_true(remember(&record,
	                     RECORDED_CLEARTEXT "0.1 > AUTH PLAIN x\n0.2 < 235 ok\n"
	                                        "0.2 * end reply\n",
	                     &result, arena));
	assert_false(record.verified);
	assert_int_equal(record.key.len + record.issuer.len + record.after.len, 0);
	assert_int_equal(record.rtt, 0);
	assert_int_equal(record.hops, 0);
	CHECK_STR("clear", record.before, "AUTH=PLAIN,LOGIN");
	result_release(result);
	arena_destroy(arena);
}

static const struct {
	const char *ehlo, *list;
} offers[] = {
	{ "0.1 < 250 a\n", "" },
	{ "0.1 < 250-a\n0.1 < 250 SIZE\n", "SIZE" },
	/* A parameter changes from day to day. */
	{ "0.1 < 250-a\n0.1 < 250-SIZE 5\n0.1 < 250 LIMITS RCPTMAX=1\n",
	  "LIMITS SIZE" },
	{ "0.1 < 250-a\n0.1 < 250-AUTH PLAIN\n0.1 < 250 AUTH=PLAIN\n", "AUTH=PLAIN" },
	{ "0.1 < 250-a\n0.1 < 250 AUTH\n", "AUTH" },
	{ "0.1 < 250-a\n0.1 < 250-X\xff\n0.1 < 250 AUTH P\xff\n", "AUTH=P? X\xff" },
};

static void offer_is_a_sorted_list_of_words(void **state)
{
	struct arena *arena = arena_create();
	char session[512];

	(void)state;
	for (size_t i = 0; i < COUNT(offers); i++) {
		struct memory_record record;
		struct result *result;

		snprintf(session, sizeof(session),
		         "%s%s0.2 > AUTH PLAIN x\n0.3 < 235 ok\n0.3 * end reply\n",
		         RECORDED_GREETING, offers[i].ehlo);
		assert_true(remember(&record, session, &result, arena));
		CHECK_STR(session, record.before, offers[i].list);
		result_release(result);
	}
	arena_destroy(arena);
}

/* As many keywords as are kept, and one more. */
static void list_ends_with_the_keywords_that_are_kept(void **state)
{
	struct arena *arena = arena_create();
	struct text session = text_create(arena, 8192);
	struct memory_record record;
	struct result *result;
	struct str rest, word, before = STR("");
	size_t count = 0;

	(void)state;
	text_add(&session, "%s0.1 < 250-a\n", RECORDED_GREETING);
	for (int i = 0; i <= CAPABILITY_MAX; i++)
		text_add(&session, "0.1 < 250-K%03d\n", i);
	text_add(&session, "0.1 < 250 AUTH PLAIN\n0.2 > AUTH PLAIN x\n0.3 < 235 ok\n"
	                   "0.3 * end reply\n");
	assert_true(remember(&record, session.at, &result, arena));
	rest = record.before;
	while (str_take_word(&word, &rest, " ")) {
		assert_true(before.len == 0 || memcmp(before.at, word.at, 4) < 0);
		before = word;
		count++;
	}
	assert_int_equal(count, CAPABILITY_MAX);
	CHECK_STR("last", before, "K063");
	result_release(result);
	arena_destroy(arena);
}

enum { LONG_WORD = 100 };

/* A list that is too long to be kept is kept up to the end of a word. */
static void long_list_ends_with_a_whole_word(void **state)
{
	struct arena *arena = arena_create();
	struct text session = text_create(arena, 8192);
	struct text printed = text_create(arena, MEMORY_TEXT_MAX);
	struct memory_record record, kept;
	struct result *result;
	struct error err;
	struct str rest, word;
	size_t count = 0;

	(void)state;
	text_add(&session, "%s", RECORDED_GREETING);
	for (int i = 0; i < 20; i++)
		text_add(&session, "0.1 < 250-%0*d\n", LONG_WORD, i);
	text_add(&session, "0.1 < 250 AUTH PLAIN\n0.2 > AUTH PLAIN x\n0.3 < 235 ok\n"
	                   "0.3 * end reply\n");
	assert_true(remember(&record, session.at, &result, arena));
	memory_print(&record, &printed);
	assert_true(memory_parse(&kept, arena, text_view(&printed), &err));
	for (rest = kept.before; str_take_word(&word, &rest, " "); count++)
		assert_int_equal(word.len, LONG_WORD);
	assert_int_equal(count, MEMORY_CAPABILITIES_MAX / (LONG_WORD + 1));
	result_release(result);
	arena_destroy(arena);
}

static void failure_is_not_remembered(void **state)
{
	static const char *const sessions[] = {
		RECORDED_REFUSAL,
		RECORDED_LOGIN,
		RECORDED_LOGIN "0.2 < 235 ok\n0.2 * end timeout\n",
		"",
	};
	struct arena *arena = arena_create();

	(void)state;
	for (size_t i = 0; i < COUNT(sessions); i++) {
		struct memory_record record = { .at = 42 };
		struct result *result;

		CHECK(sessions[i], !remember(&record, sessions[i], &result, arena));
		CHECK_INT(sessions[i], record.at, 42);
		result_release(result);
	}
	arena_destroy(arena);
}

/* ---- what is compared with other targets ---- */

static struct correlation_outcome
outcome_of(const char *session, struct result **result, struct arena *arena)
{
	*result = recorded(session, NULL);
	return remember_outcome((*result)->seen, (*result)->target, arena);
}

static void failure_is_told_to_the_others(void **state)
{
	struct arena *arena = arena_create();
	struct result *result;
	struct correlation_outcome outcome = outcome_of(
		RECORDED_GREETING "1 < 421 too many connections\n1 * end reply\n",
		&result, arena);

	(void)state;
	assert_string_equal(outcome.host, "mx.example");
	assert_int_equal(outcome.port, 587);
	assert_string_equal(outcome.address, "192.0.2.7");
	assert_int_equal(outcome.phase, PHASE_EHLO);
	assert_int_equal(outcome.ending, ENDING_REPLY);
	CHECK_STR("greeting", outcome.greeting, "mx.example ESMTP");
	CHECK_STR("deferral", outcome.deferral, "too many connections");
	assert_int_equal(outcome.issuer.len, 0);
	assert_false(outcome.issuer_verified || outcome.http || outcome.expired);
	result_release(result);
	arena_destroy(arena);
}

static const struct {
	const char *session, *address;
} addresses[] = {
	{ "0 * connect 192.0.2.7:587\n", "192.0.2.7" },
	{ "0 * connect [2001:db8::7]:587\n", "2001:db8::7" },
	/* The last one that was tried. */
	{ "0 * connect 192.0.2.7:587\n0 * failed refused\n0 * connect 192.0.2.8:25\n",
	  "192.0.2.8" },
	{ "0 * resolve mx.example\n", "" },
	{ "0 * connect /run/smtp\n", "" },
	{ "0 * connect :587\n", "" },
	{ "0 * connect []:587\n", "[]" },
};

static void address_stands_without_its_port(void **state)
{
	struct arena *arena = arena_create();

	(void)state;
	for (size_t i = 0; i < COUNT(addresses); i++) {
		struct result *result;
		struct correlation_outcome outcome =
			outcome_of(addresses[i].session, &result, arena);

		CHECK_TEXT(addresses[i].session, outcome.address, addresses[i].address);
		result_release(result);
	}
	arena_destroy(arena);
}

#define HANDSHAKE \
	RECORDED_STARTTLS \
	"0.1 * tls start\n0.1 * certificate 0 issuer=\"CN=CA\"\n"

static const struct {
	const char *session;
	bool has_issuer, verified, http, expired, deferred;
} traits[] = {
	{ HANDSHAKE "0.1 * verify 0 ok\n", true, true, false, false, false },
	{ HANDSHAKE "0.1 * verify 19 x\n", true, false, false, false, false },
	{ HANDSHAKE "0.1 * verify 10 x\n", true, false, false, true, false },
	{ HANDSHAKE "0.1 * verify 9 x\n", true, false, false, true, false },
	{ HANDSHAKE "0.1 * verify 11 x\n", true, false, false, false, false },
	{ RECORDED_STARTTLS, false, false, false, false, false },
	{ "0 * raw \"HTTP/1.1 302 Found\"\n", false, false, true, false, false },
	{ "0 * raw \"SSH-2.0\"\n", false, false, false, false, false },
	{ RECORDED_GREETING "1 < 421 x\n", false, false, false, false, true },
	{ RECORDED_GREETING "1 < 499 x\n", false, false, false, false, true },
	{ RECORDED_GREETING "1 < 399 x\n", false, false, false, false, false },
	{ RECORDED_GREETING "1 < 500 x\n", false, false, false, false, false },
};

static void traits_are_those_of_the_session(void **state)
{
	struct arena *arena = arena_create();

	(void)state;
	for (size_t i = 0; i < COUNT(traits); i++) {
		const char *row = traits[i].session;
		struct result *result;
		struct correlation_outcome outcome = outcome_of(row, &result, arena);

		CHECK_STR(row, outcome.issuer, traits[i].has_issuer ? "CN=CA" : "");
		CHECK_INT(row, outcome.issuer_verified, traits[i].verified);
		CHECK_INT(row, outcome.http, traits[i].http);
		CHECK_INT(row, outcome.expired, traits[i].expired);
		CHECK_STR(row, outcome.deferral, traits[i].deferred ? "x" : "");
		result_release(result);
	}
	arena_destroy(arena);
}

/* ---- for the guard ---- */

static const struct {
	const char *session;
	enum guard_outcome outcome;
} logins[] = {
	{ RECORDED_SUCCESS, GUARD_ACCEPTED },
	{ RECORDED_REFUSAL, GUARD_REFUSED },
	/* Whatever is made of it: servers count every 5xx. */
	{ RECORDED_LOGIN "1 < 554 5.7.1 relay\n1 * end reply\n", GUARD_REFUSED },
	{ "0 * interceptor antivirus \"A\" in certificate 1 issuer\n" RECORDED_REFUSAL,
	  GUARD_REFUSED },
	{ RECORDED_ENCRYPTED "1 > AUTH LOGIN\n1 < 334 VXNlcm5hbWU6\n1 > <redacted>\n"
	                     "1 < 535 no\n1 * end reply\n",
	  GUARD_REFUSED },
	{ RECORDED_LOGIN "1 < 454 4.7.0 too many login attempts\n1 * end reply\n",
	  GUARD_REFUSED },
	{ RECORDED_LOGIN "1 < 454 4.7.0 later\n1 * end reply\n", GUARD_UNJUDGED },
	{ RECORDED_LOGIN "1 * end timeout\n", GUARD_UNJUDGED },
	{ RECORDED_LOGIN "1 < 535 no\n1 * end protocol x\n", GUARD_UNJUDGED },
	{ RECORDED_LOGIN "1 < 535-no\n1 * end closed\n", GUARD_UNJUDGED },
	/* No credential was sent. */
	{ RECORDED_ENCRYPTED "1 > AUTH LOGIN\n1 < 504 no\n1 * end reply\n",
	  GUARD_UNJUDGED },
	{ RECORDED_ENCRYPTED "1 * end suspended\n", GUARD_UNJUDGED },
	{ RECORDED_ENCRYPTED "1 * end not_offered AUTH\n", GUARD_UNJUDGED },
	{ "0 * connect 192.0.2.7:587\n0 < 554 no\n0 * end reply\n", GUARD_UNJUDGED },
	{ "0 * connect 192.0.2.7:587\n0 < 421 too many connections\n0 * end reply\n",
	  GUARD_UNJUDGED },
	{ "0 * connect 192.0.2.7:587\n0 * end refused\n", GUARD_UNJUDGED },
};

static void refusal_is_what_servers_count(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(logins); i++) {
		struct result *result = recorded(logins[i].session, NULL);

		CHECK_INT(logins[i].session,
		          remember_guard(result->seen, result->diagnosis.cause),
		          logins[i].outcome);
		result_release(result);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(good_login_is_remembered),
		cmocka_unit_test(what_is_not_known_is_left_out),
		cmocka_unit_test(offer_is_a_sorted_list_of_words),
		cmocka_unit_test(list_ends_with_the_keywords_that_are_kept),
		cmocka_unit_test(long_list_ends_with_a_whole_word),
		cmocka_unit_test(failure_is_not_remembered),
		cmocka_unit_test(failure_is_told_to_the_others),
		cmocka_unit_test(address_stands_without_its_port),
		cmocka_unit_test(traits_are_those_of_the_session),
		cmocka_unit_test(refusal_is_what_servers_count),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
