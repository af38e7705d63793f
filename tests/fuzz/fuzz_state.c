/* SPDX-License-Identifier: Apache-2.0 */
/* The input is a state file; its guards are asked, told and refreshed. */
#include "probe/state_text.h"

#include "tests/fuzz/fuzz.h"

#define NOW (1795521600 * USEC_PER_SEC)

static struct str printed(struct arena *arena, const struct state *state)
{
	struct text text = text_create(arena, STATE_SIZE_MAX);

	state_print(state, &text);
	assert(!text.truncated);
	return text_view(&text);
}

/* Whatever was printed is understood, and is the same once more. */
static void check_round_trip(struct arena *arena, const struct state *state)
{
	struct str text = printed(arena, state);
	struct error err = { "" };
	struct state read;

	assert(state_parse(&read, arena, "PATH", text, &err));
	assert(!read.sealed && read.count == state->count);
	assert(str_equal(printed(arena, &read), text));
}

static void check_guard(struct guard *guard)
{
	static const struct guard_refusal why = { .reason = REASON_RATE_LIMITED };
	bool free;
	usec mark;

	guard_refresh(guard, NOW);
	assert(!guard_refresh(guard, NOW));
	assert(guard->count <= GUARD_REFUSALS_MAX);
	assert(guard_next_try(guard) <= NOW + GUARD_LONGEST_S * USEC_PER_SEC);
	free = guard_may_log_in(guard, NOW);
	mark = guard_begin(guard, NOW, NOW + USEC_PER_SEC);
	assert((mark > 0) == free);
	if (mark == 0)
		return;
	guard_end(guard, mark, GUARD_REFUSED, &why, NOW);
	assert(guard->last.times >= 1 && !guard_may_log_in(guard, NOW));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *arena = arena_create();
	struct error err = { "" };
	struct state state;
	bool whole = state_parse(&state, arena, "PATH", fuzz_input(data, size), &err);

	assert(whole == (err.text[0] == '\0'));
	if (!state.sealed)
		check_round_trip(arena, &state);
	for (size_t i = 0; i < state.guard_count; i++)
		check_guard(&state.guards[i].record.guard);
	if (!state.sealed)
		check_round_trip(arena, &state);
	arena_destroy(arena);
	return 0;
}
