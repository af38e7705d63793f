/* SPDX-License-Identifier: Apache-2.0 */
#include "probe/diagnosis.h"

#include "tests/unit/recorded.h"
#include "tests/unit/row.h"

/* One letter a check, in the article's order: Ok, At fault, Not reached, Unknown. */
static const struct {
	const char *name, *text, *checks;
	enum phase phase;
} rows[] = {
	{ "success", RECORDED_SUCCESS, "oooo", PHASE_NONE },
	{ "success in clear",
	  RECORDED_CLEARTEXT "0.1 > AUTH PLAIN x\n0.2 < 235 ok\n0.2 * end reply\n",
	  "ouoo", PHASE_NONE },
	{ "refused", RECORDED_REFUSAL, "aooo", PHASE_AUTH },
	{ "name not found", "0 * resolve mx.example\n1 * end name_not_found\n", "nnna",
	  PHASE_RESOLVE },
	{ "refused connection", "0 * connect 192.0.2.7:587\n1 * end refused\n", "nnna",
	  PHASE_CONNECT },
	{ "local firewall", "0 * connect 192.0.2.7:587\n1 * end forbidden\n", "nanu",
	  PHASE_CONNECT },
	{ "no answer", "0 * connect 192.0.2.7:587\n0 * connected\n9 * end timeout\n",
	  "nuao", PHASE_BANNER },
	{ "stripped STARTTLS",
	  RECORDED_GREETING "0.1 < 250-a\n0.1 < 250 STARTTLS\n0.1 > STARTTLS\n"
	                    "0.2 < 502 5.5.1 what?\n0.2 * end reply\n",
	  "nauo", PHASE_STARTTLS },
	{ "certificate",
	  RECORDED_STARTTLS
	  "0.06 * tls start\n" RECORDED_CERTIFICATE
	  "0.08 * verify 10 certificate has expired\n0.08 * end tls\n",
	  "nuao", PHASE_TLS },
	{ "backend down", RECORDED_LOGIN "1 < 454 4.7.0 x\n1 * end reply\n", "uoao",
	  PHASE_AUTH },
	{ "throttled", RECORDED_LOGIN "1 < 454 4.7.0 too many\n1 * end reply\n", "uoao",
	  PHASE_AUTH },
	{ "policy", "0 * connect 192.0.2.7:587\n0 < 554 no\n0 * end reply\n", "nuao",
	  PHASE_BANNER },
	{ "reset in the handshake",
	  RECORDED_STARTTLS "0.06 * tls start\n1 * end reset\n", "nuua", PHASE_TLS },
	{ "unexplained", RECORDED_LOGIN, "uooo", PHASE_AUTH },
	{ "suspended", RECORDED_SUSPENDED("bad_credentials"), "aooo", PHASE_AUTH },
	{ "suspended, throttled", RECORDED_SUSPENDED("rate_limited"), "noao",
	  PHASE_AUTH },
	{ "suspended, out of reach",
	  RECORDED_SUSPENSION("bad_credentials") "0 * connect 192.0.2.7:587\n"
	                                         "1 * end refused\n",
	  "nnna", PHASE_CONNECT },
	{ "own trouble at once", "0 * end local no memory\n", "nnnn", PHASE_NONE },
};

static const char letters[] = { [CHECK_OK] = 'o',
	                        [CHECK_AT_FAULT] = 'a',
	                        [CHECK_NOT_REACHED] = 'n',
	                        [CHECK_UNKNOWN] = 'u' };

static void four_checks_are_answered(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct result *result = recorded(rows[i].text, NULL);
		char answers[CHECK_COUNT + 1] = "";

		for (size_t j = 0; j < CHECK_COUNT; j++)
			answers[j] = letters[result->diagnosis.checks[j].state];
		CHECK_TEXT(rows[i].name, answers, rows[i].checks);
		CHECK_TEXT(rows[i].name, phase_word(result->diagnosis.phase),
		           phase_word(rows[i].phase));
		result_release(result);
	}
}

static void every_answer_has_its_proof(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct result *result = recorded(rows[i].text, NULL);
		const struct diagnosis *diagnosis = &result->diagnosis;

		for (size_t j = 0; j < CHECK_COUNT; j++) {
			CHECK(rows[i].name, diagnosis->checks[j].proof);
			CHECK(rows[i].name, diagnosis->checks[j].proof[0]);
		}
		CHECK(rows[i].name, diagnosis->evidence.count > 0);
		CHECK(rows[i].name, diagnosis->advice.count > 0);
		CHECK(rows[i].name, diagnosis->source);
		CHECK_INT(rows[i].name, diagnosis->cause,
		          reason_cause(diagnosis->reason));
		result_release(result);
	}
}

/* Exactly one check is at fault, unless nobody's is. */
static void blame_is_not_shared(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct result *result = recorded(rows[i].text, NULL);
		int guilty = 0;

		for (size_t j = 0; j < CHECK_COUNT; j++)
			guilty += result->diagnosis.checks[j].state == CHECK_AT_FAULT;
		CHECK_INT(rows[i].name, guilty,
		          result->diagnosis.cause != CAUSE_NONE &&
		                  result->diagnosis.cause != CAUSE_UNEXPLAINED &&
		                  result->diagnosis.cause != CAUSE_LOCAL);
		result_release(result);
	}
}

static void words_are_the_promised_ones(void **state)
{
	(void)state;
	assert_string_equal(check_word(CHECK_CREDENTIALS), "credentials");
	assert_string_equal(check_word(CHECK_FIREWALL), "firewall and antivirus");
	assert_string_equal(check_word(CHECK_SERVER), "server set-up");
	assert_string_equal(check_word(CHECK_NETWORK), "network connectivity");
	assert_string_equal(check_state_word(CHECK_OK), "ok");
	assert_string_equal(check_state_word(CHECK_AT_FAULT), "at_fault");
	assert_string_equal(check_state_word(CHECK_NOT_REACHED), "not_reached");
	assert_string_equal(check_state_word(CHECK_UNKNOWN), "unknown");
}

static void advice_comes_line_by_line(void **state)
{
	struct result *result = recorded(RECORDED_REFUSAL, NULL);

	(void)state;
	assert_int_equal(result->diagnosis.advice.count, 2);
	for (size_t i = 0; i < result->diagnosis.advice.count; i++) {
		assert_null(strchr(result->diagnosis.advice.lines[i], '\n'));
		assert_true(strlen(result->diagnosis.advice.lines[i]) > 0);
	}
	result_release(result);
}

static void same_observation_gives_the_same_diagnosis(void **state)
{
	struct result *result = recorded(RECORDED_REFUSAL, NULL);
	struct arena *arena = arena_create();
	struct diagnosis again = diagnose(result->seen, arena);

	(void)state;
	assert_int_equal(again.reason, result->diagnosis.reason);
	assert_int_equal(again.evidence.count, result->diagnosis.evidence.count);
	for (size_t i = 0; i < again.evidence.count; i++)
		assert_string_equal(again.evidence.lines[i],
		                    result->diagnosis.evidence.lines[i]);
	arena_destroy(arena);
	result_release(result);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(four_checks_are_answered),
		cmocka_unit_test(every_answer_has_its_proof),
		cmocka_unit_test(blame_is_not_shared),
		cmocka_unit_test(words_are_the_promised_ones),
		cmocka_unit_test(advice_comes_line_by_line),
		cmocka_unit_test(same_observation_gives_the_same_diagnosis),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
