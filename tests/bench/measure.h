/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BENCH_MEASURE_H
#define BENCH_MEASURE_H

#include <stddef.h>
#include <time.h>

/* Seconds on a clock. */
double seconds(clockid_t clock);

/* Resident memory of this process, in kB. */
long resident_kb(void);

/* A growing list of numbers. Plain data; start with { 0 }. */
struct samples {
	double *list;
	size_t count, room;
};

void samples_add(struct samples *samples, double value);
void samples_sort(struct samples *samples);
void samples_free(struct samples *samples);

/* Of a sorted list: its value at `share` from 0 to 1; 0 when it is empty. */
double samples_at(const struct samples *samples, double share);

#endif
