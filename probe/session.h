/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PROBE_SESSION_H
#define PROBE_SESSION_H

#include "probe/destination.h"
#include "probe/link.h"
#include "probe/sasl.h"

struct uv_loop_s;

/*
 * One conversation with one server: look up, connect, greet, encrypt, log in once,
 * say QUIT. The only impure step of a probe: everything it learns goes into the
 * trace, nothing is judged here.
 */
struct session;

/* What sessions on one loop share. */
struct session_ground {
	struct uv_loop_s *loop;
	struct transport *transport;
	struct sasl_library *sasl;
};

enum {
	SESSION_QUIT_PATIENCE_MS = 1000, /* how long the reply to QUIT is waited for */
	SESSION_SILENCE_MIN_MS = 1000,   /* before that nobody is called silent */
	SESSION_REPLY_LINES_MAX = 128,   /* lines a server may send in one session */
	SESSION_REPLY_BYTES_MAX = 65536  /* and their bytes */
};

/* How far a session may go and where it went last; for whoever looks again. */
struct session_route {
	bool login_suspended; /* it ends before AUTH, as ENDING_SUSPENDED */
	struct destination destination;
	size_t address_index;
};

/* All come from the loop. */
struct session_events {
	/*
	 * The peer, or DNS, has been silent for a third of the time left, a second at
	 * least. May come again when it spoke in between.
	 */
	void (*silent)(void *owner);
	/* Once, after the last event; the session is gone then. */
	void (*done)(void *owner);
};

/*
 * Events are written into `trace`, SASL messages registered with `redaction`, where it
 * goes into `route`; all belong to the caller and stay until `done`, as do `ground`
 * and `target`.
 */
struct session *session_start(const struct session_ground *ground,
                              const struct target *target, struct trace *trace,
                              struct redaction *redaction, struct session_route *route,
                              const struct session_events *events, void *owner);

/* Ends it early: QUIT is said where the server listens, then `done` comes. */
void session_cancel(struct session *session);

#endif
