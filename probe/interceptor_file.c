/* SPDX-License-Identifier: Apache-2.0 */
#include "probe/interceptor_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* With a byte to see that there is more. */
enum { READ_MAX = INTERCEPTOR_TEXT_MAX + 1 };

static bool check_regular(int fd, const char *path, struct error *err)
{
	struct stat file;

	if (fstat(fd, &file) < 0)
		return error_set(err, "%s: %s", path, strerror(errno));
	if (S_ISDIR(file.st_mode))
		return error_set(err, "%s: is a directory, not a list of interceptors",
		                 path);
	if (!S_ISREG(file.st_mode))
		return error_set(err,
		                 "%s: is no regular file; name a list of "
		                 "interceptors",
		                 path);
	return true;
}

static bool read_all(char *buffer, size_t *len, int fd, const char *path,
                     struct error *err)
{
	*len = 0;
	while (*len < READ_MAX) {
		ssize_t got = read(fd, buffer + *len, READ_MAX - *len);

		if (got == 0)
			return true;
		if (got > 0)
			*len += (size_t)got;
		else if (errno != EINTR)
			return error_set(err,
			                 "%s: cannot read the list of interceptors: %s",
			                 path, strerror(errno));
	}
	return true;
}

static const struct interceptor_table *
read_descriptor(struct arena *arena, int fd, const char *path, struct error *damage)
{
	const struct interceptor_table *table = NULL;
	char *buffer = memory_take(READ_MAX);
	size_t len;

	if (read_all(buffer, &len, fd, path, damage)) {
		const char *kept = arena_copy(arena, (struct str){ buffer, len });

		table = interceptor_table_read(arena, (struct str){ kept, len }, path,
		                               damage);
	}
	free(buffer);
	return table;
}

const struct interceptor_table *
interceptor_file_read(struct arena *arena, const char *path, struct error *damage)
{
	const struct interceptor_table *table = NULL;
	/* Not to wait for the writer of a pipe, which is refused in the end. */
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);

	if (fd < 0) {
		error_set(damage, "%s: cannot open the list of interceptors: %s", path,
		          strerror(errno));
		return NULL;
	}
	if (check_regular(fd, path, damage))
		table = read_descriptor(arena, fd, path, damage);
	close(fd);
	return table;
}
