/* SPDX-License-Identifier: Apache-2.0 */
#include "probe/arena.h"

#include <stdalign.h>
#include <stdio.h>

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

/* Around the block size of the arena, and above it. */
static const size_t sizes[] = { 0,    1,    2,    15,   16,   17,    3983,
	                        3984, 3985, 3999, 4000, 4001, 65536, 7 };

static void memory_is_zeroed_and_aligned(void **state)
{
	char row[24];

	for (size_t i = 0; i < COUNT(sizes); i++) {
		unsigned char *memory = arena_take(*state, sizes[i]);

		snprintf(row, sizeof(row), "%zu", sizes[i]);
		CHECK_INT(row, (uintptr_t)memory % alignof(max_align_t), 0);
		for (size_t j = 0; j < sizes[i]; j++)
			CHECK_INT(row, memory[j], 0);
		memset(memory, 0xff, sizes[i]);
	}
}

static void pieces_do_not_overlap(void **state)
{
	unsigned char *pieces[COUNT(sizes)];

	for (size_t i = 0; i < COUNT(sizes); i++) {
		pieces[i] = arena_take(*state, sizes[i]);
		memset(pieces[i], (int)i, sizes[i]);
	}
	for (size_t i = 0; i < COUNT(sizes); i++)
		for (size_t j = 0; j < sizes[i]; j++)
			assert_int_equal(pieces[i][j], i);
}

static void copy_ends_with_nul_and_keeps_inner_ones(void **state)
{
	const char *copy = arena_copy(*state, STR("a\0b"));

	assert_memory_equal(copy, "a\0b", 4);
	assert_string_equal(arena_copy(*state, STR("")), "");
	assert_string_equal(arena_copy(*state, (struct str){ 0 }), "");
}

static void print_has_no_limit(void **state)
{
	const char *text = arena_print(*state, "%5000s|%d", "x", -7);

	assert_int_equal(strlen(text), 5003);
	assert_string_equal(text + 4999, "x|-7");
	assert_string_equal(arena_print(*state, "%s", ""), "");
}

static void size_counts_what_is_held(void **state)
{
	size_t before = arena_size(*state);

	arena_take(*state, 100000);
	assert_true(arena_size(*state) >= before + 100000);
	before = arena_size(*state);
	arena_take(*state, 0);
	assert_true(arena_size(*state) <= before + 8192);
}

static void destroying_nothing_is_fine(void **state)
{
	(void)state;
	arena_destroy(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
		TEST(memory_is_zeroed_and_aligned),
		TEST(pieces_do_not_overlap),
		TEST(copy_ends_with_nul_and_keeps_inner_ones),
		TEST(print_has_no_limit),
		TEST(size_counts_what_is_held),
		TEST(destroying_nothing_is_fine),
#undef TEST
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
