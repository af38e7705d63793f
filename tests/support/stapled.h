/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SUPPORT_STAPLED_H
#define SUPPORT_STAPLED_H

#include <openssl/x509.h>

#include "tests/support/pki.h"

enum stapled {
#define STAPLED(id, name, status, signer, first_day, last_day) STAPLED_##id,
#include "tests/support/stapled.def"
	STAPLED_COUNT,
	STAPLED_NOTHING = -1
};

/* STAPLED_COUNT when no response is called NAME. */
enum stapled stapled_named(const char *name);

/* Who can sign. */
struct stapled_signers {
	const struct identity *issuer;    /* of `leaf` */
	const struct identity *responder; /* appointed by the issuer */
	const struct identity *leaf;
};

/*
 * The DER of an OCSP response (RFC 6960 §4.2) about `signers->leaf`; the caller
 * releases it with OPENSSL_free(). Negative, and NULL in `out`, when OpenSSL fails.
 */
int stapled_create(unsigned char **out, enum stapled which,
                   const struct stapled_signers *signers);

#endif
