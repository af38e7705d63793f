/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The client's side of SASL, played against GNU SASL's own server side in the same
 * process; where that has none (NTLM) or would never misbehave, against messages
 * written by hand.
 */
#include <dlfcn.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <gsasl.h>
#include <uv.h>

#include "probe/sasl.h"

#define USER     "probe@example.com"
#define PASSWORD "geheim, \xc3\xa4 = 1"
#define HOST     "mx.example"
#define BINDING  "0123456789abcdef0123456789abcdef"

/* clang-format off */
/* A struct str in a static table, where STR() is no constant. */
#define RUN(literal) { "" literal, sizeof(literal) - 1 }
#define NONE { NULL, 0 }
/* clang-format on */

enum { POOL_THREADS = 2, ROUNDS_MAX = 8 };

/*
 * What the last session and message looked like when they were given back: these two
 * stand before GNU SASL's functions of the same name.
 */
static struct {
	char authid[64];
	bool password_left, salted_left;
	unsigned messages_left;
} witness;

static bool is_left(Gsasl_session *session, Gsasl_property property)
{
	const char *text = gsasl_property_fast(session, property);

	return text && *text;
}

static void *next_function(const char *name)
{
	void *function = dlsym(RTLD_NEXT, name);

	assert_non_null(function);
	return function;
}

void gsasl_finish(Gsasl_session *session)
{
	void (*next)(Gsasl_session *);
	const char *authid = gsasl_property_fast(session, GSASL_AUTHID);

	*(void **)&next = next_function("gsasl_finish");
	snprintf(witness.authid, sizeof(witness.authid), "%s", authid ? authid : "");
	witness.password_left = is_left(session, GSASL_PASSWORD);
	witness.salted_left = is_left(session, GSASL_SCRAM_SALTED_PASSWORD);
	next(session);
}

void gsasl_free(void *memory)
{
	const char *bytes = memory;

	if (bytes && *bytes)
		witness.messages_left++;
	free(memory);
}

struct fixture {
	uv_loop_t loop;
	struct sasl_library *library;
};

/* The last answer of the client. */
struct answer {
	unsigned count;
	enum sasl_status status;
	size_t len;
	char text[SASL_MESSAGE_MAX];
};

static int set_up(void **state)
{
	struct fixture *fixture = calloc(1, sizeof(*fixture));
	struct error err;

	assert_non_null(fixture);
	assert_int_equal(uv_loop_init(&fixture->loop), 0);
	fixture->library = sasl_library_create(&fixture->loop, &err);
	assert_non_null(fixture->library);
	*state = fixture;
	return 0;
}

/* UV_EBUSY here means that a job outlived its exchange. */
static int tear_down(void **state)
{
	struct fixture *fixture = *state;

	sasl_library_destroy(fixture->library);
	assert_int_equal(uv_loop_close(&fixture->loop), 0);
	free(fixture);
	return 0;
}

static struct sasl_params usual_params(void)
{
	return (struct sasl_params){
		.host = HOST,
		.user = USER,
		.secret = STR(PASSWORD),
		.binding = STR(BINDING),
		.binding_is_exporter = true,
	};
}

static void keep_answer(void *owner, enum sasl_status status, struct str message)
{
	struct answer *answer = owner;

	answer->count++;
	answer->status = status;
	answer->len = message.len;
	assert_true(message.len < sizeof(answer->text));
	assert_non_null(message.at);
	memcpy(answer->text, message.at, message.len);
	answer->text[message.len] = '\0';
}

/* One step, the loop turned until it is answered. */
static void step(struct fixture *fixture, struct sasl *sasl, struct str challenge,
                 struct answer *answer)
{
	answer->count = 0;
	sasl_step(sasl, challenge, keep_answer, answer);
	uv_run(&fixture->loop, UV_RUN_DEFAULT);
	assert_int_equal(answer->count, 1);
}

static struct sasl *start(struct fixture *fixture, enum mechanism mechanism,
                          const struct sasl_params *params)
{
	struct error err = { "" };
	struct sasl *sasl = sasl_start(fixture->library, mechanism, params, &err);

	if (!sasl)
		fail_msg("%s: %s", mechanism_word(mechanism), err.text);
	return sasl;
}

/* --- GNU SASL's server side --- */

struct server {
	Gsasl *gsasl;
	Gsasl_session *session;
	const char *password, *exporter, *unique, *iterations;
	int rc;
	char authorization[64];
};

static int answer_property(Gsasl_session *session, Gsasl_property property,
                           const char *text)
{
	if (!text)
		return GSASL_NO_CALLBACK;
	return gsasl_property_set(session, property, text);
}

static int validate_external(struct server *server, Gsasl_session *session)
{
	const char *identity = gsasl_property_fast(session, GSASL_AUTHZID);

	snprintf(server->authorization, sizeof(server->authorization), "%s",
	         identity ? identity : "");
	return GSASL_OK;
}

static int serve(Gsasl *gsasl, Gsasl_session *session, Gsasl_property property)
{
	struct server *server = gsasl_callback_hook_get(gsasl);

	if (property == GSASL_VALIDATE_EXTERNAL)
		return validate_external(server, session);
	if (property == GSASL_PASSWORD)
		return answer_property(session, property, server->password);
	if (property == GSASL_CB_TLS_EXPORTER)
		return answer_property(session, property, server->exporter);
	if (property == GSASL_CB_TLS_UNIQUE)
		return answer_property(session, property, server->unique);
	if (property == GSASL_SCRAM_ITER)
		return answer_property(session, property, server->iterations);
	if (property == GSASL_REALM || property == GSASL_HOSTNAME)
		return answer_property(session, property, HOST);
	if (property == GSASL_SERVICE)
		return answer_property(session, property, "smtp");
	return GSASL_NO_CALLBACK;
}

