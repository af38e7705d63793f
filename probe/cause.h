/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PROBE_CAUSE_H
#define PROBE_CAUSE_H

#include "probe/severity.h"
#include "probe/str.h"

/* Who has to act; the severity is the default state of a plugin. */
enum cause {
#define CAUSE(id, severity, word, meaning, actor) CAUSE_##id,
#include "probe/cause.def"
	CAUSE_COUNT
};

const char *cause_word(enum cause cause);
bool cause_from_word(enum cause *out, struct str word);
const char *cause_meaning(enum cause cause);
const char *cause_actor(enum cause cause);
enum severity cause_severity(enum cause cause);

/* How sure a verdict is. */
enum confidence { CONFIDENCE_POSSIBLE, CONFIDENCE_LIKELY, CONFIDENCE_CERTAIN };

const char *confidence_word(enum confidence confidence);

#endif
