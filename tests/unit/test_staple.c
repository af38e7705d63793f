/* SPDX-License-Identifier: Apache-2.0 */
#include "probe/staple.h"

#include <openssl/err.h>
#include <openssl/ocsp.h>

#include "tests/support/stapled.h"
#include "tests/unit/row.h"

static int set_up(void **state)
{
	static const char *const names[] = { "mx.example" };
	static const struct pki_request request = { names, COUNT(names), "probe" };

	*state = pki_create(&request);
	assert_non_null(*state);
	return 0;
}

static int tear_down(void **state)
{
	pki_destroy(*state);
	return 0;
}

static const struct identity *leaf_of(const struct pki *pki)
{
	return &pki->servers[CERTIFICATE_GOOD];
}

static enum staple judge(const struct pki *pki, enum stapled which, X509 *issuer)
{
	const struct stapled_signers signers = { &pki->intermediate, &pki->responder,
		                                 leaf_of(pki) };
	unsigned char *der;
	int len = stapled_create(&der, which, &signers);
	enum staple staple;

	assert_true(len > 0);
	staple = staple_judge(der, (size_t)len, leaf_of(pki)->leaf, issuer);
	OPENSSL_free(der);
	return staple;
}

static void each_response_means_what_it_may(void **state)
{
	static const struct {
		const char *name;
		enum stapled which;
		const char *expected;
	} rows[] = {
		{ "good", STAPLED_GOOD, "good" },
		{ "revoked", STAPLED_REVOKED, "revoked" },
		{ "unknown", STAPLED_UNKNOWN, "unknown" },
		{ "signed by an appointed responder", STAPLED_DELEGATED, "good" },
		{ "named by SHA-256", STAPLED_SHA256, "good" },
		{ "out of date", STAPLED_STALE, "untrusted" },
		{ "not yet in force", STAPLED_EARLY, "untrusted" },
		{ "signed by the certificate itself", STAPLED_BY_LEAF, "untrusted" },
		{ "with a wrong signature", STAPLED_FORGED, "untrusted" },
		{ "about another certificate", STAPLED_OTHER, "untrusted" },
		{ "with a byte behind it", STAPLED_TRAILING, "unreadable" },
		{ "that says to try later", STAPLED_LATER, "unreadable" },
		{ "no DER", STAPLED_GARBAGE, "unreadable" },
	};
	const struct pki *pki = *state;

	assert_int_equal(COUNT(rows), STAPLED_COUNT);
	for (size_t i = 0; i < COUNT(rows); i++)
		CHECK_TEXT(
			rows[i].name,
			staple_word(judge(pki, rows[i].which, pki->intermediate.leaf)),
			rows[i].expected);
}

static void issuer_decides_who_may_sign(void **state)
{
	const struct pki *pki = *state;

	assert_int_equal(judge(pki, STAPLED_REVOKED, NULL), STAPLE_UNTRUSTED);
	assert_int_equal(judge(pki, STAPLED_REVOKED, pki->root), STAPLE_UNTRUSTED);
	assert_int_equal(judge(pki, STAPLED_DELEGATED, NULL), STAPLE_UNTRUSTED);
	assert_int_equal(judge(pki, STAPLED_DELEGATED, pki->root), STAPLE_UNTRUSTED);
	assert_int_equal(judge(pki, STAPLED_GARBAGE, NULL), STAPLE_UNREADABLE);
}

static void errors_of_others_stay_and_ours_go(void **state)
{
	const struct pki *pki = *state;

	ERR_clear_error();
	judge(pki, STAPLED_GARBAGE, pki->intermediate.leaf);
	judge(pki, STAPLED_FORGED, pki->intermediate.leaf);
	assert_int_equal(ERR_peek_error(), 0);
	ERR_raise(ERR_LIB_SSL, 1);
	judge(pki, STAPLED_GARBAGE, pki->intermediate.leaf);
	assert_int_not_equal(ERR_peek_error(), 0);
	ERR_clear_error();
}

/* OpenSSL tells one that it cannot read from one that is wrong. */
static void malformed_signature_is_untrusted(void **state)
{
	const struct pki *pki = *state;
	const struct stapled_signers signers = { &pki->intermediate, &pki->responder,
		                                 leaf_of(pki) };
	unsigned char *der;
	int len = stapled_create(&der, STAPLED_REVOKED, &signers);
	const unsigned char *at = der;
	OCSP_RESPONSE *response = d2i_OCSP_RESPONSE(NULL, &at, len);
	OCSP_BASICRESP *answers = OCSP_response_get1_basic(response);
	int size = ASN1_STRING_length(OCSP_resp_get0_signature(answers));

	der[len - size] ^= 0xff;
	assert_int_equal(staple_judge(der, (size_t)len, leaf_of(pki)->leaf,
	                              pki->intermediate.leaf),
	                 STAPLE_UNTRUSTED);
	OCSP_BASICRESP_free(answers);
	OCSP_RESPONSE_free(response);
	OPENSSL_free(der);
}

