/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PROBE_REASON_H
#define PROBE_REASON_H

#include "probe/cause.h"
#include "probe/str.h"

/* The fine word under a cause; every reason has exactly one cause. */
enum reason {
#define REASON(id, cause, word, meaning, advice) REASON_##id,
#include "probe/reason.def"
	REASON_COUNT
};

enum cause reason_cause(enum reason reason);
const char *reason_word(enum reason reason);
const char *reason_meaning(enum reason reason);

/* What to do; lines separated by LF, never empty. */
const char *reason_advice(enum reason reason);

bool reason_from_word(enum reason *out, struct str word);

#endif
