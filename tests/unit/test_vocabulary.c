/* SPDX-License-Identifier: Apache-2.0 */
/* The word lists: phase, mechanism, cause, reason, ending, severity. */
#include <ctype.h>

#include "probe/ending.h"
#include "probe/mechanism.h"
#include "probe/phase.h"
#include "probe/reason.h"
#include "tests/unit/row.h"

/* Metric label, JSON key and anchor alike. */
static bool is_word(const char *word)
{
	for (const char *c = word; *c; c++)
		if (!islower((unsigned char)*c) && *c != '_' &&
		    !isdigit((unsigned char)*c))
			return false;
	return *word != '\0';
}

static bool is_plain(const char *text)
{
	for (const char *c = text; *c; c++)
		if (*c != '\n' && (*c < ' ' || *c > '~' || *c == '|'))
			return false;
	return *text != '\0';
}

/* The sentences are set behind a label and end without a full stop. */
static bool is_phrase(const char *text)
{
	return is_plain(text) && !strchr(text, '\n') && text[strlen(text) - 1] != '.';
}

static void phases_go_both_ways(void **state)
{
	(void)state;
	for (unsigned i = 0; i < PHASE_COUNT; i++) {
		const char *word = phase_word((enum phase)i);
		enum phase phase;

		CHECK(word, is_word(word) && strlen(word) < 19);
		CHECK(word, phase_from_word(&phase, str_of(word)));
		CHECK_INT(word, phase, i);
	}
	assert_string_equal(phase_word(PHASE_NONE), "none");
}

/* Their words are promised to users in this order. */
static void phases_are_the_promised_nine(void **state)
{
	static const char *const promised[] = { "resolve",  "connect",  "banner",
		                                "ehlo",     "starttls", "tls",
		                                "ehlo_tls", "auth",     "quit" };

	(void)state;
	assert_int_equal(PHASE_TIMED_COUNT, COUNT(promised));
	for (unsigned i = 0; i < PHASE_TIMED_COUNT; i++)
		assert_string_equal(phase_word((enum phase)i), promised[i]);
	assert_string_equal(phase_word(PHASE_MAIL), "mail");
}

static void causes_and_severities_go_both_ways(void **state)
{
	(void)state;
	for (unsigned i = 0; i < CAUSE_COUNT; i++) {
		const char *word = cause_word((enum cause)i);
		enum cause cause;

		CHECK(word, cause_from_word(&cause, str_of(word)));
		CHECK_INT(word, cause, i);
	}
	for (unsigned i = 0; i < SEVERITY_COUNT; i++) {
		const char *word = severity_word((enum severity)i);
		const char code[] = { (char)('0' + i), '\0' };
		enum severity severity;

		CHECK(word, severity_from_word(&severity, str_of(word)));
		CHECK_INT(word, severity, i);
		CHECK(word, severity_from_word(&severity, str_of(code)));
		CHECK_INT(code, severity, i);
	}
}

static void severities_are_read_in_either_case(void **state)
{
	enum severity severity;

	(void)state;
	assert_true(severity_from_word(&severity, STR("unKnown")));
	assert_int_equal(severity, SEVERITY_UNKNOWN);
	assert_false(severity_from_word(&severity, STR("4")));
	assert_false(severity_from_word(&severity, STR("12")));
	assert_false(severity_from_word(&severity, STR("OKAY")));
}

