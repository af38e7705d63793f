/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PROBE_EXPERIMENT_H
#define PROBE_EXPERIMENT_H

#include "probe/destination.h"
#include "probe/experiment_plan.h"

/*
 * The second look: after a failure that is not a clear reply, or beside a session that
 * has been silent for long, a few connections of its own find out who is at fault. All
 * run side by side, none carries a credential or a user name, and AUTH is never said.
 */
struct second_look;

enum {
	SECOND_LOOK_CONNECTIONS_MAX = 11, /* besides the session's own */
	SECOND_LOOK_PATIENCE_MS = 3000,   /* of one connection */
	SECOND_LOOK_HOP_PATIENCE_MS = 1000,
	SECOND_LOOK_MARGIN_MS = 50 /* its end comes so long before the deadline */
};

struct second_look_params {
	struct uv_loop_s *loop;
	const struct target *target;
	const struct destination *destination; /* where the session could go */
	size_t address_index;                  /* and where it went last */
	struct experiment_plan plan;           /* not empty */
	usec patience;                         /* for all of it */

	/* An event for the trace. */
	void (*note)(void *owner, const char *event);
	/* Called once, on the loop, after the last note. */
	void (*done)(void *owner);
	void *owner;
};

/* `target` and `destination` stay until `done`. Sends nothing before it returns. */
struct second_look *second_look_start(const struct second_look_params *params);

/* Ends it at once: what is not answered yet stays unsaid. `done` comes soon. */
void second_look_stop(struct second_look *look);

#endif
