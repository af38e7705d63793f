/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PROBE_TLS_FACTS_H
#define PROBE_TLS_FACTS_H

#include <stdbool.h>
#include <stddef.h>

#include "probe/clock.h"
#include "probe/str.h"

enum { CERTIFICATE_MAX = 8, VERIFY_FAULT_MAX = 4 };

struct certificate_facts {
	struct str subject, issuer;       /* RFC 4514 */
	struct str names;                 /* alternative names, with blanks between */
	struct str not_before, not_after; /* RFC 3339 */
	struct str sha256;                /* of the certificate, hexadecimal */
	struct str key_sha256;            /* of its public key (SubjectPublicKeyInfo) */
	bool names_issuer_url;            /* as the leaf of a public authority does */
};

struct tls_facts {
	bool started, done;
	struct str version, cipher, group;
	bool judged; /* a certificate was verified, well or badly */
	size_t fault_count;
	int faults[VERIFY_FAULT_MAX]; /* X509_V_ERR_*; none = verified */
	struct str fault_text;        /* of the first */
	size_t certificate_count;
	struct certificate_facts certificates[CERTIFICATE_MAX]; /* leaf first */
	struct str alert;
	bool alert_received;
	struct str staple; /* what a stapled OCSP response says; empty without one */
};

/*
 * These read our own events in a trace (forms in certificate.h); `rest` stands behind
 * the first word. False when there are more certificates than are kept.
 */
bool tls_facts_take_certificate(struct tls_facts *tls, struct str rest);
void tls_facts_take_verify(struct tls_facts *tls, struct str rest);
void tls_facts_take_alert(struct tls_facts *tls, struct str rest);
void tls_facts_take_done(struct tls_facts *tls, struct str rest);

/* Among the faults is X509_V_ERR_`code`. */
bool tls_facts_has_fault(const struct tls_facts *tls, int code);

/* Trust, dates and name were judged, and nothing was wrong. */
bool tls_facts_verified(const struct tls_facts *tls);

/* When the certificate of the chain that ends first begins and ends; false: unknown. */
bool tls_facts_first_end(const struct tls_facts *tls, usec *from, usec *until);

#endif
