/* SPDX-License-Identifier: Apache-2.0 */
/* Only what needs no DNS server; tests/e2e/test_resolve.py has the rest. */
#include "probe/resolve.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <uv.h>

#include <cmocka.h>

struct answer {
	uv_loop_t loop;
	int calls;
	struct resolve_result result;
};

static void on_done(void *owner, const struct resolve_result *result)
{
	struct answer *answer = owner;

	answer->calls++;
	answer->result = *result;
}

static int set_up(void **state)
{
	static struct answer answer;

	answer = (struct answer){ 0 };
	*state = &answer;
	return uv_loop_init(&answer.loop);
}

/* Also proves that no handle is left. */
static int tear_down(void **state)
{
	struct answer *answer = *state;

	return uv_loop_close(&answer->loop);
}

static struct resolve *start(struct answer *answer, const char *name, int family)
{
	struct resolve *resolve =
		resolve_start(&answer->loop, name, family, on_done, answer);

	assert_non_null(resolve);
	assert_int_equal(answer->calls, 0);
	return resolve;
}

static const struct resolve_result *look_up(struct answer *answer, const char *name,
                                            int family)
{
	answer->calls = 0;
	start(answer, name, family);
	uv_run(&answer->loop, UV_RUN_DEFAULT);
	assert_int_equal(answer->calls, 1);
	return &answer->result;
}

static const char *address_text(const struct sockaddr_storage *address)
{
	static char text[INET6_ADDRSTRLEN];
	const void *at = &((const struct sockaddr_in *)address)->sin_addr;

	if (address->ss_family == AF_INET6)
		at = &((const struct sockaddr_in6 *)address)->sin6_addr;
	return inet_ntop(address->ss_family, at, text, sizeof(text));
}

static const struct literal {
	const char *name;
	int family;
	enum resolve_status status;
	const char *expected; /* the address, or the detail */
} literals[] = {
	{ "192.0.2.1", AF_UNSPEC, RESOLVE_OK, "192.0.2.1" },
	{ "192.0.2.1", AF_INET, RESOLVE_OK, "192.0.2.1" },
	{ "192.0.2.1", AF_INET6, RESOLVE_NO_ADDRESS, "no IPv6 address" },
	{ "2001:db8::1", AF_UNSPEC, RESOLVE_OK, "2001:db8::1" },
	{ "2001:db8::1", AF_INET6, RESOLVE_OK, "2001:db8::1" },
	{ "2001:db8::1", AF_INET, RESOLVE_NO_ADDRESS, "no IPv4 address" },
};

static void literal_needs_no_look_up(void **state)
{
	for (size_t i = 0; i < sizeof(literals) / sizeof(literals[0]); i++) {
		const struct literal *row = &literals[i];
		const struct resolve_result *result =
			look_up(*state, row->name, row->family);
		bool found = result->status == RESOLVE_OK;

		print_message("%s, family %d\n", row->name, row->family);
		assert_int_equal(result->status, row->status);
		assert_int_equal(result->count, found ? 1 : 0);
		assert_false(result->more);
		assert_string_equal(found ? "" : row->expected, result->detail);
		if (found)
			assert_string_equal(address_text(&result->addresses[0]),
			                    row->expected);
	}
}

static void literal_has_port_0(void **state)
{
	const struct resolve_result *result = look_up(*state, "192.0.2.1", AF_INET);

	assert_int_equal(((const struct sockaddr_in *)&result->addresses[0])->sin_port,
	                 0);
}

static void scope_of_a_literal_is_kept(void **state)
{
	const struct resolve_result *result = look_up(*state, "fe80::1%lo", AF_UNSPEC);
	const struct sockaddr_in6 *address =
		(const struct sockaddr_in6 *)&result->addresses[0];

	assert_int_equal(result->status, RESOLVE_OK);
	assert_int_not_equal(address->sin6_scope_id, 0);
}

static void localhost_is_loopback(void **state)
{
	const struct resolve_result *result = look_up(*state, "localhost", AF_INET);

	assert_int_equal(result->status, RESOLVE_OK);
	assert_true(result->count > 0);
	assert_string_equal(address_text(&result->addresses[0]), "127.0.0.1");
}

static void impossible_name_is_not_found(void **state)
{
	char name[80];
	const struct resolve_result *result;

	memset(name, 'a', sizeof(name)); /* a label ends at 63 */
	memcpy(name + sizeof(name) - sizeof(".example"), ".example",
	       sizeof(".example"));
	result = look_up(*state, name, AF_UNSPEC);
	assert_int_equal(result->status, RESOLVE_NAME_NOT_FOUND);
	assert_string_equal(result->detail, "not a valid DNS name");
}

static void cancelled_at_once_says_nothing(void **state)
{
	static const char *const names[] = { "192.0.2.1", "localhost" };
	struct answer *answer = *state;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		resolve_cancel(start(answer, names[i], AF_UNSPEC));
	uv_run(&answer->loop, UV_RUN_DEFAULT);
	assert_int_equal(answer->calls, 0);
}

static void look_ups_do_not_disturb_each_other(void **state)
{
	struct answer *answer = *state;
	struct resolve *doomed = start(answer, "192.0.2.1", AF_UNSPEC);

	start(answer, "192.0.2.2", AF_UNSPEC);
	resolve_cancel(doomed);
	uv_run(&answer->loop, UV_RUN_DEFAULT);
	assert_int_equal(answer->calls, 1);
	assert_string_equal(address_text(&answer->result.addresses[0]), "192.0.2.2");
}

static void cancelling_nothing_is_fine(void **state)
{
	(void)state;
	resolve_cancel(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
		TEST(literal_needs_no_look_up),
		TEST(literal_has_port_0),
		TEST(scope_of_a_literal_is_kept),
		TEST(localhost_is_loopback),
		TEST(impossible_name_is_not_found),
		TEST(cancelled_at_once_says_nothing),
		TEST(look_ups_do_not_disturb_each_other),
		TEST(cancelling_nothing_is_fine),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
