/* SPDX-License-Identifier: Apache-2.0 */
#include "probe/guard.h"

#include <stdio.h>
#include <stdlib.h>

#include "tests/unit/row.h"

#define S    USEC_PER_SEC
#define MIN  (60 * S)
#define HOUR (60 * MIN)
#define NOON (1000000 * HOUR) /* a whole second */
#define TRY  (10 * S)         /* how long a login may take */

static const struct guard_refusal bad = { .reason = REASON_BAD_CREDENTIALS,
	                                  .confidence = CONFIDENCE_CERTAIN };
static const struct guard_refusal busy = { .reason = REASON_TOO_MANY_ATTEMPTS,
	                                   .confidence = CONFIDENCE_LIKELY };

/* A login that begins and ends at once. */
static void log_in(struct guard *guard, usec now, enum guard_outcome outcome)
{
	usec mark = guard_begin(guard, now, now + TRY);

	assert_true(mark > 0);
	guard_end(guard, mark, outcome, &bad, now);
}

static void check_free_from(const struct guard *guard, usec next)
{
	assert_int_equal(guard_next_try(guard), next);
	assert_false(guard_may_log_in(guard, next - 1));
	assert_true(guard_may_log_in(guard, next));
}

static void nothing_known_is_free(void **state)
{
	struct guard guard = { 0 };

	(void)state;
	assert_int_equal(guard_next_try(&guard), 0);
	assert_true(guard_may_log_in(&guard, 0));
	assert_true(guard_is_empty(&guard));
}

/* DESIGN: one confirming login after 60 s, then 30 min doubling to 4 h. */
static void intervals_grow(void **state)
{
	static const usec rests[] = { MIN,      30 * MIN, HOUR,    2 * HOUR,
		                      4 * HOUR, 4 * HOUR, 4 * HOUR };
	struct guard guard = { 0 };
	usec now = NOON;

	(void)state;
	for (size_t i = 0; i < COUNT(rests); i++) {
		log_in(&guard, now, GUARD_REFUSED);
		assert_int_equal(guard.last.times, i + 1);
		assert_int_equal(guard.last.at, now);
		check_free_from(&guard, now + rests[i]);
		assert_int_equal(guard_begin(&guard, now + rests[i] - 1, now + HOUR),
		                 0);
		now += rests[i];
		guard_refresh(&guard, now);
	}
}

static void rest_stays_the_longest(void **state)
{
	static const unsigned times[] = {
		5, 6, 63, 64, 65, GUARD_TIMES_MAX - 1, GUARD_TIMES_MAX
	};

	(void)state;
	for (size_t i = 0; i < COUNT(times); i++) {
		struct guard guard = { .last = { .times = times[i], .at = NOON } };

		check_free_from(&guard, NOON + 4 * HOUR);
	}
}

static void counting_has_an_end(void **state)
{
	struct guard guard = { .last = { .times = GUARD_TIMES_MAX - 1, .at = NOON } };

	(void)state;
	log_in(&guard, NOON + 4 * HOUR, GUARD_REFUSED);
	assert_int_equal(guard.last.times, GUARD_TIMES_MAX);
	log_in(&guard, NOON + 8 * HOUR, GUARD_REFUSED);
	assert_int_equal(guard.last.times, GUARD_TIMES_MAX);
	assert_int_equal(guard.last.at, NOON + 8 * HOUR);
}

static void last_verdict_is_kept(void **state)
{
	struct guard guard = { 0 };
	usec mark;

	(void)state;
	log_in(&guard, NOON, GUARD_REFUSED);
	assert_int_equal(guard.last.reason, REASON_BAD_CREDENTIALS);
	assert_int_equal(guard.last.confidence, CONFIDENCE_CERTAIN);
	mark = guard_begin(&guard, NOON + MIN, NOON + MIN + TRY);
	guard_end(&guard, mark, GUARD_REFUSED, &busy, NOON + MIN);
	assert_int_equal(guard.last.reason, REASON_TOO_MANY_ATTEMPTS);
	assert_int_equal(guard.last.confidence, CONFIDENCE_LIKELY);
	assert_int_equal(guard.last.times, 2);
}

