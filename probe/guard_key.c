/* SPDX-License-Identifier: Apache-2.0 */
#include "probe/guard_key.h"

#include <openssl/crypto.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>
#include <string.h>

#include "probe/secret.h"

/* A NUL parts them, which neither can hold. */
static bool digest(unsigned char out[GUARD_DIGEST_SIZE],
                   const unsigned char salt[GUARD_SALT_SIZE], struct str user,
                   struct str secret)
{
	size_t size = user.len + 1 + secret.len;
	char *both = secret_memory_create(size);
	unsigned len = 0;
	bool done;

	memcpy(both, user.at, user.len);
	both[user.len] = '\0';
	memcpy(both + user.len + 1, secret.at, secret.len);
	done = HMAC(EVP_sha256(), salt, GUARD_SALT_SIZE, (unsigned char *)both, size,
	            out, &len) &&
	       len == GUARD_DIGEST_SIZE;
	secret_memory_destroy(both, size);
	return done;
}

bool guard_key_create(struct guard_key *out, struct str user, struct str secret,
                      struct error *err)
{
	if (RAND_bytes(out->salt, GUARD_SALT_SIZE) == 1 &&
	    digest(out->digest, out->salt, user, secret))
		return true;
	return error_set(err, "OpenSSL has no random bytes or no HMAC-SHA-256");
}

bool guard_key_fits(const struct guard_key *key, struct str user, struct str secret)
{
	unsigned char other[GUARD_DIGEST_SIZE];

	return digest(other, key->salt, user, secret) &&
	       CRYPTO_memcmp(other, key->digest, GUARD_DIGEST_SIZE) == 0;
}
