/* SPDX-License-Identifier: Apache-2.0 */
/* The peer is an OpenSSL server in this process; both ends move in turn. */
#include "probe/hello.h"

#include <fcntl.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/support/pki.h"
#include "tests/unit/row.h"

/* More turns than any handshake here needs: the longest moves 64 KiB. */
enum { TURNS_MAX = 10000, GROUPS_MAX = 64 };

/* What the server read in the ClientHello. */
struct offer {
	int count;
	bool has_name, has_tls13;
	size_t group_bytes;
	unsigned char groups[GROUPS_MAX];
};

struct pair {
	struct pki *pki;
	int client, server;
	SSL_CTX *context;
	SSL *ssl; /* the server's */
	struct hello *hello;
	struct offer offer;
};

static bool find_extension(SSL *ssl, unsigned type, const unsigned char **bytes,
                           size_t *len)
{
	return SSL_client_hello_get0_ext(ssl, type, bytes, len) == 1;
}

/* RFC 8446 §4.2.1 (a list behind one byte of length), §4.2.7 (behind two). */
static int on_client_hello(SSL *ssl, int *alert, void *owner)
{
	struct offer *offer = &((struct pair *)owner)->offer;
	const unsigned char *bytes;
	size_t len;

	(void)alert;
	*offer = (struct offer){ .count = offer->count + 1 };
	offer->has_name = find_extension(ssl, TLSEXT_TYPE_server_name, &bytes, &len);
	if (find_extension(ssl, TLSEXT_TYPE_supported_versions, &bytes, &len))
		for (size_t i = 1; i + 1 < len; i += 2)
			offer->has_tls13 |= bytes[i] == 3 && bytes[i + 1] == 4;
	if (find_extension(ssl, TLSEXT_TYPE_supported_groups, &bytes, &len) &&
	    len - 2 <= GROUPS_MAX) {
		offer->group_bytes = len - 2;
		memcpy(offer->groups, bytes + 2, len - 2);
	}
	return SSL_CLIENT_HELLO_SUCCESS;
}

static struct pki *create_pki(void)
{
	static const char *const names[] = { "mx.example", "192.0.2.7" };
	static const struct pki_request request = { names, COUNT(names), "probe" };

	return pki_create(&request);
}

static void use_identity(struct pair *pair, X509 *leaf, EVP_PKEY *key)
{
	assert_int_equal(SSL_CTX_use_certificate(pair->context, leaf), 1);
	assert_int_equal(SSL_CTX_use_PrivateKey(pair->context, key), 1);
}

static int set_up(void **state)
{
	static struct pair pair;
	int ends[2];

	pair = (struct pair){ .pki = create_pki() };
	assert_non_null(pair.pki);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
	pair.client = ends[0];
	pair.server = ends[1];
	assert_int_equal(fcntl(pair.server, F_SETFL, O_NONBLOCK), 0);
	pair.context = SSL_CTX_new(TLS_server_method());
	assert_non_null(pair.context);
	use_identity(&pair, pair.pki->servers[CERTIFICATE_GOOD].leaf,
	             pair.pki->servers[CERTIFICATE_GOOD].key);
	SSL_CTX_set_client_hello_cb(pair.context, on_client_hello, &pair);
	*state = &pair;
	return 0;
}

static int tear_down(void **state)
{
	struct pair *pair = *state;

	hello_destroy(pair->hello);
	SSL_free(pair->ssl);
	SSL_CTX_free(pair->context);
	pki_destroy(pair->pki);
	close(pair->client);
	if (pair->server >= 0)
		close(pair->server);
	return 0;
}

static void start(struct pair *pair, const struct hello_wish *wish)
{
	pair->hello = hello_create(pair->client, wish);
	assert_non_null(pair->hello);
	assert_int_equal(hello_end(pair->hello), HELLO_END_NONE);
	assert_string_equal(hello_alert(pair->hello), "");
	assert_null(hello_leaf(pair->hello));
}

static void start_server(struct pair *pair)
{
	pair->ssl = SSL_new(pair->context);
	assert_non_null(pair->ssl);
	SSL_set_fd(pair->ssl, pair->server);
	SSL_set_accept_state(pair->ssl);
}

/* Until the client is done or has failed, and the server moves no more. */
static enum hello_progress shake(struct pair *pair)
{
	enum hello_progress progress = HELLO_WANT_READ;

