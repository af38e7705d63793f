/* SPDX-License-Identifier: Apache-2.0 */
#include "probe/plugin/extra_opts.h"

#include <string.h>

#include "probe/secret.h"

/* How far a file has been read. */
struct reader {
	struct extra_opts *extra;
	struct str section;
	bool in_any, in_wanted;
	int line;
};

struct extra_opts *extra_opts_create(void)
{
	return secret_memory_create(sizeof(struct extra_opts));
}

void extra_opts_destroy(struct extra_opts *extra)
{
	secret_memory_destroy(extra, sizeof(*extra));
}

static bool complain(const struct reader *reader, const char *what, struct error *err)
{
	return error_set(err, "line %d: %s", reader->line, what);
}

static void append(struct extra_opts *extra, struct str piece)
{
	memcpy(extra->bytes + extra->used, piece.at, piece.len);
	extra->used += piece.len;
}

/* "-Nvalue" for a letter, else "--name=value"; no value, no '='. */
static bool add_word(struct reader *reader, struct str name, struct str value,
                     struct error *err)
{
	struct extra_opts *extra = reader->extra;
	struct str dashes = name.len == 1 ? STR("-") : STR("--");
	struct str equals = name.len > 1 && value.len ? STR("=") : STR("");
	size_t size = dashes.len + name.len + equals.len + value.len + 1;

	if (extra->count == EXTRA_OPTS_MAX)
		return error_set(err, "more than %d options", EXTRA_OPTS_MAX);
	if (size > EXTRA_OPTS_SIZE_MAX - extra->used)
		return error_set(err, "options of more than %d bytes",
		                 EXTRA_OPTS_SIZE_MAX);
	extra->option[extra->count].word = extra->bytes + extra->used;
	extra->option[extra->count++].line = reader->line;
	append(extra, dashes);
	append(extra, name);
	append(extra, equals);
	append(extra, value);
	append(extra, (struct str){ "", 1 });
	return true;
}

static bool take_option(struct reader *reader, struct str line, struct error *err)
{
	const char *equals = memchr(line.at, '=', line.len);
	struct str name, value;

	if (memchr(line.at, '\0', line.len))
		return complain(reader, "it holds a NUL", err);
	if (!equals)
		return complain(reader, "no '='; a switch is written as NAME=", err);
	name = str_trim((struct str){ line.at, (size_t)(equals - line.at) });
	value = str_trim(
		(struct str){ equals + 1, line.len - (size_t)(equals + 1 - line.at) });
	if (name.len == 0)
		return complain(reader, "no name before the '='", err);
	return add_word(reader, name, value, err);
}

/* False when there is no ']'; `line` becomes what is behind it. */
static bool take_header(struct reader *reader, struct str *line, struct error *err)
{
	const char *end = memchr(line->at, ']', line->len);
	size_t len;

	if (!end)
		return complain(reader, "a section without ']'", err);
	len = (size_t)(end - line->at);
	reader->in_any = true;
	reader->in_wanted = str_equal(str_trim((struct str){ line->at + 1, len - 1 }),
	                              reader->section);
	*line = str_trim((struct str){ end + 1, line->len - len - 1 });
	return true;
}

static bool take_line(struct reader *reader, struct str line, struct error *err)
{
	line = str_trim(line);
	if (line.len && line.at[0] == '[' && !take_header(reader, &line, err))
		return false;
	if (line.len == 0 || line.at[0] == '#' || line.at[0] == ';')
		return true;
	if (!reader->in_any)
		return complain(reader, "it stands before the first [section]", err);
	return !reader->in_wanted || take_option(reader, line, err);
}

static struct str next_line(struct str *rest)
{
	const char *end = memchr(rest->at, '\n', rest->len);
	struct str line = { rest->at, end ? (size_t)(end - rest->at) : rest->len };
	size_t used = line.len + (end != NULL);

	*rest = (struct str){ rest->at + used, rest->len - used };
	return line;
}

bool extra_opts_add(struct extra_opts *extra, struct str text, struct str section,
                    struct error *err)
{
	struct reader reader = { .extra = extra, .section = section };
	size_t before = extra->count;

	while (text.len) {
		reader.line++;
		if (!take_line(&reader, next_line(&text), err))
			return false;
	}
	if (extra->count > before)
		return true;
	return error_set(err, "no options in a section [%.*s]",
	                 (int)(section.len < 80 ? section.len : 80), section.at);
}

bool extra_locator_parse(struct extra_locator *out, const char *text, struct error *err)
{
	struct str section = str_of(text);
	const char *at = text ? strchr(text, '@') : NULL;

	if (at && at[1] == '\0')
		return error_set(err, "--extra-opts: no file after the '@'");
	if (at)
		section.len = (size_t)(at - text);
	*out = (struct extra_locator){ section, at ? at + 1 : NULL };
	return true;
}
