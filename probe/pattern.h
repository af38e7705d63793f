/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PROBE_PATTERN_H
#define PROBE_PATTERN_H

#include "probe/str.h"

/*
 * Whether `text` holds what `pattern` describes: alternatives between '|', each a
 * row of fragments between '*' that must follow one another with anything between;
 * '^' at the start of an alternative ties it to the start of the text. Without
 * regard to (ASCII) case. An empty pattern fits everything. Allocates nothing.
 *
 *   "locked out|account*locked"   "^user unknown"
 */
bool pattern_matches(const char *pattern, struct str text);

#endif
