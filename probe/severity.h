/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PROBE_SEVERITY_H
#define PROBE_SEVERITY_H

#include "probe/str.h"

/* The value is the exit code of a plugin (Monitoring Plugins guidelines). */
enum severity {
#define SEVERITY(id, word, exit) SEVERITY_##id = exit,
#include "probe/severity.def"
	SEVERITY_COUNT
};

const char *severity_word(enum severity severity);

/* Its word without regard to case, or its exit code: "critical", "2". */
bool severity_from_word(enum severity *out, struct str word);

#endif