	for (int turn = 0; turn < TURNS_MAX; turn++) {
		progress = hello_step(pair->hello);
		(void)SSL_do_handshake(pair->ssl);
		ERR_clear_error();
		if (progress == HELLO_FAILED ||
		    (progress == HELLO_DONE && SSL_is_init_finished(pair->ssl)))
			return progress;
	}
	fail_msg("the handshake does not end");
	return progress;
}

static enum hello_progress meet(struct pair *pair, const struct hello_wish *wish)
{
	start_server(pair);
	start(pair, wish);
	return shake(pair);
}

static const struct hello_wish plain = { .server_name = "mx.example" };
static const struct hello_wish small = { .server_name = "mx.example", .small = true };

/* ---- what is offered ---- */

static void large_hello_offers_tls13_and_many_groups(void **state)
{
	struct pair *pair = *state;

	assert_int_equal(meet(pair, &plain), HELLO_DONE);
	assert_true(pair->offer.has_tls13);
	assert_true(pair->offer.group_bytes > 2);
	assert_int_equal(SSL_version(pair->ssl), TLS1_3_VERSION);
}

static void small_hello_offers_tls12_and_p256(void **state)
{
	static const unsigned char p256[] = { 0, 23 };
	struct pair *pair = *state;

	assert_int_equal(meet(pair, &small), HELLO_DONE);
	assert_false(pair->offer.has_tls13);
	assert_int_equal(pair->offer.group_bytes, sizeof(p256));
	assert_memory_equal(pair->offer.groups, p256, sizeof(p256));
	assert_int_equal(SSL_version(pair->ssl), TLS1_2_VERSION);
}

static void server_name_is_sent(void **state)
{
	struct pair *pair = *state;

	assert_int_equal(meet(pair, &plain), HELLO_DONE);
	assert_true(pair->offer.has_name);
	assert_string_equal(SSL_get_servername(pair->ssl, TLSEXT_NAMETYPE_host_name),
	                    "mx.example");
}

static void no_server_name_is_sent_without_one(void **state)
{
	struct pair *pair = *state;

	assert_int_equal(meet(pair, &(struct hello_wish){ 0 }), HELLO_DONE);
	assert_int_equal(pair->offer.count, 1);
	assert_false(pair->offer.has_name);
}

static void address_is_no_server_name(void **state)
{
	struct pair *pair = *state;

	assert_int_equal(meet(pair, &(struct hello_wish){ .server_name = "192.0.2.7" }),
	                 HELLO_DONE);
	assert_false(pair->offer.has_name);
}

static void name_that_openssl_refuses_makes_no_hello(void **state)
{
	struct pair *pair = *state;
	char name[TLSEXT_MAXLEN_host_name + 2];

	memset(name, 'a', sizeof(name));
	name[sizeof(name) - 1] = '\0';
	assert_null(hello_create(pair->client,
	                         &(struct hello_wish){ .server_name = name }));
	assert_int_equal(ERR_peek_error(), 0);
	name[sizeof(name) - 2] = '\0';
	start(pair, &(struct hello_wish){ .server_name = name });
}

static void no_certificate_is_sent(void **state)
{
	struct pair *pair = *state;

	SSL_CTX_set_verify(pair->context, SSL_VERIFY_PEER, NULL);
	assert_int_equal(meet(pair, &plain), HELLO_DONE);
	assert_null(SSL_get0_peer_certificate(pair->ssl));
}

/* ---- what comes back ---- */

static void leaf_is_shown_and_not_verified(void **state)
{
	static const char issuer[] = "CN=Root nobody trusts";
	struct pair *pair = *state;
	const struct identity *untrusted = &pair->pki->servers[CERTIFICATE_UNTRUSTED];

	use_identity(pair, untrusted->leaf, untrusted->key);
	assert_int_equal(meet(pair, &(struct hello_wish){ .server_name = "x.example" }),
	                 HELLO_DONE);
	assert_non_null(hello_leaf(pair->hello));
	assert_string_equal(hello_leaf(pair->hello)->subject, "CN=mx.example");
	assert_string_equal(hello_leaf(pair->hello)->issuer, issuer);
	assert_string_equal(hello_leaf(pair->hello)->alternatives,
	                    "mx.example 192.0.2.7");
}

