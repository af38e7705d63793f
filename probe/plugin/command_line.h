/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PROBE_PLUGIN_COMMAND_LINE_H
#define PROBE_PLUGIN_COMMAND_LINE_H

#include "probe/clock.h"
#include "probe/error.h"
#include "probe/plugin/extra_opts.h"
#include "probe/plugin/judgement.h"
#include "probe/target.h"

struct options;

/* Past every character, so that getopt_long() tells long options apart. */
enum option_id {
	ID_BASE = 256,
#define OPTION(group, id, short, long, argument, help) ID_##id,
#include "probe/plugin/option.def"
	ID_END
};

enum { LOCATORS_MAX = 8 };

/* How far the command line has been read. */
struct command_line {
	struct options *options;
	const char *program; /* the section that --extra-opts reads by itself */
	bool tls_given, password_given;
	bool in_file;         /* the option stands in a file, not on the command line */
	bool stdin_read;      /* a file of options was standard input */
	struct secret *typed; /* from -P on the command line */
	struct extra_locator locators[LOCATORS_MAX]; /* from --extra-opts */
	size_t locator_count;
	const char *of_login, *of_decode; /* the first option of this kind, or NULL */
};

/*
 * Takes one option of a group (option.def) into `line->options`. False with a sentence
 * that names the option when its value is wrong. `value` points into argv.
 */
typedef bool take_option(struct command_line *line, int id, char *value,
                         struct error *err);

#define OPTION_GROUP(id, name, title) take_option take_##name##_option;
#include "probe/plugin/option_group.def"

/*
 * Before anything is waited for: keeps the password that stands on the command line and
 * wipes it there; notes a file of options. NULL for --extra-opts without a value.
 */
bool take_typed_password(struct command_line *line, char *value, struct error *err);
bool note_locator(struct command_line *line, const char *text, struct error *err);

/* From here on, one of the exclusive options takes the place of an earlier one. */
void command_line_begin(struct command_line *line, bool in_file);

/* Takes the options among the words of argv. */
bool command_line_read(struct command_line *line, int argc, char **argv,
                       struct error *err);

/* Takes the options of the files that were noted; they come before all others. */
bool command_line_read_files(struct command_line *line, struct error *err);

/* Takes the form out of "--output FORM" or "--output=FORM", if that is what it is. */
void options_note_output(struct options *options, const char *word, const char *next);

/* "0.5": seconds from 0 to `most`; false when the text is no such number. */
bool take_seconds(usec *out, const char *text, double most);

/* "critical" or "2"; false with a sentence that names the option. */
bool take_state(struct chosen_state *out, const char *option, struct str word,
                struct error *err);

#endif
