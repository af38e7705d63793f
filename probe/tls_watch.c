/* SPDX-License-Identifier: Apache-2.0 */
#include "probe/tls_watch.h"

#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <stdio.h>

#include "probe/address.h"
#include "probe/certificate_event.h"
#include "probe/staple.h"

enum { FAULT_MAX = 4 };

static void say(const struct tls_watch *watch, const char *event)
{
	watch->say(watch->owner, event);
}

static void say_chain(const struct tls_watch *watch, X509_STORE_CTX *store)
{
	STACK_OF(X509) *chain = X509_STORE_CTX_get0_untrusted(store);
	int count = chain ? sk_X509_num(chain) : 0;
	char event[CERTIFICATE_TEXT_MAX];

	for (int i = 0; i < count && i < CHAIN_MAX; i++) {
		certificate_print(event, sizeof(event), i, sk_X509_value(chain, i));
		say(watch, event);
	}
}

/* X509_V_OK, or why `host` is not covered (RFC 6125; RFC 5280 for addresses). */
static int judge_name(X509 *leaf, const char *host)
{
	if (address_is_literal(host))
		return X509_check_ip_asc(leaf, host, 0) == 1
		               ? X509_V_OK
		               : X509_V_ERR_IP_ADDRESS_MISMATCH;
	return X509_check_host(leaf, host, 0, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS,
	                       NULL) == 1
	               ? X509_V_OK
	               : X509_V_ERR_HOSTNAME_MISMATCH;
}

/* Distinct faults of one verification, in the order in which they were found. */
struct faults {
	bool trusted; /* none of them is the chain's */
	int count;
	int codes[FAULT_MAX];
};

static void add_fault(struct faults *faults, int code)
{
	for (int i = 0; i < faults->count; i++)
		if (faults->codes[i] == code)
			return;
	if (faults->count < FAULT_MAX)
		faults->codes[faults->count++] = code;
}

/* Goes on after a fault, so that all of them are found. */
static int note_fault(int ok, X509_STORE_CTX *store)
{
	struct faults *faults = X509_STORE_CTX_get_app_data(store);

	if (!ok)
		add_fault(faults, X509_STORE_CTX_get_error(store));
	return 1;
}

static struct faults find_faults(const struct tls_watch *watch, X509_STORE_CTX *store)
{
	struct faults faults = { 0 };
	X509 *leaf = X509_STORE_CTX_get0_cert(store);
	void *app_data = X509_STORE_CTX_get_app_data(store);
	int name;

	X509_STORE_CTX_set_app_data(store, &faults);
	X509_STORE_CTX_set_verify_cb(store, note_fault);
	if (X509_verify_cert(store) != 1)
		add_fault(&faults, X509_STORE_CTX_get_error(store));
	X509_STORE_CTX_set_app_data(store, app_data);
	faults.trusted = faults.count == 0;
	name = judge_name(leaf, watch->host);
	if (name != X509_V_OK)
		add_fault(&faults, name);
	return faults;
}

static void say_fault(const struct tls_watch *watch, int code)
{
	char event[160];

	snprintf(event, sizeof(event), "verify %d %s", code,
	         X509_verify_cert_error_string(code));
	say(watch, event);
}

static void say_faults(const struct tls_watch *watch, const struct faults *faults)
{
	for (int i = 0; i < faults->count; i++)
		say_fault(watch, faults->codes[i]);
	if (faults->count == 0)
		say(watch, "verify 0 ok");
}

/*
 * libcurl asks OpenSSL for the outcome again after the handshake, so the code
 * that it will see is set here.
 */
static int verify(X509_STORE_CTX *store, void *arg)
{
	struct tls_watch *watch = arg;
	struct faults faults = find_faults(watch, store);
	bool go_on = faults.count == 0 || watch->insecure;

	say_chain(watch, store);
	say_faults(watch, &faults);
	watch->trusted = faults.trusted;
	watch->verified = faults.count == 0;
	X509_STORE_CTX_set_error(store, go_on ? X509_V_OK : faults.codes[0]);
	return go_on;
}

/* A certificate that stands for itself has no issuer in its chain. */
static enum staple judge_staple(const struct tls_watch *watch, SSL *ssl,
                                const unsigned char *der, size_t len)
{
	const STACK_OF(X509) *chain = SSL_get0_verified_chain(ssl);
	X509 *issuer = watch->trusted ? sk_X509_value(chain, 1) : NULL;

	return staple_judge(der, len, sk_X509_value(chain, 0), issuer);
}

