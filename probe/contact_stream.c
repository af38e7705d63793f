/* SPDX-License-Identifier: Apache-2.0 */
#include "probe/contact_stream.h"

#include <errno.h>
#include <sys/socket.h>

enum contact_outcome contact_stream_judge_loss(int error)
{
	/* The kernel gave up to send again; a router's word is why, if there is one. */
	if (error == ETIMEDOUT || error == EHOSTUNREACH || error == ENETUNREACH)
		return CONTACT_LOST;
	return error == EPIPE ? CONTACT_CLOSED : CONTACT_RESET;
}

static const enum contact_outcome ends[] = {
	[HELLO_END_NONE] = CONTACT_HANDSHAKE,  [HELLO_END_CLOSED] = CONTACT_CLOSED,
	[HELLO_END_RESET] = CONTACT_RESET,     [HELLO_END_ALERT] = CONTACT_ALERT,
	[HELLO_END_NOT_TLS] = CONTACT_STRANGE, [HELLO_END_BROKEN] = CONTACT_HANDSHAKE,
};

static enum hello_progress end(struct contact_stream *stream, enum contact_outcome how)
{
	stream->end = stream->broken ? contact_stream_judge_loss(stream->broken) : how;
	return HELLO_FAILED;
}

static enum hello_progress follow_hello(struct contact_stream *stream,
                                        enum hello_progress progress)
{
	enum hello_end how = hello_end(stream->hello);

	if (progress != HELLO_FAILED)
		return progress;
	if (how == HELLO_END_CLOSED || how == HELLO_END_RESET)
		return end(stream, ends[how]);
	stream->end = ends[how];
	return HELLO_FAILED;
}

/* After a call on the bare socket that moved nothing. */
static enum hello_progress judge_error(struct contact_stream *stream,
                                       enum hello_progress wait)
{
	if (errno == EAGAIN || errno == EINTR)
		return wait;
	return end(stream, contact_stream_judge_loss(errno));
}

enum hello_progress contact_stream_read(struct contact_stream *stream, char *bytes,
                                        size_t room, size_t *moved)
{
	ssize_t got;

	if (stream->hello)
		return follow_hello(stream,
		                    hello_read(stream->hello, bytes, room, moved));
	*moved = 0;
	got = recv(stream->socket, bytes, room, MSG_DONTWAIT);
	if (got < 0)
		return judge_error(stream, HELLO_WANT_READ);
	if (got == 0)
		return end(stream, CONTACT_CLOSED);
	*moved = (size_t)got;
	return HELLO_DONE;
}

enum hello_progress contact_stream_write(struct contact_stream *stream,
                                         const char *bytes, size_t len, size_t *moved)
{
	ssize_t sent;

	if (stream->hello)
		return follow_hello(stream,
		                    hello_write(stream->hello, bytes, len, moved));
	*moved = 0;
	sent = send(stream->socket, bytes, len, MSG_DONTWAIT | MSG_NOSIGNAL);
	if (sent < 0)
		return judge_error(stream, HELLO_WANT_WRITE);
	*moved = (size_t)sent;
	return HELLO_DONE;
}

size_t contact_stream_peek(struct contact_stream *stream, char *bytes, size_t room)
{
	ssize_t got = recv(stream->socket, bytes, room, MSG_PEEK | MSG_DONTWAIT);

	/* It is told once, even to one who only peeks. */
	if (got < 0 && errno != EAGAIN && errno != EINTR)
		stream->broken = errno;
	return got > 0 ? (size_t)got : 0;
}

bool contact_stream_start_tls(struct contact_stream *stream,
                              const struct hello_wish *wish)
{
	stream->hello = hello_create(stream->socket, wish);
	return stream->hello != NULL;
}

enum hello_progress contact_stream_shake_hands(struct contact_stream *stream)
{
	return follow_hello(stream, hello_step(stream->hello));
}

static void copy(char *out, size_t room, const char *foreign)
{
	contact_report_copy(out, room, str_of(foreign));
}

void contact_stream_report(const struct contact_stream *stream,
                           struct contact_report *report)
{
	const struct certificate_names *leaf;

	if (!stream->hello)
		return;
	copy(report->alert, sizeof(report->alert), hello_alert(stream->hello));
	leaf = hello_leaf(stream->hello);
	if (!leaf)
		return;
	copy(report->issuer, sizeof(report->issuer), leaf->issuer);
	copy(report->subject, sizeof(report->subject), leaf->subject);
	copy(report->names, sizeof(report->names), leaf->alternatives);
}
