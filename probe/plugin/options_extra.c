/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "probe/plugin/command_line.h"
#include "probe/plugin/extra_file.h"
#include "probe/plugin/options.h"
#include "probe/plugin/private_file.h"

/* A file that is being read. */
struct source {
	struct str section;
	const char *path;
	struct private_file content;
};

bool note_locator(struct command_line *line, const char *text, struct error *err)
{
	struct extra_locator locator;

	if (!extra_locator_parse(&locator, text, err))
		return false;
	if (line->locator_count == LOCATORS_MAX)
		return error_set(err, "--extra-opts: given more than %d times",
		                 LOCATORS_MAX);
	line->locators[line->locator_count++] = locator;
	return true;
}

/* They were noted before; a file may not name another one. */
bool take_extra_option(struct command_line *line, int id, char *value,
                       struct error *err)
{
	(void)id, (void)value;
	return !line->in_file || error_set(err, "extra-opts does not belong in a file");
}

/* What it complains of stands in a file: say where. */
static bool place(const struct source *source, int line, struct error *err)
{
	struct error why = *err;

	if (line)
		return error_set(err, "%s, line %d: %s", source->path, line, why.text);
	return error_set(err, "%s: %s", source->path, why.text);
}

/* One word at a time: an option without its value must not take the next one. */
static bool take_word(struct command_line *line, const struct source *source, size_t i,
                      struct error *err)
{
	const struct extra_opts *extra = line->options->extra;
	char *argv[] = { NULL, extra->option[i].word, NULL };

	if (!command_line_read(line, 2, argv, err))
		return place(source, extra->option[i].line, err);
	if (line->password_given &&
	    line->options->password_source == PASSWORD_EXTRA_OPTS &&
	    !source->content.fit_for_secrets) {
		*err = source->content.objection;
		return false;
	}
	return true;
}

static bool take_words(struct command_line *line, const struct source *source,
                       struct error *err)
{
	struct extra_opts *extra = line->options->extra;
	size_t from = extra->count;
	struct str text = { source->content.bytes, source->content.len };

	if (!extra_opts_add(extra, text, source->section, err))
		return place(source, 0, err);
	for (size_t i = from; i < extra->count; i++)
		options_note_output(line->options, extra->option[i].word, NULL);
	command_line_begin(line, true);
	for (size_t i = from; i < extra->count; i++)
		if (!take_word(line, source, i, err))
			return false;
	return true;
}

static bool read_source(struct command_line *line, const struct extra_locator *locator,
                        struct arena *arena, struct error *err)
{
	struct source source = { .section = locator->section, .path = locator->file };
	bool taken;

	if (source.section.len == 0)
		source.section = str_of(line->program);
	if (!source.path)
		source.path = extra_file_find(arena, err);
	if (!source.path || !private_file_read(&source.content, source.path, err))
		return false;
	line->stdin_read = line->stdin_read || strcmp(source.path, "-") == 0;
	if (strcmp(source.path, "-") == 0)
		source.path = "standard input";
	taken = take_words(line, &source, err);
	private_file_forget(&source.content);
	return taken;
}

bool command_line_read_files(struct command_line *line, struct error *err)
{
	struct arena *arena;
	bool taken = true;

	if (line->locator_count == 0)
		return true;
	arena = arena_create();
	line->options->extra = extra_opts_create();
	for (size_t i = 0; taken && i < line->locator_count; i++)
		taken = read_source(line, &line->locators[i], arena, err);
	arena_destroy(arena);
	return taken;
}
