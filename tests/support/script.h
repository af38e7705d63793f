/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SUPPORT_SCRIPT_H
#define SUPPORT_SCRIPT_H

#include <stdbool.h>
#include <stddef.h>

#include "tests/support/stapled.h"

/* clang-format off */
/*
 * What a server does, step by step, read from the text form of a trace:
 *
 *	SECONDS < text   sent, with CRLF
 *	SECONDS > text   one line of the client is awaited; its first word is
 *	                 compared, unless the text ends in <redacted>
 *	SECONDS * event  "tls ...": a handshake, unless one was made already
 *	                 "verify CODE ...": that handshake shows a fitting certificate
 *	                 "staple WORD": and that OCSP response, if stapled.def has it
 *	                 "end closed|reset|timeout|tls...|reply": how it stops
 *	                 other events are what only the client can know: ignored
 *	# server: ...    a directive, see directive.h
 *	# anything else  a comment
 */
/* clang-format on */
enum step_kind {
	STEP_SEND,        /* the text, COUNT times */
	STEP_EXPECT,      /* a line that starts with the word TEXT; NULL = any line */
	STEP_TLS,         /* handshake with CERTIFICATE and STAPLED */
	STEP_DELAY,       /* COUNT milliseconds */
	STEP_HELLO,       /* wait for the first byte from the client, leave it unread */
	STEP_QUIT_AT_ANY, /* from here on QUIT is obeyed wherever it comes */
	STEP_ECHO,        /* from here on every line is sent back */
	STEP_SILENCE,     /* the rest end the dialogue */
	STEP_CLOSE,
	STEP_CUT,
	STEP_RESET,
	STEP_REPLY /* the last reply stands; only QUIT is obeyed */
};

struct step {
	enum step_kind kind;
	enum certificate certificate;
	enum stapled stapled;
	unsigned long count;
	char *text;
	size_t length;
	double at; /* seconds in the trace; negative = none recorded */
	unsigned line;
};

struct script {
	char *path;
	struct step *steps; /* the last one ends the dialogue */
	size_t count;
};

/* NULL after a message with file and line on stderr. */
struct script *script_read(const char *path);
void script_destroy(struct script *script);

/* For the readers of lines and directives. */
struct reader {
	struct script *script;
	unsigned line;
	double at;
	bool encrypted;               /* a handshake has been scripted */
	enum certificate certificate; /* chosen for the handshake to come */
	enum stapled stapled;
};

/* The new step at the end; the caller fills in the rest. */
struct step *script_add(struct reader *reader, enum step_kind kind);

/* A handshake with what is chosen for it. */
void script_add_tls(struct reader *reader);

/* Takes a copy of the text. */
void script_add_send(struct reader *reader, const char *text, size_t length,
                     unsigned long count);

/* Prints "FILE:LINE: MESSAGE" and returns false. */
bool script_complain(const struct reader *reader, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

#endif
