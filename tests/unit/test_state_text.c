/* SPDX-License-Identifier: Apache-2.0 */
#include "probe/state_text.h"

#include <stdio.h>
#include <stdlib.h>

#include "tests/unit/row.h"

#define HEADER "check_smtp_auth state 1\n"
#define NOON   " last good 2026-11-24T12:00:00Z"
#define A      "target a.example:587" NOON " banner=\"a\" verified=yes hops=1\n"
#define B      "target bb.example:587" NOON " banner=\"b\" verified=no hops=2\n"
#define C      "target c.example:465" NOON " banner=\"c\" verified=yes hops=3\n"
#define LATER  "later a.example:587 until 2026-11-24T12:00:00Z\n"

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

static bool parse(struct state *out, struct arena *arena, struct str text)
{
	struct error err = { "" };
	bool whole = state_parse(out, arena, "PATH", text, &err);

	assert_int_equal(whole, err.text[0] == '\0');
	return whole;
}

static const char *printed(struct arena *arena, const struct state *state)
{
	struct text text = text_create(arena, STATE_SIZE_MAX);

	state_print(state, &text);
	assert_false(text.truncated);
	return text.at;
}

/* 0: the target is not known. */
static int hops_of(const struct state *state, const char *target)
{
	const struct memory_record *record = state_find(state, str_of(target));

	return record ? record->hops : 0;
}

/* ---- reading ---- */

static void records_are_found(void **state)
{
	struct state read;

	assert_true(parse(&read, *state, STR(HEADER A B C)));
	assert_int_equal(read.count, 3);
	assert_int_equal(hops_of(&read, "a.example:587"), 1);
	assert_int_equal(hops_of(&read, "bb.example:587"), 2);
	assert_int_equal(hops_of(&read, "c.example:465"), 3);
	assert_int_equal(hops_of(&read, "c.example:587"), 0);
	assert_int_equal(hops_of(&read, "a.example:58"), 0);
	assert_false(read.sealed);
	assert_string_equal(printed(*state, &read), HEADER A B C);
}

static void nothing_is_an_empty_state(void **state)
{
	struct state read;

	assert_true(parse(&read, *state, STR("")));
	assert_int_equal(read.count, 0);
	assert_false(read.sealed);
	assert_string_equal(printed(*state, &read), HEADER);
	assert_true(parse(&read, *state, STR(HEADER)));
	assert_int_equal(read.count, 0);
}

static void newest_of_one_target_counts(void **state)
{
	static const char early[] = "target a.example:587 last good "
				    "2026-11-24T11:59:59Z hops=9\n";
	char text[512];
	struct state read;

	snprintf(text, sizeof(text), "%s%s%s%s", HEADER, early, A, early);
	assert_true(parse(&read, *state, str_of(text)));
	assert_int_equal(read.count, 1);
	assert_int_equal(hops_of(&read, "a.example:587"), 1);
	snprintf(text, sizeof(text), "%s%s%s", HEADER, A, early);
	assert_true(parse(&read, *state, str_of(text)));
	assert_int_equal(hops_of(&read, "a.example:587"), 1);
}

static void name_that_begins_like_another_is_another(void **state)
{
	static const char text[] =
		HEADER "target a:58 last good 2026-11-24T11:00:01Z hops=1\n"
		       "target a:587 last good 2026-11-24T11:00:02Z hops=2\n"
		       "target a:58 last good 2026-11-24T11:00:03Z hops=3\n";
	struct state read;

	assert_true(parse(&read, *state, str_of(text)));
	assert_int_equal(read.count, 2);
	assert_int_equal(hops_of(&read, "a:58"), 3);
	assert_int_equal(hops_of(&read, "a:587"), 2);
}

static void lines_of_later_programs_stay(void **state)
{
	struct state read;

	assert_true(parse(&read, *state, STR(HEADER A LATER B "x_y \x01\xff=\"\n")));
	assert_int_equal(read.count, 2);
	assert_string_equal(printed(*state, &read),
	                    HEADER LATER "x_y \x01\xff=\"\n" A B);
}

