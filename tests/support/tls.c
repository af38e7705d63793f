/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/tls.h"

#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>

#include "tests/support/memory.h"

#define NAME_MAX_BYTES 256

struct tls {
	enum certificate certificate;
	enum certificate first; /* until the client has said whom it wants */
	SSL_CTX *contexts[CERTIFICATE_COUNT];
	struct identity issuer, responder; /* of OCSP responses */
	enum stapled
		stapled[STAPLED_COUNT]; /* each holds its own number: see staple() */
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

/* What a handshake staples hangs on its session, by the address of its number. */
static int staple(SSL *ssl, void *owner)
{
	const struct tls *tls = owner;
	const enum stapled *stapled = SSL_get_app_data(ssl);
	struct identity leaf = { .leaf = SSL_get_certificate(ssl),
		                 .key = SSL_get_privatekey(ssl) };
	const struct stapled_signers signers = { &tls->issuer, &tls->responder, &leaf };
	unsigned char *der;
	int len;

	if (!stapled)
		return SSL_TLSEXT_ERR_NOACK;
	len = stapled_create(&der, *stapled, &signers);
	if (len < 0)
		return SSL_TLSEXT_ERR_ALERT_FATAL;
	SSL_set_tlsext_status_ocsp_resp(ssl, der, len);
	return SSL_TLSEXT_ERR_OK;
}

/* RFC 6066 §3: who asks for a name of the certificate gets that one. */
static int choose(SSL *ssl, int *alert, void *owner)
{
	const struct tls *tls = owner;
	SSL_CTX *wanted = tls->contexts[tls->certificate];
	const char *name = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);

	(void)alert;
	if (name &&
	    X509_check_host(SSL_CTX_get0_certificate(wanted), name, 0, 0, NULL) == 1)
		SSL_set_SSL_CTX(ssl, wanted);
	return SSL_TLSEXT_ERR_OK;
}

static struct identity share(const struct identity *identity)
{
	X509_up_ref(identity->leaf);
	EVP_PKEY_up_ref(identity->key);
	return (struct identity){ .leaf = identity->leaf, .key = identity->key };
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
	tls->first = settings->without_sni == CERTIFICATE_DEFAULT
	                     ? settings->certificate
	                     : settings->without_sni;
	tls->issuer = share(&pki->intermediate);
	tls->responder = share(&pki->responder);
	for (enum stapled i = 0; i < STAPLED_COUNT; i++)
		tls->stapled[i] = i;
	for (enum certificate i = 0; i < CERTIFICATE_COUNT; i++) {
		tls->contexts[i] = create_context(&pki->servers[i], settings);
		if (!tls->contexts[i]) {
			fputs("smtp_script_server: cannot set up TLS\n", stderr);
			ERR_print_errors_fp(stderr);
			tls_destroy(tls);
			return NULL;
		}
		SSL_CTX_set_tlsext_status_cb(tls->contexts[i], staple);
		SSL_CTX_set_tlsext_status_arg(tls->contexts[i], tls);
	}
	SSL_CTX_set_tlsext_servername_callback(tls->contexts[tls->first], choose);
	SSL_CTX_set_tlsext_servername_arg(tls->contexts[tls->first], tls);
	return tls;
}

void tls_destroy(struct tls *tls)
{
	if (!tls)
		return;
	for (enum certificate i = 0; i < CERTIFICATE_COUNT; i++)
		SSL_CTX_free(tls->contexts[i]);
	identity_clear(&tls->issuer);
	identity_clear(&tls->responder);
	free(tls);
}

SSL *tls_session(const struct tls *tls, int descriptor, enum certificate certificate,
                 enum stapled stapled)
{
	SSL *ssl = SSL_new(
		tls->contexts[certificate == CERTIFICATE_DEFAULT ? tls->first
	                                                         : certificate]);

	if (!ssl || !SSL_set_fd(ssl, descriptor)) {
		SSL_free(ssl);
		return NULL;
	}
	if (stapled != STAPLED_NOTHING)
		SSL_set_app_data(ssl, (void *)&tls->stapled[stapled]);
	return ssl;
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
