/* SPDX-License-Identifier: Apache-2.0 */
#include "probe/look_verdict.h"

#include "tests/unit/row.h"

enum { NOTES_MAX = 4 };

static struct observation seen_with(const char *const notes[NOTES_MAX])
{
	struct observation seen = { .phase = PHASE_NONE };

	for (size_t i = 0; i < NOTES_MAX && notes[i]; i++)
		look_facts_take(&seen.look, str_of(notes[i]));
	return seen;
}

/* ---- subjects ---- */

/* Which of the questions are true, as letters in their order. */
static const struct {
	const char *note, *kinds;
} subjects[] = {
	{ "port 25 silent", "mail" },   { "port 465 silent", "mail 465" },
	{ "port 587 silent", "mail" },  { "port 2525 silent", "mail" },
	{ "port 443 silent", "other" }, { "port 4650 silent", "other" },
	{ "port 5 silent", "other" },
};

static void ports_are_those_of_mail_or_not(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(subjects); i++) {
		const char *const notes[NOTES_MAX] = { subjects[i].note };
		const struct observation seen = seen_with(notes);
		const struct look_finding *finding = &seen.look.findings[0];
		const char *row = subjects[i].note, *kinds = subjects[i].kinds;

		CHECK(row, is_any(&seen, finding));
		CHECK_INT(row, is_mail_port(&seen, finding),
		          strstr(kinds, "mail") != NULL);
		CHECK_INT(row, is_other_port(&seen, finding),
		          strstr(kinds, "other") != NULL);
		CHECK_INT(row, is_port_465(&seen, finding),
		          strstr(kinds, "465") != NULL);
	}
}

static const struct {
	const char *note;
	bool is_mail;
} controls[] = {
	{ "control mx.example:25 silent", true },
	{ "control mx.example:465 silent", true },
	{ "control [2001:db8::25]:587 silent", true },
	{ "control [2001:db8::25]:443 silent", false },
	{ "control mx.example:2525 silent", true },
	{ "control mx.example:443 silent", false },
	{ "control mx.example silent", false },
	/* What greets is a mail server, wherever it does. */
	{ "control mx.example:10025 answered greeting=\"220 a\"", true },
};

static void control_is_a_mail_server_by_port_or_greeting(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(controls); i++) {
		const char *const notes[NOTES_MAX] = { controls[i].note };
		const struct observation seen = seen_with(notes);
		const struct look_finding *finding = &seen.look.findings[0];

		CHECK_INT(controls[i].note, is_mail_endpoint(&seen, finding),
		          controls[i].is_mail);
		CHECK_INT(controls[i].note, is_other_endpoint(&seen, finding),
		          !controls[i].is_mail);
	}
}

static const struct {
	const char *tried, *note;
	bool same;
} families[] = {
	{ "192.0.2.7:587", "address 192.0.2.8:587 answered", true },
	{ "192.0.2.7:587", "address [2001:db8::7]:587 answered", false },
	{ "[2001:db8::7]:587", "address 192.0.2.8:587 answered", false },
	{ "[2001:db8::7]:587", "address [2001:db8::8]:587 answered", true },
	{ NULL, "address 192.0.2.8:587 answered", true },
};

/* The session's is that of the address it tried last. */
static void family_is_compared_with_the_sessions(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(families); i++) {
		const char *const notes[NOTES_MAX] = { families[i].note };
		struct observation seen = seen_with(notes);
		const struct look_finding *finding = &seen.look.findings[0];

		seen.tried[0].endpoint = STR("192.0.2.1:587");
		seen.tried[1].endpoint = str_of(families[i].tried);
		seen.tried_count = families[i].tried ? 2 : 0;
		CHECK_INT(families[i].note, is_same_family(&seen, finding),
		          families[i].same);
		CHECK_INT(families[i].note, is_other_family(&seen, finding),
		          !families[i].same);
	}
}

/* ---- answers ---- */

/* One letter a question: answers, there, silent, refuses, out of reach. */
static const struct {
	enum contact_outcome outcome;
	const char *means;
} outcomes[] = {
	{ CONTACT_ANSWERED, "at" }, { CONTACT_REFUSED_COMMAND, "at" },
	{ CONTACT_TAKEN, "t" },     { CONTACT_STRANGE, "t" },
	{ CONTACT_SILENT, "so" },   { CONTACT_MUTE, "t" },
	{ CONTACT_LOST, "t" },      { CONTACT_GAP, "t" },
	{ CONTACT_CLOSED, "t" },    { CONTACT_RESET, "t" },
	{ CONTACT_ALERT, "t" },     { CONTACT_HANDSHAKE, "t" },
	{ CONTACT_REFUSED, "tr" },  { CONTACT_UNREACHABLE, "o" },
	{ CONTACT_FORBIDDEN, "" },  { CONTACT_LOCAL, "" },
};

