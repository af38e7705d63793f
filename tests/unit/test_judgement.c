/* SPDX-License-Identifier: Apache-2.0 */
#include "probe/plugin/judgement.h"

#include <stdio.h>

#include "probe/message.h"
#include "tests/unit/recorded.h"
#include "tests/unit/row.h"

/* The certificate of RECORDED_CERTIFICATE ends in 10.5 days. */
#define TEN_DAYS_LEFT "0 * begin 2033-12-21T12:00:00Z\n"
#define MEASURED      "0.150 * tcp rtt=0.030 rttvar=0.001 retransmits=0\n"

/* --insecure: the login went on. */
#define EXPIRED_LOGIN \
	"0 * begin 2034-01-03T12:00:00Z\n" RECORDED_STARTTLS \
	"0.060 * tls start\n" RECORDED_CERTIFICATE \
	"0.080 * verify 10 certificate has expired\n" \
	"0.090 * tls done TLSv1.3 TLS_AES_256_GCM_SHA384\n" \
	"0.090 > EHLO probe.example\n" \
	"0.100 < 250-mx.example\n" \
	"0.100 < 250 AUTH PLAIN LOGIN\n" \
	"0.100 > AUTH PLAIN <redacted>\n" \
	"0.150 < 235 2.7.0 Authentication successful\n" \
	"0.150 * end reply\n"
#define CLEAR_OFFER \
	RECORDED_GREETING \
	"0.050 < 250-mx.example\n" \
	"0.050 < 250-STARTTLS\n" \
	"0.050 < 250 AUTH PLAIN LOGIN\n" \
	"0.050 > STARTTLS\n" \
	"0.060 < 220 2.0.0 Go ahead\n" \
	"0.060 * tls start\n" RECORDED_CERTIFICATE "0.080 * verify 0 ok\n" \
	"0.090 * tls done TLSv1.3 TLS_AES_256_GCM_SHA384\n" \
	"0.090 > EHLO probe.example\n" \
	"0.100 < 250-mx.example\n" \
	"0.100 < 250 AUTH PLAIN\n" \
	"0.100 > AUTH PLAIN <redacted>\n" \
	"0.150 < 235 2.7.0 Authentication successful\n" \
	"0.150 * end reply\n"
#define IMPLICIT_LOGIN \
	"0.010 * connect 192.0.2.7:465\n" \
	"0.020 * connected\n" \
	"0.020 * tls start\n" RECORDED_CERTIFICATE "0.030 * verify 0 ok\n" \
	"0.030 * tls done TLSv1.3 TLS_AES_256_GCM_SHA384\n" \
	"0.040 < 220 mx.example ESMTP\n" \
	"0.040 > EHLO probe.example\n" \
	"0.050 < 250-mx.example\n" \
	"0.050 < 250 AUTH PLAIN\n" \
	"0.050 > AUTH PLAIN <redacted>\n" \
	"0.150 < 235 2.7.0 Authentication successful\n" \
	"0.150 * end reply\n"
#define DISABLED \
	RECORDED_LOGIN \
	"0.150 < 525 5.7.13 User account is disabled\n0.150 * end reply\n"
#define BACKEND_DOWN \
	RECORDED_LOGIN "0.150 < 454 4.7.0 Temporary authentication failure\n" \
		       "0.150 * end reply\n"
#define THROTTLED RECORDED_LOGIN "1 < 454 4.7.0 too many logins\n1 * end reply\n"
#define SILENT    "0 * connect 192.0.2.7:587\n1 * connected\n9 * end timeout\n"
#define DEAD_DNS  "0 * resolve mx.example\n9 * end dns_timeout\n"
#define LOCAL     "0 * end local no memory\n"
#define LOSSY     "9 * tcp retransmits=3\n"

static struct range range_of(const char *text)
{
	struct range range;
	struct error err;

	assert_true(range_parse(&range, text, &err));
	return range;
}

static struct limits limits_of(const char *warning, const char *critical)
{
	struct limits limits = { 0 };

