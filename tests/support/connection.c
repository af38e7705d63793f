/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/connection.h"

#include <openssl/err.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uv.h>

#include "tests/support/channel.h"
#include "tests/support/listener.h"
#include "tests/support/memory.h"
#include "tests/support/server.h"

/* One line of the client, echoed, with words around it. */
#define OUTPUT_MAX (CONNECTION_LINE_MAX + 256)
/* So much at a stretch, then the other connections have their turn. */
#define TURNS_MAX  32
/* How long an ended connection waits for the client's own FIN. */
#define GOODBYE_MS 5000

struct connection {
	uv_poll_t poll;
	uv_timer_t timer;
	int open_handles;
	int watched;
	struct server *server;
	struct connection *next;
	struct connection **link;
	void *state; /* the dialogue's */
	struct channel channel;
	enum want want;
	enum certificate certificate;
	enum stapled stapled;
	unsigned long wait_ms;
	bool time_is_up;
	bool goodbye_said;
	bool line_too_long;
	size_t input_used;
	size_t line_bytes; /* of the input, with the end of the line; 0 = none */
	size_t line_length;
	size_t output_used;
	size_t output_sent;
	char input[CONNECTION_LINE_MAX];
	char output[OUTPUT_MAX];
};

static void on_ready(uv_poll_t *poll, int status, int events);
static void on_time(uv_timer_t *timer);

static void watch(struct connection *connection, int events)
{
	if (connection->watched == events)
		return;
	connection->watched = events;
	if (events)
		uv_poll_start(&connection->poll, events, on_ready);
	else
		uv_poll_stop(&connection->poll);
}

/* Every wait ends here: the loop calls back when PROGRESS may be more. */
static enum progress wait_for(struct connection *connection, enum progress progress)
{
	if (progress == PROGRESS_READ)
		watch(connection, UV_READABLE);
	else if (progress == PROGRESS_WRITE)
		watch(connection, UV_WRITABLE);
	return progress;
}

static enum progress flush(struct connection *connection)
{
	while (connection->output_sent < connection->output_used) {
		size_t moved;
		enum progress progress = channel_write(
			&connection->channel,
			connection->output + connection->output_sent,
			connection->output_used - connection->output_sent, &moved);

		if (progress != PROGRESS_DONE)
			return wait_for(connection, progress);
		connection->output_sent += moved;
	}
	connection->output_sent = 0;
	connection->output_used = 0;
	return PROGRESS_DONE;
}

static void drop_line(struct connection *connection)
{
	connection->input_used -= connection->line_bytes;
	memmove(connection->input, connection->input + connection->line_bytes,
	        connection->input_used);
	connection->line_bytes = 0;
}

static bool take_line(struct connection *connection, size_t scanned)
{
	char *end = memchr(connection->input + scanned, '\n',
	                   connection->input_used - scanned);

	if (!end)
		return false;
	connection->line_bytes = (size_t)(end - connection->input) + 1;
	connection->line_length = connection->line_bytes - 1;
	if (connection->line_length > 0 && end[-1] == '\r')
		connection->line_length--;
	if (connection->line_too_long)
		connection->line_length = 0;
	connection->input[connection->line_length] = '\0';
	return true;
}

static enum progress want_line(struct connection *connection)
{
	size_t scanned = 0;

	if (connection->line_bytes > 0) {
		drop_line(connection);
		connection->line_too_long = false;
	}
	for (int round = 0; round < TURNS_MAX; round++) {
		size_t moved;
		enum progress progress;

		if (take_line(connection, scanned))
			return PROGRESS_DONE;
		if (connection->input_used == sizeof(connection->input)) {
			connection->line_too_long = true;
			connection->input_used = 0;
		}
		scanned = connection->input_used;
		progress =
			channel_read(&connection->channel, connection->input + scanned,
		                     sizeof(connection->input) - scanned, &moved);
		if (progress != PROGRESS_DONE)
			return wait_for(connection, progress);
		connection->input_used += moved;
	}
	return wait_for(connection, PROGRESS_WRITE);
}

static enum progress want_time(struct connection *connection)
{
	if (connection->time_is_up) {
		connection->time_is_up = false;
		return PROGRESS_DONE;
	}
	watch(connection, 0);
	if (!uv_is_active((uv_handle_t *)&connection->timer))
		uv_timer_start(&connection->timer, on_time, connection->wait_ms, 0);
	return PROGRESS_READ;
}

static void say_handshake_failed(const struct connection *connection)
{
	const char *reason = ERR_reason_error_string(ERR_peek_last_error());

	if (!connection->server->quiet)
		fprintf(stderr, "smtp_script_server: TLS handshake: %s\n",
		        reason ? reason : "the client left");
}

static enum progress want_goodbye(struct connection *connection)
{
	if (!connection->goodbye_said) {
		connection->goodbye_said = true;
		if (connection->want == WANT_CLOSE)
			channel_finish(&connection->channel);
		else
			channel_cut(&connection->channel);
		uv_timer_start(&connection->timer, on_time, GOODBYE_MS, 0);
	}
	if (connection->time_is_up)
		return PROGRESS_END;
	return wait_for(connection, channel_discard(&connection->channel));
}

/*
 * Closing with unread bytes would send RST, and with it the alert would be lost that
 * tells the client why the handshake failed.
 */
static enum progress want_tls(struct connection *connection)
{
	struct channel *channel = &connection->channel;
	enum progress progress;

