/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PROBE_GUARD_FILE_H
#define PROBE_GUARD_FILE_H

#include "probe/login_guard.h"

enum { GUARD_FILE_WAIT_S = 5 };

/*
 * A guard that is kept in a state file, so that it lasts from one process to the next
 * and many at once count together: a login stands in the file before it begins. When
 * as many are under way as may be refused, a further one waits for them,
 * GUARD_FILE_WAIT_S seconds at most. What cannot be written is not counted; then a
 * login is suspended only if a guard that can be read says so. `path` is copied to the
 * arena.
 */
struct login_guard guard_file(const char *path, struct arena *arena);

#endif
