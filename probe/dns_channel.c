/* SPDX-License-Identifier: Apache-2.0 */
#include "probe/dns_channel.h"

#include <ares.h>
#include <errno.h>
#include <resolv.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>
#include <uv.h>

#include "probe/arena.h"

/* A socket of c-ares that the loop watches. */
struct watch {
	uv_poll_t poll;
	struct dns_channel *channel;
	struct watch *next;
	ares_socket_t socket;
	int events;
};

struct dns_channel {
	struct arena *arena;
	uv_loop_t *loop;
	uv_timer_t timer;
	unsigned open_handles;
	ares_channel ares; /* NULL when not even that could be made */
	struct watch *watches;
	int failure; /* ARES_* of the creation */
	int socket_error;
	bool opened_socket;
};

static void release(struct dns_channel *channel)
{
	if (--channel->open_handles == 0)
		arena_destroy(channel->arena);
}

static void on_timer_closed(uv_handle_t *timer)
{
	release(timer->data);
}

static void on_poll_closed(uv_handle_t *poll)
{
	struct watch *watch = poll->data;

	release(watch->channel);
}

static void on_timer(uv_timer_t *timer);

/* After every call into c-ares: waits for its next deadline, if it has any. */
static void arm_timer(struct dns_channel *channel)
{
	struct timeval left = { 0 };
	uint64_t msec;

	if (!ares_timeout(channel->ares, NULL, &left)) {
		uv_timer_stop(&channel->timer);
		return;
	}
	msec = (uint64_t)left.tv_sec * 1000 + (uint64_t)left.tv_usec / 1000 + 1;
	uv_timer_start(&channel->timer, on_timer, msec, 0);
}

static void on_timer(uv_timer_t *timer)
{
	struct dns_channel *channel = timer->data;

	ares_process_fd(channel->ares, ARES_SOCKET_BAD, ARES_SOCKET_BAD);
	arm_timer(channel);
}

static void on_poll(uv_poll_t *poll, int status, int events)
{
	struct watch *watch = poll->data;
	struct dns_channel *channel = watch->channel;
	bool readable = status < 0 || events & UV_READABLE;
	bool writable = status < 0 || events & UV_WRITABLE;

	ares_process_fd(channel->ares, readable ? watch->socket : ARES_SOCKET_BAD,
	                writable ? watch->socket : ARES_SOCKET_BAD);
	/*
	 * On an error libuv stops watching. It may be an ICMP message that a write has
	 * already been told about; then c-ares goes on waiting on the same socket.
	 */
	if (status < 0 && !uv_is_closing((uv_handle_t *)poll))
		uv_poll_start(poll, watch->events, on_poll);
	arm_timer(channel);
}

static struct watch *add_watch(struct dns_channel *channel, ares_socket_t socket)
{
	struct watch *watch = arena_take(channel->arena, sizeof(*watch));
	int failed = uv_poll_init(channel->loop, &watch->poll, socket);

	if (failed) {
		channel->socket_error = -failed;
		return NULL;
	}
	channel->open_handles++;
	watch->poll.data = watch;
	watch->channel = channel;
	watch->socket = socket;
	watch->next = channel->watches;
	channel->watches = watch;
	return watch;
}

/* c-ares closes the socket right after this, and its number may come back at once. */
static void remove_watch(struct watch **at)
{
	struct watch *watch = *at;

	*at = watch->next;
	uv_close((uv_handle_t *)&watch->poll, on_poll_closed);
}

static void on_socket_state(void *data, ares_socket_t socket, int readable,
                            int writable)
{
	struct dns_channel *channel = data;
	struct watch **at = &channel->watches, *watch;

	while (*at && (*at)->socket != socket)
		at = &(*at)->next;
	watch = *at;
	if (!readable && !writable) {
		if (watch)
			remove_watch(at);
		return;
	}
	if (!watch)
		watch = add_watch(channel, socket);
	if (!watch)
		return;
	watch->events = (readable ? UV_READABLE : 0) | (writable ? UV_WRITABLE : 0);
	uv_poll_start(&watch->poll, watch->events, on_poll);
}

/* Notes why a socket call failed, which c-ares does not tell; returns `outcome`. */
static ssize_t noted(struct dns_channel *channel, ssize_t outcome)
{
	if (outcome < 0 && errno != EAGAIN && errno != EINPROGRESS && errno != EINTR)
		channel->socket_error = errno;
	return outcome;
}

static ares_socket_t open_socket(int family, int type, int protocol, void *data)
{
	struct dns_channel *channel = data;

	channel->opened_socket = true;
	return (int)noted(
		channel, socket(family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, protocol));
}

static int close_socket(ares_socket_t socket, void *data)
{
	(void)data;
	return close(socket);
}