	if (warning)
		limits.warning = range_of(warning);
	if (critical)
		limits.critical = range_of(critical);
	return limits;
}

/* ---- thresholds ---- */

static const struct {
	const char *name;
	enum figure figure;
	const char *warning, *critical;
	enum severity state;
	const char *lead;
} crossings[] = {
	{ "none", FIGURE_TIME, NULL, NULL, SEVERITY_OK, "" },
	{ "below", FIGURE_TIME, "1", "2", SEVERITY_OK, "" },
	{ "the limit itself", FIGURE_TIME, "0.15", "0.15", SEVERITY_OK, "" },
	{ "warning", FIGURE_TIME, "0.1", "2", SEVERITY_WARNING, "time 0.15 s > 0.1: " },
	{ "critical", FIGURE_TIME, "0.1", "0.12", SEVERITY_CRITICAL,
	  "time 0.15 s > 0.12: " },
	{ "critical alone", FIGURE_TIME, NULL, "0", SEVERITY_CRITICAL,
	  "time 0.15 s > 0: " },
	{ "too fast", FIGURE_TIME, "1:", NULL, SEVERITY_WARNING, "time 0.15 s < 1: " },
	{ "within", FIGURE_TIME, "@0.1:0.2", NULL, SEVERITY_WARNING,
	  "time 0.15 s within 0.1:0.2: " },
	{ "no more digits than it takes", FIGURE_TIME, "0.149999", NULL,
	  SEVERITY_WARNING, "time 0.15 s > 0.149999: " },
	{ "phase", FIGURE_PHASES + PHASE_AUTH, "0.02", NULL, SEVERITY_WARNING,
	  "auth 0.05 s > 0.02: " },
	{ "phase with more digits", FIGURE_PHASES + PHASE_CONNECT, NULL, "0.0099",
	  SEVERITY_CRITICAL, "connect 0.01 s > 0.0099: " },
	{ "another phase", FIGURE_PHASES + PHASE_TLS, "0.05", "1", SEVERITY_OK, "" },
	{ "rtt", FIGURE_RTT, "0.0299", NULL, SEVERITY_WARNING,
	  "rtt 0.03 s > 0.0299: " },
	{ "days", FIGURE_CERT_DAYS, "30:", "7:", SEVERITY_WARNING,
	  "certificate 10.50 days < 30: " },
	{ "few days", FIGURE_CERT_DAYS, "30:", "11:", SEVERITY_CRITICAL,
	  "certificate 10.50 days < 11: " },
};

/* Notices of its own are left out: the certificate is near its end. */
static void success_follows_the_thresholds(void **state)
{
	struct arena *arena = arena_create();

	(void)state;
	for (size_t i = 0; i < COUNT(crossings); i++) {
		bool in_days = crossings[i].figure == FIGURE_CERT_DAYS;
		struct result *result =
			recorded(in_days ? TEN_DAYS_LEFT RECORDED_SUCCESS
		                         : RECORDED_SUCCESS MEASURED,
		                 NULL);
		struct rules rules = { 0 };
		struct judgement judgement;

		rules.limits[crossings[i].figure] =
			limits_of(crossings[i].warning, crossings[i].critical);
		judgement = judge(result, &rules, arena);
		CHECK_INT(crossings[i].name, judgement.state, crossings[i].state);
		CHECK_TEXT(crossings[i].name, judgement.lead, crossings[i].lead);
		CHECK(crossings[i].name, judgement.good);
		result_release(result);
	}
	arena_destroy(arena);
}

/* Rounded it would be the limit itself. */
static void number_shows_that_it_is_beyond(void **state)
{
	struct arena *arena = arena_create();
	struct result *result = recorded(
		RECORDED_LOGIN "2.100400 < 235 2.7.0 ok\n2.100400 * end reply\n", NULL);
	struct rules rules = { 0 };

	(void)state;
	rules.limits[FIGURE_PHASES + PHASE_AUTH] = limits_of("2", NULL);
	assert_string_equal(judge(result, &rules, arena).lead, "auth 2.0004 s > 2: ");
	result_release(result);
	arena_destroy(arena);
}

