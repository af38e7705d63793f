/* SPDX-License-Identifier: Apache-2.0 */
#include "probe/sasl.h"

#include <assert.h>
#include <gsasl.h>
#include <stdint.h>
#include <string.h>
#include <uv.h>

#include "probe/arena.h"
#include "probe/base64.h"
#include "probe/challenge.h"
#include "probe/kerberos.h"
#include "probe/secret.h"

static const char SERVICE[] = "smtp";

struct sasl_library {
	struct arena *arena;
	struct uv_loop_s *loop;
	Gsasl *gsasl;
	/* Its owner, and each exchange, also one that still runs in the pool. */
	size_t users;
};

/* What one step came to. */
struct outcome {
	enum sasl_status status;
	char *message; /* GNU SASL's memory */
	size_t len;
	struct error reason; /* past SASL_DONE */
};

struct sasl {
	struct arena *arena;
	struct sasl_library *library;
	Gsasl_session *session;
	enum mechanism mechanism;
	const char *host;
	unsigned steps; /* handed to GNU SASL so far */
	bool over, running, abandoned;
	uv_work_t work;
	char *challenge; /* the worker's copy */
	size_t challenge_len;
	struct outcome outcome;
	sasl_answer *answer;
	void *owner;
};

static void release_library(struct sasl_library *library)
{
	struct arena *arena = library->arena;

	if (--library->users)
		return;
	gsasl_done(library->gsasl);
	arena_destroy(arena);
}

struct sasl_library *sasl_library_create(struct uv_loop_s *loop, struct error *err)
{
	struct sasl_library *library;
	struct arena *arena;
	Gsasl *gsasl;
	int rc = gsasl_init(&gsasl);

	if (rc != GSASL_OK) {
		error_set(err, "GNU SASL does not start: %s", gsasl_strerror(rc));
		return NULL;
	}
	arena = arena_create();
	library = arena_take(arena, sizeof(*library));
	*library = (struct sasl_library){ arena, loop, gsasl, 1 };
	return library;
}

void sasl_library_destroy(struct sasl_library *library)
{
	if (library)
		release_library(library);
}

bool sasl_library_supports(struct sasl_library *library, enum mechanism mechanism)
{
	return gsasl_client_support_p(library->gsasl, mechanism_word(mechanism));
}

/* Refuses what could only fail later, when the server would seem to be at fault. */
static bool can_use(enum mechanism mechanism, const struct sasl_params *params,
                    struct error *err)
{
	const char *word = mechanism_word(mechanism);

	if (mechanism_proof(mechanism) == PROOF_PASSWORD &&
	    (!params->user || !params->secret.len))
		return error_set(err, "%s needs a user name and a password", word);
	if (mechanism_flags(mechanism) & MECHANISM_BINDING && !params->binding.len)
		return error_set(err,
		                 "%s needs TLS channel binding, which this connection "
		                 "does not have; choose a mechanism without -PLUS",
		                 word);
	/* GNU SASL quotes without escaping: another user name would arrive. */
	if (mechanism == MECHANISM_DIGEST_MD5 && strpbrk(params->user, "\"\\"))
		return error_set(err,
		                 "%s cannot carry a user name with \" or \\; choose "
		                 "another mechanism",
		                 word);
	return true;
}

static void set_text(Gsasl_session *session, Gsasl_property property, const char *text)
{
	if (text)
		gsasl_property_set(session, property, text);
}

/*
 * Only what the mechanism uses: given a binding, GNU SASL 2.2 breaks off a SCRAM
 * without -PLUS; given a user, its 1.x sent him as authorization identity in GSSAPI.
 */
static void set_properties(struct sasl *sasl, const struct sasl_params *params)
{
	Gsasl_session *session = sasl->session;

	set_text(session, GSASL_SERVICE, SERVICE);
	set_text(session, GSASL_HOSTNAME, params->host);
	set_text(session, GSASL_AUTHZID, params->authorization);
	if (mechanism_proof(sasl->mechanism) == PROOF_PASSWORD) {
		set_text(session, GSASL_AUTHID, params->user);
		gsasl_property_set_raw(session, GSASL_PASSWORD, params->secret.at,
		                       params->secret.len);
	}
	if (mechanism_flags(sasl->mechanism) & MECHANISM_BINDING) {
		size_t size = base64_encoded_size(params->binding.len) + 1;
		char *binding = arena_take(sasl->arena, size);

		base64_encode(binding, params->binding);
		set_text(session,
		         params->binding_is_exporter ? GSASL_CB_TLS_EXPORTER
		                                     : GSASL_CB_TLS_UNIQUE,
		         binding);
	}
}

