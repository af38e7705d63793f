/* SPDX-License-Identifier: Apache-2.0 */
#include "probe/secret.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/unit/row.h"

struct folder {
	char path[64];
	char file[96], link[96];
};

static int set_up(void **state)
{
	static struct folder folder;

	snprintf(folder.path, sizeof(folder.path), "/tmp/test_secret-XXXXXX");
	if (!mkdtemp(folder.path))
		return -1;
	snprintf(folder.file, sizeof(folder.file), "%s/file", folder.path);
	snprintf(folder.link, sizeof(folder.link), "%s/link", folder.path);
	*state = &folder;
	return 0;
}

static int tear_down(void **state)
{
	const struct folder *folder = *state;

	unlink(folder->file);
	unlink(folder->link);
	return rmdir(folder->path);
}

static void write_file(const char *path, struct str bytes, mode_t mode)
{
	int fd;

	unlink(path); /* the one before may be read-only */
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, bytes.at, bytes.len), bytes.len);
	assert_int_equal(fchmod(fd, mode), 0);
	close(fd);
}

/* ---- contents ---- */

/* `expected` NULL: refused, with `word` in the sentence. */
static const struct {
	const char *name;
	struct str bytes;
	const char *expected, *word;
} contents[] = {
	{ "no line end", RUN("geheim"), "geheim", "" },
	{ "LF", RUN("geheim\n"), "geheim", "" },
	{ "CRLF", RUN("geheim\r\n"), "geheim", "" },
	{ "blanks stay", RUN(" geheim \n"), " geheim ", "" },
	{ "one byte", RUN("x"), "x", "" },
	{ "UTF-8", RUN("gr\xc3\xbc\xc3\x9f"), "gr\xc3\xbc\xc3\x9f", "" },
	{ "empty", RUN(""), NULL, "empty" },
	{ "only LF", RUN("\n"), NULL, "empty" },
	{ "only CRLF", RUN("\r\n"), NULL, "empty" },
	{ "two LF", RUN("geheim\n\n"), NULL, "LF" },
	{ "two lines", RUN("geheim\nx"), NULL, "LF" },
	{ "LF first", RUN("\ngeheim"), NULL, "LF" },
	{ "CR alone", RUN("geheim\r"), NULL, "CR" },
	{ "CR inside", RUN("ge\rheim\n"), NULL, "CR" },
	{ "two CR", RUN("geheim\r\r\n"), NULL, "CR" },
	{ "NUL inside", RUN("ge\0heim\n"), NULL, "NUL" },
	{ "NUL at the end", RUN("geheim\0"), NULL, "NUL" },
	{ "Latin-1", RUN("gr\xfc\xdf\n"), NULL, "UTF-8" },
	{ "UTF-16", RUN("\xff\xfeg\0e\0"), NULL, "NUL" },
};

static void content_is_one_line_of_utf8(void **state)
{
	const struct folder *folder = *state;

	for (size_t i = 0; i < COUNT(contents); i++) {
		const char *row = contents[i].name, *expected = contents[i].expected;
		struct error err = { "" };
		struct secret *secret;

		write_file(folder->file, contents[i].bytes, 0600);
		secret = secret_read_file(folder->file, &err);
		CHECK_INT(row, secret != NULL, expected != NULL);
		if (secret)
			CHECK_STR(row, secret_reveal(secret), expected);
		else
			CHECK(row, strstr(err.text, contents[i].word) &&
			                   strstr(err.text, folder->file));
		secret_destroy(secret);
	}
}

/* The size of a file, with the line end that does not count, against the limit. */
static const struct {
	const char *name;
	size_t len;
	const char *end;
	bool good;
} sizes[] = {
	{ "limit", SECRET_SIZE_MAX, "", true },
	{ "limit and LF", SECRET_SIZE_MAX, "\n", true },
	{ "limit and CRLF", SECRET_SIZE_MAX, "\r\n", true },
	{ "limit+1", SECRET_SIZE_MAX + 1, "", false },
	{ "limit+1 and LF", SECRET_SIZE_MAX + 1, "\n", false },
	{ "limit+1 and CRLF", SECRET_SIZE_MAX + 1, "\r\n", false },
	{ "limit and a second line", SECRET_SIZE_MAX, "\nx", false },
	{ "limit, CRLF and a second line", SECRET_SIZE_MAX, "\r\nx", false },
	{ "limit, CRLF and a blank line", SECRET_SIZE_MAX, "\r\n\r\n", false },
	{ "ten times the limit", 10 * SECRET_SIZE_MAX, "\n", false },
};

