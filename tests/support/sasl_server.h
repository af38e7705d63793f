/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SUPPORT_SASL_SERVER_H
#define SUPPORT_SASL_SERVER_H

#include <openssl/ssl.h>
#include <stdbool.h>

#include "tests/support/users.h"

/*
 * The server's side of SASL: GNU SASL runs the mechanisms, this file answers its
 * questions from the user list and the TLS session.
 */
struct sasl_server;

struct sasl_settings {
	const struct users *users;
	const char *host;  /* realm of DIGEST-MD5 */
	bool offers_plus;  /* then a client that denies it is taken for a downgrade */
	bool backend_down; /* nobody can be looked up */
};

/* NULL after a message on stderr. The settings must outlive the server. */
struct sasl_server *sasl_server_create(const struct sasl_settings *settings);
void sasl_server_destroy(struct sasl_server *sasl);

/* False for mechanisms that can be announced, but not carried out. */
bool sasl_server_knows(const char *mechanism);
bool sasl_server_is_plus(const char *mechanism);

enum sasl_outcome {
	SASL_CHALLENGE, /* to be sent; the client's answer is the next step */
	SASL_ACCEPTED,  /* a challenge that comes with it must be sent first */
	SASL_REFUSED,
	SASL_MALFORMED, /* no base64 */
	SASL_TOO_EARLY  /* an initial response where the server speaks first */
};

/* One client's attempt. */
struct sasl_exchange;

/* SSL may be NULL. NULL when the mechanism cannot be started. */
struct sasl_exchange *sasl_exchange_start(struct sasl_server *sasl,
                                          const char *mechanism, SSL *ssl);

/*
 * RESPONSE is base64; NULL = the client sent no initial response. *CHALLENGE is base64
 * too, never NULL, and valid until the next step.
 */
enum sasl_outcome sasl_exchange_step(struct sasl_exchange *exchange,
                                     const char *response, const char **challenge);

void sasl_exchange_finish(struct sasl_exchange *exchange);

#endif
