/* SPDX-License-Identifier: Apache-2.0 */
#include "probe/challenge.h"

#include <stdio.h>

#include "tests/unit/row.h"

/* Fixed part, then the name of the target in UTF-16. */
#define NTLM_HEADER "NTLMSSP\0\2\0\0\0"
#define NTLM_FLAGS  "\x05\x82\x00\x00"
#define NTLM_FIXED  NTLM_FLAGS "12345678"
#define NTLM_REST   NTLM_FIXED "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"
#define NTLM_NAME   "M\0X\0"

#define NUL       "holds a NUL"
#define EMPTY     "is empty"
#define MALFORMED "is malformed"

/* clang-format off */
static const struct {
	const char *name;
	enum mechanism mechanism;
	struct str challenge;
	const char *flaw; /* NULL = none */
} rows[] = {
	{ "SCRAM, server first", MECHANISM_SCRAM_SHA_256,
	  RUN("r=abc,s=c2FsdA==,i=4096"), NULL },
	{ "SCRAM, server final", MECHANISM_SCRAM_SHA_1,
	  RUN("v=rmF9pqV8S7suAoZWja4dJRkFsKQ="), NULL },
	{ "SCRAM, left to the library", MECHANISM_SCRAM_SHA_256_PLUS, RUN("x"), NULL },
	{ "SCRAM, empty", MECHANISM_SCRAM_SHA_256, RUN(""), EMPTY },
	{ "SCRAM, SHA-1, empty", MECHANISM_SCRAM_SHA_1, RUN(""), EMPTY },
	{ "SCRAM, -PLUS, empty", MECHANISM_SCRAM_SHA_256_PLUS, RUN(""), EMPTY },
	{ "SCRAM, SHA-1-PLUS, empty", MECHANISM_SCRAM_SHA_1_PLUS, RUN(""), EMPTY },
	{ "SCRAM, NUL first", MECHANISM_SCRAM_SHA_256, RUN("\0r=abc"), NUL },
	{ "SCRAM, NUL within", MECHANISM_SCRAM_SHA_1_PLUS, RUN("r=a\0,i=1"), NUL },
	{ "SCRAM, NUL last", MECHANISM_SCRAM_SHA_1, RUN("v=rmF9\0"), NUL },

	{ "PLAIN, empty", MECHANISM_PLAIN, RUN(""), NULL },
	{ "PLAIN, anything", MECHANISM_PLAIN, RUN("go \0 on"), NULL },
	{ "LOGIN, usual prompt", MECHANISM_LOGIN, RUN("Username:"), NULL },
	{ "LOGIN, empty prompt", MECHANISM_LOGIN, RUN(""), NULL },
	{ "LOGIN, prompt with NUL", MECHANISM_LOGIN, RUN("User Name\0"), NULL },
	{ "EXTERNAL, empty", MECHANISM_EXTERNAL, RUN(""), NULL },
	{ "EXTERNAL, anything", MECHANISM_EXTERNAL, RUN("\0"), NULL },
	{ "GSSAPI, empty", MECHANISM_GSSAPI, RUN(""), NULL },
	{ "GSSAPI, token", MECHANISM_GSSAPI, RUN("\x60\0\1"), NULL },

	{ "CRAM-MD5", MECHANISM_CRAM_MD5, RUN("<1896.697170952@mx.example>"), NULL },
	{ "CRAM-MD5, without brackets", MECHANISM_CRAM_MD5, RUN("1"), NULL },
	{ "CRAM-MD5, empty", MECHANISM_CRAM_MD5, RUN(""), EMPTY },
	{ "CRAM-MD5, NUL", MECHANISM_CRAM_MD5, RUN("<1@\0mx>"), NUL },

	{ "DIGEST", MECHANISM_DIGEST_MD5,
	  RUN("realm=\"mx.example\",nonce=\"n\",qop=\"auth,auth-int\","
	      "algorithm=md5-sess,charset=utf-8"), NULL },
	{ "DIGEST, rspauth", MECHANISM_DIGEST_MD5, RUN("rspauth=00"), NULL },
	{ "DIGEST, empty value", MECHANISM_DIGEST_MD5, RUN("realm=,nonce=\"n\""), NULL },
	{ "DIGEST, empty quotes", MECHANISM_DIGEST_MD5, RUN("realm=\"\""), NULL },
	{ "DIGEST, `=` in a value", MECHANISM_DIGEST_MD5, RUN("nonce=a==,b=c"), NULL },
	{ "DIGEST, comma in quotes", MECHANISM_DIGEST_MD5, RUN("a=\"b,c,\",d=e"), NULL },
	{ "DIGEST, escaped quote", MECHANISM_DIGEST_MD5, RUN("a=\"b\\\",c\",d=e"), NULL },
	{ "DIGEST, escaped backslash", MECHANISM_DIGEST_MD5, RUN("a=\"\\\\\",b=c"), NULL },
	{ "DIGEST, backslash outside", MECHANISM_DIGEST_MD5, RUN("a=\\,b=c"), NULL },
	{ "DIGEST, empty", MECHANISM_DIGEST_MD5, RUN(""), EMPTY },
	{ "DIGEST, NUL", MECHANISM_DIGEST_MD5, RUN("nonce=\"n\"\0"), NUL },
	{ "DIGEST, NUL in quotes", MECHANISM_DIGEST_MD5, RUN("nonce=\"\0\""), NUL },
	{ "DIGEST, one name", MECHANISM_DIGEST_MD5, RUN("realm"), MALFORMED },
	{ "DIGEST, name first", MECHANISM_DIGEST_MD5, RUN("realm,a=b"), MALFORMED },
	{ "DIGEST, name between", MECHANISM_DIGEST_MD5, RUN("a=b,realm,c=d"), MALFORMED },
	{ "DIGEST, name last", MECHANISM_DIGEST_MD5, RUN("a=b,realm"), MALFORMED },
	{ "DIGEST, backslash escapes nothing outside", MECHANISM_DIGEST_MD5,
	  RUN("a=\\,realm"), MALFORMED },
	{ "DIGEST, comma first", MECHANISM_DIGEST_MD5, RUN(",a=b"), MALFORMED },
	{ "DIGEST, two commas", MECHANISM_DIGEST_MD5, RUN("a=b,,c=d"), MALFORMED },
	{ "DIGEST, comma last", MECHANISM_DIGEST_MD5, RUN("a=b,"), MALFORMED },
	{ "DIGEST, `=` in quotes only", MECHANISM_DIGEST_MD5, RUN("\"a=b\""), MALFORMED },
	{ "DIGEST, open quote", MECHANISM_DIGEST_MD5, RUN("a=\"b"), MALFORMED },
	{ "DIGEST, quote opened last", MECHANISM_DIGEST_MD5, RUN("a=\""), MALFORMED },
	{ "DIGEST, backslash last", MECHANISM_DIGEST_MD5, RUN("a=\"b\\"), MALFORMED },
	{ "DIGEST, closing quote escaped", MECHANISM_DIGEST_MD5, RUN("a=\"\\\""),
	  MALFORMED },

	{ "NTLM", MECHANISM_NTLM,
	  RUN(NTLM_HEADER "\4\0\4\0\x30\0\0\0" NTLM_REST NTLM_NAME), NULL },
	{ "NTLM, shortest", MECHANISM_NTLM,
	  RUN(NTLM_HEADER "\0\0\0\0\0\0\0\0" NTLM_FIXED), NULL },
	{ "NTLM, no name, offset anywhere", MECHANISM_NTLM,
	  RUN(NTLM_HEADER "\0\0\0\0\xff\xff\xff\xff" NTLM_FIXED), NULL },
	{ "NTLM, name up to the end", MECHANISM_NTLM,
	  RUN(NTLM_HEADER "\4\0\4\0\x1c\0\0\0" NTLM_FIXED), NULL },
	{ "NTLM, empty", MECHANISM_NTLM, RUN(""), EMPTY },
	{ "NTLM, text", MECHANISM_NTLM, RUN("NTLM supported, and then some more text"),
	  MALFORMED },
	{ "NTLM, header only", MECHANISM_NTLM, RUN(NTLM_HEADER), MALFORMED },
	{ "NTLM, one byte too short", MECHANISM_NTLM,
	  RUN(NTLM_HEADER "\0\0\0\0\0\0\0\0" NTLM_FLAGS "1234567"), MALFORMED },
	{ "NTLM, type 1", MECHANISM_NTLM,
	  RUN("NTLMSSP\0\1\0\0\0" "\0\0\0\0\0\0\0\0" NTLM_FIXED), MALFORMED },
	{ "NTLM, type 3", MECHANISM_NTLM,
	  RUN("NTLMSSP\0\3\0\0\0" "\0\0\0\0\0\0\0\0" NTLM_FIXED), MALFORMED },
	{ "NTLM, type with a high byte", MECHANISM_NTLM,
	  RUN("NTLMSSP\0\2\0\0\1" "\0\0\0\0\0\0\0\0" NTLM_FIXED), MALFORMED },
	{ "NTLM, name one byte past the end", MECHANISM_NTLM,
	  RUN(NTLM_HEADER "\4\0\4\0\x1d\0\0\0" NTLM_FIXED), MALFORMED },
	{ "NTLM, name longer than all", MECHANISM_NTLM,
	  RUN(NTLM_HEADER "\xff\xff\xff\xff\0\0\0\0" NTLM_FIXED), MALFORMED },
	{ "NTLM, length of two bytes", MECHANISM_NTLM,
	  RUN(NTLM_HEADER "\4\1\4\1\x1c\0\0\0" NTLM_FIXED), MALFORMED },
	{ "NTLM, offset of four bytes", MECHANISM_NTLM,
	  RUN(NTLM_HEADER "\4\0\4\0\x1c\0\0\1" NTLM_FIXED), MALFORMED },
	{ "NTLM, end of the name overflows", MECHANISM_NTLM,
	  RUN(NTLM_HEADER "\4\0\4\0\xfe\xff\xff\xff" NTLM_FIXED), MALFORMED },
};
/* clang-format on */

