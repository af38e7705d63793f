/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PROBE_PLUGIN_PRIVATE_FILE_H
#define PROBE_PLUGIN_PRIVATE_FILE_H

#include <stddef.h>

#include "probe/error.h"

/* What a file of ours may have that can hold a password among other things. */
enum { PRIVATE_FILE_MAX = 65536 };

/* All of it, in memory like a secret's. */
struct private_file {
	char *bytes;
	size_t len;
	bool fit_for_secrets;
	struct error objection; /* why it is not */
};

/*
 * Reads `path`; "-" is standard input, which is fit. False with a sentence when that
 * cannot be done or the file is larger than PRIVATE_FILE_MAX. Whether it is fit for
 * secrets, by the rules for password files, is told but not enforced.
 */
bool private_file_read(struct private_file *out, const char *path, struct error *err);

/* Wipes what was read. */
void private_file_forget(struct private_file *file);

#endif
