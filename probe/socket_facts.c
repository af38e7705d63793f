/* SPDX-License-Identifier: Apache-2.0 */
#include "probe/socket_facts.h"

#include <errno.h>
/* The kernel's own headers: its TCP_INFO is longer than the C library's. */
#include <linux/errqueue.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "probe/address.h"
#include "probe/error.h"

/* Errors that the kernel may have kept for one socket; what is behind them is older. */
enum { QUEUE_MAX = 16, CONTROL_MAX = 512 };

/* With the handshake the acknowledged SYN counts for one byte. */
enum { SYN_BYTES = 1 };

#define MEMBER_END(member) \
	(offsetof(struct tcp_info, member) + sizeof(((struct tcp_info *)0)->member))

void socket_keep_icmp(int socket, int family, bool keep)
{
	int on = keep;

	if (family == AF_INET6)
		setsockopt(socket, IPPROTO_IPV6, IPV6_RECVERR, &on, sizeof(on));
	else if (family == AF_INET)
		setsockopt(socket, IPPROTO_IP, IP_RECVERR, &on, sizeof(on));
}

/* ---- ICMP ---- */

static bool is_same_host(const struct sockaddr_storage *a,
                         const struct sockaddr_storage *b)
{
	if (a->ss_family != b->ss_family)
		return false;
	if (a->ss_family == AF_INET6)
		return IN6_ARE_ADDR_EQUAL(&((const struct sockaddr_in6 *)a)->sin6_addr,
		                          &((const struct sockaddr_in6 *)b)->sin6_addr);
	return ((const struct sockaddr_in *)a)->sin_addr.s_addr ==
	       ((const struct sockaddr_in *)b)->sin_addr.s_addr;
}

static enum offender classify(const struct sockaddr_storage *offender,
                              const struct sockaddr_storage *peer)
{
	if (offender->ss_family != AF_INET && offender->ss_family != AF_INET6)
		return OFFENDER_NONE;
	if (address_is_own(offender))
		return OFFENDER_SELF;
	if (peer && is_same_host(offender, peer))
		return OFFENDER_TARGET;
	return OFFENDER_HOP;
}

/* The offender's address lies behind the error, see SO_EE_OFFENDER in ip(7). */
static struct sockaddr_storage offender_of(const struct cmsghdr *control)
{
	struct sockaddr_storage offender = { .ss_family = AF_UNSPEC };
	size_t len = control->cmsg_len - CMSG_LEN(sizeof(struct sock_extended_err));

	if (len > sizeof(offender))
		len = sizeof(offender);
	memcpy(&offender, CMSG_DATA(control) + sizeof(struct sock_extended_err), len);
	return offender;
}

static bool read_control(struct icmp_fact *out, const struct cmsghdr *control,
                         const struct sockaddr_storage *peer)
{
	struct sock_extended_err error;

	if (!(control->cmsg_level == IPPROTO_IP && control->cmsg_type == IP_RECVERR) &&
	    !(control->cmsg_level == IPPROTO_IPV6 &&
	      control->cmsg_type == IPV6_RECVERR))
		return false;
	if (control->cmsg_len < CMSG_LEN(sizeof(error)))
		return false;
	memcpy(&error, CMSG_DATA(control), sizeof(error));
	if (error.ee_origin != SO_EE_ORIGIN_ICMP &&
	    error.ee_origin != SO_EE_ORIGIN_ICMP6)
		return false;
	*out = (struct icmp_fact){ .found = true,
		                   .is_v6 = error.ee_origin == SO_EE_ORIGIN_ICMP6,
		                   .type = error.ee_type,
		                   .code = error.ee_code,
		                   .error = (int)error.ee_errno,
		                   .offender = offender_of(control) };
	out->who = classify(&out->offender, peer);
	return true;
}

/* Takes one error from the queue; false when none is left. */
static bool take_error(struct icmp_fact *out, int socket,
                       const struct sockaddr_storage *peer)
{
	_Alignas(struct cmsghdr) char room[CONTROL_MAX];
	struct msghdr message = { .msg_control = room, .msg_controllen = sizeof(room) };

	if (recvmsg(socket, &message, MSG_ERRQUEUE | MSG_DONTWAIT) < 0)
		return false;
	for (struct cmsghdr *at = CMSG_FIRSTHDR(&message); at && !out->found;
	     at = CMSG_NXTHDR(&message, at))
		read_control(out, at, peer);
	return true;
}

/* The first that came is the one that ended the attempt. */
static void read_icmp(struct icmp_fact *out, int socket,
                      const struct sockaddr_storage *peer)
{
	for (int i = 0; i < QUEUE_MAX && !out->found; i++)
		if (!take_error(out, socket, peer))
			return;
}

static const char *const offender_words[] = {
	[OFFENDER_NONE] = "",
	[OFFENDER_SELF] = "self",
	[OFFENDER_HOP] = "hop",
	[OFFENDER_TARGET] = "target",
};

