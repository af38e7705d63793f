/* SPDX-License-Identifier: Apache-2.0 */
#include "probe/socket_watch.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

void socket_watch_open(struct socket_watch *watch, int socket, int family)
{
	watch->socket = socket;
	socket_keep_icmp(socket, family, true);
}

void socket_watch_connected(struct socket_watch *watch)
{
	watch->connected = true;
	socket_keep_icmp(watch->socket, watch->peer.ss_family, false);
}

void socket_watch_read(struct socket_watch *watch)
{
	if (watch->has_facts || watch->socket < 0)
		return;
	socket_facts_read(&watch->facts, watch->socket, &watch->peer);
	watch->has_facts = true;
}

bool socket_watch_failed_at_once(const struct socket_watch *watch)
{
	return !watch->heard && !watch->facts.icmp.found &&
	       watch->connect_errno != ECONNREFUSED &&
	       watch->connect_errno != ECONNRESET;
}

void socket_watch_tell(struct socket_watch *watch,
                       void (*say)(void *owner, const char *event), void *owner)
{
	char event[SOCKET_FACTS_TEXT_MAX];

	socket_watch_read(watch);
	if (watch->connect_errno) {
		snprintf(event, sizeof(event), "errno %s %s",
		         strerrorname_np(watch->connect_errno),
		         socket_watch_failed_at_once(watch) ? "sync" : "async");
		say(owner, event);
	}
	if (watch->facts.icmp.found) {
		socket_facts_print_icmp(event, sizeof(event), &watch->facts.icmp);
		say(owner, event);
	}
	if (watch->connected && watch->facts.tcp.found) {
		socket_facts_print_tcp(event, sizeof(event), &watch->facts);
		say(owner, event);
	}
}
