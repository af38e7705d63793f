/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PROBE_STAPLE_H
#define PROBE_STAPLE_H

#include <stddef.h>

struct x509_st; /* OpenSSL's X509 */

/*
 * What the OCSP response says that a server staples to its certificate (RFC 6066 §8).
 * Anybody can write one, so the first three stand for a response that is signed by the
 * issuer of the certificate or by the responder it appointed, is about this certificate
 * and is in force (RFC 6960 §3.2).
 */
enum staple {
	STAPLE_GOOD,
	STAPLE_REVOKED,
	STAPLE_UNKNOWN,    /* the responder does not know the certificate */
	STAPLE_UNREADABLE, /* no OCSP response, or one without an answer in it */
	STAPLE_UNTRUSTED /* not signed so, about another certificate, or out of date */
};

/* The longest response, and the most answers in it, that are looked at. */
enum { STAPLE_BYTES_MAX = 16384, STAPLE_ANSWERS_MAX = 16 };

/* `issuer` is that of a verified chain; without one (NULL) nothing can be trusted. */
enum staple staple_judge(const unsigned char *der, size_t len, struct x509_st *leaf,
                         struct x509_st *issuer);

/* "good", "revoked", ...: for a trace. */
const char *staple_word(enum staple staple);

#endif
