/* SPDX-License-Identifier: Apache-2.0 */
#include "probe/pasted.h"

#include <string.h>

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_word_char(char c)
{
	return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       c == '.' || c == ':' || c == '/' || c == '_' || c == '#';
}

/* True where "535 …", "535-…" or a bare "535" begins, and no longer number or word. */
static bool begins_reply(struct str line, size_t at)
{
	struct reply_line parsed;
	struct str here = { line.at + at, line.len - at };

	if (at > 0 && (is_word_char(line.at[at - 1]) || line.at[at - 1] == '-'))
		return false;
	return reply_parse_line(&parsed, here);
}

/*
 * A time stamp or a port may look like a code: the place whose code is followed by
 * an enhanced status, or else by a word, is the reply's.
 */
static bool find_reply(struct reply_line *out, struct str line)
{
	bool found = false;

	for (size_t i = 0; i + 3 <= line.len; i++) {
		struct reply_line parsed;
		bool better;

		if (!is_digit(line.at[i]) || !begins_reply(line, i))
			continue;
		reply_parse_line(&parsed, (struct str){ line.at + i, line.len - i });
		better = !found || (parsed.enhanced.class && !out->enhanced.class);
		if (better)
			*out = parsed;
		found = true;
		if (i == 0) /* a reply as it was on the wire needs no search */
			break;
	}
	return found;
}

static void append(struct pasted *out, size_t *len, struct str text)
{
	if (*len && text.len && *len < PASTED_TEXT_MAX)
		out->text[(*len)++] = ' ';
	if (text.len > PASTED_TEXT_MAX - *len)
		text.len = PASTED_TEXT_MAX - *len;
	if (text.len)
		memcpy(out->text + *len, text.at, text.len);
	*len += text.len;
}

static struct str take_line(struct str *rest)
{
	const char *end = memchr(rest->at, '\n', rest->len);
	struct str line = { rest->at, end ? (size_t)(end - rest->at) : rest->len };

	rest->at += line.len + (end != NULL);
	rest->len -= line.len + (end != NULL);
	return str_trim(line);
}

/* A further line of the same reply, or the rest of a line that a mailer has folded. */
static void take_further_line(struct pasted *out, size_t *len, struct str line)
{
	struct reply_line parsed;

	if (!find_reply(&parsed, line)) {
		append(out, len, line);
		return;
	}
	if (parsed.code != out->reply.code)
		return;
	if (!out->reply.enhanced.class)
		out->reply.enhanced = parsed.enhanced;
	append(out, len, parsed.text);
}

bool pasted_parse(struct pasted *out, struct str raw)
{
	struct reply_line parsed;
	bool found = false;
	size_t len = 0;

	while (raw.len) {
		struct str line = take_line(&raw);

		if (found) {
			take_further_line(out, &len, line);
		} else if (find_reply(&parsed, line)) {
			found = true;
			out->reply =
				(struct reply){ parsed.code, parsed.enhanced, STR("") };
			append(out, &len, parsed.text);
		}
	}
	if (found)
		out->reply.text = (struct str){ out->text, len };
	return found;
}
