/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PROBE_RESOLVE_H
#define PROBE_RESOLVE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>

struct uv_loop_s;

enum { RESOLVE_ADDRESS_MAX = 16, RESOLVE_DETAIL_MAX = 160, RESOLVE_NAME_MAX = 256 };

/* What DNS and the hosts file said; each is a different fault of somebody else. */
enum resolve_status {
	RESOLVE_OK,
	RESOLVE_NAME_NOT_FOUND, /* NXDOMAIN */
	RESOLVE_NO_ADDRESS,     /* the name exists, but not with such an address */
	RESOLVE_FAILURE,        /* SERVFAIL, REFUSED, garbage, or no server in reach */
	RESOLVE_TIMEOUT
};

struct resolve_result {
	enum resolve_status status;
	size_t count;
	bool more; /* there were more than RESOLVE_ADDRESS_MAX */
	/* Port 0, in order of preference (RFC 6724). */
	struct sockaddr_storage addresses[RESOLVE_ADDRESS_MAX];
	char alias[RESOLVE_NAME_MAX]; /* where CNAMEs lead; empty without them */
	/*
	 * One line, empty with RESOLVE_OK: "NXDOMAIN", "no IPv6 address",
	 * "SERVFAIL from 192.0.2.53; no DNS server listens at 127.0.0.1"
	 */
	char detail[RESOLVE_DETAIL_MAX];
};

/* A look-up under way. */
struct resolve;

/*
 * Called once, on the loop, never before resolve_start() has returned. The result lives
 * as long as the call.
 */
typedef void resolve_done(void *owner, const struct resolve_result *result);

/*
 * Looks up `name` as the machine is set up to (nsswitch.conf, hosts file, servers,
 * search domains and options of resolv.conf, read anew each time); an address literal
 * is taken as it is. `family` is AF_UNSPEC, AF_INET or AF_INET6. No deadline of its own
 * beyond what resolv.conf says: the caller cancels. NULL never: trouble on our side is
 * told as RESOLVE_FAILURE.
 */
struct resolve *resolve_start(struct uv_loop_s *loop, const char *name, int family,
                              resolve_done *done, void *owner);

/*
 * Forgets the look-up; `done` will not be called. NULL is fine. Must not be called once
 * `done` has been, nor from within it.
 */
void resolve_cancel(struct resolve *resolve);

#endif
