/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SUPPORT_CONNECTION_H
#define SUPPORT_CONNECTION_H

#include <openssl/ssl.h>
#include <stdbool.h>
#include <stddef.h>

#include "tests/support/stapled.h"

/*
 * One client. The connection owns the socket, the buffers and the timer; a dialogue
 * decides what is said. The dialogue is asked to advance, puts its bytes and returns
 * what it wants next; it is asked again when it has got it. Whatever was put is sent
 * before a want is looked at, at the pace at which the client reads.
 */
struct connection;
struct server;

/* RFC 4954 wants room for 12288 bytes in an AUTH exchange. */
#define CONNECTION_LINE_MAX 16384

enum want {
	WANT_ROOM,    /* everything put so far is sent */
	WANT_LINE,    /* the client's next line */
	WANT_TIME,    /* connection_wait() is over; nothing is read meanwhile */
	WANT_TLS,     /* a handshake as connection_show() has it */
	WANT_HELLO,   /* the client has sent a byte, which stays unread */
	WANT_SILENCE, /* never again: read, answer nothing, until the client leaves */
	WANT_CLOSE,   /* never again: orderly end */
	WANT_CUT,     /* never again: FIN, under TLS without close_notify */
	WANT_RESET    /* never again: RST */
};

struct dialogue {
	void *(*open)(struct connection *connection);
	enum want (*advance)(struct connection *connection, void *state);
	void (*close)(void *state);
};

struct line {
	const char *text; /* without its CRLF, with a NUL behind it; may hold NULs */
	size_t length;
	bool too_long; /* more than CONNECTION_LINE_MAX came; the text is empty */
};

/* Takes the accepted socket. */
void connection_open(struct server *server, int descriptor);

/* Takes the connection out of the server's list and releases it. */
void connection_destroy(struct connection *connection);

/* For dialogues. */
struct server *connection_server(const struct connection *connection);

/* Copies what fits into the output and says how much that was. */
size_t connection_put(struct connection *connection, const char *bytes, size_t length);

/* A reply line; CRLF is added. It is cut where the output has no room. */
void connection_reply(struct connection *connection, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* The line that came last; valid until the next WANT_LINE. */
struct line connection_line(const struct connection *connection);

void connection_wait(struct connection *connection, unsigned long milliseconds);

/* What the next handshake shows; at first the server's certificate and no response. */
void connection_show(struct connection *connection, enum certificate certificate,
                     enum stapled stapled);

/* NULL in clear text. */
SSL *connection_ssl(const struct connection *connection);

#endif
