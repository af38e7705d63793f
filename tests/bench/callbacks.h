/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BENCH_CALLBACKS_H
#define BENCH_CALLBACKS_H

#include "tests/bench/measure.h"

/*
 * From here on the thread's CPU time of every callback that libuv makes for a socket, a
 * timer, a closed handle or finished work goes to `out`; NULL ends it.
 *
 * This program defines the libuv calls that take such a callback itself, so the library
 * comes here first, and passes them on to libuv.
 */
void callbacks_record(struct samples *out);

#endif
