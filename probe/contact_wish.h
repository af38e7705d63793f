/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PROBE_CONTACT_WISH_H
#define PROBE_CONTACT_WISH_H

#include "probe/contact_report.h"

/* What one connection of the second look is to find out. */
struct contact_wish {
	struct sockaddr_storage address;
	int port;
	const char *source_address; /* NULL = any */
	enum contact_step step;
	bool tls_first;
	bool small_hello;        /* TLS 1.2 at most, one key exchange group */
	const char *server_name; /* SNI; NULL = none is sent */
	const char *ehlo_name;   /* one word of visible ASCII characters */
	int mss;                 /* TCP_MAXSEG; 0 = the kernel's choice */
	int ttl; /* IP_TTL, IPV6_UNICAST_HOPS; 0 = the kernel's choice */
	usec patience;
};

#endif
