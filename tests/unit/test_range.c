/* SPDX-License-Identifier: Apache-2.0 */
#include "probe/plugin/range.h"

#include <math.h>

#include "tests/unit/row.h"

/* The table of the Monitoring Plugins guidelines, and what lies around it. */
static const struct {
	const char *text;
	double quiet[3], alerting[3]; /* NAN: fewer */
} rows[] = {
	{ "10", { 0, 10, 5.5 }, { -0.001, 10.001, INFINITY } },
	{ "10:", { 10, 11, INFINITY }, { 9.999, 0, -5 } },
	{ "~:10", { 10, 0, -1e9 }, { 10.001, 11, INFINITY } },
	{ "10:20", { 10, 20, 15 }, { 9.999, 20.001, 0 } },
	{ "@10:20", { 9.999, 20.001, 0 }, { 10, 20, 15 } },
	{ "@10", { -0.001, 10.001, 11 }, { 0, 10, 5 } },
	{ "@10:", { 9.999, 0, NAN }, { 10, 11, INFINITY } },
	{ "@~:10", { 10.001, 11, NAN }, { 10, 0, -1e9 } },
	{ ":10", { 0, 10, NAN }, { -0.001, 10.001, NAN } },
	{ "0", { 0, NAN, NAN }, { 0.001, -0.001, NAN } },
	{ "0:0", { 0, NAN, NAN }, { 0.001, -0.001, NAN } },
	{ "1.5:2.5", { 1.5, 2.5, 2 }, { 1.499, 2.501, NAN } },
	{ ".5", { 0.5, 0, NAN }, { 0.501, NAN, NAN } },
	{ "-10:-5", { -10, -5, -7 }, { -10.001, -4.999, 0 } },
	{ "-10:", { -10, 0, 1 }, { -10.001, NAN, NAN } },
	{ "~:-1", { -1, -2, NAN }, { -0.999, 0, NAN } },
	{ "~:", { -1e9, 0, 1e9 }, { NAN, NAN, NAN } },
	{ "0.25", { 0.25, NAN, NAN }, { 0.251, NAN, NAN } },
	{ "010", { 10, 9, NAN }, { 10.001, NAN, NAN } }, /* decimal, never octal */
};

static void value_outside_alerts(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		const char *row = rows[i].text;
		struct error err = { "" };
		struct range range;

		CHECK(row, range_parse(&range, row, &err));
		CHECK_TEXT(row, range.text, row);
		for (size_t j = 0; j < 3; j++) {
			CHECK(row, isnan(rows[i].quiet[j]) ||
			                   !range_alerts(&range, rows[i].quiet[j]));
			CHECK(row, isnan(rows[i].alerting[j]) ||
			                   range_alerts(&range, rows[i].alerting[j]));
		}
	}
}

static const char *const junk[] = {
	"",       " ",        "x",   "10x",  "10:x",     "x:10",   "20:10",
	"10:20:", "10:20:30", "10 ", " 10",  "10 :20",   "10: 20", "@",
	"@@10",   "10@",      "~",   "~10",  "10:~",     "~~:10",  "1e3",
	"0x10",   "0x1p3",    "inf", "nan",  "INF:",     ":nan",   "1,5",
	"1.2.3",  ".",        "-",   "+",    "--5",      "1-2",    "5-",
	"10\n",   "10|",      "-5",  "1:2;", "\xd9\xa1", "10s",    "10%",
};

static void junk_is_refused_and_named(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(junk); i++) {
		struct range range = { .start = 42 };
		struct error err = { "" };

		CHECK(junk[i], !range_parse(&range, junk[i], &err));
		CHECK(junk[i], range.start == 42);
		CHECK(junk[i], strstr(err.text, "not a range"));
	}
}

/* Perfdata repeats it. */
static void length_has_a_limit(void **state)
{
	char text[RANGE_TEXT_MAX + 2];
	struct range range;
	struct error err;

	(void)state;
	memset(text, '0', sizeof(text));
	text[RANGE_TEXT_MAX] = '\0';
	assert_true(range_parse(&range, text, &err));
	text[RANGE_TEXT_MAX] = '0';
	text[RANGE_TEXT_MAX + 1] = '\0';
	assert_false(range_parse(&range, text, &err));
	assert_non_null(strstr(err.text, "too long"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(value_outside_alerts),
		cmocka_unit_test(junk_is_refused_and_named),
		cmocka_unit_test(length_has_a_limit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
