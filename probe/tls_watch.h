/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PROBE_TLS_WATCH_H
#define PROBE_TLS_WATCH_H

#include <stdbool.h>
#include <stddef.h>

struct ssl_ctx_st; /* OpenSSL's SSL_CTX */
struct ssl_st;

enum { BINDING_SIZE_MAX = 64, CHAIN_MAX = 8 };

/* Says one event of the handshake, in the words of a trace. */
typedef void tls_say(void *owner, const char *event);

/*
 * Looks inside one TLS handshake: start, end, alerts, the presented chain and
 * everything that is wrong with it. The caller keeps it alive as long as the
 * SSL_CTX it is installed in.
 */
struct tls_watch {
	const char *host; /* DNS name or IP address the certificate must cover */
	bool insecure;    /* go on with a certificate that does not verify */
	tls_say *say;
	void *owner;

	/* Found: */
	bool started, done, verified;
	bool binding_is_exporter; /* RFC 9266; else tls-unique (RFC 5929 §3) */
	size_t binding_len;
	unsigned char binding[BINDING_SIZE_MAX];

	/* Private: */
	bool trusted; /* the chain leads to an authority */
	struct ssl_st *ssl;
};

/*
 * Takes over verification in `context`. Trust, dates and name (RFC 6125) are all
 * judged, and each fault is said in an event of its own, so that "expired" does
 * not hide behind "untrusted". Events:
 *
 *   tls start
 *   certificate N …           (certificate_event.h; the first CHAIN_MAX)
 *   verify CODE TEXT          (X509_V_* and its words; one 0 when nothing is wrong)
 *   staple good|revoked|unknown|unreadable|untrusted      (staple.h; none = no event)
 *   tls alert received|sent TEXT
 *   tls done VERSION CIPHER [GROUP]
 *
 * A certificate that its issuer's staple calls revoked gets "verify 23 …" although the
 * chain was found to be right before. GROUP is the key exchange's by its name
 * in IANA's registry, "x25519"; none without such an exchange.
 */
void tls_watch_install(struct tls_watch *watch, struct ssl_ctx_st *context);

#endif
