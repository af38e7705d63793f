/* SPDX-License-Identifier: Apache-2.0 */
#include "probe/session.h"

#include <stdio.h>
#include <string.h>
#include <uv.h>

#include "probe/address.h"
#include "probe/capability.h"
#include "probe/destination.h"
#include "probe/login.h"
#include "probe/own_name.h"
#include "probe/reply.h"
#include "probe/witness.h"

/* A silent address gets a third of the time left; then the second look begins, too. */
enum { PATIENCE_SHARE = 3 };

enum stage {
	STAGE_SEARCH,
	STAGE_CARRIED, /* connect to EHLO */
	STAGE_LOGIN,
	STAGE_COMMANDS, /* those of the target */
	STAGE_QUIT,
	STAGE_OVER
};

struct session {
	struct session_ground ground;
	const struct target *target;
	struct trace *trace;
	struct redaction *redaction;
	struct session_events events;
	void *owner;

	usec started, deadline;
	enum stage stage;
	bool ended; /* the verdict's event is written */
	uv_timer_t deadline_timer, attempt_timer, silence_timer;
	int open_timers;

	struct destination_search *search;
	struct session_route *route;

	struct link *link;
	bool connected, greeted, asked_starttls, reading_ehlo, ehlo_refused;
	size_t ehlo_lines, reply_lines, reply_bytes;
	struct arena *arena;
	struct capabilities capabilities; /* of the last EHLO */

	struct login *login;
	int last_code;        /* of the last complete reply */
	size_t command_index; /* of the target's commands */
};

static usec now(const struct session *session)
{
	return clock_now() - session->started;
}

static usec time_left(const struct session *session)
{
	usec left = session->deadline - now(session);

	return left > 0 ? left : 0;
}

static uint64_t in_ms(usec time)
{
	return (uint64_t)((time + USEC_PER_MSEC - 1) / USEC_PER_MSEC);
}

static const struct sockaddr_storage *last_address(const struct session *session)
{
	return &session->route->destination.addresses[session->route->address_index];
}

/* NULL behind a proxy and at a Unix socket. */
static const struct sockaddr_storage *peer_of(const struct session *session)
{
	return session->route->destination.count ? last_address(session) : NULL;
}

/* ---- silence ---- */

static void on_silence(uv_timer_t *timer)
{
	struct session *session = timer->data;

	if (!session->ended && !login_is_computing(session->login))
		session->events.silent(session->owner);
}

/* Something was heard or tried: from here on silence counts anew. */
static void listen_anew(struct session *session)
{
	const usec least = SESSION_SILENCE_MIN_MS * USEC_PER_MSEC;
	usec patience = time_left(session) / PATIENCE_SHARE;

	if (!session->ended)
		uv_timer_start(&session->silence_timer, on_silence,
		               in_ms(patience > least ? patience : least), 0);
}

/* ---- the end ---- */

static void timer_is_closed(uv_handle_t *handle)
{
	struct session *session = handle->data;

	if (--session->open_timers > 0)
		return;
	login_destroy(session->login);
	destination_search_destroy(session->search);
	session->events.done(session->owner);
	arena_destroy(session->arena);
}

static void leave(struct session *session, bool say_quit)
{
	if (session->stage == STAGE_OVER)
		return;
	session->stage = STAGE_OVER;
	link_close(session->link, say_quit);
	session->link = NULL;
	uv_close((uv_handle_t *)&session->deadline_timer, timer_is_closed);
	uv_close((uv_handle_t *)&session->attempt_timer, timer_is_closed);
	uv_close((uv_handle_t *)&session->silence_timer, timer_is_closed);
}

static void on_quit_timeout(uv_timer_t *timer)
{
	leave(timer->data, false);
}

static void send_line(struct session *session, struct str line)
{
	if (!link_can_talk(session->link))
		return;
	trace_add(session->trace, now(session), DIRECTION_CLIENT, line);
	link_send_line(session->link, line);
}

/*
 * A server that has just kept us waiting for the whole deadline is told QUIT, but
 * not waited for.
 */
