/* SPDX-License-Identifier: Apache-2.0 */
/* Whom interceptor_find() must not accuse, in names as OpenSSL prints them. */
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <stdio.h>

#include "probe/interceptor.h"
#include "tests/unit/row.h"

/* As certificate.c prints it: RFC 2253, cut at the size of its buffer. */
static struct str print_name(char *room, size_t size, const X509_NAME *name)
{
	BIO *bio = BIO_new(BIO_s_mem());
	int len;

	X509_NAME_print_ex(bio, name, 0, XN_FLAG_RFC2253);
	len = BIO_read(bio, room, (int)size);
	BIO_free(bio);
	return (struct str){ room, len > 0 ? (size_t)len : 0 };
}

static void check_not_hit(const X509_NAME *name)
{
	char room[INTERCEPTOR_NAME_MAX + 1];
	struct str dn = print_name(room, INTERCEPTOR_NAME_MAX, name);
	struct interceptor found;

	assert_true(dn.len > 0);
	room[dn.len] = '\0';
	if (interceptor_find(&found, NULL, dn))
		fail_msg("%s: taken for %.*s", room, (int)found.product.len,
		         found.product.at);
}

static void public_roots_are_not_hit(void **state)
{
	BIO *file = BIO_new_file(PUBLIC_ROOTS, "r");
	X509 *root;
	int count = 0;

	(void)state;
	if (!file)
		fail_msg("%s is missing: install ca-certificates", PUBLIC_ROOTS);
	while ((root = PEM_read_bio_X509(file, NULL, NULL, NULL)) != NULL) {
		check_not_hit(X509_get_subject_name(root));
		check_not_hit(X509_get_issuer_name(root));
		X509_free(root);
		count++;
	}
	BIO_free(file);
	assert_true(count > 50);
}

/* Chains of private authorities: leaf, issuing authority, root; "type=value|…". */
/* clang-format off */
static const char *const private_names[][3] = {
	{ "CN=mx.contoso.example|O=Contoso Ltd", "CN=Contoso Issuing CA 01|O=Contoso Ltd", "CN=Contoso Internal Root CA|O=Contoso Ltd" },
	/* AD CS: named for the domain and the machine */
	{ "CN=ex01.corp.contoso.example", "CN=corp-DC01-CA|DC=corp|DC=contoso|DC=example", "CN=contoso-ROOTCA-CA|DC=contoso|DC=example" },
	{ "CN=EX2019", "CN=EX2019", "CN=EX2019" },
	{ "CN=mx.example", "CN=(STAGING) Puzzling Parsnip R7|O=(STAGING) Let's Encrypt|C=US", "CN=(STAGING) Pretend Pear X1|O=(STAGING) Internet Security Research Group|C=US" },
	{ "CN=mx.example", "CN=Smallstep Intermediate CA|O=Smallstep", "CN=Smallstep Root CA|O=Smallstep" },
	{ "CN=mx.ipa.example|O=IPA.EXAMPLE", "CN=Certificate Authority|O=IPA.EXAMPLE", "CN=Certificate Authority|O=IPA.EXAMPLE" },
	/* Vault */
	{ "CN=mx.example", "CN=example.com Intermediate Authority", "CN=example.com" },
	{ "CN=mail", "CN=Caddy Local Authority - ECC Intermediate", "CN=Caddy Local Authority - 2025 ECC Root" },
	{ "O=mkcert development certificate|OU=root@laptop", "CN=mkcert root@laptop|O=mkcert development CA|OU=root@laptop", "CN=mkcert root@laptop|O=mkcert development CA" },
	{ "CN=mail.example", "CN=Easy-RSA CA", "CN=Easy-RSA CA" },
	/* the openssl command's own suggestions */
	{ "CN=localhost.localdomain|O=Internet Widgits Pty Ltd|ST=Some-State|C=AU", "O=Internet Widgits Pty Ltd|ST=Some-State|C=AU", "O=Internet Widgits Pty Ltd|C=AU" },
	{ "CN=imap.example.com|OU=IMAP server|emailAddress=postmaster@example.com", "CN=imap.example.com|OU=IMAP server", "CN=imap.example.com" },
	{ "CN=debian", "CN=debian", "CN=debian" },
	{ "CN=mail.avastar.example|O=Avastar GmbH", "CN=Avastar GmbH Issuing CA|O=Avastar GmbH", "CN=Avastar GmbH Root CA|O=Avastar GmbH" },
	{ "CN=mx.sophosaurus.example", "CN=Sophosaurus CA|O=Sophos Natural History", "CN=Sophos Museum Root CA|O=Sophos Museum" },
	{ "CN=mx.example", "CN=Fortinova SSL CA|O=Fortinova", "CN=FG Root CA|O=FG Holding" },
	{ "CN=post.example|O=B\xc3\xa4" "ckerei M\xc3\xbcller, Inh. \"Karl\" M.", "CN=M\xc3\xbcller CA|O=B\xc3\xa4" "ckerei M\xc3\xbcller, Inh. \"Karl\" M.", "CN=M\xc3\xbcller Root + Backup CA" },
	{ "CN=mx.example", "CN=Kubernetes Ingress Controller Fake Certificate|O=Acme Co", "CN=kubernetes" },
	{ "CN=ads.example|OU=Network Security|O=Blue Coatings GmbH", "CN=Proxy CA|OU=Web Proxy|O=Blue Coatings GmbH", "CN=Firewall Root CA" },
	{ "CN=Plesk|OU=Plesk|O=Odin", "CN=Plesk|OU=Plesk|O=Odin", "CN=Plesk|O=Odin" },
	{ "CN=mail.example", "CN=Universit\xc3\xa9 Proxy CA|OU=SSL inspection team", "CN=\xd0\xa3\xd0\xa6|O=\xd0\x97\xd0\xb0\xd0\xb2\xd0\xbe\xd0\xb4" },
	{ "CN=mx.example|OU=Domain Control Validated", "CN=Cisco Club Dresden CA|O=Cisco Club", "CN=ESET Fan CA|O=ESET Fans" },
};
/* clang-format on */

