/* SPDX-License-Identifier: Apache-2.0 */
#include "probe/tls_facts.h"

#include <stdio.h>

#include "tests/unit/row.h"

static void certificate_is_read(void **state)
{
	struct tls_facts tls = { 0 };
	const struct certificate_facts *leaf = &tls.certificates[0];

	(void)state;
	assert_true(tls_facts_take_certificate(
		&tls,
		STR("0 subject=\"CN=mx.example\" issuer=\"CN=Example CA\" "
	            "names=\"mx.example www.mx.example\" "
	            "not_before=2024-01-01T00:00:00Z not_after=2034-01-01T00:00:00Z "
	            "issuer_url=yes sha256=00ff key_sha256=aa11")));
	assert_int_equal(tls.certificate_count, 1);
	assert_false(tls.judged); /* shown, but not yet verified */
	CHECK_STR("subject", leaf->subject, "CN=mx.example");
	CHECK_STR("issuer", leaf->issuer, "CN=Example CA");
	CHECK_STR("names", leaf->names, "mx.example www.mx.example");
	CHECK_STR("from", leaf->not_before, "2024-01-01T00:00:00Z");
	CHECK_STR("until", leaf->not_after, "2034-01-01T00:00:00Z");
	CHECK_STR("sha256", leaf->sha256, "00ff");
	CHECK_STR("key", leaf->key_sha256, "aa11");
	assert_true(leaf->names_issuer_url);
}

static void chain_keeps_its_order_and_its_limit(void **state)
{
	struct tls_facts tls = { 0 };
	char note[64];

	(void)state;
	for (int i = 0; i < CERTIFICATE_MAX; i++) {
		snprintf(note, sizeof(note), "%d subject=\"CN=%d\" issuer_url=no", i,
		         i);
		assert_true(tls_facts_take_certificate(&tls, str_of(note)));
		assert_int_equal(tls.certificate_count, i + 1);
		/* The views are of a note that is gone; the flag is our own. */
		assert_false(tls.certificates[i].names_issuer_url);
	}
	assert_false(tls_facts_take_certificate(&tls, STR("8 subject=\"CN=8\"")));
	assert_int_equal(tls.certificate_count, CERTIFICATE_MAX);
}

/* From the notes "verify CODE TEXT". */
static const struct {
	const char *name, *notes[3];
	int faults;
	const char *text;
	bool verified;
} verdicts[] = {
	{ "nobody looked", { NULL }, 0, "", false },
	{ "good", { "0 ok" }, 0, "", true },
	{ "self-signed",
	  { "18 self-signed certificate" },
	  1,
	  "self-signed certificate",
	  false },
	{ "two faults", { "10 expired", "62 name" }, 2, "expired", false },
	{ "good, then bad", { "0 ok", "18 no" }, 1, "no", false },
	{ "unreadable", { "x" }, 0, "", false },
	{ "empty", { "" }, 0, "", false },
};

static void faults_are_counted(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(verdicts); i++) {
		struct tls_facts tls = { .done = true };

		for (size_t j = 0; j < 3 && verdicts[i].notes[j]; j++)
			tls_facts_take_verify(&tls, str_of(verdicts[i].notes[j]));
		CHECK_INT(verdicts[i].name, tls.fault_count, verdicts[i].faults);
		CHECK_STR(verdicts[i].name, tls.fault_text, verdicts[i].text);
		CHECK_INT(verdicts[i].name, tls_facts_verified(&tls),
		          verdicts[i].verified);
		tls.done = false;
		CHECK(verdicts[i].name, !tls_facts_verified(&tls));
	}
}

static void faults_end_at_their_limit(void **state)
{
	struct tls_facts tls = { 0 };
	char note[32];

	(void)state;
	for (int i = 0; i <= VERIFY_FAULT_MAX; i++) {
		snprintf(note, sizeof(note), "%d fault", i + 10);
		tls_facts_take_verify(&tls, str_of(note));
	}
	assert_int_equal(tls.fault_count, VERIFY_FAULT_MAX);
	for (int i = 0; i < VERIFY_FAULT_MAX; i++)
		assert_true(tls_facts_has_fault(&tls, i + 10));
	assert_false(tls_facts_has_fault(&tls, VERIFY_FAULT_MAX + 10));
	assert_false(tls_facts_has_fault(&tls, 0));
}

static void alert_and_end_are_read(void **state)
{
	struct tls_facts tls = { 0 };

	(void)state;
	tls_facts_take_alert(&tls, STR(" received handshake failure"));
	assert_true(tls.alert_received);
	CHECK_STR("alert", tls.alert, "handshake failure");
	tls_facts_take_alert(&tls, STR(" sent unknown CA"));
	assert_false(tls.alert_received);
	CHECK_STR("alert", tls.alert, "unknown CA");
	tls_facts_take_done(&tls, STR(" TLSv1.3 TLS_AES_256_GCM_SHA384 X25519"));
	assert_true(tls.done);
	CHECK_STR("version", tls.version, "TLSv1.3");
	CHECK_STR("cipher", tls.cipher, "TLS_AES_256_GCM_SHA384");
	CHECK_STR("group", tls.group, "X25519");
}

/* As older traces have it. */
static void end_without_a_group_is_an_end(void **state)
{
	struct tls_facts tls = { 0 };

	(void)state;
	tls_facts_take_done(&tls, STR(" TLSv1.2 ECDHE-RSA-AES256-GCM-SHA384"));
	assert_true(tls.done);
	CHECK_STR("cipher", tls.cipher, "ECDHE-RSA-AES256-GCM-SHA384");
	assert_int_equal(tls.group.len, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(certificate_is_read),
		cmocka_unit_test(chain_keeps_its_order_and_its_limit),
		cmocka_unit_test(faults_are_counted),
		cmocka_unit_test(faults_end_at_their_limit),
		cmocka_unit_test(alert_and_end_are_read),
		cmocka_unit_test(end_without_a_group_is_an_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
