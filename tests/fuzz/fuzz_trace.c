/* SPDX-License-Identifier: Apache-2.0 */
/* The input is a trace in its text form: it is printed, read again and diagnosed. */
#include "probe/trace.h"

#include "probe/circumstance.h"
#include "probe/diagnosis.h"
#include "probe/experiment.h"
#include "probe/remember.h"
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
	/* A suspended login repeats the verdict of one that was tried. */
	assert(seen->credential_sent || seen->ending == ENDING_SUSPENDED ||
	       diagnosis.cause != CAUSE_CREDENTIALS);
	assert(diagnosis.evidence.count > 0);
	for (size_t i = 0; i < diagnosis.evidence.count; i++)
		assert(*diagnosis.evidence.lines[i]);
	assert(diagnosis.advice.count > 0);
	for (size_t i = 0; i < diagnosis.advice.count; i++)
		assert(*diagnosis.advice.lines[i]);
	for (size_t i = 0; i < CHECK_COUNT; i++)
		assert(*diagnosis.checks[i].proof);
}

static void check_sentence(const char *line)
{
	assert(*line);
	for (const char *c = line; *c; c++)
		assert(*c >= ' ' && *c <= '~');
}

static void check_notes(const struct observation *seen, struct arena *arena)
{
	const struct fact_set facts = facts_of(seen);
	const struct notices notices = notices_of(seen, &facts, arena);
	const struct circumstances told = circumstances_of(seen, arena);

	assert(notices.count <= NOTICE_MAX && told.count <= CIRCUMSTANCE_MAX);
	for (size_t i = 0; i < notices.count; i++)
		check_sentence(notices.list[i].text);
	for (size_t i = 0; i < told.count; i++)
		check_sentence(told.lines[i]);
	assert(seen->look.count <= LOOK_FINDING_MAX);
	for (size_t i = 0; i < seen->look.count; i++) {
		const struct look_finding *finding = &seen->look.findings[i];

		assert(finding->near >= 0 && finding->near <= 255);
		assert(finding->far >= 0 && finding->far <= 255);
		assert(!look_has_subject(finding->look) || finding->subject.len);
	}
	for (unsigned i = 0; i < PHASE_TIMED_COUNT; i++)
		assert(observation_server_time(seen, (enum phase)i) >= -1);
}

/* What is written down of a login is read again. */
static void check_memory(const struct observation *seen, struct arena *arena)
{
	struct memory_record record, again;
	struct text printed = text_create(arena, MEMORY_TEXT_MAX);
	struct error err;

	if (!remember_login(&record, seen, seen->begun, arena)) {
		assert(!seen->authenticated);
		return;
	}
	memory_print(&record, &printed);
	assert(!printed.truncated);
	assert(memory_parse(&again, arena, text_view(&printed), &err));
	assert(again.hops == record.hops && again.verified == record.verified);
}

static void check_plan(const struct observation *seen)
{
	static const enum tls_mode modes[] = { TLS_STARTTLS, TLS_IMPLICIT, TLS_NONE };

	for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
		const struct target target = { .set = { .host = "mx.example",
			                                .tls = modes[i],
			                                .port = target_usual_port(
								modes[i]) } };
		const struct experiment_plan plan = experiment_plan(seen, &target);

		assert(plan.count <= SECOND_LOOK_CONNECTIONS_MAX);
		assert(!seen->authenticated || experiment_plan_is_empty(&plan));
		for (size_t j = 0; seen->phase == PHASE_AUTH && j < plan.count; j++)
			assert(plan.experiments[j].look == LOOK_NOOP ||
			       plan.experiments[j].look == LOOK_PORT);
	}
}

static void check_observation(const struct trace *trace, struct arena *arena)
{
	const struct observation *seen = observe(trace, arena);

	check_notes(seen, arena);
	check_memory(seen, arena);
	check_plan(seen);
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
		check_observation(trace, arena);
	} else {
		assert(err.text[0]);
	}
	arena_destroy(arena);
	return 0;
}
