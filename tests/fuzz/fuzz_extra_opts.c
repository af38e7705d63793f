/* SPDX-License-Identifier: Apache-2.0 */
/* The input is the name of a section on a line, and the text of an ini file. */
#include "probe/plugin/extra_opts.h"

#include <stdio.h>
#include <stdlib.h>

#include "tests/fuzz/fuzz.h"

/* One word after the other, each an option. */
static void check_words(const struct extra_opts *extra, size_t lines)
{
	const char *next = extra->bytes;

	assert(extra->count <= EXTRA_OPTS_MAX && extra->used <= EXTRA_OPTS_SIZE_MAX);
	for (size_t i = 0; i < extra->count; i++) {
		const char *word = extra->option[i].word;
		size_t len = strlen(word);

		assert(word == next && word[0] == '-' && len >= 2);
		assert(!memchr(word, '\n', len));
		assert(word[len - 1] != ' ' && word[len - 1] != '\t');
		assert(extra->option[i].line >= 1 &&
		       (size_t)extra->option[i].line <= lines);
		next += len + 1;
	}
	assert(next == extra->bytes + extra->used);
}

static size_t count_lines(struct str text)
{
	size_t lines = 1;

	for (size_t i = 0; i < text.len; i++)
		lines += text.at[i] == '\n';
	return lines;
}

static void check_locator(const uint8_t *data, size_t size)
{
	char *text = strndup((const char *)data, size);
	struct extra_locator locator;
	struct error err = { "" };
	struct str section;

	if (extra_locator_parse(&locator, text, &err)) {
		section = locator.section;
		assert(section.at == text && !memchr(section.at, '@', section.len));
		assert(section.len + (locator.file ? 1 + strlen(locator.file) : 0) ==
		       strlen(text));
	} else {
		assert(err.text[0] != '\0');
	}
	free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str rest = fuzz_input(data, size);
	struct str section = fuzz_take_line(&rest);
	struct extra_opts *extra = extra_opts_create();
	size_t lines = count_lines(rest);
	struct error err = { "" };

	if (extra_opts_add(extra, rest, section, &err))
		assert(extra->count > 0);
	else
		assert(err.text[0] != '\0');
	check_words(extra, lines);
	extra_opts_destroy(extra);
	check_locator(data, size);
	return 0;
}
