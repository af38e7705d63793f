/* SPDX-License-Identifier: Apache-2.0 */
#include "probe/contact_dialogue.h"

#include <stdio.h>

#include "tests/unit/row.h"

enum { STEPS_MAX = 10 };

/*
 * One contact, written down. The first character of each step says what happens:
 * '<' the peer sends the rest, '>' this command is due, '!' the handshake is due and
 * done, '~' nothing comes for a while.
 */
static const struct row {
	const char *claim;
	enum contact_step goal;
	bool tls_first;
	const char *steps[STEPS_MAX];
	enum contact_outcome outcome; /* CONTACT_OUTCOME_COUNT: not over yet */
	enum contact_step reached;
	bool quit;
	const char *first, *last, *before, *after;
} rows[] = {
#include "tests/unit/contact_rows.def"
};

/* ---- by the book ---- */

static struct contact_dialogue dialogue;
static struct contact_report report;

static enum contact_need begin(enum contact_step goal, bool tls_first)
{
	report = (struct contact_report){ .outcome = CONTACT_OUTCOME_COUNT };
	assert_true(contact_dialogue_begin(&dialogue, &report, goal, tls_first,
	                                   "client.example"));
	return contact_dialogue_next(&dialogue);
}

static enum contact_need feed(const char *bytes, size_t len, size_t piece)
{
	enum contact_need need = CONTACT_NEED_BYTES;

	while (len && need == CONTACT_NEED_BYTES) {
		size_t part = piece < len ? piece : len;

		need = contact_dialogue_take(&dialogue, (struct str){ bytes, part });
		bytes += part;
		len -= part;
	}
	return need;
}

static enum contact_need play_step(const struct row *row, const char *step,
                                   enum contact_need need, size_t piece)
{
	char command[CONTACT_COMMAND_MAX];

	switch (step[0]) {
	case '<':
		CHECK_INT(row->claim, need, CONTACT_NEED_BYTES);
		return feed(step + 1, strlen(step + 1), piece);
	case '>':
		CHECK_INT(row->claim, need, CONTACT_NEED_SEND);
		snprintf(command, sizeof(command), "%s\r\n", step + 1);
		CHECK_TEXT(row->claim, dialogue.command, command);
		return contact_dialogue_next(&dialogue);
	case '!':
		CHECK_INT(row->claim, need, CONTACT_NEED_HANDSHAKE);
		return contact_dialogue_encrypted(&dialogue);
	default:
		return contact_dialogue_pause(&dialogue);
	}
}

static void play(const struct row *row, size_t piece)
{
	enum contact_need need = begin(row->goal, row->tls_first);

	for (size_t i = 0; i < STEPS_MAX && row->steps[i]; i++)
		need = play_step(row, row->steps[i], need, piece);
	CHECK_INT(row->claim, need,
	          row->outcome == CONTACT_OUTCOME_COUNT ? CONTACT_NEED_BYTES
	                                                : CONTACT_NEED_NOTHING);
	CHECK_INT(row->claim, report.outcome, row->outcome);
	CHECK_INT(row->claim, report.reached, row->reached);
	CHECK_INT(row->claim, contact_dialogue_may_quit(&dialogue), row->quit);
	CHECK_TEXT(row->claim, report.first, row->first);
	CHECK_TEXT(row->claim, report.last, row->last);
	CHECK_TEXT(row->claim, report.before, row->before);
	CHECK_TEXT(row->claim, report.after, row->after);
	/* What is over stays over. */
	if (need == CONTACT_NEED_NOTHING) {
		CHECK_INT(row->claim, feed("250 x\r\n", 7, 7), CONTACT_NEED_NOTHING);
		CHECK_INT(row->claim, contact_dialogue_pause(&dialogue),
		          CONTACT_NEED_NOTHING);
		CHECK_INT(row->claim, report.outcome, row->outcome);
	}
}

static void every_course_is_followed(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++)
		play(&rows[i], SIZE_MAX);
}

/* Where TLS is due, bytes are TLS's. */
static bool is_for_one_piece(const struct row *row)
{
	return strstr(row->claim, "behind the reply to STARTTLS") != NULL;
}

