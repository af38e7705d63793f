/* SPDX-License-Identifier: Apache-2.0 */
#include "probe/certificate.h"

#include <arpa/inet.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "probe/address.h"

enum { NAME_TEXT_MAX = 256, NAMES_TEXT_MAX = 512, FAULT_MAX = 4 };

/* ---- files ---- */

/* Keys with a passphrase cannot be used by a program that runs alone. */
static int no_passphrase(char *buffer, int size, int writing, void *owner)
{
	(void)buffer, (void)size, (void)writing, (void)owner;
	return -1;
}

static X509 *read_certificate(const char *path)
{
	BIO *file = BIO_new_file(path, "r");
	X509 *certificate =
		file ? PEM_read_bio_X509_AUX(file, NULL, no_passphrase, NULL) : NULL;

	BIO_free(file);
	return certificate;
}

static EVP_PKEY *read_key(const char *path)
{
	BIO *file = BIO_new_file(path, "r");
	EVP_PKEY *key =
		file ? PEM_read_bio_PrivateKey(file, NULL, no_passphrase, NULL) : NULL;

	BIO_free(file);
	return key;
}

bool certificate_check_file(const char *path, struct error *err)
{
	X509 *certificate = read_certificate(path);
	bool found = certificate != NULL;

	X509_free(certificate);
	ERR_clear_error();
	if (found)
		return true;
	return error_set(err, "%s: holds no certificate in PEM form", path);
}

bool certificate_check_pair(const char *certificate, const char *key, struct error *err)
{
	X509 *read = read_certificate(certificate);
	EVP_PKEY *private = read_key(key);
	bool fits = read && private && X509_check_private_key(read, private) == 1;
	bool has_certificate = read != NULL, has_key = private != NULL;

	X509_free(read);
	EVP_PKEY_free(private);
	ERR_clear_error();
	if (!has_certificate)
		return error_set(err, "%s: holds no certificate in PEM form",
		                 certificate);
	if (!has_key)
		return error_set(err, "%s: holds no key in PEM form without passphrase",
		                 key);
	if (!fits)
		return error_set(err, "%s: is not the key of %s", key, certificate);
	return true;
}

/* ---- the handshake ---- */

static void say(const struct tls_watch *watch, const char *event)
{
	watch->say(watch->owner, event);
}

/* Copies a memory BIO as a quoted value: no quotes, no control bytes inside. */
static void take_quoted(char *out, size_t room, BIO *bio)
{
	int len = BIO_read(bio, out, (int)room - 1);

	out[len > 0 ? len : 0] = '\0';
	for (char *c = out; *c; c++)
		if (*c == '"' || (unsigned char)*c < ' ' || *c == 0x7f)
			*c = '\'';
}

static void print_name(char *out, size_t room, const X509_NAME *name)
{
	BIO *bio = BIO_new(BIO_s_mem());

	X509_NAME_print_ex(bio, name, 0, XN_FLAG_RFC2253);
	take_quoted(out, room, bio);
	BIO_free(bio);
}

static void print_alternative(BIO *bio, const GENERAL_NAME *name)
{
	char address[INET6_ADDRSTRLEN] = "";
	const ASN1_OCTET_STRING *ip;

	if (name->type == GEN_DNS) {
		BIO_printf(bio, "%.*s ", ASN1_STRING_length(name->d.dNSName),
		           (const char *)ASN1_STRING_get0_data(name->d.dNSName));
	} else if (name->type == GEN_IPADD) {
		ip = name->d.iPAddress; /* of any length: the peer wrote it */
		if (ASN1_STRING_length(ip) == 4)
			inet_ntop(AF_INET, ASN1_STRING_get0_data(ip), address,
			          sizeof(address));
		else if (ASN1_STRING_length(ip) == 16)
			inet_ntop(AF_INET6, ASN1_STRING_get0_data(ip), address,
			          sizeof(address));
		else
			return;
		BIO_printf(bio, "%s ", address);
	}
}

