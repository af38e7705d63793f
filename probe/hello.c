/* SPDX-License-Identifier: Apache-2.0 */
#include "probe/hello.h"

#include <errno.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "probe/address.h"

/* Content type and major version of a record (RFC 8446 §5.1). */
enum { RECORD_START = 2 };

struct hello {
	int socket;
	SSL_CTX *context;
	BIO_METHOD *method;
	SSL *ssl;
	size_t seen; /* of `start` */
	unsigned char start[RECORD_START];
	bool done, closed, lost;
	enum hello_end end;
	char alert[HELLO_ALERT_MAX];
	bool has_leaf;
	struct certificate_names leaf;
};

/* ---- the socket, without SIGPIPE and without waiting ---- */

static void note_start(struct hello *hello, const char *bytes, size_t len)
{
	while (len-- > 0 && hello->seen < RECORD_START)
		hello->start[hello->seen++] = (unsigned char)*bytes++;
}

static int bio_read(BIO *bio, char *bytes, int room)
{
	struct hello *hello = BIO_get_data(bio);
	ssize_t got = recv(hello->socket, bytes, (size_t)room, MSG_DONTWAIT);

	BIO_clear_retry_flags(bio);
	if (got > 0)
		note_start(hello, bytes, (size_t)got);
	else if (got == 0)
		hello->closed = true;
	else if (errno == EAGAIN || errno == EINTR)
		BIO_set_retry_read(bio);
	else
		hello->lost = true;
	return (int)got;
}

static int bio_write(BIO *bio, const char *bytes, int len)
{
	struct hello *hello = BIO_get_data(bio);
	ssize_t sent =
		send(hello->socket, bytes, (size_t)len, MSG_DONTWAIT | MSG_NOSIGNAL);

	BIO_clear_retry_flags(bio);
	if (sent < 0 && (errno == EAGAIN || errno == EINTR))
		BIO_set_retry_write(bio);
	else if (sent < 0)
		hello->lost = true;
	return (int)sent;
}

static long bio_control(BIO *bio, int command, long number, void *pointer)
{
	const struct hello *hello = BIO_get_data(bio);

	(void)number, (void)pointer;
	if (command == BIO_CTRL_EOF)
		return hello->closed;
	return command == BIO_CTRL_FLUSH;
}

static bool attach_socket(struct hello *hello)
{
	BIO *bio;

	hello->method = BIO_meth_new(BIO_TYPE_SOURCE_SINK, "hello");
	if (!hello->method || !BIO_meth_set_read(hello->method, bio_read) ||
	    !BIO_meth_set_write(hello->method, bio_write) ||
	    !BIO_meth_set_ctrl(hello->method, bio_control))
		return false;
	bio = BIO_new(hello->method);
	if (!bio)
		return false;
	BIO_set_data(bio, hello);
	BIO_set_init(bio, 1);
	SSL_set_bio(hello->ssl, bio, bio);
	return true;
}

/* ---- what the handshake shows ---- */

static int take_leaf(X509_STORE_CTX *store, void *owner)
{
	struct hello *hello = owner;

	certificate_read_names(&hello->leaf, X509_STORE_CTX_get0_cert(store));
	hello->has_leaf = true;
	return 1;
}

static void on_info(const SSL *ssl, int where, int value)
{
	struct hello *hello = SSL_get_app_data(ssl);

	if (where == SSL_CB_READ_ALERT && value >> 8 == SSL3_AL_FATAL)
		snprintf(hello->alert, sizeof(hello->alert), "%s",
		         SSL_alert_desc_string_long(value));
}

static enum hello_end why_failed(const struct hello *hello)
{
	if (hello->alert[0])
		return HELLO_END_ALERT;
	if (hello->seen == RECORD_START &&
	    (hello->start[0] < SSL3_RT_CHANGE_CIPHER_SPEC ||
	     hello->start[0] > SSL3_RT_APPLICATION_DATA ||
	     hello->start[1] != SSL3_VERSION_MAJOR))
		return HELLO_END_NOT_TLS;
	if (hello->lost)
		return HELLO_END_RESET;
	return hello->closed ? HELLO_END_CLOSED : HELLO_END_BROKEN;
}