static void start_server(struct server *server, enum mechanism mechanism)
{
	assert_int_equal(gsasl_init(&server->gsasl), GSASL_OK);
	gsasl_callback_set(server->gsasl, serve);
	gsasl_callback_hook_set(server->gsasl, server);
	assert_int_equal(gsasl_server_start(server->gsasl, mechanism_word(mechanism),
	                                    &server->session),
	                 GSASL_OK);
	server->rc = GSASL_NEEDS_MORE;
}

static void stop_server(struct server *server)
{
	gsasl_finish(server->session);
	gsasl_done(server->gsasl);
}

/* What the server says to `answer`; to be freed. */
static char *serve_step(struct server *server, const struct answer *answer, size_t *len)
{
	char *challenge = NULL;

	*len = 0;
	server->rc =
		gsasl_step(server->session, answer->text, answer->len, &challenge, len);
	return challenge;
}

static bool goes_on(const struct server *server, const struct answer *answer,
                    size_t len)
{
	if (answer->status > SASL_DONE)
		return false;
	/* SMTP cannot send data along with success: it is one more challenge. */
	return server->rc == GSASL_NEEDS_MORE || (server->rc == GSASL_OK && len > 0);
}

/* A whole exchange, as SMTP would carry it. */
static void play(struct fixture *fixture, struct server *server,
                 enum mechanism mechanism, const struct sasl_params *params,
                 struct answer *answer)
{
	struct sasl *sasl = start(fixture, mechanism, params);
	char *challenge = NULL;
	size_t len = 0;

	start_server(server, mechanism);
	*answer = (struct answer){ 0 };
	if (!sasl_client_first(sasl))
		challenge = serve_step(server, answer, &len);
	for (int i = 0; i < ROUNDS_MAX; i++) {
		step(fixture, sasl, (struct str){ challenge, len }, answer);
		free(challenge);
		challenge = NULL;
		if (answer->status > SASL_DONE || server->rc == GSASL_OK)
			break;
		challenge = serve_step(server, answer, &len);
		if (!goes_on(server, answer, len))
			break;
	}
	free(challenge);
	sasl_destroy(sasl);
	stop_server(server);
}

static struct server usual_server(void)
{
	return (struct server){
		.password = PASSWORD,
		/* base64 of BINDING */
		.exporter = "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=",
		.iterations = "4096",
	};
}

static const enum mechanism with_password[] = {
	MECHANISM_SCRAM_SHA_256_PLUS,
	MECHANISM_SCRAM_SHA_1_PLUS,
	MECHANISM_SCRAM_SHA_256,
	MECHANISM_SCRAM_SHA_1,
	MECHANISM_PLAIN,
	MECHANISM_LOGIN,
	MECHANISM_CRAM_MD5,
	MECHANISM_DIGEST_MD5,
};

enum { WITH_PASSWORD = sizeof(with_password) / sizeof(with_password[0]) };

static void right_password_is_accepted(void **state)
{
	static struct answer answer;

	for (size_t i = 0; i < WITH_PASSWORD; i++) {
		const char *word = mechanism_word(with_password[i]);
		struct sasl_params params = usual_params();
		struct server server = usual_server();

		play(*state, &server, with_password[i], &params, &answer);
		if (server.rc != GSASL_OK || answer.status != SASL_DONE)
			fail_msg("%s: server %s, client %d %s", word,
			         gsasl_strerror_name(server.rc), answer.status,
			         answer.text);
	}
}

static void wrong_password_is_refused_by_the_server(void **state)
{
	static struct answer answer;

	for (size_t i = 0; i < WITH_PASSWORD; i++) {
		struct sasl_params params = usual_params();
		struct server server = usual_server();

		server.password = "another";
		play(*state, &server, with_password[i], &params, &answer);
		if (server.rc != GSASL_AUTHENTICATION_ERROR ||
		    answer.status > SASL_DONE)
			fail_msg("%s: server %s, client %d %s",
			         mechanism_word(with_password[i]),
			         gsasl_strerror_name(server.rc), answer.status,
			         answer.text);
	}
}

static void every_mechanism_is_supported(void **state)
{
	struct fixture *fixture = *state;

	for (unsigned i = 0; i < MECHANISM_COUNT; i++)
		if (!sasl_library_supports(fixture->library, (enum mechanism)i))
			fail_msg("%s", mechanism_word((enum mechanism)i));
}

/* RFC 4422 §5: what goes into the AUTH line itself. */
static void client_speaks_first_where_the_mechanism_says_so(void **state)
{
	mechanism_set server_first = mechanism_bit(MECHANISM_LOGIN) |
	                             mechanism_bit(MECHANISM_CRAM_MD5) |
	                             mechanism_bit(MECHANISM_DIGEST_MD5);

	for (unsigned i = 0; i < MECHANISM_COUNT; i++) {
		struct sasl_params params = usual_params();
		struct sasl *sasl = start(*state, (enum mechanism)i, &params);

		if (sasl_client_first(sasl) == !!(server_first & 1u << i))
			fail_msg("%s", mechanism_word((enum mechanism)i));
		sasl_destroy(sasl);
	}
}

/* The message of the first step. */
static void first_message(struct fixture *fixture, enum mechanism mechanism,
                          const struct sasl_params *params, struct answer *answer)
{
	struct sasl *sasl = start(fixture, mechanism, params);

	step(fixture, sasl, STR(""), answer);
	sasl_destroy(sasl);
}

