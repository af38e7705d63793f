/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PROBE_PLUGIN_NAGIOS_H
#define PROBE_PLUGIN_NAGIOS_H

#include "probe/plugin/judgement.h"
#include "probe/result.h"

/* How a result is shown by a plugin. */
struct nagios_view {
	const struct rules *rules; /* whose thresholds stand in the perfdata */
	const struct judgement *judgement;
	int verbosity; /* 0 to 3 */
	bool trace;
	bool explain; /* the phases and the four checks, too */
	bool colour;  /* of what is explained; the output is for a terminal */
};

/* First line without perfdata, as a pager shows it. */
const char *nagios_message(const struct result *result, const struct nagios_view *view,
                           struct arena *arena);

/* The first line with perfdata, which together fit into a kilobyte, and its end. */
const char *nagios_status(const struct result *result, const struct nagios_view *view,
                          struct arena *arena);

/*
 * The whole output: status line and perfdata, then what happened, why and what to
 * do, in the plugin API of the Monitoring Plugins guidelines. Explained: the phases
 * before and the four checks behind, after a success too.
 */
const char *nagios_print(const struct result *result, const struct nagios_view *view,
                         struct arena *arena);

#endif