static void foreign_words_leave_the_caller_alone(void **state)
{
	static const char *const words[] = {
		"", "none ", "Reply", "ehl", "ehloo", "x"
	};

	(void)state;
	for (size_t i = 0; i < COUNT(words); i++) {
		enum phase phase = PHASE_QUIT;
		enum ending ending = ENDING_RESET;
		enum reason reason = REASON_RDNS;
		enum cause cause = CAUSE_TLS;
		enum severity severity = SEVERITY_WARNING;

		CHECK(words[i], !phase_from_word(&phase, str_of(words[i])));
		CHECK(words[i], !ending_from_word(&ending, str_of(words[i])));
		CHECK(words[i], !reason_from_word(&reason, str_of(words[i])));
		CHECK(words[i], !cause_from_word(&cause, str_of(words[i])));
		CHECK(words[i], !severity_from_word(&severity, str_of(words[i])));
		CHECK(words[i], phase == PHASE_QUIT && ending == ENDING_RESET &&
		                        reason == REASON_RDNS);
		CHECK(words[i], cause == CAUSE_TLS && severity == SEVERITY_WARNING);
	}
}

static void endings_go_both_ways(void **state)
{
	(void)state;
	for (unsigned i = 0; i < ENDING_COUNT; i++) {
		const char *word = ending_word((enum ending)i);
		enum ending ending;

		CHECK(word, is_word(word));
		CHECK(word, is_phrase(ending_meaning((enum ending)i)));
		CHECK(word, ending_from_word(&ending, str_of(word)));
		CHECK_INT(word, ending, i);
	}
}

static const struct {
	const char *word;
	enum severity severity;
} promised_causes[] = {
	{ "none", SEVERITY_OK },
	{ "credentials", SEVERITY_CRITICAL },
	{ "interference", SEVERITY_CRITICAL },
	{ "server_config", SEVERITY_CRITICAL },
	{ "tls", SEVERITY_CRITICAL },
	{ "policy", SEVERITY_CRITICAL },
	{ "throttled", SEVERITY_WARNING },
	{ "unavailable", SEVERITY_CRITICAL },
	{ "network", SEVERITY_CRITICAL },
	{ "unexplained", SEVERITY_CRITICAL },
	{ "local", SEVERITY_UNKNOWN },
};

static void causes_are_the_promised_ones(void **state)
{
	(void)state;
	assert_int_equal(CAUSE_COUNT, COUNT(promised_causes));
	for (unsigned i = 0; i < CAUSE_COUNT; i++) {
		enum cause cause = (enum cause)i;
		const char *word = promised_causes[i].word;

		CHECK_TEXT(word, cause_word(cause), word);
		CHECK_INT(word, cause_severity(cause), promised_causes[i].severity);
		CHECK(word, is_phrase(cause_meaning(cause)));
		CHECK(word, is_phrase(cause_actor(cause)));
	}
}

static void exit_codes_are_those_of_plugins(void **state)
{
	(void)state;
	assert_int_equal(SEVERITY_COUNT, 4);
	assert_string_equal(severity_word((enum severity)0), "OK");
	assert_string_equal(severity_word((enum severity)1), "WARNING");
	assert_string_equal(severity_word((enum severity)2), "CRITICAL");
	assert_string_equal(severity_word((enum severity)3), "UNKNOWN");
}

static void confidence_has_three_words(void **state)
{
	(void)state;
	assert_string_equal(confidence_word(CONFIDENCE_POSSIBLE), "possible");
	assert_string_equal(confidence_word(CONFIDENCE_LIKELY), "likely");
	assert_string_equal(confidence_word(CONFIDENCE_CERTAIN), "certain");
}

static int lines_of(const char *text)
{
	int lines = 1;

	for (; *text; text++)
		lines += *text == '\n';
	return lines;
}

static void reasons_go_both_ways_and_advise(void **state)
{
	(void)state;
	for (unsigned i = 0; i < REASON_COUNT; i++) {
		enum reason reason = (enum reason)i, back;
		const char *word = reason_word(reason), *advice = reason_advice(reason);

		CHECK(word, is_word(word));
		CHECK(word, reason_from_word(&back, str_of(word)));
		CHECK_INT(word, back, i);
		CHECK(word, is_phrase(reason_meaning(reason)));
		CHECK(word, is_plain(advice) && lines_of(advice) <= 3);
		CHECK(word, !strstr(advice, "\n\n") && advice[0] != '\n' &&
		                    advice[strlen(advice) - 1] != '\n');
		CHECK(word, reason_cause(reason) < CAUSE_COUNT);
	}
}

