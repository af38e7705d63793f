/* SPDX-License-Identifier: Apache-2.0 */
#include "probe/reason.h"

static const struct {
	enum cause cause;
	const char *word, *meaning, *advice;
} reasons[REASON_COUNT] = {
#define REASON(id, cause, word, meaning, advice) \
	[REASON_##id] = { CAUSE_##cause, word, meaning, advice },
#include "probe/reason.def"
};

enum cause reason_cause(enum reason reason)
{
	return reasons[reason].cause;
}

const char *reason_word(enum reason reason)
{
	return reasons[reason].word;
}

const char *reason_meaning(enum reason reason)
{
	return reasons[reason].meaning;
}

const char *reason_advice(enum reason reason)
{
	return reasons[reason].advice;
}

bool reason_from_word(enum reason *out, struct str word)
{
	for (unsigned i = 0; i < REASON_COUNT; i++) {
		if (str_equal(word, str_of(reasons[i].word))) {
			*out = (enum reason)i;
			return true;
		}
	}
	return false;
}
