/* SPDX-License-Identifier: Apache-2.0 */
/* The input is a trace in its text form: it is printed, read again and diagnosed. */
#include "probe/trace.h"

#include "probe/diagnosis.h"
#include "tests/fuzz/fuzz.h"

enum { PRINTED_MAX = TRACE_EVENT_MAX * (TRACE_NOTE_MAX + 32) };

static const char *print(const struct trace *trace, struct arena *arena)
{
	struct text text = text_create(arena, PRINTED_MAX);

	trace_print(trace, &text);
	assert(!text.truncated && strlen(text.at) == text.len);
	return text.at;
}

static void check_bounds(const struct trace *trace)
{
	assert(trace_count(trace) <= TRACE_EVENT_MAX);
	for (size_t i = 0; i < trace_count(trace); i++) {
		const struct event *event = trace_event(trace, i);
		size_t max = event->direction == DIRECTION_NOTE ? TRACE_NOTE_MAX
		                                                : TRACE_LINE_MAX;

		assert(event->line.len <= max);
		for (size_t j = 0; j < event->line.len; j++)
			assert((unsigned char)event->line.at[j] >= ' ' &&
			       event->line.at[j] != 0x7f);
	}
}

static void check_printed_form(const struct trace *trace, struct arena *arena)
{
	const char *printed = print(trace, arena);
	struct error err;
	struct trace *again = trace_parse(arena, str_of(printed), &err);

	assert(again);
	assert(trace_count(again) == trace_count(trace));
	assert(strcmp(print(again, arena), printed) == 0);
}

static void check_diagnosis(const struct trace *trace, struct arena *arena)
{
	const struct observation *seen = observe(trace, arena);
	struct diagnosis diagnosis = diagnose(seen, arena);

	assert(diagnosis.reason < REASON_COUNT);
	assert(diagnosis.cause == reason_cause(diagnosis.reason));
	assert(!seen->authenticated || diagnosis.cause != CAUSE_CREDENTIALS);
	assert(seen->credential_sent || diagnosis.cause != CAUSE_CREDENTIALS);
	assert(diagnosis.evidence.count > 0);
	for (size_t i = 0; i < diagnosis.evidence.count; i++)
		assert(*diagnosis.evidence.lines[i]);
	assert(diagnosis.advice.count > 0);
	for (size_t i = 0; i < diagnosis.advice.count; i++)
		assert(*diagnosis.advice.lines[i]);
	for (size_t i = 0; i < CHECK_COUNT; i++)
		assert(*diagnosis.checks[i].proof);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *arena = arena_create();
	struct error err = { "" };
	struct trace *trace = trace_parse(arena, fuzz_input(data, size), &err);

	if (trace) {
		check_bounds(trace);
		check_printed_form(trace, arena);
		check_diagnosis(trace, arena);
	} else {
		assert(err.text[0]);
	}
	arena_destroy(arena);
	return 0;
}
