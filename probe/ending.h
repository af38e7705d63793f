/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PROBE_ENDING_H
#define PROBE_ENDING_H

#include "probe/str.h"

enum ending {
#define ENDING(id, word, meaning) ENDING_##id,
#include "probe/ending.def"
	ENDING_COUNT
};

const char *ending_word(enum ending ending);
const char *ending_meaning(enum ending ending);
bool ending_from_word(enum ending *out, struct str word);

#endif