/* ---- bounds ---- */

static void add_answer(OCSP_BASICRESP *answers, const X509 *about, const X509 *issuer)
{
	OCSP_CERTID *id = OCSP_cert_to_id(EVP_sha1(), about, issuer);
	ASN1_TIME *now = X509_gmtime_adj(NULL, 0);

	assert_non_null(OCSP_basic_add1_status(answers, id, V_OCSP_CERTSTATUS_GOOD, 0,
	                                       NULL, now, NULL));
	OCSP_CERTID_free(id);
	ASN1_TIME_free(now);
}

/* The answer about the leaf stands behind `others` about another certificate. */
static OCSP_RESPONSE *sign_answers(const struct pki *pki, int others, int padding)
{
	OCSP_BASICRESP *answers = OCSP_BASICRESP_new();
	OCSP_RESPONSE *response;

	for (int i = 0; i < others; i++)
		add_answer(answers, pki->responder.leaf, pki->intermediate.leaf);
	add_answer(answers, leaf_of(pki)->leaf, pki->intermediate.leaf);
	if (padding)
		assert_int_equal(OCSP_basic_add1_nonce(answers, NULL, padding), 1);
	assert_int_equal(OCSP_basic_sign(answers, pki->intermediate.leaf,
	                                 pki->intermediate.key, EVP_sha256(), NULL,
	                                 OCSP_NOCERTS),
	                 1);
	response = OCSP_response_create(OCSP_RESPONSE_STATUS_SUCCESSFUL, answers);
	OCSP_BASICRESP_free(answers);
	return response;
}

static enum staple judge_response(const struct pki *pki, OCSP_RESPONSE *response)
{
	unsigned char *der = NULL;
	int len = i2d_OCSP_RESPONSE(response, &der);
	enum staple staple = staple_judge(der, (size_t)len, leaf_of(pki)->leaf,
	                                  pki->intermediate.leaf);

	OPENSSL_free(der);
	OCSP_RESPONSE_free(response);
	return staple;
}

static void answers_beyond_the_limit_are_not_looked_at(void **state)
{
	const struct pki *pki = *state;

	assert_int_equal(
		judge_response(pki, sign_answers(pki, STAPLE_ANSWERS_MAX - 1, 0)),
		STAPLE_GOOD);
	assert_int_equal(judge_response(pki, sign_answers(pki, STAPLE_ANSWERS_MAX, 0)),
	                 STAPLE_UNTRUSTED);
}

/* An ECDSA signature is a byte longer or shorter by chance, so it is drawn again. */
static OCSP_RESPONSE *sign_bytes(const struct pki *pki, int size)
{
	enum { GUESS = STAPLE_BYTES_MAX - 1024 };
	OCSP_RESPONSE *response = sign_answers(pki, 0, GUESS);
	int padding = GUESS + size - i2d_OCSP_RESPONSE(response, NULL);

	while (i2d_OCSP_RESPONSE(response, NULL) != size) {
		OCSP_RESPONSE_free(response);
		response = sign_answers(pki, 0, padding);
	}
	return response;
}

static void response_has_a_longest(void **state)
{
	const struct pki *pki = *state;

	assert_int_equal(judge_response(pki, sign_bytes(pki, STAPLE_BYTES_MAX)),
	                 STAPLE_GOOD);
	assert_int_equal(judge_response(pki, sign_bytes(pki, STAPLE_BYTES_MAX + 1)),
	                 STAPLE_UNREADABLE);
}

static void nothing_is_unreadable(void **state)
{
	const struct pki *pki = *state;
	const unsigned char none[1] = { 0x30 };

	assert_int_equal(
		staple_judge(none, 0, leaf_of(pki)->leaf, pki->intermediate.leaf),
		STAPLE_UNREADABLE);
	assert_int_equal(
		staple_judge(none, 1, leaf_of(pki)->leaf, pki->intermediate.leaf),
		STAPLE_UNREADABLE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_response_means_what_it_may),
		cmocka_unit_test(issuer_decides_who_may_sign),
		cmocka_unit_test(errors_of_others_stay_and_ours_go),
		cmocka_unit_test(malformed_signature_is_untrusted),
		cmocka_unit_test(answers_beyond_the_limit_are_not_looked_at),
		cmocka_unit_test(response_has_a_longest),
		cmocka_unit_test(nothing_is_unreadable),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
