/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PROBE_STATE_FILE_H
#define PROBE_STATE_FILE_H

#include "probe/state_text.h"

enum { STATE_FILE_WAIT_S = 1 };

/*
 * Reads what is known of the targets. False with a sentence when something is wrong;
 * `out` holds what could be read all the same. A file that does not exist is no fault.
 *
 * Refused, and `out` sealed: what is no regular file, belongs to another user, can be
 * written by group or others (they could plant records), or is larger than
 * STATE_SIZE_MAX.
 */
bool state_file_load(struct state *out, struct arena *arena, const char *path,
                     struct error *err);

/*
 * Changes `state`; what it adds may live in the arena. The file is left as it is when
 * this returns false: without a sentence nothing was to be changed, with one it could
 * not be.
 */
typedef bool state_change(void *owner, struct state *state, struct arena *arena,
                          struct error *err);

/*
 * Lets `change` see and change what the file says. Other processes may do the same at
 * once: each waits for the others, STATE_FILE_WAIT_S seconds at most. The file is
 * replaced as a whole, so that a crash leaves the old one or the new one. False with a
 * sentence, and the file as it was, when that cannot be done or the file is not to be
 * replaced. Damaged lines are dropped without a word: loading tells of them.
 */
bool state_file_change(const char *path, state_change *change, void *owner,
                       struct error *err);

/* Puts one record in place of what the file knew of the target, in that way. */
bool state_file_save(const char *path, const char *target,
                     const struct memory_record *record, struct error *err);

#endif