static void say_quit(struct session *session, bool wait)
{
	if (!link_can_talk(session->link)) {
		leave(session, true);
		return;
	}
	session->stage = STAGE_QUIT;
	send_line(session, STR("QUIT"));
	if (wait)
		uv_timer_start(&session->attempt_timer, on_quit_timeout,
		               SESSION_QUIT_PATIENCE_MS, 0);
	else
		leave(session, false);
}

/* Writes the event that the verdict rests on; what comes after never changes it. */
static void finish(struct session *session, enum ending ending, const char *detail)
{
	bool out_of_time = time_left(session) == 0;

	if (session->ended)
		return;
	session->ended = true;
	uv_timer_stop(&session->deadline_timer);
	uv_timer_stop(&session->attempt_timer);
	uv_timer_stop(&session->silence_timer);
	login_abandon(session->login);
	link_note_socket(session->link);
	trace_note(session->trace, now(session), "end %s%s%s", ending_word(ending),
	           *detail ? " " : "", detail);
	say_quit(session, ending != ENDING_TIMEOUT && !out_of_time);
}

/* The server waits for us: it is not the one to blame. */
static const char *slow_step_detail(const struct session *session)
{
	if (!session->target->secret)
		return "Kerberos or its KDC did not answer before the deadline";
	return "the SASL step was not computed before the deadline";
}

static void on_deadline(uv_timer_t *timer)
{
	struct session *session = timer->data;

	if (session->stage == STAGE_SEARCH)
		finish(session, ENDING_DNS_TIMEOUT, "no answer before the deadline");
	else if (login_is_computing(session->login))
		finish(session, ENDING_LOCAL, slow_step_detail(session));
	else
		finish(session, ENDING_TIMEOUT, "");
}

void session_cancel(struct session *session)
{
	finish(session, ENDING_CANCELLED, "");
}

/* ---- the login ---- */

static void on_login_send(void *owner, struct str line)
{
	send_line(owner, line);
}

/* Says the next of the target's commands; after the last one, its reply decided. */
static void go_on(struct session *session)
{
	const char *command = session->target->set.commands[session->command_index];

	if (!command || session->last_code / 100 > 3) {
		finish(session, ENDING_REPLY, "");
		return;
	}
	session->stage = STAGE_COMMANDS;
	session->command_index++;
	send_line(session, str_of(command));
}

static void on_login_end(void *owner, enum ending ending, const char *detail)
{
	struct session *session = owner;

	if (ending == ENDING_REPLY && session->last_code / 100 == 2)
		go_on(session);
	else
		finish(session, ending, detail);
}

static void note_code(struct session *session, struct str line)
{
	struct reply_line reply;

	if (reply_parse_line(&reply, str_trim(line)) && reply.last)
		session->last_code = reply.code;
}

static void take_command_line(struct session *session, struct str line)
{
	struct reply_line reply;

	if (!reply_parse_line(&reply, str_trim(line)))
		finish(session, ENDING_PROTOCOL,
		       "a command was not answered by a reply");
	else if (reply.last)
		go_on(session);
}

static void start_login(struct session *session)
{
	struct login_params params = {
		.sasl = session->ground.sasl,
		.target = session->target,
		.capabilities = &session->capabilities,
		.encrypted = link_is_encrypted(session->link),
		.suspended = session->route->login_suspended,
		.redaction = session->redaction,
		.send = on_login_send,
		.end = on_login_end,
		.owner = session,
	};

	if (session->target->set.tls != TLS_NONE && !params.encrypted) {
		finish(session, ENDING_LOCAL, "TLS was asked for and is not there");
		return;
	}
	params.binding = link_binding(session->link, &params.binding_is_exporter);
	session->stage = STAGE_LOGIN;
	session->login = login_start(&params);
}

/* ---- what the link tells ---- */

static bool is_command(struct str line, struct str verb)
{
	return str_starts_nocase(line, verb);
}

static void note_command(struct session *session, struct str line)
{
	if (is_command(line, STR("EHLO"))) {
		session->capabilities = (struct capabilities){ 0 };
		session->reading_ehlo = true;
		session->ehlo_refused = false;
		session->ehlo_lines = 0;
	} else {
		session->reading_ehlo = false;
		session->asked_starttls |= is_command(line, STR("STARTTLS"));
	}
}