/* `sentence` begins what is said. */
static const struct {
	struct str text;
	const char *sentence;
	bool sealed;
	int count;
} damaged[] = {
	{ RUN("check_smtp_auth state 2\n" A),
	  "PATH:1: state of version 2 is newer than this program understands; the "
	  "file is left alone",
	  true, 0 },
	{ RUN("check_smtp_auth state 10\n" A), "PATH:1: state of version 10 ", true,
	  0 },
	{ RUN("check_smtp_auth state 0\n" A),
	  "PATH:1: not \"check_smtp_auth state 1\"; the line is dropped", false, 1 },
	{ RUN("check_smtp_auth state 1x\n" A), "PATH:1: not ", false, 1 },
	{ RUN("check_smtp_auth state\n" A), "PATH:1: not ", false, 1 },
	{ RUN("check_smtp_auth state 1\r\n" A), "PATH:1: not ", false, 1 },
	{ RUN("\n" A), "PATH:1: not ", false, 1 },
	{ RUN("c"), "PATH:1: not ", false, 0 },
	{ RUN("check_smtp_auth state 1"), "PATH:1: not ", false, 0 },
	{ RUN("check_smtp_auth state 2"), "PATH:1: no state file ", true, 0 },
	{ RUN("root:x:0:0:root:/root:/bin/sh\n"),
	  "PATH:1: no state file of check_smtp_auth; the file is left alone", true, 0 },
	{ RUN("\n"), "PATH:1: no state file ", true, 0 },
	{ RUN("words\n" LATER), "PATH:1: no state file ", true, 0 },
	{ RUN(HEADER A "target bb.example:587" NOON " hops=2"),
	  "PATH:3: the line is cut short; the line is dropped", false, 1 },
	{ RUN(HEADER "guar"), "PATH:2: the line is cut short", false, 0 },
	{ RUN(HEADER "\n" A), "PATH:2: no keyword at its start; ", false, 1 },
	{ RUN(HEADER "# by hand\n" A), "PATH:2: no keyword ", false, 1 },
	{ RUN(HEADER " target x" NOON "\n" A), "PATH:2: no keyword ", false, 1 },
	{ RUN(HEADER "target\n" A), "PATH:2: no keyword ", false, 1 },
	{ RUN(HEADER "gu@rd x\n" A), "PATH:2: no keyword ", false, 1 },
	{ RUN(HEADER "Guard x\n" A), "PATH:2: no keyword ", false, 1 },
	{ RUN(HEADER "target \n" A), "PATH:2: no HOST:PORT behind \"target\"", false,
	  1 },
	{ RUN(HEADER "target " NOON "\n" A), "PATH:2: no HOST:PORT ", false, 1 },
	{ RUN(HEADER "target a\tb" NOON "\n" A), "PATH:2: no HOST:PORT ", false, 1 },
	{ RUN(HEADER "target a\xff" NOON "\n" A), "PATH:2: no HOST:PORT ", false, 1 },
	{ RUN(HEADER "target x\n" A), "PATH:2: does not begin with \"last good\"",
	  false, 1 },
	{ RUN(HEADER "target x" NOON " user=\"x\"\n" A), "PATH:2: \"user\" ", false,
	  1 },
	{ RUN(HEADER "target x" NOON "\r\n" A), "PATH:2: byte 31 ", false, 1 },
	{ RUN(HEADER "target x" NOON " hops=0\n" A),
	  "PATH:2: \"hops\" has no value that it can have; the line is dropped", false,
	  1 },
	{ RUN(HEADER A "?\n" B "?\n"),
	  "PATH:3: no keyword at its start; the line is dropped, and so is 1 more",
	  false, 2 },
	{ RUN(HEADER A "?\n" B "target\n" C "?"),
	  "PATH:3: no keyword at its start; the line is dropped, and so are 2 more",
	  false, 3 },
};

static void damage_is_told_and_costs_only_itself(void **state)
{
	for (size_t i = 0; i < COUNT(damaged); i++) {
		struct error err = { "" };
		struct state read;
		char row[64];

		snprintf(row, sizeof(row), "%zu, %s", i, damaged[i].sentence);
		CHECK(row, !state_parse(&read, *state, "PATH", damaged[i].text, &err));
		if (!str_starts(str_of(err.text), str_of(damaged[i].sentence)))
			fail_msg("row %s: %s", row, err.text);
		CHECK_INT(row, read.sealed, damaged[i].sealed);
		CHECK_INT(row, read.count, damaged[i].count);
	}
}

static void one_flaw_counts_nobody_else(void **state)
{
	struct error err = { "" };
	struct state read;

	assert_false(state_parse(&read, *state, "PATH", STR(HEADER "?\n"), &err));
	assert_string_equal(err.text,
	                    "PATH:2: no keyword at its start; the line is dropped");
}

