/* SPDX-License-Identifier: Apache-2.0 */
#include "probe/login.h"

#include <stdio.h>
#include <string.h>

#include "probe/base64.h"
#include "probe/reply.h"

enum {
	COMMAND_LINE_MAX = 510, /* RFC 5321 §4.5.3.1.4, without CRLF */
	COMMAND_HEAD_MAX = 64,
	EXCHANGE_LINE_MAX = 12288,
	CODE_CHALLENGE = 334
};

struct login {
	struct login_params params;
	struct arena *arena;
	enum mechanism mechanism;
	struct sasl *sasl;
	bool command_sent; /* AUTH stands on the wire */
	bool stepping;     /* a step computes in the worker pool */
	bool message_sent; /* the server has something to judge */
	bool concluded;    /* our side of the exchange is complete */
	bool ended;
	char *held; /* an initial response too long for the command line */
	size_t held_len;
};

static void end(struct login *login, enum ending ending, const char *detail)
{
	if (login->ended)
		return;
	login->ended = true;
	login->params.end(login->params.owner, ending, detail);
}

/*
 * RFC 4954 §4: "*" cancels the exchange. Its 501 is not waited for; it comes
 * together with the reply to QUIT.
 */
static void give_up(struct login *login, enum ending ending, const char *detail)
{
	if (login->command_sent)
		login->params.send(login->params.owner, STR("*"));
	end(login, ending, detail);
}

/* RFC 4954 section 4: longer lines need not be understood by anybody. */
static bool is_too_long(struct login *login, struct str message)
{
	if (base64_encoded_size(message.len) <= EXCHANGE_LINE_MAX)
		return false;
	give_up(login, ENDING_LOCAL,
	        "the SASL answer is longer than the 12288 bytes that RFC 4954 allows");
	return true;
}

/* `head` is "AUTH MECHANISM " for an initial response, else empty. */
static void send_message(struct login *login, struct str head, struct str message)
{
	size_t room = head.len + base64_encoded_size(message.len) + 2;
	char *line = secret_memory_create(room);
	size_t len = head.len;

	login->message_sent = true;
	redaction_add_message(login->params.redaction, message);
	if (head.len)
		memcpy(line, head.at, head.len);
	len += base64_encode(line + len, message);
	if (head.len && message.len == 0) /* RFC 4954 §4: empty, but there */
		line[len++] = '=';
	login->params.send(login->params.owner, (struct str){ line, len });
	secret_memory_destroy(line, room);
}

static void hold(struct login *login, struct str message)
{
	login->held = secret_memory_create(message.len);
	login->held_len = message.len;
	memcpy(login->held, message.at, message.len);
}

static void drop_held(struct login *login)
{
	secret_memory_destroy(login->held, login->held_len);
	login->held = NULL;
	login->held_len = 0;
}

/*
 * The initial response travels with the command unless the line would grow past
 * the limit; then the command goes alone and the response answers the 334.
 */
static void send_command(struct login *login, const struct str *initial)
{
	char head[COMMAND_HEAD_MAX];
	int len = snprintf(head, sizeof(head), "AUTH %s ",
	                   mechanism_word(login->mechanism));
	struct str with_blank = { head, (size_t)len };

	login->command_sent = true;
	if (initial &&
	    with_blank.len + base64_encoded_size(initial->len) <= COMMAND_LINE_MAX) {
		send_message(login, with_blank, *initial);
		return;
	}
	if (initial)
		hold(login, *initial);
	login->params.send(login->params.owner,
	                   (struct str){ head, with_blank.len - 1 });
}

static const enum ending sasl_endings[] = {
	[SASL_TOO_MANY_ITERATIONS] = ENDING_PROTOCOL,
	[SASL_BAD_CHALLENGE] = ENDING_PROTOCOL,
	[SASL_SERVER_UNPROVED] = ENDING_PROTOCOL,
	[SASL_LOCAL] = ENDING_LOCAL,
};

static void on_sasl_answer(void *owner, enum sasl_status status, struct str message)
{
	struct login *login = owner;

	if (login->ended)
		return;
	login->stepping = false;
	login->concluded = status == SASL_DONE;
	if (status > SASL_DONE)
		give_up(login, sasl_endings[status], arena_copy(login->arena, message));
	else if (is_too_long(login, message))
		return;
	else if (login->command_sent)
		send_message(login, STR(""), message);
	else
		send_command(login, &message);
}

static void step(struct login *login, struct str challenge)
{
	login->stepping = true;
	sasl_step(login->sasl, challenge, on_sasl_answer, login);
}

