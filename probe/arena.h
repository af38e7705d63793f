/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PROBE_ARENA_H
#define PROBE_ARENA_H

#include "probe/error.h"
#include "probe/str.h"

/*
 * Memory that is given back all at once. One owner, one destroy; nothing taken
 * from an arena is freed alone. Out of memory ends the process with a line on
 * stderr: sound, because whatever a peer can make grow is capped before it
 * reaches here.
 */
struct arena;

struct arena *arena_create(void);
void arena_destroy(struct arena *arena); /* NULL is fine */

/* Zeroed, aligned for any type. */
void *arena_take(struct arena *arena, size_t size);

/* NUL-terminated copies. */
char *arena_copy(struct arena *arena, struct str text);
char *arena_print(struct arena *arena, const char *format, ...) PRINTF_LIKE(2, 3);

/*
 * Zeroed memory outside of any arena, for what comes and goes by itself; given back
 * with free(). Never NULL, as above.
 */
void *memory_take(size_t size);

/* Bytes the arena holds from the system. */
size_t arena_size(const struct arena *arena);

#endif