static void worst_leads_and_the_part_before_the_sum(void **state)
{
	struct arena *arena = arena_create();
	struct result *result = recorded(RECORDED_SUCCESS, NULL);
	struct rules rules = { 0 };
	struct judgement judgement;

	(void)state;
	rules.limits[FIGURE_TIME] = limits_of("0.1", NULL);
	rules.limits[FIGURE_PHASES + PHASE_AUTH] = limits_of("0.01", NULL);
	judgement = judge(result, &rules, arena);
	assert_int_equal(judgement.state, SEVERITY_WARNING);
	assert_string_equal(judgement.leading, "auth 0.05 s > 0.01");
	assert_int_equal(judgement.finding_count, 2);
	assert_string_equal(judgement.findings[1].text, "time 0.15 s > 0.1");
	rules.limits[FIGURE_TIME] = limits_of("0.1", "0.12");
	judgement = judge(result, &rules, arena);
	assert_int_equal(judgement.state, SEVERITY_CRITICAL);
	assert_string_equal(judgement.leading, "time 0.15 s > 0.12");
	result_release(result);
	arena_destroy(arena);
}

/* ---- what no threshold changes ---- */

static const struct {
	const char *session;
	enum severity state;
} failures[] = {
	{ RECORDED_REFUSAL, SEVERITY_CRITICAL },
	{ THROTTLED, SEVERITY_WARNING },
	{ LOCAL, SEVERITY_UNKNOWN },
	{ SILENT, SEVERITY_CRITICAL },
};

/* A failure is no better for being quick, and no worse for being slow. */
static void failure_follows_its_cause(void **state)
{
	struct arena *arena = arena_create();

	(void)state;
	for (size_t i = 0; i < COUNT(failures); i++) {
		struct result *result = recorded(failures[i].session, NULL);
		struct rules rules = { 0 };
		struct judgement judgement;

		for (unsigned k = 0; k < FIGURE_COUNT; k++)
			rules.limits[k] = limits_of("@0:9999", "@0:9999");
		judgement = judge(result, &rules, arena);
		CHECK_INT(failures[i].session, judgement.state, failures[i].state);
		CHECK_TEXT(failures[i].session, judgement.lead, "");
		CHECK(failures[i].session, !judgement.good);
		result_release(result);
	}
	arena_destroy(arena);
}

/* What deserves a word is a warning; what the user asked for is said before it. */
static void notice_is_at_least_a_warning(void **state)
{
	struct arena *arena = arena_create();
	struct result *result = recorded(RECORDED_SUCCESS LOSSY, NULL);
	struct rules rules = { 0 };

	(void)state;
	assert_int_equal(judge(result, &rules, arena).state, SEVERITY_WARNING);
	assert_string_equal(judge(result, &rules, arena).lead, "");
	rules.limits[FIGURE_TIME] = limits_of("0.1", NULL);
	assert_int_equal(judge(result, &rules, arena).state, SEVERITY_WARNING);
	assert_string_equal(judge(result, &rules, arena).lead, "time 0.15 s > 0.1: ");
	result_release(result);
	arena_destroy(arena);
}

/* ---- certificates ---- */

/* check_smtp of Monitoring Plugins 3 calls it OK: its days are unsigned. */
static void run_1_5_expired_certificate_is_critical_by_itself(void **state)
{
	struct arena *arena = arena_create();
	struct result *result = recorded(EXPIRED_LOGIN, NULL),
		      *unknown = recorded(strchr(EXPIRED_LOGIN, '\n') + 1, NULL);
	struct rules rules = { 0 };

	(void)state;
	assert_true(result_success(result));
	assert_int_equal(judge(result, &rules, arena).state, SEVERITY_CRITICAL);
	assert_string_equal(judge(result, &rules, arena).lead,
	                    "certificate expired 2 days ago: ");
	assert_string_equal(judge(unknown, &rules, arena).lead,
	                    "certificate expired: ");
	rules.limits[FIGURE_CERT_DAYS] = limits_of("30:", NULL);
	assert_int_equal(judge(result, &rules, arena).state, SEVERITY_CRITICAL);
	assert_int_equal(judge(result, &rules, arena).finding_count, 1);
	result_release(result);
	result_release(unknown);
	arena_destroy(arena);
}

