/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PROBE_TRACE_H
#define PROBE_TRACE_H

#include "probe/arena.h"
#include "probe/clock.h"
#include "probe/redaction.h"
#include "probe/text.h"

/*
 * What crossed the wire during one session, line by line, in order. Bounded:
 * past TRACE_EVENT_MAX events, or with a line longer than TRACE_LINE_MAX, the
 * rest is dropped and trace_truncated() says so. The last few places are kept
 * for our own events, so that a trace always tells how it ended.
 */
struct trace;

enum { TRACE_EVENT_MAX = 256, TRACE_LINE_MAX = 512, TRACE_NOTE_MAX = 2048 };

enum direction { DIRECTION_SERVER, DIRECTION_CLIENT, DIRECTION_NOTE };

struct event {
	usec at; /* since the start of the trace */
	enum direction direction;
	struct str line; /* without line end; lives as long as the trace's arena */
};

/* `redaction` may be NULL when nothing is secret; it is used, not owned. */
struct trace *trace_create(struct arena *arena, struct redaction *redaction);

/*
 * Appends one line. Whatever the client sends inside an AUTH exchange is replaced
 * before it is stored, a server's line is searched for secrets, and control
 * bytes become '?', so no reader of a trace has to think about secrets or
 * terminals.
 */
void trace_add(struct trace *trace, usec at, enum direction direction, struct str line);

/* Appends an event of our own. */
void trace_note(struct trace *trace, usec at, const char *format, ...)
	PRINTF_LIKE(3, 4);

/* The secrets are gone: no line may be added after this. */
void trace_close(struct trace *trace);

size_t trace_count(const struct trace *trace);
const struct event *trace_event(const struct trace *trace, size_t index);
bool trace_truncated(const struct trace *trace);

/* The text form, one line an event: "0.021 < 220 mx.example ESMTP". */
void trace_print_event(const struct event *event, struct text *out);
void trace_print(const struct trace *trace, struct text *out);

/*
 * Reads the text form; comments and blank lines are skipped. NULL with a
 * sentence that names the line when something else stands there.
 */
struct trace *trace_parse(struct arena *arena, struct str text, struct error *err);

#endif
