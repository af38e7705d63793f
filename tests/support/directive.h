/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SUPPORT_DIRECTIVE_H
#define SUPPORT_DIRECTIVE_H

#include <stdbool.h>

#include "tests/support/script.h"

/* clang-format off */
/*
 * What a trace cannot say, written into its comments as "# server: DIRECTIVE" and done
 * at its place in the script:
 *
 *	delay SECONDS       wait; what the client sends meanwhile is read later
 *	silence             answer nothing any more, keep the connection
 *	close               orderly end: close_notify under TLS, then FIN
 *	cut                 FIN, under TLS without close_notify
 *	reset               RST
 *	end-reply           the last reply stands; only QUIT is obeyed
 *	tls                 handshake here
 *	tls-cut             wait for the client's first TLS message, then FIN
 *	alert [NUMBER]      wait for it, answer with that fatal alert (40), then FIN
 *	hello               wait until the client has sent a byte
 *	certificate NAME    which one the handshake to come shows
 *	staple NAME         the OCSP response it sends along (stapled.def)
 *	raw "TEXT"          these bytes; \r \n \t \0 \\ \" \xHH
 *	flood-lines N TEXT  TEXT and CRLF, N times
 *	flood-bytes N BYTE  one character or escape, N times, without an end of line
 *	expect-any          one line of the client, whatever it is
 *	any-quit            from here on QUIT is obeyed wherever it comes
 *	echo-back           from here on every line but QUIT comes back in a 500 reply
 */
/* clang-format on */
bool directive_read(struct reader *reader, const char *text);

#endif
