/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PROBE_ADVICE_H
#define PROBE_ADVICE_H

#include "probe/observation.h"
#include "probe/reason.h"

enum { ADVICE_MAX = 3 };

/* What the person on call should do, the most telling first. */
struct advice {
	size_t count;
	const char *lines[ADVICE_MAX];
};

/*
 * The advice of the reason (reason.def), behind one line that names the box, the port
 * or the name, where one was met. Pure; strings live in `arena`.
 */
struct advice advice_of(enum reason reason, const struct observation *seen,
                        struct arena *arena);

#endif
