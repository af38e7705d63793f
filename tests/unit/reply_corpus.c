/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/reply_corpus.h"

#include <stdio.h>
#include <string.h>

enum { FILE_SIZE_MAX = 1024 * 1024 };

struct column {
	struct str text;
	bool missing;
};

/* What stands before the next tab; "-" is nothing. */
static struct str take_column(struct column *rest)
{
	struct str text = rest->text;
	const char *tab = text.len ? memchr(text.at, '\t', text.len) : NULL;
	size_t len = tab ? (size_t)(tab - text.at) : text.len;
	struct str column = { text.at, len };

	rest->missing |= text.len == 0;
	rest->text.at += len + (tab != NULL);
	rest->text.len -= len + (tab != NULL);
	return str_equal(column, STR("-")) ? STR("") : column;
}

static int hex_value(char digit)
{
	static const char digits[] = "0123456789abcdef";
	const char *at = digit ? strchr(digits, digit) : NULL;

	return at ? (int)(at - digits) : 0;
}

/* Takes one character that may be written as an escape. */
static char take_character(struct str *rest)
{
	static const char names[] = "ntr\\", meant[] = "\n\t\r\\";
	char c = rest->at[0], name = rest->len > 1 ? rest->at[1] : '\0';
	const char *known = name ? strchr(names, name) : NULL;
	size_t len = 1;

	if (c == '\\' && name == 'x' && rest->len > 3) {
		c = (char)(hex_value(rest->at[2]) << 4 | hex_value(rest->at[3]));
		len = 4;
	} else if (c == '\\' && known) {
		c = meant[known - names];
		len = 2;
	}
	rest->at += len;
	rest->len -= len;
	return c;
}

static struct str unescape(struct arena *arena, struct str text)
{
	char *out = arena_take(arena, text.len + 1);
	size_t len = 0;

	while (text.len)
		out[len++] = take_character(&text);
	return (struct str){ out, len };
}

static bool read_causes(struct reply_entry *entry, struct str words)
{
	struct str word;

	while (str_take_word(&word, &words, ",")) {
		unsigned i = 0;

		while (i < CAUSE_COUNT &&
		       !str_equal(word, str_of(cause_word((enum cause)i))))
			i++;
		if (i == CAUSE_COUNT)
			return false;
		entry->allowed[i] = true;
	}
	return entry->allowed[reason_cause(entry->reason)];
}

static bool read_entry(struct reply_entry *out, struct arena *arena, struct str line)
{
	struct column rest = { line, false };
	struct reply_entry entry = { 0 };
	struct str phase = take_column(&rest), causes, reason;

	entry.mechanism = take_column(&rest);
	causes = take_column(&rest);
	reason = take_column(&rest);
	entry.target = take_column(&rest);
	entry.banner = unescape(arena, take_column(&rest));
	entry.reply = unescape(arena, take_column(&rest));
	if (rest.missing || rest.text.len || !phase_from_word(&entry.phase, phase) ||
	    !reason_from_word(&entry.reason, reason) || !read_causes(&entry, causes))
		return false;
	*out = entry;
	return true;
}

static struct str read_file(struct arena *arena, const char *path)
{
	char *text = arena_take(arena, FILE_SIZE_MAX);
	FILE *file = fopen(path, "re");
	size_t len = file ? fread(text, 1, FILE_SIZE_MAX, file) : 0;

	if (file)
		fclose(file);
	return (struct str){ text, len };
}

static bool read_entries(struct reply_corpus *corpus, const char *path)
{
	struct str rest = read_file(corpus->arena, path);

	for (unsigned number = 1; rest.len; number++) {
		const char *end = memchr(rest.at, '\n', rest.len);
		size_t len = end ? (size_t)(end - rest.at) : rest.len;
		struct str line = { rest.at, len };
		struct reply_entry *entry = &corpus->entries[corpus->count];

		rest.at += len + (end != NULL);
		rest.len -= len + (end != NULL);
		if (str_starts(line, STR("#")))
			continue;
		if (corpus->count == REPLY_CORPUS_MAX ||
		    !read_entry(entry, corpus->arena, line)) {
			fprintf(stderr, "%s:%u: no entry of a reply corpus\n", path,
			        number);
			return false;
		}
		entry->line = number;
		corpus->count++;
	}
	return corpus->count > 0;
}

struct reply_corpus *reply_corpus_open(const char *path)
{
	struct arena *arena = arena_create();
	struct reply_corpus *corpus = arena_take(arena, sizeof(*corpus));

	memset(corpus, 0, sizeof(*corpus));
	corpus->arena = arena;
	if (read_entries(corpus, path))
		return corpus;
	arena_destroy(arena);
	return NULL;
}

void reply_corpus_close(struct reply_corpus *corpus)
{
	if (corpus)
		arena_destroy(corpus->arena);
}
