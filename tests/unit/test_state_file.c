/* SPDX-License-Identifier: Apache-2.0 */
#include "probe/state_file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/unit/row.h"

enum { WRITERS = 20, NOBODY = 65534 };

#define HEADER "check_smtp_auth state 1\n"
#define A      "target a:587 last good 2026-11-24T12:00:00Z verified=yes hops=1\n"
#define B      "target b:587 last good 2026-11-24T12:00:01Z verified=no hops=2\n"
#define LATER  "later a:587 until 2026-11-24T12:00:00Z\n"

struct folder {
	char path[64];
	char file[96], other[96];
};

static int set_up(void **state)
{
	static struct folder folder;

	snprintf(folder.path, sizeof(folder.path), "/tmp/test_state_file-XXXXXX");
	if (!mkdtemp(folder.path))
		return -1;
	snprintf(folder.file, sizeof(folder.file), "%s/state", folder.path);
	snprintf(folder.other, sizeof(folder.other), "%s/other", folder.path);
	*state = &folder;
	return 0;
}

/* Proves, too, that nothing is left beside the two files. */
static int tear_down(void **state)
{
	const struct folder *folder = *state;

	unlink(folder->file);
	unlink(folder->other);
	return rmdir(folder->path);
}

static void write_file(const char *path, struct str bytes, mode_t mode)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, bytes.at, bytes.len), bytes.len);
	assert_int_equal(fchmod(fd, mode), 0);
	close(fd);
}

static const char *file_text(const char *path)
{
	static char text[4096];
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t len = read(fd, text, sizeof(text) - 1);

	assert_true(len >= 0);
	text[len] = '\0';
	close(fd);
	return text;
}

static bool save(const char *path, const char *target, int hops, struct error *err)
{
	/* 2030-01-01T00:00:00Z and later: newer than what the tests write by hand. */
	struct memory_record record = { .at = (1893456000 + hops) * USEC_PER_SEC,
		                        .hops = hops };

	*err = (struct error){ "" };
	return state_file_save(path, target, &record, err);
}

static void must_save(const char *path, const char *target, int hops)
{
	struct error err;

	if (!save(path, target, hops, &err))
		fail_msg("%s", err.text);
}

/* The hops that are known of the target, 0 when it is not; -1: cannot be loaded. */
static int load_hops(const char *path, const char *target)
{
	struct arena *arena = arena_create();
	struct error err = { "" };
	struct state state;
	bool whole = state_file_load(&state, arena, path, &err);
	const struct memory_record *record = state_find(&state, str_of(target));
	int hops = record ? record->hops : 0;

	arena_destroy(arena);
	assert_int_equal(whole, err.text[0] == '\0');
	return whole ? hops : -1;
}

static void check_refused(const char *path, const char *word)
{
	struct arena *arena = arena_create();
	struct error err = { "" };
	struct state read;

	if (state_file_load(&read, arena, path, &err) || !strstr(err.text, word))
		fail_msg("load, \"%s\": %s", word, err.text);
	CHECK(word, read.sealed && read.count == 0);
	if (save(path, "a:587", 3, &err) || !strstr(err.text, word))
		fail_msg("save, \"%s\": %s", word, err.text);
	arena_destroy(arena);
}

/* ---- there and back ---- */

static void missing_file_is_no_fault(void **state)
{
	const struct folder *folder = *state;

	assert_int_equal(load_hops(folder->file, "a:587"), 0);
	assert_int_equal(access(folder->file, F_OK), -1);
}

static void record_is_saved_and_loaded(void **state)
{
	const struct folder *folder = *state;
	struct stat file;

	must_save(folder->file, "a:587", 3);
	must_save(folder->file, "b:587", 4);
	assert_int_equal(load_hops(folder->file, "a:587"), 3);
	assert_int_equal(load_hops(folder->file, "b:587"), 4);
	must_save(folder->file, "a:587", 5);
	assert_int_equal(load_hops(folder->file, "a:587"), 5);
	assert_int_equal(load_hops(folder->file, "b:587"), 4);
	assert_int_equal(load_hops(folder->file, "c:587"), 0);
	assert_int_equal(stat(folder->file, &file), 0);
	assert_int_equal(file.st_mode & 07777, 0600);
}

