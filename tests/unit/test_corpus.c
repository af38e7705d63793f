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
#include "tests/unit/reply_corpus.h"
#include "tests/unit/row.h"

enum {
	SESSIONS_MIN = 60,
	FILE_MAX = 512,
	SIZE_MAX_OF_FILE = 256 * 1024,
	NAME_LEN_MAX = 256
};

/* Only a second look at the path, or what the last good run knew, can tell these. */
#define UNREACHED_REASONS \
	REASON_DROPPED_BY_FIREWALL, REASON_CUT_AT_COMMAND, REASON_DNS_HIJACKED, \
		REASON_PACKETS_LOST, REASON_MTU_BLACK_HOLE

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

/* False, after a line that says so, when the session means something else. */
static bool means_what_it_says(const char *name)
{
	char *text = read_file(name), verdict[128];
	struct str expected = expectation_of(text);
	struct result *result = recorded(text, NULL);
	const struct diagnosis *diagnosis = &result->diagnosis;
	bool right;

	snprintf(verdict, sizeof(verdict), "%s/%s", cause_word(diagnosis->cause),
	         reason_word(diagnosis->reason));
	right = str_equal(expected, str_of(verdict)) && diagnosis->advice.count > 0 &&
	        diagnosis->evidence.count > 0;
	if (!right)
		printf("%s: %s, expected %.*s; %zu lines of evidence, %zu of advice\n",
		       name, verdict, (int)expected.len, expected.at,
		       diagnosis->evidence.count, diagnosis->advice.count);
	result_release(result);
	free(text);
	return right;
}

static void every_session_means_what_its_file_says(void **state)
{
	const struct corpus *corpus = *state;
	unsigned wrong = 0;

	assert_in_range(corpus->count, SESSIONS_MIN, FILE_MAX - 1);
	for (size_t i = 0; i < corpus->count; i++)
		wrong += !means_what_it_says(corpus->names[i]);
	assert_int_equal(wrong, 0);
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

static bool is_listed(enum reason reason, const enum reason *list, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (list[i] == reason)
			return true;
	return false;
}

/* Exactly the listed ones are not reached: a list that has grown old is wrong, too. */
static void check_reasons(const bool reached[REASON_COUNT], const enum reason *missing,
                          size_t count)
{
	for (unsigned i = 0; i < REASON_COUNT; i++) {
		const char *word = reason_word((enum reason)i);

		if (is_listed((enum reason)i, missing, count))
			CHECK(word, !reached[i]);
		else
			CHECK(word, reached[i]);
	}
}

static void every_reason_but_the_listed_has_a_session(void **state)
{
	static const enum reason missing[] = {
		UNREACHED_REASONS,
		REASON_AUTH_REQUIRED, /* a session of ours ends with AUTH */
	};
	bool reasons[REASON_COUNT] = { false };

	collect(*state, reasons);
	check_reasons(reasons, missing, COUNT(missing));
}

static void every_reason_but_the_listed_has_a_session_or_reply(void **state)
{
	static const enum reason missing[] = { UNREACHED_REASONS };
	bool reasons[REASON_COUNT] = { false };
	struct reply_corpus *replies = reply_corpus_open(CORPUS_DIR "/replies.tsv");

	assert_non_null(replies);
	collect(*state, reasons);
	for (size_t i = 0; i < replies->count; i++)
		reasons[replies->entries[i].reason] = true;
	reply_corpus_close(replies);
	check_reasons(reasons, missing, COUNT(missing));
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
		cmocka_unit_test(every_reason_but_the_listed_has_a_session),
		cmocka_unit_test(every_reason_but_the_listed_has_a_session_or_reply),
		cmocka_unit_test(printed_again_it_is_the_same),
		cmocka_unit_test(addresses_are_for_documentation),
	};

	return cmocka_run_group_tests(tests, list_files, forget_files);
}