static X509_NAME *name_of(const char *parts)
{
	struct str rest = str_of(parts), part, type;
	X509_NAME *name = X509_NAME_new();
	char word[32];

	while (str_take_word(&part, &rest, "|")) {
		assert_true(str_take_word(&type, &part, "="));
		snprintf(word, sizeof(word), "%.*s", (int)type.len, type.at);
		assert_int_equal(
			X509_NAME_add_entry_by_txt(name, word, MBSTRING_UTF8,
		                                   (const unsigned char *)part.at + 1,
		                                   (int)part.len - 1, -1, 0),
			1);
	}
	return name;
}

static void private_chains_are_not_hit(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(private_names); i++) {
		for (size_t j = 0; j < COUNT(private_names[i]); j++) {
			X509_NAME *name = name_of(private_names[i][j]);

			check_not_hit(name);
			X509_NAME_free(name);
		}
	}
}

/* The escapes that OpenSSL writes are those that are read. */
static void name_goes_through_openssl_unharmed(void **state)
{
	static const char *const values[] = {
		"ESET, spol. s r. o.",      "a+b;c<d>e\\f",    "#x",  " x ",
		"Caf\xc3\xa9 \xe2\x82\xac", "a=b, O=Fortinet", "x\ty"
	};

	(void)state;
	for (size_t i = 0; i < COUNT(values); i++) {
		struct interceptor_name read;
		X509_NAME *name = X509_NAME_new();
		char room[INTERCEPTOR_NAME_MAX];

		X509_NAME_add_entry_by_txt(name, "O", MBSTRING_UTF8,
		                           (const unsigned char *)values[i], -1, -1, 0);
		X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8,
		                           (const unsigned char *)"cn", -1, -1, 0);
		interceptor_name_read(&read, print_name(room, sizeof(room), name));
		CHECK_INT(values[i], read.count, 2);
		CHECK_STR(values[i], read.parts[1].value, values[i]);
		X509_NAME_free(name);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(public_roots_are_not_hit),
		cmocka_unit_test(private_chains_are_not_hit),
		cmocka_unit_test(name_goes_through_openssl_unharmed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
