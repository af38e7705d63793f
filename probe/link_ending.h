/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PROBE_LINK_ENDING_H
#define PROBE_LINK_ENDING_H

#include <stdbool.h>

#include "probe/ending.h"

/* What is known of a connection that libcurl has given up. */
struct link_remains {
	int code;         /* CURLcode */
	const char *text; /* libcurl's error text, may be empty */
	int os_errno;     /* of the last system call that failed; 0 = unknown */
	int socket_errno; /* why no socket could be made; 0 = one was */
	bool at_once;     /* it was connect() itself that failed */
	bool via_proxy;
	bool spoke; /* the server sent a line */
	bool tls_started;
	bool peer_reset;
};

/*
 * From libcurl's words to ours. libcurl's codes cover several endings each, so the
 * state of the connection decides with them. `detail` gets a text for people.
 */
enum ending link_ending_of(const struct link_remains *remains, const char **detail);

#endif
