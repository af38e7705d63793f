/* SPDX-License-Identifier: Apache-2.0 */
#include "probe/result.h"

struct result *result_create(struct arena *arena, struct target *target, usec started,
                             const struct trace *trace, const struct observation *seen)
{
	struct result *result = arena_take(arena, sizeof(*result));

	result->target = target_keep(target);
	result->started = started;
	result->trace = trace;
	result->seen = seen;
	result->diagnosis = diagnose(seen, arena);
	result->arena = arena;
	result->references = 1;
	return result;
}

void result_add_evidence(struct result *result, const char *sentence)
{
	struct evidence *evidence = &result->diagnosis.evidence;

	if (evidence->count < EVIDENCE_MAX)
		evidence->lines[evidence->count++] =
			arena_copy(result->arena, str_of(sentence));
}

struct result *result_keep(struct result *result)
{
	result->references++;
	return result;
}

void result_release(struct result *result)
{
	if (!result || --result->references > 0)
		return;
	target_release(result->target);
	arena_destroy(result->arena);
}

bool result_success(const struct result *result)
{
	return result->diagnosis.cause == CAUSE_NONE;
}

enum severity result_severity(const struct result *result)
{
	const struct diagnosis *diagnosis = &result->diagnosis;

	if (result_success(result) && diagnosis->notices.count)
		return SEVERITY_WARNING;
	return cause_severity(diagnosis->cause);
}
