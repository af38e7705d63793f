/* SPDX-License-Identifier: Apache-2.0 */
#include "probe/memory.h"

#include <stdio.h>

#include "probe/trace.h"
#include "tests/unit/row.h"

#define KEY "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define AT  ((usec)1795507383 * USEC_PER_SEC) /* 2026-11-24T08:03:03Z */

#define OPENING "last good 2026-11-24T08:03:03Z"

static const char full_text[] =
	OPENING " addresses=\"192.0.2.7 192.0.2.8\" banner=\"mx.example\" "
		"before=\"SIZE STARTTLS\" after=\"AUTH=PLAIN,LOGIN SIZE\" "
		"mechanism=\"PLAIN\" key=" KEY " issuer=\"CN=Example CA,O=Example\" "
		"verified=yes rtt=0.012000 hops=5";

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

static struct memory_record full_record(void)
{
	return (struct memory_record){
		.at = AT + 999999,
		.addresses = STR("192.0.2.7 192.0.2.8"),
		.banner = STR("mx.example"),
		.before = STR("SIZE STARTTLS"),
		.after = STR("AUTH=PLAIN,LOGIN SIZE"),
		.mechanism = STR("PLAIN"),
		.key = STR(KEY),
		.issuer = STR("CN=Example CA,O=Example"),
		.verified = true,
		.rtt = 12000,
		.hops = 5,
	};
}

static const char *printed(struct arena *arena, const struct memory_record *record)
{
	struct text text = text_create(arena, (size_t)2 * MEMORY_TEXT_MAX);

	memory_print(record, &text);
	return text.at;
}

/* `size` bytes without a blank. */
static struct str word_of(struct arena *arena, long long size)
{
	char *bytes = arena_take(arena, (size_t)size + 1);

	memset(bytes, 'x', (size_t)size);
	return (struct str){ bytes, (size_t)size };
}

/* `size` bytes: "aaaa aaaa aaaa...", so that every fifth is a blank. */
static struct str words_of(struct arena *arena, long long size)
{
	char *bytes = arena_take(arena, (size_t)size + 1);

	for (long long i = 0; i < size; i++)
		bytes[i] = i % 5 == 4 ? ' ' : 'a';
	return (struct str){ bytes, (size_t)size };
}

/* ---- to text ---- */

static void record_is_a_trace_note(void **state)
{
	struct memory_record record = full_record();

	assert_string_equal(printed(*state, &record), full_text);
}

static void unknown_is_left_out(void **state)
{
	struct memory_record record = { .at = AT };

	assert_string_equal(printed(*state, &record), OPENING " verified=no");
	record.key = STR("0123"); /* no SHA-256 */
	record.rtt = -1;
	record.hops = MEMORY_HOPS_MAX + 1;
	assert_string_equal(printed(*state, &record), OPENING " verified=no");
	record.hops = -1;
	assert_string_equal(printed(*state, &record), OPENING " verified=no");
	record.hops = MEMORY_HOPS_MAX;
	assert_string_equal(printed(*state, &record), OPENING " verified=no hops=255");
}

static void key_is_only_hexadecimal(void **state)
{
	struct memory_record record = { .at = AT };

	record.key = STR("0123456789ABCDEF0123456789abcdef0123456789abcdef"
	                 "0123456789abcdef");
	assert_string_equal(printed(*state, &record), OPENING " verified=no");
	record.key = STR(KEY "0");
	assert_string_equal(printed(*state, &record), OPENING " verified=no");
	record.key = STR("0123456789abcde\0"
	                 "0123456789abcdef0123456789abcdef0123456789abcdef");
	assert_int_equal(record.key.len, MEMORY_KEY_LEN);
	assert_string_equal(printed(*state, &record), OPENING " verified=no");
}

static void round_trip_time_has_its_maximum(void **state)
{
	struct memory_record record = { .at = AT, .rtt = 1 };

	assert_non_null(strstr(printed(*state, &record), " rtt=0.000001"));
	record.rtt = MEMORY_RTT_MAX_S * USEC_PER_SEC + 1;
	assert_non_null(strstr(printed(*state, &record), " rtt=3600.000000"));
}

