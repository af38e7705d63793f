/* SPDX-License-Identifier: Apache-2.0 */
#include "probe/state_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* What a crash leaves behind under this name is removed by the next save. */
#define FRESH_SUFFIX ".check_smtp_auth-new"

enum { RETRY_NS = 10 * 1000 * 1000, OWNER_ONLY = 0600 };

/* ---- the file as it is ---- */

static bool judge(int fd, const char *path, struct error *err)
{
	struct stat file;

	if (fstat(fd, &file) < 0)
		return error_set(err, "%s: %s", path, strerror(errno));
	if (!S_ISREG(file.st_mode))
		return error_set(err, "%s: is no regular file, so no state file", path);
	if (file.st_uid != geteuid())
		return error_set(err,
		                 "%s: this state file belongs to another user; "
		                 "remove it or name another one",
		                 path);
	if (file.st_mode & (S_IWGRP | S_IWOTH))
		return error_set(err,
		                 "%s: others may write this state file; "
		                 "run: chmod go-w %s",
		                 path, path);
	return true;
}

/* -1 with a sentence, or with errno ENOENT and none. */
static int open_judged(const char *path, int flags, struct error *err)
{
	int fd = open(path, flags | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC,
	              OWNER_ONLY);

	if (fd < 0 && errno == ELOOP) {
		error_set(err, "%s: is a symbolic link; name the state file itself",
		          path);
	} else if (fd < 0) {
		error_set(err, "%s: cannot open the state file: %s", path,
		          strerror(errno));
	} else if (!judge(fd, path, err)) {
		close(fd);
		errno = 0;
		return -1;
	}
	return fd;
}

/* As far as there is room; whoever calls looks whether that was all. */
static bool read_all(int fd, char *bytes, size_t room, size_t *len)
{
	ssize_t got = 1;

	*len = 0;
	while (*len < room && got != 0) {
		got = read(fd, bytes + *len, room - *len);
		if (got < 0 && errno != EINTR)
			return false;
		if (got > 0)
			*len += (size_t)got;
	}
	return true;
}

static bool read_state(struct state *out, struct arena *arena, int fd, const char *path,
                       struct error *err)
{
	char *bytes = arena_take(arena, STATE_SIZE_MAX + 1);
	size_t len;

	*out = (struct state){ .sealed = true };
	if (!read_all(fd, bytes, STATE_SIZE_MAX + 1, &len))
		return error_set(err, "%s: cannot read the state file: %s", path,
		                 strerror(errno));
	if (len > STATE_SIZE_MAX)
		return error_set(err,
		                 "%s: larger than %d bytes, so no state file; remove "
		                 "it or name another one",
		                 path, STATE_SIZE_MAX);
	return state_parse(out, arena, path, (struct str){ bytes, len }, err);
}

bool state_file_load(struct state *out, struct arena *arena, const char *path,
                     struct error *err)
{
	struct error trouble;
	int fd = open_judged(path, O_RDONLY, &trouble);
	bool whole;

	*out = (struct state){ .sealed = fd < 0 && errno != ENOENT };
	if (out->sealed)
		*err = trouble;
	if (fd < 0)
		return !out->sealed;
	whole = read_state(out, arena, fd, path, err);
	close(fd);
	return whole;
}

/* ---- one writer at a time ---- */

/* False at the end of the patience, or with an errno other than EWOULDBLOCK. */
static bool lock(int fd, usec until)
{
	const struct timespec pause = { .tv_nsec = RETRY_NS };

	while (flock(fd, LOCK_EX | LOCK_NB) < 0) {
		if (errno != EWOULDBLOCK || clock_now() >= until)
			return false;
		nanosleep(&pause, NULL);
	}
	return true;
}

/* Whether nobody has put another file in place of the open one. */
static bool is_at(const char *path, int fd)
{
	struct stat open_one, named;

	return fstat(fd, &open_one) == 0 && lstat(path, &named) == 0 &&
	       open_one.st_dev == named.st_dev && open_one.st_ino == named.st_ino;
}

