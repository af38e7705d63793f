/* SPDX-License-Identifier: Apache-2.0 */
#include "probe/destination.h"

#include <stdio.h>
#include <string.h>

#include "probe/address.h"

struct destination_search {
	struct arena *arena;
	struct uv_loop_s *loop;
	const struct target *target;
	struct destination_events events;
	void *owner;
	struct resolve *resolve;
	struct destination found;
};

static const enum ending endings[] = {
	[RESOLVE_OK] = ENDING_NONE,
	[RESOLVE_NAME_NOT_FOUND] = ENDING_NAME_NOT_FOUND,
	[RESOLVE_NO_ADDRESS] = ENDING_NO_ADDRESS,
	[RESOLVE_FAILURE] = ENDING_DNS_FAILURE,
	[RESOLVE_TIMEOUT] = ENDING_DNS_TIMEOUT,
};

static const int families[] = {
	[IP_ANY] = AF_UNSPEC, [IP_V4] = AF_INET, [IP_V6] = AF_INET6
};

enum ending destination_ending_of(enum resolve_status status)
{
	return endings[status];
}

static void look_up(struct destination_search *search, const char *name, int family,
                    resolve_done *done)
{
	search->events.note(search->owner,
	                    arena_print(search->arena, "resolve %s", name));
	search->resolve = resolve_start(search->loop, name, family, done, search);
}

static void note_addresses(struct destination_search *search)
{
	char line[RESOLVE_ADDRESS_MAX * ADDRESS_TEXT_MAX + 16] = "resolved";
	char text[ADDRESS_TEXT_MAX];
	size_t len = strlen(line);

	for (size_t i = 0; i < search->found.count; i++) {
		address_print(text, sizeof(text), &search->found.addresses[i]);
		len += (size_t)snprintf(line + len, sizeof(line) - len, " %s", text);
	}
	search->events.note(search->owner, line);
}

static void note_alias(struct destination_search *search, const char *alias)
{
	if (alias[0])
		search->events.note(search->owner,
		                    arena_print(search->arena, "cname %s", alias));
}

static void on_target_resolved(void *owner, const struct resolve_result *result)
{
	struct destination_search *search = owner;

	search->resolve = NULL;
	if (result->status != RESOLVE_OK) {
		search->events.failed(search->owner, endings[result->status],
		                      result->detail);
		return;
	}
	search->found.count = result->count;
	memcpy(search->found.addresses, result->addresses,
	       result->count * sizeof(result->addresses[0]));
	note_addresses(search);
	note_alias(search, result->alias);
	search->events.found(search->owner, &search->found);
}

/* Only these two leave the look-up of the target to the client (RFC 1928 section 4). */
static bool proxy_wants_address(const char *via)
{
	return str_starts_nocase(str_of(via), STR("socks4://")) ||
	       str_starts_nocase(str_of(via), STR("socks5://"));
}

static void find_target(struct destination_search *search)
{
	const struct target *target = search->target;
	struct destination *found = &search->found;

	if (target->is_unix_socket ||
	    (found->has_via && !proxy_wants_address(target->set.via))) {
		search->events.found(search->owner, found);
	} else if (address_parse(&found->addresses[0], target->set.host)) {
		found->count = 1;
		search->events.found(search->owner, found);
	} else {
		look_up(search, target->set.host, families[target->set.family],
		        on_target_resolved);
	}
}

static void on_via_resolved(void *owner, const struct resolve_result *result)
{
	struct destination_search *search = owner;

	search->resolve = NULL;
	if (result->status != RESOLVE_OK) {
		search->events.failed(search->owner, ENDING_PROXY, result->detail);
		return;
	}
	search->found.via = result->addresses[0];
	find_target(search);
}

/* The host between "scheme://user:password@" and ":port/". */
static const char *via_host(struct arena *arena, const char *via)
{
	struct str rest = str_of(strstr(via, "://") + 3), word;
	const char *at = strrchr(via, '@');

	if (at)
		rest = str_of(at + 1);
	if (rest.len && rest.at[0] == '[')
		return str_take_word(&word, &rest, "[]") ? arena_copy(arena, word) : "";
	return str_take_word(&word, &rest, ":/") ? arena_copy(arena, word) : "";
}

struct destination_search *
destination_search_create(struct uv_loop_s *loop, const struct target *target,
                          const struct destination_events *events, void *owner)
{
	struct arena *arena = arena_create();
	struct destination_search *search = arena_take(arena, sizeof(*search));

	search->arena = arena;
	search->loop = loop;
	search->target = target;
	search->events = *events;
	search->owner = owner;
	return search;
}

void destination_search_start(struct destination_search *search)
{
	const char *via = search->target->set.via, *host;

	if (!via) {
		find_target(search);
		return;
	}
	host = via_host(search->arena, via);
	search->found.has_via = true;
	if (address_parse(&search->found.via, host))
		find_target(search);
	else
		look_up(search, host, AF_UNSPEC, on_via_resolved);
}

void destination_search_destroy(struct destination_search *search)
{
	if (!search)
		return;
	resolve_cancel(search->resolve);
	arena_destroy(search->arena);
}
