/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>

#include "tests/bench/bench.h"
#include "tests/bench/measure.h"

enum {
	WARM_UP = 200,
	WARM_UP_IN_FLIGHT = 10,
	TICK_MS = 100,
	STILL_TICKS = 10,
	TICKS_MAX = 300
};

/* Probes that wait in AUTH, all at once, until memory no longer grows. */
struct hold {
	size_t in_auth, count;
	struct smtp_probe_run **runs; /* NULL = over */
	uv_timer_t tick;
	int ticks, still;
	long resident;
};

struct held {
	struct hold *hold;
	size_t index;
};

static void on_done(void *owner, struct smtp_probe_result *result)
{
	struct held *held = owner;

	held->hold->runs[held->index] = NULL;
	if (smtp_probe_phase_duration(result, "auth") >= 0)
		held->hold->in_auth++;
	smtp_probe_result_release(result);
}

static void cancel_all(struct hold *hold)
{
	for (size_t i = 0; i < hold->count; i++)
		if (hold->runs[i])
			smtp_probe_cancel(hold->runs[i]);
}

static void on_tick(uv_timer_t *tick)
{
	struct hold *hold = tick->data;
	long resident = resident_kb();

	hold->still = resident == hold->resident ? hold->still + 1 : 0;
	hold->resident = resident;
	if (hold->still < STILL_TICKS && ++hold->ticks < TICKS_MAX)
		return;
	uv_close((uv_handle_t *)tick, NULL);
	cancel_all(hold);
}

static void start_all(struct bench *bench, struct hold *hold, struct held *held,
                      struct smtp_probe_target *target)
{
	for (size_t i = 0; i < hold->count; i++) {
		held[i] = (struct held){ hold, i };
		hold->runs[i] =
			smtp_probe_start(bench->engine, target, on_done, &held[i]);
	}
	uv_timer_init(&bench->loop, &hold->tick);
	hold->tick.data = hold;
	uv_timer_start(&hold->tick, on_tick, TICK_MS, TICK_MS);
	while (smtp_probe_in_flight(bench->engine) > 0)
		uv_run(&bench->loop, UV_RUN_ONCE);
}

bool measure_hold(struct bench *bench)
{
	struct hold hold = { .count = bench->in_flight };
	struct held *held = calloc(hold.count, sizeof(*held));
	struct smtp_probe_target *silent = bench_target(bench, bench->silent_port);
	long idle;

	hold.runs = calloc(hold.count, sizeof(*hold.runs));
	if (!held || !hold.runs)
		bench_give_up("out of memory");
	burst_run(bench, WARM_UP, WARM_UP_IN_FLIGHT);
	idle = resident_kb();
	start_all(bench, &hold, held, silent);
	printf("in_auth %zu\n", hold.in_auth);
	printf("idle_kb %ld\n", idle);
	printf("holding_kb %ld\n", hold.resident);
	smtp_probe_target_release(silent);
	free(hold.runs);
	free(held);
	return hold.in_auth == hold.count;
}
