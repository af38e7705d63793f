/* SPDX-License-Identifier: Apache-2.0 */
#include "probe/trace.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "probe/reply.h"

enum { KEPT_FOR_NOTES = 16, DECIMALS = 1000 };

static const char MARKS[] = {
	[DIRECTION_SERVER] = '<',
	[DIRECTION_CLIENT] = '>',
	[DIRECTION_NOTE] = '*',
};

struct trace {
	struct arena *arena;
	struct redaction *redaction;
	bool in_auth; /* between AUTH and the reply that ends the exchange */
	bool truncated, closed;
	size_t count;
	struct event *events[TRACE_EVENT_MAX];
};

struct trace *trace_create(struct arena *arena, struct redaction *redaction)
{
	struct trace *trace = arena_take(arena, sizeof(*trace));

	trace->arena = arena;
	trace->redaction = redaction;
	return trace;
}

/* The C1 controls too, in the form that UTF-8 gives them: terminals obey them. */
static void hide_control_bytes(char *line, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		unsigned char byte = (unsigned char)line[i];
		unsigned char next = i + 1 < len ? (unsigned char)line[i + 1] : 0;

		if (byte < ' ' || byte == 0x7f)
			line[i] = '?';
		else if (byte == 0xc2 && next >= 0x80 && next <= 0x9f)
			line[i] = line[i + 1] = '?';
	}
}

static void store(struct trace *trace, usec at, enum direction direction,
                  struct str line)
{
	size_t limit = direction == DIRECTION_NOTE ? TRACE_EVENT_MAX
	                                           : TRACE_EVENT_MAX - KEPT_FOR_NOTES;
	struct event *event;
	char *copy;

	if (trace->count >= limit) {
		trace->truncated = true;
		return;
	}
	event = arena_take(trace->arena, sizeof(*event));
	copy = arena_copy(trace->arena, line);
	hide_control_bytes(copy, line.len);
	*event = (struct event){ at, direction, { copy, line.len } };
	trace->events[trace->count++] = event;
}

static struct str first_words(struct str line, int words)
{
	struct str rest = line, word;

	while (words-- > 0 && str_take_word(&word, &rest, " "))
		;
	return (struct str){ line.at, line.len - rest.len };
}

static bool is_auth_command(struct str line)
{
	return str_starts_nocase(line, STR("AUTH ")) ||
	       str_equal_nocase(line, STR("AUTH"));
}

/*
 * Redaction follows the exchange, not the line: the continuation lines of a SASL
 * exchange hold the secret just as the AUTH command does.
 */
static void store_client_line(struct trace *trace, usec at, struct str line)
{
	static const char mark[] = " <redacted>";
	char shown[TRACE_LINE_MAX];
	struct str head;
	bool cut = line.len > TRACE_LINE_MAX;

	if (cut)
		line.len = TRACE_LINE_MAX;
	if (trace->in_auth && str_equal(line, STR("*"))) {
		/* RFC 4954 section 4: the exchange is cancelled, a command follows. */
		trace->in_auth = false;
	} else if (trace->in_auth) { /* before all else: base64 can spell "AUTH" */
		line = STR("<redacted>");
	} else if (is_auth_command(line)) {
		trace->in_auth = true;
		head = first_words(line, 2);
		if (head.len < line.len) {
			if (head.len > sizeof(shown) - sizeof(mark))
				head.len = sizeof(shown) - sizeof(mark);
			memcpy(shown, head.at, head.len);
			memcpy(shown + head.len, mark, sizeof(mark) - 1);
			line = (struct str){ shown, head.len + sizeof(mark) - 1 };
		}
	} else {
		trace->truncated |= cut;
	}
	store(trace, at, DIRECTION_CLIENT, line);
}

static bool goes_on(struct str reply)
{
	return str_starts(reply, STR("334"));
}

/* "334 <redacted>"; returns its length. */
static size_t keep_code_only(char *out, struct str reply)
{
	static const char mark[] = "<redacted>";
	size_t code = reply.len < 4 ? reply.len : 4;

	memcpy(out, reply.at, code);
	memcpy(out + code, mark, sizeof(mark) - 1);
	return code + sizeof(mark) - 1;
}

static bool loses_code(struct str whole, struct str redacted)
{
	struct reply_line reply;

	return whole.len >= 4 && reply_parse_line(&reply, whole) &&
	       !reply_parse_line(&reply, redacted);
}