static void pieces_make_no_difference(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++)
		if (!is_for_one_piece(&rows[i]))
			play(&rows[i], 1);
}

/* ---- TLS where SMTP belongs ---- */

static void tls_record_is_seen(void **state)
{
	/* Alerts: protocol version; unexpected message, which is LF. */
	static const char version[] = "\x15\x03\x03\x00\x02\x02\x46";
	static const char unexpected[] = "\x15\x03\x03\x00\x02\x02\n";
	static const char words[] = "\x15\x05xx\n";

	(void)state;
	begin(CONTACT_EHLO, false);
	feed(version, 7, 7);
	assert_int_equal(contact_dialogue_pause(&dialogue), CONTACT_NEED_NOTHING);
	assert_int_equal(report.outcome, CONTACT_STRANGE);
	assert_true(report.is_tls);
	assert_string_equal(report.first, "??????F");

	begin(CONTACT_EHLO, false);
	assert_int_equal(feed(unexpected, 7, 7), CONTACT_NEED_NOTHING);
	assert_true(report.is_tls);
	assert_string_equal(report.first, "???????");

	begin(CONTACT_EHLO, false);
	assert_int_equal(feed(words, 5, 5), CONTACT_NEED_NOTHING);
	assert_int_equal(report.outcome, CONTACT_STRANGE);
	assert_false(report.is_tls);
	assert_string_equal(report.first, "??xx");
}

static void alert_in_the_middle_is_seen(void **state)
{
	(void)state;
	begin(CONTACT_EHLO, false);
	feed("220 a\r\n", 7, 7);
	contact_dialogue_next(&dialogue);
	feed("\x15\x03\x01\x00\x02\x02\x46", 7, 1);
	contact_dialogue_pause(&dialogue);
	assert_true(report.is_tls);
	assert_string_equal(report.first, "220 a");
	assert_string_equal(report.last, "??????F");
}

static bool peek(const char *bytes, size_t len)
{
	begin(CONTACT_TLS, true);
	return contact_dialogue_peek(&dialogue, (struct str){ bytes, len });
}

static void cleartext_where_tls_is_due_is_shown(void **state)
{
	(void)state;
	assert_false(peek("", 0));
	assert_false(peek("2", 1));
	assert_true(peek("220 mx.example\r\n220", 19));
	assert_string_equal(report.first, "220 mx.example");
	assert_string_equal(report.last, "220 mx.example");
	assert_true(peek("22", 2));
	assert_string_equal(report.first, "22");
	assert_true(peek("\x16\x03", 2));
	assert_string_equal(report.first, "");
	assert_int_equal(report.outcome, CONTACT_OUTCOME_COUNT);
}

static void first_line_outlives_a_look_ahead(void **state)
{
	(void)state;
	begin(CONTACT_STARTTLS, false);
	feed("220 a\r\n", 7, 7);
	assert_true(contact_dialogue_peek(&dialogue, STR("hm\r\n")));
	assert_string_equal(report.first, "220 a");
	assert_string_equal(report.last, "hm");
}

/* ---- limits ---- */

/* A greeting of so many lines, the last one included. */
static enum contact_need greet_with_lines(int count)
{
	enum contact_need need = begin(CONTACT_EHLO, false);

	for (int i = 1; i < count; i++) {
		assert_int_equal(need, CONTACT_NEED_BYTES);
		need = feed("220-more\r\n", 10, 10);
	}
	return feed("220 done\r\n", 10, 10);
}

static void lines_are_limited(void **state)
{
	(void)state;
	assert_int_equal(greet_with_lines(CONTACT_LINES_MAX), CONTACT_NEED_SEND);
	assert_int_equal(greet_with_lines(CONTACT_LINES_MAX + 1), CONTACT_NEED_NOTHING);
	assert_int_equal(report.outcome, CONTACT_STRANGE);
	assert_string_equal(report.first, "220-more");
}

