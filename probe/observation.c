/* SPDX-License-Identifier: Apache-2.0 */
#include "probe/observation.h"

#include "probe/timestamp.h"

enum { REPLY_TEXT_MAX = 1024 };

/* Where the fold stands. */
struct fold {
	struct observation *seen;
	struct arena *arena;
	enum phase now;
	bool ended;
	bool muted; /* the server's lines answer a HELO that nobody wanted */
	struct text reply_text;
	int reply_lines;
};

static struct phase_facts *current(struct fold *fold)
{
	return fold->now == PHASE_NONE ? NULL : &fold->seen->phases[fold->now];
}

static void enter(struct fold *fold, enum phase phase, usec at)
{
	struct phase_facts *facts = &fold->seen->phases[phase];

	if (!facts->entered)
		*facts = (struct phase_facts){ .entered = true, .started = at };
	facts->done = false;
	fold->now = phase;
	fold->reply_lines = 0;
	if (!fold->ended)
		fold->seen->phase = phase;
}

static void complete(struct fold *fold, usec at)
{
	struct phase_facts *facts = current(fold);

	if (!facts || facts->done)
		return;
	facts->done = true;
	facts->duration = at - facts->started;
}

/* ---- the server's lines ---- */

static void begin_reply(struct fold *fold)
{
	fold->reply_text = text_create(fold->arena, REPLY_TEXT_MAX);
}

static void add_reply_line(struct fold *fold, const struct reply_line *line)
{
	struct reply *reply = &current(fold)->reply;

	if (fold->reply_lines++ == 0) {
		begin_reply(fold);
		*reply = (struct reply){ .code = line->code };
	} else if (line->text.len) {
		text_add(&fold->reply_text, " ");
	}
	if (line->enhanced.class)
		reply->enhanced = line->enhanced;
	text_add_str(&fold->reply_text, line->text);
	reply->text = text_view(&fold->reply_text);
}

static void note_capability(struct fold *fold, const struct reply_line *line)
{
	struct observation *seen = fold->seen;

	if (line->code != 250 || fold->reply_lines < 2)
		return;
	if (fold->now == PHASE_EHLO)
		capabilities_add(&seen->before_tls, line->text);
	else if (fold->now == PHASE_EHLO_TLS)
		capabilities_add(&seen->after_tls, line->text);
}

static bool is_challenge(const struct fold *fold, const struct reply_line *line)
{
	return fold->now == PHASE_AUTH && line->code == 334;
}

static void keep_command_reply(struct fold *fold)
{
	struct observation *seen = fold->seen;

	if (seen->command_count < COMMAND_REPLY_MAX)
		seen->command_replies[seen->command_count++] = current(fold)->reply;
}

static void take_server_line(struct fold *fold, usec at, struct str text)
{
	struct reply_line line;

	if (fold->now == PHASE_CONNECT) { /* a trace without "connected" */
		complete(fold, at);
		enter(fold, PHASE_BANNER, at);
	}
	if (fold->muted || (fold->ended && fold->now != PHASE_QUIT) ||
	    fold->now == PHASE_NONE || !reply_parse_line(&line, text))
		return;
	add_reply_line(fold, &line);
	note_capability(fold, &line);
	if (!line.last)
		return;
	fold->reply_lines = 0;
	if (fold->now == PHASE_MAIL)
		keep_command_reply(fold);
	if (!is_challenge(fold, &line))
		complete(fold, at);
}

/* ---- the client's lines ---- */

static void take_auth_command(struct fold *fold, usec at, struct str rest)
{
	struct str word;

	enter(fold, PHASE_AUTH, at);
	if (str_take_word(&word, &rest, " "))
		fold->seen->mechanism = word;
	if (str_take_word(&word, &rest, " "))
		fold->seen->credential_sent = true;
}

/*
 * libcurl asks HELO after a refused EHLO where TLS stands or is not wanted. The
 * refusal is the fact: a session without extensions cannot log in.
 */
static bool ehlo_was_refused(const struct fold *fold)
{
	const struct reply *reply;

	if (fold->now != PHASE_EHLO && fold->now != PHASE_EHLO_TLS)
		return false;
	reply = &fold->seen->phases[fold->now].reply;
	return reply->code != 0 && reply->code / 100 != 2;
}

