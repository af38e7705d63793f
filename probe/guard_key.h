/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PROBE_GUARD_KEY_H
#define PROBE_GUARD_KEY_H

#include "probe/error.h"
#include "probe/str.h"

enum { GUARD_SALT_SIZE = 16, GUARD_DIGEST_SIZE = 32 };

/*
 * Whose logins a guard counts, without naming them: HMAC-SHA-256 of user and secret
 * under a salt that was drawn for this key alone, so that no two keys can be compared.
 */
struct guard_key {
	unsigned char salt[GUARD_SALT_SIZE];
	unsigned char digest[GUARD_DIGEST_SIZE];
};

/* False with a sentence when there is no chance to be had or no digest. */
bool guard_key_create(struct guard_key *out, struct str user, struct str secret,
                      struct error *err);

/* Made of the same user and secret. */
bool guard_key_fits(const struct guard_key *key, struct str user, struct str secret);

#endif
