/* SPDX-License-Identifier: Apache-2.0 */
#include "probe/plugin/options.h"

#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "probe/text.h"

enum group {
	GROUP_SERVER,
	GROUP_TLS,
	GROUP_LOGIN,
	GROUP_SAFETY,
	GROUP_LOOK,
	GROUP_DECODE,
	GROUP_OUTPUT,
	GROUP_COUNT
};

/* Past every character, so that getopt_long() tells long options apart. */
enum option_id {
	ID_BASE = 256,
#define OPTION(group, id, short, long, argument, help) ID_##id,
#include "probe/plugin/option.def"
	ID_END
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
	[GROUP_SERVER] = "Server:",
	[GROUP_TLS] = "Encryption:",
	[GROUP_LOGIN] = "Login:",
	[GROUP_SAFETY] = "Safety off, each only where you mean it:",
	[GROUP_LOOK] = "When it fails:",
	[GROUP_DECODE] = "Decoding a reply (no network):",
	[GROUP_OUTPUT] = "Thresholds and output:",
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
		text_add(&out, "\n%s\n", group_titles[group]);
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

/* ---- single values ---- */

static bool take_port(int *out, const char *text, struct error *err)
{
	struct str rest = str_of(text);
	int port;

	if (str_take_number(&port, &rest) && rest.len == 0 && port >= 1 &&
	    port <= 65535) {
		*out = port;
		return true;
	}
	/* Not repeated: whoever meant -P has just typed a password. */
	return error_set(err, "-p: the value is not a port from 1 to 65535");
}

static bool take_seconds(usec *out, const char *text, double most)
{
	char *end;
	double seconds = strtod(text, &end);

	if (end == text || *end || strspn(text, "0123456789.") != strlen(text) ||
	    seconds > most)
		return false;
	*out = (usec)(seconds * (double)USEC_PER_SEC);
	return true;
}

static bool take_timeout(usec *out, const char *text, struct error *err)
{
	if (take_seconds(out, text, TARGET_TIMEOUT_MAX_S) && *out >= USEC_PER_MSEC)
		return true;
	return error_set(err, "-t: '%.12s' is not a time from 0.001 to %d seconds",
	                 text, TARGET_TIMEOUT_MAX_S);
}

static bool take_look(usec *out, const char *text, struct error *err)
{
	if (take_seconds(out, text, SECOND_LOOK_MAX_S))
		return true;
	return error_set(err,
	                 "--second-look: '%.12s' is not a time from 0 to %d "
	                 "seconds",
	                 text, SECOND_LOOK_MAX_S);
}

static bool take_control(const char **controls, const char *value, struct error *err)
{
	size_t count = 0;

	while (controls[count])
		count++;
	if (count == CONTROL_MAX)
		return error_set(err, "--control: given more than %d times",
		                 CONTROL_MAX);
	controls[count] = value;
	return true;
}

static bool take_range(struct range *out, bool *given, const char *option,
                       const char *text, struct error *err)
{
	struct error why;

	if (!range_parse(out, text, &why))
		return error_set(err, "%s: %.40s (see --help)", option, why.text);
	*given = true;
	return true;
}

static bool take_mechanism(enum mechanism *out, const char *word, struct error *err)
{
	*out = MECHANISM_AUTO;
	if (str_equal_nocase(str_of(word), STR("auto")) ||
	    mechanism_from_word(out, str_of(word)))
		return true;
	return error_set(err, "-A: '%.24s' is not a mechanism known here", word);
}

static bool take_output(enum output_form *out, const char *word, struct error *err)
{
	if (str_equal(str_of(word), STR("json")))
		*out = OUTPUT_JSON;
	else if (str_equal(str_of(word), STR("text")))
		*out = OUTPUT_TEXT;
	else
		return error_set(err, "--output: '%.24s' is neither text nor json",
		                 word);
	return true;
}

static bool take_phase(enum phase *out, const char *word, struct error *err)
{
	if (phase_from_word(out, str_of(word)))
		return true;
	return error_set(err, "--phase: '%.24s' is not a phase known here", word);
}

static bool take_input(bool *out, const char *word, struct error *err)
{
	*out = str_equal(str_of(word), STR("jsonl"));
	return *out || error_set(err, "--input: '%.24s' is not jsonl", word);
}

static bool take_tls_minimum(enum tls_version *out, const char *word, struct error *err)
{
	if (str_equal(str_of(word), STR("1.2")))
		*out = TLS_VERSION_1_2;
	else if (str_equal(str_of(word), STR("1.3")))
		*out = TLS_VERSION_1_3;
	else
		return error_set(err, "--min-tls: '%.24s' is neither 1.2 nor 1.3",
		                 word);
	return true;
}

static const char *const source_options[] = {
	[PASSWORD_NONE] = "",
	[PASSWORD_FILE] = "--password-file",
	[PASSWORD_ENVIRONMENT] = "--password-env",
	[PASSWORD_STDIN] = "--password-stdin",
	[PASSWORD_ARGUMENT] = "-P",
};

static bool take_password_source(struct options *options, enum password_source source,
                                 const char *place, struct error *err)
{
	if (options->password_source != PASSWORD_NONE &&
	    options->password_source != source)
		return error_set(err, "%s and %s: give only one password",
		                 source_options[options->password_source],
		                 source_options[source]);
	options->password_source = source;
	options->password_place = place;
	return true;
}

/* The command line is world-readable: the argument is wiped as soon as it is copied. */
static bool take_argument_password(struct options *options, char *text,
                                   struct error *err)
{
	struct secret *secret;

