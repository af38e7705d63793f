/* SPDX-License-Identifier: Apache-2.0 */
#include "probe/contact_dialogue.h"

#include <stdio.h>
#include <string.h>

#include "probe/contact_offer.h"
#include "probe/reply.h"

enum { CODE_READY = 220, CODE_CLOSING = 421, CODE_PREFIX = 4, RECORD_START = 2 };

static enum contact_need end(struct contact_dialogue *dialogue,
                             enum contact_outcome outcome)
{
	dialogue->is_over = true;
	dialogue->report->outcome = outcome;
	return CONTACT_NEED_NOTHING;
}

static enum contact_need ask(struct contact_dialogue *dialogue, enum contact_step step,
                             const char *verb, const char *argument)
{
	dialogue->asked = step;
	dialogue->code = 0;
	dialogue->offer = (struct capabilities){ 0 };
	snprintf(dialogue->command, sizeof(dialogue->command), "%s%s%s\r\n", verb,
	         argument[0] ? " " : "", argument);
	return CONTACT_NEED_SEND;
}

/* ---- lines ---- */

static struct str unread(const struct contact_dialogue *dialogue)
{
	return (struct str){ dialogue->bytes + dialogue->taken,
		             dialogue->used - dialogue->taken };
}

/* A line without its end; false when there is no whole one. */
static bool take_line(struct contact_dialogue *dialogue, struct str *out)
{
	struct str rest = unread(dialogue);
	const char *end_of_line = rest.len ? memchr(rest.at, '\n', rest.len) : NULL;
	size_t len;

	if (!end_of_line)
		return false;
	len = (size_t)(end_of_line - rest.at);
	dialogue->taken += len + 1;
	if (len && rest.at[len - 1] == '\r')
		len--;
	*out = (struct str){ rest.at, len };
	return true;
}

static void remember(struct contact_dialogue *dialogue, struct str line)
{
	struct contact_report *report = dialogue->report;

	if (dialogue->line_count <= 1)
		contact_report_copy(report->first, sizeof(report->first), line);
	contact_report_copy(report->last, sizeof(report->last), line);
}

/* Content type, then major version 3 (RFC 8446 section 5.1). */
static bool is_tls_record(struct str bytes)
{
	return bytes.len >= RECORD_START && bytes.at[0] >= 0x14 &&
	       bytes.at[0] <= 0x18 && bytes.at[1] == 3;
}

/* `line` is the last that was looked at; a byte of a record may look like its end. */
static enum contact_need end_strange(struct contact_dialogue *dialogue, struct str line)
{
	const char *end_of_all = dialogue->bytes + dialogue->used;
	struct str all = { line.at, (size_t)(end_of_all - line.at) };

	if (is_tls_record(all)) {
		dialogue->report->is_tls = true;
		line = all;
	}
	remember(dialogue, line);
	return end(dialogue, CONTACT_STRANGE);
}

/* The same for bytes that are no whole line. */
static enum contact_need end_strange_rest(struct contact_dialogue *dialogue)
{
	dialogue->line_count++;
	return end_strange(dialogue, unread(dialogue));
}

/* ---- replies ---- */

static enum contact_need reach(struct contact_dialogue *dialogue,
                               enum contact_step step)
{
	dialogue->report->reached = step;
	return end(dialogue, CONTACT_ANSWERED);
}

static enum contact_need after_greeting(struct contact_dialogue *dialogue)
{
	dialogue->report->reached = CONTACT_GREETING;
	if (dialogue->goal == CONTACT_HELO)
		return ask(dialogue, CONTACT_HELO, "HELO", dialogue->name);
	return ask(dialogue, CONTACT_EHLO, "EHLO", dialogue->name);
}

static enum contact_need after_ehlo(struct contact_dialogue *dialogue)
{
	struct contact_report *report = dialogue->report;
	char *offer = report->encrypted ? report->after : report->before;

	contact_offer_print(offer, CONTACT_TEXT_MAX, &dialogue->offer);
	if (report->encrypted && dialogue->goal == CONTACT_TLS)
		return reach(dialogue, CONTACT_TLS);
	if (dialogue->goal == CONTACT_EHLO)
		return reach(dialogue, CONTACT_EHLO);
	report->reached = CONTACT_EHLO;
	if (dialogue->goal == CONTACT_NOOP)
		return ask(dialogue, CONTACT_NOOP, "NOOP", "");
	return ask(dialogue, CONTACT_STARTTLS, "STARTTLS", "");
}

/*
 * RFC 3207 section 5: whatever came in cleartext behind the reply must not be taken for
 * the server's word under TLS.
 */
static enum contact_need after_starttls(struct contact_dialogue *dialogue)
{
	if (dialogue->goal == CONTACT_STARTTLS)
		return reach(dialogue, CONTACT_STARTTLS);
	dialogue->report->reached = CONTACT_STARTTLS;
	if (unread(dialogue).len)
		return end_strange_rest(dialogue);
	return CONTACT_NEED_HANDSHAKE;
}

static bool is_accepted(const struct contact_dialogue *dialogue, int code)
{
	if (dialogue->asked == CONTACT_STARTTLS)
		return code == CODE_READY;
	return code / 100 == 2;
}

