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

/* The whole output, judged by the rules. */
static const char *print_by(const struct rules *rules, const struct result *result,
                            struct nagios_view view, struct arena *arena)
{
	const struct judgement judgement = judge(result, rules, arena);

	view.rules = rules;
	view.judgement = &judgement;
	return nagios_print(result, &view, arena);
}

static const char *print(const struct result *result, struct nagios_view view,
                         struct arena *arena)
{
	static const struct rules none;

	return print_by(&none, result, view, arena);
}

/* ---- whole outputs ---- */

static void success_is_one_line(void **state)
{
	struct arena *arena = arena_create();
	struct result *result = recorded(RECORDED_SUCCESS, NULL);
	const struct rules rules = {
		.limits[FIGURE_TIME] = { range_of("2"), range_of("5") },
	};

	(void)state;
	assert_string_equal(
		print_by(&rules, result, (struct nagios_view){ 0 }, arena),
		"SMTP AUTH OK - probe@example.com at mx.example:587, 0.150 s, PLAIN"
		"|time=0.150000s;2;5;0 resolve=0.010000s;;;0 connect=0.010000s;;;0"
		" banner=0.020000s;;;0 ehlo=0.010000s;;;0 starttls=0.010000s;;;0"
		" tls=0.030000s;;;0 ehlo_tls=0.010000s;;;0 auth=0.050000s;;;0"
		" quit=0.020000s;;;0\n");
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
	const char *output = print(result, view, arena);

	(void)state;
	for (size_t i = 0; i < COUNT(told); i++)
		if (!strstr(output, told[i]))
			fail_msg("no \"%s\" in\n%s", told[i], output);
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
	const char *output = print(result, view, arena);

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
	result_release(result);
	arena_destroy(arena);
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

/* label=VALUEs;WARN;CRIT;0 of the guidelines; days have neither unit nor least. */
static void check_perfdatum(const char *row, struct str datum)
{
	struct str rest = datum, label;
	size_t semicolons = 0;
	bool in_days;

	CHECK(row, str_take_word(&label, &rest, "="));
	CHECK(row, is_label(label));
	in_days = str_equal(label, STR("cert_days"));
	CHECK(row, str_take_char(&rest, '='));
	str_take_char(&rest, in_days ? '-' : '=');
	CHECK(row, take_decimal(&rest));
	CHECK(row, in_days || str_take_char(&rest, 's'));
	CHECK(row, str_take_char(&rest, ';'));
	for (size_t i = 0; i < rest.len; i++)
		semicolons += rest.at[i] == ';';
	CHECK_INT(row, semicolons, in_days ? 1 : 2);
	if (!in_days)
		CHECK(row,
		      rest.at[rest.len - 2] == ';' && rest.at[rest.len - 1] == '0');
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
	const struct rules rules = {
		.limits[FIGURE_TIME] = { range_of("@1.5:2.5"), range_of("~:10") },
	};
	struct arena *arena = arena_create();

	(void)state;
	for (size_t i = 0; i < COUNT(sessions); i++) {
		struct result *result = recorded(sessions[i], NULL);

		for (int verbosity = 0; verbosity < 4; verbosity++) {
			struct nagios_view view = { .verbosity = verbosity,
				                    .trace = verbosity == 1,
				                    .explain = verbosity % 2 };
			const char *output = print_by(&rules, result, view, arena);

			check_first_line(output, output);
			check_bytes(output, output);
			CHECK(output, strstr(output, ";@1.5:2.5;~:10;0"));
		}
		result_release(result);
	}
	arena_destroy(arena);
}

#define MEASURED "3599.999999 * tcp rtt=0.000001 rttvar=0.000001 retransmits=0\n"
#define LATE     "0 * begin 9999-12-31T23:59:59Z\n"

/* Whatever the user gives as thresholds, the first kilobyte holds all perfdata. */
static void longest_thresholds_leave_room(void **state)
{
	static const char longest[] = "@~:-00000000000000000000";
	struct arena *arena = arena_create();
	struct result *result = recorded(LATE RECORDED_SUCCESS MEASURED, NULL);
	const char *output, *last = " server_time_auth=0.049999s;";
	struct rules rules = { 0 };

	(void)state;
	assert_int_equal(strlen(longest), RANGE_TEXT_MAX);
	for (unsigned i = 0; i < FIGURE_COUNT; i++)
		rules.limits[i] =
			(struct limits){ range_of(longest), range_of(longest) };
	output = print_by(&rules, result, (struct nagios_view){ 0 }, arena);
	check_first_line("longest", output);
	assert_non_null(strstr(output, last));
	assert_true(strcspn(output, "\n") > 800);
	result_release(result);
	arena_destroy(arena);
}

static void every_figure_has_its_perfdatum(void **state)
{
	struct arena *arena = arena_create();
	struct result *result =
		recorded("0 * begin 2033-12-21T12:00:00Z\n" RECORDED_SUCCESS
	                 "0.170 * tcp rtt=0.030 rttvar=0.001 retransmits=0\n",
	                 NULL);
	struct rules rules = {
		.limits[FIGURE_RTT] = { range_of("0.1"), range_of("0.2") },
		.limits[FIGURE_PHASES + PHASE_AUTH] = { .critical = range_of("1:2") },
		.limits[FIGURE_CERT_DAYS] = { range_of("10:"), range_of("7:") },
	};
	const char *output = print_by(&rules, result, (struct nagios_view){ 0 }, arena);

	(void)state;
	assert_non_null(strstr(output, "|time=0.150000s;;;0 "));
	assert_non_null(strstr(output, " auth=0.050000s;;1:2;0 "));
	assert_non_null(strstr(output, " rtt=0.030000s;0.1;0.2;0 cert_days=10.5;10:;7: "
	                               "server_time_auth=0.020000s;;;0\n"));
	result_release(result);
	arena_destroy(arena);
}

static void ended_certificate_has_days_below_zero(void **state)
{
	struct arena *arena = arena_create();
	struct result *result =
		recorded("0 * begin 2034-01-03T12:00:00Z\n" RECORDED_REFUSAL, NULL);
	const char *output = print(result, (struct nagios_view){ 0 }, arena);

	(void)state;
	assert_non_null(strstr(output, " cert_days=-2.5;;\n"));
	check_first_line("ended", output);
	result_release(result);
	arena_destroy(arena);
}

/* ---- what was asked for besides ---- */

static void other_findings_stand_below(void **state)
{
	struct arena *arena = arena_create();
	struct result *result = recorded(RECORDED_SUCCESS, NULL);
	const struct rules rules = {
		.limits[FIGURE_TIME] = { .warning = range_of("0.1") },
		.limits[FIGURE_PHASES + PHASE_AUTH] = { .critical = range_of("0.02") },
		.limits[FIGURE_PHASES + PHASE_TLS] = { .warning = range_of("0.02") },
	};
	const char *output = print_by(&rules, result, (struct nagios_view){ 0 }, arena);

	(void)state;
	assert_true(str_starts(str_of(output), STR("SMTP AUTH CRITICAL - auth 0.05 s > "
	                                           "0.02: mx.example:587, 0.150 s|")));
	assert_string_equal(strchr(output, '\n'),
	                    "\nalso:           tls 0.03 s > 0.02\n"
	                    "                time 0.15 s > 0.1\n");
	result_release(result);
	arena_destroy(arena);
}

/* What happened is told; there is nothing to mend. */
static void expected_failure_gives_no_advice(void **state)
{
	struct arena *arena = arena_create();
	struct result *result = recorded(RECORDED_REFUSAL, NULL);
	const struct rules rules = { .expected = CAUSE_CREDENTIALS };
	const char *output = print_by(&rules, result, (struct nagios_view){ 0 }, arena);

	(void)state;
	assert_true(
		str_starts(str_of(output),
	                   STR("SMTP AUTH OK - refused as expected: bad credentials "
	                       "(535 5.7.8) mx.example|")));
	assert_non_null(strstr(output, "\nwhat happened:  "));
	assert_non_null(strstr(output, "\nexpected:       credentials\n"));
	assert_null(strstr(output, "\ndo:"));
	result_release(result);
	arena_destroy(arena);
}

static void missed_expectation_is_told_below(void **state)
{
	struct arena *arena = arena_create();
	struct result *result = recorded(RECORDED_SUCCESS, NULL);
	const struct rules rules = { .expected = CAUSE_CREDENTIALS,
		                     .expected_reason = REASON_ACCOUNT_DISABLED };
	const char *output = print_by(&rules, result, (struct nagios_view){ 0 }, arena);

	(void)state;
	assert_string_equal(strchr(output, '\n'),
	                    "\nexpected:       credentials: account disabled\n");
	result_release(result);
	arena_destroy(arena);
}

static void status_is_the_first_line_of_all(void **state)
{
	static const struct rules rules;
	struct arena *arena = arena_create();
	struct result *result = recorded(RECORDED_REFUSAL, NULL);
	const struct judgement judgement = judge(result, &rules, arena);
	const struct nagios_view view = { .rules = &rules, .judgement = &judgement };
	const char *status = nagios_status(result, &view, arena);

	(void)state;
	assert_int_equal(strcspn(status, "\n") + 1, strlen(status));
	assert_memory_equal(nagios_print(result, &view, arena), status, strlen(status));
	result_release(result);
	arena_destroy(arena);
}

/* ---- on request ---- */

static void trace_is_shown_on_request(void **state)
{
	struct arena *arena = arena_create();
	struct result *result = recorded(RECORDED_SUCCESS, NULL);
	struct nagios_view quiet = { .verbosity = 2 }, asked = { .trace = true },
			   loud = { .verbosity = 3 };
	const char *line = "\n0.100 > AUTH PLAIN <redacted>\n";

	(void)state;
	assert_null(strstr(print(result, quiet, arena), line));
	assert_non_null(strstr(print(result, asked, arena), line));
	assert_non_null(strstr(print(result, loud, arena), line));
	result_release(result);
	arena_destroy(arena);
}

static void verbose_success_tells_the_facts(void **state)
{
	struct arena *arena = arena_create();
	struct result *result = recorded(RECORDED_SUCCESS, NULL);
	struct nagios_view view = { .verbosity = 1 };
	const char *output = print(result, view, arena);

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
	const char *output = print(result, view, arena);
	size_t first_line = strcspn(output, "\n");

	assert_memory_equal(output, print(result, brief, arena), first_line);
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
	const char *brief = strchr(print(result, view, arena), '\n') + 1;
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
	const char *output = print(result, view, arena);

	(void)state;
	for (size_t i = 0; i < COUNT(painted); i++)
		CHECK(painted[i], strstr(output, painted[i]));
	assert_null(memchr(output, '\033', strcspn(output, "\n")));
	view.explain = false;
	assert_null(strchr(print(result, view, arena), '\033'));
	result_release(result);
	arena_destroy(arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(success_is_one_line),
		cmocka_unit_test(failure_explains_itself),
		cmocka_unit_test(notice_stands_in_the_line_and_below),
		cmocka_unit_test(every_output_keeps_the_plugin_api),
		cmocka_unit_test(longest_thresholds_leave_room),
		cmocka_unit_test(every_figure_has_its_perfdatum),
		cmocka_unit_test(ended_certificate_has_days_below_zero),
		cmocka_unit_test(other_findings_stand_below),
		cmocka_unit_test(expected_failure_gives_no_advice),
		cmocka_unit_test(missed_expectation_is_told_below),
		cmocka_unit_test(status_is_the_first_line_of_all),
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
