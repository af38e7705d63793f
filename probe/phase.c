/* SPDX-License-Identifier: Apache-2.0 */
#include "probe/phase.h"

static const char *const words[PHASE_COUNT + 1] = {
#define PHASE(id, word) [PHASE_##id] = word,
#include "probe/phase.def"
	[PHASE_NONE] = "none",
};

const char *phase_word(enum phase phase)
{
	return words[phase];
}

bool phase_from_word(enum phase *out, struct str word)
{
	for (unsigned i = 0; i < PHASE_COUNT; i++) {
		if (str_equal(word, str_of(words[i]))) {
			*out = (enum phase)i;
			return true;
		}
	}
	return false;
}
