/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/memory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void *require(void *block)
{
	if (!block) {
		fputs("smtp_script_server: out of memory\n", stderr);
		abort();
	}
	return block;
}

void *memory_zeroed(size_t count, size_t size)
{
	return require(calloc(count ? count : 1, size));
}

void *memory_grown(void *block, size_t count, size_t size)
{
	return require(reallocarray(block, count, size));
}

char *memory_copy(const void *bytes, size_t length)
{
	char *copy = memory_zeroed(length + 1, 1);

	memcpy(copy, bytes, length);
	return copy;
}
