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
	               "Monitoring Plugins,\n"
	               "STATE is OK, WARNING, CRITICAL or UNKNOWN.\n");
	return out.at;
}

static take_option *const takers[GROUP_COUNT] = {
#define OPTION_GROUP(id, name, title) [GROUP_##id] = take_##name##_option,
#include "probe/plugin/option_group.def"
};

/* ---- the command line ---- */

/* What getopt_long() knows of the options. */
struct grammar {
	char letters[2 * OPTION_COUNT + 2];
	struct option names[OPTION_COUNT + 1];
};

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
	/* "[SECTION][@FILE]" may be left out. */
	names[ID_EXTRA_OPTS - ID_BASE - 1].has_arg = optional_argument;
	names[OPTION_COUNT] = (struct option){ 0 };
}

static struct grammar begin_words(void)
{
	struct grammar grammar;

	build_letters(grammar.letters);
	build_names(grammar.names);
	optind = 0; /* start anew, with GNU's permutation */
	opterr = 0;
	return grammar;
}

/* The value of --extra-opts may also be the next word, unless that is an option. */
static int next_word(const struct grammar *grammar, int argc, char **argv)
{
	int found = getopt_long(argc, argv, grammar->letters, grammar->names, NULL);

	if (found == ID_EXTRA_OPTS && !optarg && optind < argc &&
	    argv[optind][0] != '-')
		optarg = argv[optind++];
	return found;
}

static size_t index_of(int found)
{
	size_t i = 0;

	while (table[i].id != found && table[i].letter != found)
		i++;
	return i;
}

static bool complain(const struct command_line *line, int found, char **argv,
                     struct error *err)
{
	const char *word = argv[optind - 1];

	if (found == ':')
		return error_set(err, "%.40s needs a value (see --help)", word);
	if (optopt >= ID_BASE)
		return error_set(err, "--%s takes no value (see --help)",
		                 table[index_of(optopt)].name);
	if (optopt)
		return error_set(err, "-%c: unknown option (see --help)", optopt);
	/* In a damaged file, any word may be half of a password. */
	if (line->in_file)
		return error_set(err, "unknown or ambiguous option (see --help)");
	/* What stands behind '=' may be a password for an option of another name. */
	return error_set(err, "%.*s: unknown or ambiguous option (see --help)",
	                 (int)(strcspn(word, "=") < 40 ? strcspn(word, "=") : 40),
	                 word);
}

void options_note_output(struct options *options, const char *word, const char *next)
{
	static const char option[] = "--output";
	size_t len = sizeof(option) - 1;
	const char *form;

	if (strncmp(word, option, len) != 0)
		return;
	if (word[len] == '\0' && next)
		form = next;
	else if (word[len] == '=')
		form = word + len + 1;
	else
		return;
	if (!output_form_from_word(&options->output, str_of(form)))
		options->output = OUTPUT_TEXT;
}

/* Errors must take the wanted form even when they come before --output. */
static void look_for_output(struct options *options, int argc, char **argv)
{
	for (int i = 1; i < argc; i++)
		options_note_output(options, argv[i], argv[i + 1]);
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
	if (decodes && options->output == OUTPUT_OPENMETRICS)
		return error_set(err,
		                 "--decode and --output openmetrics contradict each "
		                 "other");
	return true;
}

static bool check_rules(const struct options *options, struct error *err)
{
	if (options->wish != WISH_PROBE)
		return true;
	if (options->rules.forbid_cleartext_auth && options->target.tls == TLS_IMPLICIT)
		return error_set(err,
		                 "--forbid-cleartext-auth and --tls contradict each "
		                 "other");
	return rules_check(&options->rules, err);
}

/* Faults are told when the words are read. */
static bool look_ahead(struct command_line *line, int argc, char **argv,
                       struct error *err)
{
	struct grammar grammar = begin_words();
	int found;

	while ((found = next_word(&grammar, argc, argv)) != -1) {
		int id = found == '?' || found == ':' ? 0 : table[index_of(found)].id;

		if (!id)
			break;
		if (id == ID_EXTRA_OPTS && !note_locator(line, optarg, err))
			return false;
		if (id == ID_AUTHPASS && !take_typed_password(line, optarg, err))
			return false;
	}
	return true;
}

void command_line_begin(struct command_line *line, bool in_file)
{
	line->in_file = in_file;
	line->tls_given = false;
	line->password_given = false;
}

bool command_line_read(struct command_line *line, int argc, char **argv,
                       struct error *err)
{
	struct grammar grammar = begin_words();
	int found;

	while ((found = next_word(&grammar, argc, argv)) != -1) {
		size_t i;

		if (found == '?' || found == ':')
			return complain(line, found, argv, err);
		if (line->in_file && optind == 1)
			/* Its value would be read as more letters. */
			return error_set(err, "-%c takes no value (see --help)", found);
		i = index_of(found);
		if (!takers[table[i].group](line, table[i].id, optarg, err))
			return false;
		note_kind(line, i);
	}
	if (optind < argc)
		/* Not repeated either: after -P it may be half of a password. */
		return error_set(
			err, "an argument that is no option; the host goes after -H");
	return true;
}

static bool check_stdin(const struct command_line *line, struct error *err)
{
	const struct options *options = line->options;

	if (line->stdin_read && options->password_source == PASSWORD_STDIN)
		return error_set(err,
		                 "--extra-opts=@- and --password-stdin contradict each "
		                 "other");
	return true;
}

/* The files first, so that the command line has the last word. */
static bool read_all(struct command_line *line, int argc, char **argv,
                     struct error *err)
{
	if (!look_ahead(line, argc, argv, err) || !command_line_read_files(line, err))
		return false;
	look_for_output(line->options, argc, argv);
	command_line_begin(line, false);
	return command_line_read(line, argc, argv, err) && check_stdin(line, err) &&
	       check_kind(line, err) && check_rules(line->options, err);
}

static const char *section_of(const char *program)
{
	const char *slash = program ? strrchr(program, '/') : NULL;
	const char *name = slash ? slash + 1 : program;

	return name && strcmp(name, "check_smtp") == 0 ? "check_smtp"
	                                               : "check_smtp_auth";
}

bool options_parse(struct options *out, int argc, char **argv, struct error *err)
{
	struct command_line line = { .options = out, .program = section_of(argv[0]) };
	bool good;

	*out = (struct options){ .target = { .mechanism = MECHANISM_AUTO,
		                             .second_look =
		                                     SECOND_LOOK_MAX_S * USEC_PER_SEC },
		                 .question = { .phase = PHASE_NONE,
		                               .mechanism = STR(""),
		                               .target = STR(""),
		                               .banner = STR("") } };
	look_for_output(out, argc, argv);
	good = read_all(&line, argc, argv, err);
	secret_destroy(line.typed);
	if (good)
		return true;
	secret_destroy(out->secret);
	out->secret = NULL;
	return false;
}

void options_release(struct options *options)
{
	secret_destroy(options->secret);
	options->secret = NULL;
	extra_opts_destroy(options->extra);
	options->extra = NULL;
}
