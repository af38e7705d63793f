/* SPDX-License-Identifier: Apache-2.0 */
#include "probe/resolve.h"

#include <ares.h>
#include <arpa/inet.h>
#include <assert.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <resolv.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>
#include <uv.h>

#include "probe/text.h"

/* A socket of c-ares that the loop watches. */
struct watch {
	uv_poll_t poll;
	struct resolve *resolve;
	struct watch *next;
	ares_socket_t socket;
	int events;
};

/*
 * First all servers are asked as the machine is set up to. c-ares then tells SERVFAIL,
 * REFUSED, NOTIMP and a closed port alike (ARES_ECONNREFUSED), so a failure leads to a
 * second round: each server alone, each family alone, and the reply code unhidden.
 */
struct resolve {
	struct arena *arena;
	uv_loop_t *loop;
	uv_timer_t timer;
	unsigned open_handles;
	const char *name;
	int family;
	resolve_done *done;
	void *owner;

	ares_channel channel;
	struct watch *watches;
	int socket_error; /* errno of the channel's last failure, 0 = none */
	bool opened_socket;

	struct ares_addr_port_node *servers;      /* NULL in the first round */
	const struct ares_addr_port_node *server; /* the one that is being asked */
	const struct ares_addr_port_node *blamed; /* the last one in the detail */
	int server_family;

	bool answered;
	int answer; /* ARES_* */
	struct text detail;
	struct resolve_result result;
};

/* What an answer of c-ares means; the last row matches every other. */
static const struct meaning {
	int answer;
	enum resolve_status status;
	const char *word;
} meanings[] = {
	{ ARES_SUCCESS, RESOLVE_OK, "" },
	{ ARES_ENOTFOUND, RESOLVE_NAME_NOT_FOUND, "NXDOMAIN" },
	{ ARES_EBADNAME, RESOLVE_NAME_NOT_FOUND, "not a valid DNS name" },
	{ ARES_ENODATA, RESOLVE_NO_ADDRESS, "" },
	{ ARES_ETIMEOUT, RESOLVE_TIMEOUT, "no answer" },
	{ ARES_EFORMERR, RESOLVE_FAILURE, "FORMERR" },
	{ ARES_ESERVFAIL, RESOLVE_FAILURE, "SERVFAIL" },
	{ ARES_ENOTIMP, RESOLVE_FAILURE, "NOTIMP" },
	{ ARES_EREFUSED, RESOLVE_FAILURE, "REFUSED" },
	{ ARES_EBADRESP, RESOLVE_FAILURE, "garbled answer" },
	{ -1, RESOLVE_FAILURE, "no usable answer" },
};

static const struct meaning *meaning_of(int answer)
{
	const struct meaning *meaning = meanings;

	while (meaning->answer != answer && meaning->answer != -1)
		meaning++;
	return meaning;
}

static void release(struct resolve *resolve)
{
	if (--resolve->open_handles == 0)
		arena_destroy(resolve->arena);
}

static void on_timer_closed(uv_handle_t *timer)
{
	release(timer->data);
}

static void on_poll_closed(uv_handle_t *poll)
{
	struct watch *watch = poll->data;

	release(watch->resolve);
}

static void on_timer(uv_timer_t *timer);

/* After every call into c-ares: waits for its next deadline, or not if it answered. */
static void arm_timer(struct resolve *resolve)
{
	struct timeval left = { 0 };
	uint64_t msec = 0;

	if (!resolve->answered && !ares_timeout(resolve->channel, NULL, &left)) {
		uv_timer_stop(&resolve->timer);
		return;
	}
	if (!resolve->answered)
		msec = (uint64_t)left.tv_sec * 1000 + (uint64_t)left.tv_usec / 1000 + 1;
	uv_timer_start(&resolve->timer, on_timer, msec, 0);
}

