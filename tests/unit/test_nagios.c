/* SPDX-License-Identifier: Apache-2.0 */
#include "probe/plugin/nagios.h"

#include <stdio.h>

#include "probe/plugin/waterfall.h"
#include "tests/unit/recorded.h"
#include "tests/unit/row.h"

enum { FIRST_KILOBYTE = 1024 };

static struct range range_of(const char *text)
{
	struct range range;
	struct error err;

	assert_true(range_parse(&range, text, &err));
	return range;
}

/* ---- whole outputs ---- */

static void success_is_one_line(void **state)
{
	struct arena *arena = arena_create();
	struct result *result = recorded(RECORDED_SUCCESS, NULL);
	const struct range warning = range_of("2"), critical = range_of("5");
	struct nagios_view view = { .warning = &warning, .critical = &critical };

	(void)state;
	assert_string_equal(
		nagios_print(result, &view, arena),
		"SMTP AUTH OK - probe@example.com at mx.example:587, 0.150 s, PLAIN"
		"|time=0.150000s;2;5;0 resolve=0.010000s;;;0 connect=0.010000s;;;0"
		" banner=0.020000s;;;0 ehlo=0.010000s;;;0 starttls=0.010000s;;;0"
		" tls=0.030000s;;;0 ehlo_tls=0.010000s;;;0 auth=0.050000s;;;0"
		" quit=0.020000s;;;0\n");
	assert_int_equal(nagios_state(result, &view), SEVERITY_OK);
	result_release(result);
	arena_destroy(arena);
}

static void failure_explains_itself(void **state)
{
	static const char *const told[] = {
		"SMTP AUTH CRITICAL - unavailable: auth backend down (454 4.7.0) "
		"mx.example:587|",
		"\nwhat happened:  ",
		"454 4.7.0 Temporary authentication failure",
		"\nwhy:            ",
		"\ndo:             ",
		"do not change the password\n",
	};
	struct arena *arena = arena_create();
	struct result *result = recorded(
		RECORDED_LOGIN "0.2 < 454 4.7.0 Temporary authentication failure\n"
			       "0.2 * end reply\n",
		NULL);
	struct nagios_view view = { 0 };
	const char *output = nagios_print(result, &view, arena);

	(void)state;
	for (size_t i = 0; i < COUNT(told); i++)
		if (!strstr(output, told[i]))
			fail_msg("no \"%s\" in\n%s", told[i], output);
	assert_int_equal(nagios_state(result, &view), SEVERITY_CRITICAL);
	result_release(result);
	arena_destroy(arena);
}

#define INTERCEPTED "0 * interceptor antivirus \"Avast\" in certificate 1 issuer\n"
#define LOSSY       "9 * tcp retransmits=3\n"

static void notice_stands_in_the_line_and_below(void **state)
{
	struct arena *arena = arena_create();
	struct result *result = recorded(INTERCEPTED RECORDED_SUCCESS LOSSY, NULL);
	struct nagios_view view = { 0 };
	const char *output = nagios_print(result, &view, arena);

	(void)state;
	assert_true(str_starts(str_of(output),
	                       STR("SMTP AUTH WARNING - tls intercepted: "
	                           "mx.example:587, 0.150 s|time=0.150000s;;;0 ")));
	assert_string_equal(
		strchr(output, '\n'),
		"\nnote:           the session is decrypted on its way by Avast "
		"(certificate 1 issuer)\n"
		"                packets are lost on the way: 3 TCP segments had to be "
		"sent again\n");
	assert_int_equal(nagios_state(result, &view), SEVERITY_WARNING);
	result_release(result);
	arena_destroy(arena);
}

/* ---- state ---- */

