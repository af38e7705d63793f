/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PROBE_SCHEDULE_H
#define PROBE_SCHEDULE_H

#include <stddef.h>

#include "probe/clock.h"

/*
 * When periodic targets are due. Pure: no clock is read here.
 *
 * A target's slots are `base + offset + k * interval`. Offsets are handed out so
 * that any number of targets is spread evenly, whatever the order and the time in
 * which they are added, and a slot never moves: a late or long run delays nothing
 * but itself.
 */

/* Offset of the index-th target, from 0 up to but not including `interval`. */
usec schedule_offset(size_t index, usec interval);

/* The first slot later than `now`. */
usec schedule_next(usec base, usec offset, usec interval, usec now);

#endif