/* An old cross-signature that is sent besides needs nobody at night. */
static void expired_certificate_in_a_verified_chain_is_none(void **state)
{
	struct arena *arena = arena_create();
	struct result *result = recorded(
		"0 * begin 2033-01-01T00:00:00Z\n" RECORDED_SUCCESS
		"0.200 * certificate 1 subject=\"CN=a\" issuer=\"CN=b\" "
		"not_before=2020-01-01T00:00:00Z not_after=2021-01-01T00:00:00Z\n",
		NULL);
	struct rules rules = { 0 };

	(void)state;
	assert_int_equal(judge(result, &rules, arena).finding_count, 0);
	result_release(result);
	arena_destroy(arena);
}

/* ---- chosen states ---- */

static const struct {
	const char *name, *session;
	enum cause cause;
	enum severity chosen, state;
} states[] = {
	{ "throttled", THROTTLED, CAUSE_THROTTLED, SEVERITY_CRITICAL,
	  SEVERITY_CRITICAL },
	{ "better", RECORDED_REFUSAL, CAUSE_CREDENTIALS, SEVERITY_OK, SEVERITY_OK },
	{ "of another cause", RECORDED_REFUSAL, CAUSE_THROTTLED, SEVERITY_OK,
	  SEVERITY_CRITICAL },
	{ "own trouble", LOCAL, CAUSE_LOCAL, SEVERITY_CRITICAL, SEVERITY_CRITICAL },
	{ "unknown", SILENT, CAUSE_UNAVAILABLE, SEVERITY_UNKNOWN, SEVERITY_UNKNOWN },
	{ "success", RECORDED_SUCCESS, CAUSE_NONE, SEVERITY_WARNING, SEVERITY_WARNING },
};

static void any_cause_may_have_another_state(void **state)
{
	struct arena *arena = arena_create();

	(void)state;
	for (size_t i = 0; i < COUNT(states); i++) {
		struct result *result = recorded(states[i].session, NULL);
		struct rules rules = { 0 };

		rules.states[states[i].cause] =
			(struct chosen_state){ true, states[i].chosen };
		CHECK_INT(states[i].name, judge(result, &rules, arena).state,
		          states[i].state);
		result_release(result);
	}
	arena_destroy(arena);
}

static void end_of_time_has_a_state_of_its_own(void **state)
{
	static const struct {
		const char *session;
		enum severity state;
	} rows[] = {
		{ SILENT, SEVERITY_WARNING },
		{ DEAD_DNS, SEVERITY_WARNING },
		{ RECORDED_REFUSAL, SEVERITY_CRITICAL },
		{ RECORDED_SUCCESS, SEVERITY_OK },
		{ LOCAL, SEVERITY_UNKNOWN },
	};
	const struct rules rules = {
		.timeout = { true, SEVERITY_WARNING },
		.states[CAUSE_NETWORK] = { true, SEVERITY_OK },
	};
	struct arena *arena = arena_create();

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct result *result = recorded(rows[i].session, NULL);

		CHECK_INT(rows[i].session, judge(result, &rules, arena).state,
		          rows[i].state);
		result_release(result);
	}
	arena_destroy(arena);
}

/* ---- expected failures ---- */