static void size_is_limited(void **state)
{
	static char bytes[11 * SECRET_SIZE_MAX];
	const struct folder *folder = *state;

	memset(bytes, 'a', sizeof(bytes));
	for (size_t i = 0; i < COUNT(sizes); i++) {
		size_t end = strlen(sizes[i].end);
		struct error err = { "" };
		struct secret *secret;

		memcpy(bytes + sizes[i].len, sizes[i].end, end);
		write_file(folder->file, (struct str){ bytes, sizes[i].len + end },
		           0600);
		memset(bytes + sizes[i].len, 'a', end);
		secret = secret_read_file(folder->file, &err);
		CHECK_INT(sizes[i].name, secret != NULL, sizes[i].good);
		if (secret)
			CHECK_INT(sizes[i].name, secret_reveal(secret).len,
			          (long long)sizes[i].len);
		secret_destroy(secret);
	}
}

static void bytes_are_judged_without_a_file(void **state)
{
	struct error err = { "" };

	(void)state;
	assert_null(secret_create(STR(""), "-P", &err));
	assert_true(str_starts(str_of(err.text), STR("-P: ")));
	assert_null(secret_create(STR("a\nb"), "VAR", &err));
	assert_true(str_starts(str_of(err.text), STR("VAR: ")));
	/* Only a file or a stream ends its last line. */
	assert_null(secret_create(STR("a\n"), "VAR", &err));
}

static void refusal_does_not_tell_the_secret(void **state)
{
	struct error err = { "" };

	(void)state;
	assert_null(secret_create(STR("geheim\n99"), "VAR", &err));
	assert_null(strstr(err.text, "geheim"));
}

static void blanks_at_the_ends_are_seen(void **state)
{
	static const struct {
		const char *text;
		bool blanks;
	} rows[] = { { "a", false },  { " a", true },   { "a ", true }, { "\ta", true },
		     { "a\t", true }, { "a b", false }, { " ", true } };
	struct error err;

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct secret *secret = secret_create(str_of(rows[i].text), "x", &err);

		CHECK_INT(rows[i].text, secret_has_outer_blanks(secret),
		          rows[i].blanks);
		secret_destroy(secret);
	}
	secret_destroy(NULL);
}

/* ---- the file ---- */

static const struct {
	const char *name;
	mode_t mode;
	bool good;
} modes[] = {
	{ "0600", 0600, true },  { "0400", 0400, true },  { "0640", 0640, true },
	{ "0440", 0440, true },  { "0700", 0700, true },  { "0601", 0601, true },
	{ "0610", 0610, true },  { "0644", 0644, false }, { "0604", 0604, false },
	{ "0444", 0444, false }, { "0620", 0620, false }, { "0660", 0660, false },
	{ "0602", 0602, false }, { "0666", 0666, false }, { "0777", 0777, false },
};

static void mode_decides(void **state)
{
	const struct folder *folder = *state;

	for (size_t i = 0; i < COUNT(modes); i++) {
		struct error err = { "" };
		struct secret *secret;

		write_file(folder->file, STR("geheim\n"), modes[i].mode);
		secret = secret_read_file(folder->file, &err);
		CHECK_INT(modes[i].name, secret != NULL, modes[i].good);
		if (!secret)
			CHECK(modes[i].name, strstr(err.text, "chmod") &&
			                             strstr(err.text, folder->file));
		secret_destroy(secret);
	}
}

/* The command in the sentence, done by hand, must help. */
static void remedy_in_the_sentence_helps(void **state)
{
	const struct folder *folder = *state;
	struct secret *secret;
	struct error err;
	struct stat file;

	write_file(folder->file, STR("geheim\n"), 0666);
	assert_null(secret_read_file(folder->file, &err));
	assert_non_null(strstr(err.text, "chmod o-rwx,g-w"));
	assert_int_equal(stat(folder->file, &file), 0);
	assert_int_equal(chmod(folder->file, file.st_mode & 0750), 0);
	secret = secret_read_file(folder->file, &err);
	assert_non_null(secret);
	secret_destroy(secret);
}

