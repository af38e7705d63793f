/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PROBE_PLUGIN_NAGIOS_H
#define PROBE_PLUGIN_NAGIOS_H

#include "probe/plugin/range.h"
#include "probe/result.h"

/* How a result is shown and judged by a plugin. */
struct nagios_view {
	const struct range *warning, *critical; /* of the total time; NULL = none */
	int verbosity;                          /* 0 to 3 */
	bool trace;
	bool explain; /* the phases and the four checks, too */
	bool colour;  /* of what is explained; the output is for a terminal */
};

/* The plugin's state: that of the cause, and for a success that of the thresholds. */
enum severity nagios_state(const struct result *result, const struct nagios_view *view);

/* First line without perfdata, as a pager shows it. */
const char *nagios_message(const struct result *result, const struct nagios_view *view,
                           struct arena *arena);

/*
 * The whole output: status line and perfdata, then what happened, why and what to
 * do, in the plugin API of the Monitoring Plugins guidelines. Explained: the phases
 * before and the four checks behind, after a success too.
 */
const char *nagios_print(const struct result *result, const struct nagios_view *view,
                         struct arena *arena);

#endif
