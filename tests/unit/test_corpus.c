/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whole sessions, one a file, through trace, observation and diagnosis. A file says in
 * its second line what the session means: "# expect: unavailable/auth_backend_down".
 */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>

#include "probe/result.h"
#include "tests/unit/recorded.h"
#include "tests/unit/row.h"

enum { FILE_MAX = 512, SIZE_MAX_OF_FILE = 256 * 1024, NAME_LEN_MAX = 256 };

/* The reasons that some rule gives. */
static const enum reason given[] = {
#define RULE(phase, ending, code, status, facts, verify, text, reason, confidence, \
             source) \
	REASON_##reason,
#include "probe/verdict.def"
};

struct corpus {
	size_t count;
	char names[FILE_MAX][NAME_LEN_MAX];
};

static int by_name(const void *a, const void *b)
{
	return strcmp(a, b);
}

static int list_files(void **state)
{
	struct corpus *corpus = calloc(1, sizeof(*corpus));
	DIR *directory = opendir(CORPUS_DIR);
	struct dirent *entry;

	if (!corpus || !directory)
		return -1;
	while ((entry = readdir(directory)) && corpus->count < FILE_MAX) {
		size_t len = strlen(entry->d_name);

		if (len > 6 && strcmp(entry->d_name + len - 6, ".trace") == 0)
			snprintf(corpus->names[corpus->count++], NAME_LEN_MAX, "%s",
			         entry->d_name);
	}
	closedir(directory);
	qsort(corpus->names, corpus->count, NAME_LEN_MAX, by_name);
	*state = corpus;
	return 0;
}

static int forget_files(void **state)
{
	free(*state);
	return 0;
}

/* The caller frees it. */
static char *read_file(const char *name)
{
	char path[sizeof(CORPUS_DIR) + NAME_LEN_MAX + 1];
	char *text = calloc(1, SIZE_MAX_OF_FILE);
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", CORPUS_DIR, name);
	file = fopen(path, "re");
	CHECK(name, text && file);
	CHECK(name, fread(text, 1, SIZE_MAX_OF_FILE, file) < SIZE_MAX_OF_FILE);
	fclose(file);
	return text;
}

/* "cause/reason" of the second line; "" when it says nothing. */
static struct str expectation_of(const char *text)
{
	static const char key[] = "# expect: ";
	const char *second = strchr(text, '\n');
	struct str rest, words = STR("");

	if (!second || strncmp(second + 1, key, sizeof(key) - 1) != 0)
		return words;
	rest = str_of(second + sizeof(key));
	str_take_word(&words, &rest, " \n");
	return words;
}

static void check_file(const char *name)
{
	char *text = read_file(name), verdict[128];
	struct str expected = expectation_of(text);
	struct result *result;

	if (expected.len == 0)
		fail_msg("%s: the second line is not \"# expect: CAUSE/REASON\"", name);
	result = recorded(text, NULL);
	snprintf(verdict, sizeof(verdict), "%s/%s", cause_word(result->diagnosis.cause),
	         reason_word(result->diagnosis.reason));
	if (!str_equal(expected, str_of(verdict)))
		fail_msg("%s: %s, expected %.*s", name, verdict, (int)expected.len,
		         expected.at);
	result_release(result);
	free(text);
}

static void every_session_means_what_its_file_says(void **state)
{
	const struct corpus *corpus = *state;

	assert_in_range(corpus->count, 30, FILE_MAX - 1);
	for (size_t i = 0; i < corpus->count; i++)
		check_file(corpus->names[i]);
}

/* What `expect` names, over all files. */
static void collect(const struct corpus *corpus, bool reasons[REASON_COUNT])
{
	for (size_t i = 0; i < corpus->count; i++) {
		char *text = read_file(corpus->names[i]);
		struct str rest = expectation_of(text), cause, word;
		enum reason reason;

		CHECK(corpus->names[i], str_take_word(&cause, &rest, "/"));
		CHECK(corpus->names[i], str_take_word(&word, &rest, "/"));
		CHECK(corpus->names[i], reason_from_word(&reason, word));
		reasons[reason] = true;
		free(text);
	}
}

static void every_cause_is_reached(void **state)
{
	bool reasons[REASON_COUNT] = { false }, causes[CAUSE_COUNT] = { false };

	collect(*state, reasons);
	for (unsigned i = 0; i < REASON_COUNT; i++)
		causes[reason_cause((enum reason)i)] |= reasons[i];
	for (unsigned i = 0; i < CAUSE_COUNT; i++)
		CHECK(cause_word((enum cause)i), causes[i]);
}

/* Every reason that some rule can give has a session. */
static void every_reason_of_a_rule_is_reached(void **state)
{
	bool reasons[REASON_COUNT] = { false };

	collect(*state, reasons);
	for (size_t i = 0; i < COUNT(given); i++)
		CHECK(reason_word(given[i]), reasons[given[i]]);
}

/* The form is what people paste: printing must not change what it means. */
static void printed_again_it_is_the_same(void **state)
{
	const struct corpus *corpus = *state;

	for (size_t i = 0; i < corpus->count; i++) {
		char *text = read_file(corpus->names[i]);
		struct result *first = recorded(text, NULL), *second;
		struct text printed = text_create(first->arena, SIZE_MAX_OF_FILE);

		trace_print(first->trace, &printed);
		second = recorded(printed.at, NULL);
		CHECK_INT(corpus->names[i], second->diagnosis.reason,
		          first->diagnosis.reason);
		CHECK_INT(corpus->names[i], trace_count(second->trace),
		          (long long)trace_count(first->trace));
		result_release(second);
		result_release(first);
		free(text);
	}
}

/* Nobody's mail server belongs into a test. */
static void addresses_are_for_documentation(void **state)
{
	const struct corpus *corpus = *state;

	for (size_t i = 0; i < corpus->count; i++) {
		char *text = read_file(corpus->names[i]);
		struct str rest = str_of(text), word;

		while (str_take_word(&word, &rest, " \n\"=")) {
			if (str_starts(word, STR("[2")))
				CHECK(corpus->names[i],
				      str_starts(word, STR("[2001:db8:")));
			if (str_starts(word, STR("192.")))
				CHECK(corpus->names[i],
				      str_starts(word, STR("192.0.2.")));
		}
		CHECK(corpus->names[i],
		      !strstr(text, ".com\"") || strstr(text, "example.com\""));
		free(text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_session_means_what_its_file_says),
		cmocka_unit_test(every_cause_is_reached),
		cmocka_unit_test(every_reason_of_a_rule_is_reached),
		cmocka_unit_test(printed_again_it_is_the_same),
		cmocka_unit_test(addresses_are_for_documentation),
	};

	return cmocka_run_group_tests(tests, list_files, forget_files);
}
