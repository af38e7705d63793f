/* SPDX-License-Identifier: Apache-2.0 */
#include "probe/trace.h"

#include <stdio.h>

#include "tests/unit/row.h"

enum { PRINTED_MAX = 1024 * 1024 };

static int set_up(void **state)
{
	*state = arena_create();
	return 0;
}

static int tear_down(void **state)
{
	arena_destroy(*state);
	return 0;
}

static struct trace *parse(struct arena *arena, const char *text)
{
	struct error err;
	struct trace *trace = trace_parse(arena, str_of(text), &err);

	if (!trace)
		fail_msg("%s", err.text);
	return trace;
}

static const char *print(struct arena *arena, const struct trace *trace)
{
	struct text text = text_create(arena, PRINTED_MAX);

	trace_print(trace, &text);
	assert_false(text.truncated);
	return text.at;
}

static struct str line_at(const struct trace *trace, size_t index)
{
	return trace_event(trace, index)->line;
}

/* ---- the text form ---- */

static const char whole[] = "0.000 * connect 192.0.2.7:587\n"
			    "0.021 < 220 mx.example ESMTP\n"
			    "0.021 > EHLO probe.example\n"
			    "12.345 < 250-mx.example\n"
			    "3600.000 < \n"
			    "3600.001 * end reply\n";

static void printed_form_comes_back(void **state)
{
	assert_string_equal(print(*state, parse(*state, whole)), whole);
}

static void comments_and_blank_lines_are_skipped(void **state)
{
	const struct trace *trace = parse(
		*state, "# one\n\n  \t\n  # two\r\n0 < 220 a\r\n\n1 > QUIT # three");

	assert_int_equal(trace_count(trace), 2);
	CHECK_STR("CRLF", line_at(trace, 0), "220 a");
	CHECK_STR("no comment inside a line", line_at(trace, 1), "QUIT # three");
}

static void nothing_is_a_trace_without_events(void **state)
{
	assert_int_equal(trace_count(parse(*state, "")), 0);
	assert_int_equal(trace_count(parse(*state, "# only this")), 0);
}

static const struct {
	const char *line;
	usec at;
	enum direction direction;
	const char *text;
} good_lines[] = {
	{ "0 < 220", 0, DIRECTION_SERVER, "220" },
	{ "1.5 > QUIT", 1500000, DIRECTION_CLIENT, "QUIT" },
	{ "0.000001 * end", 1, DIRECTION_NOTE, "end" },
	{ "0.12 * end", 120000, DIRECTION_NOTE, "end" },
	{ "999999999.999999 * end", 999999999999999, DIRECTION_NOTE, "end" },
	{ "0.1 <", 100000, DIRECTION_SERVER, "" },
	{ "0.1 < ", 100000, DIRECTION_SERVER, "" },
	{ "0.1 <  a", 100000, DIRECTION_SERVER, " a" },
	{ "0.1 < a ", 100000, DIRECTION_SERVER, "a " },
};

static void good_line_is_read(void **state)
{
	for (size_t i = 0; i < COUNT(good_lines); i++) {
		const char *row = good_lines[i].line;
		const struct trace *trace = parse(*state, row);
		const struct event *event = trace_event(trace, 0);

		CHECK_INT(row, event->at, good_lines[i].at);
		CHECK_INT(row, event->direction, good_lines[i].direction);
		CHECK_STR(row, event->line, good_lines[i].text);
	}
}

static const char *const bad_lines[] = {
	"220 mx.example",   "0.1",         "0.1 ",
	"0.1<220 a",        "0.1 ! 220 a", "0.1  < 220",
	"-0.1 < 220",       "0. < 220",    ".5 < 220",
	"0.1234567 < 220",  "0x1 < 220",   "1e3 < 220",
	"1000000000 < 220", " 0.1 < 220",  "< 220",
	"0.1\t< 220",       "0.+1 < 220",
};

static void bad_line_is_named(void **state)
{
	char text[256];

	for (size_t i = 0; i < COUNT(bad_lines); i++) {
		struct error err = { "" };

		snprintf(text, sizeof(text),
		         "# comment\n0.0 < 220 a\n\n%s\n0.2 > QUIT\n", bad_lines[i]);
		CHECK(bad_lines[i], !trace_parse(*state, str_of(text), &err));
		CHECK(bad_lines[i], str_starts(str_of(err.text), STR("line 4: ")));
	}
}

/* ---- redaction ---- */

static const char exchange[] = "0 > EHLO probe.example\n"
			       "0 < 250 AUTH LOGIN PLAIN\n"
			       "0 > AUTH LOGIN\n"
			       "0 < 334 VXNlcm5hbWU6\n"
			       "0 > dXNlcg==\n"
			       "0 < 334 UGFzc3dvcmQ6\n"
			       "0 > c2VjcmV0\n"
			       "0 < 535 5.7.8 no\n"
			       "0 > QUIT\n";