static const struct {
	const char *name, *session;
	enum cause cause;
	enum reason reason;
	enum severity state;
	const char *message;
} expectations[] = {
	{ "met", DISABLED, CAUSE_CREDENTIALS, REASON_NONE, SEVERITY_OK,
	  "SMTP AUTH OK - refused as expected: account disabled (525 "
	  "5.7.13) mx.example" },
	{ "met to the word", DISABLED, CAUSE_CREDENTIALS, REASON_ACCOUNT_DISABLED,
	  SEVERITY_OK,
	  "SMTP AUTH OK - refused as expected: account disabled (525 "
	  "5.7.13) mx.example" },
	{ "another reason", RECORDED_REFUSAL, CAUSE_CREDENTIALS,
	  REASON_ACCOUNT_DISABLED, SEVERITY_CRITICAL,
	  "SMTP AUTH CRITICAL - expected account disabled, got bad credentials "
	  "mx.example" },
	{ "another cause", BACKEND_DOWN, CAUSE_CREDENTIALS, REASON_NONE,
	  SEVERITY_CRITICAL,
	  "SMTP AUTH CRITICAL - expected credentials, got auth backend down "
	  "mx.example" },
	{ "milder in itself", THROTTLED, CAUSE_CREDENTIALS, REASON_NONE,
	  SEVERITY_CRITICAL, NULL },
	{ "accepted", RECORDED_SUCCESS, CAUSE_CREDENTIALS, REASON_NONE,
	  SEVERITY_CRITICAL,
	  "SMTP AUTH CRITICAL - expected credentials, but accepted: mx.example, 0.150 "
	  "s" },
	{ "own trouble", LOCAL, CAUSE_CREDENTIALS, REASON_NONE, SEVERITY_UNKNOWN,
	  "SMTP AUTH UNKNOWN - local: resource exhausted mx.example:587" },
	{ "nobody answers", SILENT, CAUSE_UNAVAILABLE, REASON_NO_ANSWER, SEVERITY_OK,
	  "SMTP AUTH OK - failed as expected: unavailable: no answer mx.example:587" },
};

static void expected_failure_turns_the_check_round(void **state)
{
	struct arena *arena = arena_create();

	(void)state;
	for (size_t i = 0; i < COUNT(expectations); i++) {
		const char *row = expectations[i].name;
		struct result *result = recorded(expectations[i].session, NULL);
		struct rules rules = { .expected = expectations[i].cause,
			               .expected_reason = expectations[i].reason };
		struct judgement judgement = judge(result, &rules, arena);

		CHECK_INT(row, judgement.state, expectations[i].state);
		CHECK(row, judgement.good == (judgement.state == SEVERITY_OK));
		if (expectations[i].message)
			CHECK_TEXT(row,
			           message_with(result, judgement.state, judgement.lead,
			                        arena),
			           expectations[i].message);
		result_release(result);
	}
	arena_destroy(arena);
}

static void what_was_expected_is_kept_for_the_text(void **state)
{
	struct arena *arena = arena_create();
	struct result *result = recorded(RECORDED_SUCCESS, NULL);
	struct rules rules = { 0 };

	(void)state;
	assert_null(judge(result, &rules, arena).expected);
	rules.expected = CAUSE_SERVER_CONFIG;
	assert_string_equal(judge(result, &rules, arena).expected, "server config");
	rules.expected_reason = REASON_AUTH_NOT_OFFERED;
	assert_string_equal(judge(result, &rules, arena).expected,
	                    "server config: auth not offered");
	result_release(result);
	arena_destroy(arena);
}

/* A refusal that takes too long is what thresholds are for, too. */
static void thresholds_hold_for_an_expected_failure(void **state)
{
	struct arena *arena = arena_create();
	struct result *result = recorded(DISABLED, NULL);
	struct rules rules = { .expected = CAUSE_CREDENTIALS };
	struct judgement judgement;

	(void)state;
	rules.limits[FIGURE_PHASES + PHASE_AUTH] = limits_of("0.01", NULL);
	judgement = judge(result, &rules, arena);
	assert_int_equal(judgement.state, SEVERITY_WARNING);
	assert_string_equal(judgement.lead,
	                    "auth 0.05 s > 0.01: refused as expected: ");
	result_release(result);
	arena_destroy(arena);
}

