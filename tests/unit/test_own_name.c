/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the name of this machine is differs from one to the next, so gethostname() is
 * answered by the linker's --wrap: by the machine's own, or by the name in `faked`.
 */
#include "probe/own_name.h"

#include <stdio.h>
#include <unistd.h>

#include "probe/address.h"
#include "tests/unit/row.h"

static const char *faked;

int __real_gethostname(char *name, size_t room);
int __wrap_gethostname(char *name, size_t room);

/* Like the C library's: what does not fit is cut, and no NUL need follow. */
int __wrap_gethostname(char *name, size_t room)
{
	if (!faked)
		return __real_gethostname(name, room);
	if (strlen(faked) >= room) {
		memcpy(name, faked, room);
		return -1;
	}
	memcpy(name, faked, strlen(faked) + 1);
	return 0;
}

static void name_is_that_of_this_machine(void **state)
{
	char name[OWN_NAME_MAX] = "", own[OWN_NAME_MAX];

	(void)state;
	faked = NULL;
	assert_int_equal(gethostname(name, sizeof(name) - 1), 0);
	own_name_get(own);
	assert_string_equal(own, strchr(name, '.') ? name : "");
	assert_int_equal(own_name_is(str_of(name)), strchr(name, '.') != NULL);
}

static const struct {
	const char *machine, *name;
	bool is_own;
} names[] = {
	{ "probe.example", "probe.example", true },
	{ "probe.example", "PROBE.Example", true },
	{ "probe.example", "probe", false },
	{ "probe.example", "mx.probe.example", false },
	{ "probe.example", "", false },
	/* A short name is no name to know a machine by. */
	{ "probe", "probe", false },
	{ "", "", false },
};

static void full_name_is_recognised(void **state)
{
	char own[OWN_NAME_MAX];

	(void)state;
	for (size_t i = 0; i < COUNT(names); i++) {
		faked = names[i].machine;
		own_name_get(own);
		CHECK_TEXT(faked, own, strchr(faked, '.') ? faked : "");
		CHECK_INT(names[i].name, own_name_is(str_of(names[i].name)),
		          names[i].is_own);
	}
}

/* At the room there is, and one more. */
static void long_name_ends_with_its_nul(void **state)
{
	char name[OWN_NAME_MAX + 2], own[OWN_NAME_MAX];

	(void)state;
	faked = name;
	for (size_t len = OWN_NAME_MAX - 2; len <= OWN_NAME_MAX + 1; len++) {
		memset(name, 'a', len);
		name[1] = '.';
		name[len] = '\0';
		memset(own, '#', sizeof(own));
		own_name_get(own);
		assert_int_equal(strlen(own),
		                 len < OWN_NAME_MAX ? len : OWN_NAME_MAX - 1);
	}
}

static const struct {
	const char *machine, *wanted, *peer, *said;
} greetings[] = {
	{ "probe.example", NULL, NULL, "probe.example" },
	{ "probe.example", "other.example", NULL, "other.example" },
	{ "probe", NULL, "127.0.0.1", "[127.0.0.1]" },
	{ "probe", NULL, NULL, "[127.0.0.1]" },
	{ "probe", NULL, "::1", "[IPv6:::1]" },
	{ "probe", "short", "127.0.0.1", "short" },
	{ "probe.example", "", "127.0.0.1", "[127.0.0.1]" },
};

static void ehlo_names_this_machine(void **state)
{
	char said[OWN_NAME_MAX];

	(void)state;
	for (size_t i = 0; i < COUNT(greetings); i++) {
		struct sockaddr_storage peer;

		faked = greetings[i].machine;
		if (greetings[i].peer)
			assert_true(address_parse(&peer, greetings[i].peer));
		own_name_for_ehlo(said, greetings[i].wanted,
		                  greetings[i].peer ? &peer : NULL);
		CHECK_TEXT(greetings[i].said, said, greetings[i].said);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(name_is_that_of_this_machine),
		cmocka_unit_test(full_name_is_recognised),
		cmocka_unit_test(long_name_ends_with_its_nul),
		cmocka_unit_test(ehlo_names_this_machine),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
