/* SPDX-License-Identifier: Apache-2.0 */
#include "probe/pasted.h"

#include <string.h>

enum {
	CODE_DIGITS = 3,
	GAP_MAX = 24,   /* between "535" and "5.7.8" in "retcode (535); Msg: b'5.7.8" */
	FOLD_FROM = 60, /* nobody folds a line that is shorter */
	WRAPPINGS_MAX = 4
};

/* How well a number stands where a reply begins. */
enum place { PLACE_IN_WORD, PLACE_ANYWHERE, PLACE_AFTER_WORD, PLACE_OF_REPLY };

/* A reply that one line holds, or that it begins. */
struct found {
	struct reply_line line;
	char quote; /* still open at the end of the line */
	int rank;
};

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_lower(char c)
{
	return c >= 'a' && c <= 'z';
}

static bool is_alnum(char c)
{
	return is_digit(c) || is_lower(c) || (c >= 'A' && c <= 'Z');
}

static bool is_one_of(char c, const char *set)
{
	return c != '\0' && strchr(set, c) != NULL;
}

static char last_of(struct str text)
{
	return text.len ? text.at[text.len - 1] : '\0';
}

static struct str from(struct str text, size_t at)
{
	return (struct str){ text.at + at, text.len - at };
}

/* ---- what stands before ---- */

/* The word at the end, in the sense of "not a blank". */
static struct str last_word(struct str text)
{
	size_t at = text.len;

	while (at > 0 && !is_one_of(text.at[at - 1], " \t"))
		at--;
	return from(text, at);
}

/* "SMTP[code" ends in "code". */
static bool ends_in_word(struct str text, const char *words)
{
	struct str rest = str_of(words), word;
	size_t at = text.len;

	if (at > 0 && is_one_of(text.at[at - 1], "'\"")) /* a key of JSON */
		at = --text.len;
	while (at > 0 && is_alnum(text.at[at - 1]))
		at--;
	while (str_take_word(&word, &rest, " "))
		if (str_equal_nocase(from(text, at), word))
			return true;
	return false;
}

/* "10:11:12", "2024-01-02T10:11:12Z", "0.231", "192.0.2.1" */
static bool is_stamp(struct str word)
{
	size_t marks = 0;

	for (size_t i = 0; i < word.len; i++) {
		marks += is_one_of(word.at[i], ":.-/");
		if (!is_digit(word.at[i]) && !is_one_of(word.at[i], ":.,-/+TZ[]"))
			return false;
	}
	return marks > 0 && is_digit(word.at[0]);
}

/* A terminal's colour, "ESC [ 31 m", ends in a letter that belongs to no word. */
static struct str without_colour(struct str before)
{
	size_t at = before.len;

	if (last_of(before) != 'm')
		return before;
	for (at--; at > 0 && (is_digit(before.at[at - 1]) || before.at[at - 1] == ';');)
		at--;
	if (at < 2 || before.at[at - 1] != '[' || before.at[at - 2] != '\033')
		return before;
	return (struct str){ before.at, at - 2 };
}

/* Words after which a bare number may be a reply. */
static const char speech[] =
	"error err code reply response returned got received replied answered "
	"responded "
	"said says status smtpstatus with failed smtp answer is server am pm";

/* Words whose number is none. */
static const char measures[] = "port size time took pid line id timeout count bytes";

static enum place place_after_blank(struct str before)
{
	char last = last_of(before);

	if (before.len == 0)
		return PLACE_OF_REPLY;
	if (is_alnum(last) && is_stamp(last_word(before)))
		return PLACE_OF_REPLY;
	if (is_alnum(last))
		return ends_in_word(before, speech) ? PLACE_AFTER_WORD : PLACE_ANYWHERE;
	before.len--;
	if (last == ':' || last == '=')
		return ends_in_word(before, measures) ? PLACE_ANYWHERE : PLACE_OF_REPLY;
	if (last == ',')
		return PLACE_ANYWHERE;
	return last == '.' ? PLACE_AFTER_WORD : PLACE_OF_REPLY;
}

