/* SPDX-License-Identifier: Apache-2.0 */
#include "probe/interceptor_table.h"

#include <string.h>

/* A list while it is read. */
struct reading {
	const char *path;
	struct interceptor_row *rows;
	size_t count, line, damaged;
	struct error *damage;
};

static const char *const words[INTERCEPTOR_KIND_COUNT] = {
	[INTERCEPTOR_ANTIVIRUS] = "antivirus", [INTERCEPTOR_PROXY] = "proxy",
	[INTERCEPTOR_PARENTAL] = "parental",   [INTERCEPTOR_MALWARE] = "malware",
	[INTERCEPTOR_FIREWALL] = "firewall",
};

const char *interceptor_kind_word(enum interceptor_kind kind)
{
	return words[kind];
}

bool interceptor_kind_from_word(enum interceptor_kind *out, struct str word)
{
	for (unsigned i = 0; i < INTERCEPTOR_KIND_COUNT; i++) {
		if (str_equal(word, str_of(words[i]))) {
			*out = (enum interceptor_kind)i;
			return true;
		}
	}
	return false;
}

/* Takes the part up to `separator`, or all of it. */
static struct str take_part(struct str *rest, char separator)
{
	const char *end = rest->len ? memchr(rest->at, separator, rest->len) : NULL;
	struct str part = { rest->at, end ? (size_t)(end - rest->at) : rest->len };

	rest->at += part.len + (end != NULL);
	rest->len -= part.len + (end != NULL);
	return part;
}

/* ---- one line ---- */

static bool check_bytes(struct str line, struct error *err)
{
	if (line.len > INTERCEPTOR_LINE_MAX)
		return error_set(err, "the line is longer than %d bytes",
		                 INTERCEPTOR_LINE_MAX);
	for (size_t i = 0; i < line.len; i++) {
		unsigned char c = (unsigned char)line.at[i];

		if ((c < ' ' && c != '\t') || c == 0x7f)
			return error_set(err, "the line holds a control byte");
		if (c == '"')
			return error_set(err,
			                 "the line holds a double quote; write '?' in "
			                 "its place");
	}
	if (!str_is_utf8(line))
		return error_set(err, "the line is not valid UTF-8");
	return true;
}

static bool read_head(struct interceptor_row *row, struct str *rest, struct error *err)
{
	struct str kind = str_trim(take_part(rest, '|'));

	row->product = str_trim(take_part(rest, '|'));
	if (!interceptor_kind_from_word(&row->kind, kind))
		return error_set(err,
		                 "unknown kind '%.*s'; write antivirus, proxy, "
		                 "parental, malware or firewall",
		                 (int)kind.len, kind.at);
	if (row->product.len == 0)
		return error_set(err, "no product; write %s | PRODUCT | CN=NAME",
		                 interceptor_kind_word(row->kind));
	if (row->product.len > INTERCEPTOR_PRODUCT_MAX)
		return error_set(err, "the product's name is longer than %d bytes",
		                 INTERCEPTOR_PRODUCT_MAX);
	return true;
}

static bool read_pattern(struct interceptor_row *row, struct str part,
                         struct error *err)
{
	struct str pattern = part, word = str_trim(take_part(&pattern, '='));
	enum interceptor_attribute attribute;

	pattern = str_trim(pattern);
	if (!interceptor_attribute_from_word(&attribute, word))
		return error_set(err, "'%.*s' does not begin with CN=, O= or OU=",
		                 (int)part.len, part.at);
	if (pattern.len == 0)
		return error_set(err, "nothing behind %.*s=", (int)word.len, word.at);
	if (row->patterns[attribute].len)
		return error_set(err,
		                 "%.*s stands there twice; write a line for each of "
		                 "two alternatives",
		                 (int)word.len, word.at);
	row->patterns[attribute] = pattern;
	return true;
}

static bool is_only_wildcards(struct str pattern)
{
	for (size_t i = 0; i < pattern.len; i++)
		if (!strchr("*? ", pattern.at[i]))
			return false;
	return true;
}

/* Such a line would call each server's certificate an interceptor's. */
static bool fits_everybody(const struct interceptor_row *row)
{
	for (size_t i = 0; i < INTERCEPTOR_ATTRIBUTE_COUNT; i++)
		if (!is_only_wildcards(row->patterns[i]))
			return false;
	return true;
}

static bool read_row(struct interceptor_row *out, struct str line, struct error *err)
{
	struct interceptor_row row = { 0 };

	if (!check_bytes(line, err) || !read_head(&row, &line, err))
		return false;
	if (str_trim(line).len == 0)
		return error_set(err, "no name; write | CN=NAME behind the product");
	while (line.len)
		if (!read_pattern(&row, str_trim(take_part(&line, '|')), err))
			return false;
	if (fits_everybody(&row))
		return error_set(err, "fits every name; write more than wildcards");
	*out = row;
	return true;
}

/* ---- the list ---- */

static void note_damage(struct reading *reading, const char *why)
{
	if (reading->damaged++ == 0)
		error_set(reading->damage, "%s:%zu: %s", reading->path, reading->line,
		          why);
}

static void count_damage(const struct reading *reading)
{
	struct error first = *reading->damage;

	if (reading->damaged > 1)
		error_set(reading->damage, "%s (and %zu more)", first.text,
		          reading->damaged - 1);
}

/* False when the rest is not to be read. */
static bool read_line(struct reading *reading, struct str line)
{
	struct error err;

	reading->line++;
	if (line.len && line.at[line.len - 1] == '\r')
		line.len--;
	if (str_trim(line).len == 0 || line.at[0] == '#')
		return true;
	if (reading->count == INTERCEPTOR_ROW_MAX) {
		error_set(&err,
		          "more than %d lines with a pattern; the rest is left out",
		          INTERCEPTOR_ROW_MAX);
		note_damage(reading, err.text);
		return false;
	}
	if (read_row(&reading->rows[reading->count], line, &err))
		reading->count++;
	else
		note_damage(reading, err.text);
	return true;
}

/* As much as may be read, so that a line is whole or not there. */
static struct str within_limit(struct str text)
{
	struct str whole = { text.at, INTERCEPTOR_TEXT_MAX };

	if (text.len <= INTERCEPTOR_TEXT_MAX)
		return text;
	while (whole.len && whole.at[whole.len - 1] != '\n')
		whole.len--;
	return whole;
}

static size_t count_lines(struct str text)
{
	size_t count = 0;

	for (; text.len; count++)
		take_part(&text, '\n');
	return count;
}

const struct interceptor_table *interceptor_table_read(struct arena *arena,
                                                       struct str text,
                                                       const char *path,
                                                       struct error *damage)
{
	struct interceptor_table *table = arena_take(arena, sizeof(*table));
	struct reading reading = { .path = path, .damage = damage };
	struct str rest = within_limit(text);
	bool too_long = rest.len < text.len;
	size_t lines = count_lines(rest);

	damage->text[0] = '\0';
	if (lines > INTERCEPTOR_ROW_MAX)
		lines = INTERCEPTOR_ROW_MAX;
	reading.rows = arena_take(arena, lines * sizeof(*reading.rows));
	if (str_starts(rest, STR("\xef\xbb\xbf")))
		rest = (struct str){ rest.at + 3, rest.len - 3 };
	while (rest.len && read_line(&reading, take_part(&rest, '\n')))
		;
	if (too_long) {
		reading.line++;
		note_damage(&reading,
		            "the file is longer than 1 MiB; the rest is left out");
	}
	count_damage(&reading);
	*table = (struct interceptor_table){ reading.count, reading.rows };
	return table;
}
