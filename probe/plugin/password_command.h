/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PROBE_PLUGIN_PASSWORD_COMMAND_H
#define PROBE_PLUGIN_PASSWORD_COMMAND_H

#include "probe/plugin/command_words.h"
#include "probe/secret.h"

enum { PASSWORD_COMMAND_S = 5 };

/*
 * Runs a command whose standard output is a password, of which one trailing LF or CRLF
 * does not count. It is no shell's: the words are given as they are. Standard input and
 * standard error are /dev/null, the environment is ours.
 *
 * NULL with a sentence when it cannot be run, ends with another status than 0 or by a
 * signal, or writes no password; and when PASSWORD_COMMAND_S seconds are over or
 * SIGTERM or SIGINT arrives meanwhile, then it is killed with all its process group.
 * Nothing that the command wrote is told. No event loop may run at the same time.
 */
struct secret *password_command_run(const struct command_words *words,
                                    struct error *err);

#endif