static void file_is_the_documented_text(void **state)
{
	const struct folder *folder = *state;

	write_file(folder->file, STR(HEADER A LATER B), 0644);
	must_save(folder->file, "c:587", 3);
	assert_string_equal(file_text(folder->file), HEADER LATER
	                    "target c:587 last good 2030-01-01T00:00:03Z verified=no "
	                    "hops=3\n" B A);
}

static void empty_file_is_an_empty_state(void **state)
{
	const struct folder *folder = *state;

	write_file(folder->file, STR(""), 0600);
	assert_int_equal(load_hops(folder->file, "a:587"), 0);
	must_save(folder->file, "a:587", 3);
	assert_int_equal(load_hops(folder->file, "a:587"), 3);
}

static void damaged_file_is_mended_by_the_next_save(void **state)
{
	const struct folder *folder = *state;
	struct arena *arena = arena_create();
	struct error err = { "" };
	struct state read;
	char expected[256];

	write_file(folder->file, STR(HEADER "?\n" A), 0600);
	snprintf(expected, sizeof(expected),
	         "%s:2: no keyword at its start; the line is dropped", folder->file);
	assert_false(state_file_load(&read, arena, folder->file, &err));
	assert_string_equal(err.text, expected);
	assert_non_null(state_find(&read, STR("a:587")));
	must_save(folder->file, "b:587", 4);
	assert_int_equal(load_hops(folder->file, "a:587"), 1);
	assert_int_equal(load_hops(folder->file, "b:587"), 4);
	arena_destroy(arena);
}

/* ---- any change ---- */

/* Puts a:587 with as many hops as the owner says; 0: nothing, -1: an error. */
static bool change(void *owner, struct state *state, struct arena *arena,
                   struct error *err)
{
	struct memory_record record = { .at = 1893456000 * USEC_PER_SEC };

	record.hops = *(int *)owner;
	state_put(state, arena, STR("a:587"), &record);
	return record.hops < 0 ? error_set(err, "no") : record.hops > 0;
}

static void change_says_whether_to_write(void **state)
{
	const struct folder *folder = *state;
	struct error err;
	int hops = 4;

	assert_true(state_file_change(folder->file, change, &hops, &err));
	assert_int_equal(load_hops(folder->file, "a:587"), 4);
	hops = 0;
	assert_true(state_file_change(folder->file, change, &hops, &err));
	assert_int_equal(load_hops(folder->file, "a:587"), 4);
	hops = -1;
	assert_false(state_file_change(folder->file, change, &hops, &err));
	assert_string_equal(err.text, "no");
	assert_int_equal(load_hops(folder->file, "a:587"), 4);
}

/* `start`, then lines of a kind that nobody knows; `size` bytes, to be freed. */
static char *filled_up(struct str start, size_t size)
{
	enum { LINE = 4096 };
	char *text = malloc(size);

	assert_non_null(text);
	memset(text, 'x', size);
	memcpy(text, start.at, start.len);
	for (size_t at = start.len; at < size; at += LINE) {
		text[at + 1] = ' ';
		text[(at + LINE < size ? at + LINE : size) - 1] = '\n';
	}
	return text;
}

static void write_filled_up(const char *path, struct str start, size_t size)
{
	char *text = filled_up(start, size);

	write_file(path, (struct str){ text, size }, 0600);
	free(text);
}

static void file_may_be_as_large_as_the_limit(void **state)
{
	const struct folder *folder = *state;

	write_filled_up(folder->file, STR(HEADER A), STATE_SIZE_MAX);
	assert_int_equal(load_hops(folder->file, "a:587"), 1);
	write_filled_up(folder->file, STR(HEADER A), STATE_SIZE_MAX + 1);
	check_refused(folder->file, "larger than 1048576 bytes");
}

