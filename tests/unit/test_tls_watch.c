/* SPDX-License-Identifier: Apache-2.0 */
/* What stands in the watch afterwards; tests/e2e/test_staple.py has the events. */
#include "probe/tls_watch.h"

#include <openssl/err.h>
#include <openssl/ssl.h>

#include "tests/support/stapled.h"
#include "tests/unit/row.h"

enum { TURNS_MAX = 100 };

struct meeting {
	struct pki *pki;
	enum stapled stapled;
	bool shaken;
	struct tls_watch watch;
};

static int set_up(void **state)
{
	static const char *const names[] = { "mx.example" };
	static const struct pki_request request = { names, COUNT(names), "probe" };

	*state = pki_create(&request);
	assert_non_null(*state);
	return 0;
}

static int tear_down(void **state)
{
	pki_destroy(*state);
	return 0;
}

static void hear_nothing(void *owner, const char *event)
{
	(void)owner, (void)event;
}

static int staple(SSL *ssl, void *owner)
{
	const struct meeting *meeting = owner;
	const struct pki *pki = meeting->pki;
	const struct stapled_signers signers = { &pki->intermediate, &pki->responder,
		                                 &pki->servers[CERTIFICATE_GOOD] };
	unsigned char *der;
	int len;

	if (meeting->stapled == STAPLED_NOTHING)
		return SSL_TLSEXT_ERR_NOACK;
	len = stapled_create(&der, meeting->stapled, &signers);
	assert_true(len > 0);
	SSL_set_tlsext_status_ocsp_resp(ssl, der, len);
	return SSL_TLSEXT_ERR_OK;
}

static SSL *create_server(struct meeting *meeting)
{
	const struct identity *good = &meeting->pki->servers[CERTIFICATE_GOOD];
	SSL_CTX *context = SSL_CTX_new(TLS_server_method());
	SSL *ssl;

	assert_int_equal(SSL_CTX_use_certificate(context, good->leaf), 1);
	assert_int_equal(SSL_CTX_use_PrivateKey(context, good->key), 1);
	assert_int_equal(SSL_CTX_set1_chain(context, good->chain), 1);
	SSL_CTX_set_tlsext_status_cb(context, staple);
	SSL_CTX_set_tlsext_status_arg(context, meeting);
	ssl = SSL_new(context);
	SSL_CTX_free(context);
	SSL_set_accept_state(ssl);
	return ssl;
}

static SSL *create_client(struct meeting *meeting)
{
	SSL_CTX *context = SSL_CTX_new(TLS_client_method());
	SSL *ssl;

	X509_STORE_add_cert(SSL_CTX_get_cert_store(context), meeting->pki->root);
	SSL_CTX_set_verify(context, SSL_VERIFY_PEER, NULL);
	tls_watch_install(&meeting->watch, context);
	ssl = SSL_new(context);
	SSL_CTX_free(context);
	SSL_set_connect_state(ssl);
	return ssl;
}

static void meet(struct meeting *meeting)
{
	SSL *server = create_server(meeting), *client = create_client(meeting);
	BIO *near, *far;

	assert_int_equal(BIO_new_bio_pair(&near, 0, &far, 0), 1);
	SSL_set_bio(client, near, near);
	SSL_set_bio(server, far, far);
	for (int turn = 0; turn < TURNS_MAX && !meeting->shaken; turn++) {
		meeting->shaken = SSL_do_handshake(client) == 1;
		(void)SSL_do_handshake(server);
	}
	ERR_clear_error();
	SSL_free(client);
	SSL_free(server);
}

static void watch_tells_what_was_verified(void **state)
{
	static const struct {
		const char *name, *host;
		enum stapled stapled;
		bool insecure, shaken, verified;
	} rows[] = {
		{ "right", "mx.example", STAPLED_NOTHING, false, true, true },
		{ "said to be good", "mx.example", STAPLED_GOOD, false, true, true },
		{ "not to be believed", "mx.example", STAPLED_FORGED, false, true,
		  true },
		{ "revoked", "mx.example", STAPLED_REVOKED, false, false, false },
		{ "revoked, never mind", "mx.example", STAPLED_REVOKED, true, true,
		  false },
		{ "of another name", "a.example", STAPLED_NOTHING, false, false,
		  false },
		{ "of another name, never mind", "a.example", STAPLED_GOOD, true, true,
		  false },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct meeting meeting = {
			.pki = *state,
			.stapled = rows[i].stapled,
			.watch = { .host = rows[i].host,
			           .insecure = rows[i].insecure,
			           .say = hear_nothing },
		};

		meet(&meeting);
		CHECK_INT(rows[i].name, meeting.shaken, rows[i].shaken);
		CHECK_INT(rows[i].name, meeting.watch.done, rows[i].shaken);
		CHECK_INT(rows[i].name, meeting.watch.verified, rows[i].verified);
		CHECK(rows[i].name, meeting.watch.started);
		CHECK_INT(rows[i].name, meeting.watch.binding_len,
		          rows[i].shaken ? 32 : 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(watch_tells_what_was_verified),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