/* Said for this very cause, it counts more than "anything else is CRITICAL". */
static void chosen_state_holds_for_an_unexpected_failure(void **state)
{
	const struct rules rules = { .expected = CAUSE_CREDENTIALS,
		                     .states[CAUSE_UNAVAILABLE] = {
					     true, SEVERITY_WARNING } };
	struct arena *arena = arena_create();
	struct result *result = recorded(BACKEND_DOWN, NULL);

	(void)state;
	assert_int_equal(judge(result, &rules, arena).state, SEVERITY_WARNING);
	result_release(result);
	arena_destroy(arena);
}

/* ---- mechanisms ---- */

static const struct {
	const char *name, *session, *required, *forbidden;
	bool no_cleartext;
	enum severity state;
	const char *lead;
} offers[] = {
	{ "offered", RECORDED_SUCCESS, "plain", NULL, false, SEVERITY_OK, "" },
	{ "downgrade", RECORDED_SUCCESS, "SCRAM-SHA-256", NULL, false,
	  SEVERITY_CRITICAL, "SCRAM-SHA-256 not offered: " },
	{ "part of a name", RECORDED_SUCCESS, "PLAI", NULL, false, SEVERITY_CRITICAL,
	  "PLAI not offered: " },
	{ "forbidden", RECORDED_SUCCESS, NULL, "LOGIN", false, SEVERITY_CRITICAL,
	  "LOGIN offered: " },
	{ "not there", RECORDED_SUCCESS, NULL, "CRAM-MD5", false, SEVERITY_OK, "" },
	{ "only before TLS", CLEAR_OFFER, NULL, "LOGIN", false, SEVERITY_CRITICAL,
	  "LOGIN offered: " },
	{ "required inside TLS", CLEAR_OFFER, "LOGIN", NULL, false, SEVERITY_CRITICAL,
	  "LOGIN not offered: " },
	{ "cleartext", CLEAR_OFFER, NULL, NULL, true, SEVERITY_CRITICAL,
	  "AUTH offered before TLS: " },
	{ "cleartext allowed", CLEAR_OFFER, NULL, NULL, false, SEVERITY_OK, "" },
	{ "no cleartext", RECORDED_SUCCESS, NULL, NULL, true, SEVERITY_OK, "" },
	{ "implicit TLS", IMPLICIT_LOGIN, "PLAIN", NULL, true, SEVERITY_OK, "" },
	{ "implicit TLS, downgrade", IMPLICIT_LOGIN, "GSSAPI", NULL, false,
	  SEVERITY_CRITICAL, "GSSAPI not offered: " },
	/* Worse than the failure itself, or not. */
	{ "throttled", THROTTLED, "GSSAPI", NULL, false, SEVERITY_CRITICAL,
	  "GSSAPI not offered: " },
	{ "refused", RECORDED_REFUSAL, "GSSAPI", NULL, false, SEVERITY_CRITICAL, "" },
	/* Nobody has seen an offer. */
	{ "silent", SILENT, "GSSAPI", NULL, false, SEVERITY_CRITICAL, "" },
	{ "own trouble at first", LOCAL, "GSSAPI", NULL, true, SEVERITY_UNKNOWN, "" },
};

static void offer_is_judged(void **state)
{
	struct arena *arena = arena_create();

	(void)state;
	for (size_t i = 0; i < COUNT(offers); i++) {
		struct result *result = recorded(offers[i].session, NULL);
		struct rules rules = { .forbid_cleartext_auth =
			                       offers[i].no_cleartext };
		struct judgement judgement;

		if (offers[i].required)
			rules.required.names[rules.required.count++] =
				offers[i].required;
		if (offers[i].forbidden)
			rules.forbidden.names[rules.forbidden.count++] =
				offers[i].forbidden;
		judgement = judge(result, &rules, arena);
		CHECK_INT(offers[i].name, judgement.state, offers[i].state);
		CHECK_TEXT(offers[i].name, judgement.lead, offers[i].lead);
		result_release(result);
	}
	arena_destroy(arena);
}