static void flaw_is_found_where_there_is_one(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		const char *flaw = challenge_flaw(rows[i].mechanism, rows[i].challenge);

		CHECK_TEXT(rows[i].name, flaw ? flaw : "",
		           rows[i].flaw ? rows[i].flaw : "");
	}
}

static const struct str nothing; /* not even a place */

static void challenge_may_be_no_memory_at_all(void **state)
{
	(void)state;
	for (int m = 0; m < MECHANISM_COUNT; m++) {
		const char *flaw = challenge_flaw((enum mechanism)m, nothing);

		CHECK_TEXT(mechanism_word((enum mechanism)m), flaw ? flaw : EMPTY,
		           EMPTY);
	}
}

static bool is_scram(enum mechanism mechanism)
{
	return str_starts(str_of(mechanism_word(mechanism)), STR("SCRAM-"));
}

static const struct {
	const char *challenge;
	bool too_many;
} iterations[] = {
	{ "r=a,s=b,i=0", false },
	{ "r=a,s=b,i=4096", false },
	{ "r=a,s=b,i=200000", false },
	{ "r=a,s=b,i=200001", true },
	{ "r=a,s=b,i=999999999", true },
	{ "r=a,s=b,i=1000000000", true },
	{ "r=a,s=b,i=18446744073709551617", true },
	{ "r=a,s=b,i=000200000", false },
	{ "r=a,s=b,i=000200001", true },
	{ "r=a,s=b,i=0000000001", true }, /* more digits than we read */
	/* Wherever it stands, whatever else is there. */
	{ "i=200001", true },
	{ "i=200001,r=a,s=b", true },
	{ "r=a,s=b,i=1,i=200001", true },
	{ "r=a,s=b,i=200001,i=1", true },
	{ "r=a,s=b,i=,i=200001", true },
	{ ",,i=200001,", true },
	{ "r=a,s=b,i=200000x", false },
	{ "r=a,s=b,i=200001x", true },
	/* No count: for GNU SASL to refuse. */
	{ "", false },
	{ ",", false },
	{ "i", false },
	{ "r=a,s=b", false },
	{ "r=a,s=b,i=", false },
	{ "r=a,s=b,i=-200001", false },
	{ "r=a,s=b,i=+200001", false },
	{ "r=a,s=b,i= 200001", false },
	{ "r=a,s=b,i=many", false },
	{ "r=a,s=b,I=200001", false },
	{ "r=i=200001,s=b", false },
	{ "r=a,s=b,ii=200001", false },
	{ "v=i=200001", false },
};