/* After a call with `result`; leaves nothing in the thread's queue of errors. */
static enum hello_progress progress_of(struct hello *hello, int result)
{
	int error = SSL_get_error(hello->ssl, result);

	ERR_clear_error();
	switch (error) {
	case SSL_ERROR_NONE:
		return HELLO_DONE;
	case SSL_ERROR_WANT_READ:
		return HELLO_WANT_READ;
	case SSL_ERROR_WANT_WRITE:
		return HELLO_WANT_WRITE;
	case SSL_ERROR_ZERO_RETURN:
		hello->end = HELLO_END_CLOSED;
		return HELLO_FAILED;
	default:
		hello->end = why_failed(hello);
		return HELLO_FAILED;
	}
}

/* ---- beginning and end ---- */

/*
 * One record a call: a peer that sends session tickets or key updates without end gets
 * no more than its share of the loop.
 */
static bool set_rules(struct hello *hello, bool small)
{
	SSL_CTX *context = hello->context;

	SSL_CTX_set_cert_verify_callback(context, take_leaf, hello);
	SSL_CTX_set_verify(context, SSL_VERIFY_PEER, NULL);
	SSL_CTX_set_max_cert_list(context, HELLO_CHAIN_BYTES_MAX);
	SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION);
	SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
	SSL_CTX_clear_mode(context, SSL_MODE_AUTO_RETRY);
	SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE |
	                                  SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
	SSL_CTX_set_info_callback(context, on_info);
	return !small || (SSL_CTX_set_max_proto_version(context, TLS1_2_VERSION) &&
	                  SSL_CTX_set1_groups_list(context, "P-256"));
}

static bool set_server_name(struct hello *hello, const char *name)
{
	return !name || address_is_literal(name) ||
	       SSL_set_tlsext_host_name(hello->ssl, name) == 1;
}

static bool set_up(struct hello *hello, const struct hello_wish *wish)
{
	hello->context = SSL_CTX_new(TLS_client_method());
	if (!hello->context || !set_rules(hello, wish->small))
		return false;
	hello->ssl = SSL_new(hello->context);
	if (!hello->ssl || !set_server_name(hello, wish->server_name))
		return false;
	SSL_set_app_data(hello->ssl, hello);
	SSL_set_connect_state(hello->ssl);
	return attach_socket(hello);
}

struct hello *hello_create(int socket, const struct hello_wish *wish)
{
	struct hello *hello = calloc(1, sizeof(*hello));

	if (!hello)
		return NULL;
	hello->socket = socket;
	if (set_up(hello, wish))
		return hello;
	ERR_clear_error();
	hello_destroy(hello);
	return NULL;
}

enum hello_progress hello_step(struct hello *hello)
{
	enum hello_progress progress;

	ERR_clear_error();
	progress = progress_of(hello, SSL_do_handshake(hello->ssl));
	hello->done = progress == HELLO_DONE;
	return progress;
}

enum hello_progress hello_read(struct hello *hello, char *bytes, size_t room,
                               size_t *moved)
{
	*moved = 0;
	ERR_clear_error();
	return progress_of(hello, SSL_read_ex(hello->ssl, bytes, room, moved));
}

enum hello_progress hello_write(struct hello *hello, const char *bytes, size_t len,
                                size_t *moved)
{
	*moved = 0;
	ERR_clear_error();
	return progress_of(hello, SSL_write_ex(hello->ssl, bytes, len, moved));
}

enum hello_end hello_end(const struct hello *hello)
{
	return hello->end;
}

const char *hello_alert(const struct hello *hello)
{
	return hello->alert;
}

const struct certificate_names *hello_leaf(const struct hello *hello)
{
	return hello->has_leaf ? &hello->leaf : NULL;
}

void hello_destroy(struct hello *hello)
{
	if (!hello)
		return;
	if (hello->done && hello->end == HELLO_END_NONE)
		(void)SSL_shutdown(hello->ssl);
	ERR_clear_error();
	SSL_free(hello->ssl);
	BIO_meth_free(hello->method);
	SSL_CTX_free(hello->context);
	free(hello);
}
