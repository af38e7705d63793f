/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>

#include "tests/bench/bench.h"
#include "tests/bench/measure.h"

enum { BUCKETS_PER_INTERVAL = 100 };

struct series {
	struct samples slots, starts, late;
	size_t succeeded, done, overlaps;
};

struct member {
	struct series *series;
	struct smtp_probe_target *target;
	struct smtp_probe_periodic *periodic;
	double ended; /* when its latest run was over */
};

/* The slot that it tells is that of the latest run, which is the one that ends here. */
static void on_done(void *owner, struct smtp_probe_result *result)
{
	struct member *member = owner;
	struct series *series = member->series;
	double started = smtp_probe_started(result);
	double slot = smtp_probe_periodic_slot(member->periodic);

	series->done++;
	series->succeeded += smtp_probe_success(result);
	series->overlaps += started < member->ended;
	member->ended = started + smtp_probe_duration(result);
	samples_add(&series->slots, slot);
	samples_add(&series->starts, started);
	samples_add(&series->late, started - slot);
	smtp_probe_result_release(result);
}

static void on_end(uv_timer_t *timer)
{
	uv_stop(timer->loop);
}

static void print_gaps(const char *name, struct samples *moments)
{
	double longest = 0, mean;

	samples_sort(moments);
	for (size_t i = 1; i < moments->count; i++) {
		double gap = moments->list[i] - moments->list[i - 1];

		longest = gap > longest ? gap : longest;
	}
	mean = (samples_at(moments, 1) - samples_at(moments, 0)) /
	       (double)(moments->count - 1);
	printf("%s_gap_mean %.6f\n", name, mean);
	printf("%s_gap_max %.6f\n", name, longest);
}

/* Starts in each hundredth of an interval, the cut-off ones at both ends left out. */
static void print_buckets(const struct samples *starts, double interval)
{
	struct samples buckets = { 0 };
	double width = interval / BUCKETS_PER_INTERVAL, first = samples_at(starts, 0);
	size_t count = 0, number = 0;

	for (size_t i = 0; i < starts->count; i++) {
		while (starts->list[i] >= first + width * (double)(number + 1)) {
			samples_add(&buckets, (double)count);
			number++;
			count = 0;
		}
		count++;
	}
	samples_sort(&buckets);
	printf("bucket_min %.0f\n", samples_at(&buckets, 0));
	printf("bucket_max %.0f\n", samples_at(&buckets, 1));
	samples_free(&buckets);
}

static void print_series(struct series *series, double interval)
{
	samples_sort(&series->late);
	printf("done %zu\n", series->done);
	printf("succeeded %zu\n", series->succeeded);
	printf("overlaps %zu\n", series->overlaps);
	printf("late_min %.6f\n", samples_at(&series->late, 0));
	printf("late_p50 %.6f\n", samples_at(&series->late, 0.50));
	printf("late_p99 %.6f\n", samples_at(&series->late, 0.99));
	printf("late_max %.6f\n", samples_at(&series->late, 1));
	print_gaps("slot", &series->slots);
	print_gaps("start", &series->starts);
	print_buckets(&series->starts, interval);
}

static struct member *add_members(struct bench *bench, struct series *series)
{
	struct member *members = calloc(bench->count, sizeof(*members));

	if (!members)
		bench_give_up("out of memory");
	for (size_t i = 0; i < bench->count; i++)
		members[i] = (struct member){ .series = series,
			                      .target = bench_target(bench, 0) };
	for (size_t i = 0; i < bench->count; i++)
		members[i].periodic =
			smtp_probe_add(bench->engine, members[i].target,
		                       bench->interval, on_done, &members[i]);
	return members;
}

static size_t remove_members(struct bench *bench, struct member *members)
{
	size_t skipped = 0;

	for (size_t i = 0; i < bench->count; i++) {
		skipped += smtp_probe_periodic_skipped(members[i].periodic);
		smtp_probe_remove(bench->engine, members[i].periodic);
		smtp_probe_target_release(members[i].target);
	}
	return skipped;
}

bool measure_periodic(struct bench *bench)
{
	struct series series = { 0 };
	struct member *members;
	uv_timer_t end;

	burst_run(bench, 1, 1); /* reads the authorities */
	members = add_members(bench, &series);
	uv_timer_init(&bench->loop, &end);
	uv_timer_start(&end, on_end, (uint64_t)(bench->seconds * 1000), 0);
	uv_run(&bench->loop, UV_RUN_DEFAULT);
	uv_close((uv_handle_t *)&end, NULL);
	printf("skipped %zu\n", remove_members(bench, members));
	print_series(&series, bench->interval);
	samples_free(&series.slots);
	samples_free(&series.starts);
	samples_free(&series.late);
	while (uv_run(&bench->loop, UV_RUN_NOWAIT))
		uv_run(&bench->loop, UV_RUN_ONCE);
	free(members);
	return series.done > 0 && series.succeeded == series.done;
}
