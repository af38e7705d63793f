/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PROBE_TEXT_H
#define PROBE_TEXT_H

#include "probe/arena.h"

/*
 * Text that is put together piece by piece, with a ceiling given at the start.
 * What does not fit is cut and `truncated` says so. Always NUL-terminated.
 */
struct text {
	struct arena *arena;
	char *at;
	size_t len, room, max;
	bool truncated;
};

struct text text_create(struct arena *arena, size_t max);

void text_add(struct text *text, const char *format, ...) PRINTF_LIKE(2, 3);
void text_add_str(struct text *text, struct str piece);

/*
 * The same for words of a peer: printable ASCII as it is, every other byte as
 * '?', so that no terminal, pager or log parser is led astray.
 */
void text_add_foreign(struct text *text, struct str piece);

struct str text_view(const struct text *text);

#endif
