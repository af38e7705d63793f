/* SPDX-License-Identifier: Apache-2.0 */
#include "probe/address.h"

#include <netinet/in.h>

#include "tests/unit/row.h"

static const struct {
	const char *text;
	int family; /* 0: refused */
	const char *printed, *endpoint;
} rows[] = {
	{ "192.0.2.7", AF_INET, "192.0.2.7", "192.0.2.7:587" },
	{ "255.255.255.255", AF_INET, "255.255.255.255", "255.255.255.255:587" },
	{ "0.0.0.0", AF_INET, "0.0.0.0", "0.0.0.0:587" },
	{ "2001:db8::7", AF_INET6, "2001:db8::7", "[2001:db8::7]:587" },
	{ "2001:DB8:0:0:0:0:0:7", AF_INET6, "2001:db8::7", "[2001:db8::7]:587" },
	{ "::1", AF_INET6, "::1", "[::1]:587" },
	{ "::ffff:192.0.2.7", AF_INET6, "::ffff:192.0.2.7", "[::ffff:192.0.2.7]:587" },
	{ "2001:db8:1111:2222:3333:4444:5555:6666", AF_INET6,
	  "2001:db8:1111:2222:3333:4444:5555:6666",
	  "[2001:db8:1111:2222:3333:4444:5555:6666]:587" },
	{ "", 0, "", "" },
	{ "mx.example", 0, "", "" },
	{ "192.0.2", 0, "", "" },
	{ "192.0.2.256", 0, "", "" },
	{ "192.0.2.7 ", 0, "", "" },
	{ " 192.0.2.7", 0, "", "" },
	{ "192.0.2.7:587", 0, "", "" },
	{ "[2001:db8::7]", 0, "", "" },
	{ "2001:db8::7::1", 0, "", "" },
	{ "0x7f.1", 0, "", "" },
	{ "/run/smtp", 0, "", "" },
};

static void literal_is_read_and_printed(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct sockaddr_storage address = { .ss_family = AF_UNSPEC };
		const char *row = rows[i].text;
		char text[ADDRESS_TEXT_MAX];

		CHECK_INT(row, address_parse(&address, row), rows[i].family != 0);
		CHECK_INT(row, address.ss_family, rows[i].family);
		if (!rows[i].family)
			continue;
		CHECK_INT(row, ((struct sockaddr_in *)&address)->sin_port, 0);
		address_print(text, sizeof(text), &address);
		CHECK_TEXT(row, text, rows[i].printed);
		address_print_endpoint(text, sizeof(text), &address, 587);
		CHECK_TEXT(row, text, rows[i].endpoint);
	}
}

static void longest_endpoint_fits(void **state)
{
	struct sockaddr_storage address;
	char text[ADDRESS_TEXT_MAX];

	(void)state;
	assert_true(address_parse(&address, "2001:db8:1111:2222:3333:4444:5555:6666"));
	address_print_endpoint(text, sizeof(text), &address, 65535);
	assert_string_equal(text, "[2001:db8:1111:2222:3333:4444:5555:6666]:65535");
}

static void short_room_is_kept(void **state)
{
	struct sockaddr_storage address;
	char text[8] = "xxxxxxx";

	(void)state;
	assert_true(address_parse(&address, "192.0.2.7"));
	address_print(text, 4, &address);
	assert_true(strlen(text) < 4);
	assert_string_equal(text + 4, "xxx");
}

static void all_of_loopback_is_own(void **state)
{
	static const char *const own[] = { "127.0.0.1", "127.0.1.1", "127.255.255.255",
		                           "::1" };
	static const char *const others[] = { "126.255.255.255", "128.0.0.0",
		                              "192.0.2.7", "::2", "2001:db8::7" };
	struct sockaddr_storage address;

	(void)state;
	for (size_t i = 0; i < sizeof(own) / sizeof(own[0]); i++) {
		assert_true(address_parse(&address, own[i]));
		assert_true(address_is_own(&address));
	}
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		assert_true(address_parse(&address, others[i]));
		assert_false(address_is_own(&address));
	}
}

static void own_literal_is_that_towards_the_peer(void **state)
{
	struct sockaddr_storage peer;
	char text[ADDRESS_TEXT_MAX];

	(void)state;
	assert_true(address_parse(&peer, "127.0.0.1"));
	address_print_own_literal(text, sizeof(text), &peer);
	assert_string_equal(text, "[127.0.0.1]");
	assert_true(address_parse(&peer, "::1"));
	address_print_own_literal(text, sizeof(text), &peer);
	/* A machine without IPv6 has no route there. */
	assert_true(strcmp(text, "[IPv6:::1]") == 0 ||
	            strcmp(text, "[127.0.0.1]") == 0);
	address_print_own_literal(text, sizeof(text), NULL);
	assert_string_equal(text, "[127.0.0.1]");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(literal_is_read_and_printed),
		cmocka_unit_test(longest_endpoint_fits),
		cmocka_unit_test(short_room_is_kept),
		cmocka_unit_test(all_of_loopback_is_own),
		cmocka_unit_test(own_literal_is_that_towards_the_peer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
