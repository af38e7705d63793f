/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PROBE_CIRCUMSTANCE_H
#define PROBE_CIRCUMSTANCE_H

#include "probe/observation.h"

enum { CIRCUMSTANCE_MAX = 24 };

/* Sentences of evidence about the way to the server, not about its words. */
struct circumstances {
	size_t count;
	const char *lines[CIRCUMSTANCE_MAX];
};

/*
 * What the kernel told of the connection, what the second look met, what has changed
 * since the last good login, and what unrelated targets met. Pure; strings live in
 * `arena`.
 */
struct circumstances circumstances_of(const struct observation *seen,
                                      struct arena *arena);

#endif
