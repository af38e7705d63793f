/* SPDX-License-Identifier: Apache-2.0 */
#include "probe/hash.h"

#include "tests/unit/row.h"

/* The first three are in draft-eastlake-fnv. */
static const struct {
	struct str text;
	uint64_t hash;
} rows[] = {
	{ RUN(""), 0xcbf29ce484222325u },
	{ RUN("a"), 0xaf63dc4c8601ec8cu },
	{ RUN("foobar"), 0x85944171f73967e8u },
	{ RUN("\xff\0"), 0x0a99a607b6f60beau },
};

static void hash_is_fnv_1a(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++)
		if (hash_of(rows[i].text) != rows[i].hash)
			fail_msg("row %zu: %#llx", i,
			         (unsigned long long)hash_of(rows[i].text));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(hash_is_fnv_1a),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
