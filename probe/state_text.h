/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PROBE_STATE_TEXT_H
#define PROBE_STATE_TEXT_H

#include "probe/guard_text.h"
#include "probe/memory.h"

enum {
	STATE_SIZE_MAX = 1024 * 1024,
	STATE_LINE_MAX = 8 * 1024,
	STATE_RECORDS_MAX = 5000,
	STATE_GUARDS_MAX = 500,
	STATE_TARGET_MAX = 320 /* a host name, a colon and a port; or a socket's path */
};

/*
 * What a state file says: the last good login of each target, and which logins to one
 * are guarded. Its text is
 *
 *   check_smtp_auth state 1
 *   guard mx.example:587 salt=HEX digest=HEX refused=2026-11-24T08:03:03Z
 *   target mx.example:587 last good 2026-11-24T08:03:03Z verified=yes
 *
 * with the words of a trace note. Lines that begin with another keyword are of a later
 * program; they are kept as they are, so that versions can share a file.
 */
struct state {
	size_t count;
	struct state_record *records; /* one a target, the newest first */
	size_t guard_count;
	struct state_guard *guards; /* in the order of the text */
	size_t other_count;
	struct str *others; /* lines of other kinds */
	bool sealed;        /* not ours to replace: of a newer version, or no state */
};

struct state_record {
	struct str target; /* "mx.example:587" */
	struct memory_record record;
};

struct state_guard {
	struct str target;
	struct guard_record record;
};

/* Printable, without blanks, not longer than STATE_TARGET_MAX. */
bool state_is_target(struct str target);

/*
 * Reads the text of the file at `path`, which is only named in sentences; strings of
 * `out` point into the text and the arena. False with a sentence when something is
 * wrong; `out` holds what could be read all the same. A damaged line costs only itself.
 * Of two records of one target the newer one counts, past STATE_RECORDS_MAX of them the
 * oldest go; of guards the first STATE_GUARDS_MAX count.
 */
bool state_parse(struct state *out, struct arena *arena, const char *path,
                 struct str text, struct error *err);

/* NULL when the target is not known. */
const struct memory_record *state_find(const struct state *state, struct str target);

/* Puts a record in place of what was known of the target. */
void state_put(struct state *state, struct arena *arena, struct str target,
               const struct memory_record *record);

/* The guard of this user's logins to the target with this secret; NULL: there is none.
 */
struct guard *state_find_guard(const struct state *state, struct str target,
                               struct str user, struct str secret);

/* Adds a guard in front; past STATE_GUARDS_MAX the last one goes. */
struct guard *state_add_guard(struct state *state, struct arena *arena,
                              struct str target, const struct guard_key *key);

/* Forgets of all guards what no longer counts. True when one had a time to mend. */
bool state_refresh_guards(struct state *state, usec now);

/*
 * Appends the text, at most STATE_SIZE_MAX bytes: the guards that are not empty, lines
 * of other kinds, then as many records as fit. Returns how many did.
 */
size_t state_print(const struct state *state, struct text *out);

#endif