static enum place place_of(struct str before)
{
	char last;

	before = without_colour(before);
	last = last_of(before);
	if (before.len == 0)
		return PLACE_OF_REPLY;
	if (last == ' ' || last == '\t')
		return place_after_blank(str_trim(before));
	if (is_alnum(last) || is_one_of(last, "./-+%$@\\&"))
		return PLACE_IN_WORD;
	before.len--;
	if (last == ':' || last == '=') /* not "10:250", nor "mx.example:250" */
		return ends_in_word(before, speech) ? PLACE_AFTER_WORD : PLACE_IN_WORD;
	if (last == '_') /* qmail's log has no blanks */
		return last_of(before) == ':' ? PLACE_OF_REPLY : PLACE_IN_WORD;
	if (last == ',') /* Exchange's log has columns, with the direction before */
		return is_one_of(last_of(before), "<>") ? PLACE_OF_REPLY
		                                        : PLACE_ANYWHERE;
	return last == '#' ? PLACE_ANYWHERE : PLACE_OF_REPLY;
}

/* ---- what stands behind ---- */

static bool begins_with_status(struct str text, int code)
{
	struct enhanced_status status;

	text = str_trim(text);
	return enhanced_status_take(&status, &text) && status.class == code / 100;
}

/* "535); Msg: b'5.7.8 ...": the status is what shows that the code's text follows. */
static bool skip_to_status(struct str *rest, int code)
{
	size_t at = 0;

	while (at < rest->len && at < GAP_MAX && !is_digit(rest->at[at]))
		at++;
	if (at >= rest->len || at == 0) /* "5355.7.8" */
		return false;
	if (!begins_with_status(from(*rest, at), code))
		return false;
	*rest = from(*rest, at);
	return true;
}

/* Python's "535, b'text'", Rust's "535): text". */
static bool skip_to_quote(struct str *rest)
{
	struct str here = *rest;

	if (str_take_char(&here, ')') && str_take_char(&here, ':')) {
		*rest = here;
		return true;
	}
	here = *rest;
	if (!str_take_char(&here, ','))
		return false;
	here = str_trim(here);
	if (!str_take_char(&here, 'b'))
		str_take_char(&here, 'u');
	if (!str_take_char(&here, '\'') && !str_take_char(&here, '"'))
		return false;
	*rest = here;
	return true;
}

/* Units after which a number is an amount. */
static bool is_amount(struct str text)
{
	struct str word;

	return str_take_word(&word, &text, " \t,.;)") &&
	       ends_in_word(word,
	                    "ms msec s sec secs second seconds byte bytes octets kb "
	                    "mb kib mib messages mails times days hours minutes");
}

/* From the end of the code to its text. */
static bool skip_separator(struct str *rest, struct reply_line *line)
{
	char first = rest->len ? rest->at[0] : '\0';

	if (rest->len == 0)
		return true;
	line->last = first != '-';
	if (is_one_of(first, " \t-_")) {
		*rest = from(*rest, 1);
		return true;
	}
	if (skip_to_status(rest, line->code) || skip_to_quote(rest))
		return true;
	return first == ':' && str_take_char(rest, ':') && rest->len &&
	       rest->at[0] == ' ';
}

/* The quote closes before a mark or the end, not within a word: "can't". */
static bool cut_at_quote(struct str *text, char quote)
{
	for (size_t i = 0; i < text->len; i++) {
		if (text->at[i] != quote || (i > 0 && text->at[i - 1] == '\\'))
			continue;
		if (i + 1 < text->len && is_alnum(text->at[i + 1]))
			continue;
		text->len = i;
		return true;
	}
	return false;
}

/* ---- one line ---- */

static bool take_code(int *out, struct str *rest)
{
	struct str text = *rest;
	int code;

	if (!str_take_number(&code, &text) || rest->len - text.len != CODE_DIGITS ||
	    code < 200 || code > 599)
		return false;
	*out = code;
	*rest = text;
	return true;
}

static bool is_submission_port(int code)
{
	return code == 465 || code == 587;
}

