/* SPDX-License-Identifier: Apache-2.0 */
#include "probe/plugin/private_file.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/unit/row.h"

struct folder {
	char path[64], file[128];
};

static int set_up(void **state)
{
	static struct folder folder;

	snprintf(folder.path, sizeof(folder.path), "/tmp/private-XXXXXX");
	assert_non_null(mkdtemp(folder.path));
	snprintf(folder.file, sizeof(folder.file), "%s/file", folder.path);
	*state = &folder;
	return 0;
}

static int tear_down(void **state)
{
	const struct folder *folder = *state;

	unlink(folder->file);
	rmdir(folder->path);
	return 0;
}

static void write_file(const struct folder *folder, size_t size, mode_t mode)
{
	int fd = open(folder->file, O_CREAT | O_TRUNC | O_WRONLY | O_CLOEXEC, 0600);
	char *bytes = malloc(size + 1);

	memset(bytes, 'x', size);
	assert_int_equal(write(fd, bytes, size), size);
	assert_int_equal(fchmod(fd, mode), 0);
	close(fd);
	free(bytes);
}

static void file_is_read_up_to_the_limit(void **state)
{
	static const size_t sizes[] = { 0, 1, 5000, PRIVATE_FILE_MAX };
	const struct folder *folder = *state;
	struct private_file file;
	struct error err;

	for (size_t i = 0; i < COUNT(sizes); i++) {
		write_file(folder, sizes[i], 0600);
		assert_true(private_file_read(&file, folder->file, &err));
		assert_int_equal(file.len, sizes[i]);
		assert_true(file.fit_for_secrets);
		private_file_forget(&file);
	}
	write_file(folder, PRIVATE_FILE_MAX + 1, 0600);
	assert_false(private_file_read(&file, folder->file, &err));
	assert_non_null(strstr(err.text, "larger than 65536 bytes"));
	assert_null(file.bytes);
}

static void mode_is_judged_but_not_enforced(void **state)
{
	const struct folder *folder = *state;
	struct private_file file;
	struct error err;

	write_file(folder, 1, 0644);
	assert_true(private_file_read(&file, folder->file, &err));
	assert_false(file.fit_for_secrets);
	assert_non_null(strstr(file.objection.text, "everybody may read"));
	private_file_forget(&file);
	write_file(folder, 1, 0640);
	assert_true(private_file_read(&file, folder->file, &err));
	assert_true(file.fit_for_secrets);
	private_file_forget(&file);
}

static void what_cannot_be_read_is_told(void **state)
{
	const struct folder *folder = *state;
	struct private_file file;
	struct error err;

	assert_false(private_file_read(&file, folder->file, &err));
	assert_non_null(strstr(err.text, "cannot be opened: No such file"));
	assert_false(private_file_read(&file, folder->path, &err));
	assert_non_null(strstr(err.text, "cannot be read: Is a directory"));
	assert_false(private_file_read(&file, "/dev/zero", &err));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
		TEST(file_is_read_up_to_the_limit),
		TEST(mode_is_judged_but_not_enforced),
		TEST(what_cannot_be_read_is_told),
#undef TEST
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
