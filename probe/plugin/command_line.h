/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PROBE_PLUGIN_COMMAND_LINE_H
#define PROBE_PLUGIN_COMMAND_LINE_H

#include "probe/clock.h"
#include "probe/error.h"
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

/* How far the command line has been read. */
struct command_line {
	struct options *options;
	bool tls_given;
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

/* "0.5": seconds from 0 to `most`; false when the text is no such number. */
bool take_seconds(usec *out, const char *text, double most);

/* "critical" or "2"; false with a sentence that names the option. */
bool take_state(struct chosen_state *out, const char *option, struct str word,
                struct error *err);

#endif