/* The first line of an EHLO reply names the server, the others what it can do. */
static void note_ehlo_line(struct session *session, struct str line)
{
	struct reply_line reply;

	if (!session->reading_ehlo || !reply_parse_line(&reply, str_trim(line)))
		return;
	if (reply.code / 100 != 2)
		session->ehlo_refused = true;
	else if (session->ehlo_lines++ > 0)
		capabilities_add(&session->capabilities,
		                 (struct str){ arena_copy(session->arena, reply.text),
		                               reply.text.len });
}

static bool too_much(struct session *session, struct str line)
{
	session->reply_lines++;
	session->reply_bytes += line.len;
	return session->reply_lines > SESSION_REPLY_LINES_MAX ||
	       session->reply_bytes > SESSION_REPLY_BYTES_MAX;
}

/* libcurl skips lines that are no replies, and would wait for one till the deadline. */
static bool is_strange_greeting(struct session *session, struct str line)
{
	struct reply_line reply;
	bool strange = !session->greeted && !reply_parse_line(&reply, str_trim(line));

	if (!session->greeted)
		witness_greeting(session->trace, now(session), line, session->target,
		                 peer_of(session));
	session->greeted = true;
	return strange;
}

static bool is_end_of_quit(struct str line)
{
	struct reply_line reply;

	return reply_parse_line(&reply, str_trim(line)) && reply.code == 221 &&
	       reply.last;
}

static void on_server_line(struct session *session, struct str line)
{
	note_code(session, line);
	if (too_much(session, line))
		link_stop(session->link, ENDING_PROTOCOL,
		          "more than 128 lines or 64 KiB of replies");
	else if (is_strange_greeting(session, line))
		link_stop(session->link, ENDING_PROTOCOL,
		          "the greeting is no SMTP reply");
	else if (session->stage == STAGE_CARRIED)
		note_ehlo_line(session, line);
	else if (session->stage == STAGE_COMMANDS)
		take_command_line(session, line);
	else if (session->stage == STAGE_LOGIN)
		login_take_line(session->login, line);
	else if (session->stage == STAGE_QUIT && is_end_of_quit(line))
		leave(session, false);
}

static void on_line(void *owner, enum direction direction, struct str line)
{
	struct session *session = owner;

	trace_add(session->trace, now(session), direction, line);
	listen_anew(session);
	if (direction == DIRECTION_CLIENT)
		note_command(session, line);
	else
		on_server_line(session, line);
}

static void on_note(void *owner, const char *event)
{
	struct session *session = owner;

	trace_add(session->trace, now(session), DIRECTION_NOTE, str_of(event));
	witness_certificate(session->trace, now(session), str_of(event),
	                    session->target, peer_of(session));
	listen_anew(session);
}

static void on_connected(void *owner)
{
	struct session *session = owner;

	session->connected = true;
	uv_timer_stop(&session->attempt_timer);
	trace_note(session->trace, now(session), "connected");
	listen_anew(session);
}

/* Without EHLO there is no AUTH: what libcurl's HELO was told does not matter. */
static void on_ready(void *owner)
{
	struct session *session = owner;

	if (session->ehlo_refused)
		finish(session, ENDING_REPLY, "");
	else
		start_login(session);
}

static bool may_try_another(const struct session *session)
{
	return !session->connected &&
	       session->route->address_index + 1 < session->route->destination.count;
}

static void try_address(struct session *session);

static void try_next_address(struct session *session, enum ending ending,
                             const char *detail)
{
	link_note_socket(session->link);
	trace_note(session->trace, now(session), "failed %s%s%s", ending_word(ending),
	           *detail ? " " : "", detail);
	uv_timer_stop(&session->attempt_timer);
	link_close(session->link, false);
	session->link = NULL;
	session->route->address_index++;
	try_address(session);
}

static void on_failed(void *owner, enum ending ending, const char *detail)
{
	struct session *session = owner;

	if (session->stage == STAGE_QUIT)
		leave(session, false);
	else if (may_try_another(session) && ending != ENDING_LOCAL)
		try_next_address(session, ending, detail);
	else if (session->ehlo_refused)
		finish(session, ENDING_REPLY, "");
	else if (ending == ENDING_REPLY && !session->asked_starttls &&
	         session->reading_ehlo && session->ehlo_lines > 0)
		finish(session, ENDING_NOT_OFFERED, "STARTTLS");
	else
		finish(session, ending, ending == ENDING_REPLY ? "" : detail);
}