static void damaged_line_is_gone_from_the_text(void **state)
{
	struct state read;

	assert_false(parse(&read, *state, STR(HEADER A "?\n" LATER B)));
	assert_string_equal(printed(*state, &read), HEADER LATER A B);
}

/* ---- guards ---- */

#define SALT "salt=000102030405060708090a0b0c0d0e0f "
#define HALF "00112233445566778899aabbccddeeff"
#define LOCK "guard a.example:587 " SALT "digest=" HALF HALF
#define TIME "=2026-11-24T12:00:00Z"
#define GUARD \
	LOCK " times=1 at" TIME " reason=rate_limited confidence=likely refused" TIME \
	     "\n"
#define NOON_AT (1795521600 * USEC_PER_SEC)

static struct guard *add_guard(struct state *state, struct arena *arena,
                               const char *target, const char *secret)
{
	struct guard_key key;
	struct error err;

	assert_true(guard_key_create(&key, STR("ann"), str_of(secret), &err));
	return state_add_guard(state, arena, str_of(target), &key);
}

static void guards_come_back_in_front(void **state)
{
	struct state read;

	assert_true(parse(&read, *state, STR(HEADER A GUARD LATER LOCK "\n")));
	assert_int_equal(read.guard_count, 2);
	assert_int_equal(read.guards[0].record.guard.last.times, 1);
	/* One of which nothing is known any more is not worth a line. */
	assert_string_equal(printed(*state, &read), HEADER GUARD LATER A);
}

static void guards_alone_are_a_state(void **state)
{
	struct state read;

	assert_false(parse(&read, *state, STR("words\n" GUARD)));
	assert_false(read.sealed);
	assert_int_equal(read.guard_count, 1);
}

static void damaged_guard_costs_its_line(void **state)
{
	static const char *const lines[] = {
		"guard a.example:587\n",
		"guard  " SALT "digest=" HALF HALF "\n",
		"guard a.example:587 " SALT "digest=" HALF "\n",
		LOCK " times=2\n",
		LOCK " refused=noon\n",
	};

	for (size_t i = 0; i < COUNT(lines); i++) {
		struct state read;

		parse(&read, *state,
		      str_of(arena_print(*state, "%s%s%s%s", HEADER, A, lines[i],
		                         GUARD)));
		CHECK_INT(lines[i], read.guard_count, 1);
		CHECK_TEXT(lines[i], printed(*state, &read), HEADER GUARD A);
	}
}

static void guard_is_found_by_target_user_and_secret(void **state)
{
	struct state known = { 0 };
	struct guard *one = add_guard(&known, *state, "a:587", "horse");
	struct guard *found;

	one->last.times = 7;
	add_guard(&known, *state, "a:587", "other");
	add_guard(&known, *state, "b:587", "horse");
	found = state_find_guard(&known, STR("a:587"), STR("ann"), STR("horse"));
	assert_non_null(found);
	assert_int_equal(found->last.times, 7);
	found = state_find_guard(&known, STR("b:587"), STR("ann"), STR("horse"));
	assert_non_null(found);
	assert_int_equal(found->last.times, 0);
	assert_null(state_find_guard(&known, STR("a:58"), STR("ann"), STR("horse")));
	assert_null(state_find_guard(&known, STR("a:587"), STR("bob"), STR("horse")));
	assert_null(state_find_guard(&known, STR("a:587"), STR("ann"), STR("Horse")));
}

static void guards_have_their_limit(void **state)
{
	struct state full = { 0 }, read;
	struct text text = text_create(*state, STATE_SIZE_MAX);

	for (int i = 0; i < STATE_GUARDS_MAX; i++)
		add_guard(&full, *state, arena_print(*state, "%d", i), "horse")
			->last.times = 1;
	assert_int_equal(full.guard_count, STATE_GUARDS_MAX);
	assert_non_null(state_find_guard(&full, STR("0"), STR("ann"), STR("horse")));
	add_guard(&full, *state, "new", "horse")->count = 1;
	assert_int_equal(full.guard_count, STATE_GUARDS_MAX);
	assert_null(state_find_guard(&full, STR("0"), STR("ann"), STR("horse")));
	assert_non_null(state_find_guard(&full, STR("1"), STR("ann"), STR("horse")));
	assert_non_null(state_find_guard(&full, STR("new"), STR("ann"), STR("horse")));
	for (size_t i = 0; i < full.guard_count; i++)
		full.guards[i].record.guard.last =
			(struct guard_refusal){ .times = 1,
			                        .reason = REASON_RATE_LIMITED };
	state_print(&full, &text);
	text_add(&text, "%s", GUARD);
	assert_true(parse(&read, *state, text_view(&text)));
	assert_int_equal(read.guard_count, STATE_GUARDS_MAX);
	assert_null(state_find_guard(&read, STR("a.example:587"), STR(""), STR("")));
}