static void file_full_of_other_lines_is_told(void **state)
{
	const struct folder *folder = *state;
	struct error err;

	write_filled_up(folder->file, STR(HEADER), STATE_SIZE_MAX - 4096);
	must_save(folder->file, "a:587", 3);
	write_filled_up(folder->file, STR(HEADER), STATE_SIZE_MAX);
	assert_false(save(folder->file, "a:587", 3, &err));
	assert_non_null(strstr(err.text, "no room"));
}

/* ---- what is refused ---- */

static const mode_t bad_modes[] = { 0620, 0602, 0666, 0060 | 0600 };

static void file_that_others_may_write_is_refused(void **state)
{
	const struct folder *folder = *state;

	for (size_t i = 0; i < COUNT(bad_modes); i++) {
		write_file(folder->file, STR(HEADER A), bad_modes[i]);
		check_refused(folder->file, "chmod go-w");
		assert_string_equal(file_text(folder->file), HEADER A);
	}
	write_file(folder->file, STR(HEADER A), 0644);
	assert_int_equal(load_hops(folder->file, "a:587"), 1);
}

static void file_of_another_user_is_refused(void **state)
{
	const struct folder *folder = *state;
	const char *path = folder->file;

	if (geteuid() == 0) {
		write_file(path, STR(HEADER A), 0600);
		assert_int_equal(chown(path, NOBODY, NOBODY), 0);
		check_refused(path, "another user");
		assert_string_equal(file_text(path), HEADER A);
	} else {
		struct arena *arena = arena_create();
		struct error err = { "" };
		struct state read;

		/* It is root's everywhere, and everybody may read it. */
		assert_false(state_file_load(&read, arena, "/etc/passwd", &err));
		assert_non_null(strstr(err.text, "another user"));
		arena_destroy(arena);
	}
}

static void symbolic_link_is_refused(void **state)
{
	const struct folder *folder = *state;

	write_file(folder->other, STR(HEADER A), 0600);
	assert_int_equal(symlink(folder->other, folder->file), 0);
	check_refused(folder->file, "symbolic link");
	assert_string_equal(file_text(folder->other), HEADER A);
	unlink(folder->other); /* a link that leads nowhere creates nothing */
	check_refused(folder->file, "symbolic link");
	assert_int_equal(access(folder->other, F_OK), -1);
}

/* Opening it must not wait for somebody at its other end, either. */
static void pipe_is_refused(void **state)
{
	const struct folder *folder = *state;

	assert_int_equal(mkfifo(folder->file, 0600), 0);
	check_refused(folder->file, "no regular file");
}

static void directory_is_refused(void **state)
{
	const struct folder *folder = *state;
	struct arena *arena = arena_create();
	struct error err = { "" };
	struct state read;

	assert_false(state_file_load(&read, arena, folder->path, &err));
	assert_non_null(strstr(err.text, "no regular file"));
	assert_false(save(folder->path, "a:587", 3, &err));
	assert_non_null(strstr(err.text, "cannot open"));
	arena_destroy(arena);
}

static void missing_directory_is_told(void **state)
{
	struct error err;

	(void)state;
	assert_false(save("/nonexistent/state", "a:587", 3, &err));
	assert_string_equal(err.text, "/nonexistent/state: cannot open the state file: "
	                              "No such file or directory");
}

static const char *const left_alone[] = {
	"check_smtp_auth state 2\n" A,
	"root:x:0:0:root:/root:/bin/sh\n",
};

static void file_that_is_not_ours_is_left_alone(void **state)
{
	const struct folder *folder = *state;

	for (size_t i = 0; i < COUNT(left_alone); i++) {
		write_file(folder->file, str_of(left_alone[i]), 0600);
		check_refused(folder->file, "left alone");
		assert_string_equal(file_text(folder->file), left_alone[i]);
	}
}

static void target_must_be_one_word(void **state)
{
	const struct folder *folder = *state;
	struct error err;

	assert_false(save(folder->file, "a b", 3, &err));
	assert_non_null(strstr(err.text, "a b"));
	assert_false(save(folder->file, "", 3, &err));
	assert_false(save(folder->file, "a:587\nguard", 3, &err));
	assert_int_equal(access(folder->file, F_OK), -1);
}