struct sasl *sasl_start(struct sasl_library *library, enum mechanism mechanism,
                        const struct sasl_params *params, struct error *err)
{
	const char *word = mechanism_word(mechanism);
	Gsasl_session *session;
	struct arena *arena;
	struct sasl *sasl;
	int rc;

	if (!can_use(mechanism, params, err))
		return NULL;
	rc = gsasl_client_start(library->gsasl, word, &session);
	if (rc != GSASL_OK) {
		error_set(err, "GNU SASL does not start %s: %s", word,
		          gsasl_strerror(rc));
		return NULL;
	}
	arena = arena_create();
	sasl = arena_take(arena, sizeof(*sasl));
	sasl->arena = arena;
	sasl->library = library;
	sasl->session = session;
	sasl->mechanism = mechanism;
	sasl->host = arena_copy(arena, str_of(params->host));
	library->users++;
	set_properties(sasl, params);
	return sasl;
}

bool sasl_client_first(const struct sasl *sasl)
{
	return sasl->mechanism != MECHANISM_LOGIN &&
	       sasl->mechanism != MECHANISM_CRAM_MD5 &&
	       sasl->mechanism != MECHANISM_DIGEST_MD5;
}

/* Which challenge the next step answers; 0 = none, it is the initial response. */
static unsigned next_challenge(const struct sasl *sasl)
{
	return sasl_client_first(sasl) ? sasl->steps : sasl->steps + 1;
}

static const char *flaw_of(const struct sasl *sasl, struct str challenge)
{
	if (sasl->over) /* PLAIN would send the password once more */
		return "comes after the end of the exchange";
	if (challenge.len > SASL_MESSAGE_MAX)
		return "is longer than 65536 bytes";
	if (next_challenge(sasl) == 0)
		return NULL;
	return challenge_flaw(sasl->mechanism, challenge);
}

static void wipe_message(struct outcome *out)
{
	if (out->message)
		explicit_bzero(out->message, out->len);
	gsasl_free(out->message);
	out->message = NULL;
	out->len = 0;
}

static void refuse(struct outcome *out, enum sasl_status status, const char *text)
{
	wipe_message(out);
	out->status = status;
	error_set(&out->reason, "%s", text);
}

/* True when the outcome is known without GNU SASL. */
static bool decide_at_once(struct sasl *sasl, struct str challenge)
{
	const char *word = mechanism_word(sasl->mechanism);
	const char *flaw = flaw_of(sasl, challenge);
	struct outcome *out = &sasl->outcome;

	*out = (struct outcome){ .status = SASL_CONTINUE };
	if (flaw) {
		out->status = SASL_BAD_CHALLENGE;
		error_set(&out->reason, "the server's %s challenge %s", word, flaw);
	} else if (challenge_asks_too_many_iterations(sasl->mechanism, challenge)) {
		out->status = SASL_TOO_MANY_ITERATIONS;
		error_set(&out->reason,
		          "the server asks for more than %d iterations of %s",
		          CHALLENGE_ITERATIONS_MAX, word);
	}
	return out->status != SASL_CONTINUE ||
	       challenge_is_server_error(sasl->mechanism, next_challenge(sasl),
	                                 challenge);
}

/* Some of GNU SASL's codes mean different things at different challenges. */
static const struct refusal {
	int rc;
	unsigned challenge; /* 0 = any */
	enum sasl_status status;
	const char *text; /* NULL = GNU SASL's */
} refusals[] = {
	{ GSASL_AUTHENTICATION_ERROR, 1, SASL_BAD_CHALLENGE,
	  "the server's challenge does not answer ours" },
	{ GSASL_AUTHENTICATION_ERROR, 2, SASL_SERVER_UNPROVED,
	  "the server does not prove that it knows the password" },
	{ GSASL_MECHANISM_PARSE_ERROR, 0, SASL_BAD_CHALLENGE,
	  "the server's challenge is malformed" },
	{ GSASL_BASE64_ERROR, 0, SASL_BAD_CHALLENGE,
	  "the server's challenge is malformed: no valid base64 in it" },
	{ GSASL_SASLPREP_ERROR, 0, SASL_LOCAL,
	  "the user name or password holds characters that SASL forbids (RFC 4013)" },
	{ GSASL_GSSAPI_INIT_SEC_CONTEXT_ERROR, 0, SASL_BAD_CHALLENGE,
	  "the server's Kerberos token is not acceptable" },
	{ GSASL_GSSAPI_UNWRAP_ERROR, 0, SASL_BAD_CHALLENGE,
	  "the server's Kerberos token is not acceptable" },
	{ GSASL_OK, 0, SASL_LOCAL, NULL }, /* anything else */
};

