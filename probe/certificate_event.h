/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PROBE_CERTIFICATE_EVENT_H
#define PROBE_CERTIFICATE_EVENT_H

#include <stddef.h>

struct x509_st; /* OpenSSL's X509 */

enum { CERTIFICATE_TEXT_MAX = 2000, NAME_TEXT_MAX = 256, NAMES_TEXT_MAX = 512 };

/*
 * Whom a certificate speaks of, cut to fit. The peer wrote it: control bytes and double
 * quotes are replaced by ' so that each can stand as a quoted value in a trace.
 */
struct certificate_names {
	char subject[NAME_TEXT_MAX]; /* RFC 2253 */
	char issuer[NAME_TEXT_MAX];
	char alternatives[NAMES_TEXT_MAX]; /* DNS names and addresses, blanks between */
};

void certificate_read_names(struct certificate_names *out,
                            const struct x509_st *certificate);

/*
 * Prints the event of one certificate; `number` is its place in the chain, 0 the leaf:
 *
 *   certificate N subject="…" issuer="…" names="…" not_before=… not_after=…
 *   issuer_url=yes|no sha256=… key_sha256=…
 *
 * on one line. Times are UTC, "unknown" when the certificate's own cannot be read; the
 * digests, in hex, are those of the DER certificate and of its SubjectPublicKeyInfo
 * (RFC 5280 §4.1.2.7; the same as in RFC 7469 §2.4 and RFC 6698 §2.1.2, selector 1).
 */
void certificate_print(char *out, size_t room, int number,
                       const struct x509_st *certificate);

#endif
