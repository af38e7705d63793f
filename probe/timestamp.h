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

/* Takes the same from `rest`. False when that is no time in exactly this form. */
bool timestamp_take(usec *out, struct str *rest);

#endif
