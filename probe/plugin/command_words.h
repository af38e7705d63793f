/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PROBE_PLUGIN_COMMAND_WORDS_H
#define PROBE_PLUGIN_COMMAND_WORDS_H

#include "probe/error.h"

enum { COMMAND_WORDS_MAX = 32, COMMAND_LENGTH_MAX = 4096 };

/* A program and its arguments; `argv` ends with NULL and points into `bytes`. */
struct command_words {
	char *argv[COMMAND_WORDS_MAX + 1];
	char bytes[COMMAND_LENGTH_MAX + 1];
};

/*
 * Cuts a command into words without a shell: blanks and tabs divide, what stands
 * between two ' or two " stays together, and every other character means itself. The
 * program is given by its full path. False with a sentence that does not repeat the
 * command: somebody may have given the password itself.
 */
bool command_words_split(struct command_words *out, const char *command,
                         struct error *err);

#endif