/* Looks only around the place, so that a long line of numbers costs little. */
static bool find_at(struct found *out, struct str line, size_t at)
{
	struct str before = { line.at, at }, rest = from(line, at);
	enum place place = place_of(before);
	struct found found = { .line.last = true };
	bool has_status;

	if (place == PLACE_IN_WORD || !take_code(&found.line.code, &rest) ||
	    !skip_separator(&rest, &found.line))
		return false;
	has_status = begins_with_status(rest, found.line.code);
	if (!has_status &&
	    (place == PLACE_ANYWHERE || is_submission_port(found.line.code) ||
	     (at > 0 && is_amount(rest))))
		return false;
	found.quote = rest.at[-1]; /* that of the text, or else that of the code */
	if (!is_one_of(found.quote, "'\"`"))
		found.quote = last_of(before);
	found.line.text = rest;
	found.rank = (int)place + (has_status ? 2 : 0);
	*out = found;
	return true;
}

static void finish(struct found *found)
{
	struct reply_line *line = &found->line;

	if (!is_one_of(found->quote, "'\"`") || cut_at_quote(&line->text, found->quote))
		found->quote = '\0';
	line->text = str_trim(line->text);
	line->enhanced = reply_take_status(&line->text, line->code);
}

/*
 * A time stamp or an amount may look like a code: the number at the best place is
 * taken, and of equals the first, for a reply may quote another one.
 */
static bool find_reply(struct found *out, struct str line)
{
	bool any = false;

	for (size_t i = 0; i + CODE_DIGITS <= line.len; i++) {
		struct found found;

		if (!is_digit(line.at[i]) || !find_at(&found, line, i))
			continue;
		if (!any || found.rank > out->rank)
			*out = found;
		any = true;
		if (i == 0) /* a reply as it was on the wire needs no search */
			break;
	}
	if (any)
		finish(out);
	return any;
}

/* An HTTP status is none of SMTP's. */
static bool is_http(struct str line)
{
	return str_find_nocase(line, STR("HTTP/1.")) >= 0 ||
	       str_find_nocase(line, STR("HTTP/2")) >= 0;
}

/* ---- text ---- */

static bool is_unbalanced(struct str text, char opening, char closing)
{
	long depth = 0;

	for (size_t i = 0; i < text.len; i++)
		depth += (text.at[i] == opening) - (text.at[i] == closing);
	return depth < 0;
}

static bool drop_end(struct str *text, struct str end)
{
	if (text->len < end.len ||
	    !str_equal_nocase(from(*text, text->len - end.len), end))
		return false;
	text->len -= end.len;
	*text = str_trim(*text);
	return true;
}

static bool drop_wrapping(struct str *text)
{
	return drop_end(text, STR("<br>")) || drop_end(text, STR("<br />")) ||
	       drop_end(text, STR("\033[0m")) ||
	       (is_unbalanced(*text, '(', ')') && drop_end(text, STR(")"))) ||
	       (is_unbalanced(*text, '[', ']') && drop_end(text, STR("]"))) ||
	       (is_unbalanced(*text, '{', '}') && drop_end(text, STR("}")));
}

/* What a log writes behind the server's words. */
static struct str tidy(struct str text)
{
	long note = str_find_nocase(text, STR(" (in reply to ")); /* Postfix */

	if (note >= 0)
		text.len = (size_t)note;
	for (int i = 0; i < WRAPPINGS_MAX && drop_wrapping(&text); i++)
		;
	return text;
}

/* A reply that grows line by line. */
struct growing {
	struct pasted *out;
	size_t len;
	bool any;
	bool adjacent;  /* the line before belongs to it */
	size_t columns; /* of that line */
	char quote;     /* still open */
};

static void append(struct growing *reply, struct str text)
{
	struct pasted *out = reply->out;
	size_t len = reply->len;

	if (text.len > PASTED_TEXT_MAX)
		text.len = PASTED_TEXT_MAX;
	text = tidy(text);
	if (str_equal(text, (struct str){ out->text, len })) /* said twice */
		return;
	if (len && text.len && len < PASTED_TEXT_MAX)
		out->text[len++] = ' ';
	if (text.len > PASTED_TEXT_MAX - len)
		text.len = PASTED_TEXT_MAX - len;
	if (text.len)
		memcpy(out->text + len, text.at, text.len);
	reply->len = len + text.len;
}

