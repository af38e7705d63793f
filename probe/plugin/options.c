/* SPDX-License-Identifier: Apache-2.0 */
#include "probe/plugin/options.h"

#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "probe/plugin/command_line.h"
#include "probe/text.h"

enum group {
#define OPTION_GROUP(id, name, title) GROUP_##id,
#include "probe/plugin/option_group.def"
	GROUP_COUNT
};

enum { OPTION_COUNT = ID_END - ID_BASE - 1, HELP_MAX = 8192, HELP_COLUMN = 30 };

static const struct {
	enum group group;
	int id;
	char letter;
	const char *name, *argument, *help;
} table[OPTION_COUNT] = {
#define OPTION(group, id, short, long, argument, help) \
	{ GROUP_##group, ID_##id, short, long, argument, help },
#include "probe/plugin/option.def"
};

static const char *const group_titles[GROUP_COUNT] = {
#define OPTION_GROUP(id, name, title) [GROUP_##id] = (title),
#include "probe/plugin/option_group.def"
};

/* ---- help ---- */

static void add_option(struct text *out, size_t i)
{
	size_t from = out->len;

	if (table[i].letter)
		text_add(out, " -%c, --%s", table[i].letter, table[i].name);
	else
		text_add(out, "     --%s", table[i].name);
	if (table[i].argument[0])
		text_add(out, " %s", table[i].argument);
	do
		text_add(out, " ");
	while (out->len - from < HELP_COLUMN);
	text_add(out, "%s\n", table[i].help);
}

const char *options_help(struct arena *arena)
{
	struct text out = text_create(arena, HELP_MAX);

	text_add(&out,
	         "check_smtp_auth %s\n"
	         "Logs in to an SMTP server, sends no mail, and says which fault it "
	         "is.\n\n"
	         "Usage: check_smtp_auth -H HOST -U USER --password-file FILE "
	         "[options]\n",
	         PROBE_VERSION);
	for (unsigned group = 0; group < GROUP_COUNT; group++) {
		text_add(&out, "\n%s:\n", group_titles[group]);
		for (size_t i = 0; i < OPTION_COUNT; i++)
			if (table[i].group == group)
				add_option(&out, i);
	}
	text_add(&out, "\n"
	               "One run is one login attempt. The state follows the cause: OK "
	               "when the\n"
	               "login is accepted, WARNING when the server throttles, UNKNOWN "
	               "for a fault\n"
	               "of the probe itself, else CRITICAL. RANGE is that of the "
	               "Monitoring Plugins.\n");
	return out.at;
}

static take_option *const takers[GROUP_COUNT] = {
#define OPTION_GROUP(id, name, title) [GROUP_##id] = take_##name##_option,
#include "probe/plugin/option_group.def"
};

/* ---- the command line ---- */

static void build_letters(char letters[2 * OPTION_COUNT + 2])
{
	size_t len = 0;

	letters[len++] = ':'; /* tell a missing argument from an unknown option */
	for (size_t i = 0; i < OPTION_COUNT; i++) {
		if (!table[i].letter)
			continue;
		letters[len++] = table[i].letter;
		if (table[i].argument[0])
			letters[len++] = ':';
	}
	letters[len] = '\0';
}

static void build_names(struct option names[OPTION_COUNT + 1])
{
	for (size_t i = 0; i < OPTION_COUNT; i++)
		names[i] = (struct option){ .name = table[i].name,
			                    .has_arg = table[i].argument[0] != '\0',
			                    .val = table[i].id };
	names[OPTION_COUNT] = (struct option){ 0 };
}

static size_t index_of(int found)
{
	size_t i = 0;

	while (table[i].id != found && table[i].letter != found)
		i++;
	return i;
}

static bool complain(int found, char **argv, struct error *err)
{
	const char *word = argv[optind - 1];

	if (found == ':')
		return error_set(err, "%.40s needs a value (see --help)", word);
	if (optopt >= ID_BASE)
		return error_set(err, "--%s takes no value (see --help)",
		                 table[index_of(optopt)].name);
	if (optopt)
		return error_set(err, "-%c: unknown option (see --help)", optopt);
	/* What stands behind '=' may be a password for an option of another name. */
	return error_set(err, "%.*s: unknown or ambiguous option (see --help)",
	                 (int)(strcspn(word, "=") < 40 ? strcspn(word, "=") : 40),
	                 word);
}

/* Errors must take the wanted form even when they come before --output. */
static void look_for_output(struct options *options, int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		static const char option[] = "--output";
		size_t len = sizeof(option) - 1;
		const char *form = argv[i] + len + 1;

		if (strncmp(argv[i], option, len) != 0)
			continue;
		if (argv[i][len] == '\0' && i + 1 < argc)
			form = argv[i + 1];
		else if (argv[i][len] != '=')
			continue;
		options->output = strcmp(form, "json") == 0 ? OUTPUT_JSON : OUTPUT_TEXT;
	}
}

/* Which kinds of run the options speak of: a login or a reply to decode. */
static void note_kind(struct command_line *line, size_t i)
{
	const char *name = table[i].name;

	if (table[i].group == GROUP_DECODE) {
		if (!line->of_decode || table[i].id == ID_DECODE)
			line->of_decode = name;
	} else if (table[i].group != GROUP_OUTPUT) {
		/* The host says best that a login is meant. */
		if (!line->of_login || table[i].id == ID_HOSTNAME)
			line->of_login = name;
	}
}

static bool check_kind(const struct command_line *line, struct error *err)
{
	const struct options *options = line->options;
	bool decodes = options->question.reply.at != NULL;

	if (options->wish == WISH_HELP || options->wish == WISH_VERSION)
		return true;
	if (line->of_decode && !decodes)
		return error_set(err, "--%s needs --decode (see --help)",
		                 line->of_decode);
	if (decodes && line->of_login)
		return error_set(err, "--%s and --%s contradict each other",
		                 line->of_decode, line->of_login);
	if (options->jsonl && !str_equal(options->question.reply, STR("-")))
		return error_set(err,
		                 "--input jsonl needs --decode - (standard input)");
	return true;
}

static bool read_command_line(struct command_line *line, int argc, char **argv,
                              struct error *err)
{
	struct option names[OPTION_COUNT + 1];
	char letters[2 * OPTION_COUNT + 2];
	int found;

	build_letters(letters);
	build_names(names);
	optind = 0; /* start anew, with GNU's permutation */
	opterr = 0;
	while ((found = getopt_long(argc, argv, letters, names, NULL)) != -1) {
		size_t i;

		if (found == '?' || found == ':')
			return complain(found, argv, err);
		i = index_of(found);
		if (!takers[table[i].group](line, table[i].id, optarg, err))
			return false;
		note_kind(line, i);
	}
	if (optind < argc)
		/* Not repeated either: after -P it may be half of a password. */
		return error_set(
			err, "an argument that is no option; the host goes after -H");
	return check_kind(line, err);
}

bool options_parse(struct options *out, int argc, char **argv, struct error *err)
{
	struct command_line line = { .options = out };

	*out = (struct options){ .target = { .mechanism = MECHANISM_AUTO,
		                             .second_look =
		                                     SECOND_LOOK_MAX_S * USEC_PER_SEC },
		                 .question = { .phase = PHASE_NONE,
		                               .mechanism = STR(""),
		                               .target = STR(""),
		                               .banner = STR("") } };
	look_for_output(out, argc, argv);
	if (read_command_line(&line, argc, argv, err))
		return true;
	secret_destroy(out->secret);
	out->secret = NULL;
	return false;
}
