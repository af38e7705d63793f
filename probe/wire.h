/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PROBE_WIRE_H
#define PROBE_WIRE_H

#include "probe/str.h"
#include "probe/transport.h"

/*
 * Lines to and from a server whose connection libcurl has brought up: through
 * libcurl's handle, which encrypts, or on the bare socket that it left behind.
 */
struct wire;

/* Longest line that a server may send (RFC 4954 section 4). */
enum { WIRE_LINE_MAX = 12288 };

enum wire_end { WIRE_CLOSED, WIRE_RESET, WIRE_LINE_TOO_LONG };

/* Calls from the loop; the owner may destroy the wire inside either. */
struct wire_events {
	void (*line)(void *owner, struct str line); /* line end included */
	void (*end)(void *owner, enum wire_end end);
};

/*
 * `easy` is a CURL * in CONNECT_ONLY state, or NULL to use `socket` itself. Both
 * stay the caller's. NULL when there is no memory.
 */
struct wire *wire_create(struct transport *transport, void *easy, int socket,
                         const struct wire_events *events, void *owner);

/* Sends one line and its CRLF. The bytes are wiped once they are gone. */
void wire_send_line(struct wire *wire, struct str line);

void wire_destroy(struct wire *wire); /* NULL is fine */

#endif
