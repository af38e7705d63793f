/* SPDX-License-Identifier: Apache-2.0 */
#include "probe/contact.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <uv.h>

#include "probe/arena.h"
#include "probe/contact_dialogue.h"
#include "probe/contact_socket.h"
#include "probe/contact_stream.h"

/* After so long without its end, a line that is no SMTP counts as it is. */
#define PAUSE (300 * USEC_PER_MSEC)

/* A name is no longer (RFC 1035 section 2.3.4). */
enum { SERVER_NAME_MAX = 255, READ_ROOM = 4096 };

enum state { CONNECTING, TALKING, SHAKING_HANDS, OVER };

struct contact {
	uv_timer_t timer;
	uv_poll_t poll;
	int open_handles; /* that libuv has not let go of */
	bool has_poll;
	enum state state;
	struct contact_wish wish; /* its strings are not ours, but: */
	char server_name[SERVER_NAME_MAX + 1];
	usec began, due; /* `due`: what the timer waits for */
	bool has_facts;  /* of the socket, in the report */
	size_t sent;     /* of the command under way */
	bool is_sending, has_peeked;
	struct contact_stream stream; /* socket -1 = none */
	struct contact_dialogue dialogue;
	struct contact_report report;
	contact_done *done;
	void *owner;
};

static void follow(struct contact *contact, enum contact_need need);
static void on_poll(uv_poll_t *poll, int status, int events);
static void on_timer(uv_timer_t *timer);

/* ---- memory ---- */

static void on_closed(uv_handle_t *handle)
{
	struct contact *contact = handle->data;

	if (--contact->open_handles == 0)
		free(contact);
}

/* The memory follows when libuv has closed the timer, too. */
static void close_socket(struct contact *contact)
{
	hello_destroy(contact->stream.hello);
	contact->stream.hello = NULL;
	if (contact->has_poll)
		uv_close((uv_handle_t *)&contact->poll, on_closed);
	contact->has_poll = false;
	if (contact->stream.socket >= 0)
		close(contact->stream.socket);
	contact->stream.socket = -1;
}

void contact_cancel(struct contact *contact)
{
	close_socket(contact);
	uv_close((uv_handle_t *)&contact->timer, on_closed);
}

/* ---- time ---- */

static usec time_left(const struct contact *contact)
{
	usec left = contact->began + contact->wish.patience - clock_now();

	return left > 0 ? left : 0;
}

static void set_timer(struct contact *contact, usec after)
{
	uint64_t ms = (uint64_t)((after + USEC_PER_MSEC - 1) / USEC_PER_MSEC);

	contact->due = clock_now() + after;
	uv_timer_start(&contact->timer, on_timer, ms, 0);
}

static void watch_for(struct contact *contact, int events)
{
	uv_poll_start(&contact->poll, events, on_poll);
}

/* ---- end ---- */

/* One attempt, no waiting: whether it arrives is of no interest. */
static void say_quit(struct contact *contact)
{
	const struct str quit = STR("QUIT\r\n");
	size_t moved;

	if (contact_dialogue_may_quit(&contact->dialogue))
		contact_stream_write(&contact->stream, quit.at, quit.len, &moved);
}

/* Once at the end: reading clears an error. */
static void read_facts(struct contact *contact)
{
	if (!contact->has_facts && contact->stream.socket >= 0)
		socket_facts_read(&contact->report.socket, contact->stream.socket,
		                  &contact->wish.address);
	contact->has_facts = true;
}

/* The owner is told in a turn of the loop of its own. */
static void conclude(struct contact *contact, enum contact_outcome outcome)
{
	contact->state = OVER;
	contact->report.outcome = outcome;
	contact->report.took = clock_now() - contact->began;
	read_facts(contact);
	contact_stream_report(&contact->stream, &contact->report);
	say_quit(contact);
	close_socket(contact);
	set_timer(contact, 0);
}

static void deliver(struct contact *contact)
{
	uv_close((uv_handle_t *)&contact->timer, on_closed);
	contact->done(contact->owner, &contact->report);
}

