/* SPDX-License-Identifier: Apache-2.0 */
#include "probe/address.h"

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { PORT_DISCARD = 9 }; /* any port: no packet goes there */

static const void *bytes_of(const struct sockaddr_storage *address)
{
	if (address->ss_family == AF_INET6)
		return &((const struct sockaddr_in6 *)address)->sin6_addr;
	return &((const struct sockaddr_in *)address)->sin_addr;
}

bool address_parse(struct sockaddr_storage *out, const char *text)
{
	struct sockaddr_in v4 = { .sin_family = AF_INET };
	struct sockaddr_in6 v6 = { .sin6_family = AF_INET6 };

	if (inet_pton(AF_INET, text, &v4.sin_addr) == 1) {
		*out = (struct sockaddr_storage){ 0 };
		*(struct sockaddr_in *)out = v4;
		return true;
	}
	if (inet_pton(AF_INET6, text, &v6.sin6_addr) == 1) {
		*out = (struct sockaddr_storage){ 0 };
		*(struct sockaddr_in6 *)out = v6;
		return true;
	}
	return false;
}

bool address_is_literal(const char *text)
{
	struct sockaddr_storage parsed;

	return address_parse(&parsed, text);
}

static size_t size_of_bytes(const struct sockaddr_storage *address)
{
	return address->ss_family == AF_INET6 ? sizeof(struct in6_addr)
	                                      : sizeof(struct in_addr);
}

/* RFC 1122 §3.2.1.3: all of 127.0.0.0/8, of which an interface lists but one. */
static bool is_loopback(const struct sockaddr_storage *address)
{
	if (address->ss_family == AF_INET6)
		return IN6_IS_ADDR_LOOPBACK(
			&((const struct sockaddr_in6 *)address)->sin6_addr);
	return ntohl(((const struct sockaddr_in *)address)->sin_addr.s_addr) >> 24 ==
	       IN_LOOPBACKNET;
}

bool address_is_own(const struct sockaddr_storage *address)
{
	struct ifaddrs *interfaces = NULL;
	bool own = is_loopback(address);

	if (own || getifaddrs(&interfaces) < 0)
		return own;
	for (const struct ifaddrs *at = interfaces; at && !own; at = at->ifa_next) {
		const struct sockaddr_storage *candidate = (const void *)at->ifa_addr;

		own = candidate && candidate->ss_family == address->ss_family &&
		      memcmp(bytes_of(candidate), bytes_of(address),
		             size_of_bytes(address)) == 0;
	}
	freeifaddrs(interfaces);
	return own;
}

void address_print(char *out, size_t room, const struct sockaddr_storage *address)
{
	if (!inet_ntop(address->ss_family, bytes_of(address), out, (socklen_t)room))
		snprintf(out, room, "?");
}

void address_print_endpoint(char *out, size_t room,
                            const struct sockaddr_storage *address, int port)
{
	char text[INET6_ADDRSTRLEN];

	address_print(text, sizeof(text), address);
	snprintf(out, room, address->ss_family == AF_INET6 ? "[%s]:%d" : "%s:%d", text,
	         port);
}

/* Connecting a UDP socket only looks up the route. */
static bool find_own(struct sockaddr_storage *own, const struct sockaddr_storage *peer)
{
	struct sockaddr_storage there = *peer;
	socklen_t len = sizeof(*own);
	int probe = socket(peer->ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	bool found;

	if (probe < 0)
		return false;
	/* The port stands at the same place in both families. */
	((struct sockaddr_in *)&there)->sin_port = htons(PORT_DISCARD);
	found = connect(probe, (struct sockaddr *)&there, sizeof(there)) == 0 &&
	        getsockname(probe, (struct sockaddr *)own, &len) == 0;
	close(probe);
	return found;
}

void address_print_own_literal(char *out, size_t room,
                               const struct sockaddr_storage *peer)
{
	struct sockaddr_storage own;
	char text[INET6_ADDRSTRLEN];

	if (!peer || !find_own(&own, peer)) {
		snprintf(out, room, "[127.0.0.1]");
		return;
	}
	address_print(text, sizeof(text), &own);
	snprintf(out, room, own.ss_family == AF_INET6 ? "[IPv6:%s]" : "[%s]", text);
}