static void link_is_followed_and_the_file_judged(void **state)
{
	const struct folder *folder = *state;
	struct secret *secret;
	struct error err;

	assert_int_equal(symlink(folder->file, folder->link), 0);
	write_file(folder->file, STR("geheim\n"), 0600);
	secret = secret_read_file(folder->link, &err);
	assert_non_null(secret);
	secret_destroy(secret);
	write_file(folder->file, STR("geheim\n"), 0644);
	assert_null(secret_read_file(folder->link, &err));
}

static void what_is_no_file_is_told(void **state)
{
	const struct folder *folder = *state;
	struct error err = { "" };

	assert_null(secret_read_file(folder->path, &err));
	assert_non_null(strstr(err.text, "directory"));
	assert_null(secret_read_file(folder->file, &err));
	assert_non_null(strstr(err.text, strerror(ENOENT)));
	assert_null(secret_read_file("", &err));
	assert_null(secret_read_file("/dev/zero", &err));
	assert_null(secret_read_file("/dev/null", &err));
	assert_non_null(strstr(err.text, "empty"));
}

static void descriptor_is_read_to_its_end_in_pieces(void **state)
{
	struct secret *secret;
	struct error err;
	int ends[2];

	(void)state;
	assert_int_equal(pipe(ends), 0);
	if (fork() == 0) {
		for (const char *c = "geheim\n"; *c; c++)
			if (write(ends[1], c, 1) != 1)
				_exit(1);
		_exit(0);
	}
	close(ends[1]);
	secret = secret_read_descriptor(ends[0], "standard input", &err);
	close(ends[0]);
	wait(NULL);
	assert_non_null(secret);
	CHECK_STR("pipe", secret_reveal(secret), "geheim");
	secret_destroy(secret);
}

static void line_end_does_not_count(void **state)
{
	struct error err;
	struct secret *secret = secret_create_line(STR("geheim\r\n"), "x", &err);

	(void)state;
	assert_non_null(secret);
	CHECK_STR("CRLF", secret_reveal(secret), "geheim");
	secret_destroy(secret);
	assert_null(secret_create_line(STR("geheim\n\n"), "x", &err));
}

static void closed_descriptor_is_told(void **state)
{
	struct error err = { "" };

	(void)state;
	assert_null(secret_read_descriptor(-1, "standard input", &err));
	assert_non_null(strstr(err.text, "standard input"));
	assert_non_null(strstr(err.text, strerror(EBADF)));
}

/* ---- what systemd and container engines mount ---- */

static bool write_line(const char *path, const char *line)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	bool written =
		fd >= 0 && write(fd, line, strlen(line)) == (ssize_t)strlen(line);

	if (fd >= 0)
		close(fd);
	return written;
}

/* Who has no number in the new user namespace cannot make a file there. */
static bool map_own_ids(uid_t user, gid_t group)
{
	char users[32], groups[32];

	snprintf(users, sizeof(users), "0 %u 1", (unsigned)user);
	snprintf(groups, sizeof(groups), "0 %u 1", (unsigned)group);
	return write_line("/proc/self/setgroups", "deny") &&
	       write_line("/proc/self/uid_map", users) &&
	       write_line("/proc/self/gid_map", groups);
}

/* A /run of the child's own, so that the machine's is left alone. */
static bool take_private_run(void)
{
	uid_t user = geteuid();
	gid_t group = getegid();

	if (user == 0 ? unshare(CLONE_NEWNS) < 0
	              : unshare(CLONE_NEWUSER | CLONE_NEWNS) < 0 ||
	                        !map_own_ids(user, group))
		return false;
	return mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 &&
	       mount("none", "/run", "tmpfs", 0, "mode=0777") == 0 &&
	       mkdir("/run/secrets", 0755) == 0 &&
	       mkdir("/run/credentials", 0755) == 0 &&
	       mkdir("/run/secretsx", 0755) == 0;
}