static void foreign_bytes_do_not_break_out(void **state)
{
	struct memory_record record = {
		.at = AT,
		.banner = STR("mx\" verified=yes x=\"\r\n\0\x7f\xc3\xa9\x1b[0m"),
	};

	assert_string_equal(printed(*state, &record), OPENING
	                    " banner=\"mx' verified=yes x='??????\?[0m\" verified=no");
}

static const struct {
	const char *name;
	size_t place;
	long long max;
} limits[] = {
	{ "addresses", offsetof(struct memory_record, addresses),
	  MEMORY_ADDRESSES_MAX },
	{ "banner", offsetof(struct memory_record, banner), MEMORY_BANNER_MAX },
	{ "before", offsetof(struct memory_record, before), MEMORY_CAPABILITIES_MAX },
	{ "after", offsetof(struct memory_record, after), MEMORY_CAPABILITIES_MAX },
	{ "mechanism", offsetof(struct memory_record, mechanism),
	  MEMORY_MECHANISM_MAX },
	{ "issuer", offsetof(struct memory_record, issuer), MEMORY_ISSUER_MAX },
};

static struct str *value_at(struct memory_record *record, size_t place)
{
	return (struct str *)((char *)record + place);
}

/* The length that is left of a value. */
static long long kept_of(struct arena *arena, size_t row, struct str value)
{
	struct memory_record record = { .at = AT }, again = { 0 };
	struct error err;

	*value_at(&record, limits[row].place) = value;
	assert_true(memory_parse(&again, arena, str_of(printed(arena, &record)), &err));
	return (long long)value_at(&again, limits[row].place)->len;
}

static void value_is_cut_on_a_blank(void **state)
{
	for (size_t i = 0; i < COUNT(limits); i++) {
		long long max = limits[i].max, kept = max - (max - 4) % 5;
		const char *name = limits[i].name;

		CHECK_INT(name, kept_of(*state, i, word_of(*state, max)), max);
		CHECK_INT(name, kept_of(*state, i, word_of(*state, max + 1)), 0);
		CHECK_INT(name, kept_of(*state, i, words_of(*state, max)), max);
		CHECK_INT(name, kept_of(*state, i, words_of(*state, max + 1)), kept);
		CHECK_INT(name, kept_of(*state, i, words_of(*state, 99 * max)), kept);
	}
}

static void word_that_ends_at_the_limit_stays(void **state)
{
	char bytes[MEMORY_MECHANISM_MAX + 2];

	memset(bytes, 'x', sizeof(bytes));
	bytes[MEMORY_MECHANISM_MAX] = ' ';
	assert_int_equal(kept_of(*state, 4, (struct str){ bytes, sizeof(bytes) }),
	                 MEMORY_MECHANISM_MAX);
}

static void fullest_record_fits_a_trace_note(void **state)
{
	struct memory_record record = full_record(), again;
	struct trace *trace = trace_create(*state, NULL);
	struct str text;
	struct error err;

	for (size_t i = 0; i < COUNT(limits); i++)
		*value_at(&record, limits[i].place) = word_of(*state, limits[i].max);
	record.rtt = MEMORY_RTT_MAX_S * USEC_PER_SEC;
	record.hops = MEMORY_HOPS_MAX;
	text = str_of(printed(*state, &record));
	assert_true(text.len <= MEMORY_TEXT_MAX);
	assert_in_range(MEMORY_TEXT_MAX, 0, TRACE_NOTE_MAX - 1);
	trace_note(trace, 0, "%s", text.at);
	assert_true(str_equal(trace_event(trace, 0)->line, text));
	assert_true(memory_parse(&again, *state, text, &err));
	assert_string_equal(printed(*state, &again), text.at);
}

/* ---- from text ---- */

static void text_is_the_record(void **state)
{
	struct memory_record record = { 0 };
	struct error err;

	assert_true(memory_parse(&record, *state, str_of(full_text), &err));
	assert_string_equal(printed(*state, &record), full_text);
	assert_int_equal(record.at, AT);
	CHECK_STR("addresses", record.addresses, "192.0.2.7 192.0.2.8");
	CHECK_STR("banner", record.banner, "mx.example");
	CHECK_STR("before", record.before, "SIZE STARTTLS");
	CHECK_STR("after", record.after, "AUTH=PLAIN,LOGIN SIZE");
}