static void redaction_follows_the_exchange(void **state)
{
	const struct trace *trace = parse(*state, exchange);

	CHECK_STR("before", line_at(trace, 0), "EHLO probe.example");
	CHECK_STR("command", line_at(trace, 2), "AUTH LOGIN");
	CHECK_STR("user", line_at(trace, 4), "<redacted>");
	CHECK_STR("password", line_at(trace, 6), "<redacted>");
	CHECK_STR("after", line_at(trace, 8), "QUIT");
}

static const struct {
	const char *sent, *shown;
} commands[] = {
	{ "AUTH PLAIN AGEAYg==", "AUTH PLAIN <redacted>" },
	{ "auth plain AGEAYg==", "auth plain <redacted>" },
	{ "AUTH PLAIN", "AUTH PLAIN" },
	{ "AUTH PLAIN =", "AUTH PLAIN <redacted>" },
	{ "AUTH  PLAIN  AGEAYg==", "AUTH  PLAIN <redacted>" },
	{ "AUTH PLAIN one two", "AUTH PLAIN <redacted>" },
	{ "AUTH", "AUTH" },
	{ "AUTHX secret", "AUTHX secret" },
};

static void command_shows_only_the_mechanism(void **state)
{
	for (size_t i = 0; i < COUNT(commands); i++) {
		struct trace *trace = trace_create(*state, NULL);

		trace_add(trace, 0, DIRECTION_CLIENT, str_of(commands[i].sent));
		CHECK_STR(commands[i].sent, line_at(trace, 0), commands[i].shown);
	}
}

static void star_is_no_secret(void **state)
{
	struct trace *trace = trace_create(*state, NULL);

	trace_add(trace, 0, DIRECTION_CLIENT, STR("AUTH CRAM-MD5"));
	trace_add(trace, 0, DIRECTION_SERVER, STR("334 !!!"));
	trace_add(trace, 0, DIRECTION_CLIENT, STR("*"));
	CHECK_STR("cancelled", line_at(trace, 2), "*");
}

/* A mechanism that is longer than a line is kept, or cut; never read past its end. */
static void endless_mechanism_is_cut(void **state)
{
	struct trace *trace = trace_create(*state, NULL);
	char line[3 * TRACE_LINE_MAX];

	memset(line, 'X', sizeof(line));
	memcpy(line, "AUTH ", 5);
	trace_add(trace, 0, DIRECTION_CLIENT, (struct str){ line, sizeof(line) });
	assert_true(line_at(trace, 0).len <= TRACE_LINE_MAX);
	assert_memory_equal(line_at(trace, 0).at, line, line_at(trace, 0).len);
}

static void nul_in_a_command_is_no_end(void **state)
{
	struct trace *trace = trace_create(*state, NULL);

	trace_add(trace, 0, DIRECTION_CLIENT, STR("AUTH A\0B"));
	CHECK_STR("shown", line_at(trace, 0), "AUTH A?B");
}

static void echoed_secret_is_redacted(void **state)
{
	struct redaction *redaction = redaction_create(8);
	struct trace *trace = trace_create(*state, redaction);

	redaction_add_secret(redaction, STR("geheim99"));
	redaction_add_message(redaction, STR("\0user\0geheim99"));
	trace_add(trace, 0, DIRECTION_SERVER,
	          STR("500 unknown: geheim99 AHVzZXIAZ2VoZWltOTk="));
	trace_close(trace);
	redaction_destroy(redaction);
	CHECK_STR("echo", line_at(trace, 0), "500 unknown: <redacted> <redacted>");
}

static void control_bytes_become_question_marks(void **state)
{
	struct trace *trace = trace_create(*state, NULL);

	trace_add(trace, 0, DIRECTION_SERVER, STR("220 a\0b\033[2J\177\tc\xe4\r\n"));
	trace_note(trace, 0, "%s", "end local a\nb");
	CHECK_STR("server", line_at(trace, 0), "220 a?b?[2J??c\xe4");
	CHECK_STR("note", line_at(trace, 1), "end local a?b");
}

/* ---- limits ---- */

static void check_line_limit(struct arena *arena, enum direction direction)
{
	const char *row = direction == DIRECTION_CLIENT ? "client" : "server";
	struct trace *trace = trace_create(arena, NULL);
	char line[TRACE_LINE_MAX + 1];

	memset(line, 'a', sizeof(line));
	trace_add(trace, 0, direction, (struct str){ line, TRACE_LINE_MAX });
	CHECK_INT(row, line_at(trace, 0).len, TRACE_LINE_MAX);
	CHECK(row, !trace_truncated(trace));
	trace_add(trace, 0, direction, (struct str){ line, TRACE_LINE_MAX + 1 });
	CHECK_INT(row, line_at(trace, 1).len, TRACE_LINE_MAX);
	CHECK(row, trace_truncated(trace));
}

