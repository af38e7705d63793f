/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PROBE_NOTE_H
#define PROBE_NOTE_H

#include "probe/clock.h"
#include "probe/str.h"

/*
 * The facts behind the words of our own events in a trace: `key=value` or
 * `key="value"`, one blank between. In order, never by searching: a value may hold
 * words that look like other facts.
 */
bool note_take_fact(struct str *key, struct str *value, struct str *rest);

/* "0.012345", seconds to microseconds; false when it is no such number. */
bool note_take_seconds(usec *out, struct str value);

/* Decimal digits and nothing else, at most UINT64_MAX. */
bool note_take_count(unsigned long long *out, struct str value);

#endif
