/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PROBE_LINK_SETUP_H
#define PROBE_LINK_SETUP_H

#include <sys/socket.h>

#include "probe/target.h"

struct Curl_URL;
struct curl_slist;

/* Where one connection goes and as whom it introduces itself. */
struct link_route {
	const struct target *target;
	const struct sockaddr_storage
		*address; /* NULL: a Unix socket, or the proxy looks up */
	const struct sockaddr_storage *via; /* the proxy's address, or NULL */
	const char *ehlo_name;
};

/* What libcurl borrows as long as its handle lives. */
struct link_setup {
	struct Curl_URL *url;
	struct curl_slist *connect_to;
};

/*
 * Sets the options of `easy` (a CURL *) that follow from target and route: place,
 * proxy, TLS and trust. `one_shot` as for transport_create(). False when libcurl
 * refuses one; `out` is to be released in either case.
 */
bool link_setup_apply(struct link_setup *out, void *easy,
                      const struct link_route *route, bool one_shot);

/* After the handle is gone. */
void link_setup_release(struct link_setup *setup);

#endif
