/* SPDX-License-Identifier: Apache-2.0 */
#include "probe/plugin/private_file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "probe/secret.h"

/* One more, to see that there is more. */
enum { ROOM = PRIVATE_FILE_MAX + 1 };

static bool read_all(struct private_file *file, int fd, const char *path,
                     struct error *err)
{
	while (file->len < ROOM) {
		ssize_t got = read(fd, file->bytes + file->len, ROOM - file->len);

		if (got == 0)
			return true;
		if (got > 0)
			file->len += (size_t)got;
		else if (errno != EINTR)
			return error_set(err, "%s: cannot be read: %s", path,
			                 strerror(errno));
	}
	return error_set(err, "%s: is larger than %d bytes", path, PRIVATE_FILE_MAX);
}

static bool read_descriptor(struct private_file *out, int fd, const char *path,
                            struct error *err)
{
	out->bytes = secret_memory_create(ROOM);
	out->len = 0;
	if (read_all(out, fd, path, err))
		return true;
	private_file_forget(out);
	return false;
}

bool private_file_read(struct private_file *out, const char *path, struct error *err)
{
	bool done;
	int fd;

	if (strcmp(path, "-") == 0) {
		out->fit_for_secrets = true;
		return read_descriptor(out, STDIN_FILENO, "standard input", err);
	}
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	if (fd < 0)
		return error_set(err, "%s: cannot be opened: %s", path,
		                 strerror(errno));
	/* The open must not wait for a writer, the reading must. */
	(void)fcntl(fd, F_SETFL, 0);
	out->fit_for_secrets = secret_judge_file(fd, path, &out->objection);
	done = read_descriptor(out, fd, path, err);
	close(fd);
	return done;
}

void private_file_forget(struct private_file *file)
{
	secret_memory_destroy(file->bytes, ROOM);
	file->bytes = NULL;
	file->len = 0;
}