/*
 * Comes once in each handshake, after verify() and before anything is sent over it:
 * 0 ends it, as RFC 6066 §8 asks for when the answer does not satisfy.
 */
static int on_staple(SSL *ssl, void *arg)
{
	struct tls_watch *watch = arg;
	const unsigned char *der = NULL;
	long len = SSL_get_tlsext_status_ocsp_resp(ssl, &der);
	enum staple staple;
	char event[40];

	if (!der || len <= 0)
		return 1;
	staple = judge_staple(watch, ssl, der, (size_t)len);
	snprintf(event, sizeof(event), "staple %s", staple_word(staple));
	say(watch, event);
	if (staple != STAPLE_REVOKED)
		return 1;
	say_fault(watch, X509_V_ERR_CERT_REVOKED);
	watch->verified = false;
	return watch->insecure;
}

static struct tls_watch *watch_of(const SSL *ssl)
{
	return SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl));
}

/* RFC 9266 for TLS 1.3; tls-unique is not defined there and is RFC 5929's below it. */
static void take_binding(struct tls_watch *watch)
{
	enum { EXPORTER_SIZE = 32 };
	static const char label[] = "EXPORTER-Channel-Binding";
	SSL *ssl = watch->ssl;

	watch->binding_is_exporter = SSL_version(ssl) >= TLS1_3_VERSION;
	if (!watch->binding_is_exporter)
		watch->binding_len =
			SSL_get_finished(ssl, watch->binding, sizeof(watch->binding));
	else if (SSL_export_keying_material(ssl, watch->binding, EXPORTER_SIZE, label,
	                                    sizeof(label) - 1, NULL, 0, 0) == 1)
		watch->binding_len = EXPORTER_SIZE;
}

/* NULL when no group was used, as with TLS 1.2 and RSA key exchange. */
static const char *group_name(SSL *ssl)
{
	return SSL_group_to_name(ssl, (int)SSL_get_negotiated_group(ssl));
}

static void on_done(struct tls_watch *watch, const SSL *ssl)
{
	const char *group = group_name(watch->ssl);
	char event[120];

	watch->done = true;
	take_binding(watch);
	snprintf(event, sizeof(event), "tls done %s %s%s%s", SSL_get_version(ssl),
	         SSL_get_cipher_name(ssl), group ? " " : "", group ? group : "");
	say(watch, event);
}

static void on_alert(const struct tls_watch *watch, bool received, int alert)
{
	char event[120];

	if ((alert & 0xff) == SSL_AD_CLOSE_NOTIFY)
		return;
	snprintf(event, sizeof(event), "tls alert %s %s",
	         received ? "received" : "sent", SSL_alert_desc_string_long(alert));
	say(watch, event);
}

static void on_info(const SSL *ssl, int where, int value)
{
	struct tls_watch *watch = watch_of(ssl);

	if (where & SSL_CB_ALERT) {
		on_alert(watch, where & SSL_CB_READ, value);
	} else if (where == SSL_CB_HANDSHAKE_START && !watch->started) {
		watch->started = true;
		say(watch, "tls start");
	} else if (where == SSL_CB_HANDSHAKE_DONE && !watch->done) {
		on_done(watch, ssl);
	}
}

/*
 * The exporter needs an SSL that may be written to; the info callback only shows
 * one. (This also takes the place of libcurl's tracing of records.)
 */
static void on_message(int sent, int version, int type, const void *bytes, size_t len,
                       SSL *ssl, void *arg)
{
	struct tls_watch *watch = arg;

	(void)sent, (void)version, (void)type, (void)bytes, (void)len;
	watch->ssl = ssl;
}

void tls_watch_install(struct tls_watch *watch, SSL_CTX *context)
{
	SSL_CTX_set_app_data(context, watch);
	SSL_CTX_set_cert_verify_callback(context, verify, watch);
	SSL_CTX_set_tlsext_status_type(context, TLSEXT_STATUSTYPE_ocsp);
	SSL_CTX_set_tlsext_status_cb(context, on_staple);
	SSL_CTX_set_tlsext_status_arg(context, watch);
	SSL_CTX_set_info_callback(context, on_info);
	SSL_CTX_set_msg_callback(context, on_message);
	SSL_CTX_set_msg_callback_arg(context, watch);
	/* Idle connections give their record buffers back. */
	SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS);
}
