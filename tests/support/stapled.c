/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/stapled.h"

#include <openssl/ocsp.h>
#include <string.h>

#define SECONDS_PER_DAY 86400L

enum status {
	STATUS_GOOD = V_OCSP_CERTSTATUS_GOOD,
	STATUS_REVOKED = V_OCSP_CERTSTATUS_REVOKED,
	STATUS_UNKNOWN = V_OCSP_CERTSTATUS_UNKNOWN
};

enum signer { SIGNER_ISSUER, SIGNER_RESPONDER, SIGNER_LEAF };

static const struct {
	const char *name;
	enum status status;
	enum signer signer;
	int first_day;
	int last_day;
} responses[STAPLED_COUNT] = {
#define STAPLED(id, name, status, signer, first_day, last_day) \
	[STAPLED_## \
		id] = { name, STATUS_##status, SIGNER_##signer, first_day, last_day },
#include "tests/support/stapled.def"
};

enum stapled stapled_named(const char *name)
{
	enum stapled found = 0;

	while (found < STAPLED_COUNT && strcmp(responses[found].name, name) != 0)
		found++;
	return found;
}

static bool add_answer(OCSP_BASICRESP *answers, enum stapled which,
                       const struct stapled_signers *signers)
{
	const struct identity *subject =
		which == STAPLED_OTHER ? signers->responder : signers->leaf;
	OCSP_CERTID *id =
		OCSP_cert_to_id(which == STAPLED_SHA256 ? EVP_sha256() : EVP_sha1(),
	                        subject->leaf, signers->issuer->leaf);
	ASN1_TIME *now = X509_gmtime_adj(NULL, 0);
	ASN1_TIME *from =
		X509_gmtime_adj(NULL, responses[which].first_day * SECONDS_PER_DAY);
	ASN1_TIME *until =
		X509_gmtime_adj(NULL, responses[which].last_day * SECONDS_PER_DAY);
	bool revoked = responses[which].status == STATUS_REVOKED;
	bool added = id && now && from && until &&
	             OCSP_basic_add1_status(answers, id, (int)responses[which].status,
	                                    OCSP_REVOKED_STATUS_KEYCOMPROMISE,
	                                    revoked ? now : NULL, from, until);

	OCSP_CERTID_free(id);
	ASN1_TIME_free(now);
	ASN1_TIME_free(from);
	ASN1_TIME_free(until);
	return added;
}

static const struct identity *signer_of(enum stapled which,
                                        const struct stapled_signers *signers)
{
	switch (responses[which].signer) {
	case SIGNER_RESPONDER:
		return signers->responder;
	case SIGNER_LEAF:
		return signers->leaf;
	case SIGNER_ISSUER:
		break;
	}
	return signers->issuer;
}

static OCSP_RESPONSE *create_response(enum stapled which,
                                      const struct stapled_signers *signers)
{
	const struct identity *signer = signer_of(which, signers);
	bool known = responses[which].signer == SIGNER_ISSUER;
	OCSP_BASICRESP *answers = OCSP_BASICRESP_new();
	OCSP_RESPONSE *response = NULL;
	int status = which == STAPLED_LATER ? OCSP_RESPONSE_STATUS_TRYLATER
	                                    : OCSP_RESPONSE_STATUS_SUCCESSFUL;

	if (answers && add_answer(answers, which, signers) &&
	    OCSP_basic_sign(answers, signer->leaf, signer->key, EVP_sha256(), NULL,
	                    known ? OCSP_NOCERTS : 0))
		response = OCSP_response_create(status, answers);
	OCSP_BASICRESP_free(answers);
	return response;
}

/* Where no certificate follows, the signature is the end of the response. */
static int spoil(unsigned char **der, int len, enum stapled which)
{
	unsigned char *longer;

	if (which == STAPLED_GARBAGE)
		memset(*der, '?', (size_t)len);
	if (which == STAPLED_FORGED)
		(*der)[len - 1] ^= 1;
	if (which != STAPLED_TRAILING)
		return len;
	longer = OPENSSL_realloc(*der, (size_t)len + 1);
	if (!longer)
		return len;
	longer[len] = 0;
	*der = longer;
	return len + 1;
}

int stapled_create(unsigned char **out, enum stapled which,
                   const struct stapled_signers *signers)
{
	OCSP_RESPONSE *response = create_response(which, signers);
	int len;

	*out = NULL;
	len = response ? i2d_OCSP_RESPONSE(response, out) : -1;
	OCSP_RESPONSE_free(response);
	return len > 0 ? spoil(out, len, which) : -1;
}