static void rest_of_the_text_is_the_record(void **state)
{
	struct memory_record record = { 0 };
	struct error err;

	assert_true(memory_parse(&record, *state, str_of(full_text), &err));
	CHECK_STR("mechanism", record.mechanism, "PLAIN");
	CHECK_STR("key", record.key, KEY);
	CHECK_STR("issuer", record.issuer, "CN=Example CA,O=Example");
	assert_true(record.verified);
	assert_int_equal(record.rtt, 12000);
	assert_int_equal(record.hops, 5);
}

static void record_outlives_its_text(void **state)
{
	char text[sizeof(full_text)];
	struct memory_record record;
	struct error err;

	memcpy(text, full_text, sizeof(text));
	assert_true(memory_parse(&record, *state, str_of(text), &err));
	memset(text, 'x', sizeof(text));
	assert_string_equal(printed(*state, &record), full_text);
}

static void only_the_time_is_needed(void **state)
{
	struct memory_record record;
	struct error err;

	assert_true(memory_parse(&record, *state, STR(OPENING), &err));
	assert_int_equal(record.at, AT);
	assert_false(record.verified);
	assert_int_equal(record.banner.len, 0);
	assert_int_equal(record.rtt, 0);
	assert_int_equal(record.hops, 0);
}

/* `word` stands in the sentence. */
static const struct {
	const char *text, *word;
} refused[] = {
	{ "", "last good" },
	{ "last good", "last good" },
	{ "last good ", "time" },
	{ "Last good 2026-11-24T08:03:03Z", "last good" },
	{ "last good 2026-02-30T08:03:03Z", "time" },
	{ OPENING "x", "blank" },
	{ OPENING " ", "KEY=VALUE" },
	{ OPENING " banner", "KEY=VALUE" },
	{ OPENING " =x", "KEY=VALUE" },
	{ OPENING " banner =\"x\"", "KEY=VALUE" },
	{ OPENING " verified=yes ", "KEY=VALUE" },
	{ OPENING " password=\"x\"", "\"password\"" },
	{ OPENING " BANNER=\"x\"", "\"BANNER\"" },
	{ OPENING " banner=x", "\"banner\"" },
	{ OPENING " banner=\"x", "\"banner\"" },
	{ OPENING " banner=\"", "\"banner\"" },
	{ OPENING " banner=", "\"banner\"" },
	{ OPENING " banner=\"a\"b", "blank" },
	{ OPENING " banner=\"a\" banner=\"a\"", "\"banner\"" },
	{ OPENING " banner=\"a\" addresses=\"a\"", "\"addresses\"" },
	{ OPENING " hops=5 verified=yes", "\"verified\"" },
	{ OPENING " banner=\"a\tb\"", "printable" },
	{ OPENING " banner=\"a\x7f\"", "printable" },
	{ OPENING " banner=\"\xc3\xa9\"", "printable" },
	{ OPENING "\n", "byte 31" },
	{ OPENING " key=\"" KEY "\"", "\"key\"" },
	{ OPENING " key=0" KEY, "\"key\"" },
	{ OPENING " key=0123", "\"key\"" },
	{ OPENING " key=", "\"key\"" },
	{ OPENING " key=0123456789ABCDEF0123456789abcdef0123456789abcdef"
	          "0123456789abcdef",
	  "\"key\"" },
	{ OPENING " verified=", "\"verified\"" },
	{ OPENING " verified=true", "\"verified\"" },
	{ OPENING " verified=\"yes\"", "\"verified\"" },
	{ OPENING " rtt=", "\"rtt\"" },
	{ OPENING " rtt=1", "\"rtt\"" },
	{ OPENING " rtt=1,000000", "\"rtt\"" },
	{ OPENING " rtt=0.12", "\"rtt\"" },
	{ OPENING " rtt=0.0120000", "\"rtt\"" },
	{ OPENING " rtt=0.01200x", "\"rtt\"" },
	{ OPENING " rtt=-0.012000", "\"rtt\"" },
	{ OPENING " rtt=3600.000001", "\"rtt\"" },
	{ OPENING " rtt=3601.000000", "\"rtt\"" },
	{ OPENING " rtt=99999999999999999999.000000", "\"rtt\"" },
	{ OPENING " hops=", "\"hops\"" },
	{ OPENING " hops=0", "\"hops\"" },
	{ OPENING " hops=256", "\"hops\"" },
	{ OPENING " hops=5x", "\"hops\"" },
	{ OPENING " hops=-5", "\"hops\"" },
};