static void on_poll(uv_poll_t *poll, int status, int events)
{
	struct watch *watch = poll->data;
	struct resolve *resolve = watch->resolve;
	bool readable = status < 0 || events & UV_READABLE;
	bool writable = status < 0 || events & UV_WRITABLE;

	ares_process_fd(resolve->channel, readable ? watch->socket : ARES_SOCKET_BAD,
	                writable ? watch->socket : ARES_SOCKET_BAD);
	/*
	 * On an error libuv stops watching. It may be an ICMP message that a write has
	 * already been told about; then c-ares goes on waiting on the same socket.
	 */
	if (status < 0 && !uv_is_closing((uv_handle_t *)poll))
		uv_poll_start(poll, watch->events, on_poll);
	arm_timer(resolve);
}

static struct watch *add_watch(struct resolve *resolve, ares_socket_t socket)
{
	struct watch *watch = arena_take(resolve->arena, sizeof(*watch));
	int failed = uv_poll_init(resolve->loop, &watch->poll, socket);

	if (failed) {
		resolve->socket_error = -failed;
		return NULL;
	}
	resolve->open_handles++;
	watch->poll.data = watch;
	watch->resolve = resolve;
	watch->socket = socket;
	watch->next = resolve->watches;
	resolve->watches = watch;
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
	struct resolve *resolve = data;
	struct watch **at = &resolve->watches, *watch;

	while (*at && (*at)->socket != socket)
		at = &(*at)->next;
	watch = *at;
	if (!readable && !writable) {
		if (watch)
			remove_watch(at);
		return;
	}
	if (!watch)
		watch = add_watch(resolve, socket);
	if (!watch)
		return;
	watch->events = (readable ? UV_READABLE : 0) | (writable ? UV_WRITABLE : 0);
	uv_poll_start(&watch->poll, watch->events, on_poll);
}

/* Notes why a socket call failed, which c-ares does not tell; returns `outcome`. */
static ssize_t noted(struct resolve *resolve, ssize_t outcome)
{
	if (outcome < 0 && errno != EAGAIN && errno != EINPROGRESS && errno != EINTR)
		resolve->socket_error = errno;
	return outcome;
}

