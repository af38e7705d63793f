/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PROBE_CAPABILITY_H
#define PROBE_CAPABILITY_H

#include "probe/mechanism.h"
#include "probe/str.h"

enum { CAPABILITY_MAX = 64, OFFERED_MAX = 32 };

/*
 * What a server says of itself after EHLO (RFC 5321 §4.1.1.1). Words are kept as
 * they came and point into the lines that were added. Past the limits the rest
 * is dropped and `truncated` says so.
 */
struct capabilities {
	bool starttls;
	bool auth;                /* an AUTH line stands there, even an empty one */
	mechanism_set mechanisms; /* of those in mechanism.def */
	size_t offered_count;
	struct str offered[OFFERED_MAX]; /* each mechanism once, known or not */
	size_t keyword_count;
	struct str keywords[CAPABILITY_MAX]; /* "SIZE 1000", "AUTH PLAIN LOGIN" */
	bool truncated;
};

/*
 * Adds one line of an EHLO reply, without its code. Keywords are compared
 * without regard to case; "AUTH=PLAIN" as old servers write it counts as AUTH.
 */
void capabilities_add(struct capabilities *caps, struct str line);

#endif
