/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/directive.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "tests/support/memory.h"

#define SPACES            " \t"
/* Floods of single bytes are sent in blocks of this size. */
#define BLOCK_BYTES       8192
#define DELAY_MAX_SECONDS 86400.0

static bool take_number(unsigned long *out, const char **text)
{
	char *end;
	unsigned long number;

	if (!isdigit((unsigned char)**text))
		return false;
	number = strtoul(*text, &end, 10);
	if (*end != ' ' && *end != '\0')
		return false;
	*out = number;
	*text = *end ? end + 1 : end;
	return true;
}

static bool take_hex(char *out, const char **text)
{
	char digits[3] = { 0 };

	if (!isxdigit((unsigned char)(*text)[0]) ||
	    !isxdigit((unsigned char)(*text)[1]))
		return false;
	memcpy(digits, *text, 2);
	*out = (char)strtoul(digits, NULL, 16);
	*text += 2;
	return true;
}

/* One character of a quoted text, escapes resolved. */
static bool take_character(char *out, const char **text)
{
	static const char letters[] = "rnt0\\\"";
	static const char meanings[] = "\r\n\t\0\\\"";
	const char *letter;

	if (**text == '\0')
		return false;
	if (**text != '\\') {
		*out = *(*text)++;
		return true;
	}
	(*text)++;
	if (**text == 'x') {
		(*text)++;
		return take_hex(out, text);
	}
	letter = **text ? strchr(letters, **text) : NULL;
	if (!letter)
		return false;
	(*text)++;
	*out = meanings[letter - letters];
	return true;
}

static bool read_delay(struct reader *reader, const char *rest)
{
	char *end;
	double seconds = strtod(rest, &end);

	if (end == rest || *end != '\0' ||
	    !(seconds >= 0 && seconds < DELAY_MAX_SECONDS))
		return script_complain(reader, "delay wants seconds, not '%s'", rest);
	script_add(reader, STEP_DELAY)->count = (unsigned long)(seconds * 1000);
	return true;
}

static bool read_raw(struct reader *reader, const char *rest)
{
	char *bytes = memory_zeroed(strlen(rest) + 1, 1);
	size_t length = 0;
	bool understood = *rest++ == '"';

	while (understood && *rest != '"')
		understood = take_character(&bytes[length++], &rest);
	if (understood && rest[1] == '\0')
		script_add_send(reader, bytes, length, 1);
	else
		understood = script_complain(
			reader, "raw wants a text in double quotes; "
				"escapes are \\r \\n \\t \\0 \\\\ \\\" \\xHH");
	free(bytes);
	return understood;
}

static bool read_flood_lines(struct reader *reader, const char *rest)
{
	unsigned long count;
	size_t length;
	char *line;

	if (!take_number(&count, &rest))
		return script_complain(reader, "flood-lines wants a number and a text");
	length = strlen(rest);
	line = memory_zeroed(length + 2, 1);
	memcpy(line, rest, length);
	memcpy(line + length, "\r\n", 2);
	script_add_send(reader, line, length + 2, count);
	free(line);
	return true;
}

static bool read_flood_bytes(struct reader *reader, const char *rest)
{
	unsigned long count;
	char block[BLOCK_BYTES];
	char byte;

	if (!take_number(&count, &rest) || !take_character(&byte, &rest) ||
	    *rest != '\0')
		return script_complain(reader, "flood-bytes wants a number and a byte");
	memset(block, byte, sizeof(block));
	script_add_send(reader, block, sizeof(block), count / sizeof(block));
	script_add_send(reader, block, count % sizeof(block), 1);
	return true;
}

static bool read_certificate(struct reader *reader, const char *rest)
{
	enum certificate certificate = certificate_named(rest);

	if (certificate == CERTIFICATE_COUNT)
		return script_complain(reader, "no certificate is called '%s'", rest);
	if (reader->encrypted)
		return script_complain(reader, "the certificate must be chosen before "
		                               "the handshake");
	reader->certificate = certificate;
	return true;
}

static bool read_staple(struct reader *reader, const char *rest)
{
	enum stapled stapled = stapled_named(rest);

	if (stapled == STAPLED_COUNT)
		return script_complain(reader, "no OCSP response is called '%s'", rest);
	if (reader->encrypted)
		return script_complain(reader,
		                       "the OCSP response must be chosen before "
		                       "the handshake");
	reader->stapled = stapled;
	return true;
}

static bool read_tls(struct reader *reader, const char *rest)
{
	(void)rest;
	if (reader->encrypted)
		return script_complain(reader, "there was a handshake already");
	script_add_tls(reader);
	return true;
}

static bool read_tls_cut(struct reader *reader, const char *rest)
{
	(void)rest;
	script_add(reader, STEP_HELLO);
	script_add(reader, STEP_CUT);
	return true;
}

static bool read_alert(struct reader *reader, const char *rest)
{
	unsigned long number = 40; /* handshake_failure */
	char record[] = { 21, 3, 1, 0, 2, 2, 0 };

	if (*rest && (!take_number(&number, &rest) || *rest || number > 255))
		return script_complain(reader, "alert wants a number up to 255");
	record[sizeof(record) - 1] = (char)number;
	script_add(reader, STEP_HELLO);
	script_add_send(reader, record, sizeof(record), 1);
	script_add(reader, STEP_CUT);
	return true;
}

/* Directives that are one step and nothing else. */
static const struct {
	const char *word;
	enum step_kind kind;
} plain[] = {
	{ "silence", STEP_SILENCE },   { "close", STEP_CLOSE },
	{ "cut", STEP_CUT },           { "reset", STEP_RESET },
	{ "end-reply", STEP_REPLY },   { "hello", STEP_HELLO },
	{ "echo-back", STEP_ECHO },    { "any-quit", STEP_QUIT_AT_ANY },
	{ "expect-any", STEP_EXPECT },
};

static const struct {
	const char *word;
	bool takes_text;
	bool (*read)(struct reader *reader, const char *rest);
} others[] = {
	{ "delay", true, read_delay },
	{ "raw", true, read_raw },
	{ "flood-lines", true, read_flood_lines },
	{ "flood-bytes", true, read_flood_bytes },
	{ "certificate", true, read_certificate },
	{ "staple", true, read_staple },
	{ "alert", true, read_alert },
	{ "tls", false, read_tls },
	{ "tls-cut", false, read_tls_cut },
};

static bool is_word(const char *text, size_t length, const char *word)
{
	return length == strlen(word) && strncmp(text, word, length) == 0;
}

bool directive_read(struct reader *reader, const char *text)
{
	size_t length = strcspn(text, SPACES);
	const char *rest = text + length + strspn(text + length, SPACES);

	for (size_t i = 0; i < sizeof(plain) / sizeof(plain[0]); i++) {
		if (!is_word(text, length, plain[i].word) || *rest)
			continue;
		script_add(reader, plain[i].kind);
		return true;
	}
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		if (is_word(text, length, others[i].word) &&
		    (others[i].takes_text || !*rest))
			return others[i].read(reader, rest);
	return script_complain(reader, "unknown directive '%s'", text);
}
