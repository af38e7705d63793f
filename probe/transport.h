/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PROBE_TRANSPORT_H
#define PROBE_TRANSPORT_H

#include "probe/error.h"

struct uv_loop_s;

/*
 * libcurl's multi interface on one libuv loop: sockets, timers, and who is told when
 * a transfer is over. It knows nothing of SMTP.
 */
struct transport;

/*
 * `one_shot`: the trusted authorities are looked up one by one in the system's
 * hashed directory, cheap for a process that verifies once; otherwise the whole
 * bundle is loaded once and shared.
 */
struct transport *transport_create(struct uv_loop_s *loop, bool one_shot,
                                   struct error *err);

/* Nothing may be carried any more. Its handles are closed by the loop's next turns. */
void transport_destroy(struct transport *transport); /* NULL is fine */

bool transport_is_one_shot(const struct transport *transport);

/* The owner of one libcurl handle; all calls come from the loop. */
struct carried {
	/*
	 * A socket of it has news; libcurl has not looked yet. With false it does not
	 * look before there is something to read.
	 */
	bool (*socket_ready)(struct carried *carried, int socket);
	/* It is over, with a CURLcode. */
	void (*done)(struct carried *carried, int code);
	/* What transport_defer() asked for, outside of libcurl. */
	void (*deferred)(struct carried *carried);

	/* private: */
	void *easy;
	bool is_deferred, is_waiting;
	struct carried *next_deferred, *next_waiting;
};

/*
 * Starts carrying `easy` (a CURL *): in a later turn of the loop when many start at
 * once. False when libcurl refuses.
 */
bool transport_add(struct transport *transport, void *easy, struct carried *carried);

/* Stops carrying it and closes its connection. */
void transport_remove(struct transport *transport, void *easy, struct carried *carried);

/* From inside a libcurl callback, where handles may not be removed. */
void transport_defer(struct transport *transport, struct carried *carried);

/* Interest of our own in a socket. */
struct watch;

enum { WATCH_READABLE = 1, WATCH_WRITABLE = 2 };

typedef void watch_ready(void *owner, int events);

/* NULL when the loop cannot watch the socket. */
struct watch *watch_create(struct transport *transport, int socket, watch_ready *ready,
                           void *owner);

/* WATCH_READABLE, WATCH_WRITABLE or both. */
void watch_for(struct watch *watch, int events);

/* No call comes after this; the memory goes when the loop lets go. NULL is fine. */
void watch_drop(struct watch *watch);

#endif