static bool can_be_read(const char *path)
{
	struct error err;
	struct secret *secret = secret_read_file(path, &err);

	secret_destroy(secret);
	return secret != NULL;
}

enum { PRIVATE_RUN_OK, PRIVATE_RUN_DENIED, PRIVATE_RUN_WRONG };

static int try_mounted(const struct folder *folder)
{
	bool good;

	if (!take_private_run())
		return PRIVATE_RUN_DENIED;
	write_file("/run/secrets/a", STR("geheim\n"), 0444);
	write_file("/run/credentials/a", STR("geheim\n"), 0444);
	write_file("/run/secretsx/a", STR("geheim\n"), 0444);
	write_file(folder->file, STR("geheim\n"), 0444);
	good = symlink(folder->file, "/run/secrets/link") == 0 &&
	       symlink("/run/secrets/a", folder->link) == 0;
	good = good && can_be_read("/run/secrets/a") &&
	       can_be_read("/run/credentials/a") && can_be_read(folder->link);
	/* The name alone does not exempt. */
	good = good && !can_be_read("/run/secretsx/a") &&
	       !can_be_read("/run/secrets/link") &&
	       !can_be_read("/run/secrets/../secretsx/a");
	return good ? PRIVATE_RUN_OK : PRIVATE_RUN_WRONG;
}

static void mounted_secret_is_exempt(void **state)
{
	pid_t child = fork();
	int status;

	if (child == 0)
		_exit(try_mounted(*state));
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	if (WEXITSTATUS(status) == PRIVATE_RUN_DENIED) {
		print_message("no mount namespace here: not tested\n");
		skip();
	}
	assert_int_equal(WEXITSTATUS(status), PRIVATE_RUN_OK);
}

/* ---- its memory ---- */

/* The flags of the mapping that holds `address`, from the kernel's own account. */
static void read_flags(char *out, size_t room, const void *address)
{
	FILE *maps = fopen("/proc/self/smaps", "re");
	char line[512];
	bool mine = false;

	assert_non_null(maps);
	out[0] = '\0';
	while (fgets(line, sizeof(line), maps)) {
		char *dash, *end;
		uintptr_t from = strtoull(line, &dash, 16), to;

		if (*dash == '-') {
			to = strtoull(dash + 1, &end, 16);
			mine = *end == ' ' && from <= (uintptr_t)address &&
			       (uintptr_t)address < to;
		}
		if (mine && strncmp(line, "VmFlags:", 8) == 0)
			snprintf(out, room, "%s", line);
	}
	fclose(maps);
}

static void memory_stays_out_of_dumps_and_children(void **state)
{
	struct error err;
	struct secret *secret = secret_create(STR("geheim"), "x", &err);
	char flags[512];

	(void)state;
	read_flags(flags, sizeof(flags), secret_reveal(secret).at);
	assert_non_null(strstr(flags, " dd")); /* MADV_DONTDUMP */
	assert_non_null(strstr(flags, " dc")); /* MADV_DONTFORK */
	secret_destroy(secret);
}

static void memory_is_zeroed_at_first(void **state)
{
	char *memory = secret_memory_create(10000);

	(void)state;
	for (size_t i = 0; i < 10000; i++)
		assert_int_equal(memory[i], 0);
	secret_memory_destroy(memory, 10000);
	secret_memory_destroy(NULL, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
		TEST(content_is_one_line_of_utf8),
		TEST(size_is_limited),
		TEST(bytes_are_judged_without_a_file),
		TEST(refusal_does_not_tell_the_secret),
		TEST(blanks_at_the_ends_are_seen),
		TEST(mode_decides),
		TEST(remedy_in_the_sentence_helps),
		TEST(link_is_followed_and_the_file_judged),
		TEST(what_is_no_file_is_told),
		TEST(descriptor_is_read_to_its_end_in_pieces),
		TEST(line_end_does_not_count),
		TEST(closed_descriptor_is_told),
		TEST(mounted_secret_is_exempt),
		TEST(memory_stays_out_of_dumps_and_children),
		TEST(memory_is_zeroed_at_first),
#undef TEST
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