static void success_ends_it_at_once(void **state)
{
	struct guard guard = { 0 };

	(void)state;
	log_in(&guard, NOON, GUARD_REFUSED);
	log_in(&guard, NOON + MIN, GUARD_ACCEPTED);
	assert_int_equal(guard.last.times, 0);
	assert_int_equal(guard.last.at, 0);
	assert_int_equal(guard.last.reason, REASON_NONE);
	assert_int_equal(guard_next_try(&guard), 0);
	/* It begins anew, from 60 s. */
	guard_refresh(&guard, NOON + 2 * HOUR);
	log_in(&guard, NOON + 2 * HOUR, GUARD_REFUSED);
	check_free_from(&guard, NOON + 2 * HOUR + MIN);
}

/* The server may count on, though a login in between was good. */
static void refusals_before_a_success_stay_in_the_window(void **state)
{
	struct guard guard = { 0 };

	(void)state;
	log_in(&guard, NOON, GUARD_REFUSED);
	log_in(&guard, NOON + MIN, GUARD_ACCEPTED);
	assert_false(guard_is_empty(&guard));
	log_in(&guard, NOON + 2 * MIN, GUARD_REFUSED);
	assert_int_equal(guard.last.times, 1);
	check_free_from(&guard, NOON + 30 * MIN);
}

static void what_is_not_judged_changes_nothing(void **state)
{
	struct guard guard = { 0 };

	(void)state;
	log_in(&guard, NOON, GUARD_UNJUDGED);
	assert_true(guard_is_empty(&guard));
	log_in(&guard, NOON, GUARD_REFUSED);
	log_in(&guard, NOON + MIN, GUARD_UNJUDGED);
	assert_int_equal(guard.last.times, 1);
	check_free_from(&guard, NOON + MIN);
}

/* ---- many at once ---- */

static void two_may_begin_a_third_may_not(void **state)
{
	struct guard guard = { 0 };
	usec first, second;

	(void)state;
	first = guard_begin(&guard, NOON, NOON + TRY);
	second = guard_begin(&guard, NOON, NOON + 2 * TRY);
	assert_int_equal(first, NOON + TRY);
	assert_int_equal(second, NOON + 2 * TRY);
	assert_int_equal(guard_begin(&guard, NOON, NOON + TRY), 0);
	/* The first one counts until half an hour after it must have ended. */
	check_free_from(&guard, NOON + TRY + 30 * MIN);
	guard_end(&guard, second, GUARD_ACCEPTED, NULL, NOON + S);
	assert_int_equal(guard.count, 1);
	assert_int_equal(guard.attempts[0].at, first);
	assert_true(guard_may_log_in(&guard, NOON + S));
	guard_end(&guard, first, GUARD_ACCEPTED, NULL, NOON + S);
	assert_true(guard_is_empty(&guard));
}

static void both_refused_is_two_refusals(void **state)
{
	struct guard guard = { 0 };
	usec first = guard_begin(&guard, NOON, NOON + TRY);
	usec second = guard_begin(&guard, NOON, NOON + TRY);

	(void)state;
	guard_end(&guard, first, GUARD_REFUSED, &bad, NOON + S);
	assert_int_equal(guard.last.times, 1);
	/* The other one still confirms it, so no third may. */
	check_free_from(&guard, NOON + TRY + 30 * MIN);
	guard_end(&guard, second, GUARD_REFUSED, &bad, NOON + 2 * S);
	assert_int_equal(guard.last.times, 2);
	check_free_from(&guard, NOON + 2 * S + 30 * MIN);
}

