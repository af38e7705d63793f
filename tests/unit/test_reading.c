/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The rows of reading.def, measured with the replies of real servers and fired one by
 * one with replies that follow a server's manner.
 */
#include <stdio.h>

#include "probe/pasted.h"
#include "probe/reading.h"
#include "tests/unit/reply_corpus.h"
#include "tests/unit/row.h"

/* Of a hundred replies so many must be read right. */
enum { CAUSES_RIGHT_MIN = 98, REASONS_RIGHT_MIN = 92 };

enum { SHOWN_MAX = 160 };

static const struct rule_shown {
	const char *text, *reason, *source;
} rules[] = {
#define READ(phases, code, status, server, facts, text, reason, confidence, source) \
	{ text, #reason, source },
#include "probe/reading.def"
};

static struct reading read_reply(struct said said, struct str raw)
{
	struct pasted pasted;

	if (!pasted_parse(&pasted, raw))
		fail_msg("no reply: \"%.*s\"", (int)raw.len, raw.at);
	said.reply = pasted.reply;
	return reading_of(&said);
}

static struct reading read_entry(const struct reply_entry *entry)
{
	struct said said = {
		.phase = entry->phase,
		.mechanism = entry->mechanism,
		.target = entry->target,
		.banner = entry->banner,
	};

	return read_reply(said, entry->reply);
}

static void show_wrong(const struct reply_entry *entry, struct reading read)
{
	const struct rule_shown *rule = &rules[read.rule];
	int len = entry->reply.len < SHOWN_MAX ? (int)entry->reply.len : SHOWN_MAX;

	printf("replies.tsv:%u: %s %.*s: %.*s\n"
	       "\tread as %s/%s, right is %s/%s\n"
	       "\tby row %zu, \"%.40s\", %s\n",
	       entry->line, phase_word(entry->phase), (int)entry->mechanism.len,
	       entry->mechanism.at, len, entry->reply.at,
	       cause_word(reason_cause(read.reason)), reason_word(read.reason),
	       cause_word(reason_cause(entry->reason)), reason_word(entry->reason),
	       read.rule, rule->text, rule->source);
}

typedef bool right_in(const struct reply_entry *entry, struct reading read);

static bool cause_is_right(const struct reply_entry *entry, struct reading read)
{
	return entry->allowed[reason_cause(read.reason)];
}

static bool reason_is_right(const struct reply_entry *entry, struct reading read)
{
	return read.reason == entry->reason;
}

static bool blames_no_password(const struct reply_entry *entry, struct reading read)
{
	return reason_cause(read.reason) != CAUSE_CREDENTIALS ||
	       entry->allowed[CAUSE_CREDENTIALS];
}

static bool success_is_seen(const struct reply_entry *entry, struct reading read)
{
	return entry->reason != REASON_NONE || read.reason == REASON_NONE;
}

static size_t count_right(const struct reply_corpus *corpus, right_in *right)
{
	size_t count = 0;

	for (size_t i = 0; i < corpus->count; i++) {
		const struct reply_entry *entry = &corpus->entries[i];
		struct reading read = read_entry(entry);

		if (right(entry, read))
			count++;
		else
			show_wrong(entry, read);
	}
	return count;
}

static void check_share(const struct reply_corpus *corpus, right_in *right,
                        size_t percent_min)
{
	size_t count = count_right(corpus, right);

	printf("%zu of %zu right, %.1f %%\n", count, corpus->count,
	       100.0 * (double)count / (double)corpus->count);
	if (count * 100 < corpus->count * percent_min)
		fail_msg("%zu of %zu right, less than %zu %%", count, corpus->count,
		         percent_min);
}

static void causes_of_real_replies_are_right(void **state)
{
	check_share(*state, cause_is_right, CAUSES_RIGHT_MIN);
}

static void reasons_of_real_replies_are_right(void **state)
{
	check_share(*state, reason_is_right, REASONS_RIGHT_MIN);
}

static void no_password_is_blamed_wrongly(void **state)
{
	check_share(*state, blames_no_password, 100);
}

static void no_success_is_called_a_failure(void **state)
{
	check_share(*state, success_is_seen, 100);
}

static void table_of_verdicts(void **state)
{
	static const char *const heads[CAUSE_COUNT] = {
#define CAUSE(id, severity, word, meaning, actor) word,
#include "probe/cause.def"
	};
	const struct reply_corpus *corpus = *state;
	unsigned counts[CAUSE_COUNT][CAUSE_COUNT] = { 0 };

	for (size_t i = 0; i < corpus->count; i++) {
		const struct reply_entry *entry = &corpus->entries[i];

		counts[reason_cause(entry->reason)]
		      [reason_cause(read_entry(entry).reason)]++;
	}
	printf("%-14s", "label\\verdict");
	for (size_t i = 0; i < CAUSE_COUNT; i++)
		printf(" %7.7s", heads[i]);
	for (size_t i = 0; i < CAUSE_COUNT; i++) {
		printf("\n%-14s", heads[i]);
		for (size_t k = 0; k < CAUSE_COUNT; k++)
			printf(" %7u", counts[i][k]);
	}
	printf("\n");
}

/* ---- every row ---- */

static const struct row {
	struct said said;
	const char *reply;
	enum reason reason;
} rows[] = {
#define SAID(phase_id, reason, reply, ...) \
	{ { .phase = PHASE_##phase_id, __VA_ARGS__ }, reply, REASON_##reason },
#define ROW(phase_id, reason, reply) \
	{ { .phase = PHASE_##phase_id }, reply, REASON_##reason },
#include "tests/unit/reading_rows.def"
};

static void replies_in_a_servers_manner_are_read(void **state)
{
	unsigned wrong = 0;

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct reading read = read_reply(rows[i].said, str_of(rows[i].reply));

		if (read.reason == rows[i].reason)
			continue;
		printf("%s\n\tread as %s, right is %s\n\tby row %zu, \"%.40s\", %s\n",
		       rows[i].reply, reason_word(read.reason),
		       reason_word(rows[i].reason), read.rule, rules[read.rule].text,
		       rules[read.rule].source);
		wrong++;
	}
	assert_int_equal(wrong, 0);
}

/* The last row is for what is no reply at all. */
static void without_a_code_nothing_is_explained(void **state)
{
	(void)state;
	for (unsigned phase = 0; phase <= PHASE_NONE; phase++) {
		const struct said said = { .phase = (enum phase)phase };
		struct reading read = reading_of(&said);

		assert_int_equal(read.reason, REASON_UNEXPLAINED);
		assert_int_equal(read.confidence, CONFIDENCE_POSSIBLE);
		assert_int_equal(read.rule, COUNT(rules) - 1);
	}
}

static void every_row_fires(void **state)
{
	const struct reply_corpus *corpus = *state;
	bool fired[COUNT(rules)] = { [COUNT(rules) - 1] = true }; /* the test above */
	unsigned silent = 0;

	assert_int_equal(reading_rule_count(), COUNT(rules));
	for (size_t i = 0; i < corpus->count; i++)
		fired[read_entry(&corpus->entries[i]).rule] = true;
	for (size_t i = 0; i < COUNT(rows); i++)
		fired[read_reply(rows[i].said, str_of(rows[i].reply)).rule] = true;
	for (size_t i = 0; i < COUNT(rules); i++) {
		if (fired[i])
			continue;
		printf("row %zu never fires: %s, \"%.60s\", %s\n", i, rules[i].reason,
		       rules[i].text, rules[i].source);
		silent++;
	}
	assert_int_equal(silent, 0);
}

static int open_corpus(void **state)
{
	*state = reply_corpus_open(CORPUS_DIR "/replies.tsv");
	return *state ? 0 : -1;
}

static int close_corpus(void **state)
{
	reply_corpus_close(*state);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(causes_of_real_replies_are_right),
		cmocka_unit_test(reasons_of_real_replies_are_right),
		cmocka_unit_test(no_password_is_blamed_wrongly),
		cmocka_unit_test(no_success_is_called_a_failure),
		cmocka_unit_test(table_of_verdicts),
		cmocka_unit_test(replies_in_a_servers_manner_are_read),
		cmocka_unit_test(without_a_code_nothing_is_explained),
		cmocka_unit_test(every_row_fires),
	};

	return cmocka_run_group_tests(tests, open_corpus, close_corpus);
}