static const struct {
	const char *warning, *critical;
	enum severity state;
} thresholds[] = {
	{ NULL, NULL, SEVERITY_OK },         { "1", "2", SEVERITY_OK },
	{ "0.1", "2", SEVERITY_WARNING },    { "0.1", NULL, SEVERITY_WARNING },
	{ "0.1", "0.1", SEVERITY_CRITICAL }, { NULL, "0.1", SEVERITY_CRITICAL },
	{ "0.15", "0.15", SEVERITY_OK }, /* the limit itself is still good */
	{ "1:", NULL, SEVERITY_WARNING },    { "@0.1:0.2", NULL, SEVERITY_WARNING },
};

static enum severity state_with(const struct result *result, size_t i)
{
	struct range warning, critical;
	struct nagios_view view = { 0 };

	if (thresholds[i].warning) {
		warning = range_of(thresholds[i].warning);
		view.warning = &warning;
	}
	if (thresholds[i].critical) {
		critical = range_of(thresholds[i].critical);
		view.critical = &critical;
	}
	return nagios_state(result, &view);
}

static void slow_success_follows_the_thresholds(void **state)
{
	struct result *result = recorded(RECORDED_SUCCESS, NULL);
	char row[32];

	(void)state;
	for (size_t i = 0; i < COUNT(thresholds); i++) {
		snprintf(row, sizeof(row), "row %zu", i);
		CHECK_INT(row, state_with(result, i), thresholds[i].state);
	}
	result_release(result);
}

/* What deserves a word is a warning, unless the time is worse. */
static void notice_is_at_least_a_warning(void **state)
{
	struct result *result = recorded(RECORDED_SUCCESS LOSSY, NULL);
	struct result *failed = recorded(RECORDED_REFUSAL LOSSY, NULL);

	(void)state;
	for (size_t i = 0; i < COUNT(thresholds); i++) {
		assert_int_equal(state_with(result, i),
		                 thresholds[i].state == SEVERITY_OK
		                         ? SEVERITY_WARNING
		                         : thresholds[i].state);
		assert_int_equal(state_with(failed, i), SEVERITY_CRITICAL);
	}
	result_release(result);
	result_release(failed);
}

/* A failure is no better for being quick, and no worse for being slow. */
static void failure_follows_its_cause(void **state)
{
	struct result *refused = recorded(RECORDED_REFUSAL, NULL);
	struct result *throttled = recorded(
		RECORDED_LOGIN "1 < 454 4.7.0 too many logins\n1 * end reply\n", NULL);
	struct result *local = recorded("0 * end local no memory\n", NULL);

	(void)state;
	for (size_t i = 0; i < COUNT(thresholds); i++) {
		assert_int_equal(state_with(refused, i), SEVERITY_CRITICAL);
		assert_int_equal(state_with(throttled, i), SEVERITY_WARNING);
		assert_int_equal(state_with(local, i), SEVERITY_UNKNOWN);
	}
	result_release(refused);
	result_release(throttled);
	result_release(local);
}

/* ---- form ---- */

static bool take_decimal(struct str *rest)
{
	int number;

	return str_take_number(&number, rest) &&
	       (!str_take_char(rest, '.') || str_take_number(&number, rest));
}

static bool is_label(struct str label)
{
	for (size_t i = 0; i < label.len; i++)
		if (!((label.at[i] >= 'a' && label.at[i] <= 'z') || label.at[i] == '_'))
			return false;
	return label.len > 0 && label.len <= 19;
}

/* label=VALUEs;WARN;CRIT;0 of the guidelines; thresholds as they were given. */
static void check_perfdatum(const char *row, struct str datum)
{
	struct str rest = datum, label;
	size_t semicolons = 0;

	CHECK(row, str_take_word(&label, &rest, "="));
	CHECK(row, is_label(label));
	CHECK(row, str_take_char(&rest, '=') && take_decimal(&rest));
	CHECK(row, str_take_char(&rest, 's') && str_take_char(&rest, ';'));
	for (size_t i = 0; i < rest.len; i++)
		semicolons += rest.at[i] == ';';
	CHECK_INT(row, semicolons, 2);
	CHECK(row, rest.at[rest.len - 2] == ';' && rest.at[rest.len - 1] == '0');
}

