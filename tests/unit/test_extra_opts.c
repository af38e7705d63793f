/* SPDX-License-Identifier: Apache-2.0 */
#include "probe/plugin/extra_opts.h"

#include <stdio.h>
#include <stdlib.h>

#include "probe/text.h"
#include "tests/unit/row.h"

#define SECRET "geheim"

/* The words, divided by '|'. */
static const char *words_of(const struct extra_opts *extra, struct arena *arena)
{
	struct text text = text_create(arena, 4096);

	for (size_t i = 0; i < extra->count; i++)
		text_add(&text, "%s%s", i ? "|" : "", extra->option[i].word);
	return text.at;
}

/* On the heap and of the exact size, so that reading beyond it is seen. */
static bool add(struct extra_opts *extra, const char *text, const char *section,
                struct error *err)
{
	size_t len = strlen(text);
	char *copy = memcpy(malloc(len + 1), text, len);
	bool added =
		extra_opts_add(extra, (struct str){ copy, len }, str_of(section), err);

	free(copy);
	return added;
}

/* Those marked were put to check_smtp 2.3.3 as well, which did the same. */
static const struct {
	const char *text, *section, *words;
} files[] = {
	{ "[s]\nhostname=mx", "s", "--hostname=mx" },
	{ "[a]\n[s]\nhostname = mx \nport=1\n; c\n# d\n", "s", /* run */
	  "--hostname=mx|--port=1" },
	{ "[s] port=1\nport=2\n[s]\nport=3\n", "s", "--port=1|--port=2|--port=3" },
	{ "[s]\nhostname=mx\r\nport=1\r\n", "s", "--hostname=mx|--port=1" },
	{ " \t[ s ]\n \thostname\t=\tmx\n", "s", "--hostname=mx" },
	{ "[section two]\na b=c d\n", "section two", "--a b=c d" },
	{ "[/a/b.c]\nthis=that\n", "/a/b.c", "--this=that" },
	{ "[s]\nexpect=a = b # c ; d  \n", "s", "--expect=a = b # c ; d" },
	{ "[s]\nauthpass=a[b]c\n", "s", "--authpass=a[b]c" },
	{ "[s]\nH=mx\nP==x\n", "s", "-Hmx|-P=x" }, /* there "-H=mx" */
	{ "[s]\ntls=\nS=\n", "s", "--tls|-S" },
	{ "[s]\naa=1\n[t]\naa=2\nno option\n[s]\nb=3\n", "s", "--aa=1|-b3" },
	{ "[s2]\na=1\n[s]\nb=2\n[st]\nc=3\n", "s", "-b2" },
	{ "[S]\na=1\n[s]\nb=2\n", "s", "-b2" },
	{ "; c\n#c\n\n[s] # c\na=1", "s", "-a1" },
	{ "[]\na=1\n", "", "-a1" },
	{ "[s]\n#a=1\n;a=2\nb=3", "s", "-b3" },
};

static void section_becomes_words(void **state)
{
	struct arena *arena = arena_create();

	(void)state;
	for (size_t i = 0; i < COUNT(files); i++) {
		struct extra_opts *extra = extra_opts_create();
		struct error err;

		if (!add(extra, files[i].text, files[i].section, &err))
			fail_msg("row \"%s\": %s", files[i].text, err.text);
		CHECK_TEXT(files[i].text, words_of(extra, arena), files[i].words);
		extra_opts_destroy(extra);
	}
	arena_destroy(arena);
}

static void words_know_their_lines(void **state)
{
	struct extra_opts *extra = extra_opts_create();
	struct error err;

	(void)state;
	assert_true(add(extra, "# c\n[s]\n\na=1\n[t]\nx=1\n[s]\nb=1", "s", &err));
	assert_int_equal(extra->option[0].line, 4);
	assert_int_equal(extra->option[1].line, 8);
	extra_opts_destroy(extra);
}

static void next_section_is_appended(void **state)
{
	struct extra_opts *extra = extra_opts_create();
	struct arena *arena = arena_create();
	struct error err;

	(void)state;
	assert_true(add(extra, "[s]\na=1\n", "s", &err));
	assert_false(add(extra, "[s]\na=1\n", "t", &err));
	assert_true(add(extra, "[t]\nb=1\n", "t", &err));
	assert_string_equal(words_of(extra, arena), "-a1|-b1");
	arena_destroy(arena);
	extra_opts_destroy(extra);
}

