/* SPDX-License-Identifier: Apache-2.0 */
#include "probe/text.h"

#include "tests/unit/row.h"

static int set_up(void **state)
{
	*state = arena_create();
	return 0;
}

static int tear_down(void **state)
{
	arena_destroy(*state);
	return 0;
}

static void pieces_are_put_together(void **state)
{
	struct text text = text_create(*state, 100);

	assert_string_equal(text.at, "");
	text_add(&text, "%s=%d", "a", 1);
	text_add_str(&text, STR(" b"));
	text_add_str(&text, (struct str){ 0 });
	text_add_foreign(&text, STR(" c"));
	assert_string_equal(text.at, "a=1 b c");
	assert_int_equal(text_view(&text).len, 7);
	assert_false(text.truncated);
}

static void fill(struct text *text, size_t count)
{
	for (size_t i = 0; i < count; i++)
		text_add_str(text, STR("x"));
}

static const size_t limits[] = { 0, 1, 2, 127, 128, 129, 1000, 4001 };

static void limit_is_reached_and_not_passed(void **state)
{
	for (size_t i = 0; i < COUNT(limits); i++) {
		struct text text = text_create(*state, limits[i]);

		fill(&text, limits[i]);
		assert_int_equal(text.len, limits[i]);
		assert_false(text.truncated);
		fill(&text, 1);
		assert_int_equal(text.len, limits[i]);
		assert_true(text.truncated);
		assert_int_equal(strlen(text.at), limits[i]);
	}
}

static void each_way_of_adding_is_cut_at_the_limit(void **state)
{
	struct text printed = text_create(*state, 5), copied = text_create(*state, 5),
		    foreign = text_create(*state, 5);

	text_add(&printed, "%s", "abcdefgh");
	text_add_str(&copied, STR("abcdefgh"));
	text_add_foreign(&foreign, STR("ab\ndefgh"));
	assert_string_equal(printed.at, "abcde");
	assert_string_equal(copied.at, "abcde");
	assert_string_equal(foreign.at, "ab?de");
	assert_true(printed.truncated && copied.truncated && foreign.truncated);
}

static void foreign_words_become_printable_ascii(void **state)
{
	struct text text = text_create(*state, 1000);
	char every[256];

	for (size_t i = 0; i < sizeof(every); i++)
		every[i] = (char)i;
	text_add_foreign(&text, (struct str){ every, sizeof(every) });
	assert_int_equal(text.len, sizeof(every));
	for (size_t i = 0; i < sizeof(every); i++)
		assert_int_equal(text.at[i], i >= ' ' && i <= '~' ? (int)i : '?');
}

static void foreign_words_do_not_change_what_stood_before(void **state)
{
	struct text text = text_create(*state, 100);

	text_add_str(&text, STR("\xc3\xa4\n"));
	text_add_foreign(&text, STR("\xc3\xa4"));
	assert_string_equal(text.at, "\xc3\xa4\n??");
}

static void long_text_moves_and_stays_whole(void **state)
{
	struct text text = text_create(*state, 100000);

	for (int i = 0; i < 10000; i++)
		text_add(&text, "%d,", i % 10);
	assert_int_equal(text.len, 20000);
	for (size_t i = 0; i < text.len; i += 2)
		assert_int_equal(text.at[i], '0' + (int)(i / 2 % 10));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
		TEST(pieces_are_put_together),
		TEST(limit_is_reached_and_not_passed),
		TEST(each_way_of_adding_is_cut_at_the_limit),
		TEST(foreign_words_become_printable_ascii),
		TEST(foreign_words_do_not_change_what_stood_before),
		TEST(long_text_moves_and_stays_whole),
#undef TEST
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
