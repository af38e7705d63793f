/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PROBE_TIMESTAMP_H
#define PROBE_TIMESTAMP_H

#include "probe/clock.h"
#include "probe/str.h"

/* Room for a time with its NUL. */
enum { TIMESTAMP_ROOM = sizeof("2026-11-24T08:03:03Z") };

/*
 * "2026-11-24T08:03:03Z" (RFC 3339, in UTC) for microseconds since 1970; the fraction
 * of a second is dropped. Outside of the years 1970 to 9999 it is their first or last
 * second.
 */
void timestamp_print(char *out, size_t room, usec at);

/* How long: "45 s", "14 min", "3 h" or "5 d", rounded down; not below 0 s. */
void timestamp_print_span(char *out, size_t room, usec span);

/* Takes what timestamp_print() prints; false when it has not exactly this form. */
bool timestamp_take(usec *out, struct str *rest);

#endif
