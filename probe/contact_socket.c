/* SPDX-License-Identifier: Apache-2.0 */
#include "probe/contact_socket.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <unistd.h>

#include "probe/address.h"

/* ---- beginning ---- */

static bool set_number(int socket, int level, int name, int number)
{
	return number == 0 ||
	       setsockopt(socket, level, name, &number, sizeof(number)) == 0;
}

static bool set_ttl(int socket, int family, int ttl)
{
	if (family == AF_INET6)
		return set_number(socket, IPPROTO_IPV6, IPV6_UNICAST_HOPS, ttl);
	return set_number(socket, IPPROTO_IP, IP_TTL, ttl);
}

static socklen_t length_of(const struct sockaddr_storage *address)
{
	return address->ss_family == AF_INET6 ? sizeof(struct sockaddr_in6)
	                                      : sizeof(struct sockaddr_in);
}

static bool bind_to(int socket, const char *source)
{
	struct sockaddr_storage address;

	if (!source)
		return true;
	if (!address_parse(&address, source)) {
		errno = EADDRNOTAVAIL;
		return false;
	}
	return bind(socket, (struct sockaddr *)&address, length_of(&address)) == 0;
}

int contact_socket_open(const struct contact_wish *wish)
{
	int family = wish->address.ss_family, error;
	int made =
		socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, IPPROTO_TCP);

	if (made < 0)
		return -1;
	if (set_number(made, IPPROTO_TCP, TCP_MAXSEG, wish->mss) &&
	    set_ttl(made, family, wish->ttl) && bind_to(made, wish->source_address)) {
		socket_keep_icmp(made, family, true);
		return made;
	}
	error = errno;
	close(made);
	errno = error;
	return -1;
}

bool contact_socket_connect(int socket, const struct contact_wish *wish)
{
	struct sockaddr_storage peer = wish->address;

	/* The port stands at the same place in both families. */
	((struct sockaddr_in *)&peer)->sin_port = htons((uint16_t)wish->port);
	return connect(socket, (struct sockaddr *)&peer, length_of(&peer)) == 0 ||
	       errno == EINPROGRESS;
}

bool contact_socket_is_connected(int socket)
{
	struct sockaddr_storage peer;
	socklen_t len = sizeof(peer);

	return getpeername(socket, (struct sockaddr *)&peer, &len) == 0;
}

/* ---- judgement ---- */

/*
 * What connect(2) returns itself is this machine's word: a policy (SELinux, Landlock,
 * a cgroup) or a route of the kinds "prohibit" and "blackhole". What comes later an
 * ICMP message has said; IPv6 makes EACCES of "administratively prohibited".
 */
static const struct {
	int error;
	enum contact_outcome at_once, later;
} attempts[] = {
	{ EACCES, CONTACT_FORBIDDEN, CONTACT_UNREACHABLE },
	{ EPERM, CONTACT_FORBIDDEN, CONTACT_FORBIDDEN },
	{ EINVAL, CONTACT_FORBIDDEN, CONTACT_LOCAL },
	{ ECONNREFUSED, CONTACT_REFUSED, CONTACT_REFUSED },
	{ ENETUNREACH, CONTACT_UNREACHABLE, CONTACT_UNREACHABLE },
	{ EHOSTUNREACH, CONTACT_UNREACHABLE, CONTACT_UNREACHABLE },
	{ EHOSTDOWN, CONTACT_UNREACHABLE, CONTACT_UNREACHABLE },
	{ ENOPROTOOPT, CONTACT_UNREACHABLE, CONTACT_UNREACHABLE },
	{ EPROTO, CONTACT_UNREACHABLE, CONTACT_UNREACHABLE },
	{ EOPNOTSUPP, CONTACT_LOCAL, CONTACT_UNREACHABLE },
	{ ETIMEDOUT, CONTACT_SILENT, CONTACT_SILENT },
	{ ECONNRESET, CONTACT_RESET, CONTACT_RESET },
};

enum contact_outcome contact_socket_judge_attempt(int error, bool at_once)
{
	for (size_t i = 0; i < sizeof(attempts) / sizeof(attempts[0]); i++)
		if (attempts[i].error == error)
			return at_once ? attempts[i].at_once : attempts[i].later;
	return CONTACT_LOCAL;
}

enum contact_outcome contact_socket_judge_silence(const struct tcp_fact *tcp)
{
	if (tcp->unacked > 0 && tcp->retrying > 0)
		return CONTACT_LOST;
	return tcp->out_of_order > 0 ? CONTACT_GAP : CONTACT_MUTE;
}
