/* SPDX-License-Identifier: Apache-2.0 */
#include "probe/plugin/command_words.h"

#include <stdio.h>

#include "tests/unit/row.h"

static const struct {
	const char *command, *words[6];
} commands[] = {
	{ "/bin/a", { "/bin/a" } },
	{ "/bin/a b c", { "/bin/a", "b", "c" } },
	{ " \t/bin/a \t b\t", { "/bin/a", "b" } },
	{ "/bin/a 'b c' \"d e\"", { "/bin/a", "b c", "d e" } },
	{ "/bin/a b' 'c\" \"d", { "/bin/a", "b c d" } },
	{ "/bin/a '\"' \"'\"", { "/bin/a", "\"", "'" } },
	{ "/bin/a '' \"\"", { "/bin/a", "", "" } },
	{ "'/bin/my prog' b", { "/bin/my prog", "b" } },
	/* No shell: these mean themselves. */
	{ "/bin/a $HOME * `b` \\ ~", { "/bin/a", "$HOME", "*", "`b`", "\\", "~" } },
	{ "/bin/a; b|c > d", { "/bin/a;", "b|c", ">", "d" } },
	{ "/bin/a \"\\\" b", { "/bin/a", "\\", "b" } },
};

static void command_is_cut_into_words(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(commands); i++) {
		const char *row = commands[i].command;
		struct command_words words;
		struct error err;
		size_t count = 0;

		if (!command_words_split(&words, row, &err))
			fail_msg("row \"%s\": %s", row, err.text);
		for (; count < 6 && commands[i].words[count]; count++)
			CHECK_TEXT(row,
			           words.argv[count] ? words.argv[count] : "(none)",
			           commands[i].words[count]);
		CHECK(row, !words.argv[count]);
	}
}

static const struct {
	const char *command, *words;
} failures[] = {
	{ "", "full path" },
	{ " ", "full path" },
	{ "geheim", "full path" },
	{ "bin/a", "full path" },
	{ "'' /bin/a", "full path" },
	{ "/bin/a 'geheim", "a quote is not closed" },
	{ "/bin/a \"geheim'", "a quote is not closed" },
};

static void mistake_is_told_without_the_command(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(failures); i++) {
		const char *row = failures[i].command;
		struct command_words words;
		struct error err = { "" };

		CHECK(row, !command_words_split(&words, row, &err));
		if (!strstr(err.text, failures[i].words))
			fail_msg("row \"%s\": \"%s\"", row, err.text);
		CHECK(row, !strstr(err.text, "geheim"));
	}
}

static void number_of_words_is_limited(void **state)
{
	char command[2 * COMMAND_WORDS_MAX + 8] = "/a";
	struct command_words words;
	struct error err;

	(void)state;
	for (int i = 1; i < COMMAND_WORDS_MAX; i++)
		memcpy(command + strlen(command), " b", 2);
	assert_true(command_words_split(&words, command, &err));
	assert_null(words.argv[COMMAND_WORDS_MAX]);
	memcpy(command + strlen(command), " b", 2);
	assert_false(command_words_split(&words, command, &err));
	assert_non_null(strstr(err.text, "more than 32 words"));
}

static void length_is_limited(void **state)
{
	char command[COMMAND_LENGTH_MAX + 2];
	struct command_words words;
	struct error err;

	(void)state;
	snprintf(command, sizeof(command), "/%0*d", COMMAND_LENGTH_MAX - 1, 7);
	assert_true(command_words_split(&words, command, &err));
	assert_string_equal(words.argv[0], command);
	snprintf(command, sizeof(command), "/%0*d", COMMAND_LENGTH_MAX, 7);
	assert_false(command_words_split(&words, command, &err));
	assert_non_null(strstr(err.text, "longer than 4096 characters"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(command_is_cut_into_words),
		cmocka_unit_test(mistake_is_told_without_the_command),
		cmocka_unit_test(number_of_words_is_limited),
		cmocka_unit_test(length_is_limited),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
