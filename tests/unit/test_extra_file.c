/* SPDX-License-Identifier: Apache-2.0 */
#include "probe/plugin/extra_file.h"

#include <stdlib.h>

#include "tests/unit/row.h"

/* What was asked for, and what is there. */
static struct {
	const char *asked[64], *there;
	size_t count;
} disk;

static struct arena *arena;

int __wrap_access(const char *path, int mode);

int __wrap_access(const char *path, int mode)
{
	assert_int_equal(mode, 0);
	assert_true(disk.count < COUNT(disk.asked));
	disk.asked[disk.count++] = arena_copy(arena, str_of(path));
	return disk.there && strcmp(path, disk.there) == 0 ? 0 : -1;
}

static int set_up(void **state)
{
	(void)state;
	arena = arena_create();
	memset(&disk, 0, sizeof(disk));
	unsetenv("MP_CONFIG_FILE");
	unsetenv("NAGIOS_CONFIG_PATH");
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	arena_destroy(arena);
	return 0;
}

/* The order in which check_smtp 2.3.3 was seen to ask. */
static const char *const order[] = {
	"/usr/local/etc/monitoring-plugins/monitoring-plugins.ini",
	"/usr/local/etc/monitoring-plugins.ini",
	"/etc/monitoring-plugins/monitoring-plugins.ini",
	"/etc/monitoring-plugins.ini",
	"/etc/nagios/plugins.ini",
	"/usr/local/nagios/etc/plugins.ini",
	"/usr/local/etc/nagios/plugins.ini",
	"/etc/opt/nagios/plugins.ini",
	"/etc/nagios-plugins.ini",
	"/usr/local/etc/nagios-plugins.ini",
	"/etc/opt/nagios-plugins.ini",
};

static void usual_places_are_asked_in_their_order(void **state)
{
	struct error err;

	(void)state;
	assert_null(extra_file_find(arena, &err));
	assert_non_null(strstr(err.text, "--extra-opts: no monitoring-plugins.ini"));
	assert_int_equal(disk.count, COUNT(order));
	for (size_t i = 0; i < COUNT(order); i++)
		assert_string_equal(disk.asked[i], order[i]);
}

static void first_that_exists_is_taken(void **state)
{
	struct error err;

	(void)state;
	for (size_t i = 0; i < COUNT(order); i++) {
		disk.there = order[i];
		disk.count = 0;
		assert_string_equal(extra_file_find(arena, &err), order[i]);
		assert_int_equal(disk.count, i + 1);
	}
}

static void directories_of_the_environment_come_first(void **state)
{
	static const char *const first[] = {
		"/a/monitoring-plugins.ini", "/a/plugins.ini", "/a/nagios-plugins.ini",
		"b/monitoring-plugins.ini",  "b/plugins.ini",  "b/nagios-plugins.ini"
	};
	struct error err;

	(void)state;
	setenv("NAGIOS_CONFIG_PATH", ":/a::b:", 1);
	assert_null(extra_file_find(arena, &err));
	assert_int_equal(disk.count, COUNT(first) + COUNT(order));
	for (size_t i = 0; i < COUNT(first); i++) {
		assert_string_equal(disk.asked[i], first[i]);
		disk.there = first[i];
		assert_string_equal(extra_file_find(arena, &err), first[i]);
		disk.count = COUNT(first);
	}
}

/* Whether or not it exists: then the reading tells. */
static void named_file_is_the_one(void **state)
{
	struct error err;

	(void)state;
	setenv("MP_CONFIG_FILE", "/x.ini", 1);
	setenv("NAGIOS_CONFIG_PATH", "/a", 1);
	assert_string_equal(extra_file_find(arena, &err), "/x.ini");
	assert_int_equal(disk.count, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
		TEST(usual_places_are_asked_in_their_order),
		TEST(first_that_exists_is_taken),
		TEST(directories_of_the_environment_come_first),
		TEST(named_file_is_the_one),
#undef TEST
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
