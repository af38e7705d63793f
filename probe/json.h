/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PROBE_JSON_H
#define PROBE_JSON_H

#include "probe/result.h"

/*
 * One JSON object (RFC 8259) on one line, without a line end: the schema stands in
 * README. `message` is the first line that a plugin prints. Lives in `arena`.
 */
const char *json_of_result(const struct result *result, const char *message,
                           bool with_trace, struct arena *arena);

/* The same for our own trouble before there was anything to probe. */
const char *json_of_trouble(enum reason reason, const char *message,
                            struct arena *arena);

#endif
