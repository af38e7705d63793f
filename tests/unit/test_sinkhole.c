/* SPDX-License-Identifier: Apache-2.0 */
#include "probe/sinkhole.h"

#include "tests/unit/row.h"

static const char public[] = "192.0.2.7 2001:db8::7";

/* What the name was resolved to now, and at the last good login (NULL: no such). */
static const struct {
	const char *now, *before;
	bool swallowed;
} rows[] = {
	{ "", NULL, false },
	{ "192.0.2.7", NULL, false },
	{ "2001:db8::7", public, false },
	{ "0.0.0.0", NULL, true },
	{ "0.1.2.3", NULL, true },
	{ "127.0.0.1", NULL, true },
	{ "127.255.255.254", NULL, true },
	{ "::", NULL, true },
	{ "::1", NULL, true },
	{ "::2", NULL, false },
	{ "128.0.0.1", NULL, false },
	{ "1.0.0.0", NULL, false },
	/* One such address is enough. */
	{ "192.0.2.7 127.0.0.1", NULL, true },
	/* A private address is as good as another while it was always one. */
	{ "10.0.0.1", NULL, false },
	{ "10.0.0.1", "10.0.0.2", false },
	{ "10.0.0.1", "192.0.2.7 10.0.0.2", false },
	{ "10.0.0.1", "127.0.0.1", false },
	{ "10.0.0.1", "", false },
	{ "10.0.0.1", public, true },
	{ "10.255.255.255", public, true },
	{ "11.0.0.1", public, false },
	{ "9.255.255.255", public, false },
	{ "192.168.0.1", public, true },
	{ "192.167.0.1", public, false },
	{ "192.169.0.1", public, false },
	{ "193.168.0.1", public, false },
	{ "172.15.255.255", public, false },
	{ "172.16.0.0", public, true },
	{ "172.31.255.255", public, true },
	{ "172.32.0.0", public, false },
	{ "173.16.0.1", public, false },
	{ "100.63.255.255", public, false },
	{ "100.64.0.0", public, true },
	{ "100.127.255.255", public, true },
	{ "100.128.0.0", public, false },
	{ "101.64.0.1", public, false },
	{ "169.253.0.1", public, false },
	{ "169.254.0.1", public, true },
	{ "169.255.0.1", public, false },
	{ "168.254.0.1", public, false },
	{ "fc00::1", public, true },
	{ "FD12:3456::1", public, true },
	{ "fe80::1", public, true },
	{ "fb00::1", public, false },
	{ "fe00::1", public, false },
	{ "2001:db8:fd00::1", public, false },
	{ "192.0.2.8 10.0.0.1", public, true },
};

static struct observation looked_up(const char *now, const char *before)
{
	struct observation seen = { .host = STR("mx.example"),
		                    .resolved = str_of(now) };

	seen.has_last = before != NULL;
	seen.last.addresses = str_of(before);
	return seen;
}

static void addresses_that_no_server_has_are_sinkholes(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		const struct observation seen = looked_up(rows[i].now, rows[i].before);

		CHECK_INT(rows[i].now, sinkhole_swallows(&seen), rows[i].swallowed);
	}
}

/* RFC 6761 §6.3 */
static const struct {
	const char *host;
	bool swallowed;
} hosts[] = {
	{ "localhost", false },
	{ "LOCALHOST", false },
	{ "localhost.localdomain", false },
	{ "mail.localhost", false },
	{ "a.b.LocalHost", false },
	{ "mx.example", true },
	{ "notlocalhost", true },
	{ "localhost.example", true },
	{ ".localhost", true },
	{ "", true },
};

static void names_of_this_machine_lead_to_loopback(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(hosts); i++) {
		struct observation seen = looked_up("127.0.0.1", NULL);

		seen.host = str_of(hosts[i].host);
		CHECK_INT(hosts[i].host, sinkhole_swallows(&seen), hosts[i].swallowed);
		seen.host_is_own = true;
		CHECK(hosts[i].host, !sinkhole_swallows(&seen));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(addresses_that_no_server_has_are_sinkholes),
		cmocka_unit_test(names_of_this_machine_lead_to_loopback),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
