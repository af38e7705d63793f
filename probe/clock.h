/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PROBE_CLOCK_H
#define PROBE_CLOCK_H

#include <stdint.h>

/* Microseconds: a point in time or a duration, always signed. */
typedef int64_t usec;

#define USEC_PER_SEC  ((usec)1000000)
#define USEC_PER_MSEC ((usec)1000)

/* A clock that never jumps, for durations. */
usec clock_now(void);

/* Time since 1970-01-01 UTC, for people. */
usec clock_wall(void);

#endif