static bool is_after_login(const struct fold *fold)
{
	const struct phase_facts *auth = &fold->seen->phases[PHASE_AUTH];

	return fold->now == PHASE_MAIL ||
	       (fold->now == PHASE_AUTH && auth->done && auth->reply.code / 100 == 2);
}

static void count_round_trip(struct fold *fold)
{
	struct phase_facts *facts = current(fold);

	if (facts && !facts->done && !fold->muted)
		facts->round_trips++;
}

static void take_client_line(struct fold *fold, usec at, struct str text)
{
	struct str rest = text, verb = STR("");

	str_take_word(&verb, &rest, " ");
	fold->muted = false;
	if (str_equal_nocase(verb, STR("HELO")) && ehlo_was_refused(fold)) {
		fold->muted = true;
	} else if (str_equal_nocase(verb, STR("EHLO")) ||
	           str_equal_nocase(verb, STR("HELO")) ||
	           str_equal_nocase(verb, STR("LHLO"))) {
		enter(fold, fold->seen->starttls_asked ? PHASE_EHLO_TLS : PHASE_EHLO,
		      at);
	} else if (str_equal_nocase(verb, STR("STARTTLS"))) {
		fold->seen->starttls_asked = true;
		enter(fold, PHASE_STARTTLS, at);
	} else if (str_equal_nocase(verb, STR("AUTH"))) {
		take_auth_command(fold, at, rest);
	} else if (str_equal_nocase(verb, STR("QUIT"))) {
		enter(fold, PHASE_QUIT, at);
	} else if (is_after_login(fold)) {
		enter(fold, PHASE_MAIL, at);
	} else if (fold->now == PHASE_AUTH && !str_equal(text, STR("*"))) {
		fold->seen->credential_sent = true;
	}
}

/* ---- our own events ---- */

static void take_certificate(struct fold *fold, struct str rest)
{
	if (!tls_facts_take_certificate(&fold->seen->tls, rest))
		fold->seen->truncated = true;
}

static void start_tls(struct fold *fold, usec at)
{
	struct phase_facts *banner = &fold->seen->phases[PHASE_BANNER];

	/* Implicit TLS: the connection that stands is not waiting for a greeting yet.
	 */
	if (fold->now == PHASE_BANNER && !banner->done && banner->reply.code == 0) {
		at = banner->started;
		*banner = (struct phase_facts){ 0 };
	}
	if (fold->now == PHASE_CONNECT) /* a trace without "connected" */
		complete(fold, at);
	fold->seen->tls.started = true;
	enter(fold, PHASE_TLS, at);
}

static void finish_tls(struct fold *fold, usec at, struct str rest)
{
	tls_facts_take_done(&fold->seen->tls, rest);
	complete(fold, at);
	if (!fold->seen->phases[PHASE_BANNER].entered)
		enter(fold, PHASE_BANNER, at);
}

static void take_tls(struct fold *fold, usec at, struct str rest)
{
	struct str word = STR("");

	str_take_word(&word, &rest, " ");
	if (str_equal(word, STR("start")))
		start_tls(fold, at);
	else if (str_equal(word, STR("done")))
		finish_tls(fold, at, rest);
	else if (str_equal(word, STR("alert")))
		tls_facts_take_alert(&fold->seen->tls, rest);
}

static void take_connect(struct fold *fold, usec at, struct str rest)
{
	struct observation *seen = fold->seen;
	struct str endpoint = STR("");

	complete(fold, at); /* of the look-up, where a proxy leaves it to be inferred */
	enter(fold, PHASE_CONNECT, at);
	str_take_word(&endpoint, &rest, " ");
	seen->connection = (struct connection_facts){ 0 };
	if (seen->tried_count == TRIED_ADDRESS_MAX)
		return;
	seen->tried[seen->tried_count++] =
		(struct tried_address){ .endpoint = endpoint };
	seen->address = endpoint;
}

static void take_failed(struct fold *fold, struct str rest)
{
	struct observation *seen = fold->seen;
	struct str word = STR("");
	enum ending ending;

	str_take_word(&word, &rest, " ");
	if (seen->tried_count && ending_from_word(&ending, word))
		seen->tried[seen->tried_count - 1].ending = ending;
}

