/* SPDX-License-Identifier: Apache-2.0 */
#include "probe/wire.h"

#include <curl/curl.h>
#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "probe/secret.h"

enum {
	OUTPUT_ROOM = 4096, /* one page: locked memory is really there, all of it */
	OUTPUT_MAX = 2 * WIRE_LINE_MAX,
	CRLF_LEN = 2
};

struct wire {
	struct transport *transport;
	CURL *easy; /* NULL: the bare socket */
	int socket;
	struct wire_events events;
	void *owner;
	struct watch *watch;
	bool busy, dead; /* destroyed by the owner while it is busy with events */
	bool reset;
	size_t input_len, output_len, output_sent, output_room;
	char *output;              /* protected memory: it carries secrets */
	char input[WIRE_LINE_MAX]; /* last: not cleared, so mostly never touched */
};

struct wire *wire_create(struct transport *transport, void *easy, int socket,
                         const struct wire_events *events, void *owner)
{
	struct wire *wire = malloc(sizeof(*wire));

	if (!wire)
		return NULL;
	memset(wire, 0, offsetof(struct wire, input));
	wire->transport = transport;
	wire->easy = easy;
	wire->socket = socket;
	wire->events = *events;
	wire->owner = owner;
	return wire;
}

static void release(struct wire *wire)
{
	secret_memory_destroy(wire->output, wire->output_room);
	free(wire);
}

void wire_destroy(struct wire *wire)
{
	if (!wire)
		return;
	watch_drop(wire->watch);
	wire->watch = NULL;
	wire->dead = true;
	if (!wire->busy)
		release(wire);
}

/* Bytes moved; 0 when it would block or the connection is gone: reading tells. */
static size_t send_some(struct wire *wire, const char *bytes, size_t len)
{
	size_t moved = 0;
	ssize_t sent;

	if (wire->easy) {
		(void)curl_easy_send(wire->easy, bytes, len, &moved);
		return moved;
	}
	sent = send(wire->socket, bytes, len, MSG_NOSIGNAL | MSG_DONTWAIT);
	return sent > 0 ? (size_t)sent : 0;
}

static ssize_t receive_some(struct wire *wire, char *bytes, size_t room, bool *again)
{
	size_t moved = 0;
	CURLcode code;
	ssize_t got;

	errno = 0;
	if (!wire->easy) {
		got = recv(wire->socket, bytes, room, MSG_DONTWAIT);
		*again = got < 0 && errno == EAGAIN;
	} else {
		code = curl_easy_recv(wire->easy, bytes, room, &moved);
		*again = code == CURLE_AGAIN;
		got = code == CURLE_OK ? (ssize_t)moved : -1;
	}
	/* An end of TCP without the end of TLS is an error to libcurl, but no reset. */
	wire->reset |= got < 0 && errno == ECONNRESET;
	return got;
}

static void flush_output(struct wire *wire)
{
	size_t sent;

	while (wire->output_sent < wire->output_len) {
		sent = send_some(wire, wire->output + wire->output_sent,
		                 wire->output_len - wire->output_sent);
		if (sent == 0)
			return;
		wire->output_sent += sent;
	}
	explicit_bzero(wire->output, wire->output_len);
	wire->output_len = wire->output_sent = 0;
}

static void on_ready(void *owner, int events);

static void listen_on(struct wire *wire)
{
	bool waiting = wire->output_len > wire->output_sent;

	if (!wire->watch)
		wire->watch =
			watch_create(wire->transport, wire->socket, on_ready, wire);
	if (wire->watch)
		watch_for(wire->watch, WATCH_READABLE | (waiting ? WATCH_WRITABLE : 0));
}

/* Only Kerberos tickets and long tokens do not fit into a page. */
static void make_room(struct wire *wire, size_t needed)
{
	size_t room = needed <= OUTPUT_ROOM ? OUTPUT_ROOM : OUTPUT_MAX;
	char *larger;

	if (needed <= wire->output_room)
		return;
	larger = secret_memory_create(room);
	if (wire->output_len)
		memcpy(larger, wire->output, wire->output_len);
	secret_memory_destroy(wire->output, wire->output_room);
	wire->output = larger;
	wire->output_room = room;
}

void wire_send_line(struct wire *wire, struct str line)
{
	size_t needed = wire->output_len + line.len + CRLF_LEN;

	if (needed > OUTPUT_MAX)
		return;
	make_room(wire, needed);
	if (line.len)
		memcpy(wire->output + wire->output_len, line.at, line.len);
	memcpy(wire->output + wire->output_len + line.len, "\r\n", CRLF_LEN);
	wire->output_len += line.len + CRLF_LEN;
	flush_output(wire);
	listen_on(wire);
}

/* Takes the first whole line out of the input; false when there is none. */
static bool take_line(struct wire *wire, char line[WIRE_LINE_MAX], size_t *len)
{
	const char *end = memchr(wire->input, '\n', wire->input_len);

	if (!end)
		return false;
	*len = (size_t)(end - wire->input) + 1;
	memcpy(line, wire->input, *len);
	memmove(wire->input, wire->input + *len, wire->input_len - *len);
	wire->input_len -= *len;
	return true;
}

static void hand_over_lines(struct wire *wire)
{
	char line[WIRE_LINE_MAX];
	size_t len;

	while (!wire->dead && take_line(wire, line, &len))
		wire->events.line(wire->owner, (struct str){ line, len });
}

/* TLS may hold bytes that no poll announces, so reading goes on until it would wait. */
static void read_lines(struct wire *wire)
{
	while (!wire->dead) {
		bool again;
		ssize_t got = receive_some(wire, wire->input + wire->input_len,
		                           WIRE_LINE_MAX - wire->input_len, &again);

		if (again)
			return;
		if (got <= 0) {
			wire->events.end(wire->owner,
			                 wire->reset ? WIRE_RESET : WIRE_CLOSED);
			return;
		}
		wire->input_len += (size_t)got;
		hand_over_lines(wire);
		if (wire->input_len == WIRE_LINE_MAX && !wire->dead) {
			wire->events.end(wire->owner, WIRE_LINE_TOO_LONG);
			return;
		}
	}
}

static void on_ready(void *owner, int events)
{
	struct wire *wire = owner;

	wire->busy = true;
	if (events & WATCH_WRITABLE)
		flush_output(wire);
	read_lines(wire);
	wire->busy = false;
	if (wire->dead)
		release(wire);
	else
		listen_on(wire);
}
