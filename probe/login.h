/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PROBE_LOGIN_H
#define PROBE_LOGIN_H

#include "probe/capability.h"
#include "probe/ending.h"
#include "probe/redaction.h"
#include "probe/sasl.h"
#include "probe/target.h"

/*
 * One AUTH exchange (RFC 4954): chooses the mechanism, carries the SASL messages
 * in lines, and tells how it ended. One attempt; no second mechanism is tried
 * after a refusal.
 */
struct login;

struct login_params {
	struct sasl_library *sasl;
	const struct target *target;
	const struct capabilities *capabilities; /* of the last EHLO */
	bool encrypted;
	struct str binding; /* of the TLS session; empty = none */
	bool binding_is_exporter;
	bool suspended; /* only looks whether there is a mechanism to log in with */
	struct redaction *redaction; /* learns every message before it is sent */

	/* Sends one line; the line is wiped after the call. */
	void (*send)(void *owner, struct str line);
	/*
	 * Called once. ENDING_REPLY: the server's last line decided; ENDING_SUSPENDED:
	 * it could have been asked. The exchange may not be destroyed from inside.
	 */
	void (*end)(void *owner, enum ending ending, const char *detail);
	void *owner;
};

/* Never NULL; `end` may come before this returns. */
struct login *login_start(const struct login_params *params);

/* One line of the server, with or without its line end. */
void login_take_line(struct login *login, struct str line);

/* A step computes or waits in the worker pool: it is our side that is slow. */
bool login_is_computing(const struct login *login); /* NULL: false */

/* The session is over: an answer that is still being computed is dropped. */
void login_abandon(struct login *login); /* NULL is fine */

void login_destroy(struct login *login); /* NULL is fine */

#endif
