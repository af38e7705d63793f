/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_FUZZ_FUZZ_H
#define TESTS_FUZZ_FUZZ_H

#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "probe/str.h"

#ifdef NDEBUG
#error "the properties are asserted: build without NDEBUG"
#endif

/* libFuzzer calls this with one input after the other. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static inline struct str fuzz_input(const uint8_t *data, size_t size)
{
	return (struct str){ (const char *)data, size };
}

/* Takes the bytes up to the next LF, or all that are left. */
static inline struct str fuzz_take_line(struct str *rest)
{
	const char *end = rest->len ? memchr(rest->at, '\n', rest->len) : NULL;
	struct str line = { rest->at, end ? (size_t)(end - rest->at) : rest->len };
	size_t used = line.len + (end != NULL);

	*rest = (struct str){ rest->at + used, rest->len - used };
	return line;
}

static inline bool fuzz_is_inside(struct str part, struct str whole)
{
	return part.at >= whole.at && part.at + part.len <= whole.at + whole.len;
}

#endif
