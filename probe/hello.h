/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PROBE_HELLO_H
#define PROBE_HELLO_H

#include <stdbool.h>
#include <stddef.h>

#include "probe/certificate_event.h"

/*
 * A TLS client of the second look, on a connected socket: it asks how a peer takes one
 * ClientHello or another (RFC 8446 §4.1.2) and whose certificate comes back. Nothing is
 * verified, no certificate is sent and nothing blocks, whatever the mode of the socket;
 * so no secret may ever go through it.
 */
struct hello;

enum { HELLO_ALERT_MAX = 64, HELLO_CHAIN_BYTES_MAX = 64 * 1024 };

struct hello_wish {
	const char *server_name; /* SNI (RFC 6066 §3); NULL or an address = none */
	bool small;              /* TLS 1.2 at most and P-256 as the only group */
};

enum hello_progress {
	HELLO_DONE,
	HELLO_WANT_READ,  /* call again when the socket is readable, ... */
	HELLO_WANT_WRITE, /* ... or writable */
	HELLO_FAILED      /* hello_end() says how; do not call again */
};

enum hello_end {
	HELLO_END_NONE,
	HELLO_END_CLOSED,  /* the peer closed, with close_notify or without */
	HELLO_END_RESET,   /* the socket failed: reset, timed out, unreachable */
	HELLO_END_ALERT,   /* it sent a fatal alert: hello_alert() */
	HELLO_END_NOT_TLS, /* its first bytes are no TLS record */
	HELLO_END_BROKEN   /* any other fault of the handshake or of a record */
};

/*
 * `socket` stays the caller's and must live longer. NULL when there is no memory or
 * OpenSSL refuses the server name.
 */
struct hello *hello_create(int socket, const struct hello_wish *wish);

/* Goes on with the handshake as far as it gets; HELLO_DONE when it is complete. */
enum hello_progress hello_step(struct hello *hello);

/*
 * After the handshake. HELLO_DONE: `*moved` bytes, one at least, were moved; otherwise
 * it is 0. Read until HELLO_WANT_READ before you wait: decrypted bytes may be here
 * that no poll announces.
 */
enum hello_progress hello_read(struct hello *hello, char *bytes, size_t room,
                               size_t *moved);
enum hello_progress hello_write(struct hello *hello, const char *bytes, size_t len,
                                size_t *moved);

enum hello_end hello_end(const struct hello *hello);

/* OpenSSL's words for the alert that the peer sent, "handshake failure"; else "". */
const char *hello_alert(const struct hello *hello);

/* The peer's own certificate, as soon as it came; else NULL. Lives as long as `hello`.
 */
const struct certificate_names *hello_leaf(const struct hello *hello);

/* Says close_notify when the peer is still there, without waiting. NULL is fine. */
void hello_destroy(struct hello *hello);

#endif
