/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PROBE_LINK_H
#define PROBE_LINK_H

#include "probe/ending.h"
#include "probe/link_setup.h"
#include "probe/trace.h"
#include "probe/transport.h"

/*
 * One connection to an SMTP server. libcurl carries it up to a greeted, encrypted
 * session that has answered EHLO; from there lines go to and fro here, because
 * libcurl must neither log in (it cannot tell 535 from 454) nor say QUIT (it would
 * block the loop until the server answers).
 */
struct link;

/* What a link tells its owner; every call comes from the loop. */
struct link_events {
	/*
	 * A line went either way, line end included, before anybody else reads it.
	 * Must not close the link; link_stop() is made for that.
	 */
	void (*line)(void *owner, enum direction direction, struct str line);
	/* An event for the trace. */
	void (*note)(void *owner, const char *event);
	/* The peer took the connection. */
	void (*connected)(void *owner);
	/* EHLO is answered; the rest is up to the owner. */
	void (*ready)(void *owner);
	/*
	 * It is over: `detail` says how, in the system's or libcurl's words. When
	 * link_can_talk() still holds, the peer is there for a QUIT.
	 */
	void (*failed)(void *owner, enum ending ending, const char *detail);
};

/* NULL when libcurl does not take the settings: a sentence in `err`. */
struct link *link_open(struct transport *transport, const struct link_route *route,
                       const struct link_events *events, void *owner,
                       struct error *err);

/*
 * Gives the connection up at once and frees the link; NULL is fine. With `say_quit`
 * a server that is still in cleartext under libcurl is told QUIT without waiting
 * for its reply; that line is the only event that may still come.
 */
void link_close(struct link *link, bool say_quit);

/* From inside line(): ends the link after libcurl has returned, through failed(). */
void link_stop(struct link *link, enum ending ending, const char *detail);

/* Sends one line and its CRLF. The bytes are wiped once they are gone. */
void link_send_line(struct link *link, struct str line);

/*
 * Writes what the socket tells into the trace, as notes: errno and ICMP message of a
 * failed connect, and what TCP counted. NULL is fine.
 */
void link_note_socket(struct link *link);

bool link_can_talk(const struct link *link);

/* The handshake is done, and what binds to it (empty when nothing does). */
bool link_is_encrypted(const struct link *link);
struct str link_binding(const struct link *link, bool *is_exporter);

#endif
