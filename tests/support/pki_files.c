/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/support/memory.h"
#include "tests/support/pki.h"

static bool complain(const char *path)
{
	fprintf(stderr, "smtp_script_server: %s: %s\n", path, strerror(errno));
	return false;
}

static bool join(char out[PATH_MAX], const char *directory, const char *name,
                 const char *suffix)
{
	int length = snprintf(out, PATH_MAX, "%s/%s%s", directory, name, suffix);

	if (length > 0 && length < PATH_MAX)
		return true;
	errno = ENAMETOOLONG;
	return complain(directory);
}

/* A private file under another name; close_new() gives it its real one. */
static FILE *open_new(const char *path, char scratch[PATH_MAX])
{
	int length = snprintf(scratch, PATH_MAX, "%s.new", path);
	int descriptor;
	FILE *file;

	if (length < 0 || length >= PATH_MAX)
		return NULL;
	descriptor = open(scratch, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	file = descriptor < 0 ? NULL : fdopen(descriptor, "w");
	if (!file)
		complain(scratch);
	return file;
}

static bool close_new(FILE *file, bool written, const char *scratch, const char *path)
{
	if (fclose(file) != 0 || !written || rename(scratch, path) != 0)
		return complain(path);
	return true;
}

static bool write_certificates(const char *directory, const char *name, X509 *first,
                               const STACK_OF(X509) * rest)
{
	char path[PATH_MAX];
	char scratch[PATH_MAX];
	FILE *file;
	bool written;

	if (!join(path, directory, name, ".pem") || !(file = open_new(path, scratch)))
		return false;
	written = PEM_write_X509(file, first);
	for (int i = 0; i < sk_X509_num(rest); i++)
		written = written && PEM_write_X509(file, sk_X509_value(rest, i));
	return close_new(file, written, scratch, path);
}

static bool write_key(const char *directory, const char *name, EVP_PKEY *key)
{
	char path[PATH_MAX];
	char scratch[PATH_MAX];
	FILE *file;
	bool written;

	if (!join(path, directory, name, ".key") || !(file = open_new(path, scratch)))
		return false;
	written = PEM_write_PrivateKey(file, key, NULL, NULL, 0, NULL, NULL);
	return close_new(file, written, scratch, path);
}

static bool write_identity(const char *directory, const char *name,
                           const struct identity *identity)
{
	return write_certificates(directory, name, identity->leaf, identity->chain) &&
	       write_key(directory, name, identity->key);
}

/* ca.pem comes last: where it stands, everything else stands too. */
static bool write_all(const char *directory, const struct pki *pki)
{
	bool written = write_identity(directory, "intermediate", &pki->intermediate) &&
	               write_identity(directory, "responder", &pki->responder) &&
	               write_identity(directory, "client", &pki->client);

	for (enum certificate i = 0; i < CERTIFICATE_COUNT; i++)
		written = written && write_identity(directory, certificate_name(i),
		                                    &pki->servers[i]);
	return written && write_certificates(directory, "ca", pki->root, NULL);
}

static bool read_certificates(const char *directory, const char *name, X509 **first,
                              STACK_OF(X509) * rest)
{
	char path[PATH_MAX];
	FILE *file;
	X509 *next;

	if (!join(path, directory, name, ".pem"))
		return false;
	file = fopen(path, "re");
	if (!file)
		return complain(path);
	*first = PEM_read_X509(file, NULL, NULL, NULL);
	while (rest && (next = PEM_read_X509(file, NULL, NULL, NULL)))
		sk_X509_push(rest, next);
	fclose(file);
	ERR_clear_error(); /* reading past the last one leaves an error */
	if (!*first)
		fprintf(stderr, "smtp_script_server: %s: no certificate\n", path);
	return *first;
}

static bool read_key(const char *directory, const char *name, EVP_PKEY **key)
{
	char path[PATH_MAX];
	FILE *file;

	if (!join(path, directory, name, ".key"))
		return false;
	file = fopen(path, "re");
	if (!file)
		return complain(path);
	*key = PEM_read_PrivateKey(file, NULL, NULL, NULL);
	fclose(file);
	if (!*key)
		fprintf(stderr, "smtp_script_server: %s: no private key\n", path);
	return *key;
}

static bool read_identity(const char *directory, const char *name,
                          struct identity *identity)
{
	identity->chain = sk_X509_new_null();
	return read_certificates(directory, name, &identity->leaf, identity->chain) &&
	       read_key(directory, name, &identity->key);
}

static struct pki *read_all(const char *directory)
{
	struct pki *pki = memory_zeroed(1, sizeof(*pki));
	bool complete = read_certificates(directory, "ca", &pki->root, NULL) &&
	                read_identity(directory, "intermediate", &pki->intermediate) &&
	                read_identity(directory, "responder", &pki->responder) &&
	                read_identity(directory, "client", &pki->client);

	for (enum certificate i = 0; complete && i < CERTIFICATE_COUNT; i++)
		complete =
			read_identity(directory, certificate_name(i), &pki->servers[i]);
	if (complete)
		return pki;
	pki_destroy(pki);
	return NULL;
}

static struct pki *create_in(const char *directory, const struct pki_request *request)
{
	struct pki *pki = pki_create(request);

	if (pki && write_all(directory, pki))
		return pki;
	pki_destroy(pki);
	return NULL;
}

/* Holds the lock until its descriptor is closed. */
static int lock(const char *directory)
{
	char path[PATH_MAX];
	int descriptor;

	if (mkdir(directory, 0755) != 0 && errno != EEXIST) {
		complain(directory);
		return -1;
	}
	if (!join(path, directory, "lock", ""))
		return -1;
	descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (descriptor < 0 || flock(descriptor, LOCK_EX) != 0)
		complain(path);
	return descriptor;
}

struct pki *pki_open(const char *directory, const struct pki_request *request)
{
	char path[PATH_MAX];
	struct pki *pki = NULL;
	int held = lock(directory);

	if (held < 0)
		return NULL;
	if (join(path, directory, "ca", ".pem"))
		pki = access(path, F_OK) == 0 ? read_all(directory)
		                              : create_in(directory, request);
	close(held);
	return pki;
}
