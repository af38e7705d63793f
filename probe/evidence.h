/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PROBE_EVIDENCE_H
#define PROBE_EVIDENCE_H

#include "probe/observation.h"

enum { EVIDENCE_MAX = 32 };

/* Sentences about what was seen, the story first; plain facts, no opinion. */
struct evidence {
	size_t count;
	const char *lines[EVIDENCE_MAX];
};

struct evidence evidence_of(const struct observation *seen, struct arena *arena);

#endif
