/* SPDX-License-Identifier: Apache-2.0 */
#include "probe/str.h"

#include "tests/unit/row.h"

static const struct {
	const char *name;
	struct str text;
	bool good;
} utf8_rows[] = {
	{ "empty", RUN(""), true },
	{ "ascii", RUN("abc"), true },
	{ "a NUL is a character", RUN("a\0b"), true },
	{ "two bytes", RUN("\xc3\xa4"), true },
	{ "smallest of two", RUN("\xc2\x80"), true },
	{ "smallest of three", RUN("\xe0\xa0\x80"), true },
	{ "last before the surrogates", RUN("\xed\x9f\xbf"), true },
	{ "first after the surrogates", RUN("\xee\x80\x80"), true },
	{ "smallest of four", RUN("\xf0\x90\x80\x80"), true },
	{ "last code point", RUN("\xf4\x8f\xbf\xbf"), true },
	{ "past the last code point", RUN("\xf4\x90\x80\x80"), false },
	{ "overlong slash", RUN("\xc0\xaf"), false },
	{ "overlong in three", RUN("\xe0\x9f\xbf"), false },
	{ "overlong in four", RUN("\xf0\x8f\xbf\xbf"), false },
	{ "first surrogate", RUN("\xed\xa0\x80"), false },
	{ "last surrogate", RUN("\xed\xbf\xbf"), false },
	{ "lone continuation", RUN("\x80"), false },
	{ "cut after the first of two", RUN("a\xc3"), false },
	{ "cut after the second of three", RUN("\xe2\x82"), false },
	{ "continuation missing", RUN("\xc3(a"), false },
	{ "five bytes", RUN("\xf8\x88\x80\x80\x80"), false },
	{ "0xff", RUN("\xff"), false },
	{ "Latin-1", RUN("M\xfcller"), false },
};

static void utf8_is_strict(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(utf8_rows); i++)
		CHECK_INT(utf8_rows[i].name, str_is_utf8(utf8_rows[i].text),
		          utf8_rows[i].good);
}

static const struct {
	const char *text, *part;
	long at;
} find_rows[] = {
	{ "hello", "LL", 2 }, { "hello", "hello", 0 }, { "hello", "hellox", -1 },
	{ "hello", "o", 4 },  { "hello", "x", -1 },    { "", "", 0 },
	{ "", "x", -1 },      { "aab", "AB", 1 },      { "a@b", "a`b", -1 },
	{ "a[b", "a{b", -1 },
};

static void find_ignores_ascii_case_only(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(find_rows); i++)
		CHECK_INT(find_rows[i].text,
		          str_find_nocase(str_of(find_rows[i].text),
		                          str_of(find_rows[i].part)),
		          find_rows[i].at);
	assert_false(str_equal_nocase(STR("\xc4"), STR("\xe4")));
	assert_true(str_equal_nocase(STR("AuTh"), STR("aUtH")));
	assert_true(str_starts_nocase(STR("StartTLS x"), STR("STARTTLS")));
	assert_false(str_starts_nocase(STR("START"), STR("STARTTLS")));
}

static const struct {
	const char *text;
	bool good;
	int number;
	const char *rest;
} number_rows[] = {
	{ "250 ok", true, 250, " ok" },
	{ "0", true, 0, "" },
	{ "007x", true, 7, "x" },
	{ "999999999", true, 999999999, "" },
	{ "9999999999", false, -1, "9999999999" },
	{ "0000000000", false, -1, "0000000000" },
	{ "", false, -1, "" },
	{ "-1", false, -1, "-1" },
	{ "+1", false, -1, "+1" },
	{ " 1", false, -1, " 1" },
	{ "x", false, -1, "x" },
};

static void number_is_taken_or_nothing_changes(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(number_rows); i++) {
		const char *row = number_rows[i].text;
		struct str rest = str_of(row);
		int number = -1;

		CHECK_INT(row, str_take_number(&number, &rest), number_rows[i].good);
		CHECK_INT(row, number, number_rows[i].number);
		CHECK_STR(row, rest, number_rows[i].rest);
	}
}

static void words_are_taken_in_order(void **state)
{
	struct str rest = STR("  AUTH=PLAIN \t LOGIN "), word = STR("before");

	(void)state;
	assert_true(str_take_word(&word, &rest, " \t="));
	CHECK_STR("first", word, "AUTH");
	assert_true(str_take_word(&word, &rest, " \t="));
	CHECK_STR("second", word, "PLAIN");
	assert_true(str_take_word(&word, &rest, " \t="));
	CHECK_STR("third", word, "LOGIN");
	assert_false(str_take_word(&word, &rest, " \t="));
	CHECK_STR("untouched", word, "LOGIN");
}

/* strchr() finds the end of the separators when it is asked for a NUL. */
static void nul_is_no_separator(void **state)
{
	struct str rest = STR("a\0b c"), word;

	(void)state;
	assert_true(str_take_word(&word, &rest, " "));
	assert_int_equal(word.len, 3);
}

static void blanks_are_trimmed_at_both_ends(void **state)
{
	(void)state;
	CHECK_STR("both", str_trim(STR(" \t\r\n a b \r\n")), "a b");
	CHECK_STR("only blanks", str_trim(STR(" \t\r\n")), "");
	CHECK_STR("empty", str_trim(STR("")), "");
}

static void character_is_taken_when_it_stands_there(void **state)
{
	struct str rest = STR(".x");

	(void)state;
	assert_false(str_take_char(&rest, 'x'));
	assert_true(str_take_char(&rest, '.'));
	assert_true(str_take_char(&rest, 'x'));
	assert_false(str_take_char(&rest, '\0'));
}

static void null_is_the_empty_run(void **state)
{
	(void)state;
	assert_int_equal(str_of(NULL).len, 0);
	assert_true(str_equal(str_of(NULL), (struct str){ 0 }));
	assert_false(str_equal(STR("a"), STR("b")));
	assert_false(str_equal(STR("a"), STR("ab")));
}

/* Facts that were not seen are zeroed; comparing them must be no undefined act. */
static void zeroed_run_is_like_any_empty_one(void **state)
{
	struct str none = { 0 };

	(void)state;
	assert_true(str_starts_nocase(none, none));
	assert_int_equal(str_find_nocase(none, STR("a")), -1);
	assert_int_equal(str_trim(none).len, 0);
	assert_true(str_is_utf8(none));
	assert_false(str_starts(none, STR("a")));
	assert_true(str_starts(none, STR("")));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(utf8_is_strict),
		cmocka_unit_test(find_ignores_ascii_case_only),
		cmocka_unit_test(number_is_taken_or_nothing_changes),
		cmocka_unit_test(words_are_taken_in_order),
		cmocka_unit_test(nul_is_no_separator),
		cmocka_unit_test(blanks_are_trimmed_at_both_ends),
		cmocka_unit_test(character_is_taken_when_it_stands_there),
		cmocka_unit_test(null_is_the_empty_run),
		cmocka_unit_test(zeroed_run_is_like_any_empty_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
