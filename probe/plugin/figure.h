/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PROBE_PLUGIN_FIGURE_H
#define PROBE_PLUGIN_FIGURE_H

#include "probe/observation.h"
#include "probe/plugin/range.h"

/* What a session is measured by, in the order of perfdata. */
enum figure {
	FIGURE_TIME,
	FIGURE_PHASES, /* one for each phase that has a duration */
	FIGURE_RTT = FIGURE_PHASES + PHASE_TIMED_COUNT,
	FIGURE_CERT_DAYS, /* until a certificate of the chain ends; less than 0: since
	                   */
	FIGURE_SERVER_TIME_AUTH,
	FIGURE_COUNT
};

static inline enum figure figure_of_phase(enum phase phase)
{
	return (enum figure)(FIGURE_PHASES + phase);
}

/* The label of its perfdata. */
const char *figure_label(enum figure figure);

/* In seconds or days. False when the session did not get so far or it cannot be known.
 */
bool figure_value(double *out, enum figure figure, const struct observation *seen);

/* Where a figure begins to be too large or too small; a text of NULL: nowhere. */
struct limits {
	struct range warning, critical;
};

/*
 * Adds "time=VALUEs;WARN;CRIT;0" of each figure that is known, blanks between: perfdata
 * of the Monitoring Plugins guidelines.
 */
void figure_print_all(struct text *out, const struct observation *seen,
                      const struct limits limits[FIGURE_COUNT]);

#endif
