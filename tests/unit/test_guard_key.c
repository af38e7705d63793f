/* SPDX-License-Identifier: Apache-2.0 */
#include "probe/guard_key.h"

#include "tests/unit/row.h"

static struct guard_key key_of(const char *user, const char *secret)
{
	struct guard_key key;
	struct error err;

	assert_true(guard_key_create(&key, str_of(user), str_of(secret), &err));
	return key;
}

static bool fits(const struct guard_key *key, const char *user, const char *secret)
{
	return guard_key_fits(key, str_of(user), str_of(secret));
}

static void same_user_and_secret_fit_others_do_not(void **state)
{
	struct guard_key key = key_of("ann", "horse");

	(void)state;
	assert_true(fits(&key, "ann", "horse"));
	assert_false(fits(&key, "ann", "Horse"));
	assert_false(fits(&key, "bob", "horse"));
	assert_false(fits(&key, "ann", ""));
	assert_false(fits(&key, "", "horse"));
	assert_false(fits(&key, "annh", "orse"));
	assert_false(fits(&key, "horse", "ann"));
}

static void ticket_has_neither(void **state)
{
	struct guard_key key = key_of("", "");

	(void)state;
	assert_true(fits(&key, "", ""));
	assert_false(fits(&key, "a", ""));
}

/* Two keys of one secret cannot be known as such. */
static void salt_is_drawn_for_each_key(void **state)
{
	struct guard_key one = key_of("ann", "horse"), other = key_of("ann", "horse");

	(void)state;
	assert_memory_not_equal(one.salt, other.salt, GUARD_SALT_SIZE);
	assert_memory_not_equal(one.digest, other.digest, GUARD_DIGEST_SIZE);
}

static void salt_and_every_byte_of_the_digest_count(void **state)
{
	struct guard_key key = key_of("ann", "horse");

	(void)state;
	key.salt[0] ^= 1;
	assert_false(fits(&key, "ann", "horse"));
	key.salt[0] ^= 1;
	for (size_t i = 0; i < GUARD_DIGEST_SIZE; i++) {
		key.digest[i] ^= 0x80;
		assert_false(fits(&key, "ann", "horse"));
		key.digest[i] ^= 0x80;
	}
	assert_true(fits(&key, "ann", "horse"));
}

/* From: printf 'ann\0horse' | openssl dgst -sha256 -mac HMAC -macopt hexkey:000102...0f
 */
static void digest_is_hmac_sha256(void **state)
{
	static const unsigned char digest[GUARD_DIGEST_SIZE] = {
		0x85, 0x63, 0xd0, 0x83, 0xfb, 0x34, 0x08, 0xf7, 0x2c, 0x58, 0xdf,
		0x2f, 0xac, 0xfb, 0x1c, 0x7b, 0x45, 0xe6, 0x0e, 0x77, 0xca, 0x8a,
		0xd1, 0xd0, 0x86, 0x76, 0x03, 0x84, 0xfc, 0xb3, 0x63, 0x5b
	};
	struct guard_key key;

	(void)state;
	for (unsigned i = 0; i < GUARD_SALT_SIZE; i++)
		key.salt[i] = (unsigned char)i;
	memcpy(key.digest, digest, sizeof(digest));
	assert_true(fits(&key, "ann", "horse"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(same_user_and_secret_fit_others_do_not),
		cmocka_unit_test(ticket_has_neither),
		cmocka_unit_test(salt_is_drawn_for_each_key),
		cmocka_unit_test(salt_and_every_byte_of_the_digest_count),
		cmocka_unit_test(digest_is_hmac_sha256),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
