/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SUPPORT_SERVER_H
#define SUPPORT_SERVER_H

#include <stdbool.h>
#include <uv.h>

#include "tests/support/connection.h"
#include "tests/support/tls.h"

struct listener;

struct counters {
	unsigned long connections;
	unsigned long accepted;   /* logins */
	unsigned long refused;    /* logins */
	unsigned long mismatches; /* client lines that a script did not foresee */
};

/* What all connections of one process share. */
struct server {
	uv_loop_t *loop;
	struct listener *listener;
	struct connection *connections;
	const struct dialogue *dialogue;
	const void *plan; /* the dialogue's own: a script, or the login's settings */
	struct tls *tls;
	struct counters counters;
	bool quiet; /* nothing on stderr about single connections */
};

#endif