static void outcomes_answer_the_questions(void **state)
{
	(void)state;
	assert_int_equal(COUNT(outcomes), CONTACT_OUTCOME_COUNT);
	for (size_t i = 0; i < COUNT(outcomes); i++) {
		enum contact_outcome outcome = outcomes[i].outcome;
		const char *row = contact_outcome_word(outcome);
		const char *means = outcomes[i].means;

		CHECK_INT(row, answers(outcome), strchr(means, 'a') != NULL);
		CHECK_INT(row, is_there(outcome), strchr(means, 't') != NULL);
		CHECK_INT(row, is_silent(outcome), strchr(means, 's') != NULL);
		CHECK_INT(row, refuses(outcome), strchr(means, 'r') != NULL);
		CHECK_INT(row, is_out_of_reach(outcome), strchr(means, 'o') != NULL);
	}
}

static const struct {
	const char *name, *notes[NOTES_MAX];
	bool any, all; /* of the mail ports, silent */
} quantities[] = {
	{ "no experiment", { NULL }, false, false },
	{ "another kind", { "address 192.0.2.1:25 silent" }, false, false },
	{ "another subject", { "port 443 silent" }, false, false },
	{ "one", { "port 25 silent" }, true, true },
	{ "both", { "port 25 silent", "port 465 silent" }, true, true },
	{ "the first", { "port 25 silent", "port 465 refused" }, true, false },
	{ "the last", { "port 25 refused", "port 465 silent" }, true, false },
	{ "none", { "port 25 refused", "port 465 answered" }, false, false },
	{ "others do not count",
	  { "port 443 answered", "port 25 silent" },
	  true,
	  true },
};

static void any_and_all_are_told_apart(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(quantities); i++) {
		const struct observation seen = seen_with(quantities[i].notes);

		CHECK_INT(quantities[i].name,
		          any_look(&seen, LOOK_PORT, is_mail_port, is_silent),
		          quantities[i].any);
		CHECK_INT(quantities[i].name,
		          all_looks(&seen, LOOK_PORT, is_mail_port, is_silent),
		          quantities[i].all);
	}
}

/* An experiment that could not be made proves nothing, either way. */
static void experiment_that_failed_here_proves_nothing(void **state)
{
	static const struct {
		const char *note;
		bool so, but;
	} rows[] = {
		{ "mss answered", true, false },
		{ "mss lost", false, true },
		{ "mss local", false, false },
		{ "noop answered", false, false },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		const char *const notes[NOTES_MAX] = { rows[i].note };
		const struct observation seen = seen_with(notes);

		CHECK_INT(rows[i].note, has_look(&seen, LOOK_MSS, CONTACT_ANSWERED),
		          rows[i].so);
		CHECK_INT(rows[i].note, has_look_but(&seen, LOOK_MSS, CONTACT_ANSWERED),
		          rows[i].but);
	}
}

/* ---- comparisons ---- */

/* Which outcome of a repetition is the same as an ending. */
static const struct {
	enum ending ending;
	enum contact_outcome outcomes[4];
	size_t count;
} repetitions[] = {
	{ ENDING_CLOSED, { CONTACT_CLOSED }, 1 },
	{ ENDING_RESET, { CONTACT_RESET }, 1 },
	{ ENDING_REFUSED, { CONTACT_REFUSED }, 1 },
	{ ENDING_TIMEOUT,
	  { CONTACT_SILENT, CONTACT_MUTE, CONTACT_LOST, CONTACT_GAP },
	  4 },
	{ ENDING_UNREACHABLE, { CONTACT_UNREACHABLE }, 1 },
	{ ENDING_TLS, { CONTACT_ALERT, CONTACT_HANDSHAKE }, 2 },
};

static bool is_the_same(enum ending ending, enum contact_outcome outcome)
{
	for (size_t i = 0; i < COUNT(repetitions); i++)
		for (size_t j = 0; j < repetitions[i].count; j++)
			if (repetitions[i].ending == ending &&
			    repetitions[i].outcomes[j] == outcome)
				return true;
	return false;
}