static void run_out_of_patience(struct contact *contact)
{
	read_facts(contact);
	conclude(contact,
	         contact->report.connected
	                 ? contact_socket_judge_silence(&contact->report.socket.tcp)
	                 : CONTACT_SILENT);
}

static void on_timer(uv_timer_t *timer)
{
	struct contact *contact = timer->data;
	usec early = contact->due - clock_now();

	if (contact->state == OVER)
		deliver(contact);
	else if (early > 0) /* libuv's clock is coarse, and stale within a turn */
		set_timer(contact, early);
	else if (contact_dialogue_pause(&contact->dialogue) == CONTACT_NEED_NOTHING)
		conclude(contact, contact->report.outcome);
	else if (time_left(contact) == 0)
		run_out_of_patience(contact);
	else
		set_timer(contact, time_left(contact));
}

/* ---- bytes ---- */

/* An unfinished line may say more than how the connection ended. */
static void on_stream_end(struct contact *contact)
{
	enum contact_outcome outcome = contact->stream.end;

	if (contact_dialogue_pause(&contact->dialogue) == CONTACT_NEED_NOTHING)
		outcome = contact->report.outcome;
	conclude(contact, outcome);
}

/* True when it is done; else waits for more or ends. */
static bool is_done(struct contact *contact, enum hello_progress progress)
{
	if (progress == HELLO_FAILED)
		on_stream_end(contact);
	else if (progress == HELLO_WANT_READ)
		watch_for(contact, UV_READABLE);
	else if (progress == HELLO_WANT_WRITE)
		watch_for(contact, UV_WRITABLE);
	return progress == HELLO_DONE;
}

/* A command goes out in one piece: some firewalls read packets, not lines. */
static void send_command(struct contact *contact)
{
	const char *command = contact->dialogue.command;
	size_t len = strlen(command), moved;

	contact->is_sending = true;
	while (contact->sent < len) {
		if (!is_done(contact, contact_stream_write(
					      &contact->stream, command + contact->sent,
					      len - contact->sent, &moved)))
			return;
		contact->sent += moved;
	}
	contact->is_sending = false;
	contact->sent = 0;
	follow(contact, contact_dialogue_next(&contact->dialogue));
}

/* Until nothing is left: TLS may hold bytes that no poll announces. */
static void read_on(struct contact *contact)
{
	char bytes[READ_ROOM];
	size_t got;

	while (contact->state == TALKING && !contact->is_sending &&
	       is_done(contact, contact_stream_read(&contact->stream, bytes,
	                                            sizeof(bytes), &got)))
		follow(contact, contact_dialogue_take(&contact->dialogue,
		                                      (struct str){ bytes, got }));
}

static void wait_for_bytes(struct contact *contact)
{
	usec left = time_left(contact);

	if (contact_dialogue_is_in_line(&contact->dialogue) && left > PAUSE)
		left = PAUSE;
	set_timer(contact, left);
	watch_for(contact, UV_READABLE);
}

/* ---- handshake ---- */

/* OpenSSL swallows what is no TLS; the report shall show it. */
static void peek(struct contact *contact)
{
	char bytes[CONTACT_TEXT_MAX];
	size_t got;

	if (contact->has_peeked)
		return;
	got = contact_stream_peek(&contact->stream, bytes, sizeof(bytes));
	contact->has_peeked =
		contact_dialogue_peek(&contact->dialogue, (struct str){ bytes, got });
}

static void shake_hands(struct contact *contact)
{
	peek(contact);
	if (!is_done(contact, contact_stream_shake_hands(&contact->stream)))
		return;
	contact->state = TALKING;
	follow(contact, contact_dialogue_encrypted(&contact->dialogue));
}

static void begin_handshake(struct contact *contact)
{
	const struct hello_wish wish = { contact->wish.server_name,
		                         contact->wish.small_hello };

	if (contact_stream_start_tls(&contact->stream, &wish)) {
		contact->state = SHAKING_HANDS;
		shake_hands(contact);
	} else {
		conclude(contact, CONTACT_LOCAL);
	}
}

/* ---- course ---- */