static void check_first_line(const char *row, const char *output)
{
	struct str rest = str_of(output), line, message, datum;

	CHECK(row, str_take_word(&line, &rest, "\n"));
	CHECK(row, line.len < FIRST_KILOBYTE);
	CHECK(row, str_take_word(&message, &line, "|"));
	CHECK(row, message.len <= 79);
	CHECK(row, str_take_char(&line, '|') && str_starts(line, STR("time=")));
	while (str_take_word(&datum, &line, " "))
		check_perfdatum(row, datum);
	for (size_t i = 0; i < rest.len; i++)
		CHECK(row, rest.at[i] != '|'); /* would be more perfdata */
}

static void check_bytes(const char *row, const char *output)
{
	CHECK(row, output[strlen(output) - 1] == '\n');
	for (const char *c = output; *c; c++)
		CHECK(row, *c == '\n' || (*c >= ' ' && *c <= '~'));
}

static const char *const sessions[] = {
	RECORDED_SUCCESS,
	INTERCEPTED RECORDED_SUCCESS LOSSY,
	"0 * interceptor proxy \"a|b\xff\" in |\n" RECORDED_SUCCESS,
	INTERCEPTED RECORDED_REFUSAL "1 * look port 25 answered greeting=\"|\"\n",
	RECORDED_REFUSAL,
	"",
	"0 * end local |\xff\n",
	"0 * connect 192.0.2.1:587\n1 * failed refused |\n1 * connect 192.0.2.2:587\n"
	"2 * end timeout a|b\n",
	RECORDED_LOGIN "1 < 535 a|b \xe4 time=1s\n1 * end reply\n",
	RECORDED_GREETING
	"0.1 < 250-a\n0.1 < 250 AUTH X|Y \xff\n1 * end not_offered a|b\n",
	RECORDED_STARTTLS "1 * tls start\n"
			  "1 * certificate 0 subject=\"CN=a|b\xff\" issuer=\"|\"\n"
			  "1 * verify 18 a|b\n1 * tls alert sent |\n1 * end tls |\n",
	"0 * connect a:1\n0 * proxy a|b\n0 * raw \"|\"\n1 * end proxy |\n",
	"3599.999999 * end timeout\n",
};

static void every_output_keeps_the_plugin_api(void **state)
{
	const struct range warning = range_of("@1.5:2.5"), critical = range_of("~:10");
	struct arena *arena = arena_create();

	(void)state;
	for (size_t i = 0; i < COUNT(sessions); i++) {
		struct result *result = recorded(sessions[i], NULL);

		for (int verbosity = 0; verbosity < 4; verbosity++) {
			struct nagios_view view = { .warning = &warning,
				                    .critical = &critical,
				                    .verbosity = verbosity,
				                    .trace = verbosity == 1,
				                    .explain = verbosity % 2 };
			const char *output = nagios_print(result, &view, arena);

			check_first_line(output, output);
			check_bytes(output, output);
			CHECK(output, strstr(output, ";@1.5:2.5;~:10;0"));
		}
		result_release(result);
	}
	arena_destroy(arena);
}

