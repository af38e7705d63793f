/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PROBE_VERDICT_H
#define PROBE_VERDICT_H

#include "probe/observation.h"
#include "probe/reason.h"

/* Instead of a row: the reply decided, by a row of reading.def. */
#define VERDICT_BY_READING ((size_t)-1)
/* The login was suspended: the verdict of the last one. */
#define VERDICT_REPEATED   ((size_t)-2)

/*
 * What a session means, by the first row of verdict.def that fits, or by its reply; a
 * suspended login means what it did when it was last tried.
 */
struct verdict {
	enum reason reason; /* its cause is reason_cause() */
	enum confidence confidence;
	const char *source; /* where the rule is documented; may be empty */
	size_t rule;        /* its row, from 0, or VERDICT_BY_READING */
};

struct verdict verdict_of(const struct observation *seen);

/* How many rows there are, for tests that want each to fire. */
size_t verdict_rule_count(void);

#endif