static const struct {
	const char *text, *words;
} failures[] = {
	{ "", "no options in a section [s]" },
	{ "[t]\na=1\n", "no options in a section [s]" },
	{ "[s]\n# a=1\n[t]\na=1\n", "no options in a section [s]" },
	{ SECRET "=1\n[s]\na=1", "line 1: it stands before the first [section]" },
	{ "[s]\n\n" SECRET "\n", "line 3: no '='" },
	{ "[s]\n=" SECRET "\n", "line 2: no name" },
	{ "[s]\n \t=" SECRET "\n", "line 2: no name" },
	{ "[s\na=" SECRET "\n", "line 1: a section without ']'" },
	{ "[" SECRET, "line 1: a section without ']'" },
};

static void failure_is_told_without_a_word_of_the_file(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(failures); i++) {
		struct extra_opts *extra = extra_opts_create();
		const char *row = failures[i].text;
		struct error err = { "" };

		CHECK(row, !add(extra, row, "s", &err));
		if (!strstr(err.text, failures[i].words))
			fail_msg("row \"%s\": \"%s\"", row, err.text);
		CHECK(row, !strstr(err.text, SECRET));
		extra_opts_destroy(extra);
	}
}

static void nul_is_refused(void **state)
{
	struct extra_opts *extra = extra_opts_create();
	struct error err;

	(void)state;
	assert_false(extra_opts_add(extra, STR("[s]\na=b\0c\n"), STR("s"), &err));
	assert_non_null(strstr(err.text, "line 2: it holds a NUL"));
	extra_opts_destroy(extra);
}

static bool fits(struct str text, const char *words)
{
	struct extra_opts *extra = extra_opts_create();
	struct error err = { "" };
	bool added = extra_opts_add(extra, text, STR("s"), &err);

	if (!added && !strstr(err.text, words))
		fail_msg("\"%s\"", err.text);
	extra_opts_destroy(extra);
	return added;
}

static void number_of_options_is_limited(void **state)
{
	char text[EXTRA_OPTS_MAX * 4 + 16] = "[s]\n";

	(void)state;
	for (int i = 0; i < EXTRA_OPTS_MAX; i++)
		memcpy(text + strlen(text), "a=1\n", 4);
	assert_true(fits(str_of(text), ""));
	memcpy(text + strlen(text), "a=1\n", 4);
	assert_false(fits(str_of(text), "more than 128 options"));
}

static void size_of_options_is_limited(void **state)
{
	static const char start[] = "[s]\na=";
	/* "-a" and the NUL */
	size_t most = sizeof(start) - 1 + EXTRA_OPTS_SIZE_MAX - 3;
	char *text = malloc(most + 1);

	(void)state;
	memset(text, 'x', most + 1);
	memcpy(text, start, sizeof(start) - 1);
	assert_true(fits((struct str){ text, most }, ""));
	assert_false(fits((struct str){ text, most + 1 }, "more than 65536 bytes"));
	free(text);
}

static const struct {
	const char *text, *section, *file;
} locators[] = {
	{ NULL, "", NULL },      { "", "", NULL },
	{ "s", "s", NULL },      { "section two", "section two", NULL },
	{ "@/a", "", "/a" },     { "s@/a", "s", "/a" },
	{ "s@a@b", "s", "a@b" }, { "@-", "", "-" },
};

static void locator_is_section_and_file(void **state)
{
	struct extra_locator locator;
	struct error err;

	(void)state;
	for (size_t i = 0; i < COUNT(locators); i++) {
		const char *row = locators[i].text ? locators[i].text : "(none)";

		CHECK(row, extra_locator_parse(&locator, locators[i].text, &err));
		CHECK_STR(row, locator.section, locators[i].section);
		CHECK_TEXT(row, locator.file ? locator.file : "(none)",
		           locators[i].file ? locators[i].file : "(none)");
	}
	assert_false(extra_locator_parse(&locator, "s@", &err));
	assert_non_null(strstr(err.text, "no file after the '@'"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(section_becomes_words),
		cmocka_unit_test(words_know_their_lines),
		cmocka_unit_test(next_section_is_appended),
		cmocka_unit_test(failure_is_told_without_a_word_of_the_file),
		cmocka_unit_test(nul_is_refused),
		cmocka_unit_test(number_of_options_is_limited),
		cmocka_unit_test(size_of_options_is_limited),
		cmocka_unit_test(locator_is_section_and_file),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