static void malformed_text_is_refused(void **state)
{
	for (size_t i = 0; i < COUNT(refused); i++) {
		struct memory_record record = { .hops = 77 };
		struct error err = { "" };

		CHECK(refused[i].text,
		      !memory_parse(&record, *state, str_of(refused[i].text), &err));
		if (!strstr(err.text, refused[i].word))
			fail_msg("row \"%s\": %s", refused[i].text, err.text);
		CHECK_INT(refused[i].text, record.hops, 77);
	}
}

static void text_past_a_maximum_is_refused(void **state)
{
	for (size_t i = 0; i < COUNT(limits); i++) {
		struct str value = words_of(*state, limits[i].max + 1);
		const char *at = arena_print(*state, OPENING " %s=\"%s\"",
		                             limits[i].name, value.at),
			   *below = arena_print(*state, OPENING " %s=\"%s\"",
		                                limits[i].name, value.at + 1);
		struct memory_record record;
		struct error err = { "" };

		CHECK(limits[i].name,
		      memory_parse(&record, *state, str_of(below), &err));
		CHECK(limits[i].name, !memory_parse(&record, *state, str_of(at), &err));
		CHECK(limits[i].name, strstr(err.text, "longer"));
	}
}

/* ---- the store ---- */

static int set_up_store(void **state)
{
	*state = memory_create();
	return 0;
}

static int tear_down_store(void **state)
{
	memory_destroy(*state);
	return 0;
}

static const char *target_name(int number)
{
	static char name[32];

	snprintf(name, sizeof(name), "mx%d.example:587", number);
	return name;
}

static void put_hops(struct memory *memory, const char *target, int hops)
{
	struct memory_record record = full_record();

	record.hops = hops;
	memory_put(memory, target, &record);
}

/* 0: nothing is known. */
static int get_hops(struct memory *memory, const char *target)
{
	struct arena *arena = arena_create();
	struct memory_record record = { 0 };
	bool found = memory_get(&record, memory, arena, target);
	int hops = record.hops;

	arena_destroy(arena);
	assert_int_equal(found, hops > 0);
	return hops;
}

static void store_gives_back_the_newest(void **state)
{
	struct memory *memory = *state;

	assert_int_equal(get_hops(memory, "mx.example:587"), 0);
	put_hops(memory, "mx.example:587", 1);
	put_hops(memory, "mx.example:465", 2);
	assert_int_equal(get_hops(memory, "mx.example:587"), 1);
	put_hops(memory, "mx.example:587", 3);
	assert_int_equal(get_hops(memory, "mx.example:587"), 3);
	assert_int_equal(get_hops(memory, "mx.example:465"), 2);
	assert_int_equal(get_hops(memory, "mx.example:58"), 0);
	assert_int_equal(memory_count(memory), 2);
}

static void store_keeps_every_fact(void **state)
{
	struct memory_record record = full_record(), again;
	struct arena *arena = arena_create();

	memory_put(*state, "mx.example:587", &record);
	assert_true(memory_get(&again, *state, arena, "mx.example:587"));
	assert_string_equal(printed(arena, &again), full_text);
	arena_destroy(arena);
}

