/* SPDX-License-Identifier: Apache-2.0 */
#include "probe/certificate.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

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
