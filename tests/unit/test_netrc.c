/* SPDX-License-Identifier: Apache-2.0 */
#include "probe/plugin/netrc.h"

#include <stdlib.h>

#include "tests/unit/row.h"

/* Nothing in a sentence may be a word of the text; here these are secrets. */
#define SECRET "geheim"

/* On the heap and of the exact size, so that reading beyond it is seen. */
static bool find(struct netrc_entry *out, char **text, const char *machine,
                 const char *login, struct error *err)
{
	size_t len = strlen(*text);
	struct netrc_wish wish = { str_of(machine), str_of(login) };

	*text = memcpy(malloc(len + 1), *text, len);
	return netrc_find(out, *text, len, &wish, err);
}

static const struct {
	const char *text, *login; /* wished; NULL: whoever */
	const char *found, *password;
} entries[] = {
	{ "machine mx login a password b", NULL, "a", "b" },
	{ "machine\nmx\nlogin\na\npassword\nb\n", NULL, "a", "b" },
	{ "machine mx\r\n\tlogin a\r\n\tpassword b\r\n", NULL, "a", "b" },
	{ "machine MX user a password b", NULL, "a", "b" },
	{ "machine mx password b", NULL, "", "b" },
	{ "machine mx password b", "me", "", "b" },
	{ "machine mx password b login a account c", NULL, "a", "b" },
	{ "machine mx account password password b", NULL, "", "b" },
	{ "machine mx login machine password default", NULL, "machine", "default" },
	{ "machine mx password a password b", NULL, "", "b" }, /* the last */
	/* The first that fits. */
	{ "machine no password x machine mx password b", NULL, "", "b" },
	{ "machine mx.example password x machine mx password b", NULL, "", "b" },
	{ "machine mx login a password b machine mx login c password d", NULL, "a",
	  "b" },
	{ "machine mx login a password b machine mx login c password d", "c", "c",
	  "d" },
	{ "machine mx login A password b machine mx login a password d", "a", "a",
	  "d" },
	/* The default is for those that no machine fits. */
	{ "default login a password b", NULL, "a", "b" },
	{ "machine no password x default password b", NULL, "", "b" },
	{ "default password x machine mx password b", NULL, "", "b" },
	{ "machine mx login a password x default login c password b", "c", "c", "b" },
	{ "default login a password b default password x", NULL, "a", "b" },
	/* Quotes. */
	{ "machine mx password \"a b\"", NULL, "", "a b" },
	{ "machine \"mx\" login \"a\" password \"b\"\n", NULL, "a", "b" },
	{ "machine mx password \"\\\"\\\\\\t\\x\"", NULL, "", "\"\\\tx" },
	{ "machine mx password \"\\n\\r\" login a", NULL, "a", "\n\r" },
	{ "machine mx password a\"b", NULL, "", "a\"b" },
	{ "machine mx password a\\nb", NULL, "", "a\\nb" },
	{ "machine mx password 'a'", NULL, "", "'a'" },
	{ "machine mx login \"\" password b", "me", "", "b" },
	/* Comments, of whole words only. */
	{ "# machine mx password x\nmachine mx password b", NULL, "", "b" },
	{ "machine mx # login x\npassword b # x", NULL, "", "b" },
	{ "machine mx password #b", NULL, "", "#b" },
	{ "machine mx password b#c", NULL, "", "b#c" },
	/* Macros end with an empty line. */
	{ "macdef init\ncd /x\nmachine mx password x\n\nmachine mx password b", NULL,
	  "", "b" },
	{ "machine mx login a macdef m\npassword x\n \t\r\npassword b", NULL, "a",
	  "b" },
	{ "machine mx password b macdef m\nx", NULL, "", "b" },
	{ "machine mx password b macdef m", NULL, "", "b" },
};

static void entry_is_found(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(entries); i++) {
		const char *row = entries[i].text;
		char *text = (char *)(uintptr_t)row;
		struct netrc_entry entry;
		struct error err;

		if (!find(&entry, &text, "mx", entries[i].login, &err))
			fail_msg("row \"%s\": %s", row, err.text);
		CHECK_STR(row, entry.login, entries[i].found);
		CHECK_STR(row, entry.password, entries[i].password);
		free(text);
	}
}

static const struct {
	const char *text, *login, *words;
} failures[] = {
	{ "", NULL, "no entry for machine mx" },
	{ "machine no password " SECRET, NULL, "no entry for machine mx" },
	{ "machine mx login a password " SECRET, "b",
	  "no entry for machine mx and "
	  "login b" },
	{ "machine mx login a", NULL, "machine mx has no password" },
	{ "machine mx password \"\"", NULL, "machine mx has no password" },
	{ "machine mx login a machine mx password x", NULL, "has no password" },
	{ "machine", NULL, "line 1: the last word has no value" },
	{ "machine mx\nlogin a\npassword", NULL, "line 3: the last word has no value" },
	{ "macdef", NULL, "line 1: the last word" },
	{ "machine mx\n password a " SECRET, NULL, "line 2: a word that is none of" },
	{ "machine mx password x\n" SECRET, NULL, "line 2: a word that is none of" },
	{ "machine mx PASSWORD " SECRET, NULL, "line 1: a word that is none of" },
	{ "password " SECRET, NULL, "line 1: it stands before the first machine" },
	{ "\nlogin " SECRET, NULL, "line 2: it stands before the first machine" },
	{ "machine mx password \"" SECRET, NULL, "line 1: a quote is not closed" },
	{ "machine mx password \"" SECRET "\n\"", NULL, "line 1: a quote is not" },
	{ "machine mx password \"" SECRET "\\", NULL, "line 1: a quote is not" },
	{ "machine mx password \"" SECRET "\\\"", NULL, "line 1: a quote is not" },
	{ "machine mx password \"a\"" SECRET, NULL, "follows a closing quote" },
	{ "macdef m\n\n\n" SECRET, NULL, "line 4: a word that is none of" },
};

static void failure_is_told_without_a_word_of_the_file(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(failures); i++) {
		const char *row = failures[i].text;
		char *text = (char *)(uintptr_t)row;
		struct netrc_entry entry = { .password = STR("untouched") };
		struct error err;

		CHECK(row, !find(&entry, &text, "mx", failures[i].login, &err));
		if (!strstr(err.text, failures[i].words))
			fail_msg("row \"%s\": \"%s\"", row, err.text);
		CHECK(row, !strstr(err.text, SECRET));
		CHECK_STR(row, entry.password, "untouched");
		free(text);
	}
}

static void nul_is_a_character_like_any_other(void **state)
{
	char text[] = "machine mx password a\0b";
	struct netrc_wish wish = { STR("mx"), STR("") };
	struct netrc_entry entry;
	struct error err;

	(void)state;
	assert_true(netrc_find(&entry, text, sizeof(text) - 1, &wish, &err));
	assert_int_equal(entry.password.len, 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(entry_is_found),
		cmocka_unit_test(failure_is_told_without_a_word_of_the_file),
		cmocka_unit_test(nul_is_a_character_like_any_other),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