static void authorization_is_sent_only_when_given(void **state)
{
	struct sasl_params params = usual_params();
	static struct answer answer;

	first_message(*state, MECHANISM_PLAIN, &params, &answer);
	assert_int_equal(answer.status, SASL_DONE);
	assert_int_equal(answer.len, sizeof("\0" USER "\0" PASSWORD) - 1);
	assert_memory_equal(answer.text, "\0" USER "\0" PASSWORD, answer.len);
	first_message(*state, MECHANISM_SCRAM_SHA_256, &params, &answer);
	assert_int_equal(strncmp(answer.text, "n,,n=" USER ",r=", 25), 0);
	first_message(*state, MECHANISM_EXTERNAL, &params, &answer);
	assert_int_equal(answer.len, 0);

	params.authorization = "boss";
	first_message(*state, MECHANISM_PLAIN, &params, &answer);
	assert_memory_equal(answer.text, "boss\0" USER, sizeof("boss\0" USER));
	first_message(*state, MECHANISM_SCRAM_SHA_256, &params, &answer);
	assert_int_equal(strncmp(answer.text, "n,a=boss,n=" USER, 28), 0);
	first_message(*state, MECHANISM_EXTERNAL, &params, &answer);
	assert_string_equal(answer.text, "boss");
}

static void external_needs_no_password(void **state)
{
	struct sasl_params params = { .host = HOST, .authorization = "boss" };
	struct server server = usual_server();
	static struct answer answer;

	play(*state, &server, MECHANISM_EXTERNAL, &params, &answer);
	assert_int_equal(server.rc, GSASL_OK);
	assert_int_equal(answer.status, SASL_DONE);
	assert_string_equal(server.authorization, "boss");
}

/* --- channel binding --- */

static void either_binding_is_accepted(void **state)
{
	for (int exporter = 0; exporter < 2; exporter++) {
		struct sasl_params params = usual_params();
		struct server server = usual_server();
		static struct answer answer;

		params.binding_is_exporter = exporter;
		if (!exporter) {
			server.unique = server.exporter;
			server.exporter = NULL;
		}
		play(*state, &server, MECHANISM_SCRAM_SHA_256_PLUS, &params, &answer);
		assert_int_equal(server.rc, GSASL_OK);
		assert_int_equal(answer.status, SASL_DONE);
	}
}

static void binding_names_its_type(void **state)
{
	struct sasl_params params = usual_params();
	static struct answer answer;

	first_message(*state, MECHANISM_SCRAM_SHA_1_PLUS, &params, &answer);
	assert_int_equal(strncmp(answer.text, "p=tls-exporter,,", 16), 0);
	params.binding_is_exporter = false;
	first_message(*state, MECHANISM_SCRAM_SHA_1_PLUS, &params, &answer);
	assert_int_equal(strncmp(answer.text, "p=tls-unique,,", 14), 0);
}

static void wrong_binding_is_refused_by_the_server(void **state)
{
	struct sasl_params params = usual_params();
	struct server server = usual_server();
	static struct answer answer;

	params.binding = STR("of another connection");
	play(*state, &server, MECHANISM_SCRAM_SHA_256_PLUS, &params, &answer);
	assert_int_equal(server.rc, GSASL_AUTHENTICATION_ERROR);
}

/* --- the start --- */

static void what_cannot_work_is_refused_at_the_start(void **state)
{
	static const struct {
		enum mechanism mechanism;
		struct sasl_params params;
		const char *text;
	} rows[] = {
		{ MECHANISM_SCRAM_SHA_256_PLUS,
		  { .user = "u", .secret = RUN("p") },
		  "SCRAM-SHA-256-PLUS needs TLS channel binding, which this connection "
		  "does not have; choose a mechanism without -PLUS" },
		{ MECHANISM_PLAIN,
		  { .secret = RUN("p") },
		  "PLAIN needs a user name and a password" },
		{ MECHANISM_LOGIN,
		  { .user = "u" },
		  "LOGIN needs a user name and a password" },
		{ MECHANISM_DIGEST_MD5,
		  { .user = "DOM\\u", .secret = RUN("p") },
		  "DIGEST-MD5 cannot carry a user name with \" or \\; choose another "
		  "mechanism" },
	};
	struct fixture *fixture = *state;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct error err = { "" };

		assert_null(sasl_start(fixture->library, rows[i].mechanism,
		                       &rows[i].params, &err));
		assert_string_equal(err.text, rows[i].text);
	}
}

static void secret_that_saslprep_forbids_is_local(void **state)
{
	struct sasl_params params = usual_params();
	struct sasl *sasl;
	static struct answer answer;

	params.secret = STR("bell\a");
	sasl = start(*state, MECHANISM_CRAM_MD5, &params);
	step(*state, sasl, STR("<1@mx.example>"), &answer);
	assert_int_equal(answer.status, SASL_LOCAL);
	assert_non_null(strstr(answer.text, "RFC 4013"));
	sasl_destroy(sasl);
}

/* --- LOGIN --- */

static void login_prompts_may_say_anything(void **state)
{
	static const struct {
		struct str first, second;
	} rows[] = {
		{ RUN("Username:"), RUN("Password:") },
		{ RUN("User Name\0"), RUN("Password\0") },
		{ RUN("Password:"), RUN("Username:") },
		{ RUN(""), RUN("") },
		{ RUN("\xff\xfe"), RUN("?") },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct sasl_params params = usual_params();
		struct sasl *sasl = start(*state, MECHANISM_LOGIN, &params);
		static struct answer answer;

		step(*state, sasl, rows[i].first, &answer);
		assert_int_equal(answer.status, SASL_CONTINUE);
		assert_string_equal(answer.text, USER);
		step(*state, sasl, rows[i].second, &answer);
		assert_int_equal(answer.status, SASL_DONE);
		assert_string_equal(answer.text, PASSWORD);
		sasl_destroy(sasl);
	}
}

