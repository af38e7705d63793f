/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "probe/plugin/command_line.h"
#include "probe/plugin/options.h"

enum { NUMBER_ROOM = 24 };

bool take_seconds(usec *out, const char *text, double most)
{
	char *end;
	double seconds = strtod(text, &end);

	if (end == text || *end || strspn(text, "0123456789.") != strlen(text) ||
	    seconds > most)
		return false;
	*out = (usec)(seconds * (double)USEC_PER_SEC);
	return true;
}

/* "10" or "10:unknown". */
static bool take_timeout(struct options *options, const char *text, struct error *err)
{
	size_t len = strcspn(text, ":");
	char number[NUMBER_ROOM];
	usec timeout;

	snprintf(number, sizeof(number), "%.*s", (int)len, text);
	if (len >= sizeof(number) ||
	    !take_seconds(&timeout, number, TARGET_TIMEOUT_MAX_S) ||
	    timeout < USEC_PER_MSEC)
		return error_set(err,
		                 "-t: '%.12s' is not a time from 0.001 to %d seconds",
		                 text, TARGET_TIMEOUT_MAX_S);
	options->target.timeout = timeout;
	return text[len] == '\0' ||
	       take_state(&options->rules.timeout, "-t", str_of(text + len + 1), err);
}

bool output_form_from_word(enum output_form *out, struct str word)
{
	static const char *const forms[] = {
		[OUTPUT_TEXT] = "text",
		[OUTPUT_JSON] = "json",
		[OUTPUT_OPENMETRICS] = "openmetrics",
		[OUTPUT_NAGIOS_ONLY] = "nagios-only",
	};

	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		if (str_equal(word, str_of(forms[i]))) {
			*out = (enum output_form)i;
			return true;
		}
	}
	return false;
}

static bool take_output(enum output_form *out, const char *word, struct error *err)
{
	return output_form_from_word(out, str_of(word)) ||
	       error_set(err, "--output: '%.16s' is no form known here (see --help)",
	                 word);
}

bool take_output_option(struct command_line *line, int id, char *value,
                        struct error *err)
{
	struct options *options = line->options;

	switch (id) {
	case ID_TIMEOUT:
		return take_timeout(options, value, err);
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
