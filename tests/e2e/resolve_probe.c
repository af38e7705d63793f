/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Looks one name up and prints what was told, for tests/e2e/test_resolve.py:
 *
 *   resolve_probe NAME any|4|6 [CANCEL_MS]
 *
 * With CANCEL_MS the look-up is cancelled after so many milliseconds. Exits with 1 when
 * the callback came too early, twice or after the cancel, or when the loop did not
 * drain.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uv.h>

#include "probe/clock.h"
#include "probe/resolve.h"

static const char *const status_words[] = {
	[RESOLVE_OK] = "ok",
	[RESOLVE_NAME_NOT_FOUND] = "name_not_found",
	[RESOLVE_NO_ADDRESS] = "no_address",
	[RESOLVE_FAILURE] = "failure",
	[RESOLVE_TIMEOUT] = "timeout",
};

struct look_up {
	struct resolve *resolve; /* NULL before the start and after the end */
	usec started;
	int calls;
	bool early;
};

static void print_address(const struct sockaddr_storage *address)
{
	char text[INET6_ADDRSTRLEN] = "?";
	const void *at = &((const struct sockaddr_in *)address)->sin_addr;

	if (address->ss_family == AF_INET6)
		at = &((const struct sockaddr_in6 *)address)->sin6_addr;
	inet_ntop(address->ss_family, at, text, sizeof(text));
	printf(" %s", text);
}

static void on_done(void *owner, const struct resolve_result *result)
{
	struct look_up *look_up = owner;

	look_up->calls++;
	look_up->early = !look_up->resolve;
	look_up->resolve = NULL;
	printf("status: %s\ndetail: %s\nmore: %s\naddresses:",
	       status_words[result->status], result->detail,
	       result->more ? "yes" : "no");
	for (size_t i = 0; i < result->count; i++)
		print_address(&result->addresses[i]);
	printf("\nelapsed_ms: %lld\n",
	       (long long)((clock_now() - look_up->started) / USEC_PER_MSEC));
}

static void on_cancel(uv_timer_t *timer)
{
	struct look_up *look_up = timer->data;

	resolve_cancel(look_up->resolve);
	look_up->resolve = NULL;
	printf("status: cancelled\n");
}

static int parse_family(const char *word)
{
	if (strcmp(word, "any") == 0)
		return AF_UNSPEC;
	return strcmp(word, "4") == 0 ? AF_INET : AF_INET6;
}

int main(int argc, char **argv)
{
	struct look_up look_up = { 0 };
	bool cancels = argc == 4;
	uv_timer_t timer;
	uv_loop_t loop;

	if (argc < 3 || argc > 4) {
		fputs("usage: resolve_probe NAME any|4|6 [CANCEL_MS]\n", stderr);
		return 2;
	}
	uv_loop_init(&loop);
	uv_timer_init(&loop, &timer);
	timer.data = &look_up;
	look_up.started = clock_now();
	look_up.resolve =
		resolve_start(&loop, argv[1], parse_family(argv[2]), on_done, &look_up);
	if (cancels)
		uv_timer_start(&timer, on_cancel, strtoul(argv[3], NULL, 10), 0);
	uv_run(&loop, UV_RUN_DEFAULT);
	uv_close((uv_handle_t *)&timer, NULL);
	uv_run(&loop, UV_RUN_DEFAULT);
	if (look_up.early || look_up.calls != (cancels ? 0 : 1) ||
	    uv_loop_close(&loop)) {
		fputs("resolve_probe: the contract of resolve.h was broken\n", stderr);
		return 1;
	}
	return 0;
}