static void one_alone_confirms(void **state)
{
	struct guard guard = { 0 };
	usec later = NOON + MIN + 31 * MIN, mark;

	(void)state;
	log_in(&guard, NOON, GUARD_REFUSED);
	log_in(&guard, NOON + MIN, GUARD_REFUSED);
	guard_refresh(&guard, later);
	assert_int_equal(guard.count, 0);
	mark = guard_begin(&guard, later, later + TRY);
	assert_true(mark > 0);
	assert_int_equal(guard_begin(&guard, later, later + TRY), 0);
	check_free_from(&guard, later + TRY + 30 * MIN);
	/* Its end is told by nobody: after its time the next one may. */
	guard_refresh(&guard, later + TRY + 30 * MIN);
	assert_int_equal(guard.count, 0);
	assert_int_equal(guard.last.times, 2);
}

static void mark_is_of_one_that_is_under_way(void **state)
{
	struct guard guard = { .count = 1, .attempts = { { NOON + TRY, false } } };

	(void)state;
	guard_end(&guard, NOON + TRY, GUARD_UNJUDGED, NULL, NOON);
	assert_int_equal(guard.count, 1);
	guard_end(&guard, NOON, GUARD_UNJUDGED, NULL, NOON);
	assert_int_equal(guard.count, 1);
}

static void equal_marks_are_taken_one_by_one(void **state)
{
	struct guard guard = { 0 };
	usec mark = guard_begin(&guard, NOON, NOON + TRY);

	(void)state;
	assert_int_equal(guard_begin(&guard, NOON, NOON + TRY), mark);
	guard_end(&guard, mark, GUARD_UNJUDGED, NULL, NOON);
	assert_int_equal(guard.count, 1);
	assert_int_equal(guard.attempts[1].at, 0);
	assert_false(guard.attempts[1].under_way);
}

/* Somebody deleted the line and others began meanwhile: the newest two count. */
static void refusal_without_a_place_takes_the_oldest(void **state)
{
	struct guard guard = { 0 };

	(void)state;
	guard_begin(&guard, NOON + S, NOON + S + TRY);
	guard_begin(&guard, NOON, NOON + TRY);
	guard_end(&guard, NOON - HOUR, GUARD_REFUSED, &bad, NOON + MIN);
	assert_int_equal(guard.count, 2);
	for (size_t i = 0; i < 2; i++)
		assert_true(guard.attempts[i].at != NOON + TRY);
	assert_int_equal(guard.last.times, 1);
}

/* ---- time ---- */

static void times_are_whole_seconds_and_never_early(void **state)
{
	struct guard guard = { 0 };

	(void)state;
	assert_int_equal(guard_begin(&guard, NOON, NOON + 1), NOON + S);
	guard_end(&guard, NOON + S, GUARD_REFUSED, &bad, NOON + 1);
	assert_int_equal(guard.last.at, NOON + S);
	assert_int_equal(guard.attempts[0].at, NOON + S);
	guard = (struct guard){ 0 };
	log_in(&guard, NOON, GUARD_REFUSED);
	assert_int_equal(guard.last.at, NOON);
}

static void old_news_is_forgotten(void **state)
{
	struct guard guard = { 0 };

	(void)state;
	log_in(&guard, NOON, GUARD_REFUSED);
	assert_false(guard_refresh(&guard, NOON + 30 * MIN - 1));
	assert_int_equal(guard.count, 1);
	assert_false(guard_refresh(&guard, NOON + 30 * MIN));
	assert_int_equal(guard.count, 0);
	assert_false(guard_refresh(&guard, NOON + 24 * HOUR - 1));
	assert_int_equal(guard.last.times, 1);
	assert_false(guard_is_empty(&guard));
	assert_false(guard_refresh(&guard, NOON + 24 * HOUR));
	assert_int_equal(guard.last.times, 0);
	assert_int_equal(guard.last.reason, REASON_NONE);
	assert_true(guard_is_empty(&guard));
}

