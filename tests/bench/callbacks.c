/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/bench/callbacks.h"

#include <dlfcn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <uv.h>

enum { TABLE_BITS = 16, TABLE_SIZE = 1 << TABLE_BITS };

/* The callback that the library gave, by the address of its handle. */
struct table {
	struct {
		const void *handle;
		void (*callback)(void);
	} rows[TABLE_SIZE];
	size_t used;
};

static struct table polls, timers, closings, works;
static struct samples *recorded;

static size_t place_of(const struct table *table, const void *handle)
{
	size_t place =
		(size_t)((uintptr_t)handle * 0x9e3779b97f4a7c15u >> (64 - TABLE_BITS));

	while (table->rows[place].handle && table->rows[place].handle != handle)
		place = (place + 1) % TABLE_SIZE;
	return place;
}

static void keep(struct table *table, const void *handle, void (*callback)(void))
{
	size_t place = place_of(table, handle);

	if (!table->rows[place].handle && ++table->used > TABLE_SIZE / 2) {
		fputs("bench_engine: more handles than callbacks.c can tell apart\n",
		      stderr);
		abort();
	}
	table->rows[place].handle = handle;
	table->rows[place].callback = callback;
}

static void (*callback_of(const struct table *table, const void *handle))(void)
{
	return table->rows[place_of(table, handle)].callback;
}

static double begin(void)
{
	return recorded ? seconds(CLOCK_THREAD_CPUTIME_ID) : 0;
}

static void end(double begun)
{
	if (recorded && begun > 0)
		samples_add(recorded, seconds(CLOCK_THREAD_CPUTIME_ID) - begun);
}

void callbacks_record(struct samples *out)
{
	recorded = out;
}

static void *original(const char *name)
{
	void *found = dlsym(RTLD_NEXT, name);

	if (!found)
		abort();
	return found;
}

/* ---- libuv's calls ---- */

static void on_poll(uv_poll_t *handle, int status, int events)
{
	double begun = begin();

	((uv_poll_cb)callback_of(&polls, handle))(handle, status, events);
	end(begun);
}

int uv_poll_start(uv_poll_t *handle, int events, uv_poll_cb callback)
{
	static int (*start)(uv_poll_t *, int, uv_poll_cb);

	if (!start)
		*(void **)&start = original("uv_poll_start");
	keep(&polls, handle, (void (*)(void))callback);
	return start(handle, events, on_poll);
}

static void on_timer(uv_timer_t *handle)
{
	double begun = begin();

	((uv_timer_cb)callback_of(&timers, handle))(handle);
	end(begun);
}

int uv_timer_start(uv_timer_t *handle, uv_timer_cb callback, uint64_t timeout,
                   uint64_t repeat)
{
	static int (*start)(uv_timer_t *, uv_timer_cb, uint64_t, uint64_t);

	if (!start)
		*(void **)&start = original("uv_timer_start");
	/* libuv itself comes here to repeat a timer, with our callback. */
	if (callback != on_timer)
		keep(&timers, handle, (void (*)(void))callback);
	return start(handle, on_timer, timeout, repeat);
}

static void on_closed(uv_handle_t *handle)
{
	double begun = begin();

	((uv_close_cb)callback_of(&closings, handle))(handle);
	end(begun);
}

void uv_close(uv_handle_t *handle, uv_close_cb callback)
{
	static void (*start)(uv_handle_t *, uv_close_cb);

	if (!start)
		*(void **)&start = original("uv_close");
	if (callback)
		keep(&closings, handle, (void (*)(void))callback);
	start(handle, callback ? on_closed : NULL);
}

static void on_work_done(uv_work_t *work, int status)
{
	double begun = begin();

	((uv_after_work_cb)callback_of(&works, work))(work, status);
	end(begun);
}

int uv_queue_work(uv_loop_t *loop, uv_work_t *work, uv_work_cb job,
                  uv_after_work_cb callback)
{
	static int (*start)(uv_loop_t *, uv_work_t *, uv_work_cb, uv_after_work_cb);

	if (!start)
		*(void **)&start = original("uv_queue_work");
	keep(&works, work, (void (*)(void))callback);
	return start(loop, work, job, callback ? on_work_done : NULL);
}
