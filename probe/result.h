/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PROBE_RESULT_H
#define PROBE_RESULT_H

#include "probe/diagnosis.h"
#include "probe/target.h"

/*
 * A finished probe: what was asked, when, what was seen and what it means. A probe
 * always gives one; its own trouble is a result with cause `local`. Counted.
 */
struct result {
	struct target *target;
	usec started; /* wall clock */
	const struct trace *trace;
	const struct observation *seen;
	struct diagnosis diagnosis;
	/* private: */
	struct arena *arena;
	unsigned references;
};

/*
 * Judges `seen`, which is all that `trace` holds; both live in `arena`. Takes the arena
 * over, keeps the target.
 */
struct result *result_create(struct arena *arena, struct target *target, usec started,
                             const struct trace *trace, const struct observation *seen);

/* One sentence more, about what came after the run; copied. */
void result_add_evidence(struct result *result, const char *sentence);

struct result *result_keep(struct result *result);
void result_release(struct result *result); /* NULL is fine */

bool result_success(const struct result *result);

/* The cause's; WARNING for a login that was accepted, but not without a notice. */
enum severity result_severity(const struct result *result);

#endif