static void all_guards_are_refreshed(void **state)
{
	struct state read;

	assert_true(parse(&read, *state, STR(HEADER GUARD GUARD)));
	assert_false(state_refresh_guards(&read, NOON_AT));
	assert_int_equal(read.guards[1].record.guard.count, 1);
	assert_false(state_refresh_guards(&read, NOON_AT + 1800 * USEC_PER_SEC));
	assert_int_equal(read.guards[0].record.guard.count, 0);
	assert_int_equal(read.guards[1].record.guard.count, 0);
	assert_true(state_refresh_guards(&read, NOON_AT - USEC_PER_SEC));
	assert_int_equal(read.guards[1].record.guard.last.at, NOON_AT - USEC_PER_SEC);
	/* One of several is enough. */
	read.guards[0].record.guard.last.at += USEC_PER_SEC;
	assert_true(state_refresh_guards(&read, NOON_AT - USEC_PER_SEC));
}

/* ---- limits ---- */

static void line_has_its_limit(void **state)
{
	char text[STATE_LINE_MAX + 256];
	int head = snprintf(text, sizeof(text), "%slater ", HEADER);
	int header = (int)sizeof(HEADER) - 1;
	struct state read;

	memset(text + head, 'x', sizeof(text) - (size_t)head);
	text[header + STATE_LINE_MAX - 1] = '\n';
	assert_true(parse(&read, *state,
	                  (struct str){ text, (size_t)header + STATE_LINE_MAX }));
	assert_int_equal(read.other_count, 1);
	text[header + STATE_LINE_MAX - 1] = 'x';
	text[header + STATE_LINE_MAX] = '\n';
	assert_false(parse(&read, *state,
	                   (struct str){ text, (size_t)header + STATE_LINE_MAX + 1 }));
	assert_int_equal(read.other_count, 0);
}

static void target_has_its_limit(void **state)
{
	char name[STATE_TARGET_MAX + 2];
	struct state read;
	const char *text;

	memset(name, 'a', sizeof(name));
	name[STATE_TARGET_MAX] = '\0';
	assert_true(state_is_target(str_of(name)));
	text = arena_print(*state, "%starget %s%s\n", HEADER, name, NOON);
	assert_true(parse(&read, *state, str_of(text)));
	name[STATE_TARGET_MAX] = 'a';
	name[STATE_TARGET_MAX + 1] = '\0';
	assert_false(state_is_target(str_of(name)));
	text = arena_print(*state, "%starget %s%s\n", HEADER, name, NOON);
	assert_false(parse(&read, *state, str_of(text)));
	assert_int_equal(read.count, 0);
}

static void names_of_targets_are_one_word(void **state)
{
	(void)state;
	assert_true(state_is_target(STR("mx.example:587")));
	assert_true(state_is_target(STR("[2001:db8::7]:587")));
	assert_true(state_is_target(STR("/run/smtp~")));
	assert_false(state_is_target(STR("")));
	assert_false(state_is_target(STR("a b")));
	assert_false(state_is_target(STR("a\n")));
	assert_false(state_is_target(STR("a\x7f")));
	assert_false(state_is_target(STR("\xc3\xa9")));
}

/* Targets 0, 1, 2 ..., each a second newer than the one before. */
static struct str many_records(struct arena *arena, int count)
{
	struct text text = text_create(arena, (size_t)4 * STATE_SIZE_MAX);

	text_add_str(&text, STR(HEADER));
	for (int i = 0; i < count; i++)
		text_add(&text, "target %d last good 2026-11-24T%02d:%02d:%02dZ\n", i,
		         i / 3600, i / 60 % 60, i % 60);
	return text_view(&text);
}

