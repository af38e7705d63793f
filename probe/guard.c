/* SPDX-License-Identifier: Apache-2.0 */
#include "probe/guard.h"

static usec seconds(int count)
{
	return count * USEC_PER_SEC;
}

static usec round_up(usec at)
{
	return (at + USEC_PER_SEC - 1) / USEC_PER_SEC * USEC_PER_SEC;
}

/* How long the login rests after so many refusals in a row. */
static usec rest_after(unsigned times)
{
	usec rest = seconds(GUARD_AGAIN_S);

	if (times < 2)
		return seconds(GUARD_CONFIRM_S);
	while (times-- > 2 && rest < seconds(GUARD_LONGEST_S))
		rest *= 2;
	return rest;
}

static usec later(usec a, usec b)
{
	return a > b ? a : b;
}

/* The attempt that leaves the window first; there is one. */
static size_t oldest(const struct guard *guard)
{
	size_t found = 0;

	for (size_t i = 1; i < guard->count; i++)
		if (guard->attempts[i].at < guard->attempts[found].at)
			found = i;
	return found;
}

usec guard_next_try(const struct guard *guard)
{
	const usec window = seconds(GUARD_WINDOW_S);
	usec next = 0;

	if (guard->count == GUARD_REFUSALS_MAX)
		next = guard->attempts[oldest(guard)].at + window;
	if (guard->last.times == 0)
		return next;
	/* One at a time confirms a refusal. */
	for (size_t i = 0; i < guard->count; i++)
		if (guard->attempts[i].under_way)
			next = later(next, guard->attempts[i].at + window);
	return later(next, guard->last.at + rest_after(guard->last.times));
}

bool guard_may_log_in(const struct guard *guard, usec now)
{
	return now >= guard_next_try(guard);
}

static void take_out(struct guard *guard, size_t index)
{
	guard->attempts[index] = guard->attempts[--guard->count];
	guard->attempts[guard->count] = (struct guard_attempt){ 0 };
}

static void put_in(struct guard *guard, usec at, bool under_way)
{
	if (guard->count == GUARD_REFUSALS_MAX)
		take_out(guard, oldest(guard));
	guard->attempts[guard->count++] = (struct guard_attempt){ at, under_way };
}

usec guard_begin(struct guard *guard, usec now, usec until)
{
	if (!guard_may_log_in(guard, now))
		return 0;
	put_in(guard, round_up(until), true);
	return round_up(until);
}

static void forget_begun(struct guard *guard, usec mark)
{
	for (size_t i = 0; i < guard->count; i++) {
		if (!guard->attempts[i].under_way || guard->attempts[i].at != mark)
			continue;
		take_out(guard, i);
		return;
	}
}

static void count_refusal(struct guard *guard, const struct guard_refusal *why,
                          usec now)
{
	unsigned times = guard->last.times;

	guard->last = *why;
	guard->last.times = times < GUARD_TIMES_MAX ? times + 1 : times;
	guard->last.at = round_up(now);
	put_in(guard, guard->last.at, false);
}

void guard_end(struct guard *guard, usec mark, enum guard_outcome outcome,
               const struct guard_refusal *why, usec now)
{
	forget_begun(guard, mark);
	if (outcome == GUARD_REFUSED)
		count_refusal(guard, why, now);
	else if (outcome == GUARD_ACCEPTED)
		guard->last = (struct guard_refusal){ 0 };
}

static bool bring_back(usec *at, usec latest)
{
	bool ahead = *at > latest;

	if (ahead)
		*at = latest;
	return ahead;
}

bool guard_refresh(struct guard *guard, usec now)
{
	usec latest = round_up(now);
	bool mended = bring_back(&guard->last.at, latest);

	for (size_t i = guard->count; i-- > 0;) {
		struct guard_attempt *attempt = &guard->attempts[i];
		usec longest = attempt->under_way ? seconds(GUARD_TRY_MAX_S) : 0;

		mended |= bring_back(&attempt->at, latest + longest);
		if (attempt->at + seconds(GUARD_WINDOW_S) <= now)
			take_out(guard, i);
	}
	if (guard->last.at + seconds(GUARD_KEPT_S) <= now)
		guard->last = (struct guard_refusal){ 0 };
	return mended;
}

bool guard_is_empty(const struct guard *guard)
{
	return guard->count == 0 && guard->last.times == 0;
}
