/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The input is the text of a record; and, one a line, the values of another one, with
 * its time, round trip and hops taken from the first bytes.
 */
#include "probe/memory.h"

#include "tests/fuzz/fuzz.h"

static struct text printed(struct arena *arena, const struct memory_record *record)
{
	struct text text = text_create(arena, (size_t)4 * MEMORY_TEXT_MAX);

	memory_print(record, &text);
	assert(text.len <= MEMORY_TEXT_MAX);
	for (size_t i = 0; i < text.len; i++)
		assert(text.at[i] >= ' ' && text.at[i] <= '~');
	return text;
}

/* Whatever was printed is understood, and is the same once more. */
static void check_round_trip(struct arena *arena, const struct memory_record *record)
{
	struct text text = printed(arena, record), again;
	struct memory_record read;
	struct error err = { "" };

	assert(memory_parse(&read, arena, text_view(&text), &err));
	assert(read.verified == record->verified);
	again = printed(arena, &read);
	assert(str_equal(text_view(&text), text_view(&again)));
}

static void check_parse(struct arena *arena, struct str text)
{
	struct memory_record record = { .hops = -1 };
	struct error err = { "" };

	if (!memory_parse(&record, arena, text, &err)) {
		assert(err.text[0] != '\0' && record.hops == -1);
		return;
	}
	assert(record.at >= 0 && record.rtt >= 0 && record.hops >= 0);
	assert(record.addresses.len <= MEMORY_ADDRESSES_MAX);
	assert(record.issuer.len <= MEMORY_ISSUER_MAX);
	assert(record.key.len == 0 || record.key.len == MEMORY_KEY_LEN);
	check_round_trip(arena, &record);
}

static void check_print(struct arena *arena, struct str rest)
{
	struct memory_record record = { .verified = rest.len % 2 };

	if (rest.len >= sizeof(record.at))
		memcpy(&record.at, rest.at, sizeof(record.at));
	record.rtt = record.at / 3;
	record.hops = (int)(record.at % 300);
	record.addresses = fuzz_take_line(&rest);
	record.banner = fuzz_take_line(&rest);
	record.before = fuzz_take_line(&rest);
	record.after = fuzz_take_line(&rest);
	record.mechanism = fuzz_take_line(&rest);
	record.key = fuzz_take_line(&rest);
	record.issuer = fuzz_take_line(&rest);
	check_round_trip(arena, &record);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *arena = arena_create();

	check_parse(arena, fuzz_input(data, size));
	check_print(arena, fuzz_input(data, size));
	arena_destroy(arena);
	return 0;
}
