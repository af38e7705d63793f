/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PROBE_LOGIN_GUARD_H
#define PROBE_LOGIN_GUARD_H

#include "probe/guard.h"
#include "probe/target.h"

/* What a guard said before a run. */
struct login_permit {
	bool suspended; /* no login now */
	struct guard_suspension suspension;
	usec mark;          /* of the login that was begun; 0: none is counted */
	const char *remark; /* one sentence for the evidence, or NULL */
};

/*
 * Who is asked before each login and told afterwards how it went. Where the guards
 * are kept, in memory or in a file, is the keeper's to know.
 */
struct login_guard {
	/* The remark lives in the arena. */
	struct login_permit (*ask)(void *owner, const struct target *target,
	                           struct arena *arena);
	/* Only when it was not suspended. Returns a sentence for the evidence or NULL.
	 */
	const char *(*tell)(void *owner, const struct target *target, usec mark,
	                    enum guard_outcome outcome, const struct guard_refusal *why,
	                    struct arena *arena);
	void *owner;
};

#endif