static void iterations_are_limited_in_scram_only(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(iterations); i++)
		for (int m = 0; m < MECHANISM_COUNT; m++) {
			enum mechanism mechanism = (enum mechanism)m;
			const char *row = iterations[i].challenge;

			CHECK_INT(row,
			          challenge_asks_too_many_iterations(mechanism,
			                                             str_of(row)),
			          iterations[i].too_many && is_scram(mechanism));
		}
}

static void maximum_is_the_last_that_is_served(void **state)
{
	(void)state;
	for (int extra = 0; extra < 2; extra++) {
		char row[64];

		snprintf(row, sizeof(row), "r=a,s=b,i=%d",
		         CHALLENGE_ITERATIONS_MAX + extra);
		CHECK_INT(row,
		          challenge_asks_too_many_iterations(MECHANISM_SCRAM_SHA_256,
		                                             str_of(row)),
		          extra);
	}
}

static const struct {
	const char *challenge;
	unsigned number;
	bool is_error;
} finals[] = {
	{ "e=invalid-proof", 2, true },
	{ "e=", 2, true },
	{ "e=other-error,x=y", 2, true },
	{ "e=invalid-proof", 0, false },
	{ "e=invalid-proof", 1, false },
	{ "e=invalid-proof", 3, false },
	{ "v=rmF9pqV8S7suAoZWja4dJRkFsKQ=", 2, false },
	{ "x=y,e=invalid-proof", 2, false },
	{ "E=invalid-proof", 2, false },
	{ "e", 2, false },
	{ "", 2, false },
};

static void server_error_stands_in_the_second_challenge_of_scram(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(finals); i++)
		for (int m = 0; m < MECHANISM_COUNT; m++) {
			enum mechanism mechanism = (enum mechanism)m;
			const char *row = finals[i].challenge;

			CHECK_INT(row,
			          challenge_is_server_error(mechanism, finals[i].number,
			                                    str_of(row)),
			          finals[i].is_error && is_scram(mechanism));
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(flaw_is_found_where_there_is_one),
		cmocka_unit_test(challenge_may_be_no_memory_at_all),
		cmocka_unit_test(iterations_are_limited_in_scram_only),
		cmocka_unit_test(maximum_is_the_last_that_is_served),
		cmocka_unit_test(server_error_stands_in_the_second_challenge_of_scram),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
