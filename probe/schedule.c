/* SPDX-License-Identifier: Apache-2.0 */
#include "probe/schedule.h"

/*
 * Multiples of the golden ratio, without their whole part, fall into the largest
 * gap every time (three-gap theorem): no two neighbours are ever more than 2.7
 * times as far apart as two others. Fixed point with 32 bits.
 */
static const uint64_t GOLDEN_FRACTION = 2654435769u;

usec schedule_offset(size_t index, usec interval)
{
	uint64_t fraction = (uint64_t)index * GOLDEN_FRACTION & 0xffffffffu;

	return (usec)((double)interval * (double)fraction / 4294967296.0);
}

usec schedule_next(usec base, usec offset, usec interval, usec now)
{
	usec first = base + offset;

	if (now < first)
		return first;
	return first + ((now - first) / interval + 1) * interval;
}
