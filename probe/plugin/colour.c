/* SPDX-License-Identifier: Apache-2.0 */
#include "probe/plugin/colour.h"

/* Select Graphic Rendition, ECMA-48 §8.3.117; the eight colours work everywhere. */
static const int codes[COLOUR_COUNT] = {
	[COLOUR_GOOD] = 32,
	[COLOUR_BAD] = 31,
	[COLOUR_UNSURE] = 33,
	[COLOUR_FAINT] = 2,
};

void colour_add(struct text *out, enum colour colour, bool on, const char *words)
{
	if (on)
		text_add(out, "\033[%dm%s\033[0m", codes[colour], words);
	else
		text_add(out, "%s", words);
}