static int connect_socket(ares_socket_t socket, const struct sockaddr *address,
                          ares_socklen_t len, void *data)
{
	return (int)noted(data, connect(socket, address, len));
}

static ares_ssize_t receive(ares_socket_t socket, void *buffer, size_t size, int flags,
                            struct sockaddr *from, ares_socklen_t *len, void *data)
{
	return noted(data, recvfrom(socket, buffer, size, flags, from, len));
}

/*
 * The ICMP message about one question is told by the next call on the socket, once. If
 * that call sends another question, c-ares blames this one and lets the first wait for
 * its time-out. Sent again, it meets a message of its own, which the reading side gets
 * and which ends all questions to the server.
 */
static ares_ssize_t transmit(ares_socket_t socket, const struct iovec *pieces,
                             int count, void *data)
{
	/* Over UDP there is one piece; over TCP c-ares comes back for the others. */
	const struct iovec *first = pieces;
	ssize_t sent = send(socket, first->iov_base, first->iov_len, MSG_NOSIGNAL);

	(void)count;
	if (noted(data, sent) < 0 && (errno == ECONNREFUSED || errno == EHOSTUNREACH))
		sent = send(socket, first->iov_base, first->iov_len, MSG_NOSIGNAL);
	return sent;
}

static const struct ares_socket_functions socket_functions = {
	.asocket = open_socket,
	.aclose = close_socket,
	.aconnect = connect_socket,
	.arecvfrom = receive,
	.asendv = transmit,
};

/*
 * c-ares reads resolv.conf itself but knows other words for some of its options
 * ("retrans:", "retry:"); what "timeout:", "attempts:" and "use-vc" say, libc tells.
 */
static void read_options(struct ares_options *options)
{
	struct __res_state machine = { 0 };
	bool known = res_ninit(&machine) == 0;
	int seconds = known ? machine.retrans : RES_TIMEOUT;
	int tries = known ? machine.retry : RES_DFLRETRY;

	options->timeout = (seconds > 0 ? seconds : 1) * 1000;
	options->tries = tries > 0 ? tries : 1;
	options->flags = known && machine.options & RES_USEVC ? ARES_FLAG_USEVC : 0;
	if (known)
		res_nclose(&machine);
}

static int open_ares(struct dns_channel *channel,
                     const struct ares_addr_port_node *server)
{
	struct ares_options options = { .sock_state_cb = on_socket_state,
		                        .sock_state_cb_data = channel };
	int mask = ARES_OPT_FLAGS | ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES |
	           ARES_OPT_SOCK_STATE_CB;
	struct ares_addr_port_node only;
	int failed;

	read_options(&options);
	if (server) {
		options.tries = 1;
		options.flags |= ARES_FLAG_NOCHECKRESP;
	}
	failed = ares_init_options(&channel->ares, &options, mask);
	if (failed)
		return failed;
	ares_set_socket_functions(channel->ares, &socket_functions, channel);
	if (!server)
		return ARES_SUCCESS;
	only = *server;
	only.next = NULL;
	return ares_set_servers_ports(channel->ares, &only);
}

struct dns_channel *dns_channel_create(struct uv_loop_s *loop,
                                       const struct ares_addr_port_node *server)
{
	struct arena *arena = arena_create();
	struct dns_channel *channel = arena_take(arena, sizeof(*channel));

	channel->arena = arena;
	channel->loop = loop;
	uv_timer_init(loop, &channel->timer);
	channel->timer.data = channel;
	channel->open_handles = 1;
	channel->failure = open_ares(channel, server);
	return channel;
}

void dns_channel_destroy(struct dns_channel *channel)
{
	if (!channel)
		return;
	if (channel->ares)
		ares_destroy(channel->ares);
	uv_close((uv_handle_t *)&channel->timer, on_timer_closed);
}

void dns_channel_look_up(struct dns_channel *channel, const char *name, int family,
                         dns_channel_answer *answer, void *owner)
{
	const struct ares_addrinfo_hints hints = { .ai_family = family };

	if (channel->failure) {
		answer(owner, channel->failure, 0, NULL);
		return;
	}
	ares_getaddrinfo(channel->ares, name, NULL, &hints, answer, owner);
	arm_timer(channel);
}

struct ares_addr_port_node *dns_channel_servers(const struct dns_channel *channel)
{
	struct ares_addr_port_node *servers = NULL;

	if (channel->ares)
		ares_get_servers_ports(channel->ares, &servers);
	return servers;
}

bool dns_channel_opened_socket(const struct dns_channel *channel)
{
	return channel->opened_socket;
}

int dns_channel_socket_error(const struct dns_channel *channel)
{
	return channel->socket_error;
}