void socket_facts_print_icmp(char *out, size_t room, const struct icmp_fact *icmp)
{
	const char *family = icmp->is_v6 ? "icmp6" : "icmp";
	char from[ADDRESS_TEXT_MAX];

	if (icmp->who == OFFENDER_NONE) {
		snprintf(out, room, "%s %d/%d", family, icmp->type, icmp->code);
		return;
	}
	address_print(from, sizeof(from), &icmp->offender);
	snprintf(out, room, "%s %d/%d from %s %s", family, icmp->type, icmp->code, from,
	         offender_words[icmp->who]);
}

/* ---- TCP ---- */

void tcp_fact_read(struct tcp_fact *out, const void *kernel_info, size_t len)
{
	struct tcp_info info = { 0 };

	*out = (struct tcp_fact){ 0 };
	if (len < MEMBER_END(tcpi_total_retrans))
		return;
	memcpy(&info, kernel_info, len < sizeof(info) ? len : sizeof(info));
	out->found = true;
	out->rtt = info.tcpi_rtt;
	/* Without a sample the kernel has a guess. */
	out->rttvar = info.tcpi_rtt ? info.tcpi_rttvar : 0;
	out->retransmits = info.tcpi_total_retrans;
	out->retrying = info.tcpi_retransmits;
	out->unacked = info.tcpi_unacked;
	out->knows_bytes = len >= MEMBER_END(tcpi_bytes_received);
	out->sent = info.tcpi_bytes_acked > SYN_BYTES
	                    ? info.tcpi_bytes_acked - SYN_BYTES
	                    : 0;
	out->received = info.tcpi_bytes_received;
	if (len >= MEMBER_END(tcpi_min_rtt) && info.tcpi_min_rtt != UINT32_MAX)
		out->min_rtt = info.tcpi_min_rtt;
	out->knows_order = len >= MEMBER_END(tcpi_rcv_ooopack);
	out->out_of_order = info.tcpi_rcv_ooopack;
}

static void read_tcp(struct tcp_fact *out, int socket)
{
	struct tcp_info info;
	socklen_t len = sizeof(info);

	if (getsockopt(socket, IPPROTO_TCP, TCP_INFO, &info, &len) == 0)
		tcp_fact_read(out, &info, len);
}

/* A line that grows; what does not fit is cut. */
struct line {
	char *at;
	size_t room, len;
};

static void PRINTF_LIKE(2, 3) add(struct line *line, const char *format, ...)
{
	va_list args;
	int len;

	va_start(args, format);
	len = vsnprintf(line->at + line->len, line->room - line->len, format, args);
	va_end(args);
	line->len += (size_t)len;
	if (line->len >= line->room)
		line->len = line->room - 1;
}

static void add_seconds(struct line *line, const char *key, usec time)
{
	add(line, " %s=%lld.%06d", key, (long long)(time / USEC_PER_SEC),
	    (int)(time % USEC_PER_SEC));
}

static void add_counts(struct line *line, const struct tcp_fact *tcp)
{
	add(line, " retransmits=%u retrying=%u unacked=%u", tcp->retransmits,
	    tcp->retrying, tcp->unacked);
	if (tcp->knows_order)
		add(line, " out_of_order=%u", tcp->out_of_order);
	if (tcp->knows_bytes)
		add(line, " sent=%llu received=%llu", tcp->sent, tcp->received);
}

void socket_facts_print_tcp(char *out, size_t room, const struct socket_facts *facts)
{
	struct line line = { .at = out, .room = room };
	const struct tcp_fact *tcp = &facts->tcp;
	const char *name = strerrorname_np(facts->error);

	add(&line, "tcp");
	if (tcp->found && tcp->rtt) {
		add_seconds(&line, "rtt", tcp->rtt);
		add_seconds(&line, "rttvar", tcp->rttvar);
	}
	if (tcp->found && tcp->min_rtt)
		add_seconds(&line, "min_rtt", tcp->min_rtt);
	if (tcp->found)
		add_counts(&line, tcp);
	if (facts->error && name)
		add(&line, " soft_error=%s", name);
	else if (facts->error)
		add(&line, " soft_error=%d", facts->error);
}

/* ---- all ---- */

/* On any other kind MSG_ERRQUEUE may read what the peer sent. */
static bool is_tcp(int socket)
{
	int protocol = 0;
	socklen_t len = sizeof(protocol);

	return getsockopt(socket, SOL_SOCKET, SO_PROTOCOL, &protocol, &len) == 0 &&
	       protocol == IPPROTO_TCP;
}

void socket_facts_read(struct socket_facts *out, int socket,
                       const struct sockaddr_storage *peer)
{
	socklen_t len = sizeof(out->error);

	*out = (struct socket_facts){ 0 };
	if (!is_tcp(socket))
		return;
	/* In this order: taking an error from the queue clears SO_ERROR. */
	getsockopt(socket, SOL_SOCKET, SO_ERROR, &out->error, &len);
	read_icmp(&out->icmp, socket, peer);
	read_tcp(&out->tcp, socket);
}