/* ---- more than one ---- */

/* Runs `writer` in processes of their own; each must end with 0. */
static void run_writers(int count, int (*writer)(const char *path, int number),
                        const char *path)
{
	pid_t pids[WRITERS];
	int status;

	for (int i = 0; i < count; i++) {
		pids[i] = fork();
		assert_true(pids[i] >= 0);
		if (pids[i] == 0)
			_exit(writer(path, i));
	}
	for (int i = 0; i < count; i++) {
		assert_int_equal(waitpid(pids[i], &status, 0), pids[i]);
		assert_true(WIFEXITED(status));
		assert_int_equal(WEXITSTATUS(status), 0);
	}
}

/* A loaded machine may let somebody wait for too long: then it is told, and tried
 * again. */
static int save_patiently(const char *path, int number)
{
	struct error err;
	char target[16];

	snprintf(target, sizeof(target), "t%d", number);
	while (!save(path, target, number + 1, &err))
		if (!strstr(err.text, "locked"))
			return 1;
	return 0;
}

static void writers_at_once_lose_nothing(void **state)
{
	const struct folder *folder = *state;
	char target[16];

	for (int round = 0; round < 3; round++) {
		unlink(folder->file);
		run_writers(WRITERS, save_patiently, folder->file);
		for (int i = 0; i < WRITERS; i++) {
			snprintf(target, sizeof(target), "t%d", i);
			assert_int_equal(load_hops(folder->file, target), i + 1);
		}
	}
}

