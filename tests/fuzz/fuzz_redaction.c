/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The input is what crosses the wire, in the text form of a trace, while a secret is
 * known that must not come out again. "# secret WORD" and "# user WORD" name it; what
 * the client says inside AUTH are its messages, before base64. In a line of the wire
 * these bytes stand for what a server may echo:
 *
 *   \x01 the secret          \x02 \x03 \x04 base64 of it behind 0, 1, 2 other bytes
 *   \x05 the message of PLAIN \x06 base64 of that     \x07 the user
 *   \x0e what follows in capitals
 *   \x0f and two bytes: of the next form only a part, from the first, as long as the
 * second
 */
#include "probe/redaction.h"

#include <stdlib.h>

#include "probe/base64.h"
#include "probe/trace.h"
#include "tests/fuzz/fuzz.h"

enum {
	SECRET_MAX = 96,
	MESSAGE_MAX = 256,
	WIRE_LINE_MAX = 640, /* more than a trace keeps */
	SENT_LEN_MAX = 256,
	SENT_MAX = 32, /* more than a redaction can know */
	PART = 8,      /* so long a run of a message's base64 is no coincidence */
	CAPITALS = 0x0e,
	PART_OF = 0x0f
};

/* clang-format off */
enum form {
	FORM_SECRET = 1, FORM_SHIFT_0, FORM_SHIFT_1, FORM_SHIFT_2, FORM_MESSAGE, FORM_BASE64,
	FORM_USER, FORM_COUNT
};
/* clang-format on */

struct message {
	struct str raw, base64;
};

struct wire {
	struct arena *arena;
	struct trace *trace;
	struct redaction *redaction;
	struct str secret, forms[FORM_COUNT];
	size_t sent_count;
	struct message sent[SENT_MAX];
	bool in_auth;
};

#define MARK STR("<redacted>")

/* From the heap, where the sanitizer sees each byte; secret.c takes whole pages. */
void *secret_memory_create(size_t size);
void secret_memory_destroy(void *memory, size_t size);

void *secret_memory_create(size_t size)
{
	void *memory = calloc(1, size);

	assert(memory);
	return memory;
}

void secret_memory_destroy(void *memory, size_t size)
{
	(void)size;
	free(memory);
}

static struct str named(struct str input, struct str name, struct str otherwise)
{
	while (input.len) {
		struct str line = str_trim(fuzz_take_line(&input));

		if (str_starts(line, name))
			return (struct str){ line.at + name.len, line.len - name.len };
	}
	return otherwise;
}

/*
 * What secret_create() would take. And no '?', which a trace writes in place of a
 * control byte, so that an innocent line could become the secret.
 */
static bool is_secret(struct str word)
{
	return word.len >= REDACTION_SHORTEST && word.len <= SECRET_MAX &&
	       str_is_utf8(word) && !memchr(word.at, '\0', word.len) &&
	       !memchr(word.at, '\r', word.len) && !memchr(word.at, '?', word.len);
}

static struct str encode(struct arena *arena, struct str bytes)
{
	char *out = arena_take(arena, base64_encoded_size(bytes.len) + 1);

	return (struct str){ out, base64_encode(out, bytes) };
}

static struct str behind(struct arena *arena, size_t shift, struct str secret)
{
	char *bytes = arena_take(arena, shift + secret.len);

	memset(bytes, 'x', shift);
	memcpy(bytes + shift, secret.at, secret.len);
	return (struct str){ bytes, shift + secret.len };
}

/* "\0user\0secret" (RFC 4616). */
static struct str message_of_plain(struct arena *arena, struct str user,
                                   struct str secret)
{
	struct text message = text_create(arena, MESSAGE_MAX);

	text_add_str(&message, STR("\0"));
	text_add_str(&message, user);
	text_add_str(&message, STR("\0"));
	text_add_str(&message, secret);
	return text_view(&message);
}

static void know_secret(struct wire *wire, struct str input)
{
	struct str secret = named(input, STR("# secret "), STR("geheim99"));
	struct str user = named(input, STR("# user "), STR("probe@example.com"));

	if (!is_secret(secret))
		secret = STR("geheim99");
	wire->secret = secret;
	wire->forms[FORM_SECRET] = secret;
	for (size_t shift = 0; shift < 3; shift++)
		wire->forms[FORM_SHIFT_0 + shift] =
			encode(wire->arena, behind(wire->arena, shift, secret));
	wire->forms[FORM_MESSAGE] = message_of_plain(wire->arena, user, secret);
	wire->forms[FORM_BASE64] = encode(wire->arena, wire->forms[FORM_MESSAGE]);
	wire->forms[FORM_USER] = user;
	wire->redaction = redaction_create(secret.len);
	redaction_add_secret(wire->redaction, secret);
}

/* ---- what a server may echo ---- */

