/* SPDX-License-Identifier: Apache-2.0 */
#include "probe/plugin/command_words.h"

#include <string.h>

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

/*
 * Takes one word, NUL included, to `*to`. The word is never longer than what it is
 * made of: the NUL takes the place of a blank or of the end.
 */
static bool take_word(char **to, const char **rest)
{
	char quote = '\0';

	for (; **rest && (quote || !is_blank(**rest)); (*rest)++) {
		if (quote ? **rest == quote : **rest == '\'' || **rest == '"')
			quote = quote ? '\0' : **rest;
		else
			*(*to)++ = **rest;
	}
	*(*to)++ = '\0';
	return quote == '\0';
}

bool command_words_split(struct command_words *out, const char *command,
                         struct error *err)
{
	char *to = out->bytes;
	size_t count = 0;

	if (strlen(command) > COMMAND_LENGTH_MAX)
		return error_set(err, "longer than %d characters", COMMAND_LENGTH_MAX);
	for (command += strspn(command, " \t"); *command;
	     command += strspn(command, " \t")) {
		if (count == COMMAND_WORDS_MAX)
			return error_set(err, "more than %d words", COMMAND_WORDS_MAX);
		out->argv[count++] = to;
		if (!take_word(&to, &command))
			return error_set(err, "a quote is not closed");
	}
	out->argv[count] = NULL;
	if (count == 0 || out->argv[0][0] != '/')
		return error_set(err, "the program needs its full path");
	return true;
}