/* ---- all lines ---- */

/* Programs print "\r\n" in a string as it is written in source code. */
static size_t line_end_at(struct str text, size_t i)
{
	size_t len = 0;

	if (text.at[i] == '\n' || text.at[i] == '\r')
		return 1;
	while (i + len + 1 < text.len && text.at[i + len] == '\\' &&
	       is_one_of(text.at[i + len + 1], "rn"))
		len += 2;
	if (len && i + len < text.len && is_lower(text.at[i + len])) /* "C:\new" */
		return 0;
	return len;
}

static struct str take_line(struct str *rest)
{
	struct str line = { rest->at, 0 };
	size_t end = 0;

	while (line.len < rest->len && !(end = line_end_at(*rest, line.len)))
		line.len++;
	*rest = from(*rest, line.len + end);
	return str_trim(line);
}

/* After a failed login these only tell that there was none. */
static bool is_consequence(int code)
{
	return code == 221 || code == 421 || code == 503 || code == 530;
}

/* Whether a later reply tells more: somebody may paste a whole session. */
static bool tells_more(const struct found *found, const struct growing *reply)
{
	int old = reply->out->reply.code, new = found->line.code;

	if (old >= 400 && (new < 400 || is_consequence(new)))
		return false;
	return found->rank > PLACE_AFTER_WORD && new != 221 &&
	       (found->line.text.len || found->line.enhanced.class);
}

static void take_reply(struct growing *reply, const struct found *found)
{
	struct reply *out = &reply->out->reply;

	if (!reply->any || !(reply->adjacent && out->code == found->line.code)) {
		reply->adjacent = !reply->any || tells_more(found, reply);
		if (!reply->adjacent)
			return;
		*out = (struct reply){ .code = found->line.code };
		reply->len = 0;
	}
	if (!out->enhanced.class)
		out->enhanced = found->line.enhanced;
	reply->any = true;
	reply->adjacent = true;
	reply->quote = found->quote;
	append(reply, found->line.text);
}

/* Whether a mailer or terminal has folded the line before: it goes on in small. */
static bool is_folded(const struct growing *reply, struct str line)
{
	struct str rest = line, word;
	char last = reply->len ? reply->out->text[reply->len - 1] : '\0';

	if (reply->columns < FOLD_FROM || !str_take_word(&word, &rest, " "))
		return false;
	if (str_equal(word, STR("at")) || last_of(word) == ':' ||
	    memchr(word.at, '=', word.len))
		return false;
	return (is_lower(word.at[0]) || word.at[0] < 0 || word.at[0] == '(') &&
	       (is_alnum(last) || last == ',' || last == '-' || last < 0);
}

/* A line without a code: perhaps the rest of the reply. */
static void take_rest(struct growing *reply, struct str line)
{
	struct enhanced_status *enhanced = &reply->out->reply.enhanced, status;
	struct str text = line;
	bool repeats = enhanced_status_take(&status, &text) &&
	               memcmp(&status, enhanced, sizeof(status)) == 0;

	if (!reply->adjacent)
		return;
	if (!reply->quote && !repeats && !is_folded(reply, line)) {
		reply->adjacent = line.len == 0;
		return;
	}
	if (reply->quote && cut_at_quote(&text, reply->quote))
		reply->quote = '\0';
	append(reply, str_trim(text));
}

bool pasted_parse(struct pasted *out, struct str raw)
{
	struct growing reply = { .out = out };

	while (raw.len) {
		struct str line = take_line(&raw);
		struct found found;

		if (!is_http(line) && find_reply(&found, line))
			take_reply(&reply, &found);
		else
			take_rest(&reply, line);
		reply.columns = line.len;
	}
	if (reply.any)
		out->reply.text = (struct str){ out->text, reply.len };
	return reply.any;
}
