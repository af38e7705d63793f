/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PROBE_SESSION_H
#define PROBE_SESSION_H

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
	SESSION_REPLY_LINES_MAX = 128,   /* lines a server may send in one session */
	SESSION_REPLY_BYTES_MAX = 65536  /* and their bytes */
};

/* Called once, on the loop, after the last event; the session is gone then. */
typedef void session_done(void *owner);

/*
 * Events are written into `trace`, SASL messages registered with `redaction`; both
 * belong to the caller and stay until `done`, as do `ground` and `target`.
 */
struct session *session_start(const struct session_ground *ground,
                              const struct target *target, struct trace *trace,
                              struct redaction *redaction, session_done *done,
                              void *owner);

/* Ends it early: QUIT is said where the server listens, then `done` comes. */
void session_cancel(struct session *session);

#endif
