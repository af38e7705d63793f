/* SPDX-License-Identifier: Apache-2.0 */
#include "probe/severity.h"

static const char *const words[SEVERITY_COUNT] = {
#define SEVERITY(id, word, exit) [SEVERITY_##id] = word,
#include "probe/severity.def"
};

const char *severity_word(enum severity severity)
{
	return words[severity];
}

bool severity_from_word(enum severity *out, struct str word)
{
	for (unsigned i = 0; i < SEVERITY_COUNT; i++) {
		bool is_code = word.len == 1 && word.at[0] == (char)('0' + i);

		if (is_code || str_equal_nocase(word, str_of(words[i]))) {
			*out = (enum severity)i;
			return true;
		}
	}
	return false;
}
