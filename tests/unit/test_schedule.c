/* SPDX-License-Identifier: Apache-2.0 */
#include "probe/schedule.h"

#include <stdio.h>
#include <stdlib.h>

#include "tests/unit/row.h"

enum { TARGET_MAX = 5000 };

#define DAY (86400 * USEC_PER_SEC)

static int by_time(const void *a, const void *b)
{
	usec left = *(const usec *)a, right = *(const usec *)b;

	return left < right ? -1 : left > right;
}

/* The ratio of the largest to the smallest gap on the circle of one interval. */
static double spread(const usec *sorted, size_t count, usec interval)
{
	usec smallest = interval, largest = 0;

	for (size_t i = 0; i < count; i++) {
		usec next = i + 1 < count ? sorted[i + 1] : sorted[0] + interval;
		usec gap = next - sorted[i];

		smallest = gap < smallest ? gap : smallest;
		largest = gap > largest ? gap : largest;
	}
	return smallest > 0 ? (double)largest / (double)smallest : 1e9;
}

static void insert(usec *sorted, size_t count, usec offset)
{
	size_t at = count;

	while (at > 0 && sorted[at - 1] > offset) {
		sorted[at] = sorted[at - 1];
		at--;
	}
	sorted[at] = offset;
}

static const struct {
	const char *name;
	usec interval;
} intervals[] = {
	{ "10 s", 10 * USEC_PER_SEC },  { "60 s", 60 * USEC_PER_SEC },
	{ "1 h", 3600 * USEC_PER_SEC }, { "1 day", DAY },
	{ "100 days", 100 * DAY },
};

/* schedule.c promises 2.7; a microsecond of rounding is allowed for. */
static void any_number_of_targets_is_spread_evenly(void **state)
{
	static usec sorted[TARGET_MAX];

	(void)state;
	for (size_t i = 0; i < COUNT(intervals); i++) {
		for (size_t count = 0; count < TARGET_MAX; count++) {
			usec offset = schedule_offset(count, intervals[i].interval);
			char row[48];

			snprintf(row, sizeof(row), "%s, %zu targets", intervals[i].name,
			         count + 1);
			CHECK(row, offset >= 0 && offset < intervals[i].interval);
			insert(sorted, count, offset);
			CHECK(row,
			      spread(sorted, count + 1, intervals[i].interval) < 2.71);
		}
	}
}

static void first_target_is_due_at_the_base(void **state)
{
	(void)state;
	assert_int_equal(schedule_offset(0, 10 * USEC_PER_SEC), 0);
}

static void offset_of_a_shortest_interval_lies_within(void **state)
{
	(void)state;
	for (size_t i = 0; i < TARGET_MAX; i++)
		assert_in_range(schedule_offset(i, USEC_PER_SEC / 10), 0,
		                USEC_PER_SEC / 10 - 1);
}

static void offsets_of_ten_thousand_differ(void **state)
{
	enum { MANY = 10000 };
	static usec offsets[MANY];

	(void)state;
	for (size_t i = 0; i < MANY; i++)
		offsets[i] = schedule_offset(i, 60 * USEC_PER_SEC);
	qsort(offsets, MANY, sizeof(offsets[0]), by_time);
	for (size_t i = 1; i < MANY; i++)
		assert_true(offsets[i] > offsets[i - 1]);
}

static const struct {
	const char *name;
	usec base, offset, interval, now, next;
} slots[] = {
	{ "before the first", 1000, 5, 100, 900, 1005 },
	{ "just before the first", 1000, 5, 100, 1004, 1005 },
	{ "at the first", 1000, 5, 100, 1005, 1105 },
	{ "just after the first", 1000, 5, 100, 1006, 1105 },
	{ "just before the second", 1000, 5, 100, 1104, 1105 },
	{ "at the second", 1000, 5, 100, 1105, 1205 },
	{ "after a long sleep", 1000, 5, 100, 1005 + 100 * 12345 + 99,
	  1005 + 100 * 12346 },
	{ "negative clock", -1000, 5, 100, -500, -495 },
	{ "years of days", 0, 0, DAY, 36500 * DAY, 36501 * DAY },
	{ "interval of a year", 7, 365 * DAY - 1, 365 * DAY, 365 * DAY + 6,
	  2 * 365 * DAY + 6 },
};

static void next_slot_is_the_first_later_than_now(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(slots); i++)
		CHECK_INT(slots[i].name,
		          schedule_next(slots[i].base, slots[i].offset,
		                        slots[i].interval, slots[i].now),
		          slots[i].next);
}

static void slots_never_move(void **state)
{
	const usec interval = 7 * USEC_PER_SEC, offset = schedule_offset(3, interval);

	(void)state;
	for (usec now = 0; now < 100 * interval; now += interval / 3 + 1) {
		usec next = schedule_next(0, offset, interval, now);

		assert_true(next > now && next - now <= interval);
		assert_int_equal((next - offset) % interval, 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(any_number_of_targets_is_spread_evenly),
		cmocka_unit_test(first_target_is_due_at_the_base),
		cmocka_unit_test(offset_of_a_shortest_interval_lies_within),
		cmocka_unit_test(offsets_of_ten_thousand_differ),
		cmocka_unit_test(next_slot_is_the_first_later_than_now),
		cmocka_unit_test(slots_never_move),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