static void every_cause_has_a_reason(void **state)
{
	bool seen[CAUSE_COUNT] = { false };

	(void)state;
	for (unsigned i = 0; i < REASON_COUNT; i++)
		seen[reason_cause((enum reason)i)] = true;
	for (unsigned i = 0; i < CAUSE_COUNT; i++)
		CHECK(cause_word((enum cause)i), seen[i]);
}

/* Nobody shall rotate a good password because of what we said. */
static void advice_to_change_a_password_is_rare(void **state)
{
	(void)state;
	for (unsigned i = 0; i < REASON_COUNT; i++) {
		enum reason reason = (enum reason)i;
		const char *advice = reason_advice(reason);

		if (strstr(advice, "change the password") ||
		    strstr(advice, "change it"))
			CHECK(reason_word(reason), strstr(advice, "do not change"));
		if (strstr(advice, "new password"))
			CHECK_INT(reason_word(reason), reason_cause(reason),
			          CAUSE_CREDENTIALS);
	}
}

static void mechanisms_go_both_ways(void **state)
{
	enum mechanism mechanism;

	(void)state;
	for (unsigned i = 0; i < MECHANISM_COUNT; i++) {
		const char *word = mechanism_word((enum mechanism)i);

		CHECK(word, mechanism_from_word(&mechanism, str_of(word)));
		CHECK_INT(word, mechanism, i);
		CHECK(word, strlen(word) <= 20); /* RFC 4422 section 3.1 */
	}
	assert_string_equal(mechanism_word(MECHANISM_AUTO), "auto");
	assert_false(mechanism_from_word(&mechanism, STR("auto")));
	assert_false(mechanism_from_word(&mechanism, STR("PLAI")));
	assert_false(mechanism_from_word(&mechanism, STR("")));
	assert_true(mechanism_from_word(&mechanism, STR("cram-md5")));
	assert_int_equal(mechanism, MECHANISM_CRAM_MD5);
}

static mechanism_set set_of(const char *words)
{
	struct str rest = str_of(words), word;
	mechanism_set set = 0;
	enum mechanism mechanism;

	while (str_take_word(&word, &rest, " ")) {
		if (!mechanism_from_word(&mechanism, word))
			fail_msg("no mechanism: %s", words);
		set |= mechanism_bit(mechanism);
	}
	return set;
}

enum {
	PASSWORD = 1 << PROOF_PASSWORD,
	CERTIFICATE = 1 << PROOF_CERTIFICATE,
	TICKET = 1 << PROOF_TICKET
};

