/* SPDX-License-Identifier: Apache-2.0 */
#include "probe/arena.h"

#include <stdalign.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BLOCK_SIZE = 4000 };

struct block {
	struct block *next;
	size_t used, size;
	alignas(max_align_t) char bytes[];
};

struct arena {
	struct block *blocks; /* the newest first */
	size_t total;
};

static void *take_from_system(size_t size)
{
	void *memory = malloc(size);

	if (!memory) {
		fputs("smtp_probe: out of memory\n", stderr);
		abort();
	}
	return memory;
}

void *memory_take(size_t size)
{
	return memset(take_from_system(size), 0, size);
}

struct arena *arena_create(void)
{
	struct arena *arena = take_from_system(sizeof(*arena));

	*arena = (struct arena){ 0 };
	return arena;
}

void arena_destroy(struct arena *arena)
{
	if (!arena)
		return;
	for (struct block *block = arena->blocks, *next; block; block = next) {
		next = block->next;
		free(block);
	}
	free(arena);
}

static struct block *add_block(struct arena *arena, size_t size)
{
	struct block *block = take_from_system(sizeof(*block) + size);

	*block = (struct block){ .next = arena->blocks, .size = size };
	arena->blocks = block;
	arena->total += sizeof(*block) + size;
	return block;
}

void *arena_take(struct arena *arena, size_t size)
{
	size_t rounded =
		(size + alignof(max_align_t) - 1) & ~(alignof(max_align_t) - 1);
	struct block *block = arena->blocks;
	void *memory;

	if (!block || block->size - block->used < rounded)
		block = add_block(arena, rounded > BLOCK_SIZE ? rounded : BLOCK_SIZE);
	memory = block->bytes + block->used;
	block->used += rounded;
	return memset(memory, 0, size);
}

char *arena_copy(struct arena *arena, struct str text)
{
	char *copy = arena_take(arena, text.len + 1);

	if (text.len)
		memcpy(copy, text.at, text.len);
	return copy;
}

char *arena_print(struct arena *arena, const char *format, ...)
{
	va_list args;
	char *text;
	int len;

	va_start(args, format);
	len = vsnprintf(NULL, 0, format, args);
	va_end(args);
	text = arena_take(arena, (size_t)len + 1);
	va_start(args, format);
	vsnprintf(text, (size_t)len + 1, format, args);
	va_end(args);
	return text;
}

size_t arena_size(const struct arena *arena)
{
	return arena->total;
}