static void take_end(struct fold *fold, usec at, struct str rest)
{
	struct observation *seen = fold->seen;
	struct str word = STR("");

	if (fold->ended)
		return;
	str_take_word(&word, &rest, " ");
	if (!ending_from_word(&seen->ending, word))
		seen->ending = ENDING_NONE;
	seen->ending_detail = str_trim(rest);
	seen->duration = at;
	if (fold->now == PHASE_CONNECT && seen->tried_count)
		seen->tried[seen->tried_count - 1].ending = seen->ending;
	if (fold->now != PHASE_NONE && !current(fold)->done)
		current(fold)->duration = at - current(fold)->started;
	fold->ended = true;
}

static void take_begin(struct observation *seen, struct str rest)
{
	usec at;

	if (timestamp_take(&at, &rest))
		seen->begun = at;
}

static void take_last(struct fold *fold, struct str note)
{
	struct error err;

	fold->seen->has_last = memory_parse(&fold->seen->last, fold->arena, note, &err);
}

/* "antivirus "Avast" in certificate 1 issuer"; the first one counts. */
static void take_interceptor(struct fold *fold, struct str rest)
{
	struct interceptor_facts *facts = &fold->seen->interceptor;
	struct str in = STR("");

	if (facts->kind.len || !str_take_word(&facts->kind, &rest, " "))
		return;
	rest = str_trim(rest);
	if (str_take_char(&rest, '"'))
		str_take_word(&facts->product, &rest, "\"");
	str_take_char(&rest, '"');
	str_take_word(&in, &rest, " ");
	facts->place = str_trim(rest);
}

/* Events of the session itself. */
static bool take_step(struct fold *fold, usec at, struct str word, struct str rest)
{
	struct observation *seen = fold->seen;

	if (str_equal(word, STR("resolve"))) {
		enter(fold, PHASE_RESOLVE, at);
		seen->host = str_trim(rest);
	} else if (str_equal(word, STR("resolved"))) {
		complete(fold, at);
		seen->resolved = str_trim(rest);
	} else if (str_equal(word, STR("connect"))) {
		take_connect(fold, at, rest);
	} else if (str_equal(word, STR("connected"))) {
		complete(fold, at);
		enter(fold, PHASE_BANNER, at);
	} else if (str_equal(word, STR("failed"))) {
		take_failed(fold, rest);
	} else if (str_equal(word, STR("end"))) {
		take_end(fold, at, rest);
	} else if (str_equal(word, STR("tls"))) {
		take_tls(fold, at, rest);
	} else {
		return false;
	}
	return true;
}

/* "name answers": at an address that is not this machine's; "name asked". */
static void take_own(struct observation *seen, struct str rest)
{
	seen->own_name_answered |= str_equal(rest, STR("name answers"));
	seen->own_name_certified |= str_equal(rest, STR("name certified"));
	seen->host_is_own |= str_equal(rest, STR("name asked"));
}

/* Facts that come with it. */
static bool take_circumstance(struct fold *fold, struct str word, struct str rest)
{
	struct observation *seen = fold->seen;

	if (str_equal(word, STR("certificate")))
		take_certificate(fold, rest);
	else if (str_equal(word, STR("verify")))
		tls_facts_take_verify(&seen->tls, rest);
	else if (str_equal(word, STR("staple")))
		seen->tls.staple = str_trim(rest);
	else if (str_equal(word, STR("interceptor")))
		take_interceptor(fold, rest);
	else if (str_equal(word, STR("raw")))
		seen->raw = str_trim(rest);
	else if (str_equal(word, STR("proxy")))
		seen->proxy = str_trim(rest);
	else if (str_equal(word, STR("own")))
		take_own(seen, str_trim(rest));
	else if (str_equal(word, STR("blank")))
		seen->secret_has_blanks = true;
	else if (str_equal(word, STR("cname")))
		seen->alias = str_trim(rest);
	else
		return false;
	return true;
}

/* What is known from before, from others and from the second look. */
static void take_context(struct fold *fold, struct str word, struct str rest,
                         struct str note)
{
	struct observation *seen = fold->seen;
	struct error ignored;