static void lines_go_both_ways(void **state)
{
	struct pair *pair = *state;
	char bytes[16];
	size_t moved = 99;

	meet(pair, &small);
	assert_int_equal(hello_read(pair->hello, bytes, sizeof(bytes), &moved),
	                 HELLO_WANT_READ);
	assert_int_equal(moved, 0);
	assert_int_equal(hello_write(pair->hello, "EHLO a\r\n", 8, &moved), HELLO_DONE);
	assert_int_equal(moved, 8);
	assert_int_equal(SSL_read(pair->ssl, bytes, sizeof(bytes)), 8);
	assert_memory_equal(bytes, "EHLO a\r\n", 8);
	assert_int_equal(SSL_write(pair->ssl, "250 b\r\n", 7), 7);
	assert_int_equal(hello_read(pair->hello, bytes, sizeof(bytes), &moved),
	                 HELLO_DONE);
	assert_int_equal(moved, 7);
	assert_memory_equal(bytes, "250 b\r\n", 7);
	assert_int_equal(hello_end(pair->hello), HELLO_END_NONE);
}

static void alert_is_told(void **state)
{
	struct pair *pair = *state;

	SSL_CTX_set_min_proto_version(pair->context, TLS1_3_VERSION);
	assert_int_equal(meet(pair, &small), HELLO_FAILED);
	assert_int_equal(hello_end(pair->hello), HELLO_END_ALERT);
	assert_string_equal(hello_alert(pair->hello), "protocol version");
	assert_null(hello_leaf(pair->hello));
	assert_int_equal(ERR_peek_error(), 0);
}

/* RFC 6066 §3: unrecognized_name as a warning does not end the handshake. */
static void warning_is_no_end(void **state)
{
	static const char warning[] = { 21, 3, 1, 0, 2, 1, 112 };
	struct pair *pair = *state;

	start_server(pair);
	start(pair, &small);
	assert_int_equal(hello_step(pair->hello), HELLO_WANT_READ);
	assert_int_equal(send(pair->server, warning, sizeof(warning), 0),
	                 sizeof(warning));
	assert_int_equal(shake(pair), HELLO_DONE);
	assert_string_equal(hello_alert(pair->hello), "");
}

static enum hello_end end_after(struct pair *pair, const void *bytes, size_t len)
{
	enum hello_progress progress;

	start(pair, &plain);
	assert_int_equal(hello_step(pair->hello), HELLO_WANT_READ);
	assert_int_equal(send(pair->server, bytes, len, 0), len);
	progress = hello_step(pair->hello);
	assert_int_equal(progress, HELLO_FAILED);
	assert_int_equal(ERR_peek_error(), 0);
	return hello_end(pair->hello);
}

static void plain_text_is_not_tls(void **state)
{
	static const char greeting[] = "220 mx.example ESMTP\r\n";

	assert_int_equal(end_after(*state, greeting, sizeof(greeting) - 1),
	                 HELLO_END_NOT_TLS);
}

/* Content types 20 to 23 and major version 3 make a record. */
static void bytes_decide_what_is_tls(void **state)
{
	static const struct {
		const char *name;
		unsigned char record[9];
		enum hello_end expected;
	} rows[] = {
		{ "type 19", { 19, 3, 3, 0, 4, 1, 2, 3, 4 }, HELLO_END_NOT_TLS },
		{ "type 20", { 20, 3, 3, 0, 4, 1, 2, 3, 4 }, HELLO_END_BROKEN },
		{ "type 22", { 22, 3, 3, 0, 4, 2, 0, 0, 0 }, HELLO_END_BROKEN },
		{ "type 23", { 23, 3, 3, 0, 4, 1, 2, 3, 4 }, HELLO_END_BROKEN },
		{ "type 24", { 24, 3, 3, 0, 4, 1, 2, 3, 4 }, HELLO_END_NOT_TLS },
		{ "major 2", { 22, 2, 3, 0, 4, 2, 0, 0, 0 }, HELLO_END_NOT_TLS },
		{ "major 4", { 22, 4, 3, 0, 4, 2, 0, 0, 0 }, HELLO_END_NOT_TLS },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		void *fresh;

		assert_int_equal(set_up(&fresh), 0);
		CHECK_INT(rows[i].name,
		          end_after(fresh, rows[i].record, sizeof(rows[i].record)),
		          rows[i].expected);
		tear_down(&fresh);
	}
}

/* ---- the peer goes ---- */

