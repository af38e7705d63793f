/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PROBE_CONTACT_OUTCOME_H
#define PROBE_CONTACT_OUTCOME_H

#include "probe/str.h"

/* What a connection of the second look met. Words in contact_outcome.def. */
enum contact_outcome {
#define CONTACT_OUTCOME(id, word, meaning) CONTACT_##id,
#include "probe/contact_outcome.def"
	CONTACT_OUTCOME_COUNT
};

const char *contact_outcome_word(enum contact_outcome outcome);
const char *contact_outcome_meaning(enum contact_outcome outcome);
bool contact_outcome_from_word(enum contact_outcome *out, struct str word);

#endif