/* --- SCRAM --- */

/*
 * Takes a SCRAM client past its first message and writes a server-first message
 * that continues its nonce.
 */
static struct sasl *start_scram(struct fixture *fixture, char *out, size_t size,
                                const char *rest)
{
	struct sasl_params params = usual_params();
	struct sasl *sasl = start(fixture, MECHANISM_SCRAM_SHA_256, &params);
	static struct answer answer;
	const char *nonce;

	step(fixture, sasl, STR(""), &answer);
	assert_int_equal(answer.status, SASL_CONTINUE);
	nonce = strstr(answer.text, ",r=");
	assert_non_null(nonce);
	snprintf(out, size, "r=%s%s", nonce + 3, rest);
	return sasl;
}

static void iterations_at_the_limit_are_computed(void **state)
{
	struct fixture *fixture = *state;
	char first[256];
	struct sasl *sasl =
		start_scram(fixture, first, sizeof(first), "x,s=c2FsdA==,i=200000");
	static struct answer answer;

	answer.count = 0;
	sasl_step(sasl, str_of(first), keep_answer, &answer);
	assert_int_equal(answer.count, 0); /* in the worker pool */
	assert_true(uv_loop_alive(&fixture->loop));
	uv_run(&fixture->loop, UV_RUN_DEFAULT);
	assert_int_equal(answer.count, 1);
	assert_int_equal(answer.status, SASL_CONTINUE);
	assert_non_null(strstr(answer.text, ",p="));
	sasl_destroy(sasl);
}

/* Answered before the loop turns and with nothing queued: nothing was computed. */
static void more_iterations_are_refused_without_computing(void **state)
{
	static const char *const rows[] = {
		"x,s=c2FsdA==,i=200001",      "x,s=c2FsdA==,i=5000000",
		"x,s=c2FsdA==,i=999999999",   "x,s=c2FsdA==,i=18446744073709551615",
		"x,s=c2FsdA==,i=200001,e=xt", "x,s=c2FsdA==,i=1,i=200001",
	};
	struct fixture *fixture = *state;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char first[256];
		struct sasl *sasl = start_scram(fixture, first, sizeof(first), rows[i]);
		static struct answer answer;

		answer.count = 0;
		sasl_step(sasl, str_of(first), keep_answer, &answer);
		if (answer.count != 1 || answer.status != SASL_TOO_MANY_ITERATIONS)
			fail_msg("%s: %d", rows[i], answer.status);
		assert_false(uv_loop_alive(&fixture->loop));
		assert_string_equal(answer.text, "the server asks for more than 200000 "
		                                 "iterations of SCRAM-SHA-256");
		sasl_destroy(sasl);
	}
}

/* Up to where the server must prove itself. */
static struct sasl *start_proof(struct fixture *fixture)
{
	char first[256];
	struct sasl *sasl =
		start_scram(fixture, first, sizeof(first), "x,s=c2FsdA==,i=1000");
	static struct answer answer;

	step(fixture, sasl, str_of(first), &answer);
	assert_int_equal(answer.status, SASL_CONTINUE);
	return sasl;
}

static void wrong_server_signature_is_unproved(void **state)
{
	struct sasl *sasl = start_proof(*state);
	static struct answer answer;

	step(*state, sasl, STR("v=rmF9pqV8S7suAoZWja4dJRkFsKQ="), &answer);
	assert_int_equal(answer.status, SASL_SERVER_UNPROVED);
	assert_string_equal(answer.text,
	                    "the server does not prove that it knows the password");
	sasl_destroy(sasl);
}

/* A refusal may follow, which tells more; success would be unproved. */
static void server_error_in_place_of_a_signature_proves_nothing(void **state)
{
	struct sasl *sasl = start_proof(*state);
	static struct answer answer;

	step(*state, sasl, STR("e=invalid-proof"), &answer);
	assert_int_equal(answer.status, SASL_CONTINUE);
	assert_int_equal(answer.len, 0);
	sasl_destroy(sasl);
}

static void last_scram_answer_is_empty(void **state)
{
	struct sasl_params params = usual_params();
	struct server server = usual_server();
	static struct answer answer;

	play(*state, &server, MECHANISM_SCRAM_SHA_1, &params, &answer);
	assert_int_equal(answer.status, SASL_DONE);
	assert_int_equal(answer.len, 0);
}

/* --- DIGEST-MD5 --- */

