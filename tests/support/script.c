/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/script.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "tests/support/directive.h"
#include "tests/support/memory.h"

#define SPACES " \t"

static const char redacted[] = "<redacted>";

/*
 * Which certificate makes a client say what the trace says; the codes are OpenSSL's
 * X509_V_ERR_ numbers.
 */
static const struct {
	long code;
	enum certificate certificate;
} verdicts[] = {
	{ 9, CERTIFICATE_NOT_YET_VALID },    { 10, CERTIFICATE_EXPIRED },
	{ 18, CERTIFICATE_SELF_SIGNED },     { 19, CERTIFICATE_UNTRUSTED },
	{ 20, CERTIFICATE_NO_INTERMEDIATE }, { 21, CERTIFICATE_NO_INTERMEDIATE },
	{ 62, CERTIFICATE_WRONG_NAME },
};

bool script_complain(const struct reader *reader, const char *format, ...)
{
	va_list arguments;

	fprintf(stderr, "%s:%u: ", reader->script->path, reader->line);
	va_start(arguments, format);
	vfprintf(stderr, format, arguments);
	va_end(arguments);
	fputc('\n', stderr);
	return false;
}

struct step *script_add(struct reader *reader, enum step_kind kind)
{
	struct script *script = reader->script;
	struct step *step;

	script->steps =
		memory_grown(script->steps, script->count + 1, sizeof(*script->steps));
	step = &script->steps[script->count++];
	*step = (struct step){
		.kind = kind,
		.certificate = CERTIFICATE_DEFAULT,
		.stapled = STAPLED_NOTHING,
		.count = 1,
		.at = reader->at,
		.line = reader->line,
	};
	return step;
}

void script_add_send(struct reader *reader, const char *text, size_t length,
                     unsigned long count)
{
	struct step *step;

	if (length == 0 || count == 0)
		return;
	step = script_add(reader, STEP_SEND);
	step->text = memory_copy(text, length);
	step->length = length;
	step->count = count;
}

static bool add_reply(struct reader *reader, const char *text)
{
	char *line = NULL;
	int length = asprintf(&line, "%s\r\n", text);

	if (length < 0)
		return script_complain(reader, "out of memory");
	script_add_send(reader, line, (size_t)length, 1);
	free(line);
	return true;
}

static bool ends_redacted(const char *text)
{
	size_t length = strlen(text);
	size_t tail = sizeof(redacted) - 1;

	return length >= tail && strcmp(text + length - tail, redacted) == 0;
}

static bool add_expectation(struct reader *reader, const char *text)
{
	struct step *step = script_add(reader, STEP_EXPECT);

	if (!ends_redacted(text))
		step->text = memory_copy(text, strcspn(text, SPACES));
	return true;
}

static struct step *last_step(const struct reader *reader)
{
	const struct script *script = reader->script;

	return script->count ? &script->steps[script->count - 1] : NULL;
}

void script_add_tls(struct reader *reader)
{
	struct step *step = script_add(reader, STEP_TLS);

	step->certificate = reader->certificate;
	step->stapled = reader->stapled;
	reader->encrypted = true;
}

static bool read_tls(struct reader *reader, const char *rest)
{
	(void)rest;
	if (!reader->encrypted)
		script_add_tls(reader);
	return true;
}

static struct step *last_handshake(const struct reader *reader)
{
	struct step *step = last_step(reader);

	return step && step->kind == STEP_TLS ? step : NULL;
}

/* A verification comes after the start of the handshake that it is about. */
static bool read_verify(struct reader *reader, const char *rest)
{
	struct step *step = last_handshake(reader);
	long code = strtol(rest, NULL, 10);

	if (!step || step->certificate != CERTIFICATE_DEFAULT)
		return true;
	for (size_t i = 0; i < sizeof(verdicts) / sizeof(verdicts[0]); i++)
		if (verdicts[i].code == code)
			step->certificate = verdicts[i].certificate;
	return true;
}

static bool read_staple(struct reader *reader, const char *rest)
{
	struct step *step = last_handshake(reader);
	enum stapled stapled = stapled_named(rest);

	if (step && step->stapled == STAPLED_NOTHING && stapled != STAPLED_COUNT)
		step->stapled = stapled;
	return true;
}

