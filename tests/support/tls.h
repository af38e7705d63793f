/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SUPPORT_TLS_H
#define SUPPORT_TLS_H

#include <openssl/ssl.h>

#include "tests/support/pki.h"
#include "tests/support/stapled.h"

/*
 * One server context for each certificate of an infrastructure. Without sessions and
 * tickets: every handshake is a full one, which is also what tls-unique needs.
 */
struct tls;

struct tls_settings {
	int highest_version;          /* TLS1_2_VERSION ..., 0 = the newest */
	enum certificate certificate; /* shown where a script names none; */
	enum certificate
		without_sni; /* unless DEFAULT, to who asks for no name of it */
	const char *client_authority; /* PEM file, or NULL: no client certificate */
};

/* NULL after a message on stderr. The PKI may be destroyed afterwards. */
struct tls *tls_create(const struct pki *pki, const struct tls_settings *settings);
void tls_destroy(struct tls *tls);

/*
 * The server's side of a handshake on `descriptor`; a client that asks for an OCSP
 * response gets `stapled`. The caller releases it with SSL_free(); NULL = no memory.
 */
SSL *tls_session(const struct tls *tls, int descriptor, enum certificate certificate,
                 enum stapled stapled);

/*
 * The common name of the client's certificate when it was verified, else NULL. The
 * caller releases it with free().
 */
char *tls_client_name(SSL *ssl);

#endif
