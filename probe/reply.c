/* SPDX-License-Identifier: Apache-2.0 */
#include "probe/reply.h"

enum { CODE_MIN = 200, CODE_MAX = 599, CODE_DIGITS = 3, STATUS_PART_MAX = 999 };

static bool take_code(int *out, struct str *rest)
{
	struct str text = *rest;
	int code;

	if (!str_take_number(&code, &text) || rest->len - text.len != CODE_DIGITS)
		return false;
	if (code < CODE_MIN || code > CODE_MAX)
		return false;
	*out = code;
	*rest = text;
	return true;
}

static bool take_status_part(int *out, struct str *rest)
{
	int part;

	if (!str_take_char(rest, '.') || !str_take_number(&part, rest))
		return false;
	if (part > STATUS_PART_MAX)
		return false;
	*out = part;
	return true;
}

bool enhanced_status_take(struct enhanced_status *out, struct str *text)
{
	struct str rest = *text;
	struct enhanced_status status;

	if (!str_take_number(&status.class, &rest) || text->len - rest.len != 1)
		return false;
	if (status.class != 2 && status.class != 4 && status.class != 5)
		return false;
	if (!take_status_part(&status.subject, &rest) ||
	    !take_status_part(&status.detail, &rest))
		return false;
	if (rest.len && rest.at[0] != ' ')
		return false;
	*out = status;
	*text = str_trim(rest);
	return true;
}

/*
 * An enhanced status counts only when its class agrees with the reply code:
 * servers behind broken proxies pair "250" with "5.0.0", and believing the
 * second would contradict the first.
 */
static void take_agreeing_status(struct reply_line *line)
{
	struct str rest = line->text;
	struct enhanced_status status;

	if (!enhanced_status_take(&status, &rest) || status.class != line->code / 100)
		return;
	line->enhanced = status;
	line->text = rest;
}

bool reply_parse_line(struct reply_line *out, struct str line)
{
	struct reply_line parsed = { .last = true };
	struct str rest = line;

	if (!take_code(&parsed.code, &rest))
		return false;
	if (rest.len && rest.at[0] != ' ' && rest.at[0] != '-')
		return false;
	if (rest.len) {
		parsed.last = rest.at[0] == ' ';
		rest = (struct str){ rest.at + 1, rest.len - 1 };
	}
	parsed.text = str_trim(rest);
	take_agreeing_status(&parsed);
	*out = parsed;
	return true;
}
