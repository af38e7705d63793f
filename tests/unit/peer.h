/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_UNIT_PEER_H
#define TESTS_UNIT_PEER_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>

enum { PEER_STEPS_MAX = 12, PEER_HEARD_MAX = 1024 };

/*
 * The other end of one connection: a thread that listens on a loopback address, takes
 * one client and does what the steps say, by their first characters:
 *
 *   <TEXT   sends TEXT
 *   >       hears one command; it must come in one piece
 *   *       hears whatever comes
 *   !       does a TLS handshake; goes on when that fails
 *   ?       sends a TLS record that makes no sense
 *   #       resets the connection
 *   |       closes it
 *
 * After the last step it listens until the client has gone, unless it closed itself.
 */
struct peer {
	int listener, client, port;
	const char *const *steps;
	pthread_t thread;
	void *context, *tls; /* OpenSSL's */

	/* To be read after peer_join(): */
	char heard[PEER_HEARD_MAX]; /* all that the client said */
	size_t heard_len;
	bool was_torn;      /* a command came in pieces */
	bool heard_goodbye; /* the client closed TLS by the book */
	int segment_size;   /* the largest that may be sent to the client */
	struct sockaddr_storage client_address;
};

/* `steps` end with NULL. `address` is a literal of this machine. */
void peer_start(struct peer *out, const char *address, const char *const *steps,
                bool only_tls13);

/* Waits until the client is gone. */
void peer_join(struct peer *peer);

/* Gives up on a client that never came. */
void peer_abandon(struct peer *peer);

#endif
