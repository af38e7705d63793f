/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PROBE_PLUGIN_OPTIONS_H
#define PROBE_PLUGIN_OPTIONS_H

#include "probe/plugin/decode.h"
#include "probe/plugin/extra_opts.h"
#include "probe/plugin/judgement.h"
#include "probe/target.h"

enum output_form { OUTPUT_TEXT, OUTPUT_JSON, OUTPUT_OPENMETRICS, OUTPUT_NAGIOS_ONLY };
enum wish { WISH_PROBE, WISH_DECODE, WISH_HELP, WISH_VERSION };

/* Where the password comes from. */
enum password_source {
	PASSWORD_NONE,
	PASSWORD_FILE,
	PASSWORD_ENVIRONMENT,
	PASSWORD_STDIN,
	PASSWORD_COMMAND,
	PASSWORD_CREDENTIAL,
	PASSWORD_NETRC,
	PASSWORD_ARGUMENT,  /* -P on the command line */
	PASSWORD_EXTRA_OPTS /* -P in a file of options */
};

struct options {
	enum wish wish;
	struct target_settings target;
	enum password_source password_source;
	const char *password_place; /* path, variable, command or name */
	struct secret *secret;      /* from -P, which is wiped from where it stood */
	struct extra_opts *extra;   /* from files of options; NULL without */
	struct decode_question question;  /* for WISH_DECODE */
	bool jsonl;                       /* questions are read from stdin */
	char sender[COMMAND_MAX_LEN + 1]; /* the command that -f makes */
	const char *state_file;           /* NULL: nothing is remembered */
	struct rules rules;
	int verbosity;
	enum output_form output;
	bool trace;
	bool explain;
};

/*
 * Reads the command line, and the files of options that it names. False and a sentence
 * about the first mistake; `out->output` is right even then. Strings point into argv
 * and into `out`, which must not move. Give back with options_release(), after a
 * mistake, too.
 */
bool options_parse(struct options *out, int argc, char **argv, struct error *err);

/* Wipes `extra`, and the secret when nobody took it and set it to NULL. */
void options_release(struct options *options);

/* The word of --output. */
bool output_form_from_word(enum output_form *out, struct str word);

/* The help text, 80 columns, grouped. */
const char *options_help(struct arena *arena);

#endif