/* "" as choice: none fits. */
static const struct {
	const char *offered;
	unsigned proofs;
	bool encrypted;
	const char *choice;
} choices[] = {
	{ "PLAIN LOGIN SCRAM-SHA-1 SCRAM-SHA-256 SCRAM-SHA-256-PLUS SCRAM-SHA-1-PLUS",
	  PASSWORD, true, "SCRAM-SHA-256-PLUS" },
	{ "SCRAM-SHA-1-PLUS SCRAM-SHA-256", PASSWORD, true, "SCRAM-SHA-1-PLUS" },
	{ "SCRAM-SHA-1 SCRAM-SHA-256 PLAIN", PASSWORD, true, "SCRAM-SHA-256" },
	{ "SCRAM-SHA-1 PLAIN", PASSWORD, true, "SCRAM-SHA-1" },
	{ "LOGIN PLAIN CRAM-MD5", PASSWORD, true, "PLAIN" },
	{ "LOGIN CRAM-MD5", PASSWORD, true, "LOGIN" },
	{ "CRAM-MD5 DIGEST-MD5 NTLM", PASSWORD, true, "CRAM-MD5" },
	{ "DIGEST-MD5 NTLM", PASSWORD, true, "DIGEST-MD5" },
	{ "NTLM GSSAPI", PASSWORD, true, "NTLM" },
	/* Not encrypted: no channel to bind to, and the password last. */
	{ "PLAIN LOGIN CRAM-MD5", PASSWORD, false, "CRAM-MD5" },
	{ "PLAIN LOGIN DIGEST-MD5", PASSWORD, false, "DIGEST-MD5" },
	{ "PLAIN NTLM", PASSWORD, false, "NTLM" },
	{ "PLAIN LOGIN", PASSWORD, false, "PLAIN" },
	{ "LOGIN", PASSWORD, false, "LOGIN" },
	{ "SCRAM-SHA-256-PLUS PLAIN", PASSWORD, false, "PLAIN" },
	{ "SCRAM-SHA-256-PLUS", PASSWORD, false, "" },
	{ "SCRAM-SHA-256-PLUS SCRAM-SHA-256", PASSWORD, false, "SCRAM-SHA-256" },
	/* Only what there is a proof for. */
	{ "PLAIN EXTERNAL GSSAPI", CERTIFICATE, true, "EXTERNAL" },
	{ "PLAIN EXTERNAL GSSAPI", TICKET, true, "GSSAPI" },
	{ "EXTERNAL GSSAPI", CERTIFICATE | TICKET, true, "EXTERNAL" },
	{ "PLAIN EXTERNAL", PASSWORD | CERTIFICATE, true, "PLAIN" },
	{ "EXTERNAL GSSAPI", PASSWORD, true, "" },
	{ "PLAIN", CERTIFICATE | TICKET, true, "" },
	{ "PLAIN", 0, true, "" },
	{ "", PASSWORD, true, "" },
	{ "", PASSWORD, false, "" },
};

static void best_of_both_sides_is_chosen(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(choices); i++) {
		enum mechanism chosen = MECHANISM_AUTO;
		bool found = mechanism_choose(&chosen, set_of(choices[i].offered),
		                              choices[i].proofs, choices[i].encrypted);

		CHECK_INT(choices[i].offered, found, choices[i].choice[0] != '\0');
		CHECK_TEXT(choices[i].offered, mechanism_word(chosen),
		           found ? choices[i].choice : "auto");
	}
}

/* Whatever is offered, what is chosen was offered, is provable and binds only to TLS.
 */
static void choice_is_always_allowed(void **state)
{
	(void)state;
	for (unsigned set = 0; set < 1u << MECHANISM_COUNT; set++) {
		for (unsigned i = 0; i < 16; i++) {
			enum mechanism chosen;
			bool encrypted = i & 1;

			if (!mechanism_choose(&chosen, set, i >> 1, encrypted))
				continue;
			assert_true(set & mechanism_bit(chosen));
			assert_true(i >> 1 & 1u << mechanism_proof(chosen));
			assert_true(encrypted ||
			            !(mechanism_flags(chosen) & MECHANISM_BINDING));
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(phases_go_both_ways),
		cmocka_unit_test(phases_are_the_promised_nine),
		cmocka_unit_test(causes_and_severities_go_both_ways),
		cmocka_unit_test(severities_are_read_in_either_case),
		cmocka_unit_test(foreign_words_leave_the_caller_alone),
		cmocka_unit_test(endings_go_both_ways),
		cmocka_unit_test(causes_are_the_promised_ones),
		cmocka_unit_test(exit_codes_are_those_of_plugins),
		cmocka_unit_test(confidence_has_three_words),
		cmocka_unit_test(reasons_go_both_ways_and_advise),
		cmocka_unit_test(every_cause_has_a_reason),
		cmocka_unit_test(advice_to_change_a_password_is_rare),
		cmocka_unit_test(mechanisms_go_both_ways),
		cmocka_unit_test(best_of_both_sides_is_chosen),
		cmocka_unit_test(choice_is_always_allowed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