static ares_socket_t open_socket(int family, int type, int protocol, void *data)
{
	struct resolve *resolve = data;

	resolve->opened_socket = true;
	return (int)noted(
		resolve, socket(family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, protocol));
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

static void close_channel(struct resolve *resolve)
{
	if (resolve->channel)
		ares_destroy(resolve->channel);
	resolve->channel = NULL;
}

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

/* `server` alone and once, with its reply code; NULL = as the machine is set up to. */
static int open_channel(struct resolve *resolve,
                        const struct ares_addr_port_node *server)
{
	struct ares_options options = { .sock_state_cb = on_socket_state,
		                        .sock_state_cb_data = resolve };
	int mask = ARES_OPT_FLAGS | ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES |
	           ARES_OPT_SOCK_STATE_CB;
	struct ares_addr_port_node only;
	int failed;

	resolve->socket_error = 0;
	read_options(&options);
	if (server) {
		options.tries = 1;
		options.flags |= ARES_FLAG_NOCHECKRESP;
	}
	failed = ares_init_options(&resolve->channel, &options, mask);
	if (failed)
		return failed;
	ares_set_socket_functions(resolve->channel, &socket_functions, resolve);
	if (!server)
		return ARES_SUCCESS;
	only = *server;
	only.next = NULL;
	return ares_set_servers_ports(resolve->channel, &only);
}

static void add_address(struct resolve_result *result, const struct sockaddr *address,
                        size_t len)
{
	if (result->count == RESOLVE_ADDRESS_MAX)
		result->more = true;
	else
		memcpy(&result->addresses[result->count++], address, len);
}

static void on_answer(void *data, int answer, int timeouts, struct ares_addrinfo *found)
{
	struct resolve *resolve = data;
	const struct ares_addrinfo_node *node = found ? found->nodes : NULL;

	(void)timeouts;
	for (; node; node = node->ai_next)
		add_address(&resolve->result, node->ai_addr, (size_t)node->ai_addrlen);
	if (found)
		ares_freeaddrinfo(found);
	if (answer == ARES_SUCCESS && resolve->result.count == 0)
		answer = ARES_ENODATA;
	resolve->answered = true;
	resolve->answer = answer;
}

static void ask(struct resolve *resolve, const struct ares_addr_port_node *server,
                int family)
{
	const struct ares_addrinfo_hints hints = { .ai_family = family };
	int failed;

	close_channel(resolve);
	resolve->answered = false;
	failed = open_channel(resolve, server);
	if (failed)
		on_answer(resolve, failed, 0, NULL);
	else
		ares_getaddrinfo(resolve->channel, resolve->name, NULL, &hints,
		                 on_answer, resolve);
	arm_timer(resolve);
}

/*
 * Address literals are not left to c-ares: 1.18, asked for both families, first looks
 * an IPv4 literal up in DNS.
 */
static bool take_literal(struct resolve *resolve)
{
	struct addrinfo hints = { .ai_flags = AI_NUMERICHOST }, *found;

	if (getaddrinfo(resolve->name, NULL, &hints, &found) != 0)
		return false;
	if (resolve->family == AF_UNSPEC || resolve->family == found->ai_family)
		add_address(&resolve->result, found->ai_addr, found->ai_addrlen);
	freeaddrinfo(found);
	resolve->answered = true;
	resolve->answer = resolve->result.count ? ARES_SUCCESS : ARES_ENODATA;
	arm_timer(resolve);
	return true;
}

static void stop(struct resolve *resolve)
{
	close_channel(resolve);
	if (resolve->servers)
		ares_free_data(resolve->servers);
	uv_close((uv_handle_t *)&resolve->timer, on_timer_closed);
}

static void conclude(struct resolve *resolve, enum resolve_status status,
                     const char *detail)
{
	struct resolve_result *result = &resolve->result;

	result->status = status;
	snprintf(result->detail, sizeof(result->detail), "%s", detail);
	stop(resolve);
	/* The last close callback frees the result: not before this one has returned.
	 */
	resolve->done(resolve->owner, result);
}

static void add_server(struct text *text, const char *before,
                       const struct ares_addr_port_node *server)
{
	char address[INET6_ADDRSTRLEN] = "?";

	inet_ntop(server->family, &server->addr, address, sizeof(address));
	text_add(text, "%s%s", before, address);
}

/* No single server can be blamed for the time that passed while all were tried in turn.
 */
static void describe_timeout(struct resolve *resolve)
{
	const struct ares_addr_port_node *server = resolve->servers;
	const char *before =
		server && server->next ? "no usable answer from " : "no answer from ";

	for (; server; server = server->next, before = ", ")
		add_server(&resolve->detail, before, server);
}

static const char *absence(int family)
{
	if (family == AF_UNSPEC)
		return "no address";
	return family == AF_INET ? "no IPv4 address" : "no IPv6 address";
}

static void describe_failure(struct resolve *resolve, const struct meaning *meaning)
{
	struct text *detail = &resolve->detail;
	int error = resolve->answer == ARES_ECONNREFUSED ? resolve->socket_error : 0;

	if (detail->len)
		text_add(detail, "; ");
	if (error == ECONNREFUSED) {
		add_server(detail, "no DNS server listens at ", resolve->server);
	} else if (error) {
		add_server(detail, "cannot reach DNS server ", resolve->server);
		text_add(detail, ": %s", uv_strerror(-error));
	} else {
		text_add(detail, "%s", meaning->word);
		add_server(detail, " from ", resolve->server);
	}
}

static void ask_each_server(struct resolve *resolve)
{
	resolve->result.status = RESOLVE_NO_ADDRESS;
	resolve->server = resolve->servers;
	resolve->server_family =
		resolve->family == AF_UNSPEC ? AF_INET : resolve->family;
	ask(resolve, resolve->server, resolve->server_family);
}

/* The other family, then the next server; false when all have been asked. */
static bool next_question(struct resolve *resolve)
{
	if (resolve->family == AF_UNSPEC && resolve->server_family == AF_INET) {
		resolve->server_family = AF_INET6;
		return true;
	}
	if (resolve->family == AF_UNSPEC)
		resolve->server_family = AF_INET;
	resolve->server = resolve->server->next;
	return resolve->server != NULL;
}

/* A failure outweighs a silence, and both outweigh the lack of an address. */
static void take_server_answer(struct resolve *resolve, const struct meaning *meaning)
{
	enum resolve_status *worst = &resolve->result.status;

	if (meaning->status != RESOLVE_NO_ADDRESS &&
	    resolve->blamed != resolve->server) {
		describe_failure(resolve, meaning);
		resolve->blamed = resolve->server;
	}
	if (*worst == RESOLVE_NO_ADDRESS || meaning->status == RESOLVE_FAILURE)
		*worst = meaning->status;
	if (next_question(resolve))
		ask(resolve, resolve->server, resolve->server_family);
	else
		conclude(resolve, *worst,
		         *worst == RESOLVE_NO_ADDRESS ? absence(resolve->family)
		                                      : resolve->detail.at);
}

static void look_closer(struct resolve *resolve, enum resolve_status status)
{
	if (resolve->answer == ARES_ECONNREFUSED && !resolve->opened_socket) {
		conclude(resolve, RESOLVE_NAME_NOT_FOUND,
		         "not in the hosts file, and DNS is not used");
		return;
	}
	if (resolve->channel)
		ares_get_servers_ports(resolve->channel, &resolve->servers);
	if (!resolve->servers) {
		conclude(resolve, RESOLVE_FAILURE, ares_strerror(resolve->answer));
	} else if (status == RESOLVE_TIMEOUT) {
		describe_timeout(resolve);
		conclude(resolve, status, resolve->detail.at);
	} else {
		ask_each_server(resolve);
	}
}

static void take_answer(struct resolve *resolve)
{
	const struct meaning *meaning = meaning_of(resolve->answer);
	enum resolve_status status = meaning->status;

	if (status == RESOLVE_OK || status == RESOLVE_NAME_NOT_FOUND)
		conclude(resolve, status, meaning->word);
	else if (resolve->servers)
		take_server_answer(resolve, meaning);
	else if (status == RESOLVE_NO_ADDRESS)
		conclude(resolve, status, absence(resolve->family));
	else
		look_closer(resolve, status);
}

static void on_timer(uv_timer_t *timer)
{
	struct resolve *resolve = timer->data;

	if (resolve->answered) {
		take_answer(resolve);
		return;
	}
	ares_process_fd(resolve->channel, ARES_SOCKET_BAD, ARES_SOCKET_BAD);
	arm_timer(resolve);
}

struct resolve *resolve_start(struct uv_loop_s *loop, const char *name, int family,
                              resolve_done *done, void *owner)
{
	struct arena *arena = arena_create();
	struct resolve *resolve = arena_take(arena, sizeof(*resolve));

	assert(family == AF_UNSPEC || family == AF_INET || family == AF_INET6);
	resolve->arena = arena;
	resolve->loop = loop;
	resolve->name = arena_copy(arena, str_of(name));
	resolve->family = family;
	resolve->done = done;
	resolve->owner = owner;
	resolve->detail = text_create(arena, RESOLVE_DETAIL_MAX - 1);
	uv_timer_init(loop, &resolve->timer);
	resolve->timer.data = resolve;
	resolve->open_handles = 1;
	if (!take_literal(resolve))
		ask(resolve, NULL, family);
	return resolve;
}

void resolve_cancel(struct resolve *resolve)
{
	if (resolve)
		stop(resolve);
}