static const struct link_events link_events = {
	.line = on_line,
	.note = on_note,
	.connected = on_connected,
	.ready = on_ready,
	.failed = on_failed,
};

/* ---- from name to connection ---- */

static void on_attempt_timeout(uv_timer_t *timer)
{
	struct session *session = timer->data;

	if (may_try_another(session))
		try_next_address(session, ENDING_TIMEOUT, "");
}

static void note_attempt(struct session *session,
                         const struct sockaddr_storage *address)
{
	char endpoint[ADDRESS_TEXT_MAX];

	if (address)
		address_print_endpoint(endpoint, sizeof(endpoint), address,
		                       session->target->set.port);
	trace_note(session->trace, now(session), "connect %s%s",
	           address ? endpoint : session->target->address,
	           session->route->destination.has_via ? " through the proxy" : "");
}

static void open_link(struct session *session, const struct sockaddr_storage *address)
{
	char ehlo_name[OWN_NAME_MAX];
	struct link_route route = {
		.target = session->target,
		.address = address,
		.via = session->route->destination.has_via
		               ? &session->route->destination.via
		               : NULL,
		.ehlo_name = ehlo_name,
	};
	struct error err;

	session->stage = STAGE_CARRIED;
	own_name_for_ehlo(ehlo_name, session->target->set.ehlo_name,
	                  route.via ? route.via : address);
	note_attempt(session, address);
	session->link = link_open(session->ground.transport, &route, &link_events,
	                          session, &err);
	if (!session->link)
		finish(session, ENDING_LOCAL, err.text);
}

/* While there are other addresses to try, it is their turn, not the second look's. */
static void try_address(struct session *session)
{
	listen_anew(session);
	if (may_try_another(session)) {
		uv_timer_stop(&session->silence_timer);
		uv_timer_start(&session->attempt_timer, on_attempt_timeout,
		               in_ms(time_left(session) / PATIENCE_SHARE), 0);
	}
	open_link(session, last_address(session));
}

static void on_found(void *owner, const struct destination *destination)
{
	struct session *session = owner;

	if (session->ended) /* by a timer of the same turn */
		return;
	session->route->destination = *destination;
	if (destination->count)
		try_address(session);
	else
		open_link(session, NULL);
}

static void on_not_found(void *owner, enum ending ending, const char *detail)
{
	finish(owner, ending, detail);
}

static const struct destination_events destination_events = {
	.note = on_note,
	.found = on_found,
	.failed = on_not_found,
};

static void on_start(uv_timer_t *timer)
{
	struct session *session = timer->data;

	witness_target(session->trace, now(session), session->target);
	listen_anew(session);
	session->search = destination_search_create(
		session->ground.loop, session->target, &destination_events, session);
	destination_search_start(session->search);
}

static void start_timer(struct session *session, uv_timer_t *timer)
{
	uv_timer_init(session->ground.loop, timer);
	timer->data = session;
	session->open_timers++;
}

struct session *session_start(const struct session_ground *ground,
                              const struct target *target, struct trace *trace,
                              struct redaction *redaction, struct session_route *route,
                              const struct session_events *events, void *owner)
{
	struct arena *arena = arena_create();
	struct session *session = arena_take(arena, sizeof(*session));

	session->arena = arena;
	session->ground = *ground;
	session->target = target;
	session->trace = trace;
	session->redaction = redaction;
	session->route = route;
	session->events = *events;
	session->owner = owner;
	session->started = clock_now();
	session->deadline = target->set.timeout;
	start_timer(session, &session->deadline_timer);
	start_timer(session, &session->attempt_timer);
	start_timer(session, &session->silence_timer);
	uv_update_time(ground->loop);
	uv_timer_start(&session->deadline_timer, on_deadline,
	               in_ms(target->set.timeout), 0);
	/* The first step is taken from the loop, so that `done` never comes from here.
	 */
	uv_timer_start(&session->attempt_timer, on_start, 0, 0);
	return session;
}
