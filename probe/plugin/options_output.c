/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "probe/plugin/command_line.h"
#include "probe/plugin/options.h"

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

static bool take_timeout(usec *out, const char *text, struct error *err)
{
	if (take_seconds(out, text, TARGET_TIMEOUT_MAX_S) && *out >= USEC_PER_MSEC)
		return true;
	return error_set(err, "-t: '%.12s' is not a time from 0.001 to %d seconds",
	                 text, TARGET_TIMEOUT_MAX_S);
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

bool take_output_option(struct command_line *line, int id, char *value,
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
