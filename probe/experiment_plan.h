/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PROBE_EXPERIMENT_PLAN_H
#define PROBE_EXPERIMENT_PLAN_H

#include "probe/contact_report.h"
#include "probe/observation.h"
#include "probe/target.h"

/* One connection to be made, to the address that the session ended on. */
struct experiment {
	enum look look;
	int port;
	enum contact_step step;
	bool tls_first;
	bool small_hello, no_server_name;
	int mss;
};

/* What a second look does, decided before it starts. */
struct experiment_plan {
	size_t count;
	struct experiment experiments[LOOK_FINDING_MAX];
	bool asks_name;      /* the control target's name */
	bool asks_controls;  /* the control targets themselves */
	bool asks_addresses; /* other addresses and the other family */
	bool counts_hops;    /* compares the port with another one that answers */
	bool port_resets;    /* it answered with RST */
	enum contact_step address_step; /* how far to go at other addresses */
};

enum { EXPERIMENT_MSS = 1000 };

/* How far to go on a port of which nothing but its number is known. */
enum contact_step experiment_step_for_port(int port);

/*
 * Chooses what can still tell something about `seen`, a session that failed or, while
 * its ending is ENDING_NONE, has been silent for long. Pure. An empty plan after a
 * success, a clear reply, our own trouble, and where what the session met is certain.
 */
struct experiment_plan experiment_plan(const struct observation *seen,
                                       const struct target *target);

bool experiment_plan_is_empty(const struct experiment_plan *plan);

#endif
