/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PROBE_REPLY_H
#define PROBE_REPLY_H

#include "probe/str.h"

/* An enhanced status code, class.subject.detail (RFC 3463); class 0 = none. */
struct enhanced_status {
	int class, subject, detail;
};

/* A server's reply (RFC 5321 §4.2); code 0 = none was received. */
struct reply {
	int code;
	struct enhanced_status enhanced;
	struct str text; /* without codes; lines of a longer reply joined by blanks */
};

/* One line of a reply. */
struct reply_line {
	int code;
	bool last; /* "250 text" or "250", as against "250-text" */
	struct enhanced_status enhanced;
	struct str text;
};

/*
 * Reads one line, without its line end. False, and `out` untouched, when it
 * does not begin with a code from 200 to 599 that is followed by a blank, a
 * hyphen or nothing. An enhanced status counts only when its class is that of
 * the code (RFC 2034 §4).
 */
bool reply_parse_line(struct reply_line *out, struct str line);

/* Reads an enhanced status at the start of `text`, whatever its class. */
bool enhanced_status_take(struct enhanced_status *out, struct str *text);

/*
 * The enhanced status that a reply's text gives for `code`, class 0 when there is
 * none of its class: taken off the start of `text`, or found in it, and left there,
 * as "(#5.5.1)", "#5.5.1", "(5.5.1)" or "[5.5.1]".
 */
struct enhanced_status reply_take_status(struct str *text, int code);

#endif