/*
 * A handshake that ended in a bad certificate, or a revoked one, is played with it, and
 * the client ends it; one that just failed is cut off after the client's first message.
 */
static bool end_in_tls(struct reader *reader)
{
	struct step *step = last_handshake(reader);

	if (step && step->certificate == CERTIFICATE_DEFAULT &&
	    step->stapled != STAPLED_REVOKED)
		step->kind = STEP_HELLO;
	else if (!reader->encrypted)
		script_add(reader, STEP_HELLO);
	script_add(reader, STEP_CUT);
	return true;
}

static bool read_end(struct reader *reader, const char *rest)
{
	static const struct {
		const char *word;
		enum step_kind kind;
	} endings[] = {
		{ "closed", STEP_CLOSE },
		{ "reset", STEP_RESET },
		{ "timeout", STEP_SILENCE },
	};

	if (strncmp(rest, "tls", 3) == 0)
		return end_in_tls(reader);
	for (size_t i = 0; i < sizeof(endings) / sizeof(endings[0]); i++) {
		if (strncmp(rest, endings[i].word, strlen(endings[i].word)) == 0) {
			script_add(reader, endings[i].kind);
			return true;
		}
	}
	script_add(reader, STEP_REPLY);
	return true;
}

static bool read_event(struct reader *reader, const char *text)
{
	static const struct {
		const char *word;
		bool (*read)(struct reader *reader, const char *rest);
	} events[] = {
		{ "tls", read_tls },
		{ "verify", read_verify },
		{ "staple", read_staple },
		{ "end", read_end },
	};
	size_t length = strcspn(text, SPACES);

	for (size_t i = 0; i < sizeof(events) / sizeof(events[0]); i++)
		if (length == strlen(events[i].word) &&
		    strncmp(text, events[i].word, length) == 0)
			return events[i].read(
				reader, text + length + strspn(text + length, SPACES));
	return true;
}

static bool read_comment(struct reader *reader, const char *text)
{
	static const char mark[] = "server:";

	text += strspn(text, SPACES);
	if (strncmp(text, mark, sizeof(mark) - 1) != 0)
		return true;
	text += sizeof(mark) - 1;
	return directive_read(reader, text + strspn(text, SPACES));
}

static bool read_line(struct reader *reader, const char *line)
{
	char *rest;

	reader->at = -1;
	line += strspn(line, SPACES);
	if (*line == '\0')
		return true;
	if (*line == '#')
		return read_comment(reader, line + 1);
	reader->at = strtod(line, &rest);
	if (rest == line || *rest != ' ' || !strchr("<>*", rest[1]) ||
	    rest[1] == '\0' || (rest[2] != ' ' && rest[2] != '\0'))
		return script_complain(reader, "expected 'SECONDS < text', "
		                               "'SECONDS > text' or 'SECONDS * event'");
	line = rest[2] == ' ' ? rest + 3 : rest + 2;
	if (rest[1] == '<')
		return add_reply(reader, line);
	return rest[1] == '>' ? add_expectation(reader, line)
	                      : read_event(reader, line);
}

static bool read_lines(struct reader *reader, FILE *file)
{
	char *line = NULL;
	size_t room = 0;
	bool understood = true;

	while (understood && getline(&line, &room, file) >= 0) {
		reader->line++;
		line[strcspn(line, "\r\n")] = '\0';
		understood = read_line(reader, line);
	}
	free(line);
	reader->at = -1;
	script_add(reader, STEP_REPLY);
	return understood;
}

struct script *script_read(const char *path)
{
	struct reader reader = { .certificate = CERTIFICATE_DEFAULT,
		                 .stapled = STAPLED_NOTHING };
	FILE *file = fopen(path, "re");
	bool understood;

	if (!file) {
		fprintf(stderr, "smtp_script_server: %s: %s\n", path, strerror(errno));
		return NULL;
	}
	reader.script = memory_zeroed(1, sizeof(*reader.script));
	reader.script->path = memory_copy(path, strlen(path));
	understood = read_lines(&reader, file);
	fclose(file);
	if (understood)
		return reader.script;
	script_destroy(reader.script);
	return NULL;
}

void script_destroy(struct script *script)
{
	if (!script)
		return;
	for (size_t i = 0; i < script->count; i++)
		free(script->steps[i].text);
	free(script->steps);
	free(script->path);
	free(script);
}
