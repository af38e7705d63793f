/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/sasl_server.h"

#include <gsasl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/support/memory.h"
#include "tests/support/tls.h"

/* RFC 9266 and RFC 5929. */
#define EXPORTER_LABEL "EXPORTER-Channel-Binding"
#define EXPORTER_BYTES 32
#define FINISHED_MAX   64

struct sasl_server {
	const struct sasl_settings *settings;
	Gsasl *library;
};

struct sasl_exchange {
	const struct sasl_settings *settings;
	Gsasl_session *session;
	SSL *ssl;
	char *challenge; /* of the last step, or NULL */
	bool begun;
};

/* What can be carried out; HASH is meaningful for SCRAM. */
static const struct {
	const char *name;
	Gsasl_hash hash;
	bool plus;
} mechanisms[] = {
	{ .name = "PLAIN" },
	{ .name = "LOGIN" },
	{ .name = "CRAM-MD5" },
	{ .name = "DIGEST-MD5" },
	{ .name = "EXTERNAL" },
	{ .name = "SCRAM-SHA-1", .hash = GSASL_HASH_SHA1 },
	{ .name = "SCRAM-SHA-256", .hash = GSASL_HASH_SHA256 },
	{ .name = "SCRAM-SHA-1-PLUS", .hash = GSASL_HASH_SHA1, .plus = true },
	{ .name = "SCRAM-SHA-256-PLUS", .hash = GSASL_HASH_SHA256, .plus = true },
};

#define MECHANISM_COUNT (sizeof(mechanisms) / sizeof(mechanisms[0]))

static size_t mechanism_index(const char *name)
{
	size_t index = 0;

	while (index < MECHANISM_COUNT && strcmp(mechanisms[index].name, name) != 0)
		index++;
	return index;
}

bool sasl_server_knows(const char *mechanism)
{
	return mechanism_index(mechanism) < MECHANISM_COUNT;
}

bool sasl_server_is_plus(const char *mechanism)
{
	size_t index = mechanism_index(mechanism);

	return index < MECHANISM_COUNT && mechanisms[index].plus;
}

static struct user *user_of(const struct sasl_exchange *exchange)
{
	const char *name = gsasl_property_fast(exchange->session, GSASL_AUTHID);

	if (!name || exchange->settings->backend_down)
		return NULL;
	return users_find(exchange->settings->users, name);
}

/* An authorization identity of one's own is fine, somebody else's is not. */
static bool authorised(const struct sasl_exchange *exchange)
{
	const char *name = gsasl_property_fast(exchange->session, GSASL_AUTHID);
	const char *wanted = gsasl_property_fast(exchange->session, GSASL_AUTHZID);

	return !wanted || !*wanted || (name && strcmp(name, wanted) == 0);
}

static int give(const struct sasl_exchange *exchange, Gsasl_property property,
                const char *text)
{
	return text ? gsasl_property_set(exchange->session, property, text)
	            : GSASL_NO_CALLBACK;
}

/* A SCRAM server that gets the password would derive the keys again each time. */
static int give_password(struct sasl_exchange *exchange)
{
	const char *mechanism = gsasl_mechanism_name(exchange->session);
	struct user *user = user_of(exchange);

	if (!user || strncmp(mechanism, "SCRAM-", 6) == 0)
		return GSASL_NO_PASSWORD;
	return give(exchange, GSASL_PASSWORD, user_password(user));
}

static const struct scram_keys *keys_of(const struct sasl_exchange *exchange)
{
	size_t index = mechanism_index(gsasl_mechanism_name(exchange->session));
	struct user *user = user_of(exchange);

	if (!user || index == MECHANISM_COUNT)
		return NULL;
	return users_scram_keys(exchange->settings->users, user,
	                        mechanisms[index].hash);
}

static int give_stored_key(struct sasl_exchange *exchange)
{
	const struct scram_keys *keys = keys_of(exchange);

	return give(exchange, GSASL_SCRAM_STOREDKEY, keys ? keys->stored : NULL);
}

static int give_server_key(struct sasl_exchange *exchange)
{
	const struct scram_keys *keys = keys_of(exchange);

	return give(exchange, GSASL_SCRAM_SERVERKEY, keys ? keys->server : NULL);
}

static int give_salt(struct sasl_exchange *exchange)
{
	return give(exchange, GSASL_SCRAM_SALT, users_salt(exchange->settings->users));
}

static int give_iterations(struct sasl_exchange *exchange)
{
	char text[32];

	snprintf(text, sizeof(text), "%lu",
	         users_iterations(exchange->settings->users));
	return give(exchange, GSASL_SCRAM_ITER, text);
}

static int give_realm(struct sasl_exchange *exchange)
{
	return give(exchange, GSASL_REALM, exchange->settings->host);
}

static int give_bytes(const struct sasl_exchange *exchange, Gsasl_property property,
                      const unsigned char *bytes, size_t length)
{
	char *text = NULL;
	int result = gsasl_base64_to((const char *)bytes, length, &text, NULL);

	if (result == GSASL_OK)
		result = give(exchange, property, text);
	gsasl_free(text);
	return result;
}

static bool binds(const struct sasl_exchange *exchange)
{
	return exchange->ssl && exchange->settings->offers_plus;
}

static int give_exporter(struct sasl_exchange *exchange)
{
	unsigned char bytes[EXPORTER_BYTES];

	if (!binds(exchange) || SSL_version(exchange->ssl) < TLS1_3_VERSION ||
	    SSL_export_keying_material(exchange->ssl, bytes, sizeof(bytes),
	                               EXPORTER_LABEL, sizeof(EXPORTER_LABEL) - 1, NULL,
	                               0, 0) != 1)
		return GSASL_NO_CB_TLS_EXPORTER;
	return give_bytes(exchange, GSASL_CB_TLS_EXPORTER, bytes, sizeof(bytes));
}