static void store_server_line(struct trace *trace, usec at, struct str line)
{
	char shown[TRACE_LINE_MAX];
	struct str whole = line;

	if (trace->redaction)
		line.len =
			redaction_apply(trace->redaction, shown, sizeof(shown), line);
	else
		line.len = line.len < sizeof(shown) ? line.len : sizeof(shown);
	if (!trace->redaction && line.len)
		memcpy(shown, line.at, line.len);
	line.at = shown;
	/*
	 * Half a challenge helps nobody and looks like a leak. And a password like
	 * "235 2.7" must not take the code away that the verdict rests on.
	 */
	if (!str_equal(line, whole) && (goes_on(whole) || loses_code(whole, line)))
		line.len = keep_code_only(shown, whole);
	store(trace, at, DIRECTION_SERVER, line);
	if (trace->in_auth && !goes_on(whole))
		trace->in_auth = false;
}

void trace_add(struct trace *trace, usec at, enum direction direction, struct str line)
{
	assert(!trace->closed);
	while (line.len &&
	       (line.at[line.len - 1] == '\n' || line.at[line.len - 1] == '\r'))
		line.len--;
	if (line.len > TRACE_LINE_MAX && direction == DIRECTION_SERVER)
		trace->truncated = true;
	if (direction == DIRECTION_CLIENT)
		store_client_line(trace, at, line);
	else if (direction == DIRECTION_SERVER)
		store_server_line(trace, at, line);
	else
		store(trace, at, direction,
		      (struct str){ line.at, line.len < TRACE_NOTE_MAX
		                                     ? line.len
		                                     : TRACE_NOTE_MAX });
}

void trace_note(struct trace *trace, usec at, const char *format, ...)
{
	char line[TRACE_NOTE_MAX];
	va_list args;

	va_start(args, format);
	vsnprintf(line, sizeof(line), format, args);
	va_end(args);
	trace_add(trace, at, DIRECTION_NOTE, str_of(line));
}

void trace_close(struct trace *trace)
{
	trace->closed = true;
	trace->redaction = NULL;
}

size_t trace_count(const struct trace *trace)
{
	return trace->count;
}

const struct event *trace_event(const struct trace *trace, size_t index)
{
	assert(index < trace->count);
	return trace->events[index];
}

bool trace_truncated(const struct trace *trace)
{
	return trace->truncated;
}

void trace_print_event(const struct event *event, struct text *out)
{
	usec millis = event->at / USEC_PER_MSEC;

	text_add(out, "%lld.%03lld %c %.*s", (long long)(millis / DECIMALS),
	         (long long)(millis % DECIMALS), MARKS[event->direction],
	         (int)event->line.len, event->line.at);
}

void trace_print(const struct trace *trace, struct text *out)
{
	for (size_t i = 0; i < trace->count; i++) {
		trace_print_event(trace->events[i], out);
		text_add(out, "\n");
	}
}

/* "0.021" or "12": seconds with up to six decimals. */
static bool take_seconds(usec *out, struct str *rest)
{
	int whole, part = 0;
	usec scale = USEC_PER_SEC;
	size_t before;

	if (!str_take_number(&whole, rest))
		return false;
	if (str_take_char(rest, '.')) {
		before = rest->len;
		if (!str_take_number(&part, rest) || before - rest->len > 6)
			return false;
		for (size_t digits = before - rest->len; digits; digits--)
			scale /= 10;
	}
	*out = (usec)whole * USEC_PER_SEC + part * scale;
	return true;
}

static bool take_direction(enum direction *out, struct str *rest)
{
	for (unsigned i = 0; i < sizeof(MARKS); i++) {
		if (rest->len && rest->at[0] == MARKS[i]) {
			*out = (enum direction)i;
			return str_take_char(rest, MARKS[i]);
		}
	}
	return false;
}

static bool parse_line(struct trace *trace, struct str line)
{
	enum direction direction;
	usec at;

	if (!take_seconds(&at, &line) || !str_take_char(&line, ' ') ||
	    !take_direction(&direction, &line))
		return false;
	str_take_char(&line, ' ');
	trace_add(trace, at, direction, line);
	return true;
}

static bool is_comment(struct str line)
{
	struct str trimmed = str_trim(line);

	return trimmed.len == 0 || trimmed.at[0] == '#';
}

struct trace *trace_parse(struct arena *arena, struct str text, struct error *err)
{
	struct trace *trace = trace_create(arena, NULL);

	for (int number = 1; text.len; number++) {
		const char *end = memchr(text.at, '\n', text.len);
		size_t len = end ? (size_t)(end - text.at) : text.len;
		struct str line = { text.at, len };

		if (!is_comment(line) && !parse_line(trace, line)) {
			error_set(err,
			          "line %d: not a trace line; expected "
			          "\"SECONDS <|>|* TEXT\"",
			          number);
			return NULL;
		}
		len += end != NULL;
		text = (struct str){ text.at + len, text.len - len };
	}
	return trace;
}