static void print_alternatives(char *out, size_t room, const X509 *certificate)
{
	GENERAL_NAMES *names =
		X509_get_ext_d2i(certificate, NID_subject_alt_name, NULL, NULL);
	BIO *bio = BIO_new(BIO_s_mem());

	for (int i = 0; names && i < sk_GENERAL_NAME_num(names); i++)
		print_alternative(bio, sk_GENERAL_NAME_value(names, i));
	take_quoted(out, room, bio);
	if (*out && out[strlen(out) - 1] == ' ')
		out[strlen(out) - 1] = '\0';
	BIO_free(bio);
	GENERAL_NAMES_free(names);
}

static void print_time(char *out, size_t room, const ASN1_TIME *when)
{
	struct tm parts;

	if (!ASN1_TIME_to_tm(when, &parts) ||
	    !strftime(out, room, "%Y-%m-%dT%H:%M:%SZ", &parts))
		snprintf(out, room, "unknown");
}

static void print_digest(char *out, const X509 *certificate)
{
	unsigned char digest[EVP_MAX_MD_SIZE];
	unsigned len = 0;

	X509_digest(certificate, EVP_sha256(), digest, &len);
	for (unsigned i = 0; i < len; i++)
		snprintf(out + 2 * i, 3, "%02x", digest[i]);
}

/*
 * Public authorities write the address of the issuer's certificate into every
 * leaf; private ones rarely do. It tells a server that forgot its intermediate
 * from one whose authority is simply not known here.
 */
static bool names_its_issuer(const X509 *certificate)
{
	return X509_get_ext_by_NID(certificate, NID_info_access, -1) >= 0;
}

static void say_certificate(const struct tls_watch *watch, int number,
                            const X509 *certificate)
{
	char subject[NAME_TEXT_MAX], issuer[NAME_TEXT_MAX], names[NAMES_TEXT_MAX];
	char from[32], until[32], digest[2 * EVP_MAX_MD_SIZE + 1] = "";
	char event[CERTIFICATE_TEXT_MAX];

	print_name(subject, sizeof(subject), X509_get_subject_name(certificate));
	print_name(issuer, sizeof(issuer), X509_get_issuer_name(certificate));
	print_alternatives(names, sizeof(names), certificate);
	print_time(from, sizeof(from), X509_get0_notBefore(certificate));
	print_time(until, sizeof(until), X509_get0_notAfter(certificate));
	print_digest(digest, certificate);
	snprintf(event, sizeof(event),
	         "certificate %d subject=\"%s\" issuer=\"%s\" names=\"%s\" "
	         "not_before=%s "
	         "not_after=%s issuer_url=%s sha256=%s",
	         number, subject, issuer, names, from, until,
	         names_its_issuer(certificate) ? "yes" : "no", digest);
	say(watch, event);
}

static void say_chain(const struct tls_watch *watch, X509_STORE_CTX *store)
{
	STACK_OF(X509) *chain = X509_STORE_CTX_get0_untrusted(store);
	int count = chain ? sk_X509_num(chain) : 0;

	for (int i = 0; i < count && i < CHAIN_MAX; i++)
		say_certificate(watch, i, sk_X509_value(chain, i));
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
	name = judge_name(leaf, watch->host);
	if (name != X509_V_OK)
		add_fault(&faults, name);
	return faults;
}

static void say_faults(const struct tls_watch *watch, const struct faults *faults)
{
	char event[160];

	for (int i = 0; i < faults->count; i++) {
		snprintf(event, sizeof(event), "verify %d %s", faults->codes[i],
		         X509_verify_cert_error_string(faults->codes[i]));
		say(watch, event);
	}
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
	watch->verified = faults.count == 0;
	X509_STORE_CTX_set_error(store, go_on ? X509_V_OK : faults.codes[0]);
	return go_on;
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

static void on_done(struct tls_watch *watch, const SSL *ssl)
{
	char event[120];

	watch->done = true;
	take_binding(watch);
	snprintf(event, sizeof(event), "tls done %s %s", SSL_get_version(ssl),
	         SSL_get_cipher_name(ssl));
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
	SSL_CTX_set_info_callback(context, on_info);
	SSL_CTX_set_msg_callback(context, on_message);
	SSL_CTX_set_msg_callback_arg(context, watch);
	/* Idle connections give their record buffers back. */
	SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS);
}
