/* SPDX-License-Identifier: Apache-2.0 */
#include "probe/plugin/nagios.h"

#include <stdio.h>

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
				                    .trace = verbosity == 1 };
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(success_is_one_line),
		cmocka_unit_test(failure_explains_itself),
		cmocka_unit_test(slow_success_follows_the_thresholds),
		cmocka_unit_test(failure_follows_its_cause),
		cmocka_unit_test(every_output_keeps_the_plugin_api),
		cmocka_unit_test(long_threshold_leaves_room),
		cmocka_unit_test(trace_is_shown_on_request),
		cmocka_unit_test(verbose_success_tells_the_facts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
