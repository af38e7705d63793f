/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PROBE_PLUGIN_DECODE_JSON_H
#define PROBE_PLUGIN_DECODE_JSON_H

#include "probe/plugin/decode.h"

/*
 * Reads an object with the keys reply, phase, mechanism, target and banner. All but
 * reply may be absent or null, and then are left as they are in `out`; other keys are
 * ignored. False and a sentence about the first mistake. Strings live in `arena`.
 */
bool decode_json_read(struct decode_question *out, struct str line, struct arena *arena,
                      struct error *err);

/* One object on one line, without a line end: the schema stands in README. */
const char *decode_json_print(const struct decoded *decoded, struct arena *arena);

#endif
