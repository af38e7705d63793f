/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PROBE_GUARD_TEXT_H
#define PROBE_GUARD_TEXT_H

#include "probe/error.h"
#include "probe/guard.h"
#include "probe/guard_key.h"
#include "probe/text.h"

/* A guard and whose logins it counts, at one target. */
struct guard_record {
	struct guard_key key;
	struct guard guard;
};

enum { GUARD_TEXT_MAX = 512 };

/*
 * Appends the record as words, at most GUARD_TEXT_MAX bytes, in one line:
 *
 *   salt=HEX digest=HEX times=2 at=2026-11-24T08:03:03Z reason=bad_credentials
 *   confidence=certain refused=2026-11-24T08:02:01Z under_way=2026-11-24T08:03:13Z
 *
 * without times, at, reason and confidence when no login was refused lately. `refused`
 * and `under_way` are what counts for the window, each as often as there are such.
 */
void guard_text_print(const struct guard_record *record, struct text *out);

/* Reads that back. False with a sentence, and `out` untouched, when it is damaged. */
bool guard_text_parse(struct guard_record *out, struct str text, struct error *err);

/* The same for a trace: "suspended next=TIME times= at= reason= confidence=". */
void guard_text_print_suspension(const struct guard_suspension *suspension,
                                 struct text *out);
bool guard_text_parse_suspension(struct guard_suspension *out, struct str note);

#endif