static void locked_file_is_told_after_a_while(void **state)
{
	const struct folder *folder = *state;
	int fd = open(folder->file, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	usec before = clock_now();
	struct error err;

	assert_int_equal(flock(fd, LOCK_EX), 0);
	assert_false(save(folder->file, "a:587", 3, &err));
	assert_non_null(strstr(err.text, "locked for 1 s"));
	assert_true(clock_now() - before >= STATE_FILE_WAIT_S * USEC_PER_SEC);
	assert_int_equal(load_hops(folder->file, "a:587"),
	                 0); /* reading needs no lock */
	close(fd);
	must_save(folder->file, "a:587", 3);
}

/* Returns once a process has the file open. */
static void wait_until_open(pid_t pid, const char *path)
{
	char name[64], link[96];

	for (int fd = 0;; fd = (fd + 1) % 64) {
		ssize_t len;

		snprintf(name, sizeof(name), "/proc/%d/fd/%d", (int)pid, fd);
		len = readlink(name, link, sizeof(link) - 1);
		link[len > 0 ? len : 0] = '\0';
		if (strcmp(link, path) == 0)
			return;
		assert_int_equal(waitpid(pid, NULL, WNOHANG), 0);
	}
}

/* Whoever waits for the lock of a file that is then replaced must begin anew. */
static void lock_of_a_replaced_file_is_worth_nothing(void **state)
{
	const struct folder *folder = *state;
	int fd = open(folder->file, O_RDWR | O_CREAT | O_CLOEXEC, 0600), status;
	pid_t writer;

	assert_int_equal(flock(fd, LOCK_EX), 0);
	writer = fork();
	if (writer == 0) {
		/* A copy of the descriptor holds the lock, too. */
		close(fd);
		_exit(save_patiently(folder->file, 6));
	}
	wait_until_open(writer, folder->file);
	write_file(folder->other, STR(HEADER A), 0600);
	assert_int_equal(rename(folder->other, folder->file), 0);
	close(fd);
	assert_int_equal(waitpid(writer, &status, 0), writer);
	assert_int_equal(status, 0);
	assert_int_equal(load_hops(folder->file, "a:587"), 1);
	assert_int_equal(load_hops(folder->file, "t6"), 7);
}

/* ---- crashes and full disks ---- */

static size_t names_in(const char *path)
{
	DIR *folder = opendir(path);
	size_t count = 0;

	assert_non_null(folder);
	while (readdir(folder))
		count++;
	closedir(folder);
	return count - 2; /* "." and ".." */
}

/* Saves until it is killed. */
static pid_t start_endless_writer(const char *path)
{
	pid_t writer = fork();
	struct error err;

	assert_true(writer >= 0);
	if (writer > 0)
		return writer;
	for (int hops = 1;; hops = hops % 255 + 1)
		if (!save(path, "b:587", hops, &err))
			_exit(1);
}

static void killed_writer_leaves_a_whole_file(void **state)
{
	const struct folder *folder = *state;
	int status;

	write_file(folder->file, STR(HEADER A), 0600);
	for (int round = 0; round < 8; round++) {
		pid_t writer = start_endless_writer(folder->file);

		/* Every load sees a whole file; a few of the writer's, then it dies. */
		for (int seen = 0, last = -1; seen < 3;) {
			int hops = load_hops(folder->file, "b:587");

			assert_int_equal(load_hops(folder->file, "a:587"), 1);
			assert_true(hops >= 0);
			seen += hops != last;
			last = hops;
		}
		assert_int_equal(kill(writer, SIGKILL), 0);
		assert_int_equal(waitpid(writer, &status, 0), writer);
		assert_true(WIFSIGNALED(status));
		assert_int_equal(load_hops(folder->file, "a:587"), 1);
		assert_true(load_hops(folder->file, "b:587") > 0);
	}
	must_save(folder->file, "c:587", 3);
	assert_int_equal(names_in(folder->path), 1);
	assert_int_equal(load_hops(folder->file, "a:587"), 1);
}

static void what_a_crash_left_is_removed(void **state)
{
	const struct folder *folder = *state;
	char fresh[160];

	snprintf(fresh, sizeof(fresh), "%s.check_smtp_auth-new", folder->file);
	write_file(folder->other, STR("precious"), 0600);
	assert_int_equal(symlink(folder->other, fresh), 0);
	must_save(folder->file, "a:587", 3);
	assert_int_equal(load_hops(folder->file, "a:587"), 3);
	assert_string_equal(file_text(folder->other), "precious");
	assert_int_equal(names_in(folder->path), 2);
}

static int save_on_a_full_disk(const char *path, int number)
{
	const struct rlimit limit = { 16, 16 };
	struct error err;

	signal(SIGXFSZ, SIG_IGN);
	if (setrlimit(RLIMIT_FSIZE, &limit) < 0 ||
	    save(path, "b:587", number + 1, &err))
		return 1;
	return strstr(err.text, "cannot write") ? 0 : 2;
}

static void full_disk_leaves_the_old_file(void **state)
{
	const struct folder *folder = *state;

	write_file(folder->file, STR(HEADER A), 0600);
	run_writers(1, save_on_a_full_disk, folder->file);
	assert_string_equal(file_text(folder->file), HEADER A);
	assert_int_equal(names_in(folder->path), 1);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(missing_file_is_no_fault),
		TEST(record_is_saved_and_loaded),
		TEST(file_is_the_documented_text),
		TEST(empty_file_is_an_empty_state),
		TEST(damaged_file_is_mended_by_the_next_save),
		TEST(change_says_whether_to_write),
		TEST(file_may_be_as_large_as_the_limit),
		TEST(file_full_of_other_lines_is_told),
		TEST(file_that_others_may_write_is_refused),
		TEST(file_of_another_user_is_refused),
		TEST(symbolic_link_is_refused),
		TEST(pipe_is_refused),
		TEST(directory_is_refused),
		TEST(missing_directory_is_told),
		TEST(file_that_is_not_ours_is_left_alone),
		TEST(target_must_be_one_word),
		TEST(writers_at_once_lose_nothing),
		TEST(locked_file_is_told_after_a_while),
		TEST(lock_of_a_replaced_file_is_worth_nothing),
		TEST(killed_writer_leaves_a_whole_file),
		TEST(what_a_crash_left_is_removed),
		TEST(full_disk_leaves_the_old_file),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
