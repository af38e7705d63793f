/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/pki.h"

#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/support/memory.h"

#define SECONDS_PER_DAY 86400L
#define SAN_MAX         2048

enum issuer { ISSUER_INTERMEDIATE, ISSUER_OTHER_ROOT, ISSUER_ITSELF };
enum names { NAMES_OWN, NAMES_OTHER };

static const struct {
	const char *name;
	enum issuer issuer;
	int first_day;
	int last_day;
	enum names names;
	bool send_issuer;
} certificates[CERTIFICATE_COUNT] = {
#define CERTIFICATE(id, name, issuer, first_day, last_day, names, send) \
	[CERTIFICATE_##id] = { name,     ISSUER_##issuer, first_day, \
		               last_day, NAMES_##names,   send },
#include "tests/support/certificate.def"
};

/* What is to be written into one certificate. */
struct subject {
	const char *common_name;
	const char *alternative_names; /* in OpenSSL's notation, or NULL */
	const char *constraints;
	const char *key_usage;
	const char *purpose; /* extended key usage, or NULL */
	int first_day;
	int last_day;
};

/* Who signs; both NULL means the certificate signs itself. */
struct signer {
	X509 *certificate;
	EVP_PKEY *key;
};

enum certificate certificate_named(const char *name)
{
	enum certificate found = 0;

	while (found < CERTIFICATE_COUNT && strcmp(certificates[found].name, name) != 0)
		found++;
	return found;
}

const char *certificate_name(enum certificate certificate)
{
	return certificates[certificate].name;
}

static bool add_extension(X509 *certificate, X509V3_CTX *context, int nid,
                          const char *value)
{
	X509_EXTENSION *extension;
	bool added;

	if (!value)
		return true;
	extension = X509V3_EXT_conf_nid(NULL, context, nid, value);
	added = extension && X509_add_ext(certificate, extension, -1);
	X509_EXTENSION_free(extension);
	return added;
}

static bool add_extensions(X509 *certificate, X509 *issuer,
                           const struct subject *subject)
{
	X509V3_CTX context;

	X509V3_set_ctx_nodb(&context);
	X509V3_set_ctx(&context, issuer, certificate, NULL, NULL, 0);
	return add_extension(certificate, &context, NID_basic_constraints,
	                     subject->constraints) &&
	       add_extension(certificate, &context, NID_key_usage,
	                     subject->key_usage) &&
	       add_extension(certificate, &context, NID_ext_key_usage,
	                     subject->purpose) &&
	       add_extension(certificate, &context, NID_subject_alt_name,
	                     subject->alternative_names) &&
	       add_extension(certificate, &context, NID_subject_key_identifier,
	                     "hash") &&
	       add_extension(certificate, &context, NID_authority_key_identifier,
	                     "keyid:always");
}

static bool set_serial(X509 *certificate)
{
	uint64_t serial;

	return RAND_bytes((unsigned char *)&serial, sizeof(serial)) == 1 &&
	       ASN1_INTEGER_set_uint64(X509_get_serialNumber(certificate), serial >> 1);
}

static bool set_name(X509 *certificate, const char *common_name)
{
	X509_NAME *name = X509_get_subject_name(certificate);

	return X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8,
	                                  (const unsigned char *)common_name, -1, -1,
	                                  0);
}

static bool fill(X509 *certificate, EVP_PKEY *key, struct signer signer,
                 const struct subject *subject)
{
	X509 *issuer = signer.certificate ? signer.certificate : certificate;

	return X509_set_version(certificate, X509_VERSION_3) &&
	       set_serial(certificate) &&
	       X509_gmtime_adj(X509_getm_notBefore(certificate),
	                       subject->first_day * SECONDS_PER_DAY) &&
	       X509_gmtime_adj(X509_getm_notAfter(certificate),
	                       subject->last_day * SECONDS_PER_DAY) &&
	       set_name(certificate, subject->common_name) &&
	       X509_set_pubkey(certificate, key) &&
	       X509_set_issuer_name(certificate, X509_get_subject_name(issuer)) &&
	       add_extensions(certificate, issuer, subject) &&
	       X509_sign(certificate, signer.key ? signer.key : key, EVP_sha256());
}

static bool issue(struct identity *out, struct signer signer,
                  const struct subject *subject)
{
	struct identity made = {
		.leaf = X509_new(),
		.key = EVP_EC_gen("P-256"),
		.chain = sk_X509_new_null(),
	};

	if (!made.leaf || !made.key || !made.chain ||
	    !fill(made.leaf, made.key, signer, subject)) {
		identity_clear(&made);
		return false;
	}
	*out = made;
	return true;
}

static struct subject authority(const char *common_name)
{
	return (struct subject){
		.common_name = common_name,
		.constraints = "critical,CA:TRUE",
		.key_usage = "critical,keyCertSign,cRLSign",
		.first_day = -1,
		.last_day = 3650,
	};
}

