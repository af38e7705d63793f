/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PROBE_CONTACT_STREAM_H
#define PROBE_CONTACT_STREAM_H

#include "probe/contact_report.h"
#include "probe/hello.h"

/*
 * Bytes to and from the peer of a contact: on its bare socket, and from the handshake
 * on through TLS. Nothing blocks.
 */
struct contact_stream {
	int socket; /* the owner's */
	int broken; /* errno that the socket has told already, 0 = none */
	struct hello *hello;
	enum contact_outcome end;
};

/* HELLO_FAILED: `end` says what the peer did. Else as in hello.h. */
enum hello_progress contact_stream_read(struct contact_stream *stream, char *bytes,
                                        size_t room, size_t *moved);
enum hello_progress contact_stream_write(struct contact_stream *stream,
                                         const char *bytes, size_t len, size_t *moved);

/* Reads without taking away. How many bytes there were, 0 = none yet. */
size_t contact_stream_peek(struct contact_stream *stream, char *bytes, size_t room);

/* From here on TLS. False when there is no memory for it. */
bool contact_stream_start_tls(struct contact_stream *stream,
                              const struct hello_wish *wish);
enum hello_progress contact_stream_shake_hands(struct contact_stream *stream);

/* Alert and leaf certificate, as far as they came. */
void contact_stream_report(const struct contact_stream *stream,
                           struct contact_report *report);

/* What a connection met that stood and then failed with `error`. */
enum contact_outcome contact_stream_judge_loss(int error);

#endif
