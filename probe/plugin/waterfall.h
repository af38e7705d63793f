/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PROBE_PLUGIN_WATERFALL_H
#define PROBE_PLUGIN_WATERFALL_H

#include "probe/observation.h"

/*
 * A line for each phase that was entered, at most `width` columns wide (40 at least
 * are needed for words, durations and a bar worth looking at): its word, a bar that
 * starts where the phase started and is as long as it lasted, its duration.
 * The phase in which the session failed is drawn with '#' and marked "failed". A bar
 * has at least one column, however short the phase was. Nothing when no phase was
 * entered. `colour`: with the colour codes of a terminal.
 */
void waterfall_print(const struct observation *seen, size_t width, bool colour,
                     struct text *out);

#endif
