/* SPDX-License-Identifier: Apache-2.0 */
#include "probe/mask.h"

#include "tests/unit/row.h"

static const struct {
	const char *text;
	bool covered;
} greetings[] = {
	{ "*****2***0*0***", true },
	{ "***", true },
	{ "** 2 0 *", true },
	{ "**", false },
	{ "", false },
	{ "2002 20", false },
	{ "*** mx.example ***", false },
	{ "******1", false },
	{ "x*****", false },
};

static void greeting_of_asterisks_is_covered(void **state)
{
	static const char embedded[] = "****\0****";

	(void)state;
	for (size_t i = 0; i < COUNT(greetings); i++)
		CHECK_INT(greetings[i].text,
		          mask_covers_greeting(str_of(greetings[i].text)),
		          greetings[i].covered);
	assert_false(
		mask_covers_greeting((struct str){ embedded, sizeof(embedded) - 1 }));
}

static const struct {
	const char *text;
	bool covered;
} keywords[] = {
	{ "XXXXXXXA", true },
	{ "XXXXXXXX", true },
	{ "XXXX", true },
	{ "XXXXA", true },
	{ "mx.example SIZE XXXXXXXA DSN", true },
	{ "XX"
	  "X",
	  false },
	{ "XXXA", false },
	{ "XXXXB", false },
	{ "XXXXAA", false },
	{ "AXXXX", false },
	{ "xxxxxxxa", false },
	{ "XXXX.example", false },
	{ "STARTTLS", false },
	{ "", false },
};

static void keyword_of_crosses_is_covered(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(keywords); i++)
		CHECK_INT(keywords[i].text,
		          mask_covers_keyword(str_of(keywords[i].text)),
		          keywords[i].covered);
	/* What stands behind the text is none of it. */
	assert_true(mask_covers_keyword((struct str){ "XXXXX", 4 }));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(greeting_of_asterisks_is_covered),
		cmocka_unit_test(keyword_of_crosses_is_covered),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
