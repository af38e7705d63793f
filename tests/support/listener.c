/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/listener.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include <uv.h>

#include "tests/support/connection.h"
#include "tests/support/memory.h"
#include "tests/support/server.h"

#define BACKLOG     4096
#define ACCEPTS_MAX 256

union address {
	struct sockaddr any;
	struct sockaddr_in ip4;
	struct sockaddr_in6 ip6;
	struct sockaddr_un local;
};

struct listener {
	uv_poll_t poll;
	struct server *server;
	int descriptor;
	bool paused;
	uint16_t port;
	char *path; /* of a Unix socket, else NULL */
};

static socklen_t parse(union address *out, const char *text, uint16_t port)
{
	memset(out, 0, sizeof(*out));
	if (text[0] == '/') {
		if (strlen(text) >= sizeof(out->local.sun_path))
			return 0;
		out->local.sun_family = AF_UNIX;
		memcpy(out->local.sun_path, text, strlen(text));
		return sizeof(out->local);
	}
	if (uv_ip4_addr(text, port, &out->ip4) == 0)
		return sizeof(out->ip4);
	if (uv_ip6_addr(text, port, &out->ip6) == 0)
		return sizeof(out->ip6);
	return 0;
}

static uint16_t port_of(int descriptor)
{
	union address bound = { 0 };
	socklen_t length = sizeof(bound);

	if (getsockname(descriptor, &bound.any, &length) != 0)
		return 0;
	if (bound.any.sa_family == AF_INET)
		return ntohs(bound.ip4.sin_port);
	if (bound.any.sa_family == AF_INET6)
		return ntohs(bound.ip6.sin6_port);
	return 0;
}

static int listen_on(const union address *address, socklen_t length)
{
	const int on = 1;
	int descriptor = socket(address->any.sa_family,
	                        SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (descriptor < 0)
		return -1;
	setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (bind(descriptor, &address->any, length) == 0 &&
	    listen(descriptor, BACKLOG) == 0)
		return descriptor;
	close(descriptor);
	return -1;
}

/* False when there is nobody to accept, or nothing left to accept with. */
static bool accept_one(struct listener *listener)
{
	const int on = 1;
	int descriptor =
		accept4(listener->descriptor, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

	if (descriptor >= 0) {
		if (!listener->path)
			setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &on,
			           sizeof(on));
		connection_open(listener->server, descriptor);
		return true;
	}
	if (errno == EMFILE || errno == ENFILE) {
		listener->paused = true;
		uv_poll_stop(&listener->poll);
	}
	return errno == ECONNABORTED || errno == EINTR;
}

static void on_client(uv_poll_t *poll, int status, int events)
{
	struct listener *listener = poll->data;

	(void)events;
	for (int i = 0; status == 0 && i < ACCEPTS_MAX; i++)
		if (!accept_one(listener))
			break;
}

struct listener *listener_create(struct server *server, const char *address,
                                 uint16_t port)
{
	struct listener *listener;
	union address where;
	socklen_t length = parse(&where, address, port);
	int descriptor = -1;

	errno = EINVAL;
	if (length > 0)
		descriptor = listen_on(&where, length);
	if (descriptor < 0) {
		fprintf(stderr, "smtp_script_server: cannot listen on %s: %s\n",
		        address, strerror(errno));
		return NULL;
	}
	listener = memory_zeroed(1, sizeof(*listener));
	listener->server = server;
	listener->descriptor = descriptor;
	listener->port = port_of(descriptor);
	listener->path =
		address[0] == '/' ? memory_copy(address, strlen(address)) : NULL;
	listener->poll.data = listener;
	uv_poll_init(server->loop, &listener->poll, descriptor);
	uv_poll_start(&listener->poll, UV_READABLE, on_client);
	return listener;
}

uint16_t listener_port(const struct listener *listener)
{
	return listener->port;
}

void listener_resume(struct listener *listener)
{
	if (!listener->paused)
		return;
	listener->paused = false;
	uv_poll_start(&listener->poll, UV_READABLE, on_client);
}

static void on_closed(uv_handle_t *handle)
{
	struct listener *listener = handle->data;

	free(listener->path);
	free(listener);
}

void listener_destroy(struct listener *listener)
{
	uv_close((uv_handle_t *)&listener->poll, on_closed);
	close(listener->descriptor);
	if (listener->path)
		unlink(listener->path);
}
