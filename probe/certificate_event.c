/* SPDX-License-Identifier: Apache-2.0 */
#include "probe/certificate_event.h"

#include <arpa/inet.h>
#include <openssl/x509v3.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

enum { DIGEST_TEXT_MAX = 2 * EVP_MAX_MD_SIZE + 1, TIME_TEXT_MAX = 32 };

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

static void print_hex(char *out, const unsigned char *bytes, unsigned count)
{
	static const char digits[] = "0123456789abcdef";

	for (unsigned i = 0; i < count; i++) {
		*out++ = digits[bytes[i] >> 4];
		*out++ = digits[bytes[i] & 0xf];
	}
	*out = '\0';
}

static void print_digest(char out[DIGEST_TEXT_MAX], const X509 *certificate)
{
	unsigned char digest[EVP_MAX_MD_SIZE];
	unsigned len = 0;

	X509_digest(certificate, EVP_sha256(), digest, &len);
	print_hex(out, digest, len);
}

static void print_key_digest(char out[DIGEST_TEXT_MAX], const X509 *certificate)
{
	unsigned char digest[EVP_MAX_MD_SIZE];
	unsigned len = 0;

	ASN1_item_digest(ASN1_ITEM_rptr(X509_PUBKEY), EVP_sha256(),
	                 X509_get_X509_PUBKEY(certificate), digest, &len);
	print_hex(out, digest, len);
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

void certificate_read_names(struct certificate_names *out, const X509 *certificate)
{
	print_name(out->subject, sizeof(out->subject),
	           X509_get_subject_name(certificate));
	print_name(out->issuer, sizeof(out->issuer), X509_get_issuer_name(certificate));
	print_alternatives(out->alternatives, sizeof(out->alternatives), certificate);
}

void certificate_print(char *out, size_t room, int number, const X509 *certificate)
{
	struct certificate_names names;
	char from[TIME_TEXT_MAX], until[TIME_TEXT_MAX];
	char digest[DIGEST_TEXT_MAX], key_digest[DIGEST_TEXT_MAX];

	certificate_read_names(&names, certificate);
	print_time(from, sizeof(from), X509_get0_notBefore(certificate));
	print_time(until, sizeof(until), X509_get0_notAfter(certificate));
	print_digest(digest, certificate);
	print_key_digest(key_digest, certificate);
	snprintf(out, room,
	         "certificate %d subject=\"%s\" issuer=\"%s\" names=\"%s\" "
	         "not_before=%s not_after=%s issuer_url=%s sha256=%s key_sha256=%s",
	         number, names.subject, names.issuer, names.alternatives, from, until,
	         names_its_issuer(certificate) ? "yes" : "no", digest, key_digest);
}