/* Before TLS the offer says nothing about the one that counts. */
static void missing_mechanism_is_not_told_before_the_offer(void **state)
{
	struct arena *arena = arena_create();
	struct result *result =
		recorded(RECORDED_STARTTLS "0.1 * tls start\n0.2 * end closed\n", NULL);
	const struct rules rules = { .required = { 1, { "PLAIN" } } };

	(void)state;
	assert_int_equal(judge(result, &rules, arena).finding_count, 0);
	result_release(result);
	arena_destroy(arena);
}

/* Everything at once has its place. */
static void all_findings_have_room(void **state)
{
	struct arena *arena = arena_create();
	struct result *result =
		recorded("0 * begin 2033-01-01T00:00:00Z\n" CLEAR_OFFER MEASURED, NULL);
	struct rules rules = { .forbid_cleartext_auth = true };
	size_t known = 0;
	double value;

	(void)state;
	for (size_t i = 0; i < RULED_MECHANISM_MAX; i++) {
		rules.required.names[rules.required.count++] = "X-NOT";
		rules.forbidden.names[rules.forbidden.count++] = "PLAIN";
	}
	for (unsigned i = 0; i < FIGURE_COUNT; i++) {
		rules.limits[i] = limits_of("@0:9999", NULL);
		known += figure_value(&value, (enum figure)i, result->seen);
	}
	assert_int_equal(judge(result, &rules, arena).finding_count,
	                 2 * RULED_MECHANISM_MAX + 1 + known);
	assert_true(known > 10 &&
	            FINDING_MAX >= 2 * RULED_MECHANISM_MAX + 2 + FIGURE_COUNT);
	result_release(result);
	arena_destroy(arena);
}

/* ---- figures ---- */

static void figures_are_what_was_measured(void **state)
{
	static const double expected[FIGURE_COUNT] = {
		[FIGURE_TIME] = 0.15,
		[FIGURE_PHASES + PHASE_AUTH] = 0.05,
		[FIGURE_RTT] = 0.03,
		[FIGURE_CERT_DAYS] = 10.5,
		[FIGURE_SERVER_TIME_AUTH] = 0.02,
	};
	struct result *result = recorded(TEN_DAYS_LEFT RECORDED_SUCCESS MEASURED, NULL);

	(void)state;
	for (unsigned i = 0; i < FIGURE_COUNT; i++) {
		double value = -1;

		CHECK(figure_label((enum figure)i),
		      figure_value(&value, (enum figure)i, result->seen));
		if (expected[i] > 0)
			assert_float_equal(value, expected[i], 1e-9);
	}
	result_release(result);
}

static void unmeasured_figures_are_left_out(void **state)
{
	struct result *result = recorded(LOCAL, NULL);
	double value;

	(void)state;
	for (unsigned i = 0; i < FIGURE_COUNT; i++)
		CHECK(figure_label((enum figure)i),
		      figure_value(&value, (enum figure)i, result->seen) ==
		              (i == FIGURE_TIME));
	result_release(result);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(success_follows_the_thresholds),
		cmocka_unit_test(number_shows_that_it_is_beyond),
		cmocka_unit_test(worst_leads_and_the_part_before_the_sum),
		cmocka_unit_test(failure_follows_its_cause),
		cmocka_unit_test(notice_is_at_least_a_warning),
		cmocka_unit_test(run_1_5_expired_certificate_is_critical_by_itself),
		cmocka_unit_test(expired_certificate_in_a_verified_chain_is_none),
		cmocka_unit_test(any_cause_may_have_another_state),
		cmocka_unit_test(end_of_time_has_a_state_of_its_own),
		cmocka_unit_test(expected_failure_turns_the_check_round),
		cmocka_unit_test(what_was_expected_is_kept_for_the_text),
		cmocka_unit_test(thresholds_hold_for_an_expected_failure),
		cmocka_unit_test(chosen_state_holds_for_an_unexpected_failure),
		cmocka_unit_test(offer_is_judged),
		cmocka_unit_test(missing_mechanism_is_not_told_before_the_offer),
		cmocka_unit_test(all_findings_have_room),
		cmocka_unit_test(figures_are_what_was_measured),
		cmocka_unit_test(unmeasured_figures_are_left_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