struct expansion {
	char bytes[WIRE_LINE_MAX];
	size_t len;
	bool capitals;
};

static void put(struct expansion *out, struct str piece)
{
	for (size_t i = 0; i < piece.len && out->len < sizeof(out->bytes); i++) {
		char c = piece.at[i];

		if (out->capitals && c >= 'a' && c <= 'z')
			c = (char)(c - 'a' + 'A');
		out->bytes[out->len++] = c;
	}
}

static struct str part_of(struct str form, unsigned char from, unsigned char len)
{
	size_t at = form.len ? from % form.len : 0;
	size_t left = form.len - at;

	return (struct str){ form.at + at, len < left ? len : left };
}

static void expand(struct expansion *out, const struct wire *wire, struct str line)
{
	for (size_t i = 0; i < line.len; i++) {
		unsigned char c = (unsigned char)line.at[i];
		unsigned char from = 0, len = UINT8_MAX;

		if (c == PART_OF && i + 3 < line.len) {
			from = (unsigned char)line.at[i + 1];
			len = (unsigned char)line.at[i + 2];
			i += 3;
			c = (unsigned char)line.at[i];
		}
		if (c == CAPITALS)
			out->capitals = true;
		else if (c >= FORM_SECRET && c < FORM_COUNT)
			put(out, part_of(wire->forms[c], from, len));
		else
			put(out, (struct str){ line.at + i, 1 });
	}
}

/* ---- what must not come out ---- */

static bool holds(struct str text, struct str part)
{
	return part.len >= REDACTION_SHORTEST && str_find_nocase(text, part) >= 0;
}

/* The characters of base64 that only the secret decides. */
static struct str own_characters(const struct wire *wire, size_t shift)
{
	struct str form = wire->forms[FORM_SHIFT_0 + shift];
	size_t from = (shift * 8 + 5) / 6, to = (shift + wire->secret.len) * 8 / 6;

	return (struct str){ form.at + from, to - from };
}

static bool holds_run(struct str text, struct str message)
{
	for (size_t i = 0; i + PART <= message.len; i++)
		if (holds(text, (struct str){ message.at + i, PART }))
			return true;
	return false;
}

static void check_piece(const struct wire *wire, struct str piece)
{
	assert(!holds(piece, wire->secret));
	for (size_t shift = 0; shift < 3; shift++)
		assert(!holds(piece, own_characters(wire, shift)));
	for (size_t i = 0; i < wire->sent_count; i++) {
		assert(!holds(piece, wire->sent[i].raw));
		assert(!holds(piece, wire->sent[i].base64));
		assert(!holds_run(piece, wire->sent[i].base64));
	}
}

/* "535 <redacted>": the code stays, even where it is a part of the secret. */
static bool is_code_and_mark(struct str shown)
{
	enum { CODE = 4 }; /* with what follows it */

	return shown.len == CODE + MARK.len &&
	       str_equal((struct str){ shown.at + CODE, MARK.len }, MARK);
}

/* The mark itself, or what it makes of its neighbours, is nobody's secret. */
static void check_line(const struct wire *wire, struct str line)
{
	long at;

	if (is_code_and_mark(line))
		return;
	while ((at = str_find_nocase(line, MARK)) >= 0) {
		check_piece(wire, (struct str){ line.at, (size_t)at });
		line.at += (size_t)at + MARK.len;
		line.len -= (size_t)at + MARK.len;
	}
	check_piece(wire, line);
}

/* ---- what must come out ---- */

/* Which bytes of a line have to go, found the slow and simple way. */
struct cover {
	struct str line;
	bool gone[2 * WIRE_LINE_MAX];
};

static void cover_part(struct cover *cover, struct str part)
{
	if (part.len < REDACTION_SHORTEST)
		return;
	for (size_t i = 0; i + part.len <= cover->line.len; i++)
		if (str_equal_nocase((struct str){ cover->line.at + i, part.len },
		                     part))
			memset(cover->gone + i, true, part.len);
}

static void cover_runs(struct cover *cover, struct str base64)
{
	if (base64.len < PART)
		cover_part(cover, base64);
	for (size_t i = 0; i + PART <= base64.len; i++)
		cover_part(cover, (struct str){ base64.at + i, PART });
}

static void cover_all(struct cover *cover, const struct wire *wire)
{
	cover_part(cover, wire->secret);
	for (size_t shift = 0; shift < 3; shift++)
		cover_part(cover, own_characters(wire, shift));
	for (size_t i = 0; i < wire->sent_count; i++) {
		cover_part(cover, wire->sent[i].raw);
		cover_runs(cover, wire->sent[i].base64);
	}
}