static void digest_takes_the_first_realm_as_sent(void **state)
{
	static const struct {
		const char *offered, *sent; /* NULL = none */
	} rows[] = {
		{ "", NULL },
		{ "realm=\"\",", "realm=\"\"" },
		{ "realm=\"mx.example\",", "realm=\"mx.example\"" },
		{ "realm=\"a\",realm=\"b\",", "realm=\"a\"" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct sasl_params params = usual_params();
		struct sasl *sasl = start(*state, MECHANISM_DIGEST_MD5, &params);
		static struct answer answer;
		char challenge[256];

		snprintf(challenge, sizeof(challenge),
		         "%snonce=\"n\",qop=\"auth,auth-int\",charset=utf-8,"
		         "algorithm=md5-sess",
		         rows[i].offered);
		step(*state, sasl, str_of(challenge), &answer);
		assert_int_equal(answer.status, SASL_CONTINUE);
		if (rows[i].sent)
			assert_non_null(strstr(answer.text, rows[i].sent));
		else
			assert_null(strstr(answer.text, "realm"));
		assert_non_null(strstr(answer.text, "qop=auth,"));
		assert_non_null(strstr(answer.text, "digest-uri=\"smtp/" HOST "\""));
		sasl_destroy(sasl);
	}
}

static void wrong_rspauth_is_unproved(void **state)
{
	struct sasl_params params = usual_params();
	struct sasl *sasl = start(*state, MECHANISM_DIGEST_MD5, &params);
	static struct answer answer;

	step(*state, sasl, STR("nonce=\"n\",qop=\"auth\",algorithm=md5-sess"), &answer);
	assert_int_equal(answer.status, SASL_CONTINUE);
	step(*state, sasl, STR("rspauth=00000000000000000000000000000000"), &answer);
	assert_int_equal(answer.status, SASL_SERVER_UNPROVED);
	sasl_destroy(sasl);
}

/* --- NTLM --- */

/* Fixed part, then the name of the target in UTF-16. */
#define NTLM_HEADER "NTLMSSP\0\2\0\0\0"
#define NTLM_FLAGS  "\x05\x82\x00\x00"
#define NTLM_REST   "12345678\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"
#define NTLM_CHALLENGE \
	NTLM_HEADER "\x04\0\x04\0\x30\0\0\0" NTLM_FLAGS NTLM_REST "M\0X\0"

static void play_ntlm(struct fixture *fixture, const struct sasl_params *params,
                      struct answer *answer)
{
	struct sasl *sasl = start(fixture, MECHANISM_NTLM, params);

	step(fixture, sasl, STR(""), answer);
	assert_int_equal(answer->status, SASL_CONTINUE);
	assert_memory_equal(answer->text, "NTLMSSP\0\1\0\0\0", 12);
	step(fixture, sasl, STR(NTLM_CHALLENGE), answer);
	assert_int_equal(answer->status, SASL_DONE);
	assert_memory_equal(answer->text, "NTLMSSP\0\3\0\0\0", 12);
	sasl_destroy(sasl);
}

static void ntlm_response_depends_on_the_password(void **state)
{
	struct sasl_params params = usual_params();
	static struct answer right, again, wrong;

	play_ntlm(*state, &params, &right);
	play_ntlm(*state, &params, &again);
	params.secret = STR("another");
	play_ntlm(*state, &params, &wrong);
	assert_int_equal(right.len, again.len);
	assert_memory_equal(right.text, again.text, right.len);
	assert_int_equal(right.len, wrong.len);
	assert_memory_not_equal(right.text, wrong.text, right.len);
}

/* --- malformed challenges --- */

#define DIGEST    "nonce=\"n\",algorithm=md5-sess"
#define MALFORMED "challenge is malformed"
#define EMPTY     "challenge is empty"
#define AFTER_END "challenge comes after the end of the exchange"

/* clang-format off */
static const struct {
	enum mechanism mechanism;
	struct str valid; /* leads to the step under test; NONE = it is the first */
	struct str challenge;
	const char *text;
} malformed[] = {
	{ MECHANISM_SCRAM_SHA_256, RUN(""), RUN(""), EMPTY },
	{ MECHANISM_SCRAM_SHA_256, RUN(""), RUN("r="), MALFORMED },
	{ MECHANISM_SCRAM_SHA_256, RUN(""), RUN("r=other,s=c2FsdA==,i=4096"),
	  "challenge does not answer ours" },
	{ MECHANISM_SCRAM_SHA_256, RUN(""), RUN("m=x,r=other,s=c2FsdA==,i=4096"),
	  MALFORMED },
	{ MECHANISM_SCRAM_SHA_256, RUN(""), RUN("r=other\0,s=c2FsdA==,i=4096"),
	  "challenge holds a NUL" },
	{ MECHANISM_SCRAM_SHA_1, RUN(""), RUN("v=rmF9pqV8S7suAoZWja4dJRkFsKQ="),
	  MALFORMED },
	{ MECHANISM_SCRAM_SHA_256_PLUS, RUN(""), RUN("garbage"), MALFORMED },
	{ MECHANISM_SCRAM_SHA_1_PLUS, RUN(""), RUN("garbage of some length"), MALFORMED },
	{ MECHANISM_PLAIN, RUN(""), RUN("once more"), AFTER_END },
	{ MECHANISM_EXTERNAL, RUN(""), RUN("once more"), AFTER_END },
	{ MECHANISM_CRAM_MD5, NONE, RUN(""), EMPTY },
	{ MECHANISM_CRAM_MD5, NONE, RUN("<1@\0mx>"), "challenge holds a NUL" },
	{ MECHANISM_CRAM_MD5, RUN("<1@mx>"), RUN("<2@mx>"), AFTER_END },
	{ MECHANISM_DIGEST_MD5, NONE, RUN(""), EMPTY },
	{ MECHANISM_DIGEST_MD5, NONE, RUN("garbage"), MALFORMED },
	{ MECHANISM_DIGEST_MD5, NONE, RUN("realm"), MALFORMED },
	{ MECHANISM_DIGEST_MD5, NONE, RUN("realm," DIGEST), MALFORMED },
	{ MECHANISM_DIGEST_MD5, NONE, RUN(DIGEST ",realm"), MALFORMED },
	{ MECHANISM_DIGEST_MD5, NONE, RUN(DIGEST ",realm=\""), MALFORMED },
	{ MECHANISM_DIGEST_MD5, NONE, RUN("algorithm=md5-sess"), MALFORMED },
	{ MECHANISM_DIGEST_MD5, NONE, RUN("nonce=\"n\""), MALFORMED },
	{ MECHANISM_DIGEST_MD5, NONE, RUN(DIGEST ",nonce=\"m\""), MALFORMED },
	{ MECHANISM_DIGEST_MD5, NONE, RUN(DIGEST ",qop=\"auth-int\""),
	  "DIGEST-MD5 offers no qop \"auth\"" },
	{ MECHANISM_DIGEST_MD5, NONE, RUN(DIGEST "\0"), "challenge holds a NUL" },
	{ MECHANISM_DIGEST_MD5, RUN(DIGEST), RUN(""), EMPTY },
	{ MECHANISM_DIGEST_MD5, RUN(DIGEST), RUN("rspauth"), MALFORMED },
	{ MECHANISM_DIGEST_MD5, RUN(DIGEST), RUN("rspauth=00"), MALFORMED },
	{ MECHANISM_NTLM, RUN(""), RUN(""), EMPTY },
	{ MECHANISM_NTLM, RUN(""), RUN("NTLM supported"), MALFORMED },
	{ MECHANISM_NTLM, RUN(""), RUN(NTLM_HEADER), MALFORMED },
	{ MECHANISM_NTLM, RUN(""), /* ends within the flags */
	  RUN(NTLM_HEADER "\4\0\4\0\x30\0\0\0\5\x82"), MALFORMED },
	{ MECHANISM_NTLM, RUN(""), /* type 3 */
	  RUN("NTLMSSP\0\3\0\0\0\0\0\0\0\x30\0\0\0" NTLM_FLAGS NTLM_REST), MALFORMED },
	{ MECHANISM_NTLM, RUN(""), /* the name lies outside */
	  RUN(NTLM_HEADER "\4\0\4\0\x31\0\0\0" NTLM_FLAGS NTLM_REST "M\0X\0"), MALFORMED },
	{ MECHANISM_NTLM, RUN(""),
	  RUN(NTLM_HEADER "\4\0\4\0\xfe\xff\xff\xff" NTLM_FLAGS NTLM_REST), MALFORMED },
	{ MECHANISM_NTLM, RUN(""),
	  RUN(NTLM_HEADER "\xff\xff\xff\xff\0\0\0\0" NTLM_FLAGS NTLM_REST), MALFORMED },
};
/* clang-format on */

static void malformed_challenge_is_told(void **state)
{
	for (size_t i = 0; i < sizeof(malformed) / sizeof(malformed[0]); i++) {
		const char *word = mechanism_word(malformed[i].mechanism);
		struct sasl_params params = usual_params();
		struct sasl *sasl = start(*state, malformed[i].mechanism, &params);
		static struct answer answer;

		if (malformed[i].valid.at) {
			step(*state, sasl, malformed[i].valid, &answer);
			if (answer.status > SASL_DONE)
				fail_msg("row %zu %s: %s", i, word, answer.text);
		}
		step(*state, sasl, malformed[i].challenge, &answer);
		if (answer.status != SASL_BAD_CHALLENGE ||
		    !strstr(answer.text, malformed[i].text))
			fail_msg("row %zu %s: %d %s", i, word, answer.status,
			         answer.text);
		/* And from then on nothing is answered. */
		step(*state, sasl, malformed[i].challenge, &answer);
		assert_int_equal(answer.status, SASL_BAD_CHALLENGE);
		assert_non_null(strstr(answer.text, AFTER_END));
		sasl_destroy(sasl);
	}
}

/* The client's nonce is continued rightly in each of them. */
static void malformed_server_first_is_a_bad_challenge(void **state)
{
	static const char *const rows[] = {
		"x",
		"x,s=c2FsdA==",
		"x,s=c2FsdA==,i=",
		"x,s=c2FsdA==,i=0",
		"x,s=c2FsdA==,i=-1",
		"x,s=c2FsdA==,i=many",
		"x,s=,i=4096",
		"x,s=!!!!,i=4096",
		"x,i=4096,s=c2FsdA==",
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char first[256];
		struct sasl *sasl = start_scram(*state, first, sizeof(first), rows[i]);
		static struct answer answer;

		step(*state, sasl, str_of(first), &answer);
		if (answer.status != SASL_BAD_CHALLENGE ||
		    !strstr(answer.text, MALFORMED))
			fail_msg("%s: %d %s", rows[i], answer.status, answer.text);
		sasl_destroy(sasl);
	}
}

static void malformed_server_signature_is_a_bad_challenge(void **state)
{
	static const struct str rows[] = { RUN(""), RUN("v="), RUN("x=1"),
		                           RUN("v=rmF9pqV8\0S7s=") };

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct sasl *sasl = start_proof(*state);
		static struct answer answer;

		step(*state, sasl, rows[i], &answer);
		if (answer.status != SASL_BAD_CHALLENGE)
			fail_msg("row %zu: %d %s", i, answer.status, answer.text);
		sasl_destroy(sasl);
	}
}

