/* SPDX-License-Identifier: Apache-2.0 */
#include "probe/contact_outcome.h"

static const struct {
	const char *word, *meaning;
} table[CONTACT_OUTCOME_COUNT] = {
#define CONTACT_OUTCOME(id, word, meaning) { word, meaning },
#include "probe/contact_outcome.def"
};

const char *contact_outcome_word(enum contact_outcome outcome)
{
	return table[outcome].word;
}

const char *contact_outcome_meaning(enum contact_outcome outcome)
{
	return table[outcome].meaning;
}

bool contact_outcome_from_word(enum contact_outcome *out, struct str word)
{
	for (unsigned i = 0; i < CONTACT_OUTCOME_COUNT; i++)
		if (str_equal(word, str_of(table[i].word))) {
			*out = (enum contact_outcome)i;
			return true;
		}
	return false;
}
