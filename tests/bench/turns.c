/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "tests/bench/bench.h"
#include "tests/bench/callbacks.h"
#include "tests/bench/measure.h"

enum { WARM_UP = 200 };

/* One loop iteration is from one prepare callback to the next. */
struct turns {
	struct samples cpu,
		busy; /* busy: by the wall clock, without waiting for events */
	double cpu_before, wall_before, idle_before;
	bool begun;
};

static void on_prepare(uv_prepare_t *prepare)
{
	struct turns *turns = prepare->data;
	double cpu = seconds(CLOCK_THREAD_CPUTIME_ID);
	double wall = seconds(CLOCK_MONOTONIC);
	double idle = (double)uv_metrics_idle_time(prepare->loop) / 1e9;

	if (turns->begun) {
		samples_add(&turns->cpu, cpu - turns->cpu_before);
		samples_add(&turns->busy,
		            wall - turns->wall_before - (idle - turns->idle_before));
	}
	turns->begun = true;
	turns->cpu_before = cpu;
	turns->wall_before = wall;
	turns->idle_before = idle;
}

static void print(const char *name, struct samples *samples)
{
	samples_sort(samples);
	printf("%s_count %zu\n", name, samples->count);
	printf("%s_p50 %.6f\n", name, samples_at(samples, 0.50));
	printf("%s_p99 %.6f\n", name, samples_at(samples, 0.99));
	printf("%s_max %.6f\n", name, samples_at(samples, 1));
	samples_free(samples);
}

bool measure_turns(struct bench *bench)
{
	struct samples callbacks = { 0 };
	struct turns turns = { 0 };
	uv_prepare_t prepare;
	size_t succeeded;

	burst_run(bench, WARM_UP, bench->in_flight);
	uv_prepare_init(&bench->loop, &prepare);
	prepare.data = &turns;
	uv_prepare_start(&prepare, on_prepare);
	callbacks_record(&callbacks);
	succeeded = burst_run(bench, bench->count, bench->in_flight);
	callbacks_record(NULL);
	uv_close((uv_handle_t *)&prepare, NULL);
	uv_run(&bench->loop, UV_RUN_NOWAIT);
	print("callback", &callbacks);
	print("turn", &turns.cpu);
	print("busy", &turns.busy);
	return succeeded == bench->count;
}
