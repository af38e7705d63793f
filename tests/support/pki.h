/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SUPPORT_PKI_H
#define SUPPORT_PKI_H

#include <openssl/x509.h>
#include <stdbool.h>
#include <stddef.h>

enum certificate {
#define CERTIFICATE(id, name, issuer, first_day, last_day, names, send) \
	CERTIFICATE_##id,
#include "tests/support/certificate.def"
	CERTIFICATE_COUNT,
	CERTIFICATE_DEFAULT = -1
};

/* What one side shows in a handshake. */
struct identity {
	X509 *leaf;
	EVP_PKEY *key;
	STACK_OF(X509) * chain; /* sent after the leaf; may be empty */
};

/*
 * A throw-away public key infrastructure: one root, one intermediate, the server
 * certificates of certificate.def, one client certificate and one OCSP responder's.
 * P-256 keys throughout.
 */
struct pki {
	X509 *root;
	struct identity intermediate; /* with its key: it also signs OCSP responses */
	struct identity
		responder; /* appointed by the intermediate (RFC 6960 §4.2.2.2) */
	struct identity servers[CERTIFICATE_COUNT];
	struct identity client;
};

struct pki_request {
	const char *const *names; /* host names and addresses of the server */
	size_t name_count;
	const char *client_name;
};

/* CERTIFICATE_COUNT when no certificate is called NAME. */
enum certificate certificate_named(const char *name);
const char *certificate_name(enum certificate certificate);

/* The caller releases it with pki_destroy(); NULL after a message on stderr. */
struct pki *pki_create(const struct pki_request *request);

/*
 * The infrastructure that DIRECTORY holds; created and written there when ca.pem is
 * missing. Several processes may call this at once: one creates, the others read.
 */
struct pki *pki_open(const char *directory, const struct pki_request *request);

void pki_destroy(struct pki *pki);

/* Releases what an identity holds, not the identity itself. */
void identity_clear(struct identity *identity);

#endif