static void same_end_twice_is_again(void **state)
{
	(void)state;
	for (unsigned i = 0; i < ENDING_COUNT; i++)
		for (unsigned j = 0; j < CONTACT_OUTCOME_COUNT; j++) {
			struct observation seen = { .ending = (enum ending)i };

			seen.look.count = 1;
			seen.look.findings[0].look = LOOK_REPEAT;
			seen.look.findings[0].outcome = (enum contact_outcome)j;
			CHECK_INT(contact_outcome_word((enum contact_outcome)j),
			          is_again(&seen),
			          is_the_same(seen.ending, (enum contact_outcome)j));
			seen.look.findings[0].look = LOOK_NOOP;
			CHECK(ending_word(seen.ending), !is_again(&seen));
		}
}

static void starttls_counts_where_the_target_offers_it(void **state)
{
	static const struct {
		const char *note;
		bool elsewhere;
	} rows[] = {
		{ "port 25 answered starttls=yes", true },
		{ "address 192.0.2.8:587 answered starttls=yes", true },
		{ "port 25 answered starttls=no", false },
		/* Not elsewhere, and not of this target. */
		{ "repeat answered starttls=yes", false },
		{ "control mx.example:25 answered starttls=yes", false },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		const char *const notes[NOTES_MAX] = { "port 2525 silent",
			                               rows[i].note };
		const struct observation seen = seen_with(notes);

		CHECK_INT(rows[i].note, is_starttls_elsewhere(&seen),
		          rows[i].elsewhere);
	}
}

static void control_name_is_dead_in_the_same_way(void **state)
{
	const char *const dead[NOTES_MAX] = { "name a.example dns_timeout" };
	const char *const none[NOTES_MAX] = { NULL };
	struct observation seen = seen_with(dead);

	(void)state;
	seen.ending = ENDING_DNS_TIMEOUT;
	assert_true(is_control_name_dead(&seen));
	seen.ending = ENDING_DNS_FAILURE;
	assert_false(is_control_name_dead(&seen));
	seen = seen_with(none);
	seen.ending = ENDING_DNS_TIMEOUT;
	assert_false(is_control_name_dead(&seen));
}

/* ---- hops ---- */

static const struct {
	const char *note;
	bool near, nearer, rejected;
} hops[] = {
	{ "hops 443 answered near=1 far=2", true, true, false },
	{ "hops 443 answered near=2 far=3", true, true, false },
	{ "hops 443 answered near=3 far=4", false, true, false },
	{ "hops 443 answered near=3 far=5", false, true, false },
	{ "hops 443 answered near=3 far=6", true, true, false },
	{ "hops 443 answered near=6 far=8", false, true, false },
	{ "hops 443 answered near=6 far=9", true, true, false },
	{ "hops 443 answered near=1 far=1", false, false, false },
	{ "hops 443 answered near=4 far=3", false, false, false },
	{ "hops 443 refused near=2 far=3", false, false, true },
	{ "hops 443 refused near=3 far=5", false, false, false },
	{ "hops 443 refused near=3 far=6", false, false, true },
	{ "hops 443 refused near=1 far=1", false, false, false },
	/* One of the two was not found. */
	{ "hops 443 answered near=1", false, false, false },
	{ "hops 443 answered far=4", false, false, false },
	{ "hops 443 answered near=0 far=4", false, false, false },
	{ "port 443 answered near=1 far=4", false, false, false },
};

static void hops_tell_who_is_nearer(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(hops); i++) {
		const char *const notes[NOTES_MAX] = { hops[i].note };
		const struct observation seen = seen_with(notes);

		CHECK_INT(hops[i].note, is_answered_from_near(&seen.look),
		          hops[i].near);
		CHECK_INT(hops[i].note, is_answered_from_nearer(&seen.look),
		          hops[i].nearer);
		CHECK_INT(hops[i].note, is_rejected_from_nearer(&seen.look),
		          hops[i].rejected);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ports_are_those_of_mail_or_not),
		cmocka_unit_test(control_is_a_mail_server_by_port_or_greeting),
		cmocka_unit_test(family_is_compared_with_the_sessions),
		cmocka_unit_test(outcomes_answer_the_questions),
		cmocka_unit_test(any_and_all_are_told_apart),
		cmocka_unit_test(experiment_that_failed_here_proves_nothing),
		cmocka_unit_test(same_end_twice_is_again),
		cmocka_unit_test(starttls_counts_where_the_target_offers_it),
		cmocka_unit_test(control_name_is_dead_in_the_same_way),
		cmocka_unit_test(hops_tell_who_is_nearer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