/* The client's Finished comes first: sessions are never resumed here. */
static int give_unique(struct sasl_exchange *exchange)
{
	unsigned char bytes[FINISHED_MAX];
	size_t length;

	if (!binds(exchange) || SSL_version(exchange->ssl) >= TLS1_3_VERSION)
		return GSASL_NO_CB_TLS_UNIQUE;
	length = SSL_get_peer_finished(exchange->ssl, bytes, sizeof(bytes));
	return give_bytes(exchange, GSASL_CB_TLS_UNIQUE, bytes, length);
}

static int check_password(struct sasl_exchange *exchange)
{
	const char *password = gsasl_property_fast(exchange->session, GSASL_PASSWORD);
	struct user *user = user_of(exchange);

	if (user && password && strcmp(password, user_password(user)) == 0)
		return GSASL_OK;
	return GSASL_AUTHENTICATION_ERROR;
}

static int check_certificate(struct sasl_exchange *exchange)
{
	const char *wanted = gsasl_property_fast(exchange->session, GSASL_AUTHZID);
	char *name = tls_client_name(exchange->ssl);
	bool accepted = name && !exchange->settings->backend_down &&
	                (!wanted || !*wanted || strcmp(name, wanted) == 0);

	free(name);
	return accepted ? GSASL_OK : GSASL_AUTHENTICATION_ERROR;
}

static const struct {
	Gsasl_property property;
	int (*answer)(struct sasl_exchange *exchange);
} answers[] = {
	{ GSASL_PASSWORD, give_password },
	{ GSASL_REALM, give_realm },
	{ GSASL_SCRAM_STOREDKEY, give_stored_key },
	{ GSASL_SCRAM_SERVERKEY, give_server_key },
	{ GSASL_SCRAM_SALT, give_salt },
	{ GSASL_SCRAM_ITER, give_iterations },
	{ GSASL_CB_TLS_EXPORTER, give_exporter },
	{ GSASL_CB_TLS_UNIQUE, give_unique },
	{ GSASL_VALIDATE_SIMPLE, check_password },
	{ GSASL_VALIDATE_EXTERNAL, check_certificate },
};

static int on_question(Gsasl *library, Gsasl_session *session, Gsasl_property property)
{
	struct sasl_exchange *exchange = gsasl_session_hook_get(session);

	(void)library;
	for (size_t i = 0; i < sizeof(answers) / sizeof(answers[0]); i++)
		if (answers[i].property == property)
			return answers[i].answer(exchange);
	return GSASL_NO_CALLBACK;
}

struct sasl_server *sasl_server_create(const struct sasl_settings *settings)
{
	struct sasl_server *sasl = memory_zeroed(1, sizeof(*sasl));
	int result = gsasl_init(&sasl->library);

	if (result != GSASL_OK) {
		fprintf(stderr, "smtp_script_server: GNU SASL: %s\n",
		        gsasl_strerror(result));
		free(sasl);
		return NULL;
	}
	sasl->settings = settings;
	gsasl_callback_set(sasl->library, on_question);
	return sasl;
}

void sasl_server_destroy(struct sasl_server *sasl)
{
	if (!sasl)
		return;
	gsasl_done(sasl->library);
	free(sasl);
}

struct sasl_exchange *sasl_exchange_start(struct sasl_server *sasl,
                                          const char *mechanism, SSL *ssl)
{
	struct sasl_exchange *exchange = memory_zeroed(1, sizeof(*exchange));

	exchange->settings = sasl->settings;
	exchange->ssl = ssl;
	if (gsasl_server_start(sasl->library, mechanism, &exchange->session) !=
	    GSASL_OK) {
		free(exchange);
		return NULL;
	}
	gsasl_session_hook_set(exchange->session, exchange);
	return exchange;
}

static enum sasl_outcome outcome_of(const struct sasl_exchange *exchange, int result)
{
	if (result == GSASL_NEEDS_MORE)
		return SASL_CHALLENGE;
	if (result == GSASL_BASE64_ERROR)
		return SASL_MALFORMED;
	if (result == GSASL_OK &&
	    (authorised(exchange) ||
	     strcmp(gsasl_mechanism_name(exchange->session), "EXTERNAL") == 0))
		return SASL_ACCEPTED;
	return SASL_REFUSED;
}

/*
 * GNU SASL drops an initial response where the server speaks first. For LOGIN all
 * servers take it as the user name; the other mechanisms forbid it (RFC 4954).
 */
static bool begin(struct sasl_exchange *exchange, const char *initial)
{
	const char *name = gsasl_mechanism_name(exchange->session);
	char *unused = NULL;

	if (exchange->begun || !initial)
		return true;
	if (strcmp(name, "CRAM-MD5") == 0 || strcmp(name, "DIGEST-MD5") == 0)
		return false;
	if (strcmp(name, "LOGIN") == 0)
		gsasl_step64(exchange->session, NULL, &unused);
	gsasl_free(unused);
	return true;
}

enum sasl_outcome sasl_exchange_step(struct sasl_exchange *exchange,
                                     const char *response, const char **challenge)
{
	int result;

	gsasl_free(exchange->challenge);
	exchange->challenge = NULL;
	*challenge = "";
	if (!begin(exchange, response))
		return SASL_TOO_EARLY;
	exchange->begun = true;
	result = gsasl_step64(exchange->session, response, &exchange->challenge);
	if (exchange->challenge)
		*challenge = exchange->challenge;
	return outcome_of(exchange, result);
}

void sasl_exchange_finish(struct sasl_exchange *exchange)
{
	if (!exchange)
		return;
	gsasl_free(exchange->challenge);
	gsasl_finish(exchange->session);
	free(exchange);
}
