/* SPDX-License-Identifier: Apache-2.0 */
#include "probe/guard_text.h"

#include "tests/unit/row.h"

#define SALT   "000102030405060708090a0b0c0d0e0f"
#define DIGEST "ff" SALT SALT
#define KEY    "salt=" SALT " digest=f0" SALT "0102030405060708090a0b0c0d0e0f"
#define LAST \
	" times=2 at=2026-11-24T12:01:00Z reason=bad_credentials confidence=certain"
#define NO    " refused=2026-11-24T12:00:00Z"
#define GOING " under_way=2026-11-24T12:01:10Z"
#define NOON  (1795521600 * USEC_PER_SEC)

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

static const char *printed(struct arena *arena, const struct guard_record *record)
{
	struct text text = text_create(arena, GUARD_TEXT_MAX);

	guard_text_print(record, &text);
	assert_false(text.truncated);
	return text.at;
}

static void text_comes_back_as_it_was(void **state)
{
	static const char *const texts[] = {
		KEY,
		KEY LAST,
		KEY NO,
		KEY GOING,
		KEY NO NO,
		KEY LAST NO GOING,
		KEY LAST GOING NO,
		KEY LAST GOING GOING,
	};

	for (size_t i = 0; i < COUNT(texts); i++) {
		struct guard_record record;
		struct error err = { "" };

		CHECK(texts[i], guard_text_parse(&record, str_of(texts[i]), &err));
		CHECK_TEXT(texts[i], printed(*state, &record), texts[i]);
	}
}

static void every_word_is_read(void **state)
{
	struct guard_record record;
	struct error err;

	(void)state;
	assert_true(guard_text_parse(&record, STR(KEY LAST NO GOING), &err));
	assert_int_equal(record.key.salt[15], 15);
	assert_int_equal(record.key.digest[0], 0xf0);
	assert_int_equal(record.key.digest[31], 15);
	assert_int_equal(record.guard.last.times, 2);
	assert_int_equal(record.guard.last.at, NOON + 60 * USEC_PER_SEC);
	assert_int_equal(record.guard.last.reason, REASON_BAD_CREDENTIALS);
	assert_int_equal(record.guard.last.confidence, CONFIDENCE_CERTAIN);
	assert_int_equal(record.guard.count, 2);
	assert_int_equal(record.guard.attempts[0].at, NOON);
	assert_false(record.guard.attempts[0].under_way);
	assert_int_equal(record.guard.attempts[1].at, NOON + 70 * USEC_PER_SEC);
	assert_true(record.guard.attempts[1].under_way);
}

#define NO_KEY     "no salt and digest of a guarded login"
#define NO_REFUSAL "no refusal in \"times\", \"at\", \"reason\" and \"confidence\""
#define NO_ATTEMPT "something that is no time of a login, or one too many"
#define AT         " at=2026-11-24T12:01:00Z"

static const struct {
	const char *text, *sentence;
} damaged[] = {
	{ "", NO_KEY },
	{ "salt=" SALT, NO_KEY },
	{ "digest=" SALT SALT " salt=" SALT, NO_KEY },
	{ "salt=" SALT "0 digest=" SALT SALT, NO_KEY },
	{ "salt=0" SALT " digest=" SALT SALT, NO_KEY },
	{ "salt=000102030405060708090a0b0c0d0e0 digest=" SALT SALT, NO_KEY },
	{ "salt=" SALT " digest=" SALT, NO_KEY },
	{ "salt=" SALT " digest=" DIGEST, NO_KEY },
	{ "salt=000102030405060708090a0b0c0d0e0g digest=" SALT SALT, NO_KEY },
	{ "salt=000102030405060708090a0b0c0d0eg0 digest=" SALT SALT, NO_KEY },
	{ "salt=000102030405060708090A0b0c0d0e00 digest=" SALT SALT, NO_KEY },
	{ "salt=000102030405060708090a0b0c0d0e0/ digest=" SALT SALT, NO_KEY },
	{ "salt=000102030405060708090a0b0c0d0e0: digest=" SALT SALT, NO_KEY },
	{ "salt=000102030405060708090a0b0c0d0e0` digest=" SALT SALT, NO_KEY },
	{ KEY " times=0" AT " reason=bad_credentials confidence=certain", NO_REFUSAL },
	{ KEY " times=1000001" AT " reason=bad_credentials confidence=certain",
	  NO_REFUSAL },
	{ KEY " times=x" AT " reason=bad_credentials confidence=certain", NO_REFUSAL },
	{ KEY " times=2 reason=bad_credentials confidence=certain", NO_REFUSAL },
	{ KEY " times=2" AT "x reason=bad_credentials confidence=certain", NO_REFUSAL },
	{ KEY " times=2 at=noon reason=bad_credentials confidence=certain",
	  NO_REFUSAL },
	{ KEY " times=2" AT " reason=none confidence=certain", NO_REFUSAL },
	{ KEY " times=2" AT " reason=bad confidence=certain", NO_REFUSAL },
	{ KEY " times=2" AT " confidence=certain", NO_REFUSAL },
	{ KEY " times=2" AT " reason=bad_credentials", NO_REFUSAL },
	{ KEY " times=2" AT " reason=bad_credentials confidence=sure", NO_REFUSAL },
	{ KEY NO NO NO, NO_ATTEMPT },
	{ KEY NO GOING NO, NO_ATTEMPT },
	{ KEY " refused=noon", NO_ATTEMPT },
	{ KEY " under_way=2026-11-24T12:01:10Zx", NO_ATTEMPT },
	{ KEY NO LAST, NO_ATTEMPT },
	{ KEY " until=2026-11-24T12:01:10Z", NO_ATTEMPT },
};

