/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <sys/resource.h>

#include "tests/bench/bench.h"
#include "tests/bench/measure.h"

struct burst {
	struct bench *bench;
	size_t left, succeeded;
};

static void start_next(struct burst *burst);

static void on_done(void *owner, struct smtp_probe_result *result)
{
	struct burst *burst = owner;

	if (smtp_probe_success(result))
		burst->succeeded++;
	else
		fprintf(stderr, "a probe failed: %s/%s in %s\n",
		        smtp_probe_cause(result), smtp_probe_reason(result),
		        smtp_probe_phase(result));
	smtp_probe_result_release(result);
	start_next(burst);
}

static void start_next(struct burst *burst)
{
	if (burst->left == 0)
		return;
	burst->left--;
	smtp_probe_start(burst->bench->engine, burst->bench->target, on_done, burst);
}

size_t burst_run(struct bench *bench, size_t count, size_t in_flight)
{
	struct burst burst = { .bench = bench, .left = count };

	for (size_t i = 0; i < in_flight; i++)
		start_next(&burst);
	while (smtp_probe_in_flight(bench->engine) > 0)
		uv_run(&bench->loop, UV_RUN_ONCE);
	return burst.succeeded;
}

static double in_seconds(struct timeval time)
{
	return (double)time.tv_sec + (double)time.tv_usec / 1e6;
}

bool measure_burst(struct bench *bench)
{
	double start = seconds(CLOCK_MONOTONIC);
	size_t succeeded = burst_run(bench, bench->count, bench->in_flight);
	struct rusage used;

	getrusage(RUSAGE_SELF, &used);
	printf("succeeded %zu\n", succeeded);
	printf("wall %.6f\n", seconds(CLOCK_MONOTONIC) - start);
	printf("user %.6f\n", in_seconds(used.ru_utime));
	printf("system %.6f\n", in_seconds(used.ru_stime));
	printf("peak_kb %ld\n", used.ru_maxrss);
	return succeeded == bench->count;
}
