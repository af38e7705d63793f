/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "probe/plugin/command_line.h"
#include "probe/plugin/options.h"

static bool add_command(struct options *options, const char *command,
                        const char *option, struct error *err)
{
	const char **commands = options->target.commands;
	size_t count = 0;

	while (commands[count])
		count++;
	if (count == COMMAND_MAX)
		return error_set(err, "%s: more than %d commands", option, COMMAND_MAX);
	commands[count] = command;
	return true;
}

/* RFC 5321 §4.1.1.2; what is between the angle brackets is the user's. */
static bool add_sender(struct options *options, const char *address, struct error *err)
{
	int len;

	if (strpbrk(address, "<>\r\n") ||
	    strlen(address) + sizeof("MAIL FROM:<>") > sizeof(options->sender))
		return error_set(err, "-f: '%.40s' is not an address", address);
	len = snprintf(options->sender, sizeof(options->sender), "MAIL FROM:<%s>",
	               address);
	return len > 0 && add_command(options, options->sender, "-f", err);
}

bool take_mail_option(struct command_line *line, int id, char *value, struct error *err)
{
	if (id == ID_FROM)
		return add_sender(line->options, value, err);
	return add_command(line->options, value, "-C", err);
}
