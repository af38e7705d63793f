/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PROBE_PLUGIN_DECODE_H
#define PROBE_PLUGIN_DECODE_H

#include "probe/pasted.h"
#include "probe/reading.h"
#include "probe/text.h"

/* A reply that somebody pasted, and what is known of it; empty where nothing is. */
struct decode_question {
	struct str reply; /* with whatever stands around it in a log */
	enum phase phase; /* PHASE_NONE: unknown */
	struct str mechanism, target, banner;
};

enum { DECODED_EVIDENCE_MAX = 5, DECODED_ADVICE_MAX = 3 };

struct decoded {
	struct pasted pasted;
	struct reading reading;
	const char *meaning;
	size_t evidence_count, advice_count;
	const char *evidence[DECODED_EVIDENCE_MAX]; /* sentences, printable ASCII */
	const char *advice[DECODED_ADVICE_MAX];
};

/*
 * Reads the reply. False and a sentence when there is none in it. Strings live in
 * `arena`, or for ever; `out` must stay where it is.
 */
bool decode(struct decoded *out, const struct decode_question *question,
            struct arena *arena, struct error *err);

/* For people: what it says, what it means, who acts, how sure, what to do, source. */
const char *decode_print(const struct decoded *decoded, struct arena *arena);

#endif