static void peer_that_closes_in_the_handshake_is_told(void **state)
{
	struct pair *pair = *state;

	start(pair, &plain);
	assert_int_equal(hello_step(pair->hello), HELLO_WANT_READ);
	shutdown(pair->server, SHUT_WR);
	assert_int_equal(hello_step(pair->hello), HELLO_FAILED);
	assert_int_equal(hello_end(pair->hello), HELLO_END_CLOSED);
}

/* To a Unix socket a close with unread bytes is a reset. */
static void peer_that_resets_in_the_handshake_is_told(void **state)
{
	struct pair *pair = *state;

	start(pair, &plain);
	assert_int_equal(hello_step(pair->hello), HELLO_WANT_READ);
	close(pair->server);
	pair->server = -1;
	assert_int_equal(hello_step(pair->hello), HELLO_FAILED);
	assert_int_equal(hello_end(pair->hello), HELLO_END_RESET);
}

/* SIGPIPE, which cmocka leaves alone, would end the test. */
static void writing_to_nobody_is_survived(void **state)
{
	struct pair *pair = *state;

	close(pair->server);
	pair->server = -1;
	start(pair, &plain);
	assert_int_equal(hello_step(pair->hello), HELLO_FAILED);
	assert_int_equal(hello_end(pair->hello), HELLO_END_RESET);
}

static void end_of_a_session_is_told(void **state, bool orderly)
{
	struct pair *pair = *state;
	char byte;
	size_t moved;

	meet(pair, &small);
	if (orderly)
		SSL_shutdown(pair->ssl);
	else
		shutdown(pair->server, SHUT_WR);
	assert_int_equal(hello_read(pair->hello, &byte, 1, &moved), HELLO_FAILED);
	assert_int_equal(moved, 0);
	assert_int_equal(hello_end(pair->hello), HELLO_END_CLOSED);
}

static void close_notify_is_a_close(void **state)
{
	end_of_a_session_is_told(state, true);
}

static void end_of_tcp_is_a_close(void **state)
{
	end_of_a_session_is_told(state, false);
}

static void destroy_says_close_notify(void **state)
{
	struct pair *pair = *state;
	char byte;

	meet(pair, &plain);
	hello_destroy(pair->hello);
	pair->hello = NULL;
	assert_int_equal(SSL_get_error(pair->ssl, SSL_read(pair->ssl, &byte, 1)),
	                 SSL_ERROR_ZERO_RETURN);
}

static void destroy_takes_null(void **state)
{
	(void)state;
	hello_destroy(NULL);
}

/* ---- bounds ---- */

static void full_socket_is_waited_for(void **state)
{
	struct pair *pair = *state;
	char bytes[4096] = { 0 };

	while (send(pair->client, bytes, sizeof(bytes), MSG_DONTWAIT) > 0)
		;
	start_server(pair);
	start(pair, &plain);
	assert_int_equal(hello_step(pair->hello), HELLO_WANT_WRITE);
	while (recv(pair->server, bytes, sizeof(bytes), 0) > 0)
		;
	assert_int_equal(shake(pair), HELLO_DONE);
}

static void error_of_somebody_else_is_no_error(void **state)
{
	struct pair *pair = *state;

	start_server(pair);
	start(pair, &plain);
	ERR_raise(ERR_LIB_SSL, SSL_R_BAD_LENGTH);
	assert_int_equal(hello_step(pair->hello), HELLO_WANT_READ);
}

/* The server asks again and again; the client shakes hands once. */
static void renegotiation_is_declined(void **state)
{
	struct pair *pair = *state;
	char byte;
	size_t moved;

	meet(pair, &small);
	assert_int_equal(SSL_renegotiate(pair->ssl), 1);
	(void)SSL_do_handshake(pair->ssl);
	ERR_clear_error();
	(void)hello_read(pair->hello, &byte, 1, &moved);
	(void)SSL_read(pair->ssl, &byte, 1);
	ERR_clear_error();
	assert_int_equal(pair->offer.count, 1);
}

static int waiting(const struct pair *pair)
{
	int bytes = 0;

	assert_int_equal(ioctl(pair->client, FIONREAD, &bytes), 0);
	return bytes;
}

