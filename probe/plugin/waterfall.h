/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PROBE_PLUGIN_WATERFALL_H
#define PROBE_PLUGIN_WATERFALL_H

#include "probe/observation.h"

/*
 * A line for each phase that was entered, in the order of time: its word, a bar that
 * starts where the phase started and is as long as it lasted, its duration. A bar has
 * at least one column, however short the phase was. The phase in which the session
 * failed is drawn with '#' and marked "failed". Nothing when no phase was entered.
 *
 * No line is wider than `width`; below 50 columns the bars say little. `colour`: with
 * the colour codes of a terminal, which take no column.
 */
void waterfall_print(const struct observation *seen, size_t width, bool colour,
                     struct text *out);

#endif
