/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SUPPORT_MEMORY_H
#define SUPPORT_MEMORY_H

#include <stddef.h>

/*
 * Memory that is always there: the program ends when there is none. Everything a
 * client can grow is bounded before it comes here.
 */

/* Zeroed room for COUNT objects of SIZE bytes, to be released with free(). */
void *memory_zeroed(size_t count, size_t size);

/* BLOCK, made large enough for COUNT objects of SIZE bytes. */
void *memory_grown(void *block, size_t count, size_t size);

/* A copy of LENGTH bytes with a NUL behind them. */
char *memory_copy(const void *bytes, size_t length);

#endif
