/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PROBE_GUARD_H
#define PROBE_GUARD_H

#include <stdbool.h>
#include <stddef.h>

#include "probe/clock.h"
#include "probe/reason.h"

/*
 * Keeps a probe with a wrong password from locking an account: what is known of the
 * logins with one secret. One refused login is confirmed once, GUARD_CONFIRM_S later;
 * then it is tried again after half an hour, doubling to GUARD_LONGEST_S. Besides,
 * there are never more than GUARD_REFUSALS_MAX refused logins in GUARD_WINDOW_S, though
 * many try at once: each counts as refused from when it is begun until it is told.
 *
 * Pure. `now` is any clock that mostly goes forward; times are kept to the second,
 * rounded up, so that they are the same when read back from a file.
 */
enum {
	GUARD_REFUSALS_MAX = 2,
	GUARD_WINDOW_S = 30 * 60,
	GUARD_CONFIRM_S = 60,
	GUARD_AGAIN_S = 30 * 60,
	GUARD_LONGEST_S = 4 * 60 * 60,
	GUARD_KEPT_S = 24 * 60 * 60, /* a refusal that is older is forgotten */
	GUARD_TRY_MAX_S = 61 * 60,   /* the longest that a login may take */
	GUARD_TIMES_MAX = 1000000    /* counted so far */
};

/* What a login was to the server. */
enum guard_outcome {
	GUARD_ACCEPTED,
	GUARD_REFUSED,
	GUARD_UNJUDGED /* it was not reached, or has said neither yes nor no */
};

/* The last refused login. */
struct guard_refusal {
	unsigned times; /* refused in a row; 0: none was, and the rest is empty */
	usec at;
	enum reason reason;
	enum confidence confidence;
};

/* A login that counts for the window: refused, or under way until `at` at the latest.
 */
struct guard_attempt {
	usec at;
	bool under_way;
};

/* All of it 0: nothing is known, the login is free. */
struct guard {
	struct guard_refusal last;
	size_t count;
	struct guard_attempt attempts[GUARD_REFUSALS_MAX];
};

/* Why nobody may log in now, and until when. */
struct guard_suspension {
	usec next;
	struct guard_refusal last;
};

/* When the next login may begin; 0 or in the past: now. */
usec guard_next_try(const struct guard *guard);

bool guard_may_log_in(const struct guard *guard, usec now);

/*
 * Begins a login that is over at `until`, within GUARD_TRY_MAX_S. Returns its mark for
 * guard_end(), 0 when it may not begin.
 */
usec guard_begin(struct guard *guard, usec now, usec until);

/*
 * Tells how the login with this mark ended. A success ends the suspension; refusals
 * stay in the window. `why` is for GUARD_REFUSED: the verdict that is repeated
 * meanwhile; its `times` and `at` do not matter.
 */
void guard_end(struct guard *guard, usec mark, enum guard_outcome outcome,
               const struct guard_refusal *why, usec now);

/*
 * Forgets what no longer counts. Times that can only come from a clock that was ahead
 * are brought back, so that nobody waits for it; true when there were any.
 */
bool guard_refresh(struct guard *guard, usec now);

/* Nothing is known that would be worth keeping. */
bool guard_is_empty(const struct guard *guard);

#endif
