/* SPDX-License-Identifier: Apache-2.0 */
#include "probe/interceptor_file.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/unit/row.h"

struct folder {
	char path[64];
	char file[96], link[96];
	struct arena *arena;
};

static int set_up(void **state)
{
	static struct folder folder;

	snprintf(folder.path, sizeof(folder.path), "/tmp/test_interceptor-XXXXXX");
	if (!mkdtemp(folder.path))
		return -1;
	snprintf(folder.file, sizeof(folder.file), "%s/file", folder.path);
	snprintf(folder.link, sizeof(folder.link), "%s/link", folder.path);
	folder.arena = arena_create();
	*state = &folder;
	return 0;
}

static int tear_down(void **state)
{
	const struct folder *folder = *state;

	unlink(folder->file);
	unlink(folder->link);
	arena_destroy(folder->arena);
	return rmdir(folder->path);
}

static void write_file(const struct folder *folder, struct str bytes)
{
	int fd = open(folder->file, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, bytes.at, bytes.len), bytes.len);
	close(fd);
}

static void list_is_read_through_a_link(void **state)
{
	const struct folder *folder = *state;
	struct error damage = { "before" };
	const struct interceptor_table *table;

	write_file(folder, STR("# ours\nproxy | Our Proxy | CN=our ca\n"));
	assert_int_equal(symlink(folder->file, folder->link), 0);
	table = interceptor_file_read(folder->arena, folder->link, &damage);
	assert_non_null(table);
	assert_int_equal(table->count, 1);
	assert_true(str_equal(table->rows[0].product, STR("Our Proxy")));
	assert_string_equal(damage.text, "");
}

static void damaged_line_is_told_and_the_rest_is_kept(void **state)
{
	const struct folder *folder = *state;
	char expected[200];
	struct error damage;
	const struct interceptor_table *table;

	write_file(folder, STR("proxy|P|CN=a\n\nproxy|P|CN=\n"));
	table = interceptor_file_read(folder->arena, folder->file, &damage);
	assert_non_null(table);
	assert_int_equal(table->count, 1);
	snprintf(expected, sizeof(expected), "%s:3: nothing behind CN=", folder->file);
	assert_string_equal(damage.text, expected);
}

static void empty_file_is_an_empty_list(void **state)
{
	const struct folder *folder = *state;
	struct error damage = { "before" };
	const struct interceptor_table *table;

	write_file(folder, STR(""));
	table = interceptor_file_read(folder->arena, folder->file, &damage);
	assert_non_null(table);
	assert_int_equal(table->count, 0);
	assert_string_equal(damage.text, "");
}

static void check_refused(struct folder *folder, const char *path, const char *why)
{
	struct error damage;
	char expected[300];

	snprintf(expected, sizeof(expected), "%s: %s", path, why);
	assert_null(interceptor_file_read(folder->arena, path, &damage));
	assert_string_equal(damage.text, expected);
}

static void what_cannot_be_read_gives_a_sentence(void **state)
{
	struct folder *folder = *state;

	check_refused(
		folder, folder->file,
		"cannot open the list of interceptors: No such file or directory");
	check_refused(folder, folder->path,
	              "is a directory, not a list of interceptors");
	check_refused(folder, "/dev/null",
	              "is no regular file; name a list of interceptors");
	/* Regular and readable by its mode, but the first read of it fails. */
	check_refused(folder, "/proc/self/mem",
	              "cannot read the list of interceptors: Input/output error");
}

/* Opening it must not wait for a writer. */
static void pipe_is_refused_at_once(void **state)
{
	struct folder *folder = *state;

	assert_int_equal(mkfifo(folder->file, 0600), 0);
	check_refused(folder, folder->file,
	              "is no regular file; name a list of interceptors");
}

/* Rows at both ends of a text of `size` bytes, blanks between them. */
static struct str list_of(struct arena *arena, size_t size)
{
	static const struct str ends[] = { RUN("proxy|P|CN=a\n"),
		                           RUN("\nproxy|Q|CN=b") };
	char *bytes = arena_take(arena, size);

	memset(bytes, '\n', size);
	memcpy(bytes, ends[0].at, ends[0].len);
	memcpy(bytes + size - ends[1].len, ends[1].at, ends[1].len);
	return (struct str){ bytes, size };
}

static void size_has_a_limit(void **state)
{
	const struct folder *folder = *state;

	for (size_t more = 0; more < 2; more++) {
		struct error damage;
		const struct interceptor_table *table;

		write_file(folder, list_of(folder->arena, INTERCEPTOR_TEXT_MAX + more));
		table = interceptor_file_read(folder->arena, folder->file, &damage);
		assert_non_null(table);
		assert_int_equal(table->count, 2 - more);
		assert_int_equal(strstr(damage.text, "longer than 1 MiB") != NULL,
		                 more);
	}
}

static int next_descriptor(void)
{
	int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);

	close(fd);
	return fd;
}

static void no_descriptor_stays_open(void **state)
{
	const struct folder *folder = *state;
	struct error damage;
	int before = next_descriptor();

	write_file(folder, STR("proxy|P|CN=a\n"));
	interceptor_file_read(folder->arena, folder->file, &damage);
	interceptor_file_read(folder->arena, folder->path, &damage);
	assert_int_equal(next_descriptor(), before);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
		TEST(list_is_read_through_a_link),
		TEST(damaged_line_is_told_and_the_rest_is_kept),
		TEST(empty_file_is_an_empty_list),
		TEST(what_cannot_be_read_gives_a_sentence),
		TEST(pipe_is_refused_at_once),
		TEST(size_has_a_limit),
		TEST(no_descriptor_stays_open),
#undef TEST
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