/* However many a peer sends, the loop has its turn after each. */
static void one_record_without_data_a_call(void **state)
{
	enum { UPDATES = 5 };
	struct pair *pair = *state;
	char byte;
	size_t moved;
	int calls = 0;

	SSL_CTX_set_num_tickets(pair->context, 0);
	meet(pair, &plain);
	for (int i = 0; i < UPDATES; i++) {
		SSL_key_update(pair->ssl, SSL_KEY_UPDATE_NOT_REQUESTED);
		assert_int_equal(SSL_do_handshake(pair->ssl), 1);
	}
	for (; waiting(pair) > 0 && calls <= UPDATES; calls++)
		assert_int_equal(hello_read(pair->hello, &byte, 1, &moved),
		                 HELLO_WANT_READ);
	assert_int_equal(calls, UPDATES);
}

static X509 *create_certificate(EVP_PKEY *key, int padding)
{
	X509 *made = X509_new();
	X509_NAME *name = X509_get_subject_name(made);
	ASN1_OCTET_STRING *octets = ASN1_OCTET_STRING_new();
	unsigned char *bytes = calloc(1, (size_t)padding);
	X509_EXTENSION *extension;

	X509_set_version(made, X509_VERSION_3);
	X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const void *)"a", 1, -1,
	                           0);
	X509_set_issuer_name(made, name);
	X509_gmtime_adj(X509_getm_notBefore(made), 0);
	X509_gmtime_adj(X509_getm_notAfter(made), 1000);
	X509_set_pubkey(made, key);
	ASN1_OCTET_STRING_set(octets, bytes, padding);
	extension = X509_EXTENSION_create_by_NID(NULL, NID_netscape_comment, 0, octets);
	X509_add_ext(made, extension, -1);
	assert_true(X509_sign(made, key, NULL) > 0);
	X509_EXTENSION_free(extension);
	ASN1_OCTET_STRING_free(octets);
	free(bytes);
	return made;
}

/* The server's chain fills a Certificate message of `size` bytes (RFC 8446 §4.4.2). */
static enum hello_progress meet_chain_of(struct pair *pair, int size)
{
	enum { AROUND = 1 + 3 + 3 + 2, GUESS = HELLO_CHAIN_BYTES_MAX - 1024 };
	EVP_PKEY *key = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
	X509 *leaf = create_certificate(key, GUESS);
	int padding = GUESS + size - AROUND - i2d_X509(leaf, NULL);
	enum hello_progress progress;

	X509_free(leaf);
	leaf = create_certificate(key, padding);
	assert_int_equal(i2d_X509(leaf, NULL) + AROUND, size);
	use_identity(pair, leaf, key);
	SSL_CTX_set1_sigalgs_list(pair->context, "ed25519"); /* and no other leaf */
	progress = meet(pair, &plain);
	X509_free(leaf);
	EVP_PKEY_free(key);
	return progress;
}

static void chain_at_the_limit_is_taken(void **state)
{
	assert_int_equal(meet_chain_of(*state, HELLO_CHAIN_BYTES_MAX), HELLO_DONE);
}

static void chain_above_the_limit_is_broken(void **state)
{
	struct pair *pair = *state;

	assert_int_equal(meet_chain_of(pair, HELLO_CHAIN_BYTES_MAX + 1), HELLO_FAILED);
	assert_int_equal(hello_end(pair->hello), HELLO_END_BROKEN);
	assert_null(hello_leaf(pair->hello));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(large_hello_offers_tls13_and_many_groups),
		TEST(small_hello_offers_tls12_and_p256),
		TEST(server_name_is_sent),
		TEST(no_server_name_is_sent_without_one),
		TEST(address_is_no_server_name),
		TEST(name_that_openssl_refuses_makes_no_hello),
		TEST(no_certificate_is_sent),
		TEST(leaf_is_shown_and_not_verified),
		TEST(lines_go_both_ways),
		TEST(alert_is_told),
		TEST(warning_is_no_end),
		TEST(plain_text_is_not_tls),
		cmocka_unit_test(bytes_decide_what_is_tls),
		TEST(peer_that_closes_in_the_handshake_is_told),
		TEST(peer_that_resets_in_the_handshake_is_told),
		TEST(writing_to_nobody_is_survived),
		TEST(close_notify_is_a_close),
		TEST(end_of_tcp_is_a_close),
		TEST(destroy_says_close_notify),
		cmocka_unit_test(destroy_takes_null),
		TEST(full_socket_is_waited_for),
		TEST(error_of_somebody_else_is_no_error),
		TEST(renegotiation_is_declined),
		TEST(one_record_without_data_a_call),
		TEST(chain_at_the_limit_is_taken),
		TEST(chain_above_the_limit_is_broken),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
