/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PROBE_STATE_TEXT_H
#define PROBE_STATE_TEXT_H

#include "probe/memory.h"

enum {
	STATE_SIZE_MAX = 1024 * 1024,
	STATE_LINE_MAX = 8 * 1024,
	STATE_RECORDS_MAX = 5000,
	STATE_TARGET_MAX = 320 /* a host name, a colon and a port; or a socket's path */
};

/*
 * What a state file says: the last good login of each target. Its text is
 *
 *   check_smtp_auth state 1
 *   target mx.example:587 last good 2026-11-24T08:03:03Z verified=yes
 *
 * with the words of a trace note. Lines that begin with another keyword are of a later
 * program; they are kept as they are, so that versions can share a file.
 */
struct state {
	size_t count;
	struct state_record *records; /* one a target, the newest first */
	size_t other_count;
	struct str *others; /* lines of other kinds */
	bool sealed;        /* not ours to replace: of a newer version, or no state */
};

struct state_record {
	struct str target; /* "mx.example:587" */
	struct memory_record record;
};

/* Printable, without blanks, not longer than STATE_TARGET_MAX. */
bool state_is_target(struct str target);

/*
 * Reads the text of the file at `path`, which is only named in sentences; strings of
 * `out` point into the text and the arena. False with a sentence when something is
 * wrong; `out` holds what could be read all the same. A damaged line costs only itself.
 * Of two records of one target the newer one counts, past STATE_RECORDS_MAX of them the
 * oldest go.
 */
bool state_parse(struct state *out, struct arena *arena, const char *path,
                 struct str text, struct error *err);

/* NULL when the target is not known. */
const struct memory_record *state_find(const struct state *state, struct str target);

/* Puts a record in place of what was known of the target. */
void state_put(struct state *state, struct arena *arena, struct str target,
               const struct memory_record *record);

/*
 * Appends the text, at most STATE_SIZE_MAX bytes: lines of other kinds, then as many
 * records as fit. Returns how many did.
 */
size_t state_print(const struct state *state, struct text *out);

#endif