/* Whatever the user gives as threshold, the first kilobyte holds the perfdata. */
static void long_threshold_leaves_room(void **state)
{
	struct arena *arena = arena_create();
	struct result *result = recorded(RECORDED_SUCCESS, NULL);
	char text[1200];
	struct range range;
	struct nagios_view view = { .warning = &range };
	struct error err;

	(void)state;
	memset(text, '0', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	if (range_parse(&range, text, &err))
		check_first_line("long", nagios_print(result, &view, arena));
	result_release(result);
	arena_destroy(arena);
}

static void trace_is_shown_on_request(void **state)
{
	struct arena *arena = arena_create();
	struct result *result = recorded(RECORDED_SUCCESS, NULL);
	struct nagios_view quiet = { .verbosity = 2 }, asked = { .trace = true },
			   loud = { .verbosity = 3 };
	const char *line = "\n0.100 > AUTH PLAIN <redacted>\n";

	(void)state;
	assert_null(strstr(nagios_print(result, &quiet, arena), line));
	assert_non_null(strstr(nagios_print(result, &asked, arena), line));
	assert_non_null(strstr(nagios_print(result, &loud, arena), line));
	result_release(result);
	arena_destroy(arena);
}

static void verbose_success_tells_the_facts(void **state)
{
	struct arena *arena = arena_create();
	struct result *result = recorded(RECORDED_SUCCESS, NULL);
	struct nagios_view view = { .verbosity = 1 };
	const char *output = nagios_print(result, &view, arena);

	(void)state;
	assert_non_null(strstr(output, "\naddress:        192.0.2.7:587\n"));
	assert_non_null(
		strstr(output, "\ntls:            TLSv1.3 TLS_AES_256_GCM_SHA384\n"));
	assert_non_null(strstr(output, "\noffered:        PLAIN LOGIN\n"));
	result_release(result);
	arena_destroy(arena);
}

/* ---- explained ---- */

/* What stands behind the status line. */
static const char *explained(const char *session, struct arena *arena)
{
	struct result *result = recorded(session, NULL);
	struct nagios_view view = { .explain = true }, brief = { 0 };
	const char *output = nagios_print(result, &view, arena);
	size_t first_line = strcspn(output, "\n");

	assert_memory_equal(output, nagios_print(result, &brief, arena), first_line);
	result_release(result);
	return output + first_line + 1;
}

static void explained_success_shows_phases_and_checks(void **state)
{
	static const char checks[] =
		"\ncredentials             ok           the server accepted the login\n"
		"firewall and antivirus  ok           encrypted up to the server "
		"whose\n"
		"                                     certificate was verified\n"
		"server set-up           ok           it greeted, encrypted as asked "
		"and offered\n"
		"                                     AUTH\n"
		"network connectivity    ok           connected to 192.0.2.7:587\n";
	struct arena *arena = arena_create();
	struct result *result = recorded(RECORDED_SUCCESS, NULL);
	struct text phases = text_create(arena, 4096);
	const char *output = explained(RECORDED_SUCCESS, arena);

	(void)state;
	waterfall_print(result->seen, 80, false, &phases);
	assert_int_equal(*output++, '\n');
	assert_memory_equal(output, phases.at, phases.len);
	assert_string_equal(output + phases.len, checks);
	result_release(result);
	arena_destroy(arena);
}

/* Phases, then what the short form says, then the checks; a blank line between. */
static void explained_failure_keeps_the_short_form(void **state)
{
	struct arena *arena = arena_create();
	struct result *result = recorded(RECORDED_REFUSAL, NULL);
	struct nagios_view view = { 0 };
	const char *output = explained(RECORDED_REFUSAL, arena);
	const char *brief = strchr(nagios_print(result, &view, arena), '\n') + 1;
	const char *middle = strstr(output, "  50 ms  failed\n\nwhat happened:  ");

	(void)state;
	assert_non_null(middle);
	middle = strchr(middle, '\n') + 2;
	assert_memory_equal(middle, brief, strlen(brief));
	assert_memory_equal(middle + strlen(brief),
	                    "\ncredentials             at_fault     ", 38);
	result_release(result);
	arena_destroy(arena);
}

static const struct {
	const char *name, *session, *lines[CHECK_COUNT];
} answers[] = {
	{ "refused connection",
	  "0 * connect 192.0.2.7:587\n1 * end refused\n",
	  { "\ncredentials             not_reached  ",
	    "\nfirewall and antivirus  not_reached  ",
	    "\nserver set-up           not_reached  ",
	    "\nnetwork connectivity    at_fault     " } },
	{ "no greeting",
	  "0 * connect 192.0.2.7:587\n1 * connected\n9 * end timeout\n",
	  { "\ncredentials             not_reached  ",
	    "\nfirewall and antivirus  unknown      ",
	    "\nserver set-up           at_fault     ",
	    "\nnetwork connectivity    ok           " } },
	{ "backend down",
	  RECORDED_LOGIN "1 < 454 4.7.0 Temporary failure\n1 * end reply\n",
	  { "\ncredentials             unknown      ",
	    "\nfirewall and antivirus  ok           ",
	    "\nserver set-up           at_fault     ",
	    "\nnetwork connectivity    ok           " } },
	{ "nothing begun",
	  "0 * end local no memory\n",
	  { "\ncredentials             not_reached  ",
	    "\nfirewall and antivirus  not_reached  ",
	    "\nserver set-up           not_reached  ",
	    "\nnetwork connectivity    not_reached  " } },
};

static void four_checks_are_answered_in_order(void **state)
{
	struct arena *arena = arena_create();

	(void)state;
	for (size_t i = 0; i < COUNT(answers); i++) {
		const char *at = explained(answers[i].session, arena);

		CHECK(answers[i].name, !strstr(at, "\n\n\n"));
		for (size_t k = 0; k < CHECK_COUNT; k++) {
			at = strstr(at, answers[i].lines[k]);
			CHECK(answers[i].lines[k], at);
		}
	}
	arena_destroy(arena);
}

/* Every line of the checks is in its columns, unless a single word is too long. */
static void long_proof_is_folded(void **state)
{
	struct arena *arena = arena_create();
	const char *output = explained(
		RECORDED_LOGIN "1 < 535 5.7.8 one|two  three four five six seven eight "
			       "nine ten eleven twelve thirteen\n1 * end reply\n",
		arena);
	struct str rest = str_of(strstr(output, "\ncredentials ")), line;

	(void)state;
	assert_non_null(rest.at);
	while (str_take_word(&line, &rest, "\n"))
		CHECK(output, line.len <= 80);
	assert_null(strchr(output, '|'));
	arena_destroy(arena);
}

static void colours_are_for_the_terminal_only(void **state)
{
	static const char *const painted[] = {
		"\033[31mfailed\033[0m\n",
		"\ncredentials             \033[33munknown\033[0m      sent",
		"\nfirewall and antivirus  \033[32mok\033[0m           encrypted",
		"\nserver set-up           \033[31mat_fault\033[0m     the ",
	};
	struct arena *arena = arena_create();
	struct result *result =
		recorded(RECORDED_LOGIN "1 < 454 4.7.0 Sorry\n1 * end reply\n", NULL);
	struct nagios_view view = { .explain = true, .colour = true };
	const char *output = nagios_print(result, &view, arena);

	(void)state;
	for (size_t i = 0; i < COUNT(painted); i++)
		CHECK(painted[i], strstr(output, painted[i]));
	assert_null(memchr(output, '\033', strcspn(output, "\n")));
	view.explain = false;
	assert_null(strchr(nagios_print(result, &view, arena), '\033'));
	result_release(result);
	arena_destroy(arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(success_is_one_line),
		cmocka_unit_test(failure_explains_itself),
		cmocka_unit_test(notice_stands_in_the_line_and_below),
		cmocka_unit_test(notice_is_at_least_a_warning),
		cmocka_unit_test(slow_success_follows_the_thresholds),
		cmocka_unit_test(failure_follows_its_cause),
		cmocka_unit_test(every_output_keeps_the_plugin_api),
		cmocka_unit_test(long_threshold_leaves_room),
		cmocka_unit_test(trace_is_shown_on_request),
		cmocka_unit_test(verbose_success_tells_the_facts),
		cmocka_unit_test(explained_success_shows_phases_and_checks),
		cmocka_unit_test(explained_failure_keeps_the_short_form),
		cmocka_unit_test(four_checks_are_answered_in_order),
		cmocka_unit_test(long_proof_is_folded),
		cmocka_unit_test(colours_are_for_the_terminal_only),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