	if (!take_password_source(options, PASSWORD_ARGUMENT, NULL, err))
		return false;
	secret = secret_create(str_of(text), "-P", err);
	explicit_bzero(text, strlen(text));
	secret_destroy(options->secret);
	options->secret = secret;
	return secret != NULL;
}

static const char *const tls_options[] = {
	[TLS_STARTTLS] = "--starttls",
	[TLS_IMPLICIT] = "--tls",
	[TLS_NONE] = "--no-tls",
};

/* How far the command line has been read. */
struct command_line {
	struct options *options;
	bool tls_given;
	const char *of_login, *of_decode; /* the first option of this kind, or NULL */
};

static bool take_tls(struct command_line *line, enum tls_mode mode, struct error *err)
{
	struct target_settings *target = &line->options->target;

	if (line->tls_given && target->tls != mode)
		return error_set(err, "%s and %s contradict each other",
		                 tls_options[target->tls], tls_options[mode]);
	line->tls_given = true;
	target->tls = mode;
	return true;
}

/* ---- the options ---- */

static bool take_server_option(struct command_line *line, int id, char *value,
                               struct error *err)
{
	struct target_settings *target = &line->options->target;

	switch (id) {
	case ID_HOSTNAME:
		target->host = value;
		return true;
	case ID_PORT:
		return take_port(&target->port, value, err);
	case ID_IPV4:
		target->family = IP_V4;
		return true;
	case ID_IPV6:
		target->family = IP_V6;
		return true;
	case ID_FQDN:
		target->ehlo_name = value;
		return true;
	case ID_SOURCE_ADDRESS:
		target->source_address = value;
		return true;
	default:
		target->via = value;
		return true;
	}
}

static bool take_tls_option(struct command_line *line, int id, char *value,
                            struct error *err)
{
	struct target_settings *target = &line->options->target;

	switch (id) {
	case ID_STARTTLS:
		return take_tls(line, TLS_STARTTLS, err);
	case ID_TLS:
		return take_tls(line, TLS_IMPLICIT, err);
	case ID_NO_TLS:
		return take_tls(line, TLS_NONE, err);
	case ID_CA_FILE:
		target->ca_file = value;
		return true;
	case ID_CA_DIR:
		target->ca_dir = value;
		return true;
	case ID_SERVER_NAME:
		target->server_name = value;
		return true;
	case ID_MIN_TLS:
		return take_tls_minimum(&target->tls_min, value, err);
	case ID_CLIENT_CERT:
		target->client_certificate = value;
		return true;
	default:
		target->client_key = value;
		return true;
	}
}

static bool take_login_option(struct command_line *line, int id, char *value,
                              struct error *err)
{
	struct options *options = line->options;

