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