static void challenge_is_read_up_to_the_limit(void **state)
{
	char *challenge = malloc(SASL_MESSAGE_MAX + 1);

	assert_non_null(challenge);
	memset(challenge, 'x', SASL_MESSAGE_MAX + 1);
	for (size_t extra = 0; extra < 2; extra++) {
		struct sasl_params params = usual_params();
		struct sasl *sasl = start(*state, MECHANISM_CRAM_MD5, &params);
		static struct answer answer;

		step(*state, sasl, (struct str){ challenge, SASL_MESSAGE_MAX + extra },
		     &answer);
		assert_int_equal(answer.status, extra ? SASL_BAD_CHALLENGE : SASL_DONE);
		sasl_destroy(sasl);
	}
	free(challenge);
}

/* --- GSSAPI --- */

/* No Kerberos at all: the files that test_main() names do not exist. */
static void missing_ticket_is_local_and_told(void **state)
{
	struct fixture *fixture = *state;
	struct sasl_params params = { .host = HOST };
	struct sasl *sasl = start(fixture, MECHANISM_GSSAPI, &params);
	static struct answer answer;

	answer.count = 0;
	sasl_step(sasl, STR(""), keep_answer, &answer);
	assert_int_equal(answer.count, 0); /* in the worker pool */
	uv_run(&fixture->loop, UV_RUN_DEFAULT);
	assert_int_equal(answer.status, SASL_LOCAL);
	if (!strstr(answer.text, "no Kerberos login: ") ||
	    !strstr(answer.text, "/nonexistent/"))
		fail_msg("%s", answer.text);
	sasl_destroy(sasl);
}