static void oldest_records_make_room(void **state)
{
	struct memory_record newest = { .at = 4000000000 * USEC_PER_SEC, .hops = 7 };
	struct state read;

	assert_true(parse(&read, *state, many_records(*state, STATE_RECORDS_MAX)));
	assert_int_equal(read.count, STATE_RECORDS_MAX);
	assert_non_null(state_find(&read, STR("0")));
	state_put(&read, *state, STR("new"), &newest);
	assert_int_equal(read.count, STATE_RECORDS_MAX);
	assert_null(state_find(&read, STR("0")));
	assert_non_null(state_find(&read, STR("1")));
	assert_int_equal(hops_of(&read, "new"), 7);

	assert_true(parse(&read, *state, many_records(*state, STATE_RECORDS_MAX + 1)));
	assert_int_equal(read.count, STATE_RECORDS_MAX);
	assert_null(state_find(&read, STR("0")));
	assert_non_null(state_find(&read, STR("1")));
}

/* A record that is as long as one can be. */
static struct memory_record long_record(struct arena *arena)
{
	char *words = arena_take(arena, 1000);

	memset(words, 'x', 999);
	return (struct memory_record){
		.addresses = { words, MEMORY_ADDRESSES_MAX },
		.banner = { words, MEMORY_BANNER_MAX },
		.before = { words, MEMORY_CAPABILITIES_MAX },
		.after = { words, MEMORY_CAPABILITIES_MAX },
		.issuer = { words, MEMORY_ISSUER_MAX },
	};
}

static void text_has_its_limit(void **state)
{
	struct memory_record record = long_record(*state);
	struct state full = { 0 }, again;
	struct text text = text_create(*state, (size_t)2 * STATE_SIZE_MAX);
	size_t printed_count;

	full.records = arena_take(*state, 700 * sizeof(*full.records));
	for (int i = 0; i < 700; i++) {
		const char *name = arena_print(*state, "%d", i);

		record.at = i * USEC_PER_SEC;
		full.records[700 - 1 - i] =
			(struct state_record){ str_of(name), record };
	}
	full.count = 700;
	printed_count = state_print(&full, &text);
	assert_in_range(printed_count, 500, 650);
	assert_in_range(text.len, STATE_SIZE_MAX - 2 * MEMORY_TEXT_MAX, STATE_SIZE_MAX);
	assert_true(parse(&again, *state, text_view(&text)));
	assert_int_equal(again.count, printed_count);
	assert_non_null(state_find(&again, STR("699")));
	assert_null(state_find(&again, STR("0")));
}

static void other_lines_never_outgrow_the_limit(void **state)
{
	struct memory_record record = { .at = 1 };
	struct state full = { 0 };
	struct text text = text_create(*state, (size_t)2 * STATE_SIZE_MAX);
	char line[STATE_LINE_MAX];

	memset(line, 'x', sizeof(line));
	line[sizeof(line) - 1] = '\n';
	full.others = arena_take(*state, 200 * sizeof(*full.others));
	full.other_count = 200;
	for (size_t i = 0; i < full.other_count; i++)
		full.others[i] = (struct str){ line, sizeof(line) };
	state_put(&full, *state, STR("a"), &record);
	assert_int_equal(state_print(&full, &text), 1);
	assert_in_range(text.len, STATE_SIZE_MAX - STATE_LINE_MAX, STATE_SIZE_MAX);
}

/* ---- changes ---- */

static void put_replaces_or_adds(void **state)
{
	struct memory_record record = { .at = 1, .hops = 8 };
	struct state read;

	assert_true(parse(&read, *state, STR(HEADER A B)));
	state_put(&read, *state, STR("a.example:587"), &record); /* older, and yet */
	assert_int_equal(read.count, 2);
	assert_int_equal(hops_of(&read, "a.example:587"), 8);
	assert_int_equal(hops_of(&read, "bb.example:587"), 2);
	record.hops = 9;
	state_put(&read, *state, STR("d.example:587"), &record);
	assert_int_equal(read.count, 3);
	assert_int_equal(hops_of(&read, "d.example:587"), 9);
	assert_int_equal(hops_of(&read, "bb.example:587"), 2);
}

static void newest_stands_first(void **state)
{
	struct memory_record record = { .at = 4000000000 * USEC_PER_SEC };
	struct state read;

	assert_true(parse(&read, *state, STR(HEADER A B)));
	state_put(&read, *state, STR("d"), &record);
	assert_string_equal(printed(*state, &read),
	                    HEADER "target d last good 2096-10-02T07:06:40Z "
	                           "verified=no\n" A B);
}

