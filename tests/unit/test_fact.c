/* SPDX-License-Identifier: Apache-2.0 */
#include "probe/fact.h"

#include "tests/unit/recorded.h"
#include "tests/unit/row.h"

/* Pieces of sessions that the rows are made of. */
#define GMAIL          "0 * resolve smtp.gmail.com\n0 * connect 192.0.2.7:587\n0 * connected\n"
#define DIAL           "0 * connect 192.0.2.7:587\n"
#define HANDSHAKE      DIAL "0 * connected\n0 * tls start\n"
#define VERIFIED       "0.1 * verify 0 ok\n"
#define DONE           "0.1 * tls done TLSv1.3 X\n"
#define ALIAS(name)    "0 * cname " name "\n"
#define NAMED(names)   "0.1 * certificate 0 subject=\"CN=a\" names=\"" names "\"\n"
#define ISSUED(issuer) "0.1 * certificate 0 subject=\"CN=a\" issuer=\"" issuer "\"\n"
#define KEYED(key)     "0.1 * certificate 0 subject=\"CN=a\" key_sha256=" key "\n"
#define KEY_A          "00000000000000000000000000000000000000000000000000000000000000aa"
#define KEY_B          "00000000000000000000000000000000000000000000000000000000000000bb"
#define TCP(min_rtt)   "0.041 * tcp rtt=0.2 min_rtt=" min_rtt " unacked=0\n"
#define LAST(facts)    "0 * last good 2026-01-01T00:00:00Z " facts "\n"

static const struct {
	const char *name;
	enum fact fact;
	const char *session[2]; /* 0: for which it does not hold */
} rows[] = {
#define HOLDS(id, yes, no) { #id, FACT_##id, { no, yes } },
#include "tests/unit/fact_rows.def"
};

static bool holds(const char *session, enum fact fact)
{
	struct result *result = recorded(session, NULL);
	bool it_does = facts_of(result->seen).holds[fact];

	result_release(result);
	return it_does;
}

static void fact_holds_for_one_and_not_for_the_other(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++)
		for (int yes = 0; yes < 2; yes++)
			if (holds(rows[i].session[yes], rows[i].fact) != yes)
				fail_msg("%s should%s hold for\n%s", rows[i].name,
				         yes ? "" : " not", rows[i].session[yes]);
}

static void every_fact_is_tried(void **state)
{
	bool tried[FACT_COUNT] = { [FACT_NONE] = true };

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++)
		tried[rows[i].fact] = true;
	for (size_t i = 0; i < FACT_COUNT; i++)
		if (!tried[i])
			fail_msg("no row for fact %zu of fact.def", i);
}

/* What is not known holds of nothing: there, rules would find faults. */
static void few_facts_hold_of_nothing(void **state)
{
	struct result *result = recorded("", NULL);
	struct fact_set facts = facts_of(result->seen);

	(void)state;
	for (size_t i = 0; i < FACT_COUNT; i++)
		if (facts.holds[i] != (i == FACT_UNVERIFIED || i == FACT_NO_MECHANISM))
			fail_msg("fact %zu of fact.def, for an empty session", i);
	result_release(result);
}

static void http_is_known_by_its_first_bytes(void **state)
{
	(void)state;
	assert_true(fact_is_http(STR("\"http/1.0 200 OK\"")));
	assert_true(fact_is_http(STR("\"<html")));
	assert_false(fact_is_http(STR("HTTP/1.0 200 OK"))); /* not as a trace has it */
	assert_false(fact_is_http(STR("\"HTTP")));
	assert_false(fact_is_http(STR("")));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fact_holds_for_one_and_not_for_the_other),
		cmocka_unit_test(every_fact_is_tried),
		cmocka_unit_test(few_facts_hold_of_nothing),
		cmocka_unit_test(http_is_known_by_its_first_bytes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
