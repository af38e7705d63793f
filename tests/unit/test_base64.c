/* SPDX-License-Identifier: Apache-2.0 */
#include "probe/base64.h"

#include "tests/unit/row.h"

enum { BYTES_MAX = 300 };

/* RFC 4648 §10. */
static const struct {
	struct str bytes;
	const char *text;
} vectors[] = {
	{ RUN(""), "" },
	{ RUN("f"), "Zg==" },
	{ RUN("fo"), "Zm8=" },
	{ RUN("foo"), "Zm9v" },
	{ RUN("foob"), "Zm9vYg==" },
	{ RUN("fooba"), "Zm9vYmE=" },
	{ RUN("foobar"), "Zm9vYmFy" },
	{ RUN("\0a\0b"), "AGEAYg==" },
	{ RUN("\xff\xfe\xfd"), "//79" },
	{ RUN("\0"), "AA==" },
};

static void vectors_go_both_ways(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(vectors); i++) {
		const char *row = vectors[i].text;
		struct str bytes = vectors[i].bytes;
		char text[32], back[32];
		size_t len = base64_encode(text, bytes);

		CHECK_TEXT(row, text, row);
		CHECK_INT(row, len, (long long)strlen(row));
		CHECK_INT(row, base64_encoded_size(bytes.len), (long long)len);
		CHECK(row, base64_decode(back, &len, str_of(row)));
		CHECK(row, str_equal((struct str){ back, len }, bytes));
	}
}

static void every_length_comes_back(void **state)
{
	char bytes[BYTES_MAX], text[2 * BYTES_MAX], back[2 * BYTES_MAX];

	(void)state;
	for (size_t i = 0; i < BYTES_MAX; i++)
		bytes[i] = (char)(i * 37);
	for (size_t len = 0; len <= BYTES_MAX; len++) {
		size_t encoded = base64_encode(text, (struct str){ bytes, len }), got;

		assert_int_equal(encoded, base64_encoded_size(len));
		assert_true(base64_decode(back, &got, (struct str){ text, encoded }));
		assert_int_equal(got, len);
		assert_memory_equal(back, bytes, len);
	}
}

static const struct {
	const char *name;
	struct str text;
} invalid[] = {
	{ "one character", RUN("Z") },
	{ "two characters", RUN("Zg") },
	{ "three characters", RUN("Zg=") },
	{ "five characters", RUN("Zm9vY") },
	{ "a blank in front", RUN(" Zg=") },
	{ "a blank behind", RUN("Zm8 ") },
	{ "a blank inside", RUN("Zm 8") },
	{ "a line end", RUN("Zm9\n") },
	{ "a line end inside", RUN("Zm\r\n9vYg") },
	{ "hyphen of the other alphabet", RUN("Zm-v") },
	{ "hyphen at the end", RUN("Zm9-") },
	{ "hyphens behind", RUN("Zm9v----") },
	{ "underscore of the other alphabet", RUN("Zm_v") },
	{ "a NUL", RUN("Zm\0v") },
	{ "8-bit", RUN("Zm\xe4v") },
	{ "a star", RUN("Zm*v") },
	{ "padding first", RUN("=Zm8") },
	{ "padding only", RUN("====") },
	{ "three of padding", RUN("Z===") },
	{ "padding between", RUN("Z=g=") },
	{ "padding in the middle", RUN("Zg==Zg==") },
	{ "padding in the middle, one", RUN("Zm8=Zm9v") },
};

static void what_is_not_strict_is_refused(void **state)
{
	char out[32];
	size_t len;

	(void)state;
	for (size_t i = 0; i < COUNT(invalid); i++)
		CHECK(invalid[i].name, !base64_decode(out, &len, invalid[i].text));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(vectors_go_both_ways),
		cmocka_unit_test(every_length_comes_back),
		cmocka_unit_test(what_is_not_strict_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