static void on_challenge(struct login *login, struct str text)
{
	char *challenge = arena_take(login->arena, text.len + 1);
	size_t len;

	if (login->stepping) {
		give_up(login, ENDING_PROTOCOL,
		        "a second challenge before the first was answered");
	} else if (login->held) {
		send_message(login, STR(""),
		             (struct str){ login->held, login->held_len });
		drop_held(login);
	} else if (!base64_decode(challenge, &len, text)) {
		give_up(login, ENDING_PROTOCOL, "a challenge that is no base64");
	} else {
		step(login, (struct str){ challenge, len });
	}
}

/*
 * With SCRAM the server must prove that it knows the password, too (RFC 5802 §3):
 * one that says yes without it may be anybody.
 */
static bool is_unproved_success(const struct login *login, int code)
{
	return code / 100 == 2 && !login->concluded &&
	       mechanism_flags(login->mechanism) & MECHANISM_PROVES_SERVER;
}

void login_take_line(struct login *login, struct str line)
{
	struct reply_line reply;

	if (login->ended)
		return;
	if (!reply_parse_line(&reply, str_trim(line)))
		end(login, ENDING_PROTOCOL, "the answer to AUTH is no SMTP reply");
	else if (reply.code == CODE_CHALLENGE && reply.last)
		on_challenge(login, reply.text);
	else if (reply.last && reply.code / 100 == 2 && !login->message_sent)
		end(login, ENDING_PROTOCOL,
		    "the server accepts a login before any credential was sent");
	else if (reply.last && is_unproved_success(login, reply.code))
		end(login, ENDING_PROTOCOL,
		    "the server accepts the login without proving that it knows the "
		    "password");
	else if (reply.last)
		end(login, ENDING_REPLY, "");
}

/* What the trace says of a server that has nothing for us. */
static bool choose(struct login *login)
{
	const struct capabilities *caps = login->params.capabilities;
	enum mechanism wanted = login->params.target->set.mechanism;
	bool encrypted = login->params.encrypted;

	if (caps->offered_count == 0) {
		end(login, ENDING_NOT_OFFERED, "AUTH");
		return false;
	}
	login->mechanism = wanted;
	if (wanted == MECHANISM_AUTO &&
	    !mechanism_choose(&login->mechanism, caps->mechanisms,
	                      target_proofs(login->params.target), encrypted)) {
		end(login, ENDING_NOT_OFFERED, "mechanism");
		return false;
	}
	if (!(caps->mechanisms & mechanism_bit(login->mechanism))) {
		end(login, ENDING_NOT_OFFERED, mechanism_word(wanted));
		return false;
	}
	return true;
}

/*
 * A ticket or a certificate names its owner by itself; asking to be the user that
 * the caller named makes sure that it is his login that is tried. With a password
 * the user is named already, and servers refuse a second identity.
 */
static const char *identity_to_ask_for(const struct login *login)
{
	const struct target_settings *set = &login->params.target->set;

	if (set->authorization || mechanism_proof(login->mechanism) == PROOF_PASSWORD)
		return set->authorization;
	return set->user;
}

static bool start_exchange(struct login *login)
{
	const struct login_params *params = &login->params;
	const struct target_settings *set = &params->target->set;
	bool binds = mechanism_flags(login->mechanism) & MECHANISM_BINDING;
	struct sasl_params sasl = {
		.host = set->server_name,
		.user = set->user,
		.authorization = identity_to_ask_for(login),
		.secret = params->target->secret ? secret_reveal(params->target->secret)
		                                 : STR(""),
		.binding = binds ? params->binding : STR(""),
		.binding_is_exporter = params->binding_is_exporter,
	};
	struct error err;

	login->sasl = sasl_start(params->sasl, login->mechanism, &sasl, &err);
	if (!login->sasl)
		end(login, ENDING_LOCAL, err.text);
	return login->sasl != NULL;
}

struct login *login_start(const struct login_params *params)
{
	struct arena *arena = arena_create();
	struct login *login = arena_take(arena, sizeof(*login));

	login->arena = arena;
	login->params = *params;
	if (!choose(login))
		return login;
	if (params->suspended) {
		end(login, ENDING_SUSPENDED, "");
		return login;
	}
	if (!start_exchange(login))
		return login;
	if (sasl_client_first(login->sasl))
		step(login, STR(""));
	else
		send_command(login, NULL);
	return login;
}

bool login_is_computing(const struct login *login)
{
	return login && login->stepping && !login->ended;
}

void login_abandon(struct login *login)
{
	if (!login || login->ended)
		return;
	login->ended = true;
	if (login->command_sent)
		login->params.send(login->params.owner, STR("*"));
}

void login_destroy(struct login *login)
{
	if (!login)
		return;
	sasl_destroy(login->sasl);
	drop_held(login);
	arena_destroy(login->arena);
}