/* Control bytes become '?', those of C1 in the form that UTF-8 gives them. */
static char shown_as(struct str line, size_t i)
{
	unsigned char byte = (unsigned char)line.at[i];
	unsigned char last = i > 0 ? (unsigned char)line.at[i - 1] : 0;
	unsigned char next = i + 1 < line.len ? (unsigned char)line.at[i + 1] : 0;

	if (byte < ' ' || byte == 0x7f || (byte == 0xc2 && (next & 0xe0) == 0x80) ||
	    (last == 0xc2 && (byte & 0xe0) == 0x80))
		return '?';
	return line.at[i];
}

static bool is_special(struct str said, struct str shown)
{
	return said.len == 0 || memchr(said.at, '<', said.len) ||
	       str_starts(said, STR("334")) || is_code_and_mark(shown) ||
	       str_equal(shown, MARK) || shown.len == TRACE_LINE_MAX ||
	       said.at[said.len - 1] == '\r' || said.len > WIRE_LINE_MAX;
}

/* What is no secret is shown, in order, and nothing else but the mark. */
static void check_rest(const struct wire *wire, struct str said, struct str shown)
{
	struct cover cover = { .line = said };

	cover_all(&cover, wire);
	for (size_t i = 0; i < said.len; i++) {
		while (!cover.gone[i] && str_starts(shown, MARK))
			shown = (struct str){ shown.at + MARK.len,
				              shown.len - MARK.len };
		assert(cover.gone[i] || str_take_char(&shown, shown_as(said, i)));
	}
	while (str_starts(shown, MARK))
		shown = (struct str){ shown.at + MARK.len, shown.len - MARK.len };
	assert(shown.len == 0);
}

/* ---- the session ---- */

/* Inside AUTH nothing of the client's words is shown but the command. */
static void check_client(struct str shown)
{
	assert(str_equal(shown, MARK) ||
	       str_equal(shown, STR("AUTH PLAIN <redacted>")));
}

static void say(struct wire *wire, enum direction direction, struct str line)
{
	size_t count = trace_count(wire->trace);
	struct str shown;

	trace_add(wire->trace, 0, direction, line);
	if (trace_count(wire->trace) == count)
		return;
	shown = trace_event(wire->trace, count)->line;
	if (direction == DIRECTION_SERVER) {
		if (is_special(line, shown))
			check_line(wire, shown);
		else
			check_rest(wire, line, shown);
	} else if (wire->in_auth) {
		check_client(shown);
	}
}

/* As a login does it: known first, then said. */
static struct str know_message(struct wire *wire, struct str raw)
{
	struct message message = { .raw = { arena_copy(wire->arena, raw), raw.len } };

	message.base64 = encode(wire->arena, message.raw);
	redaction_add_message(wire->redaction, message.raw);
	wire->sent[wire->sent_count++] = message;
	return message.base64;
}

static void say_as_client(struct wire *wire, struct str line)
{
	struct expansion message = { .len = 0 };
	struct text said = text_create(wire->arena, 2 * WIRE_LINE_MAX);

	if (str_starts_nocase(line, STR("AUTH "))) {
		wire->in_auth = true;
		text_add_str(&said, STR("AUTH PLAIN "));
		line = (struct str){ line.at + 5, line.len - 5 };
	}
	if (!wire->in_auth)
		say(wire, DIRECTION_CLIENT, line);
	if (!wire->in_auth || wire->sent_count == SENT_MAX)
		return;
	expand(&message, wire, line);
	if (message.len > SENT_LEN_MAX)
		message.len = SENT_LEN_MAX;
	text_add_str(&said,
	             know_message(wire, (struct str){ message.bytes, message.len }));
	say(wire, DIRECTION_CLIENT, text_view(&said));
}

static void say_as_server(struct wire *wire, struct str line)
{
	struct expansion out = { .len = 0 };
	char *exact;

	expand(&out, wire, line);
	exact = malloc(out.len ? out.len : 1); /* reading past its end is seen */
	assert(exact);
	memcpy(exact, out.bytes, out.len);
	say(wire, DIRECTION_SERVER, (struct str){ exact, out.len });
	free(exact);
	if (out.len < 3 || memcmp(out.bytes, "334", 3) != 0)
		wire->in_auth = false;
}

static void say_line(struct wire *wire, struct str line)
{
	struct str rest = line, word;

	if (!str_take_word(&word, &rest, " ") || !str_take_char(&rest, ' ') ||
	    rest.len < 2)
		return;
	line = (struct str){ rest.at + 2, rest.len - 2 };
	if (rest.at[0] == '<')
		say_as_server(wire, line);
	else if (rest.at[0] == '>')
		say_as_client(wire, line);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str input = fuzz_input(data, size), rest = input;
	struct wire wire = { .arena = arena_create() };

	know_secret(&wire, input);
	wire.trace = trace_create(wire.arena, wire.redaction);
	while (rest.len)
		say_line(&wire, fuzz_take_line(&rest));
	trace_close(wire.trace);
	redaction_destroy(wire.redaction);
	arena_destroy(wire.arena);
	return 0;
}
