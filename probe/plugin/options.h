/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PROBE_PLUGIN_OPTIONS_H
#define PROBE_PLUGIN_OPTIONS_H

#include "probe/plugin/decode.h"
#include "probe/plugin/range.h"
#include "probe/target.h"

enum output_form { OUTPUT_TEXT, OUTPUT_JSON };
enum wish { WISH_PROBE, WISH_DECODE, WISH_HELP, WISH_VERSION };

/* Where the password comes from. */
enum password_source {
	PASSWORD_NONE,
	PASSWORD_FILE,
	PASSWORD_ENVIRONMENT,
	PASSWORD_STDIN,
	PASSWORD_ARGUMENT
};

struct options {
	enum wish wish;
	struct target_settings target;
	enum password_source password_source;
	const char *password_place; /* path or variable */
	struct secret *secret;      /* from -P, which is wiped from the command line */
	struct decode_question question;  /* for WISH_DECODE */
	bool jsonl;                       /* questions are read from stdin */
	char sender[COMMAND_MAX_LEN + 1]; /* the command that -f makes */
	const char *state_file;           /* NULL: nothing is remembered */
	bool has_warning, has_critical;
	struct range warning, critical;
	int verbosity;
	enum output_form output;
	bool trace;
	bool explain;
};

/*
 * Reads the command line. False and a sentence about the first mistake; `out->output`
 * is right even then. Strings point into argv and into `out`, which must not move.
 */
bool options_parse(struct options *out, int argc, char **argv, struct error *err);

/* The help text, 80 columns, grouped. */
const char *options_help(struct arena *arena);

#endif
