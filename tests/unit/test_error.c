/* SPDX-License-Identifier: Apache-2.0 */
#include "probe/error.h"

#include "tests/unit/row.h"

static void sentence_is_written_and_false_returned(void **state)
{
	struct error err;

	(void)state;
	assert_false(error_set(&err, "%s:%d: unknown key '%s'", "a.yml", 3, "x"));
	assert_string_equal(err.text, "a.yml:3: unknown key 'x'");
}

static void control_bytes_become_question_marks(void **state)
{
	struct error err;

	(void)state;
	error_set(&err, "%s", "a\nb\tc\033[2Jd\177e\r");
	assert_string_equal(err.text, "a?b?c?[2Jd?e?");
	error_set(&err, "%s", "M\xc3\xbcller");
	assert_string_equal(err.text, "M\xc3\xbcller");
}

static void text_of_the_limit_fits_and_more_is_cut(void **state)
{
	struct error err;

	(void)state;
	error_set(&err, "%*s", ERROR_TEXT_MAX - 1, "x");
	assert_int_equal(strlen(err.text), ERROR_TEXT_MAX - 1);
	assert_int_equal(err.text[ERROR_TEXT_MAX - 2], 'x');
	error_set(&err, "%*s", ERROR_TEXT_MAX, "x");
	assert_int_equal(strlen(err.text), ERROR_TEXT_MAX - 1);
	assert_int_equal(err.text[ERROR_TEXT_MAX - 2], ' ');
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sentence_is_written_and_false_returned),
		cmocka_unit_test(control_bytes_become_question_marks),
		cmocka_unit_test(text_of_the_limit_fits_and_more_is_cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
