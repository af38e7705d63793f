/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PROBE_SOCKET_FACTS_H
#define PROBE_SOCKET_FACTS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>

#include "probe/clock.h"

/* Room for either event in text, with its NUL. */
enum { SOCKET_FACTS_TEXT_MAX = 320 };

/* Whose box sent an ICMP message. */
enum offender { OFFENDER_NONE, OFFENDER_SELF, OFFENDER_HOP, OFFENDER_TARGET };

/* RFC 792, RFC 4443: why a packet of ours was not delivered. */
struct icmp_fact {
	bool found, is_v6;
	int type, code;
	int error; /* the errno that the kernel makes of it */
	enum offender who;
	struct sockaddr_storage offender;
};

/* What the kernel counted (tcp(7), TCP_INFO). */
struct tcp_fact {
	bool found;
	bool knows_bytes;          /* it counts them (Linux 4.1) */
	bool knows_order;          /* it counts out-of-order segments (Linux 5.4) */
	usec rtt, rttvar, min_rtt; /* 0 = not measured yet */
	unsigned retransmits;      /* segments sent again in the connection's life */
	unsigned
		retrying; /* tries under way for the segment that is not acknowledged */
	unsigned unacked; /* segments that the peer has not acknowledged */
	unsigned out_of_order;
	/* Bytes, as acknowledged and as received; the peer's FIN counts for one. */
	unsigned long long sent, received;
};

/* All that a socket tells without a packet more. */
struct socket_facts {
	int error; /* SO_ERROR: 0, or an errno; reading it clears it */
	struct icmp_fact icmp;
	struct tcp_fact tcp;
};

/*
 * Has the kernel keep ICMP errors for `socket` (IP_RECVERR, IPV6_RECVERR) while it
 * connects. Must be switched off once it stands: later ones would be fatal.
 */
void socket_keep_icmp(int socket, int family, bool keep);

/*
 * `peer` tells the target's own ICMP messages from a hop's; NULL = not known. Whatever
 * is no TCP socket has no facts. Switching ICMP off forgets what was kept, so read
 * first.
 */
void socket_facts_read(struct socket_facts *out, int socket,
                       const struct sockaddr_storage *peer);

/*
 * Reads the `len` bytes of TCP_INFO that the kernel filled in. An older kernel gives
 * fewer of them, and what it does not give counts as not known.
 */
void tcp_fact_read(struct tcp_fact *out, const void *kernel_info, size_t len);

/* "icmp 3/13 from 192.0.2.1 hop"; "icmp6 1/1 from 2001:db8::1 target". */
void socket_facts_print_icmp(char *out, size_t room, const struct icmp_fact *icmp);

/*
 * "tcp rtt=0.000123 rttvar=0.000061 min_rtt=0.000100 retransmits=0 retrying=0
 * unacked=0 out_of_order=0 sent=812 received=4321", and " soft_error=EHOSTUNREACH"
 * when there was one. What the kernel does not tell is left out.
 */
void socket_facts_print_tcp(char *out, size_t room, const struct socket_facts *facts);

#endif