static void oldest_by_use_is_forgotten(void **state)
{
	struct memory *memory = *state;

	for (int i = 0; i < MEMORY_TARGETS_MAX; i++)
		memory_may_look(memory, target_name(i), 0, 1);
	put_hops(memory, target_name(2), 2); /* each of these is a use */
	assert_int_equal(get_hops(memory, target_name(2)), 2);
	put_hops(memory, target_name(1), 1);
	assert_int_equal(get_hops(memory, target_name(0)), 0);
	assert_false(memory_may_look(memory, target_name(3), 0, 1));
	assert_int_equal(memory_count(memory), MEMORY_TARGETS_MAX);

	for (int i = 0; i < MEMORY_TARGETS_MAX - 4; i++)
		put_hops(memory, target_name(MEMORY_TARGETS_MAX + i), 9);
	assert_int_equal(memory_count(memory), MEMORY_TARGETS_MAX);
	assert_false(memory_may_look(memory, target_name(0), 0, 1));
	assert_int_equal(get_hops(memory, target_name(1)), 1);
	assert_int_equal(get_hops(memory, target_name(2)), 2);
	assert_int_equal(get_hops(memory, target_name(MEMORY_TARGETS_MAX)), 9);

	/* The next one pushes out the only one that was not used since: 3. */
	put_hops(memory, "one.more.example:587", 7);
	assert_int_equal(memory_count(memory), MEMORY_TARGETS_MAX);
	assert_int_equal(get_hops(memory, "one.more.example:587"), 7);
	assert_int_equal(get_hops(memory, target_name(1)), 1);
	assert_true(memory_may_look(memory, target_name(3), 0, 1));
}

static void store_stays_whole_under_churn(void **state)
{
	struct memory *memory = *state;
	unsigned chance = 1;

	for (int i = 0; i < 3 * MEMORY_TARGETS_MAX; i++) {
		int number;

		chance = chance * 1103515245u + 12345u;
		number = (int)(chance >> 8) % (2 * MEMORY_TARGETS_MAX);
		put_hops(memory, target_name(number), number % 255 + 1);
		assert_int_equal(get_hops(memory, target_name(number)),
		                 number % 255 + 1);
	}
	assert_int_equal(memory_count(memory), MEMORY_TARGETS_MAX);
}

static void looks_are_as_far_apart_as_the_interval(void **state)
{
	struct memory *memory = *state;
	const char *a = "a.example:587", *b = "b.example:587";

	assert_true(memory_may_look(memory, a, 1000, 300));
	assert_false(memory_may_look(memory, a, 1000, 300));
	assert_true(memory_may_look(memory, b, 1000, 300));
	assert_false(memory_may_look(memory, a, 1299, 300));
	assert_true(memory_may_look(memory, a, 1300, 300)); /* a no was no look */
	assert_false(memory_may_look(memory, a, 1301, 300));
	assert_true(memory_may_look(memory, a, 1301, 0));
}

static void look_and_record_keep_apart(void **state)
{
	struct memory *memory = *state;

	assert_true(memory_may_look(memory, "a.example:587", 1000, 300));
	assert_int_equal(get_hops(memory, "a.example:587"), 0);
	put_hops(memory, "a.example:587", 4);
	assert_false(memory_may_look(memory, "a.example:587", 1001, 300));
	assert_int_equal(get_hops(memory, "a.example:587"), 4);
	put_hops(memory, "b.example:587", 4);
	assert_true(memory_may_look(memory, "b.example:587", 0, 300));
	assert_int_equal(memory_count(memory), 2);
}

int main(void)
{
#define TEXT_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
#define STORE_TEST(name) \
	cmocka_unit_test_setup_teardown(name, set_up_store, tear_down_store)
	const struct CMUnitTest tests[] = {
		TEXT_TEST(record_is_a_trace_note),
		TEXT_TEST(unknown_is_left_out),
		TEXT_TEST(key_is_only_hexadecimal),
		TEXT_TEST(round_trip_time_has_its_maximum),
		TEXT_TEST(foreign_bytes_do_not_break_out),
		TEXT_TEST(value_is_cut_on_a_blank),
		TEXT_TEST(word_that_ends_at_the_limit_stays),
		TEXT_TEST(fullest_record_fits_a_trace_note),
		TEXT_TEST(text_is_the_record),
		TEXT_TEST(rest_of_the_text_is_the_record),
		TEXT_TEST(record_outlives_its_text),
		TEXT_TEST(only_the_time_is_needed),
		TEXT_TEST(malformed_text_is_refused),
		TEXT_TEST(text_past_a_maximum_is_refused),
		STORE_TEST(store_gives_back_the_newest),
		STORE_TEST(store_keeps_every_fact),
		STORE_TEST(oldest_by_use_is_forgotten),
		STORE_TEST(store_stays_whole_under_churn),
		STORE_TEST(looks_are_as_far_apart_as_the_interval),
		STORE_TEST(look_and_record_keep_apart),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