	switch (id) {
	case ID_AUTHTYPE:
		return take_mechanism(&options->target.mechanism, value, err);
	case ID_AUTHUSER:
		options->target.user = value;
		return true;
	case ID_AUTHZID:
		options->target.authorization = value;
		return true;
	case ID_PASSWORD_FILE:
		return take_password_source(options, PASSWORD_FILE, value, err);
	case ID_PASSWORD_ENV:
		return take_password_source(options, PASSWORD_ENVIRONMENT, value, err);
	case ID_PASSWORD_STDIN:
		return take_password_source(options, PASSWORD_STDIN, NULL, err);
	default:
		return take_argument_password(options, value, err);
	}
}

static bool take_safety_option(struct command_line *line, int id, char *value,
                               struct error *err)
{
	struct target_settings *target = &line->options->target;

	(void)value, (void)err;
	if (id == ID_INSECURE)
		target->insecure = true;
	else
		target->allow_cleartext = true;
	return true;
}

static bool take_look_option(struct command_line *line, int id, char *value,
                             struct error *err)
{
	struct options *options = line->options;

	switch (id) {
	case ID_SECOND_LOOK:
		return take_look(&options->target.second_look, value, err);
	case ID_CONTROL:
		return take_control(options->target.controls, value, err);
	case ID_STATE_FILE:
		options->state_file = value;
		return true;
	default:
		options->target.interceptors_file = value;
		return true;
	}
}

static bool take_decode_option(struct command_line *line, int id, char *value,
                               struct error *err)
{
	struct options *options = line->options;
	struct decode_question *question = &options->question;

	switch (id) {
	case ID_DECODE:
		options->wish = WISH_DECODE;
		question->reply = str_of(value);
		return true;
	case ID_PHASE:
		return take_phase(&question->phase, value, err);
	case ID_MECHANISM:
		question->mechanism = str_of(value);
		return true;
	case ID_TARGET:
		question->target = str_of(value);
		return true;
	case ID_BANNER:
		question->banner = str_of(value);
		return true;
	default:
		return take_input(&options->jsonl, value, err);
	}
}

static bool take_output_option(struct command_line *line, int id, char *value,
                               struct error *err)
{
	struct options *options = line->options;

	switch (id) {
	case ID_WARNING:
		return take_range(&options->warning, &options->has_warning, "-w", value,
		                  err);
	case ID_CRITICAL:
		return take_range(&options->critical, &options->has_critical, "-c",
		                  value, err);
	case ID_TIMEOUT:
		return take_timeout(&options->target.timeout, value, err);
	case ID_VERBOSE:
		options->verbosity++;
		return true;
	case ID_OUTPUT:
		return take_output(&options->output, value, err);
	case ID_EXPLAIN:
		options->explain = true;
		return true;
	case ID_TRACE:
		options->trace = true;
		return true;
	case ID_VERSION:
		options->wish = WISH_VERSION;
		return true;
	default:
		options->wish = WISH_HELP;
		return true;
	}
}

typedef bool take_option(struct command_line *line, int id, char *value,
                         struct error *err);

static take_option *const takers[GROUP_COUNT] = {
	[GROUP_SERVER] = take_server_option, [GROUP_TLS] = take_tls_option,
	[GROUP_LOGIN] = take_login_option,   [GROUP_SAFETY] = take_safety_option,
	[GROUP_LOOK] = take_look_option,     [GROUP_DECODE] = take_decode_option,
	[GROUP_OUTPUT] = take_output_option,
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
	struct options options = { .target = { .mechanism = MECHANISM_AUTO,
		                               .second_look = SECOND_LOOK_MAX_S *
		                                              USEC_PER_SEC },
		                   .question = { .phase = PHASE_NONE,
		                                 .mechanism = STR(""),
		                                 .target = STR(""),
		                                 .banner = STR("") } };
	struct command_line line = { .options = &options };
	bool good;

	look_for_output(&options, argc, argv);
	good = read_command_line(&line, argc, argv, err);
	if (!good) {
		secret_destroy(options.secret);
		options.secret = NULL;
	}
	*out = options;
	return good;
}
