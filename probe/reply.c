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

/* The three numbers, whatever follows. */
static bool take_status_numbers(struct enhanced_status *out, struct str *text)
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
	*out = status;
	*text = rest;
	return true;
}

bool enhanced_status_take(struct enhanced_status *out, struct str *text)
{
	struct str rest = *text;
	struct enhanced_status status;

	if (!take_status_numbers(&status, &rest) || (rest.len && rest.at[0] != ' '))
		return false;
	*out = status;
	*text = str_trim(rest);
	return true;
}

static char closing_of(char opening)
{
	return opening == '(' ? ')' : opening == '[' ? ']' : '\0';
}

/*
 * qmail and its kind write "(#5.5.1)" at the end. Without '#' only the whole of a
 * bracket counts, for an address or a version may begin alike.
 */
static bool find_status(struct enhanced_status *out, struct str text, int class)
{
	for (size_t i = 0; i + 1 < text.len; i++) {
		char closing = closing_of(text.at[i]);
		struct str rest = { text.at + i + 1, text.len - i - 1 };
		struct enhanced_status status;

		if ((closing == '\0' && text.at[i] != '#') ||
		    !take_status_numbers(&status, &rest) || status.class != class)
			continue;
		if (closing ? str_take_char(&rest, closing)
		            : !str_take_char(&rest, '.')) {
			*out = status;
			return true;
		}
	}
	return false;
}

/*
 * An enhanced status counts only when its class agrees with the reply code:
 * servers behind broken proxies pair "250" with "5.0.0", and believing the
 * second would contradict the first.
 */
struct enhanced_status reply_take_status(struct str *text, int code)
{
	struct str rest = *text;
	struct enhanced_status status;

	if (enhanced_status_take(&status, &rest) && status.class == code / 100) {
		*text = rest;
		return status;
	}
	if (find_status(&status, *text, code / 100))
		return status;
	return (struct enhanced_status){ 0 };
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
	parsed.enhanced = reply_take_status(&parsed.text, parsed.code);
	*out = parsed;
	return true;
}