/* Writes "DNS:localhost,IP:127.0.0.1"; a name that would break the list is refused. */
static bool list_names(char out[SAN_MAX], const struct pki_request *request)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyz"
				      "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-:_*";
	size_t used = 0;

	for (size_t i = 0; i < request->name_count; i++) {
		const char *name = request->names[i];
		ASN1_OCTET_STRING *address = a2i_IPADDRESS(name);
		int length = snprintf(out + used, SAN_MAX - used, "%s%s:%s",
		                      i ? "," : "", address ? "IP" : "DNS", name);

		ASN1_OCTET_STRING_free(address);
		if (name[strspn(name, allowed)] || length < 0 ||
		    (size_t)length >= SAN_MAX - used) {
			fprintf(stderr, "smtp_script_server: bad name '%s'\n", name);
			return false;
		}
		used += (size_t)length;
	}
	return used > 0;
}

static bool send_along(struct identity *identity, X509 *issuer)
{
	return issuer && X509_up_ref(issuer) &&
	       sk_X509_push(identity->chain, issuer) > 0;
}

static bool create_server(struct pki *pki, enum certificate which,
                          const struct signer signers[], const char *common_name,
                          const char *own_names)
{
	bool own = certificates[which].names == NAMES_OWN;
	struct subject subject = {
		.common_name = own ? common_name : "other.example",
		.alternative_names = own ? own_names : "DNS:other.example",
		.constraints = "critical,CA:FALSE",
		.key_usage = "critical,digitalSignature",
		.purpose = "serverAuth",
		.first_day = certificates[which].first_day,
		.last_day = certificates[which].last_day,
	};
	struct signer signer = signers[certificates[which].issuer];

	return issue(&pki->servers[which], signer, &subject) &&
	       (!certificates[which].send_issuer ||
	        send_along(&pki->servers[which], signer.certificate));
}

static bool create_client(struct pki *pki, struct signer root, const char *common_name)
{
	struct subject subject = {
		.common_name = common_name,
		.constraints = "critical,CA:FALSE",
		.key_usage = "critical,digitalSignature",
		.purpose = "clientAuth",
		.first_day = -1,
		.last_day = 365,
	};

	return issue(&pki->client, root, &subject);
}

static bool create_responder(struct pki *pki, struct signer intermediate)
{
	struct subject subject = {
		.common_name = "Throw-away test responder",
		.constraints = "critical,CA:FALSE",
		.key_usage = "critical,digitalSignature",
		.purpose = "OCSPSigning",
		.first_day = -1,
		.last_day = 365,
	};

	return issue(&pki->responder, intermediate, &subject);
}

static bool create_all(struct pki *pki, struct identity authorities[3],
                       const struct pki_request *request)
{
	struct subject root = authority("Throw-away test root");
	struct subject intermediate = authority("Throw-away test intermediate");
	struct subject other = authority("Root nobody trusts");
	struct signer by_root;
	struct signer signers[3] = { 0 };
	char own_names[SAN_MAX];
	bool made = list_names(own_names, request) &&
	            issue(&authorities[0], (struct signer){ 0 }, &root);

	by_root = (struct signer){ authorities[0].leaf, authorities[0].key };
	made = made && issue(&authorities[1], by_root, &intermediate) &&
	       issue(&authorities[2], (struct signer){ 0 }, &other) &&
	       create_client(pki, by_root, request->client_name);
	signers[ISSUER_INTERMEDIATE] =
		(struct signer){ authorities[1].leaf, authorities[1].key };
	signers[ISSUER_OTHER_ROOT] =
		(struct signer){ authorities[2].leaf, authorities[2].key };
	made = made && create_responder(pki, signers[ISSUER_INTERMEDIATE]);
	for (enum certificate i = 0; made && i < CERTIFICATE_COUNT; i++)
		made = create_server(pki, i, signers, request->names[0], own_names);
	return made;
}

struct pki *pki_create(const struct pki_request *request)
{
	struct pki *pki = memory_zeroed(1, sizeof(*pki));
	struct identity authorities[3] = { 0 };
	bool made = create_all(pki, authorities, request);

	if (made) {
		pki->root = X509_dup(authorities[0].leaf);
		pki->intermediate = authorities[1];
		authorities[1] = (struct identity){ 0 };
	}
	for (size_t i = 0; i < 3; i++)
		identity_clear(&authorities[i]);
	if (!made) {
		fputs("smtp_script_server: cannot create the certificates\n", stderr);
		ERR_print_errors_fp(stderr);
		pki_destroy(pki);
		return NULL;
	}
	return pki;
}

void identity_clear(struct identity *identity)
{
	X509_free(identity->leaf);
	EVP_PKEY_free(identity->key);
	sk_X509_pop_free(identity->chain, X509_free);
	*identity = (struct identity){ 0 };
}

void pki_destroy(struct pki *pki)
{
	if (!pki)
		return;
	X509_free(pki->root);
	identity_clear(&pki->intermediate);
	identity_clear(&pki->responder);
	for (enum certificate i = 0; i < CERTIFICATE_COUNT; i++)
		identity_clear(&pki->servers[i]);
	identity_clear(&pki->client);
	free(pki);
}
