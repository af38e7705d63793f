/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PROBE_PLUGIN_COLOUR_H
#define PROBE_PLUGIN_COLOUR_H

#include "probe/text.h"

/* What a colour says. Words say the same, so nothing is lost without colours. */
enum colour { COLOUR_GOOD, COLOUR_BAD, COLOUR_UNSURE, COLOUR_FAINT, COLOUR_COUNT };

/* Adds `words` as they are, between two colour codes of a terminal when `on`. */
void colour_add(struct text *out, enum colour colour, bool on, const char *words);

#endif
