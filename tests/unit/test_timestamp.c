/* SPDX-License-Identifier: Apache-2.0 */
#include "probe/timestamp.h"

#include <stdlib.h>
#include <time.h>

#include "tests/unit/row.h"

enum { DAYS = 430 * 366, LAST_SECOND_MODULUS = 86399 };

static const struct {
	const char *text;
	long long seconds;
} rows[] = {
	{ "1970-01-01T00:00:00Z", 0 },
	{ "1970-01-01T23:59:59Z", 86399 },
	{ "1972-02-29T12:00:00Z", 68212800 },
	{ "1999-12-31T23:59:59Z", 946684799 },
	{ "2000-02-29T00:00:00Z", 951782400 },
	{ "2026-11-24T08:03:03Z", 1795507383 },
	{ "2100-02-28T23:59:59Z", 4107542399 },
	{ "2100-03-01T00:00:00Z", 4107542400 },
	{ "9999-12-31T23:59:59Z", 253402300799 },
};

static void time_is_printed_and_read(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct str rest = str_of(rows[i].text);
		char text[TIMESTAMP_ROOM];
		usec at = -1;

		timestamp_print(text, sizeof(text),
		                rows[i].seconds * USEC_PER_SEC + 999999);
		CHECK_TEXT(rows[i].text, text, rows[i].text);
		CHECK(rows[i].text, timestamp_take(&at, &rest));
		CHECK_INT(rows[i].text, at, rows[i].seconds * USEC_PER_SEC);
		CHECK_INT(rows[i].text, rest.len, 0);
	}
}

/* Every day of 1970 to 2399, a whole cycle of leap years, as the C library has it. */
static void calendar_is_that_of_the_c_library(void **state)
{
	(void)state;
	for (long long day = 0; day < DAYS; day++) {
		time_t seconds = (time_t)(day * 86400 + day % LAST_SECOND_MODULUS);
		char text[TIMESTAMP_ROOM], expected[TIMESTAMP_ROOM];
		struct str rest = { text, sizeof(text) - 1 };
		struct tm parts;
		usec at;

		gmtime_r(&seconds, &parts);
		strftime(expected, sizeof(expected), "%Y-%m-%dT%H:%M:%SZ", &parts);
		timestamp_print(text, sizeof(text), seconds * USEC_PER_SEC);
		assert_string_equal(text, expected);
		assert_true(timestamp_take(&at, &rest));
		assert_int_equal(at, seconds * USEC_PER_SEC);
	}
}

static void time_outside_is_the_nearest(void **state)
{
	char text[TIMESTAMP_ROOM];

	(void)state;
	timestamp_print(text, sizeof(text), -1);
	assert_string_equal(text, "1970-01-01T00:00:00Z");
	timestamp_print(text, sizeof(text), INT64_MIN);
	assert_string_equal(text, "1970-01-01T00:00:00Z");
	timestamp_print(text, sizeof(text), 253402300800 * USEC_PER_SEC);
	assert_string_equal(text, "9999-12-31T23:59:59Z");
	timestamp_print(text, sizeof(text), INT64_MAX);
	assert_string_equal(text, "9999-12-31T23:59:59Z");
}

static const char *const refused[] = {
	"",
	"1969-12-31T23:59:59Z",
	"2026-00-24T08:03:03Z",
	"2026-13-24T08:03:03Z",
	"2026-11-00T08:03:03Z",
	"2026-11-31T08:03:03Z",
	"2026-02-29T08:03:03Z",
	"2100-02-29T08:03:03Z",
	"2026-11-24T24:03:03Z",
	"2026-11-24T08:60:03Z",
	"2026-11-24T08:03:60Z",
	"2026-11-24T08:03:03",
	"2026-11-24T08:03:03z",
	"2026-11-24 08:03:03Z",
	"2026-11-24T08:03:3Z",
	"2026-1-24T08:03:03Z",
	"10000-01-01T00:00:00Z",
	"02026-11-24T08:03:03Z",
	"2026/11-24T08:03:03Z",
	"2026-11/24T08:03:03Z",
	"2026-11-24T08.03:03Z",
	"2026-11-24T08:03.03Z",
	" 2026-11-24T08:03:03Z",
	"2026-11-24T08:03:03.5Z",
	"2026-11-24T08:03:03+00:00",
};

static void other_forms_are_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(refused); i++) {
		struct str rest = str_of(refused[i]);
		usec at;

		CHECK(refused[i], !timestamp_take(&at, &rest));
	}
}

static const struct {
	usec span;
	const char *text;
} spans[] = {
	{ -1, "0 s" },
	{ -5 * USEC_PER_SEC, "0 s" },
	{ 0, "0 s" },
	{ USEC_PER_SEC - 1, "0 s" },
	{ USEC_PER_SEC, "1 s" },
	{ 60 * USEC_PER_SEC - 1, "59 s" },
	{ 60 * USEC_PER_SEC, "1 min" },
	{ 3600 * USEC_PER_SEC - 1, "59 min" },
	{ 3600 * USEC_PER_SEC, "1 h" },
	{ 86400 * USEC_PER_SEC - 1, "23 h" },
	{ 86400 * USEC_PER_SEC, "1 d" },
	{ INT64_MAX, "106751991 d" },
};

static void span_has_one_unit(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(spans); i++) {
		char text[TIMESTAMP_ROOM];

		timestamp_print_span(text, sizeof(text), spans[i].span);
		CHECK_TEXT(spans[i].text, text, spans[i].text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(time_is_printed_and_read),
		cmocka_unit_test(calendar_is_that_of_the_c_library),
		cmocka_unit_test(time_outside_is_the_nearest),
		cmocka_unit_test(other_forms_are_refused),
		cmocka_unit_test(span_has_one_unit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