static void servers_line_is_cut_at_the_limit(void **state)
{
	check_line_limit(*state, DIRECTION_SERVER);
}

static void clients_line_is_cut_at_the_limit(void **state)
{
	check_line_limit(*state, DIRECTION_CLIENT);
}

static void line_end_does_not_count(void **state)
{
	struct trace *trace = trace_create(*state, NULL);
	char line[TRACE_LINE_MAX + 2];

	memset(line, 'a', sizeof(line));
	memcpy(line + TRACE_LINE_MAX, "\r\n", 2);
	trace_add(trace, 0, DIRECTION_SERVER, (struct str){ line, sizeof(line) });
	assert_int_equal(line_at(trace, 0).len, TRACE_LINE_MAX);
	assert_false(trace_truncated(trace));
}

/* A pasted trace is as foreign as a server. */
static void note_is_bounded_too(void **state)
{
	static char text[4 * TRACE_NOTE_MAX];
	struct error err;
	const struct trace *trace;

	memset(text, 'a', sizeof(text));
	memcpy(text, "0 * ", 4);
	trace = trace_parse(*state, (struct str){ text, sizeof(text) }, &err);
	assert_non_null(trace);
	assert_true(line_at(trace, 0).len <= TRACE_NOTE_MAX);
}

static void note_of_the_limit_is_kept(void **state)
{
	struct trace *trace = trace_create(*state, NULL);

	trace_note(trace, 0, "%*s", TRACE_NOTE_MAX - 1, "x");
	assert_int_equal(line_at(trace, 0).len, TRACE_NOTE_MAX - 1);
	trace_note(trace, 0, "%*s", TRACE_NOTE_MAX * 2, "x");
	assert_true(line_at(trace, 1).len <= TRACE_NOTE_MAX);
}

/* A server that floods us cannot keep the trace from telling how it ended. */
static void flood_leaves_room_for_the_end(void **state)
{
	struct trace *trace = trace_create(*state, NULL);
	size_t kept;

	for (int i = 0; i < 10 * TRACE_EVENT_MAX; i++)
		trace_add(trace, 0, DIRECTION_SERVER, STR("250-x"));
	kept = trace_count(trace);
	assert_true(kept >= TRACE_EVENT_MAX / 2 && kept < TRACE_EVENT_MAX);
	assert_true(trace_truncated(trace));
	trace_note(trace, 1, "end protocol");
	assert_int_equal(trace_count(trace), kept + 1);
	CHECK_STR("end", line_at(trace, kept), "end protocol");
}

static void events_stop_at_the_limit(void **state)
{
	struct trace *trace = trace_create(*state, NULL);

	for (int i = 0; i < TRACE_EVENT_MAX; i++)
		trace_note(trace, 0, "connect");
	assert_int_equal(trace_count(trace), TRACE_EVENT_MAX);
	assert_false(trace_truncated(trace));
	trace_note(trace, 0, "connect");
	assert_int_equal(trace_count(trace), TRACE_EVENT_MAX);
	assert_true(trace_truncated(trace));
}

static void dropped_command_still_opens_the_exchange(void **state)
{
	struct trace *trace = trace_create(*state, NULL);

	for (int i = 0; i < TRACE_EVENT_MAX; i++)
		trace_add(trace, 0, DIRECTION_SERVER, STR("250-x"));
	trace_add(trace, 0, DIRECTION_CLIENT, STR("AUTH PLAIN c2VjcmV0"));
	assert_null(strstr(print(*state, trace), "c2VjcmV0"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
		TEST(printed_form_comes_back),
		TEST(comments_and_blank_lines_are_skipped),
		TEST(nothing_is_a_trace_without_events),
		TEST(good_line_is_read),
		TEST(bad_line_is_named),
		TEST(redaction_follows_the_exchange),
		TEST(command_shows_only_the_mechanism),
		TEST(star_is_no_secret),
		TEST(nul_in_a_command_is_no_end),
		TEST(echoed_secret_is_redacted),
		TEST(control_bytes_become_question_marks),
		TEST(servers_line_is_cut_at_the_limit),
		TEST(clients_line_is_cut_at_the_limit),
		TEST(line_end_does_not_count),
		TEST(note_is_bounded_too),
		TEST(note_of_the_limit_is_kept),
		TEST(flood_leaves_room_for_the_end),
		TEST(events_stop_at_the_limit),
		TEST(dropped_command_still_opens_the_exchange),
		TEST(endless_mechanism_is_cut),
#undef TEST
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
