/* SPDX-License-Identifier: Apache-2.0 */
#include "probe/text.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { FIRST_ROOM = 128 };

struct text text_create(struct arena *arena, size_t max)
{
	return (struct text){ .arena = arena, .at = arena_take(arena, 1), .max = max };
}

/* Makes room for `more` bytes and a NUL; returns how many of them fit. */
static size_t reserve(struct text *text, size_t more)
{
	size_t left = text->max - text->len,
	       room = text->room ? text->room : FIRST_ROOM;
	char *grown;

	if (more > left) {
		text->truncated = true;
		more = left;
	}
	if (text->room && text->len + more + 1 <= text->room)
		return more;
	while (room < text->len + more + 1)
		room *= 2;
	grown = arena_take(text->arena, room);
	if (text->len)
		memcpy(grown, text->at, text->len);
	text->at = grown;
	text->room = room;
	return more;
}

void text_add_str(struct text *text, struct str piece)
{
	size_t fits = reserve(text, piece.len);

	if (fits)
		memcpy(text->at + text->len, piece.at, fits);
	text->len += fits;
	text->at[text->len] = '\0';
}

void text_add_foreign(struct text *text, struct str piece)
{
	size_t from = text->len;

	text_add_str(text, piece);
	for (size_t i = from; i < text->len; i++)
		if (text->at[i] < ' ' || text->at[i] > '~')
			text->at[i] = '?';
}

void text_add(struct text *text, const char *format, ...)
{
	va_list args;
	int len;
	size_t fits;

	va_start(args, format);
	len = vsnprintf(NULL, 0, format, args);
	va_end(args);
	fits = reserve(text, (size_t)len);
	va_start(args, format);
	vsnprintf(text->at + text->len, fits + 1, format, args);
	va_end(args);
	text->len += fits;
}

struct str text_view(const struct text *text)
{
	return (struct str){ text->at, text->len };
}
