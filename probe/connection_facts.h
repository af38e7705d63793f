/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PROBE_CONNECTION_FACTS_H
#define PROBE_CONNECTION_FACTS_H

#include "probe/socket_facts.h"
#include "probe/str.h"

/* What the kernel told of the connection that the session ended on. */
struct connection_facts {
	struct str error; /* name of the errno of a failed connect: "EACCES" */
	bool at_once;     /* connect() itself failed: no packet was sent */
	struct icmp_fact icmp;
	struct str offender; /* who sent the ICMP message */
	struct tcp_fact tcp;
	struct str soft_error; /* an ICMP error that came while the connection stood */
};

/*
 * Reads one of our own events in a trace ("errno …", "icmp …", "icmp6 …", "tcp …";
 * forms in socket_facts.h). False when it is another; what is malformed is left out.
 */
bool connection_facts_take(struct connection_facts *facts, struct str note);

/* "3/13", "1/1": type and code as people write them. */
enum icmp_meaning {
	ICMP_ADMINISTRATIVE, /* prohibited by a rule */
	ICMP_PORT,           /* port unreachable */
	ICMP_PROTOCOL,       /* protocol unreachable */
	ICMP_HOST,           /* host or network unreachable, no route */
	ICMP_TIME_EXCEEDED,  /* packets go in a circle */
	ICMP_OTHER
};

/* RFC 792, RFC 1812 §5.2.7.1, RFC 4443 §3. */
enum icmp_meaning icmp_meaning_of(const struct icmp_fact *icmp);

#endif
