/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PROBE_CONTACT_DIALOGUE_H
#define PROBE_CONTACT_DIALOGUE_H

#include "probe/capability.h"
#include "probe/contact_report.h"

enum {
	CONTACT_BYTES_MAX = 16384, /* that a peer may send, in all */
	CONTACT_LINES_MAX = 128,   /* and lines */
	CONTACT_NAME_MAX = 255,    /* of the client (RFC 5321 section 4.5.3.1.2) */
	CONTACT_COMMAND_MAX = 272
};

/* What the dialogue needs to go on. */
enum contact_need {
	CONTACT_NEED_BYTES,     /* more of the peer's */
	CONTACT_NEED_SEND,      /* that `command` is sent, in one piece */
	CONTACT_NEED_HANDSHAKE, /* a TLS handshake */
	CONTACT_NEED_NOTHING    /* the outcome stands in the report */
};

/*
 * The lines of one contact: what the peer sent goes in, what to do next comes out. All
 * that it ever says is EHLO, HELO, NOOP and STARTTLS; there is no place for a secret.
 * Touches no socket and no clock.
 */
struct contact_dialogue {
	struct contact_report *report;
	char command[CONTACT_COMMAND_MAX]; /* the last one, with its CRLF */

	/* Its own: */
	enum contact_step goal, asked; /* `asked`: what the next reply answers */
	bool tls_first, is_over;
	int code;           /* of the last complete reply, 0 while one is under way */
	int reply_lines;    /* of the reply under way */
	int line_count;     /* of all replies */
	size_t used, taken; /* of `bytes`: filled, and read */
	struct capabilities offer;
	char name[CONTACT_NAME_MAX + 1];
	char bytes[CONTACT_BYTES_MAX];
};

/*
 * Begins where the connection stands. The report stays the caller's. False when
 * `ehlo_name` is no word of 1 to CONTACT_NAME_MAX visible ASCII characters.
 */
bool contact_dialogue_begin(struct contact_dialogue *out, struct contact_report *report,
                            enum contact_step goal, bool tls_first,
                            const char *ehlo_name);

/* Goes on; to be asked at the beginning and after a command was sent. */
enum contact_need contact_dialogue_next(struct contact_dialogue *dialogue);

/* What the peer sent, a byte at least. */
enum contact_need contact_dialogue_take(struct contact_dialogue *dialogue,
                                        struct str bytes);

/*
 * The first bytes that came where TLS is due. Puts them into the report when they are
 * something else. False when they are too few to tell.
 */
bool contact_dialogue_peek(struct contact_dialogue *dialogue, struct str bytes);

/* The handshake is complete. */
enum contact_need contact_dialogue_encrypted(struct contact_dialogue *dialogue);

/*
 * The peer sent no line end for a while, or closed: what is here counts as it is, when
 * it cannot be the beginning of a reply.
 */
enum contact_need contact_dialogue_pause(struct contact_dialogue *dialogue);

/* Whether a line was begun and not ended. */
bool contact_dialogue_is_in_line(const struct contact_dialogue *dialogue);

/* Whether the peer has answered all and listens, so that QUIT makes sense. */
bool contact_dialogue_may_quit(const struct contact_dialogue *dialogue);

#endif
