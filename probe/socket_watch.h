/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PROBE_SOCKET_WATCH_H
#define PROBE_SOCKET_WATCH_H

#include "probe/socket_facts.h"

/* Keeps what the kernel knows of one socket, which libcurl opens and closes. */
struct socket_watch {
	struct sockaddr_storage peer; /* family 0: a Unix socket, or not known */
	int socket;                   /* -1: none was opened yet */
	bool heard;                   /* it had news: connect() itself did not fail */
	bool connected;
	int connect_errno; /* why no connection stands; 0 = it does, or is tried */
	/* private: */
	bool has_facts;
	struct socket_facts facts;
};

/* From here on ICMP errors are kept for `socket`. */
void socket_watch_open(struct socket_watch *watch, int socket, int family);

/* The connection stands: an ICMP error kept now would end the session. */
void socket_watch_connected(struct socket_watch *watch);

/* Before the socket is closed, which makes the kernel forget. */
void socket_watch_read(struct socket_watch *watch);

/*
 * connect() itself failed: libcurl gave up before the socket had news. An RST can be
 * as fast where the peer is near, but is an answer.
 */
bool socket_watch_failed_at_once(const struct socket_watch *watch);

/* Says "errno …", "icmp …" and "tcp …" (socket_facts.h), as far as each is known. */
void socket_watch_tell(struct socket_watch *watch,
                       void (*say)(void *owner, const char *event), void *owner);

#endif
