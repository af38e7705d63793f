/* SPDX-License-Identifier: Apache-2.0 */
#include "probe/resolve.h"

#include <ares.h>
#include <arpa/inet.h>
#include <assert.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <uv.h>

#include "probe/dns_channel.h"
#include "probe/text.h"

/*
 * First all servers are asked as the machine is set up to. c-ares then tells SERVFAIL,
 * REFUSED, NOTIMP and a closed port alike (ARES_ECONNREFUSED), so a failure leads to a
 * second round: each server alone, each family alone, and the reply code unhidden.
 */
struct resolve {
	struct arena *arena;
	uv_loop_t *loop;
	uv_timer_t timer;
	const char *name;
	int family;
	resolve_done *done;
	void *owner;

	struct dns_channel *channel;              /* one a question */
	struct ares_addr_port_node *servers;      /* NULL in the first round */
	const struct ares_addr_port_node *server; /* the one that is being asked */
	const struct ares_addr_port_node *blamed; /* the last one in the detail */
	int server_family;

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

static void on_timer(uv_timer_t *timer);

static void add_address(struct resolve_result *result, const struct sockaddr *address,
                        size_t len)
{
	if (result->count == RESOLVE_ADDRESS_MAX)
		result->more = true;
	else
		memcpy(&result->addresses[result->count++], address, len);
}

/* The timer brings it to the loop, where no function of c-ares is at work. */
static void set_answer(struct resolve *resolve, int answer)
{
	resolve->answer = answer;
	uv_timer_start(&resolve->timer, on_timer, 0, 0);
}

/* The chain of aliases ends at the name that has the addresses (RFC 1034 §3.6.2). */
static void take_alias(struct resolve_result *result,
                       const struct ares_addrinfo_cname *alias)
{
	for (; alias; alias = alias->next)
		if (alias->name)
			snprintf(result->alias, sizeof(result->alias), "%s",
			         alias->name);
}

static void on_answer(void *data, int answer, int timeouts, struct ares_addrinfo *found)
{
	struct resolve *resolve = data;
	const struct ares_addrinfo_node *node = found ? found->nodes : NULL;

	(void)timeouts;
	for (; node; node = node->ai_next)
		add_address(&resolve->result, node->ai_addr, (size_t)node->ai_addrlen);
	if (found) {
		take_alias(&resolve->result, found->cnames);
		ares_freeaddrinfo(found);
	}
	if (answer == ARES_SUCCESS && resolve->result.count == 0)
		answer = ARES_ENODATA;
	set_answer(resolve, answer);
}

static void ask(struct resolve *resolve, const struct ares_addr_port_node *server,
                int family)
{
	dns_channel_destroy(resolve->channel);
	resolve->channel = dns_channel_create(resolve->loop, server);
	dns_channel_look_up(resolve->channel, resolve->name, family, on_answer,
	                    resolve);
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
	set_answer(resolve, resolve->result.count ? ARES_SUCCESS : ARES_ENODATA);
	return true;
}

static void on_timer_closed(uv_handle_t *timer)
{
	struct resolve *resolve = timer->data;

	arena_destroy(resolve->arena);
}

static void stop(struct resolve *resolve)
{
	dns_channel_destroy(resolve->channel);
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
	/* The result is freed when the timer has closed, after this has returned. */
	resolve->done(resolve->owner, result);
}

static void add_server(struct text *text, const char *before,
                       const struct ares_addr_port_node *server)
{
	char address[INET6_ADDRSTRLEN] = "?";

	inet_ntop(server->family, &server->addr, address, sizeof(address));
	text_add(text, "%s%s", before, address);
}

/* All were tried in turn: no single server can be blamed for the time that passed. */
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
	bool unreached = resolve->answer == ARES_ECONNREFUSED;
	int error = unreached ? dns_channel_socket_error(resolve->channel) : 0;

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
	if (resolve->answer == ARES_ECONNREFUSED &&
	    !dns_channel_opened_socket(resolve->channel)) {
		conclude(resolve, RESOLVE_NAME_NOT_FOUND,
		         "not in the hosts file, and DNS is not used");
		return;
	}
	resolve->servers = dns_channel_servers(resolve->channel);
	if (!resolve->servers && status == RESOLVE_NO_ADDRESS) {
		conclude(resolve, status, absence(resolve->family));
	} else if (!resolve->servers) {
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
	else if (status == RESOLVE_NO_ADDRESS && resolve->family != AF_UNSPEC)
		conclude(resolve, status, absence(resolve->family));
	else /* an empty answer of one family hides a failure of the other */
		look_closer(resolve, status);
}

static void on_timer(uv_timer_t *timer)
{
	take_answer(timer->data);
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
	if (!take_literal(resolve))
		ask(resolve, NULL, family);
	return resolve;
}

void resolve_cancel(struct resolve *resolve)
{
	if (resolve)
		stop(resolve);
}
