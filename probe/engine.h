/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PROBE_ENGINE_H
#define PROBE_ENGINE_H

#include "probe/probe.h"

struct uv_loop_s;

/*
 * Any number of probes on one loop: single runs and periodic targets. Everything
 * happens on the loop's thread.
 */
struct engine;
struct run;      /* one probe under way */
struct periodic; /* one target that is probed again and again */

enum {
	PERIODIC_INTERVAL_MIN_MS = 100,
	LOOK_INTERVAL_S = 300 /* between two second looks at one target */
};

/*
 * `one_shot` suits a process that ends after a probe or two: the trusted authorities
 * are then looked up one by one instead of loaded and cached.
 */
struct engine *engine_create(struct uv_loop_s *loop, bool one_shot, struct error *err);

/*
 * Cancels what still runs, without telling its owners, and goes away when the loop
 * has closed the last handle. NULL is fine.
 */
void engine_destroy(struct engine *engine);

/* What good logins looked like; the engine adds to it, the caller may, too. */
struct memory *engine_memory(const struct engine *engine);

/* One sentence about damage to what was remembered, for every trace; borrowed. */
void engine_tell_damage(struct engine *engine, const char *sentence);

/* Who is asked before each login from now on. */
void engine_guard(struct engine *engine, struct login_guard guard);

struct run *engine_run(struct engine *engine, struct target *target, probe_done *done,
                       void *owner);

/* `done` still comes, with cause `local`, after QUIT was tried. */
void run_cancel(struct run *run);

/*
 * Probes the target every `interval` (at least PERIODIC_INTERVAL_MIN_MS) at slots
 * spread evenly over it. A run that is not over at the next slot lets it pass, so
 * that two runs of one target never overlap.
 */
struct periodic *engine_add(struct engine *engine, struct target *target, usec interval,
                            probe_done *done, void *owner);

/* Cancels a run under way without telling. */
void engine_remove(struct engine *engine, struct periodic *periodic);

size_t engine_in_flight(const struct engine *engine);

/* Slots that passed because the run before was not over. */
size_t periodic_skipped(const struct periodic *periodic);

/* The slot that is running or ran last, on the wall clock. */
usec periodic_slot(const struct periodic *periodic);

#endif
