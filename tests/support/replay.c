/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/replay.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "tests/support/memory.h"
#include "tests/support/server.h"

#define SHOWN_BYTES 32

struct replay {
	const struct replay_plan *plan;
	size_t next;         /* step */
	bool asked;          /* the step's want has been stated */
	unsigned long round; /* of a text that is sent more than once */
	size_t offset;       /* in that text */
	bool quit_at_any;
	double clock; /* seconds of the trace that have passed */
};

static void *replay_open(struct connection *connection)
{
	struct replay *replay = memory_zeroed(1, sizeof(*replay));

	replay->plan = connection_server(connection)->plan;
	return replay;
}

static void replay_close(void *state)
{
	free(state);
}

static bool starts_with_word(const char *text, const char *word)
{
	size_t length = strlen(word);

	return strncasecmp(text, word, length) == 0 &&
	       (text[length] == '\0' || text[length] == ' ');
}

static enum want say_goodbye(struct connection *connection)
{
	connection_reply(connection, "221 2.0.0 bye");
	return WANT_CLOSE;
}

/* False when the output is full; the rest follows at the next advance. */
static bool send_step(struct connection *connection, struct replay *replay,
                      const struct step *step)
{
	while (replay->round < step->count) {
		replay->offset +=
			connection_put(connection, step->text + replay->offset,
		                       step->length - replay->offset);
		if (replay->offset < step->length)
			return false;
		replay->offset = 0;
		replay->round++;
	}
	replay->round = 0;
	return true;
}

static bool same_verb(const char *expected, const char *line)
{
	if (strcasecmp(expected, "EHLO") == 0 || strcasecmp(expected, "HELO") == 0)
		return starts_with_word(line, "EHLO") || starts_with_word(line, "HELO");
	return starts_with_word(line, expected);
}

/* Only the first word is shown: the rest may be a secret. */
static void report_mismatch(struct connection *connection, const struct replay *replay,
                            const struct step *step, const char *line)
{
	struct server *server = connection_server(connection);
	char shown[SHOWN_BYTES + 1];
	size_t length = 0;

	server->counters.mismatches++;
	if (server->quiet)
		return;
	while (length < SHOWN_BYTES && isgraph((unsigned char)line[length])) {
		shown[length] = line[length];
		length++;
	}
	shown[length] = '\0';
	fprintf(stderr, "%s:%u: expected '%s', the client said '%s'\n",
	        replay->plan->script->path, step->line, step->text, shown);
}

/* Called with the client's line at hand; true when it ends the dialogue. */
static bool line_quits(struct connection *connection, const struct replay *replay,
                       const struct step *step)
{
	const char *line = connection_line(connection).text;

	if (step->text && !same_verb(step->text, line)) {
		if (replay->quit_at_any && starts_with_word(line, "QUIT"))
			return true;
		report_mismatch(connection, replay, step, line);
	}
	return false;
}

static void echo(struct connection *connection)
{
	static const char head[] = "500 5.5.1 Command unrecognized: \"";
	struct line line = connection_line(connection);

	connection_put(connection, head, sizeof(head) - 1);
	connection_put(connection, line.text, line.length);
	connection_put(connection, "\"\r\n", 3);
}

/* The steps that never let the next one come; the rest is the client's decision. */
static enum want answer_for_ever(struct connection *connection, struct replay *replay,
                                 const struct step *step)
{
	const char *line = connection_line(connection).text;

	if (!replay->asked) {
		replay->asked = true;
		return WANT_LINE;
	}
	if (starts_with_word(line, "QUIT"))
		return say_goodbye(connection);
	if (step->kind == STEP_ECHO)
		echo(connection);
	else
		connection_reply(connection, "500 5.5.1 Command unrecognized");
	return WANT_LINE;
}

/* True while the recorded server was still thinking. */
static bool must_wait(struct connection *connection, struct replay *replay,
                      const struct step *step)
{
	double wait = step->at - replay->clock;

	if (step->at < 0 || replay->asked || wait <= 0)
		return false;
	replay->clock = step->at;
	if (!replay->plan->timing || step->kind == STEP_EXPECT)
		return false;
	connection_wait(connection, (unsigned long)(wait * 1000));
	return true;
}

/* States the step's want once; the second call moves on. */
static bool ask(struct replay *replay)
{
	replay->asked = !replay->asked;
	if (!replay->asked)
		replay->next++;
	return replay->asked;
}

/* WANT_ROOM stands for "go on with the next step". */
static enum want play(struct connection *connection, struct replay *replay,
                      const struct step *step)
{
	switch (step->kind) {
	case STEP_SEND:
		if (send_step(connection, replay, step))
			replay->next++;
		return WANT_ROOM;
	case STEP_EXPECT:
		if (replay->asked && line_quits(connection, replay, step))
			return say_goodbye(connection);
		return ask(replay) ? WANT_LINE : WANT_ROOM;
	case STEP_TLS:
		connection_show(connection, step->certificate, step->stapled);
		return ask(replay) ? WANT_TLS : WANT_ROOM;
	case STEP_DELAY:
		connection_wait(connection, step->count);
		return ask(replay) ? WANT_TIME : WANT_ROOM;
	case STEP_HELLO:
		return ask(replay) ? WANT_HELLO : WANT_ROOM;
	case STEP_QUIT_AT_ANY:
		replay->quit_at_any = true;
		replay->next++;
		return WANT_ROOM;
	case STEP_ECHO:
	case STEP_REPLY:
		return answer_for_ever(connection, replay, step);
	case STEP_SILENCE:
		return WANT_SILENCE;
	case STEP_CLOSE:
		return WANT_CLOSE;
	case STEP_CUT:
		return WANT_CUT;
	case STEP_RESET:
		return WANT_RESET;
	}
	return WANT_CUT;
}

/*
 * Steps that want nothing are played at once, so that the lines of one reply leave in
 * one segment, as they do from a real server.
 */
static enum want replay_advance(struct connection *connection, void *state)
{
	struct replay *replay = state;
	enum want want = WANT_ROOM;

	while (want == WANT_ROOM) {
		size_t before = replay->next;
		const struct step *step = &replay->plan->script->steps[before];

		if (must_wait(connection, replay, step))
			return WANT_TIME;
		want = play(connection, replay, step);
		if (want == WANT_ROOM && replay->next == before)
			return WANT_ROOM;
	}
	return want;
}

const struct dialogue replay_dialogue = {
	.open = replay_open,
	.advance = replay_advance,
	.close = replay_close,
};