/* One line of so many bytes, its end included. */
static enum contact_need greet_with_bytes(size_t count, size_t piece)
{
	static char bytes[CONTACT_BYTES_MAX + 2];

	memset(bytes, 'x', sizeof(bytes));
	memcpy(bytes, "220 ", 4);
	memcpy(bytes + count - 2, "\r\n", 2);
	begin(CONTACT_EHLO, false);
	return feed(bytes, count, piece);
}

static void bytes_are_limited(void **state)
{
	(void)state;
	for (size_t piece = 1; piece <= CONTACT_BYTES_MAX * 2; piece *= 4096) {
		assert_int_equal(greet_with_bytes(CONTACT_BYTES_MAX, piece),
		                 CONTACT_NEED_SEND);
		assert_int_equal(strlen(report.first), CONTACT_TEXT_MAX - 1);
		assert_int_equal(greet_with_bytes(CONTACT_BYTES_MAX + 1, piece),
		                 CONTACT_NEED_NOTHING);
		assert_int_equal(report.outcome, CONTACT_STRANGE);
	}
	/* What is complete before the limit counts. */
	begin(CONTACT_GREETING, false);
	dialogue.used = dialogue.taken = CONTACT_BYTES_MAX - 7;
	assert_int_equal(feed("220 a\r\nmore", 11, 11), CONTACT_NEED_NOTHING);
	assert_int_equal(report.outcome, CONTACT_ANSWERED);
}

static void text_is_cut_to_fit(void **state)
{
	char line[CONTACT_TEXT_MAX + 8];

	(void)state;
	for (size_t len = CONTACT_TEXT_MAX - 1; len <= CONTACT_TEXT_MAX; len++) {
		memset(line, 'x', sizeof(line));
		memcpy(line, "220 ", 4);
		line[len] = '\n';
		begin(CONTACT_GREETING, false);
		feed(line, len + 1, len + 1);
		assert_int_equal(strlen(report.first), CONTACT_TEXT_MAX - 1);
		assert_int_equal(strlen(report.last), CONTACT_TEXT_MAX - 1);
	}
}

/* ---- names ---- */

static bool takes_name(const char *name)
{
	return contact_dialogue_begin(&dialogue, &report, CONTACT_EHLO, false, name);
}

static void name_is_one_word(void **state)
{
	char name[CONTACT_NAME_MAX + 2] = { 0 };

	(void)state;
	assert_true(takes_name("[IPv6:2001:db8::1]"));
	assert_false(takes_name(NULL));
	assert_false(takes_name(""));
	assert_false(takes_name("a b"));
	assert_false(takes_name("a\r\nMAIL FROM:<x@y.example>"));
	assert_false(takes_name("a\x7f"));
	assert_false(takes_name("\xc3\xa4.example"));
	memset(name, 'a', CONTACT_NAME_MAX);
	assert_true(takes_name(name));
	name[CONTACT_NAME_MAX] = 'a';
	assert_false(takes_name(name));
}

static void longest_name_is_sent_whole(void **state)
{
	char name[CONTACT_NAME_MAX + 1] = { 0 };

	(void)state;
	memset(name, 'a', CONTACT_NAME_MAX);
	assert_true(takes_name(name));
	contact_dialogue_next(&dialogue);
	feed("220 a\r\n", 7, 7);
	assert_int_equal(strlen(dialogue.command), 5 + CONTACT_NAME_MAX + 2);
	assert_string_equal(dialogue.command + 5 + CONTACT_NAME_MAX, "\r\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_course_is_followed),
		cmocka_unit_test(pieces_make_no_difference),
		cmocka_unit_test(tls_record_is_seen),
		cmocka_unit_test(alert_in_the_middle_is_seen),
		cmocka_unit_test(cleartext_where_tls_is_due_is_shown),
		cmocka_unit_test(first_line_outlives_a_look_ahead),
		cmocka_unit_test(lines_are_limited),
		cmocka_unit_test(bytes_are_limited),
		cmocka_unit_test(text_is_cut_to_fit),
		cmocka_unit_test(name_is_one_word),
		cmocka_unit_test(longest_name_is_sent_whole),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