/*
 * The file itself is the lock, so that there is no second one to be left over, and
 * nobody can hold it who cannot open it. Whoever held it before has replaced the file:
 * then the lock on the old one is worth nothing. Created empty when it is not there.
 */
static int open_locked(const char *path, struct error *err)
{
	usec until = clock_now() + STATE_FILE_WAIT_S * USEC_PER_SEC;

	do {
		int fd = open_judged(path, O_RDWR | O_CREAT, err);
		bool locked = fd >= 0 && lock(fd, until);

		if (fd < 0 || (locked && is_at(path, fd)))
			return fd;
		if (!locked && errno != EWOULDBLOCK) {
			error_set(err, "%s: cannot lock the state file: %s", path,
			          strerror(errno));
			close(fd);
			return -1;
		}
		close(fd);
	} while (clock_now() < until);
	error_set(err,
	          "%s: other processes kept the state file locked for %d s; nothing is "
	          "saved",
	          path, STATE_FILE_WAIT_S);
	return -1;
}

/* ---- the file as it will be ---- */

static bool write_all(int fd, struct str bytes)
{
	while (bytes.len) {
		ssize_t put = write(fd, bytes.at, bytes.len);

		if (put < 0 && errno != EINTR)
			return false;
		if (put > 0)
			bytes = (struct str){ bytes.at + put, bytes.len - (size_t)put };
	}
	return fsync(fd) == 0;
}

static bool write_fresh(const char *fresh, struct str bytes)
{
	int fd;
	bool written;

	if (unlink(fresh) < 0 && errno != ENOENT)
		return false;
	fd = open(fresh, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, OWNER_ONLY);
	if (fd < 0)
		return false;
	written = write_all(fd, bytes);
	return close(fd) == 0 && written;
}

static bool replace(const char *path, struct arena *arena, struct str bytes,
                    struct error *err)
{
	const char *fresh = arena_print(arena, "%s" FRESH_SUFFIX, path);

	if (write_fresh(fresh, bytes) && rename(fresh, path) == 0)
		return true;
	error_set(err, "%s: cannot write the state file: %s", path, strerror(errno));
	unlink(fresh);
	return false;
}

static bool rewrite(const char *path, int fd, struct arena *arena, state_change *change,
                    void *owner, struct error *err)
{
	struct text text = text_create(arena, STATE_SIZE_MAX);
	struct state state;

	if (!read_state(&state, arena, fd, path, err) && state.sealed)
		return false;
	err->text[0] = '\0';
	if (!change(owner, &state, arena, err))
		return err->text[0] == '\0';
	if (state_print(&state, &text) == 0 && state.count)
		return error_set(err,
		                 "%s: lines of a later version leave no room for a "
		                 "record; remove the file",
		                 path);
	return replace(path, arena, text_view(&text), err);
}

bool state_file_change(const char *path, state_change *change, void *owner,
                       struct error *err)
{
	struct arena *arena;
	bool changed;
	int fd = open_locked(path, err);

	if (fd < 0)
		return false;
	arena = arena_create();
	changed = rewrite(path, fd, arena, change, owner, err);
	close(fd);
	arena_destroy(arena);
	return changed;
}

/* ---- one record ---- */

struct put {
	struct str target;
	const struct memory_record *record;
};

static bool put(void *owner, struct state *state, struct arena *arena,
                struct error *err)
{
	const struct put *put = owner;

	(void)err;
	state_put(state, arena, put->target, put->record);
	return true;
}

bool state_file_save(const char *path, const char *target,
                     const struct memory_record *record, struct error *err)
{
	struct put one = { str_of(target), record };

	if (!state_is_target(one.target))
		return error_set(err, "%s: a target of this name cannot be kept: %s",
		                 path, target);
	return state_file_change(path, put, &one, err);
}