static void set_failure(struct sasl *sasl, int rc)
{
	const struct refusal *row = refusals;
	unsigned number = next_challenge(sasl);

	while (row->rc != GSASL_OK &&
	       (row->rc != rc || (row->challenge && row->challenge != number)))
		row++;
	refuse(&sasl->outcome, row->status, row->text ? row->text : gsasl_strerror(rc));
	if (sasl->mechanism == MECHANISM_GSSAPI && number == 0) {
		sasl->outcome.status = SASL_LOCAL;
		kerberos_explain_refusal(&sasl->outcome.reason, SERVICE, sasl->host);
	}
}

/* RFC 2831 §2.1.1: no `qop` means auth; we hold no other. */
static bool lacks_qop_auth(const struct sasl *sasl)
{
	const char *qops = gsasl_property_fast(sasl->session, GSASL_QOPS);

	return sasl->mechanism == MECHANISM_DIGEST_MD5 && qops && *qops &&
	       str_find_nocase(str_of(qops), STR("qop-auth")) < 0;
}

/* In the worker pool for slow mechanisms: nothing else touches the exchange then. */
static void take_step(struct sasl *sasl, struct str challenge)
{
	struct outcome *out = &sasl->outcome;
	int rc = gsasl_step(sasl->session, challenge.len ? challenge.at : "",
	                    challenge.len, &out->message, &out->len);

	if (rc == GSASL_OK || rc == GSASL_NEEDS_MORE)
		out->status = rc == GSASL_OK ? SASL_DONE : SASL_CONTINUE;
	else
		set_failure(sasl, rc);
	if (out->status == SASL_CONTINUE && lacks_qop_auth(sasl))
		refuse(out, SASL_BAD_CHALLENGE,
		       "the server's DIGEST-MD5 offers no qop \"auth\"");
	sasl->steps++;
}

/* The owner may destroy the exchange while it is told, so that is the last thing. */
static void deliver(struct sasl *sasl)
{
	struct outcome outcome = sasl->outcome;
	struct str message = { outcome.message, outcome.len };

	sasl->outcome = (struct outcome){ 0 };
	sasl->over = outcome.status != SASL_CONTINUE;
	if (outcome.status > SASL_DONE)
		message = str_of(outcome.reason.text);
	else if (!outcome.message)
		message = STR("");
	sasl->answer(sasl->owner, outcome.status, message);
	wipe_message(&outcome);
}

/*
 * GNU SASL frees its copies without wiping them. They are its own heap, const only
 * to keep callers from changing them under its feet; now it does not read them again.
 */
static void wipe_property(Gsasl_session *session, Gsasl_property property)
{
	const char *text = gsasl_property_fast(session, property);

	if (text)
		explicit_bzero((void *)(uintptr_t)text, strlen(text));
}

static void release(struct sasl *sasl)
{
	wipe_message(&sasl->outcome);
	wipe_property(sasl->session, GSASL_PASSWORD);
	wipe_property(sasl->session, GSASL_SCRAM_SALTED_PASSWORD);
	gsasl_finish(sasl->session);
	release_library(sasl->library);
	arena_destroy(sasl->arena);
}

static void work(uv_work_t *request)
{
	struct sasl *sasl = request->data;

	take_step(sasl, (struct str){ sasl->challenge, sasl->challenge_len });
}

static void after_work(uv_work_t *request, int status)
{
	struct sasl *sasl = request->data;

	(void)status; /* cancelled only when abandoned */
	secret_memory_destroy(sasl->challenge, sasl->challenge_len + 1);
	sasl->running = false;
	if (sasl->abandoned)
		release(sasl);
	else
		deliver(sasl);
}

static void queue_step(struct sasl *sasl, struct str challenge)
{
	int rc;

	sasl->challenge = secret_memory_create(challenge.len + 1);
	sasl->challenge_len = challenge.len;
	if (challenge.len)
		memcpy(sasl->challenge, challenge.at, challenge.len);
	sasl->running = true;
	sasl->work.data = sasl;
	rc = uv_queue_work(sasl->library->loop, &sasl->work, work, after_work);
	assert(rc == 0);
	(void)rc;
}

void sasl_step(struct sasl *sasl, struct str challenge, sasl_answer *answer,
               void *owner)
{
	assert(!sasl->running);
	sasl->answer = answer;
	sasl->owner = owner;
	if (decide_at_once(sasl, challenge)) {
		deliver(sasl);
	} else if (mechanism_flags(sasl->mechanism) & MECHANISM_SLOW) {
		queue_step(sasl, challenge);
	} else {
		take_step(sasl, challenge);
		deliver(sasl);
	}
}

void sasl_destroy(struct sasl *sasl)
{
	if (!sasl)
		return;
	sasl->abandoned = true;
	if (sasl->running)
		uv_cancel((uv_req_t *)&sasl->work); /* too late once it runs */
	else
		release(sasl);
}
