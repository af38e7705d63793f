/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PROBE_PHASE_H
#define PROBE_PHASE_H

#include "probe/str.h"

enum phase {
#define PHASE(id, word) PHASE_##id,
#include "probe/phase.def"
	PHASE_COUNT,
	PHASE_NONE = PHASE_COUNT /* before the first */
};

/* Phases with a duration, in order: resolve to quit. */
enum { PHASE_TIMED_COUNT = PHASE_MAIL };

/* "none" for PHASE_NONE. */
const char *phase_word(enum phase phase);
bool phase_from_word(enum phase *out, struct str word);

#endif