static enum contact_need judge_reply(struct contact_dialogue *dialogue, int code)
{
	dialogue->code = code;
	dialogue->reply_lines = 0;
	if (!is_accepted(dialogue, code))
		return end(dialogue, CONTACT_REFUSED_COMMAND);
	switch (dialogue->asked) {
	case CONTACT_CONNECT:
	case CONTACT_GREETING:
		return after_greeting(dialogue);
	case CONTACT_EHLO:
	case CONTACT_TLS:
		return after_ehlo(dialogue);
	case CONTACT_NOOP:
	case CONTACT_HELO:
		break;
	case CONTACT_STARTTLS:
		return after_starttls(dialogue);
	}
	return reach(dialogue, dialogue->asked);
}

static enum contact_need judge_line(struct contact_dialogue *dialogue, struct str line)
{
	struct reply_line parsed;

	if (++dialogue->line_count > CONTACT_LINES_MAX ||
	    !reply_parse_line(&parsed, line))
		return end_strange(dialogue, line);
	remember(dialogue, line);
	if (dialogue->asked == CONTACT_EHLO && dialogue->reply_lines > 0)
		capabilities_add(&dialogue->offer, parsed.text);
	dialogue->reply_lines++;
	/* Servers that test for patience hold the rest of the greeting back. */
	if (dialogue->goal == CONTACT_GREETING && parsed.code / 100 == 2)
		return reach(dialogue, CONTACT_GREETING);
	return parsed.last ? judge_reply(dialogue, parsed.code) : CONTACT_NEED_BYTES;
}

/* ---- the course ---- */

static bool is_name(struct str name)
{
	if (name.len < 1 || name.len > CONTACT_NAME_MAX)
		return false;
	for (size_t i = 0; i < name.len; i++)
		if (name.at[i] <= ' ' || name.at[i] > '~')
			return false;
	return true;
}

bool contact_dialogue_begin(struct contact_dialogue *out, struct contact_report *report,
                            enum contact_step goal, bool tls_first,
                            const char *ehlo_name)
{
	struct str name = str_of(ehlo_name);

	if (!is_name(name))
		return false;
	*out = (struct contact_dialogue){ .report = report,
		                          .goal = goal,
		                          .asked = CONTACT_CONNECT,
		                          .tls_first = tls_first };
	memcpy(out->name, name.at, name.len);
	return true;
}

enum contact_need contact_dialogue_next(struct contact_dialogue *dialogue)
{
	enum contact_need need = CONTACT_NEED_BYTES;
	struct str line;

	if (dialogue->is_over)
		return CONTACT_NEED_NOTHING;
	if (dialogue->asked == CONTACT_CONNECT) {
		dialogue->asked = CONTACT_GREETING;
		if (dialogue->goal == CONTACT_CONNECT)
			return reach(dialogue, CONTACT_CONNECT);
		if (dialogue->tls_first)
			return CONTACT_NEED_HANDSHAKE;
	}
	while (need == CONTACT_NEED_BYTES && take_line(dialogue, &line))
		need = judge_line(dialogue, line);
	return need;
}

enum contact_need contact_dialogue_take(struct contact_dialogue *dialogue,
                                        struct str bytes)
{
	size_t room = sizeof(dialogue->bytes) - dialogue->used;
	size_t fits = bytes.len < room ? bytes.len : room;
	enum contact_need need;

	memcpy(dialogue->bytes + dialogue->used, bytes.at, fits);
	dialogue->used += fits;
	need = contact_dialogue_next(dialogue);
	if (need != CONTACT_NEED_NOTHING && fits < bytes.len)
		return end_strange_rest(dialogue);
	return need;
}

enum contact_need contact_dialogue_encrypted(struct contact_dialogue *dialogue)
{
	dialogue->report->encrypted = true;
	if (dialogue->tls_first)
		return contact_dialogue_next(dialogue);
	return ask(dialogue, CONTACT_EHLO, "EHLO", dialogue->name);
}

bool contact_dialogue_peek(struct contact_dialogue *dialogue, struct str bytes)
{
	struct str line;

	if (bytes.len < RECORD_START)
		return false;
	if (!is_tls_record(bytes) && str_take_word(&line, &bytes, "\r\n")) {
		dialogue->line_count++;
		remember(dialogue, line);
	}
	return true;
}

static bool may_become_reply(struct str line)
{
	struct reply_line parsed;
	char code[CODE_PREFIX] = "200 ";

	/* What is missing is filled with what would be right. */
	memcpy(code, line.at, line.len < sizeof(code) ? line.len : sizeof(code));
	if (line.len == sizeof(code) && code[3] == '\r')
		code[3] = ' ';
	return reply_parse_line(&parsed, (struct str){ code, sizeof(code) });
}

enum contact_need contact_dialogue_pause(struct contact_dialogue *dialogue)
{
	struct str line = unread(dialogue);

	if (dialogue->is_over)
		return CONTACT_NEED_NOTHING;
	if (!line.len)
		return CONTACT_NEED_BYTES;
	if (!may_become_reply(line))
		return end_strange_rest(dialogue);
	if (dialogue->line_count == 0)
		contact_report_copy(dialogue->report->first, CONTACT_TEXT_MAX, line);
	return CONTACT_NEED_BYTES;
}

bool contact_dialogue_is_in_line(const struct contact_dialogue *dialogue)
{
	return unread(dialogue).len > 0;
}

bool contact_dialogue_may_quit(const struct contact_dialogue *dialogue)
{
	if (!dialogue->is_over || dialogue->goal <= CONTACT_GREETING)
		return false;
	if (dialogue->code == 0 || dialogue->code == CODE_CLOSING)
		return false;
	if (dialogue->report->outcome == CONTACT_REFUSED_COMMAND)
		return true;
	return dialogue->report->outcome == CONTACT_ANSWERED &&
	       dialogue->asked != CONTACT_STARTTLS;
}
