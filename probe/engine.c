/* SPDX-License-Identifier: Apache-2.0 */
#include "probe/engine.h"

#include <stdlib.h>
#include <uv.h>

#include "probe/schedule.h"

struct run {
	struct engine *engine;
	struct probe *probe;
	probe_done *done; /* NULL: nobody wants to know */
	void *owner;
	struct run *previous, *next;
};

struct periodic {
	struct engine *engine;
	struct target *target;
	usec interval, offset;
	usec slot, due; /* of the latest run and of the next, on the monotonic clock */
	uv_timer_t timer;
	struct run *run;
	size_t skipped;
	probe_done *done;
	void *owner;
	struct periodic *previous, *next;
};

struct engine {
	struct probe_ground ground;
	struct run *runs;
	struct periodic *periodics;
	usec base; /* the origin of all slots */
	size_t added, in_flight;
	bool closing;
	bool telling; /* inside `done`, which may destroy the engine */
};

struct engine *engine_create(struct uv_loop_s *loop, bool one_shot, struct error *err)
{
	struct engine *engine = memory_take(sizeof(*engine));

	engine->ground.session.loop = loop;
	engine->base = clock_now();
	engine->ground.look_interval = LOOK_INTERVAL_S * USEC_PER_SEC;
	engine->ground.session.transport = transport_create(loop, one_shot, err);
	if (engine->ground.session.transport)
		engine->ground.session.sasl = sasl_library_create(loop, err);
	if (engine->ground.session.sasl) {
		engine->ground.memory = memory_create();
		engine->ground.correlation = correlation_create();
		return engine;
	}
	transport_destroy(engine->ground.session.transport);
	free(engine);
	return NULL;
}

static void free_when_idle(struct engine *engine)
{
	if (!engine->closing || engine->runs || engine->telling)
		return;
	transport_destroy(engine->ground.session.transport);
	sasl_library_destroy(engine->ground.session.sasl);
	memory_destroy(engine->ground.memory);
	correlation_destroy(engine->ground.correlation);
	free(engine);
}

struct memory *engine_memory(const struct engine *engine)
{
	return engine->ground.memory;
}

void engine_tell_damage(struct engine *engine, const char *sentence)
{
	engine->ground.memory_damage = sentence;
}

void engine_guard(struct engine *engine, struct login_guard guard)
{
	engine->ground.guard = guard;
}

void engine_destroy(struct engine *engine)
{
	if (!engine)
		return;
	while (engine->periodics)
		engine_remove(engine, engine->periodics);
	engine->closing = true;
	for (struct run *run = engine->runs; run; run = run->next) {
		run->done = NULL;
		run_cancel(run);
	}
	free_when_idle(engine);
}

/* ---- single runs ---- */

static void unlink_run(struct run *run)
{
	if (run->previous)
		run->previous->next = run->next;
	else
		run->engine->runs = run->next;
	if (run->next)
		run->next->previous = run->previous;
	run->engine->in_flight--;
}

static void on_run_done(void *owner, struct result *result)
{
	struct run *run = owner;
	struct engine *engine = run->engine;

	unlink_run(run);
	engine->telling = true;
	if (run->done)
		run->done(run->owner, result);
	else
		result_release(result);
	free(run);
	engine->telling = false;
	free_when_idle(engine);
}

struct run *engine_run(struct engine *engine, struct target *target, probe_done *done,
                       void *owner)
{
	struct run *run = memory_take(sizeof(*run));

	*run = (struct run){
		.engine = engine, .done = done, .owner = owner, .next = engine->runs
	};
	if (engine->runs)
		engine->runs->previous = run;
	engine->runs = run;
	engine->in_flight++;
	run->probe = probe_start(&engine->ground, target, on_run_done, run);
	return run;
}

void run_cancel(struct run *run)
{
	probe_cancel(run->probe);
}

size_t engine_in_flight(const struct engine *engine)
{
	return engine->in_flight;
}

/* ---- periodic targets ---- */

static void on_slot(uv_timer_t *timer);

static void wait_for_next_slot(struct periodic *periodic)
{
	struct engine *engine = periodic->engine;
	usec now = clock_now(), served = periodic->due;

	/*
	 * libuv's clock stands still within a turn and is cut to milliseconds: a timer
	 * may fire one of them early. The slot that it fired for is served even so.
	 */
	uv_update_time(engine->ground.session.loop);
	periodic->due = schedule_next(engine->base, periodic->offset,
	                              periodic->interval, now > served ? now : served);
	uv_timer_start(&periodic->timer, on_slot,
	               (uint64_t)((periodic->due - now) / USEC_PER_MSEC) + 1, 0);
}

static void on_periodic_done(void *owner, struct result *result)
{
	struct periodic *periodic = owner;

	periodic->run = NULL;
	periodic->done(periodic->owner, result);
}

static void on_slot(uv_timer_t *timer)
{
	struct periodic *periodic = timer->data;

	if (periodic->run) {
		periodic->skipped++;
	} else {
		periodic->slot = periodic->due;
		periodic->run = engine_run(periodic->engine, periodic->target,
		                           on_periodic_done, periodic);
	}
	wait_for_next_slot(periodic);
}

struct periodic *engine_add(struct engine *engine, struct target *target, usec interval,
                            probe_done *done, void *owner)
{
	struct periodic *periodic = memory_take(sizeof(*periodic));
	usec least = PERIODIC_INTERVAL_MIN_MS * USEC_PER_MSEC;

	periodic->engine = engine;
	periodic->target = target_keep(target);
	periodic->interval = interval < least ? least : interval;
	periodic->offset = schedule_offset(engine->added++, periodic->interval);
	periodic->done = done;
	periodic->owner = owner;
	periodic->next = engine->periodics;
	if (engine->periodics)
		engine->periodics->previous = periodic;
	engine->periodics = periodic;
	uv_timer_init(engine->ground.session.loop, &periodic->timer);
	periodic->timer.data = periodic;
	wait_for_next_slot(periodic);
	return periodic;
}

static void periodic_is_closed(uv_handle_t *timer)
{
	struct periodic *periodic = timer->data;

	target_release(periodic->target);
	free(periodic);
}

void engine_remove(struct engine *engine, struct periodic *periodic)
{
	if (periodic->previous)
		periodic->previous->next = periodic->next;
	else
		engine->periodics = periodic->next;
	if (periodic->next)
		periodic->next->previous = periodic->previous;
	if (periodic->run) {
		periodic->run->done = NULL;
		run_cancel(periodic->run);
	}
	uv_close((uv_handle_t *)&periodic->timer, periodic_is_closed);
}

size_t periodic_skipped(const struct periodic *periodic)
{
	return periodic->skipped;
}

usec periodic_slot(const struct periodic *periodic)
{
	return clock_wall() - (clock_now() - periodic->slot);
}
