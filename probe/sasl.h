/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PROBE_SASL_H
#define PROBE_SASL_H

#include "probe/error.h"
#include "probe/mechanism.h"
#include "probe/str.h"

struct uv_loop_s;

/*
 * The client's side of SASL exchanges (RFC 4422), on GNU SASL. A library handle
 * serves any number of exchanges on one loop.
 */
struct sasl_library;
struct sasl; /* one exchange */

struct sasl_library *sasl_library_create(struct uv_loop_s *loop, struct error *err);

/* No exchange may be alive; steps of destroyed ones may still run. NULL is fine. */
void sasl_library_destroy(struct sasl_library *library);

/* True when this build of GNU SASL can act as a client of `mechanism`. */
bool sasl_library_supports(struct sasl_library *library, enum mechanism mechanism);

/* Of a challenge; a longer one is not read. */
enum { SASL_MESSAGE_MAX = 65536 };

/* What the exchange is about. Borrowed for the call only. */
struct sasl_params {
	const char *host;          /* for GSSAPI and DIGEST-MD5; service is "smtp" */
	const char *user;          /* NULL = none */
	const char *authorization; /* NULL = none */
	struct str secret;         /* empty = none */
	struct str binding;        /* channel binding bytes; empty = none */
	bool binding_is_exporter;  /* tls-exporter (RFC 9266), else tls-unique */
};

enum sasl_status {
	/*
	 * Send the message, a challenge must follow: success at this point is success
	 * that the server has not proved.
	 */
	SASL_CONTINUE,
	SASL_DONE, /* send the message; nothing more to say */
	SASL_TOO_MANY_ITERATIONS,
	SASL_BAD_CHALLENGE,   /* not what the mechanism prescribes */
	SASL_SERVER_UNPROVED, /* the server could not prove that it knows the secret */
	SASL_LOCAL            /* our own side: no ticket, no usable identity */
};

/*
 * Called with the outcome of one step; `message` (raw, not base64) is valid during
 * the call only and wiped after it. With a status past SASL_DONE it is a sentence
 * about what is wrong.
 */
typedef void sasl_answer(void *owner, enum sasl_status status, struct str message);

struct sasl *sasl_start(struct sasl_library *library, enum mechanism mechanism,
                        const struct sasl_params *params, struct error *err);

/* True when the client speaks first (RFC 4422 §5 1a): there is an initial response. */
bool sasl_client_first(const struct sasl *sasl);

/*
 * One step. `challenge` is raw, empty for an initial response. Quick mechanisms
 * answer before this returns; those marked MECHANISM_SLOW from the loop's worker
 * pool, on the loop, later, unless nothing had to be computed. One step at a time;
 * the answer may destroy the exchange.
 */
void sasl_step(struct sasl *sasl, struct str challenge, sasl_answer *answer,
               void *owner);

/*
 * Ends the exchange and wipes it. A step that still runs in the worker pool is
 * finished there and its answer dropped; the loop must go on running until then.
 */
void sasl_destroy(struct sasl *sasl); /* NULL is fine */

#endif
