/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PROBE_ERROR_H
#define PROBE_ERROR_H

#include <stdbool.h>

/* The arguments from the `first` one on are checked against the format string. */
#define PRINTF_LIKE(string, first) __attribute__((format(printf, string, first)))

enum { ERROR_TEXT_MAX = 384 };

/*
 * Our own trouble, as one sentence for the user: the thing, the place and the
 * remedy. What a server did wrong is never an error, it is an observation.
 */
struct error {
	char text[ERROR_TEXT_MAX];
};

/*
 * Writes the sentence and returns false, so that a function can end with
 * `return error_set(err, ...)`. Control bytes in it become '?'.
 */
bool error_set(struct error *err, const char *format, ...) PRINTF_LIKE(2, 3);

#endif
