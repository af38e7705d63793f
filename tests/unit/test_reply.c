/* SPDX-License-Identifier: Apache-2.0 */
#include "probe/reply.h"

#include "tests/unit/row.h"

static const struct {
	const char *line;
	int code;
	bool last;
	int class, subject, detail;
	const char *text;
} valid[] = {
	{ "250 OK", 250, true, 0, 0, 0, "OK" },
	{ "250-mx.example", 250, false, 0, 0, 0, "mx.example" },
	{ "250", 250, true, 0, 0, 0, "" },
	{ "250 ", 250, true, 0, 0, 0, "" },
	{ "250-", 250, false, 0, 0, 0, "" },
	{ "200 lowest", 200, true, 0, 0, 0, "lowest" },
	{ "599 highest", 599, true, 0, 0, 0, "highest" },
	{ "250 OK\r\n", 250, true, 0, 0, 0, "OK" },
	{ "535 5.7.8 Bad credentials", 535, true, 5, 7, 8, "Bad credentials" },
	{ "535-5.7.8 Bad", 535, false, 5, 7, 8, "Bad" },
	{ "535 5.7.139 limit", 535, true, 5, 7, 139, "limit" },
	{ "535 5.999.999 largest", 535, true, 5, 999, 999, "largest" },
	{ "535 5.7.8", 535, true, 5, 7, 8, "" },
	{ "454  4.7.0  two blanks", 454, true, 4, 7, 0, "two blanks" },
	{ "334 VXNlcm5hbWU6", 334, true, 0, 0, 0, "VXNlcm5hbWU6" },
	{ "334 ", 334, true, 0, 0, 0, "" },
	/* What looks like a status, but is none, stays in the text. */
	{ "250 5.0.0 liar", 250, true, 0, 0, 0, "5.0.0 liar" },
	{ "535 4.7.8 liar", 535, true, 0, 0, 0, "4.7.8 liar" },
	{ "334 3.0.0 no class", 334, true, 0, 0, 0, "3.0.0 no class" },
	{ "535 5.7 short", 535, true, 0, 0, 0, "5.7 short" },
	{ "535 5.7.8: colon", 535, true, 0, 0, 0, "5.7.8: colon" },
	{ "535 5.7.8x", 535, true, 0, 0, 0, "5.7.8x" },
	{ "535 5.7.8.9 four", 535, true, 0, 0, 0, "5.7.8.9 four" },
	{ "535 5.1000.8 large", 535, true, 0, 0, 0, "5.1000.8 large" },
	{ "535 5.7.1000 large", 535, true, 0, 0, 0, "5.7.1000 large" },
	{ "535 55.7.8 class", 535, true, 0, 0, 0, "55.7.8 class" },
	{ "535 5..8 gap", 535, true, 0, 0, 0, "5..8 gap" },
	{ "550 \xe4\xf6\xfc", 550, true, 0, 0, 0, "\xe4\xf6\xfc" },
};

static void valid_lines_are_read(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(valid); i++) {
		const char *row = valid[i].line;
		struct reply_line line;

		CHECK(row, reply_parse_line(&line, str_of(row)));
		CHECK_INT(row, line.code, valid[i].code);
		CHECK_INT(row, line.last, valid[i].last);
		CHECK_INT(row, line.enhanced.class, valid[i].class);
		CHECK_INT(row, line.enhanced.subject, valid[i].subject);
		CHECK_INT(row, line.enhanced.detail, valid[i].detail);
		CHECK_STR(row, line.text, valid[i].text);
	}
}

static const struct {
	const char *name;
	struct str line;
} invalid[] = {
	{ "empty", RUN("") },
	{ "two digits", RUN("25") },
	{ "two digits and text", RUN("25 OK") },
	{ "2200 OK", RUN("2200 OK") },
	{ "below the range", RUN("199 x") },
	{ "above the range", RUN("600 x") },
	{ "zeros", RUN("000 x") },
	{ "ten digits", RUN("2500000000") },
	{ "no separator", RUN("250OK") },
	{ "tab", RUN("250\tOK") },
	{ "a blank in front", RUN(" 250 OK") },
	{ "negative", RUN("-250 OK") },
	{ "plus", RUN("+25 OK") },
	{ "words", RUN("SSH-2.0-OpenSSH") },
	{ "NUL after the code", RUN("250\0OK") },
	{ "NUL in the code", RUN("2\00050 OK") },
	{ "8-bit", RUN("\xe4\xf6\xfc") },
};

static void invalid_lines_leave_the_caller_alone(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(invalid); i++) {
		struct reply_line line = { .code = 42 };

		CHECK(invalid[i].name, !reply_parse_line(&line, invalid[i].line));
		CHECK_INT(invalid[i].name, line.code, 42);
	}
}

static void nul_in_the_text_is_a_byte(void **state)
{
	struct reply_line line;

	(void)state;
	assert_true(reply_parse_line(&line, STR("250 a\0b")));
	assert_int_equal(line.text.len, 3);
}

static const struct {
	const char *text;
	bool good;
	int class;
	const char *rest;
} statuses[] = {
	{ "2.7.0 ok", true, 2, "ok" },
	{ "4.7.0", true, 4, "" },
	{ "5.0.0 x", true, 5, "x" },
	{ "1.0.0 x", false, 0, "1.0.0 x" },
	{ "3.0.0 x", false, 0, "3.0.0 x" },
	{ "6.0.0 x", false, 0, "6.0.0 x" },
	{ "02.0.0 x", false, 0, "02.0.0 x" },
	{ "2.0.0x", false, 0, "2.0.0x" },
	{ "", false, 0, "" },
};

static void status_of_any_class_is_taken_or_nothing_changes(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(statuses); i++) {
		const char *row = statuses[i].text;
		struct enhanced_status status = { 0 };
		struct str rest = str_of(row);

		CHECK_INT(row, enhanced_status_take(&status, &rest), statuses[i].good);
		CHECK_INT(row, status.class, statuses[i].class);
		CHECK_STR(row, rest, statuses[i].rest);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(valid_lines_are_read),
		cmocka_unit_test(invalid_lines_leave_the_caller_alone),
		cmocka_unit_test(nul_in_the_text_is_a_byte),
		cmocka_unit_test(status_of_any_class_is_taken_or_nothing_changes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
