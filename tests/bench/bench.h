/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BENCH_H
#define BENCH_H

#include <smtp_probe.h>
#include <uv.h>

/* What all measurements share: one engine on one loop, and how to reach the server. */
struct bench {
	struct smtp_probe_settings settings;
	size_t count;     /* probes, or periodic targets */
	size_t in_flight; /* at most so many at once */
	double interval, seconds;
	int silent_port; /* of a server that never answers AUTH */
	uv_loop_t loop;
	struct smtp_probe_engine *engine;
	struct smtp_probe_target *target;
};

/* A target with the settings, at another port when that is not 0. Ends the process. */
struct smtp_probe_target *bench_target(const struct bench *bench, int port);

/* Prints why on stderr and ends the process. */
_Noreturn void bench_give_up(const char *format, ...)
	__attribute__((format(printf, 1, 2)));

/*
 * Runs `count` probes, never more than `in_flight` at once, until all are done. Returns
 * how many succeeded.
 */
size_t burst_run(struct bench *bench, size_t count, size_t in_flight);

/* Each measures one thing and prints "name value" lines. False: it did not come about.
 */
bool measure_burst(struct bench *bench);    /* CPU, wall clock, peak memory */
bool measure_failures(struct bench *bench); /* CPU and connections of failed probes */
bool measure_hold(struct bench *bench);     /* memory of probes in flight */
bool measure_turns(struct bench *bench); /* CPU of callbacks and of loop iterations */
bool measure_periodic(struct bench *bench); /* how punctual, how evenly spread */

#endif
