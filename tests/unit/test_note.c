/* SPDX-License-Identifier: Apache-2.0 */
#include "probe/note.h"

#include "tests/unit/row.h"

enum { FACTS_MAX = 3 };

/* What is taken from a note, and what is left when nothing more can be. */
static const struct {
	const char *text;
	struct {
		const char *key, *value;
	} facts[FACTS_MAX];
	const char *left;
} notes[] = {
	{ "", { { NULL, NULL } }, "" },
	{ "a=1", { { "a", "1" } }, "" },
	{ "  a=1 b=2 ", { { "a", "1" }, { "b", "2" } }, "" },
	{ "a=\"one two\" b=3", { { "a", "one two" }, { "b", "3" } }, "" },
	{ "a=\"\" b=\"x\"", { { "a", "" }, { "b", "x" } }, "" },
	{ "a= b=2", { { "a", "" }, { "b", "2" } }, "" },
	{ "a=", { { "a", "" } }, "" },
	{ "a==1", { { "a", "=1" } }, "" },
	{ "a=1=2", { { "a", "1=2" } }, "" },
	/* A value that looks like other facts. */
	{ "a=\"b=2 c=3\" c=4", { { "a", "b=2 c=3" }, { "c", "4" } }, "" },
	{ "a=\"1\"b=2", { { "a", "1" }, { "b", "2" } }, "" },
};

static void facts_are_taken_in_order(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(notes); i++) {
		const char *row = notes[i].text;
		struct str rest = str_of(row), key, value;

		for (size_t j = 0; j < FACTS_MAX && notes[i].facts[j].key; j++) {
			CHECK(row, note_take_fact(&key, &value, &rest));
			CHECK_STR(row, key, notes[i].facts[j].key);
			CHECK_STR(row, value, notes[i].facts[j].value);
		}
		CHECK(row, !note_take_fact(&key, &value, &rest));
		CHECK_STR(row, rest, notes[i].left);
	}
}

static void what_is_no_fact_is_refused(void **state)
{
	static const char *const texts[] = { "word", "word ", "a=\"no end",
		                             "a=\"", "=",     "===" };
	struct str key, value;

	(void)state;
	for (size_t i = 0; i < COUNT(texts); i++) {
		struct str rest = str_of(texts[i]);

		CHECK(texts[i], !note_take_fact(&key, &value, &rest));
	}
}

static const struct {
	const char *text;
	bool right;
	unsigned long long count;
} counts[] = {
	{ "0", true, 0 },
	{ "007", true, 7 },
	{ "4294967296", true, 4294967296 },
	{ "18446744073709551615", true, UINT64_MAX },
	{ "18446744073709551616", false, 0 },
	{ "18446744073709551620", false, 0 },
	{ "99999999999999999999999", false, 0 },
	{ "", false, 0 },
	{ "1 ", false, 0 },
	{ "-1", false, 0 },
	{ "+1", false, 0 },
	{ "1.5", false, 0 },
	{ "0x1", false, 0 },
	{ ":", false, 0 },
	{ "/", false, 0 },
};

static void counts_are_digits_that_fit(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(counts); i++) {
		const char *row = counts[i].text;
		unsigned long long count = 42;

		CHECK_INT(row, note_take_count(&count, str_of(row)), counts[i].right);
		CHECK(row, count == (counts[i].right ? counts[i].count : 42));
	}
}

static const struct {
	const char *text;
	bool right;
	usec time;
} times[] = {
	{ "0", true, 0 },
	{ "3", true, 3000000 },
	{ "0.012345", true, 12345 },
	{ "0.000001", true, 1 },
	{ "1.5", true, 1500000 },
	{ "999999999.999999", true, 999999999999999 },
	/* Finer than the clock. */
	{ "0.0000019", true, 1 },
	{ "0.0000009", true, 0 },
	{ "1000000000", false, 0 }, /* ten digits are no time of ours */
	{ "", false, 0 },
	{ ".5", false, 0 },
	{ "1.", false, 0 },
	{ "1,5", false, 0 },
	{ "1s", false, 0 },
	{ "1.5s", false, 0 },
	{ "1.-5", false, 0 },
	{ "1.5.6", false, 0 },
	{ "-1", false, 0 },
};

static void seconds_become_microseconds(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(times); i++) {
		const char *row = times[i].text;
		usec time = 42;

		CHECK_INT(row, note_take_seconds(&time, str_of(row)), times[i].right);
		CHECK_INT(row, time, times[i].right ? times[i].time : 42);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(facts_are_taken_in_order),
		cmocka_unit_test(what_is_no_fact_is_refused),
		cmocka_unit_test(counts_are_digits_that_fit),
		cmocka_unit_test(seconds_become_microseconds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