/* GNU SASL 1.x sent it as authorization identity. */
static void user_stays_out_of_gssapi_and_external(void **state)
{
	struct sasl_params params = usual_params();

	sasl_destroy(start(*state, MECHANISM_GSSAPI, &params));
	assert_string_equal(witness.authid, "");
	sasl_destroy(start(*state, MECHANISM_EXTERNAL, &params));
	assert_string_equal(witness.authid, "");
	sasl_destroy(start(*state, MECHANISM_PLAIN, &params));
	assert_string_equal(witness.authid, USER);
}

/* --- wiping --- */

static void password_is_wiped_before_it_is_freed(void **state)
{
	witness.password_left = witness.salted_left = true;
	sasl_destroy(start_proof(*state));
	assert_false(witness.password_left);
	assert_false(witness.salted_left);
}

static void message_is_wiped_before_it_is_freed(void **state)
{
	struct sasl_params params = usual_params();
	struct sasl *sasl = start(*state, MECHANISM_LOGIN, &params);
	static struct answer answer;

	witness.messages_left = 0;
	step(*state, sasl, STR("User"), &answer);
	step(*state, sasl, STR("Password"), &answer);
	assert_string_equal(answer.text, PASSWORD);
	sasl_destroy(sasl);
	assert_int_equal(witness.messages_left, 0);
}

/* --- the worker pool --- */

struct obstacle {
	uv_work_t work;
	uv_sem_t started, leave;
};

static void obstruct(uv_work_t *work)
{
	struct obstacle *obstacle = work->data;

	uv_sem_post(&obstacle->started);
	uv_sem_wait(&obstacle->leave);
}

static void obstructed(uv_work_t *work, int status)
{
	(void)work;
	assert_int_equal(status, 0);
}

/* Returns when a thread of the pool is taken. */
static void take_thread(struct fixture *fixture, struct obstacle *obstacle)
{
	assert_int_equal(uv_sem_init(&obstacle->started, 0), 0);
	assert_int_equal(uv_sem_init(&obstacle->leave, 0), 0);
	obstacle->work.data = obstacle;
	assert_int_equal(
		uv_queue_work(&fixture->loop, &obstacle->work, obstruct, obstructed),
		0);
	uv_sem_wait(&obstacle->started);
}

static void give_thread(struct obstacle *obstacle)
{
	uv_sem_post(&obstacle->leave);
}

static void forget(struct obstacle *obstacle)
{
	uv_sem_destroy(&obstacle->started);
	uv_sem_destroy(&obstacle->leave);
}

/*
 * Jobs are taken in order: when the obstacle, queued later, has started, so has the
 * step, and 200,000 iterations outlast what follows.
 */
static void exchange_destroyed_while_it_computes_is_dropped(void **state)
{
	struct fixture *fixture = *state;
	char first[256];
	struct sasl *sasl =
		start_scram(fixture, first, sizeof(first), "x,s=c2FsdA==,i=200000");
	struct obstacle obstacle;
	static struct answer answer;

	answer.count = 0;
	sasl_step(sasl, str_of(first), keep_answer, &answer);
	memset(first, 0, sizeof(first)); /* the challenge was borrowed */
	take_thread(fixture, &obstacle);
	sasl_destroy(sasl);
	give_thread(&obstacle);
	uv_run(&fixture->loop, UV_RUN_DEFAULT);
	assert_int_equal(answer.count, 0);
	assert_false(uv_loop_alive(&fixture->loop));
	forget(&obstacle);
}

/* All threads are busy, so the step can only end by being cancelled. */
static void exchange_destroyed_before_it_computes_is_cancelled(void **state)
{
	struct fixture *fixture = *state;
	char first[256];
	struct sasl *sasl =
		start_scram(fixture, first, sizeof(first), "x,s=c2FsdA==,i=1000");
	struct obstacle obstacles[POOL_THREADS];
	static struct answer answer;
	unsigned left;

	for (int i = 0; i < POOL_THREADS; i++)
		take_thread(fixture, &obstacles[i]);
	answer.count = 0;
	sasl_step(sasl, str_of(first), keep_answer, &answer);
	assert_int_equal(fixture->loop.active_reqs.count, POOL_THREADS + 1);
	sasl_destroy(sasl);
	uv_run(&fixture->loop, UV_RUN_NOWAIT);
	left = fixture->loop.active_reqs.count;
	for (int i = 0; i < POOL_THREADS; i++)
		give_thread(&obstacles[i]);
	uv_run(&fixture->loop, UV_RUN_DEFAULT);
	assert_int_equal(left, POOL_THREADS);
	assert_int_equal(answer.count, 0);
	for (int i = 0; i < POOL_THREADS; i++)
		forget(&obstacles[i]);
}

