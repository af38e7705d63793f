/* SPDX-License-Identifier: Apache-2.0 */
#include "probe/ending.h"

static const struct {
	const char *word, *meaning;
} endings[ENDING_COUNT] = {
#define ENDING(id, word, meaning) [ENDING_##id] = { word, meaning },
#include "probe/ending.def"
};

const char *ending_word(enum ending ending)
{
	return endings[ending].word;
}

const char *ending_meaning(enum ending ending)
{
	return endings[ending].meaning;
}

bool ending_from_word(enum ending *out, struct str word)
{
	for (unsigned i = 0; i < ENDING_COUNT; i++) {
		if (str_equal(word, str_of(endings[i].word))) {
			*out = (enum ending)i;
			return true;
		}
	}
	return false;
}
