/* SPDX-License-Identifier: Apache-2.0 */
#include "probe/capability.h"

#include <stdio.h>

#include "tests/unit/row.h"

/* `offered`: the names in order, with blanks between; `known`: how many are ours. */
static const struct {
	const char *line;
	bool starttls, auth;
	const char *offered;
	int known;
} rows[] = {
	{ "STARTTLS", true, false, "", 0 },
	{ "starttls", true, false, "", 0 },
	{ "StartTLS", true, false, "", 0 },
	{ "STARTTLSX", false, false, "", 0 },
	{ "XSTARTTLS", false, false, "", 0 },
	{ "X STARTTLS", false, false, "", 0 },
	{ "XXXXXXXA", false, false, "", 0 },
	{ "AUTH PLAIN LOGIN", false, true, "PLAIN LOGIN", 2 },
	{ "auth plain login", false, true, "plain login", 2 },
	{ "AUTH=PLAIN LOGIN", false, true, "PLAIN LOGIN", 2 },
	{ "AUTH= PLAIN", false, true, "PLAIN", 1 },
	{ "AUTH  PLAIN\tLOGIN ", false, true, "PLAIN LOGIN", 2 },
	{ "AUTH", false, true, "", 0 },
	{ "AUTH ", false, true, "", 0 },
	{ "AUTH=", false, true, "", 0 },
	{ "AUTH XOAUTH2 PLAIN", false, true, "XOAUTH2 PLAIN", 1 },
	{ "AUTH PLAIN plain PLAIN", false, true, "PLAIN", 1 },
	{ "AUTHINFO PLAIN", false, false, "", 0 },
	{ "XAUTH PLAIN", false, false, "", 0 },
	{ "SIZE 1000", false, false, "", 0 },
	{ "", false, false, "", 0 },
	{ "   ", false, false, "", 0 },
};

static void line_is_understood(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct capabilities caps = { 0 };
		struct str rest = str_of(rows[i].offered), word;
		const char *row = rows[i].line;

		capabilities_add(&caps, str_of(row));
		CHECK_INT(row, caps.starttls, rows[i].starttls);
		CHECK_INT(row, caps.auth, rows[i].auth);
		CHECK_INT(row, __builtin_popcount(caps.mechanisms), rows[i].known);
		for (size_t j = 0; j < caps.offered_count; j++) {
			CHECK(row, str_take_word(&word, &rest, " "));
			CHECK(row, str_equal(word, caps.offered[j]));
		}
		CHECK(row, !str_take_word(&word, &rest, " "));
	}
}

static void auth_in_both_forms_names_each_once(void **state)
{
	struct capabilities caps = { 0 };

	(void)state;
	capabilities_add(&caps, STR("AUTH PLAIN LOGIN"));
	capabilities_add(&caps, STR("AUTH=PLAIN LOGIN CRAM-MD5"));
	assert_int_equal(caps.offered_count, 3);
	assert_int_equal(caps.keyword_count, 2);
	CHECK_STR("kept as it came", caps.keywords[1], "AUTH=PLAIN LOGIN CRAM-MD5");
	assert_false(caps.truncated);
}

static void keywords_stop_at_the_limit(void **state)
{
	struct capabilities caps = { 0 };
	char lines[CAPABILITY_MAX + 1][16];

	(void)state;
	for (size_t i = 0; i <= CAPABILITY_MAX; i++) {
		snprintf(lines[i], sizeof(lines[i]), "X%zu", i);
		assert_false(caps.truncated);
		capabilities_add(&caps, str_of(lines[i]));
	}
	assert_int_equal(caps.keyword_count, CAPABILITY_MAX);
	assert_true(caps.truncated);
	CHECK_STR("last", caps.keywords[CAPABILITY_MAX - 1], "X63");
}

/* A line "AUTH M0 M1 ...". */
static void print_mechanisms(char *out, size_t room, int count)
{
	size_t len = (size_t)snprintf(out, room, "AUTH");

	for (int i = 0; i < count; i++)
		len += (size_t)snprintf(out + len, room - len, " M%d", i);
}

static void mechanisms_stop_at_the_limit(void **state)
{
	struct capabilities full = { 0 }, beyond = { 0 };
	char line[4096], more[4096];

	(void)state;
	print_mechanisms(line, sizeof(line), OFFERED_MAX);
	capabilities_add(&full, str_of(line));
	assert_int_equal(full.offered_count, OFFERED_MAX);
	assert_false(full.truncated);
	capabilities_add(&full, STR("AUTH M0 M1")); /* nothing new */
	assert_false(full.truncated);

	print_mechanisms(more, sizeof(more), OFFERED_MAX + 1);
	capabilities_add(&beyond, str_of(more));
	assert_int_equal(beyond.offered_count, OFFERED_MAX);
	assert_true(beyond.truncated);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(line_is_understood),
		cmocka_unit_test(auth_in_both_forms_names_each_once),
		cmocka_unit_test(keywords_stop_at_the_limit),
		cmocka_unit_test(mechanisms_stop_at_the_limit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
