/* SPDX-License-Identifier: Apache-2.0 */
#include "probe/staple.h"

#include <openssl/err.h>
#include <openssl/ocsp.h>
#include <stdbool.h>

/* How far the clocks of a responder and of this machine may differ. */
enum { CLOCK_SKEW_S = 300, ANY_AGE = -1 };

/* The answers of a response; NULL when it has none, as with tryLater. */
static OCSP_BASICRESP *read_answers(const unsigned char *der, size_t len)
{
	const unsigned char *end = der;
	OCSP_RESPONSE *response;
	OCSP_BASICRESP *answers = NULL;

	if (len > STAPLE_BYTES_MAX)
		return NULL;
	response = d2i_OCSP_RESPONSE(NULL, &end, (long)len);
	if (response && end == der + len &&
	    OCSP_response_status(response) == OCSP_RESPONSE_STATUS_SUCCESSFUL)
		answers = OCSP_response_get1_basic(response);
	OCSP_RESPONSE_free(response);
	return answers;
}

/* Responders name a certificate by hashes of its issuer, and choose the algorithm. */
static bool is_about(const OCSP_SINGLERESP *answer, X509 *leaf, X509 *issuer)
{
	OCSP_CERTID *named = OCSP_CERTID_dup(OCSP_SINGLERESP_get0_id(answer));
	OCSP_CERTID *wanted = NULL;
	ASN1_OBJECT *algorithm = NULL;
	bool same;

	if (OCSP_id_get0_info(NULL, &algorithm, NULL, NULL, named))
		wanted = OCSP_cert_to_id(EVP_get_digestbyobj(algorithm), leaf, issuer);
	same = wanted && OCSP_id_cmp(named, wanted) == 0;
	OCSP_CERTID_free(named);
	OCSP_CERTID_free(wanted);
	return same;
}

static OCSP_SINGLERESP *find_answer(OCSP_BASICRESP *answers, X509 *leaf, X509 *issuer)
{
	int count = OCSP_resp_count(answers);

	for (int i = 0; i < count && i < STAPLE_ANSWERS_MAX; i++) {
		OCSP_SINGLERESP *answer = OCSP_resp_get0(answers, i);

		if (is_about(answer, leaf, issuer))
			return answer;
	}
	return NULL;
}

/*
 * The issuer is trusted already, so it may end the responder's chain: that saves to
 * verify the authorities above it once more.
 */
static bool is_signed_for(OCSP_BASICRESP *answers, X509 *issuer)
{
	X509_STORE *store = X509_STORE_new();
	STACK_OF(X509) *signers = sk_X509_new_null();
	bool is_signed = store && signers && sk_X509_push(signers, issuer) > 0 &&
	                 X509_STORE_add_cert(store, issuer) &&
	                 X509_STORE_set_flags(store, X509_V_FLAG_PARTIAL_CHAIN) &&
	                 OCSP_basic_verify(answers, signers, store, 0) == 1;

	sk_X509_free(signers);
	X509_STORE_free(store);
	return is_signed;
}

static enum staple judge_answers(OCSP_BASICRESP *answers, X509 *leaf, X509 *issuer)
{
	OCSP_SINGLERESP *answer = issuer ? find_answer(answers, leaf, issuer) : NULL;
	ASN1_GENERALIZEDTIME *from = NULL, *until = NULL;
	int status;

	if (!answer)
		return STAPLE_UNTRUSTED;
	status = OCSP_single_get0_status(answer, NULL, NULL, &from, &until);
	if (!OCSP_check_validity(from, until, CLOCK_SKEW_S, ANY_AGE) ||
	    !is_signed_for(answers, issuer))
		return STAPLE_UNTRUSTED;
	switch (status) {
	case V_OCSP_CERTSTATUS_GOOD:
		return STAPLE_GOOD;
	case V_OCSP_CERTSTATUS_REVOKED:
		return STAPLE_REVOKED;
	default:
		return STAPLE_UNKNOWN;
	}
}

/* The handshake goes on afterwards, so no error may stay in the thread's queue. */
enum staple staple_judge(const unsigned char *der, size_t len, X509 *leaf, X509 *issuer)
{
	enum staple staple = STAPLE_UNREADABLE;
	OCSP_BASICRESP *answers;

	ERR_set_mark();
	answers = read_answers(der, len);
	if (answers)
		staple = judge_answers(answers, leaf, issuer);
	OCSP_BASICRESP_free(answers);
	ERR_pop_to_mark();
	return staple;
}

const char *staple_word(enum staple staple)
{
	static const char *const words[] = {
		[STAPLE_GOOD] = "good",           [STAPLE_REVOKED] = "revoked",
		[STAPLE_UNKNOWN] = "unknown",     [STAPLE_UNREADABLE] = "unreadable",
		[STAPLE_UNTRUSTED] = "untrusted",
	};

	return words[staple];
}
