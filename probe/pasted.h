/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PROBE_PASTED_H
#define PROBE_PASTED_H

#include "probe/reply.h"

enum { PASTED_TEXT_MAX = 2048 };

/*
 * A reply as people paste it: one or more lines, perhaps out of a log, with time
 * stamps, client prefixes ("SMTP Error: Could not authenticate.", "S: ", "<-- ") or
 * quotes around it.
 */
struct pasted {
	struct reply reply; /* its text points into `text` */
	char text[PASTED_TEXT_MAX];
};

/*
 * Finds the reply in `raw`. False when no code from 200 to 599 stands where a reply
 * could begin. Allocates nothing; what is longer than the buffer is cut.
 */
bool pasted_parse(struct pasted *out, struct str raw);

#endif
