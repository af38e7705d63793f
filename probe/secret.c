/* SPDX-License-Identifier: Apache-2.0 */
#include "probe/secret.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

/* With the CRLF that a file may end with, and a byte to see that there is more. */
enum { FILE_SIZE_MAX = SECRET_SIZE_MAX + 3 };

struct secret {
	size_t len;
	char bytes[];
};

void *secret_memory_create(size_t size)
{
	void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE,
	                    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (memory == MAP_FAILED) {
		fputs("smtp_probe: out of memory\n", stderr);
		abort();
	}
	/* Each is a precaution the system may not grant (RLIMIT_MEMLOCK). */
	(void)mlock(memory, size);
	(void)madvise(memory, size, MADV_DONTDUMP);
	(void)madvise(memory, size, MADV_DONTFORK);
	return memory;
}

void secret_memory_destroy(void *memory, size_t size)
{
	if (!memory)
		return;
	explicit_bzero(memory, size);
	munmap(memory, size);
}

void secret_destroy(struct secret *secret)
{
	secret_memory_destroy(secret, secret ? sizeof(*secret) + secret->len : 0);
}

struct str secret_reveal(const struct secret *secret)
{
	return (struct str){ secret->bytes, secret->len };
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

bool secret_has_outer_blanks(const struct secret *secret)
{
	return is_blank(secret->bytes[0]) || is_blank(secret->bytes[secret->len - 1]);
}

static const char *complaint(struct str bytes)
{
	if (bytes.len == 0)
		return "the password is empty";
	if (bytes.len > SECRET_SIZE_MAX)
		return "the password is longer than 8192 bytes";
	if (memchr(bytes.at, '\0', bytes.len) || memchr(bytes.at, '\r', bytes.len) ||
	    memchr(bytes.at, '\n', bytes.len))
		return "the password holds a NUL, CR or LF; only one line without its "
		       "end can be used";
	if (!str_is_utf8(bytes))
		return "the password is not valid UTF-8; store it as UTF-8";
	return NULL;
}

struct secret *secret_create(struct str bytes, const char *origin, struct error *err)
{
	const char *wrong = complaint(bytes);
	struct secret *secret;

	if (wrong) {
		error_set(err, "%s: %s", origin, wrong);
		return NULL;
	}
	secret = secret_memory_create(sizeof(*secret) + bytes.len);
	memcpy(secret->bytes, bytes.at, bytes.len);
	secret->len = bytes.len;
	return secret;
}

static struct str without_line_end(struct str bytes)
{
	if (bytes.len && bytes.at[bytes.len - 1] == '\n') {
		bytes.len--;
		if (bytes.len && bytes.at[bytes.len - 1] == '\r')
			bytes.len--;
	}
	return bytes;
}

struct secret *secret_create_line(struct str text, const char *origin,
                                  struct error *err)
{
	return secret_create(without_line_end(text), origin, err);
}

static bool read_all(char *buffer, size_t *len, int fd, const char *origin,
                     struct error *err)
{
	*len = 0;
	while (*len < FILE_SIZE_MAX) {
		ssize_t got = read(fd, buffer + *len, FILE_SIZE_MAX - *len);

		if (got == 0)
			return true;
		if (got > 0)
			*len += (size_t)got;
		else if (errno != EINTR)
			return error_set(err, "%s: cannot read the password: %s",
			                 origin, strerror(errno));
	}
	return true;
}

struct secret *secret_read_descriptor(int fd, const char *origin, struct error *err)
{
	char *buffer = secret_memory_create(FILE_SIZE_MAX);
	struct secret *secret = NULL;
	struct str bytes = { buffer, 0 };

	if (read_all(buffer, &bytes.len, fd, origin, err))
		secret = secret_create_line(bytes, origin, err);
	secret_memory_destroy(buffer, FILE_SIZE_MAX);
	return secret;
}

/* Judged by where the opened file really is, so a link cannot borrow the name. */
static bool is_mounted_secret(int fd)
{
	char link[64], path[4096];
	ssize_t len;

	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	len = readlink(link, path, sizeof(path));
	if (len < 0)
		return false;
	return str_starts((struct str){ path, (size_t)len }, STR("/run/secrets/")) ||
	       str_starts((struct str){ path, (size_t)len }, STR("/run/credentials/"));
}

bool secret_judge_file(int fd, const char *path, struct error *err)
{
	struct stat file;

	if (fstat(fd, &file) < 0)
		return error_set(err, "%s: %s", path, strerror(errno));
	if (S_ISDIR(file.st_mode))
		return error_set(err, "%s: is a directory, not a password file", path);
	if (!S_ISREG(file.st_mode) || is_mounted_secret(fd))
		return true;
	if (file.st_mode & S_IROTH)
		return error_set(err,
		                 "%s: everybody may read this password file; "
		                 "run: chmod o-rwx,g-w %s",
		                 path, path);
	if (file.st_mode & (S_IWGRP | S_IWOTH))
		return error_set(err,
		                 "%s: others may write this password file; "
		                 "run: chmod o-rwx,g-w %s",
		                 path, path);
	return true;
}

struct secret *secret_read_file(const char *path, struct error *err)
{
	struct secret *secret = NULL;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);

	if (fd < 0) {
		error_set(err, "%s: cannot open the password file: %s", path,
		          strerror(errno));
		return NULL;
	}
	/* The open must not wait for a writer, the reading must. */
	(void)fcntl(fd, F_SETFL, 0);
	if (secret_judge_file(fd, path, err))
		secret = secret_read_descriptor(fd, path, err);
	close(fd);
	return secret;
}
