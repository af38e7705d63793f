/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PROBE_DESTINATION_H
#define PROBE_DESTINATION_H

#include "probe/ending.h"
#include "probe/resolve.h"
#include "probe/target.h"

struct uv_loop_s;

/* Where a session may connect to. */
struct destination {
	bool has_via;
	struct sockaddr_storage via; /* the proxy */
	size_t count; /* 0: a Unix socket, or the proxy looks the name up */
	struct sockaddr_storage addresses[RESOLVE_ADDRESS_MAX]; /* in order */
};

/* ENDING_NONE for RESOLVE_OK. */
enum ending destination_ending_of(enum resolve_status status);

/* A search for the destination of one target. */
struct destination_search;

struct destination_events {
	/* An event for the trace. */
	void (*note)(void *owner, const char *event);
	/* Both come once and from the loop, unless no look-up is needed. */
	void (*found)(void *owner, const struct destination *destination);
	void (*failed)(void *owner, enum ending ending, const char *detail);
};

/*
 * Looks up the proxy, then the target, as far as each needs it. No deadline of its
 * own. The caller destroys it in every case, but not inside an event.
 */
struct destination_search *
destination_search_create(struct uv_loop_s *loop, const struct target *target,
                          const struct destination_events *events, void *owner);
void destination_search_start(struct destination_search *search);
void destination_search_destroy(struct destination_search *search); /* NULL is fine */

#endif