static void only_what_is_old_is_forgotten(void **state)
{
	struct guard guard = { 0 };

	(void)state;
	log_in(&guard, NOON, GUARD_REFUSED);
	log_in(&guard, NOON + 2 * MIN, GUARD_REFUSED);
	guard_refresh(&guard, NOON + 31 * MIN);
	assert_int_equal(guard.count, 1);
	assert_int_equal(guard.attempts[0].at, NOON + 2 * MIN);
	assert_int_equal(guard.attempts[1].at, 0);
}

/* A clock that was ahead by a year must not suspend a login for a year. */
static void clock_set_back_is_made_good(void **state)
{
	const usec ahead = NOON + 365 * 24 * HOUR;
	struct guard guard = { 0 };

	(void)state;
	log_in(&guard, ahead, GUARD_REFUSED);
	assert_true(guard_begin(&guard, ahead + MIN, ahead + MIN + TRY) > 0);
	assert_true(guard_refresh(&guard, NOON + 1));
	assert_int_equal(guard.last.at, NOON + S);
	assert_int_equal(guard.attempts[0].at, NOON + S);
	assert_int_equal(guard.attempts[1].at, NOON + S + GUARD_TRY_MAX_S * S);
	assert_int_equal(guard.last.times, 1);
	assert_false(guard_refresh(&guard, NOON + 1));
	assert_false(guard_refresh(&guard, NOON + S));
}

static void each_time_ahead_is_told(void **state)
{
	const usec latest = NOON + S, longest = latest + GUARD_TRY_MAX_S * S;
	const struct {
		struct guard guard;
		bool mended;
	} rows[] = {
		{ { .last = { .times = 1, .at = latest } }, false },
		{ { .last = { .times = 1, .at = latest + 1 } }, true },
		{ { .count = 1, .attempts = { { latest, false } } }, false },
		{ { .count = 1, .attempts = { { latest + 1, false } } }, true },
		{ { .count = 1, .attempts = { { longest, true } } }, false },
		{ { .count = 1, .attempts = { { longest + 1, true } } }, true },
		{ { .count = 2,
		    .attempts = { { latest, false }, { latest + 1, false } } },
		  true },
		{ { .count = 2,
		    .attempts = { { latest + 1, false }, { latest, false } } },
		  true },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct guard guard = rows[i].guard;
		char name[16];

		snprintf(name, sizeof(name), "%zu", i);
		CHECK_INT(name, guard_refresh(&guard, NOON + 1), rows[i].mended);
		CHECK_INT(name, guard.count, (long long)rows[i].guard.count);
	}
}

/* ---- any schedule ---- */

enum { RUNS = 400, STEPS = 400, MANY = 5, REFUSALS = 2 * STEPS };

/* Probes that know nothing of each other but the guard. */
struct world {
	struct guard guard;
	usec now;
	struct {
		usec mark, until;
	} flights[MANY];
	usec refused[REFUSALS]; /* when the server said no */
	size_t refused_count;
	unsigned begun, suspended;
};

static usec chance(usec most)
{
	return (usec)(((uint64_t)random() << 31 | (uint64_t)random()) %
	              ((uint64_t)most + 1));
}

static int by_time(const void *a, const void *b)
{
	usec left = *(const usec *)a, right = *(const usec *)b;

	return left < right ? -1 : left > right;
}

static void end_flight(struct world *world, size_t i)
{
	static const enum guard_outcome outcomes[] = { GUARD_REFUSED, GUARD_REFUSED,
		                                       GUARD_ACCEPTED, GUARD_UNJUDGED };
	enum guard_outcome outcome = outcomes[chance(COUNT(outcomes) - 1)];
	bool killed = chance(19) == 0;

	if (outcome == GUARD_REFUSED)
		world->refused[world->refused_count++] = world->now;
	if (!killed)
		guard_end(&world->guard, world->flights[i].mark, outcome, &bad,
		          world->now);
	world->flights[i].mark = 0;
}

