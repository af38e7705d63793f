/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PROBE_PROBE_H
#define PROBE_PROBE_H

#include "probe/correlation.h"
#include "probe/login_guard.h"
#include "probe/memory.h"
#include "probe/result.h"
#include "probe/session.h"

/*
 * One run: a session, a second look where it failed without a clear reply or is silent
 * for long, then the diagnosis of the trace.
 */
struct probe;

/* What probes on one loop share. */
struct probe_ground {
	struct session_ground session;
	struct memory *memory;           /* of good logins, by target */
	struct correlation *correlation; /* of what targets met lately */
	usec look_interval;              /* between two second looks at one target */
	const char *memory_damage;       /* one sentence for every trace, or NULL */
	struct login_guard guard;        /* asked before a login; all NULL: nobody is */
};

/* Called once, on the loop; the result is the receiver's to release. */
typedef void probe_done(void *owner, struct result *result);

/* `ground` must outlive the probe. */
struct probe *probe_start(const struct probe_ground *ground, struct target *target,
                          probe_done *done, void *owner);

/* Ends it early; `done` comes soon, with cause `local`. */
void probe_cancel(struct probe *probe);

#endif