static void library_may_be_given_up_before_a_dropped_step_ends(void **state)
{
	struct fixture *fixture = *state;
	char first[256];
	struct sasl *sasl =
		start_scram(fixture, first, sizeof(first), "x,s=c2FsdA==,i=200000");
	static struct answer answer;

	answer.count = 0;
	sasl_step(sasl, str_of(first), keep_answer, &answer);
	sasl_destroy(sasl);
	sasl_library_destroy(fixture->library);
	fixture->library = NULL;
	uv_run(&fixture->loop, UV_RUN_DEFAULT);
	assert_int_equal(answer.count, 0);
}

struct suicide {
	struct sasl *sasl;
	struct answer answer;
};

static void destroy_when_told(void *owner, enum sasl_status status, struct str message)
{
	struct suicide *suicide = owner;

	sasl_destroy(suicide->sasl);
	keep_answer(&suicide->answer, status, message);
}

static void owner_may_destroy_the_exchange_while_it_is_told(void **state)
{
	static const struct {
		enum mechanism mechanism;
		struct str challenge;
		enum sasl_status status;
	} rows[] = {
		{ MECHANISM_PLAIN, RUN(""), SASL_DONE },
		{ MECHANISM_CRAM_MD5, RUN(""), SASL_BAD_CHALLENGE },
		{ MECHANISM_SCRAM_SHA_1, RUN(""), SASL_CONTINUE },
	};
	struct fixture *fixture = *state;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct sasl_params params = usual_params();
		static struct suicide suicide;

		suicide.answer.count = 0;
		suicide.sasl = start(fixture, rows[i].mechanism, &params);
		sasl_step(suicide.sasl, rows[i].challenge, destroy_when_told, &suicide);
		uv_run(&fixture->loop, UV_RUN_DEFAULT);
		assert_int_equal(suicide.answer.count, 1);
		assert_int_equal(suicide.answer.status, rows[i].status);
	}
}

static void many_exchanges_share_a_library(void **state)
{
	enum { MANY = 32 };
	struct fixture *fixture = *state;
	struct sasl *exchanges[MANY];
	static struct answer answers[MANY];

	for (int i = 0; i < MANY; i++) {
		char first[256];

		exchanges[i] = start_scram(fixture, first, sizeof(first),
		                           "x,s=c2FsdA==,i=1000");
		answers[i].count = 0;
		/* Not run yet: they meet in the pool. */
		sasl_step(exchanges[i], str_of(first), keep_answer, &answers[i]);
	}
	uv_run(&fixture->loop, UV_RUN_DEFAULT);
	for (int i = 0; i < MANY; i++) {
		assert_int_equal(answers[i].count, 1);
		assert_int_equal(answers[i].status, SASL_CONTINUE);
		sasl_destroy(exchanges[i]);
	}
}

int main(void)
{
#define CLAIM(claim) cmocka_unit_test_setup_teardown(claim, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		CLAIM(every_mechanism_is_supported),
		CLAIM(client_speaks_first_where_the_mechanism_says_so),
		CLAIM(right_password_is_accepted),
		CLAIM(wrong_password_is_refused_by_the_server),
		CLAIM(authorization_is_sent_only_when_given),
		CLAIM(external_needs_no_password),
		CLAIM(either_binding_is_accepted),
		CLAIM(binding_names_its_type),
		CLAIM(wrong_binding_is_refused_by_the_server),
		CLAIM(what_cannot_work_is_refused_at_the_start),
		CLAIM(secret_that_saslprep_forbids_is_local),
		CLAIM(login_prompts_may_say_anything),
		CLAIM(iterations_at_the_limit_are_computed),
		CLAIM(more_iterations_are_refused_without_computing),
		CLAIM(wrong_server_signature_is_unproved),
		CLAIM(server_error_in_place_of_a_signature_proves_nothing),
		CLAIM(last_scram_answer_is_empty),
		CLAIM(digest_takes_the_first_realm_as_sent),
		CLAIM(wrong_rspauth_is_unproved),
		CLAIM(ntlm_response_depends_on_the_password),
		CLAIM(malformed_challenge_is_told),
		CLAIM(malformed_server_first_is_a_bad_challenge),
		CLAIM(malformed_server_signature_is_a_bad_challenge),
		CLAIM(challenge_is_read_up_to_the_limit),
		CLAIM(missing_ticket_is_local_and_told),
		CLAIM(user_stays_out_of_gssapi_and_external),
		CLAIM(password_is_wiped_before_it_is_freed),
		CLAIM(message_is_wiped_before_it_is_freed),
		CLAIM(exchange_destroyed_while_it_computes_is_dropped),
		CLAIM(exchange_destroyed_before_it_computes_is_cancelled),
		CLAIM(library_may_be_given_up_before_a_dropped_step_ends),
		CLAIM(owner_may_destroy_the_exchange_while_it_is_told),
		CLAIM(many_exchanges_share_a_library),
	};
#undef CLAIM

	/* Before the first thread: the pool reads its size once, Kerberos its files. */
	setenv("UV_THREADPOOL_SIZE", "2", 1);
	setenv("KRB5_CONFIG", "/nonexistent/krb5.conf", 1);
	setenv("KRB5CCNAME", "FILE:/nonexistent/ccache", 1);
	setenv("KRB5_CLIENT_KTNAME", "FILE:/nonexistent/keytab", 1);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
