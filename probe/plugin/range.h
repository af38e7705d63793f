/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PROBE_PLUGIN_RANGE_H
#define PROBE_PLUGIN_RANGE_H

#include "probe/error.h"

/*
 * A threshold range of the Monitoring Plugins guidelines: "10", "10:", "~:10",
 * "10:20" or "@10:20"; decimal only.
 */
struct range {
	double start, end; /* inclusive; may be infinite */
	bool inside;       /* '@': alert within instead of outside */
	const char *text;  /* as given, for perfdata */
};

/* Perfdata repeats each: all of them must fit into the first kilobyte of an output. */
enum { RANGE_TEXT_MAX = 24 };

/* `text` must outlive the range. */
bool range_parse(struct range *out, const char *text, struct error *err);

/* True when `value` raises the alert. */
bool range_alerts(const struct range *range, double value);

#endif
