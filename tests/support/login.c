/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/login.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "tests/support/memory.h"
#include "tests/support/server.h"
#include "tests/support/tls.h"

enum next { NEXT_HANDSHAKE, NEXT_BANNER, NEXT_QUESTION, NEXT_ANSWER };

struct login {
	const struct login_plan *plan;
	struct connection *connection;
	struct sasl_exchange *exchange; /* while an AUTH command is going on */
	bool accepting; /* the last challenge is out, an empty line must come */
	bool greeted;   /* EHLO or HELO came */
	bool known;     /* logged in */
	bool slept;     /* the delay before this reply is over */
	enum next next;
};

static void *login_open(struct connection *connection)
{
	struct login *login = memory_zeroed(1, sizeof(*login));

	login->plan = connection_server(connection)->plan;
	login->connection = connection;
	login->next = login->plan->tls == TLS_IMPLICIT ? NEXT_HANDSHAKE : NEXT_BANNER;
	return login;
}

static void login_close(void *state)
{
	struct login *login = state;

	sasl_exchange_finish(login->exchange);
	free(login);
}

static enum want reply(const struct login *login, const char *text)
{
	connection_reply(login->connection, "%s", text);
	return WANT_LINE;
}

static bool encrypted(const struct login *login)
{
	return connection_ssl(login->connection);
}

static bool may_log_in(const struct login *login)
{
	return encrypted(login) || login->plan->tls == TLS_NONE ||
	       login->plan->auth_before_tls;
}

/* EXTERNAL is for clients that have shown a certificate, -PLUS needs TLS to bind to. */
static bool offers(const struct login *login, const char *mechanism)
{
	char *name;

	if (sasl_server_is_plus(mechanism))
		return encrypted(login);
	if (strcmp(mechanism, "EXTERNAL") != 0 || login->plan->external_always)
		return true;
	name = tls_client_name(connection_ssl(login->connection));
	free(name);
	return name;
}

static void list_mechanisms(const struct login *login)
{
	char line[LOGIN_MECHANISMS_MAX * (LOGIN_MECHANISM_BYTES + 1) + 1] = "";
	size_t used = 0;

	for (size_t i = 0; login->plan->mechanisms[i]; i++)
		if (offers(login, login->plan->mechanisms[i]))
			used += (size_t)snprintf(line + used, sizeof(line) - used,
			                         " %s", login->plan->mechanisms[i]);
	if (used > 0)
		connection_reply(login->connection, "250-%s%s%s",
		                 login->plan->lower_case ? "auth" : "AUTH",
		                 login->plan->auth_equals ? "=" : " ", line + 1);
}

static enum want ehlo(struct login *login, const char *argument)
{
	bool lower = login->plan->lower_case;

	if (!*argument)
		return reply(login, "501 5.5.4 EHLO wants a name");
	login->greeted = true;
	connection_reply(login->connection, "250-%s", login->plan->host);
	reply(login, lower ? "250-pipelining" : "250-PIPELINING");
	reply(login, lower ? "250-size 10485760" : "250-SIZE 10485760");
	if (login->plan->tls == TLS_STARTTLS && !encrypted(login))
		reply(login, lower ? "250-starttls" : "250-STARTTLS");
	if (may_log_in(login) && !login->known)
		list_mechanisms(login);
	return reply(login,
	             lower ? "250 enhancedstatuscodes" : "250 ENHANCEDSTATUSCODES");
}

static enum want helo(struct login *login, const char *argument)
{
	if (!*argument)
		return reply(login, "501 5.5.4 HELO wants a name");
	login->greeted = true;
	connection_reply(login->connection, "250 %s", login->plan->host);
	return WANT_LINE;
}

static enum want starttls(struct login *login, const char *argument)
{
	if (*argument)
		return reply(login, "501 5.5.4 STARTTLS takes no argument");
	if (login->plan->tls != TLS_STARTTLS || encrypted(login))
		return reply(login, "503 5.5.1 TLS is not available now");
	login->next = NEXT_HANDSHAKE;
	login->greeted = false;
	reply(login, "220 2.0.0 Ready to start TLS");
	return WANT_ROOM;
}

static void end_exchange(struct login *login)
{
	sasl_exchange_finish(login->exchange);
	login->exchange = NULL;
	login->accepting = false;
}

static enum want accept_login(struct login *login)
{
	end_exchange(login);
	login->known = true;
	connection_server(login->connection)->counters.accepted++;
	return reply(login, "235 2.7.0 Authentication successful");
}

static enum want refuse_login(struct login *login)
{
	end_exchange(login);
	connection_server(login->connection)->counters.refused++;
	if (login->plan->backend_down)
		reply(login, "454 4.7.0 Temporary authentication failure");
	else
		reply(login, "535 5.7.8 Authentication credentials invalid");
	return login->plan->reset_after_refusal ? WANT_RESET : WANT_LINE;
}

static enum want challenge(const struct login *login, const char *text)
{
	connection_reply(login->connection, "334 %s", text);
	return WANT_LINE;
}

/*
 * Success has no room for the mechanism's last words (RFC 4954): they travel as one
 * more challenge, which the client answers with an empty line.
 */
static enum want step(struct login *login, const char *text)
{
	const char *words;

