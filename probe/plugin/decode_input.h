/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PROBE_PLUGIN_DECODE_INPUT_H
#define PROBE_PLUGIN_DECODE_INPUT_H

#include <stdio.h>

#include "probe/plugin/decode.h"

/* What a line, or a reply on standard input, may have. */
enum { DECODE_INPUT_MAX = 1 << 20 };

/* All of `in` as one reply. False and a sentence when it is too long or unreadable. */
bool decode_input_read(struct str *out, FILE *in, struct arena *arena,
                       struct error *err);

/*
 * Answers each line of `in` with one on `out`, in order; `common` says what a line
 * does not. A line that cannot be answered gets an object that names it and the
 * mistake. True when there was none.
 */
bool decode_input_answer(FILE *in, FILE *out, const struct decode_question *common);

#endif
