/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/tls.h"

#include <openssl/err.h>
#include <stdio.h>
#include <stdlib.h>

#include "tests/support/memory.h"

#define NAME_MAX_BYTES 256

struct tls {
	enum certificate certificate;
	SSL_CTX *contexts[CERTIFICATE_COUNT];
};

/*
 * A certificate that does not verify does not end the handshake: EXTERNAL refuses it
 * later, as servers do that take passwords from everybody else.
 */
static int accept_any(int verified, X509_STORE_CTX *store)
{
	(void)verified;
	(void)store;
	return 1;
}

/* Debian's defaults exclude what is older than TLS 1.2. */
static bool set_version(SSL_CTX *context, int highest)
{
	if (highest != 0 && highest < TLS1_2_VERSION &&
	    !SSL_CTX_set_cipher_list(context, "ALL:@SECLEVEL=0"))
		return false;
	return SSL_CTX_set_min_proto_version(context, TLS1_VERSION) &&
	       SSL_CTX_set_max_proto_version(context, highest);
}

static bool ask_for_client(SSL_CTX *context, const char *authority)
{
	if (!authority)
		return true;
	SSL_CTX_set_verify(context, SSL_VERIFY_PEER, accept_any);
	SSL_CTX_set_client_CA_list(context, SSL_load_client_CA_file(authority));
	return SSL_CTX_load_verify_file(context, authority);
}

static bool set_identity(SSL_CTX *context, const struct identity *identity)
{
	return SSL_CTX_use_certificate(context, identity->leaf) &&
	       SSL_CTX_use_PrivateKey(context, identity->key) &&
	       SSL_CTX_set1_chain(context, identity->chain);
}

static SSL_CTX *create_context(const struct identity *identity,
                               const struct tls_settings *settings)
{
	SSL_CTX *context = SSL_CTX_new(TLS_server_method());

	if (!context || !set_version(context, settings->highest_version) ||
	    !set_identity(context, identity) ||
	    !ask_for_client(context, settings->client_authority)) {
		SSL_CTX_free(context);
		return NULL;
	}
	SSL_CTX_set_options(context, SSL_OP_NO_TICKET | SSL_OP_NO_RENEGOTIATION);
	SSL_CTX_set_num_tickets(context, 0);
	SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
	SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE |
	                                  SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
	                                  SSL_MODE_RELEASE_BUFFERS);
	SSL_CTX_set_read_ahead(context, 1);
	return context;
}

struct tls *tls_create(const struct pki *pki, const struct tls_settings *settings)
{
	struct tls *tls = memory_zeroed(1, sizeof(*tls));

	tls->certificate = settings->certificate;
	for (enum certificate i = 0; i < CERTIFICATE_COUNT; i++) {
		tls->contexts[i] = create_context(&pki->servers[i], settings);
		if (!tls->contexts[i]) {
			fputs("smtp_script_server: cannot set up TLS\n", stderr);
			ERR_print_errors_fp(stderr);
			tls_destroy(tls);
			return NULL;
		}
	}
	return tls;
}

void tls_destroy(struct tls *tls)
{
	if (!tls)
		return;
	for (enum certificate i = 0; i < CERTIFICATE_COUNT; i++)
		SSL_CTX_free(tls->contexts[i]);
	free(tls);
}

SSL_CTX *tls_context(const struct tls *tls, enum certificate certificate)
{
	return tls->contexts[certificate == CERTIFICATE_DEFAULT ? tls->certificate
	                                                        : certificate];
}

char *tls_client_name(SSL *ssl)
{
	X509 *peer = ssl ? SSL_get0_peer_certificate(ssl) : NULL;
	char name[NAME_MAX_BYTES];
	int length;

	if (!peer || SSL_get_verify_result(ssl) != X509_V_OK)
		return NULL;
	length = X509_NAME_get_text_by_NID(X509_get_subject_name(peer), NID_commonName,
	                                   name, sizeof(name));
	return length < 0 ? NULL : memory_copy(name, (size_t)length);
}
