/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PROBE_DIAGNOSIS_H
#define PROBE_DIAGNOSIS_H

#include "probe/advice.h"
#include "probe/evidence.h"
#include "probe/notice.h"
#include "probe/verdict.h"

/* The questions behind every "Could not authenticate", in the order to ask them. */
enum check {
	CHECK_CREDENTIALS,
	CHECK_FIREWALL,
	CHECK_SERVER,
	CHECK_NETWORK,
	CHECK_COUNT
};

enum check_state { CHECK_OK, CHECK_AT_FAULT, CHECK_NOT_REACHED, CHECK_UNKNOWN };

struct check_answer {
	enum check_state state;
	const char *proof;
};

struct diagnosis {
	enum cause cause;
	enum reason reason;
	enum confidence confidence;
	/* where it ended, a suspended login where it was refused; PHASE_NONE: success
	 */
	enum phase phase;
	const char *source; /* where the meaning is documented; may be empty */
	struct evidence evidence;
	struct advice advice;
	struct notices notices;
	struct check_answer checks[CHECK_COUNT];
};

/* Pure: the same observation gives the same diagnosis. Strings live in `arena`. */
struct diagnosis diagnose(const struct observation *seen, struct arena *arena);

const char *check_word(enum check check);
const char *check_state_word(enum check_state state);

#endif