static void damage_is_told_and_nothing_is_taken(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(damaged); i++) {
		struct guard_record record = { .guard = { .count = 7 } };
		struct error err = { "" };

		CHECK(damaged[i].text,
		      !guard_text_parse(&record, str_of(damaged[i].text), &err));
		CHECK_TEXT(damaged[i].text, err.text, damaged[i].sentence);
		CHECK_INT(damaged[i].text, record.guard.count, 7);
	}
}

static void limits_are_read(void **state)
{
	static const char *const texts[] = {
		KEY " times=1" AT " reason=token_invalid confidence=possible",
		KEY " times=1000000" AT " reason=rate_limited confidence=likely",
	};

	for (size_t i = 0; i < COUNT(texts); i++) {
		struct guard_record record;
		struct error err;

		CHECK(texts[i], guard_text_parse(&record, str_of(texts[i]), &err));
		CHECK_TEXT(texts[i], printed(*state, &record), texts[i]);
	}
}

static void longest_record_fits(void **state)
{
	struct guard_record record = {
		.guard = { .last = { .times = GUARD_TIMES_MAX,
		                     .at = INT64_MAX,
		                     .confidence = CONFIDENCE_POSSIBLE },
		           .count = 2,
		           .attempts = { { INT64_MAX, true }, { INT64_MAX, true } } }
	};

	for (unsigned i = REASON_NONE + 1; i < REASON_COUNT; i++) {
		record.guard.last.reason = (enum reason)i;
		assert_true(strlen(printed(*state, &record)) <= GUARD_TEXT_MAX);
	}
}

/* ---- in a trace ---- */

static void suspension_comes_back(void **state)
{
	static const char *const notes[] = {
		"suspended next=2026-11-24T12:31:00Z",
		"suspended next=2026-11-24T12:31:00Z" LAST,
	};

	for (size_t i = 0; i < COUNT(notes); i++) {
		struct text text = text_create(*state, GUARD_TEXT_MAX);
		struct guard_suspension read;

		CHECK(notes[i], guard_text_parse_suspension(&read, str_of(notes[i])));
		guard_text_print_suspension(&read, &text);
		CHECK_TEXT(notes[i], text.at, notes[i]);
	}
}

static void damaged_suspension_is_none(void **state)
{
	static const char *const notes[] = {
		"",
		"suspended",
		"guard next=2026-11-24T12:31:00Z",
		"suspended next=noon",
		"suspended" LAST,
		"suspended next=2026-11-24T12:31:00Z times=0",
		"suspended next=2026-11-24T12:31:00Z" NO,
		"suspended next=2026-11-24T12:31:00Z" LAST " x",
	};

	(void)state;
	for (size_t i = 0; i < COUNT(notes); i++) {
		struct guard_suspension read = { .next = 7 };

		CHECK(notes[i], !guard_text_parse_suspension(&read, str_of(notes[i])));
		CHECK_INT(notes[i], read.next, 7);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(text_comes_back_as_it_was),
		cmocka_unit_test(every_word_is_read),
		cmocka_unit_test(damage_is_told_and_nothing_is_taken),
		cmocka_unit_test(limits_are_read),
		cmocka_unit_test(longest_record_fits),
		cmocka_unit_test(suspension_comes_back),
		cmocka_unit_test(damaged_suspension_is_none),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