static void follow(struct contact *contact, enum contact_need need)
{
	switch (need) {
	case CONTACT_NEED_BYTES:
		wait_for_bytes(contact);
		break;
	case CONTACT_NEED_SEND:
		send_command(contact);
		break;
	case CONTACT_NEED_HANDSHAKE:
		begin_handshake(contact);
		break;
	case CONTACT_NEED_NOTHING:
		conclude(contact, contact->report.outcome);
		break;
	}
}

static void on_connected(struct contact *contact)
{
	/* Later ones would be fatal, while TCP itself lives through them. */
	socket_keep_icmp(contact->stream.socket, contact->wish.address.ss_family,
	                 false);
	contact->report.connected = true;
	contact->state = TALKING;
	follow(contact, contact_dialogue_next(&contact->dialogue));
}

static void on_attempt_over(struct contact *contact)
{
	struct socket_facts *facts = &contact->report.socket;
	int error;

	socket_facts_read(facts, contact->stream.socket, &contact->wish.address);
	error = facts->error ? facts->error : facts->icmp.error;
	if (contact_socket_is_connected(contact->stream.socket)) {
		on_connected(contact);
	} else if (error == ECONNRESET || error == EPIPE) {
		contact->stream.broken = error;
		on_connected(contact);
	} else if (error) {
		contact->has_facts = true;
		contact->report.error = error;
		conclude(contact, contact_socket_judge_attempt(error, false));
	} else {
		watch_for(contact, UV_WRITABLE);
	}
}

/* An error of the socket comes as `status`; the system call tells which. */
static void on_poll(uv_poll_t *poll, int status, int events)
{
	struct contact *contact = poll->data;

	(void)status, (void)events;
	if (contact->state == CONNECTING)
		on_attempt_over(contact);
	else if (contact->state == SHAKING_HANDS)
		shake_hands(contact);
	else if (contact->is_sending)
		send_command(contact);
	else
		read_on(contact);
}

/* ---- beginning ---- */

static bool take_wish(struct contact *contact, const struct contact_wish *wish)
{
	struct str name = str_of(wish->server_name);

	contact->wish = *wish;
	if (name.len > SERVER_NAME_MAX)
		return false;
	if (name.len) {
		memcpy(contact->server_name, name.at, name.len);
		contact->wish.server_name = contact->server_name;
	}
	return contact_dialogue_begin(&contact->dialogue, &contact->report, wish->step,
	                              wish->tls_first, wish->ehlo_name);
}

static void fail(struct contact *contact, int error, enum contact_outcome outcome)
{
	contact->report.error = error;
	contact->report.at_once = true;
	conclude(contact, outcome);
}

static void begin(struct contact *contact, uv_loop_t *loop)
{
	int error;

	contact->stream.socket = contact_socket_open(&contact->wish);
	if (contact->stream.socket < 0) {
		fail(contact, errno, CONTACT_LOCAL);
		return;
	}
	if (!contact_socket_connect(contact->stream.socket, &contact->wish)) {
		fail(contact, errno, contact_socket_judge_attempt(errno, true));
		return;
	}
	error = uv_poll_init_socket(loop, &contact->poll, contact->stream.socket);
	if (error < 0) {
		fail(contact, -error, CONTACT_LOCAL);
		return;
	}
	contact->poll.data = contact;
	contact->open_handles++;
	contact->has_poll = true;
	set_timer(contact, contact->wish.patience);
	watch_for(contact, UV_WRITABLE);
}

struct contact *contact_start(uv_loop_t *loop, const struct contact_wish *wish,
                              contact_done *done, void *owner)
{
	struct contact *contact = memory_take(sizeof(*contact));

	contact->stream.socket = -1;
	contact->began = clock_now();
	contact->done = done;
	contact->owner = owner;
	uv_timer_init(loop, &contact->timer);
	contact->timer.data = contact;
	contact->open_handles = 1;
	if (take_wish(contact, wish))
		begin(contact, loop);
	else
		fail(contact, EINVAL, CONTACT_LOCAL);
	return contact;
}
