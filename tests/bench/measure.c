/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/bench/measure.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

double seconds(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

long resident_kb(void)
{
	FILE *file = fopen("/proc/self/statm", "re");
	char line[128] = "", *rest = line;

	if (file && fgets(line, sizeof(line), file))
		(void)strtol(line, &rest, 10); /* the size of the address space */
	if (file)
		fclose(file);
	return strtol(rest, NULL, 10) * (sysconf(_SC_PAGESIZE) / 1024);
}

void samples_add(struct samples *samples, double value)
{
	if (samples->count == samples->room) {
		samples->room = samples->room ? 2 * samples->room : 4096;
		samples->list =
			realloc(samples->list, samples->room * sizeof(*samples->list));
		if (!samples->list)
			abort();
	}
	samples->list[samples->count++] = value;
}

static int by_size(const void *left, const void *right)
{
	double a = *(const double *)left, b = *(const double *)right;

	return (a > b) - (a < b);
}

void samples_sort(struct samples *samples)
{
	if (samples->count)
		qsort(samples->list, samples->count, sizeof(*samples->list), by_size);
}

void samples_free(struct samples *samples)
{
	free(samples->list);
	*samples = (struct samples){ 0 };
}

double samples_at(const struct samples *samples, double share)
{
	if (samples->count == 0)
		return 0;
	return samples->list[(size_t)(share * (double)(samples->count - 1))];
}
