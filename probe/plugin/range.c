/* SPDX-License-Identifier: Apache-2.0 */
#include "probe/plugin/range.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* strtod() also reads hexadecimal, "inf" and "nan"; a threshold is none of these. */
static bool take_number(double *out, const char **rest)
{
	size_t len = strspn(*rest, "+-.0123456789");
	char *end;
	double value = strtod(*rest, &end);

	if (len == 0 || end != *rest + len)
		return false;
	*out = value;
	*rest = end;
	return true;
}

static bool take_start(double *out, const char **rest)
{
	if (**rest == '~') {
		*out = -INFINITY;
		(*rest)++;
		return **rest == ':';
	}
	if (**rest == ':') {
		*out = 0;
		return true;
	}
	return take_number(out, rest);
}

static bool take_range(struct range *out, const char *text)
{
	struct range range = { .start = 0, .end = INFINITY, .text = text };

	if (*text == '@') {
		range.inside = true;
		text++;
	}
	if (!take_start(&range.start, &text))
		return false;
	if (*text == '\0') { /* "10" is 0 to 10 */
		range.end = range.start;
		range.start = 0;
	} else if (*text++ != ':' ||
	           (*text && (!take_number(&range.end, &text) || *text))) {
		return false;
	}
	if (range.start > range.end)
		return false;
	*out = range;
	return true;
}

bool range_parse(struct range *out, const char *text, struct error *err)
{
	if (strlen(text) > RANGE_TEXT_MAX)
		return error_set(err, "'%.12s...' is too long", text);
	return take_range(out, text) || error_set(err, "'%.40s' is not a range", text);
}

bool range_alerts(const struct range *range, double value)
{
	bool within = value >= range->start && value <= range->end;

	return within == range->inside;
}
