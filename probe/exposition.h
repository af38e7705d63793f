/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PROBE_EXPOSITION_H
#define PROBE_EXPOSITION_H

#include "probe/result.h"

/*
 * A result as metrics, in what is common to OpenMetrics 1.0 and to the text format of
 * Prometheus, so that the textfile collector of node_exporter takes it as well. Each
 * series has the label "target", the address of the target. Ends with "# EOF".
 * `success`: whether the login ended as it should; who runs the probe decides.
 */
const char *exposition_of_result(const struct result *result, bool success,
                                 struct arena *arena);

/* The same for trouble that came before there was a target. */
const char *exposition_of_trouble(enum reason reason, struct arena *arena);

#endif