/* ---- damage ---- */

static const char three[] = HEADER A B C;
static const char *const lines[] = { A, B, C };
static const char *const names[] = { "a.example:587", "bb.example:587",
	                             "c.example:465" };

/* Offset of the first byte of line `i`; of the header for -1. */
static size_t start_of(int i)
{
	size_t at = sizeof(HEADER) - 1;

	for (int before = 0; before < i; before++)
		at += strlen(lines[before]);
	return i < 0 ? 0 : at;
}

static size_t end_of(int i)
{
	return i < 0 ? start_of(0) : start_of(i) + strlen(lines[i]);
}

static void every_cut_keeps_the_lines_before_it(void **state)
{
	for (size_t len = 0; len < sizeof(three); len++) {
		struct arena *arena = arena_create();
		/* A copy of its own, so that a read past the end is seen. */
		char *text = memory_take(len + !len);
		struct state read;
		bool whole = len == 0;

		(void)state;
		memcpy(text, three, len);
		for (int i = -1; i < 3; i++)
			whole |= len == end_of(i);
		assert_int_equal(parse(&read, arena, (struct str){ text, len }), whole);
		assert_false(read.sealed);
		for (int i = 0; i < 3; i++)
			assert_int_equal(hops_of(&read, names[i]),
			                 len >= end_of(i) ? i + 1 : 0);
		arena_destroy(arena);
		free(text);
	}
}

/* Whether line `i` is as it was after a change at `at`; it ends with what was LF. */
static bool is_untouched(int i, size_t at)
{
	/* The end of the line before belongs to it: without it they are one. */
	return at < start_of(i) - 1 || at >= end_of(i);
}

static void check_flip(size_t at, unsigned char to)
{
	struct arena *arena = arena_create();
	char text[sizeof(three)];
	struct state read;

	memcpy(text, three, sizeof(three));
	text[at] = (char)to;
	parse(&read, arena, (struct str){ text, sizeof(three) - 1 });
	if (read.sealed) /* "state 2": nothing is read, but nothing is lost either */
		assert_in_range(at, 0, start_of(0) - 1);
	for (int i = 0; i < 3 && !read.sealed; i++)
		if (is_untouched(i, at))
			assert_int_equal(hops_of(&read, names[i]), i + 1);
	printed(arena, &read);
	arena_destroy(arena);
}

/* Every byte in turn becomes every other byte. */
static void every_flip_keeps_the_other_lines(void **state)
{
	(void)state;
	for (size_t at = 0; at < sizeof(three) - 1; at++)
		for (unsigned to = 0; to < 256; to++)
			check_flip(at, (unsigned char)to);
}

static void only_the_version_seals_a_file_with_records(void **state)
{
	int sealed = 0;

	for (unsigned to = 0; to < 256; to++) {
		for (size_t at = 0; at < start_of(0); at++) {
			char text[sizeof(three)];
			struct state read;

			memcpy(text, three, sizeof(three));
			text[at] = (char)to;
			parse(&read, *state, (struct str){ text, sizeof(three) - 1 });
			sealed += read.sealed;
		}
	}
	assert_int_equal(sealed, 8); /* 2 to 9 */
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(records_are_found),
		TEST(nothing_is_an_empty_state),
		TEST(newest_of_one_target_counts),
		TEST(name_that_begins_like_another_is_another),
		TEST(lines_of_later_programs_stay),
		TEST(damage_is_told_and_costs_only_itself),
		TEST(one_flaw_counts_nobody_else),
		TEST(damaged_line_is_gone_from_the_text),
		TEST(guards_come_back_in_front),
		TEST(guards_alone_are_a_state),
		TEST(damaged_guard_costs_its_line),
		TEST(guard_is_found_by_target_user_and_secret),
		TEST(guards_have_their_limit),
		TEST(all_guards_are_refreshed),
		TEST(line_has_its_limit),
		TEST(target_has_its_limit),
		TEST(names_of_targets_are_one_word),
		TEST(oldest_records_make_room),
		TEST(text_has_its_limit),
		TEST(other_lines_never_outgrow_the_limit),
		TEST(put_replaces_or_adds),
		TEST(newest_stands_first),
		TEST(every_cut_keeps_the_lines_before_it),
		TEST(every_flip_keeps_the_other_lines),
		TEST(only_the_version_seals_a_file_with_records),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
