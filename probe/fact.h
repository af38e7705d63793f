/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PROBE_FACT_H
#define PROBE_FACT_H

#include "probe/observation.h"

/* What the rows of verdict.def ask for; listed in fact.def. */
enum fact {
	FACT_NONE,
#define FACT(id, holds) FACT_##id,
#include "probe/fact.def"
	FACT_COUNT
};

struct fact_set {
	bool holds[FACT_COUNT];
};

/* Pure; every fact is judged by itself, so their order does not matter. */
struct fact_set facts_of(const struct observation *seen);

/* First bytes, as a trace shows them in quotes, are those of HTTP or HTML. */
bool fact_is_http(struct str raw);

#endif