	switch (sasl_exchange_step(login->exchange, text, &words)) {
	case SASL_CHALLENGE:
		return challenge(login, words);
	case SASL_ACCEPTED:
		if (!*words)
			return accept_login(login);
		login->accepting = true;
		return challenge(login, words);
	case SASL_MALFORMED:
		end_exchange(login);
		return reply(login, "501 5.5.2 Cannot decode the response");
	case SASL_TOO_EARLY:
		end_exchange(login);
		return reply(login, "501 5.7.0 This mechanism has no initial response");
	case SASL_REFUSED:
		break;
	}
	return refuse_login(login);
}

static enum want response(struct login *login, const char *line)
{
	if (strcmp(line, "*") == 0) {
		end_exchange(login);
		return reply(login, "501 5.7.0 Authentication aborted");
	}
	if (!login->accepting)
		return step(login, line);
	return *line ? refuse_login(login) : accept_login(login);
}

static bool is_offered(const struct login *login, const char *mechanism)
{
	for (size_t i = 0; login->plan->mechanisms[i]; i++)
		if (strcmp(login->plan->mechanisms[i], mechanism) == 0)
			return sasl_server_knows(mechanism) && offers(login, mechanism);
	return false;
}

static enum want auth(struct login *login, const char *argument)
{
	size_t length = strcspn(argument, " ");
	const char *initial = argument[length] ? argument + length + 1 : NULL;
	char mechanism[LOGIN_MECHANISM_BYTES + 1] = "";

	if (length == 0)
		return reply(login, "501 5.5.4 AUTH wants a mechanism");
	if (!may_log_in(login))
		return reply(login, "530 5.7.0 Must issue a STARTTLS command first");
	if (!login->greeted || login->known)
		return reply(login, "503 5.5.1 AUTH is not expected now");
	for (size_t i = 0; i < length && i < LOGIN_MECHANISM_BYTES; i++)
		mechanism[i] = (char)toupper((unsigned char)argument[i]);
	if (length <= LOGIN_MECHANISM_BYTES && is_offered(login, mechanism))
		login->exchange =
			sasl_exchange_start(login->plan->sasl, mechanism,
		                            connection_ssl(login->connection));
	if (!login->exchange)
		return reply(login, "504 5.5.4 Unrecognized authentication type");
	if (initial && strcmp(initial, "=") == 0)
		initial = "";
	return step(login, initial);
}

static enum want quit(struct login *login, const char *argument)
{
	(void)argument;
	if (login->plan->silent_quit)
		return WANT_SILENCE;
	reply(login, "221 2.0.0 bye");
	return WANT_CLOSE;
}

static enum want noop(struct login *login, const char *argument)
{
	(void)argument;
	return reply(login, "250 2.0.0 OK");
}

static enum want mail(struct login *login, const char *argument)
{
	(void)argument;
	return reply(login, login->known ? "451 4.3.0 This server takes no mail"
	                                 : "530 5.7.0 Authentication required");
}

static enum want command(struct login *login, const char *line)
{
	static const struct {
		const char *verb;
		enum want (*obey)(struct login *login, const char *argument);
	} commands[] = {
		{ "EHLO", ehlo }, { "HELO", helo }, { "STARTTLS", starttls },
		{ "AUTH", auth }, { "QUIT", quit }, { "NOOP", noop },
		{ "RSET", noop }, { "MAIL", mail },
	};
	size_t length = strcspn(line, " ");
	const char *argument = line + length + strspn(line + length, " ");

	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		if (length == strlen(commands[i].verb) &&
		    strncasecmp(line, commands[i].verb, length) == 0)
			return commands[i].obey(login, argument);
	return reply(login, "500 5.5.1 Command unrecognized");
}

static enum want answer(struct login *login, struct line line)
{
	if (line.too_long || strlen(line.text) != line.length) {
		end_exchange(login);
		return reply(login, line.too_long ? "500 5.5.2 Line too long"
		                                  : "500 5.5.2 Syntax error");
	}
	return login->exchange ? response(login, line.text) : command(login, line.text);
}

/* True the first time it is asked before each reply, when replies are to be slow. */
static bool sleeps_first(struct login *login)
{
	if (login->plan->reply_delay == 0)
		return false;
	login->slept = !login->slept;
	connection_wait(login->connection, login->plan->reply_delay);
	return login->slept;
}

static enum want handshake(struct login *login)
{
	login->next = login->plan->tls == TLS_IMPLICIT ? NEXT_BANNER : NEXT_QUESTION;
	return WANT_TLS;
}

static enum want banner(struct login *login)
{
	const char *line = login->plan->greeting, *end;

	login->next = NEXT_ANSWER;
	if (!line) {
		connection_reply(login->connection, "220 %s ESMTP test server",
		                 login->plan->host);
		return WANT_LINE;
	}
	for (; (end = strchr(line, '\n')); line = end + 1)
		connection_reply(login->connection, "220-%.*s", (int)(end - line),
		                 line);
	connection_reply(login->connection, "220 %s", line);
	return WANT_LINE;
}

static enum want login_advance(struct connection *connection, void *state)
{
	struct login *login = state;

	switch (login->next) {
	case NEXT_HANDSHAKE:
		return handshake(login);
	case NEXT_BANNER:
		return sleeps_first(login) ? WANT_TIME : banner(login);
	case NEXT_QUESTION:
		login->next = NEXT_ANSWER;
		return WANT_LINE;
	case NEXT_ANSWER:
		break;
	}
	return sleeps_first(login) ? WANT_TIME
	                           : answer(login, connection_line(connection));
}

const struct dialogue login_dialogue = {
	.open = login_open,
	.advance = login_advance,
	.close = login_close,
};