	if (str_equal(word, STR("begin")))
		take_begin(seen, str_trim(rest));
	else if (str_equal(word, STR("last")))
		take_last(fold, note);
	else if (str_equal(word, STR("look")))
		look_facts_take(&seen->look, rest);
	else if (str_equal(word, STR("others")))
		(void)correlation_parse(&seen->others, note, &ignored);
	else if (str_equal(word, STR("memory")))
		seen->memory_damage = str_trim(rest);
	else if (str_equal(word, STR("interceptors")))
		seen->interceptors_damage = str_trim(rest);
	else if (str_equal(word, STR("suspended")))
		seen->suspended = guard_text_parse_suspension(&seen->suspension, note);
	else if (str_equal(word, STR("guard")))
		seen->guard_remark = str_trim(rest);
	else
		(void)connection_facts_take(&seen->connection, note);
}

static void take_note(struct fold *fold, usec at, struct str note)
{
	struct str rest = note, word = STR("");

	str_take_word(&word, &rest, " ");
	if (!take_step(fold, at, word, rest) && !take_circumstance(fold, word, rest))
		take_context(fold, word, rest, note);
}

static void take_event(struct fold *fold, const struct event *event)
{
	switch (event->direction) {
	case DIRECTION_SERVER:
		take_server_line(fold, event->at, event->line);
		break;
	case DIRECTION_CLIENT:
		take_client_line(fold, event->at, event->line);
		count_round_trip(fold);
		break;
	case DIRECTION_NOTE:
		take_note(fold, event->at, event->line);
		break;
	}
	if (!fold->ended)
		fold->seen->duration = event->at;
}

/* Commands after AUTH must have gone well, too: the run is what was asked for. */
static bool was_accepted(const struct observation *seen)
{
	const struct phase_facts *auth = &seen->phases[PHASE_AUTH];

	if (seen->ending != ENDING_REPLY || !auth->done || auth->reply.code / 100 != 2)
		return false;
	return seen->phase == PHASE_AUTH ||
	       (seen->phase == PHASE_MAIL && seen->phases[PHASE_MAIL].done &&
	        observation_reply(seen)->code / 100 < 4);
}

struct observation *observe(const struct trace *trace, struct arena *arena)
{
	struct observation *seen = arena_take(arena, sizeof(*seen));
	struct fold fold = { .seen = seen, .arena = arena, .now = PHASE_NONE };

	seen->phase = PHASE_NONE;
	for (size_t i = 0; i < trace_count(trace); i++)
		take_event(&fold, trace_event(trace, i));
	seen->truncated |= trace_truncated(trace);
	seen->authenticated = was_accepted(seen);
	if (!seen->phases[PHASE_CONNECT].done)
		seen->address = STR("");
	if (!seen->phases[PHASE_QUIT]
	             .done) /* nobody knows how long it would have taken */
		seen->phases[PHASE_QUIT].entered = false;
	return seen;
}

/* What is not begun by a command of ours: the greeting, and the handshake (RFC 8446
 * §2). */
static unsigned round_trips_of(const struct observation *seen, enum phase phase)
{
	if (phase == PHASE_CONNECT || phase == PHASE_BANNER)
		return 1;
	if (phase == PHASE_TLS)
		return str_equal(seen->tls.version, STR("TLSv1.3")) ? 1 : 2;
	return seen->phases[phase].round_trips;
}

usec observation_server_time(const struct observation *seen, enum phase phase)
{
	const struct tcp_fact *tcp = &seen->connection.tcp;
	const struct phase_facts *facts = &seen->phases[phase];
	usec network, server;

	if (!tcp->found || !facts->entered || !facts->done || phase == PHASE_RESOLVE)
		return -1;
	network = tcp->rtt * (usec)round_trips_of(seen, phase);
	server = facts->duration - network;
	return server > 0 ? server : 0;
}

const struct reply *observation_reply(const struct observation *seen)
{
	static const struct reply none = { 0 };

	return seen->phase == PHASE_NONE ? &none : &seen->phases[seen->phase].reply;
}

const struct capabilities *observation_offer(const struct observation *seen)
{
	return seen->phases[PHASE_EHLO_TLS].entered ? &seen->after_tls
	                                            : &seen->before_tls;
}