	if (!channel->ssl)
		channel->ssl =
			tls_session(connection->server->tls, channel->descriptor,
		                    connection->certificate, connection->stapled);
	progress = channel_handshake(channel);
	connection->input_used = 0;
	connection->line_bytes = 0;
	if (progress != PROGRESS_END)
		return wait_for(connection, progress);
	say_handshake_failed(connection);
	connection->want = WANT_CUT;
	return want_goodbye(connection);
}

static enum progress fulfil(struct connection *connection)
{
	switch (connection->want) {
	case WANT_ROOM:
		return PROGRESS_DONE;
	case WANT_LINE:
		return want_line(connection);
	case WANT_TIME:
		return want_time(connection);
	case WANT_TLS:
		return want_tls(connection);
	case WANT_HELLO:
		return wait_for(connection, channel_peek(&connection->channel));
	case WANT_SILENCE:
		return wait_for(connection, channel_discard(&connection->channel));
	case WANT_CLOSE:
	case WANT_CUT:
		return want_goodbye(connection);
	case WANT_RESET:
		channel_reset(&connection->channel);
		return PROGRESS_END;
	}
	return PROGRESS_END;
}

static void proceed(struct connection *connection)
{
	const struct dialogue *dialogue = connection->server->dialogue;

	for (int turn = 0; turn < TURNS_MAX; turn++) {
		enum progress progress = flush(connection);

		if (progress == PROGRESS_DONE)
			progress = fulfil(connection);
		if (progress == PROGRESS_END)
			connection_destroy(connection);
		if (progress != PROGRESS_DONE)
			return;
		connection->want = dialogue->advance(connection, connection->state);
	}
	wait_for(connection, PROGRESS_WRITE);
}

static void on_ready(uv_poll_t *poll, int status, int events)
{
	struct connection *connection = poll->data;

	(void)events;
	if (status < 0)
		connection_destroy(connection);
	else
		proceed(connection);
}

static void on_time(uv_timer_t *timer)
{
	struct connection *connection = timer->data;

	connection->time_is_up = true;
	proceed(connection);
}

static void on_closed(uv_handle_t *handle)
{
	struct connection *connection = handle->data;

	if (--connection->open_handles == 0)
		free(connection);
}

static void enlist(struct connection *connection, struct server *server)
{
	connection->server = server;
	connection->link = &server->connections;
	connection->next = server->connections;
	if (connection->next)
		connection->next->link = &connection->next;
	server->connections = connection;
	server->counters.connections++;
}

static void delist(struct connection *connection)
{
	*connection->link = connection->next;
	if (connection->next)
		connection->next->link = connection->link;
}

/* The two buffers are left as malloc() gave them: nobody reads what was not written. */
static struct connection *create(void)
{
	struct connection *connection = memory_grown(NULL, 1, sizeof(*connection));

	memset(connection, 0, offsetof(struct connection, input));
	connection->certificate = CERTIFICATE_DEFAULT;
	connection->stapled = STAPLED_NOTHING;
	return connection;
}

void connection_open(struct server *server, int descriptor)
{
	struct connection *connection = create();

	if (uv_poll_init(server->loop, &connection->poll, descriptor) != 0) {
		struct channel unwatched = { .descriptor = descriptor };

		channel_close(&unwatched);
		free(connection);
		return;
	}
	uv_timer_init(server->loop, &connection->timer);
	connection->poll.data = connection;
	connection->timer.data = connection;
	connection->open_handles = 2;
	connection->channel.descriptor = descriptor;
	enlist(connection, server);
	connection->state = server->dialogue->open(connection);
	proceed(connection);
}

void connection_destroy(struct connection *connection)
{
	struct server *server = connection->server;

	delist(connection);
	server->dialogue->close(connection->state);
	uv_close((uv_handle_t *)&connection->poll, on_closed);
	uv_close((uv_handle_t *)&connection->timer, on_closed);
	channel_close(&connection->channel);
	if (server->listener)
		listener_resume(server->listener);
}

struct server *connection_server(const struct connection *connection)
{
	return connection->server;
}

size_t connection_put(struct connection *connection, const char *bytes, size_t length)
{
	size_t room = sizeof(connection->output) - connection->output_used;
	size_t taken = length < room ? length : room;

	memcpy(connection->output + connection->output_used, bytes, taken);
	connection->output_used += taken;
	return taken;
}

void connection_reply(struct connection *connection, const char *format, ...)
{
	size_t room = sizeof(connection->output) - connection->output_used;
	char *start = connection->output + connection->output_used;
	va_list arguments;
	int length;

	if (room < 3)
		return;
	va_start(arguments, format);
	length = vsnprintf(start, room - 2, format, arguments);
	va_end(arguments);
	if (length < 0)
		return;
	connection->output_used +=
		(size_t)length < room - 2 ? (size_t)length : room - 3;
	connection_put(connection, "\r\n", 2);
}

struct line connection_line(const struct connection *connection)
{
	return (struct line){
		.text = connection->input,
		.length = connection->line_length,
		.too_long = connection->line_too_long,
	};
}

void connection_wait(struct connection *connection, unsigned long milliseconds)
{
	connection->wait_ms = milliseconds;
}

void connection_show(struct connection *connection, enum certificate certificate,
                     enum stapled stapled)
{
	connection->certificate = certificate;
	connection->stapled = stapled;
}

SSL *connection_ssl(const struct connection *connection)
{
	return connection->channel.ssl;
}