/* No login is longer than it may be: the next event is not behind its end. */
static void pass_time(struct world *world)
{
	static const usec paces[] = { S / 3, 7 * S, MIN, 20 * MIN, 3 * HOUR };
	usec then = world->now + chance(paces[chance(COUNT(paces) - 1)]);

	for (size_t i = 0; i < MANY; i++)
		if (world->flights[i].mark && world->flights[i].until < then)
			then = world->flights[i].until;
	world->now = then;
	for (size_t i = 0; i < MANY; i++)
		if (world->flights[i].mark && world->flights[i].until == then)
			end_flight(world, i);
}

static void begin_flight(struct world *world, size_t i)
{
	usec until = world->now + chance(chance(9) ? TRY : HOUR);
	usec mark = guard_begin(&world->guard, world->now, until);

	world->suspended += mark == 0;
	world->begun += mark != 0;
	world->flights[i].mark = mark;
	world->flights[i].until = until;
}

static void run_world(struct world *world)
{
	for (int step = 0; step < STEPS; step++) {
		size_t i = (size_t)chance(MANY - 1);

		pass_time(world);
		if (chance(1))
			guard_refresh(&world->guard, world->now);
		if (world->flights[i].mark)
			end_flight(world, i);
		else
			begin_flight(world, i);
	}
}

static void never_more_than_two_refusals_in_half_an_hour(void **state)
{
	unsigned begun = 0, suspended = 0;
	size_t refused = 0;

	(void)state;
	for (unsigned run = 0; run < RUNS; run++) {
		struct world world = { .now = NOON + run };

		srandom(run);
		run_world(&world);
		qsort(world.refused, world.refused_count, sizeof(usec), by_time);
		for (size_t i = 2; i < world.refused_count; i++)
			if (world.refused[i] - world.refused[i - 2] < 30 * MIN)
				fail_msg("run %u: three refusals in %lld us", run,
				         (long long)(world.refused[i] -
				                     world.refused[i - 2]));
		/* Whatever happened, it is free again at the latest then. */
		assert_true(guard_next_try(&world.guard) <= world.now + 4 * HOUR + S);
		begun += world.begun;
		suspended += world.suspended;
		refused += world.refused_count;
	}
	/* The schedules do try both. */
	assert_in_range(begun, RUNS * STEPS / 20, RUNS * STEPS);
	assert_in_range(suspended, RUNS * STEPS / 20, RUNS * STEPS);
	assert_in_range(refused, RUNS * STEPS / 40, RUNS * STEPS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_known_is_free),
		cmocka_unit_test(intervals_grow),
		cmocka_unit_test(rest_stays_the_longest),
		cmocka_unit_test(counting_has_an_end),
		cmocka_unit_test(last_verdict_is_kept),
		cmocka_unit_test(success_ends_it_at_once),
		cmocka_unit_test(refusals_before_a_success_stay_in_the_window),
		cmocka_unit_test(what_is_not_judged_changes_nothing),
		cmocka_unit_test(two_may_begin_a_third_may_not),
		cmocka_unit_test(both_refused_is_two_refusals),
		cmocka_unit_test(one_alone_confirms),
		cmocka_unit_test(mark_is_of_one_that_is_under_way),
		cmocka_unit_test(equal_marks_are_taken_one_by_one),
		cmocka_unit_test(refusal_without_a_place_takes_the_oldest),
		cmocka_unit_test(times_are_whole_seconds_and_never_early),
		cmocka_unit_test(old_news_is_forgotten),
		cmocka_unit_test(only_what_is_old_is_forgotten),
		cmocka_unit_test(clock_set_back_is_made_good),
		cmocka_unit_test(each_time_ahead_is_told),
		cmocka_unit_test(never_more_than_two_refusals_in_half_an_hour),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
