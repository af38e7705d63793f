/* SPDX-License-Identifier: Apache-2.0 */
#include "probe/certificate_event.h"

#include <openssl/evp.h>
#include <openssl/x509v3.h>
#include <stdio.h>

#include "tests/support/pki.h"
#include "tests/unit/row.h"

static int set_up(void **state)
{
	static const char *const names[] = { "mx.example", "192.0.2.7", "2001:db8::7" };
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

static const char *hex_digest(const unsigned char *der, int len)
{
	static char text[2 * EVP_MAX_MD_SIZE + 1];
	unsigned char digest[EVP_MAX_MD_SIZE];
	unsigned size = 0;

	assert_true(EVP_Digest(der, (size_t)len, digest, &size, EVP_sha256(), NULL));
	for (unsigned i = 0; i < size; i++)
		snprintf(text + 2 * i, 3, "%02x", digest[i]);
	return text;
}

static void assert_holds(const char *event, const char *key, const char *value)
{
	char fact[300];

	snprintf(fact, sizeof(fact), " %s=%s", key, value);
	if (!strstr(event, fact))
		fail_msg("no \"%s\" in: %s", fact, event);
}

static void event_has_names_dates_and_digests(void **state)
{
	const struct pki *pki = *state;
	X509 *leaf = pki->servers[CERTIFICATE_GOOD].leaf;
	unsigned char *der = NULL, *key = NULL;
	int len = i2d_X509(leaf, &der);
	int key_len = i2d_PUBKEY(pki->servers[CERTIFICATE_GOOD].key, &key);
	char event[CERTIFICATE_TEXT_MAX], end[200];

	certificate_print(event, sizeof(event), 3, leaf);
	assert_memory_equal(event, "certificate 3 subject=\"CN=mx.example\" ", 38);
	assert_holds(event, "issuer", "\"CN=Throw-away test intermediate\" ");
	assert_holds(event, "names",
	             "\"mx.example 192.0.2.7 2001:db8::7\" not_before=");
	assert_holds(event, "issuer_url", "no");
	assert_holds(event, "sha256", hex_digest(der, len));
	snprintf(end, sizeof(end), " key_sha256=%s", hex_digest(key, key_len));
	assert_string_equal(event + strlen(event) - strlen(end), end);
	OPENSSL_free(der);
	OPENSSL_free(key);
}

/* The same key in a renewed certificate is known again by its digest. */
static void key_digest_is_the_key_s(void **state)
{
	const struct pki *pki = *state;
	X509 *first = pki->servers[CERTIFICATE_GOOD].leaf, *second = X509_dup(first);
	char a[CERTIFICATE_TEXT_MAX], b[CERTIFICATE_TEXT_MAX];

	assert_int_equal(ASN1_INTEGER_set(X509_get_serialNumber(second), 7), 1);
	assert_true(X509_sign(second, pki->intermediate.key, EVP_sha256()) > 0);
	certificate_print(a, sizeof(a), 0, first);
	certificate_print(b, sizeof(b), 0, second);
	assert_string_equal(strstr(a, "key_sha256="), strstr(b, "key_sha256="));
	assert_string_not_equal(strstr(a, " sha256="), strstr(b, " sha256="));
	certificate_print(b, sizeof(b), 0, pki->servers[CERTIFICATE_EXPIRED].leaf);
	assert_string_not_equal(strstr(a, "key_sha256="), strstr(b, "key_sha256="));
	X509_free(second);
}

/* The longest names do not push the digests out of the event. */
static void long_names_are_cut(void **state)
{
	const struct pki *pki = *state;
	X509 *longest = X509_dup(pki->servers[CERTIFICATE_GOOD].leaf);
	X509_NAME *name = X509_get_subject_name(longest);
	struct certificate_names names;
	char event[CERTIFICATE_TEXT_MAX], part[65];

	memset(part, 'a', sizeof(part) - 1);
	part[sizeof(part) - 1] = '\0';
	for (int i = 0; i < 8; i++)
		X509_NAME_add_entry_by_txt(name, "OU", MBSTRING_ASC,
		                           (unsigned char *)part, -1, -1, 0);
	X509_set_issuer_name(longest, name);
	certificate_read_names(&names, longest);
	assert_int_equal(strlen(names.subject), NAME_TEXT_MAX - 1);
	assert_int_equal(strlen(names.issuer), NAME_TEXT_MAX - 1);
	certificate_print(event, sizeof(event), 0, longest);
	assert_int_equal(strlen(strstr(event, "key_sha256=")), 11 + 64);
	X509_free(longest);
}

static void quotes_and_control_bytes_are_replaced(void **state)
{
	static const unsigned char evil[] = "a\" not_after=2099\r\nb\x7f";
	const struct pki *pki = *state;
	X509 *forged = X509_dup(pki->servers[CERTIFICATE_GOOD].leaf);
	struct certificate_names names;

	X509_NAME_add_entry_by_txt(X509_get_subject_name(forged), "CN", MBSTRING_ASC,
	                           evil, -1, -1, 0);
	certificate_read_names(&names, forged);
	for (const char *c = names.subject; *c; c++)
		assert_true(*c >= ' ' && *c != '"' && *c != 0x7f);
	assert_non_null(strstr(names.subject, "not_after"));
	X509_free(forged);
}

static void add_name(GENERAL_NAMES *names, int type, const char *bytes, int len)
{
	GENERAL_NAME *name = GENERAL_NAME_new();
	ASN1_STRING *text =
		type == GEN_IPADD ? ASN1_OCTET_STRING_new() : ASN1_IA5STRING_new();

	ASN1_STRING_set(text, bytes, len);
	GENERAL_NAME_set0_value(name, type, text);
	sk_GENERAL_NAME_push(names, name);
}

/* RFC 5280 §4.2.1.6: an address has 4 or 16 bytes; a peer may write what it likes. */
static void strange_alternatives_do_no_harm(void **state)
{
	const struct pki *pki = *state;
	X509 *forged = X509_dup(pki->client.leaf);
	GENERAL_NAMES *names = GENERAL_NAMES_new();
	struct certificate_names read;

	add_name(names, GEN_DNS, "a\" b=\r\nc\x7f", 9);
	add_name(names, GEN_IPADD, "\xc0\0\2", 3);
	add_name(names, GEN_IPADD, "\xc0\0\2\1", 4);
	add_name(names, GEN_IPADD, "\xc0\0\2\1\1", 5);
	add_name(names, GEN_IPADD, "\x20\1\xd\xb8\0\0\0\0\0\0\0\0\0\0\0\1", 16);
	add_name(names, GEN_EMAIL, "a@mx.example", 12);
	assert_int_equal(X509_add1_ext_i2d(forged, NID_subject_alt_name, names, 0, 0),
	                 1);
	certificate_read_names(&read, forged);
	assert_string_equal(read.alternatives, "a' b=''c' 192.0.2.1 2001:db8::1");
	GENERAL_NAMES_free(names);
	X509_free(forged);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(event_has_names_dates_and_digests),
		cmocka_unit_test(key_digest_is_the_key_s),
		cmocka_unit_test(long_names_are_cut),
		cmocka_unit_test(quotes_and_control_bytes_are_replaced),
		cmocka_unit_test(strange_alternatives_do_no_harm),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
