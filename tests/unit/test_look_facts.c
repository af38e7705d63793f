/* SPDX-License-Identifier: Apache-2.0 */
/* What look_note writes into a trace is what look_facts reads there. */
#include "probe/look_facts.h"

#include <stdio.h>

#include "probe/address.h"
#include "probe/look_note.h"
#include "tests/unit/row.h"

enum { GREETING_MAX = 160 };

/* Without the word "look", which is not look_facts' to read. */
static struct look_finding *take(struct look_facts *facts, const char *note)
{
	struct str rest = str_of(note), word;

	assert_true(str_take_word(&word, &rest, " "));
	CHECK_STR(note, word, "look");
	look_facts_take(facts, rest);
	return &facts->findings[0];
}

/* ---- what is read ---- */

static const struct {
	const char *note;
	enum look look;
	const char *subject;
	enum contact_outcome outcome;
	const char *greeting, *issuer, *why;
	bool starttls;
	int near, far;
} findings[] = {
	{ "look port 465 answered", LOOK_PORT, "465", CONTACT_ANSWERED, "", "", "",
	  false, 0, 0 },
	{ "look port 587 answered greeting=\"220 mx.example ESMTP\" starttls=yes",
	  LOOK_PORT, "587", CONTACT_ANSWERED, "220 mx.example ESMTP", "", "", true, 0,
	  0 },
	{ "look address [2001:db8::7]:587 silent", LOOK_ADDRESS, "[2001:db8::7]:587",
	  CONTACT_SILENT, "", "", "", false, 0, 0 },
	{ "look control mx.example:443 unreachable why=\"icmp 3/1 from 192.0.2.1 hop\"",
	  LOOK_CONTROL, "mx.example:443", CONTACT_UNREACHABLE, "", "",
	  "icmp 3/1 from 192.0.2.1 hop", false, 0, 0 },
	{ "look unverified answered issuer=\"CN=a near=9\" starttls=no",
	  LOOK_UNVERIFIED, "", CONTACT_ANSWERED, "", "CN=a near=9", "", false, 0, 0 },
	{ "look hops 443 answered near=1 far=4", LOOK_HOPS, "443", CONTACT_ANSWERED, "",
	  "", "", false, 1, 4 },
	{ "look hops 443 refused near=255 far=256", LOOK_HOPS, "443", CONTACT_REFUSED,
	  "", "", "", false, 255, 0 },
	{ "look hops 443 refused near=x far=-1", LOOK_HOPS, "443", CONTACT_REFUSED, "",
	  "", "", false, 0, 0 },
	{ "look noop answered new=fact far=3", LOOK_NOOP, "", CONTACT_ANSWERED, "", "",
	  "", false, 0, 3 },
	{ "look helo refused_command starttls=maybe", LOOK_HELO, "",
	  CONTACT_REFUSED_COMMAND, "", "", "", false, 0, 0 },
};

static void finding_is_read(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(findings); i++) {
		struct look_facts facts = { 0 };
		const char *row = findings[i].note;
		const struct look_finding *finding = take(&facts, row);

		CHECK_INT(row, facts.count, 1);
		CHECK_TEXT(row, look_word(finding->look), look_word(findings[i].look));
		CHECK_STR(row, finding->subject, findings[i].subject);
		CHECK_TEXT(row, contact_outcome_word(finding->outcome),
		           contact_outcome_word(findings[i].outcome));
		CHECK_STR(row, finding->greeting, findings[i].greeting);
		CHECK_STR(row, finding->issuer, findings[i].issuer);
		CHECK_STR(row, finding->why, findings[i].why);
		CHECK_INT(row, finding->offers_starttls, findings[i].starttls);
		CHECK_INT(row, finding->near, findings[i].near);
		CHECK_INT(row, finding->far, findings[i].far);
	}
}

static void malformed_finding_is_left_out(void **state)
{
	static const char *const notes[] = {
		"look ",
		"look somewhere answered",
		"look port",
		"look port 465",
		"look port 465 greeting=\"220 a\"",
		"look port 465 Answered",
		"look noop",
		"look noop found",
		"look name mx.example",
		"look name mx.example answered",
		"look port 465 found",
	};
	struct look_facts facts = { 0 };

	(void)state;
	for (size_t i = 0; i < COUNT(notes); i++) {
		take(&facts, notes[i]);
		CHECK_INT(notes[i], facts.count, 0);
	}
}

static void findings_end_at_their_limit(void **state)
{
	struct look_facts facts = { 0 };

	(void)state;
	for (int i = 1; i <= LOOK_FINDING_MAX; i++) {
		take(&facts, "look noop answered");
		assert_int_equal(facts.count, i);
	}
	take(&facts, "look helo answered");
	assert_int_equal(facts.count, LOOK_FINDING_MAX);
	assert_null(look_facts_find(&facts, LOOK_HELO));
}

static void first_finding_of_a_kind_is_found(void **state)
{
	struct look_facts facts = { 0 };

	(void)state;
	take(&facts, "look noop answered");
	take(&facts, "look port 465 silent");
	take(&facts, "look port 25 answered");
	CHECK_STR("port", look_facts_find(&facts, LOOK_PORT)->subject, "465");
	assert_ptr_equal(look_facts_find(&facts, LOOK_NOOP), &facts.findings[0]);
	assert_null(look_facts_find(&facts, LOOK_MSS));
}

/* ---- what is written, read back ---- */

static void every_look_and_outcome_comes_back(void **state)
{
	(void)state;
	for (unsigned i = 0; i < LOOK_COUNT; i++) {
		enum look look = (enum look)i;

		for (unsigned j = 0; j < CONTACT_OUTCOME_COUNT && look != LOOK_NAME;
		     j++) {
			const struct contact_report report = {
				.outcome = (enum contact_outcome)j
			};
			struct look_facts facts = { 0 };
			char note[LOOK_NOTE_MAX];
			const struct look_finding *finding;

			look_note_print(note, look, "192.0.2.7:587", &report);
			finding = take(&facts, note);
			CHECK_INT(note, facts.count, 1);
			CHECK_INT(note, finding->look, i);
			CHECK_INT(note, finding->outcome, j);
			CHECK_STR(note, finding->subject,
			          look_has_subject(look) ? "192.0.2.7:587" : "");
		}
	}
}

static void every_end_of_a_look_up_comes_back(void **state)
{
	(void)state;
	for (unsigned i = 0; i < ENDING_COUNT; i++) {
		struct look_facts facts = { 0 };
		char note[LOOK_NOTE_MAX];
		const struct look_finding *finding;

		look_note_print_name(note, "mx.example", (enum ending)i);
		finding = take(&facts, note);
		CHECK_INT(note, facts.count, 1);
		CHECK_INT(note, finding->look, LOOK_NAME);
		CHECK_INT(note, finding->name_ending, i);
		CHECK_STR(note, finding->subject, "mx.example");
	}
	/* The words that people read stay as they are. */
	for (int found = 0; found < 2; found++) {
		char note[LOOK_NOTE_MAX];

		look_note_print_name(note, "mx.example",
		                     found ? ENDING_NONE : ENDING_DNS_TIMEOUT);
		assert_string_equal(note, found ? "look name mx.example found"
		                                : "look name mx.example dns_timeout");
	}
}

static void hops_come_back(void **state)
{
	struct hop_count hops = { .port = 25, .other = 443, .near = 2, .far = 7 };

	(void)state;
	for (int resets = 0; resets < 2; resets++) {
		struct look_facts facts = { 0 };
		char note[LOOK_NOTE_MAX];
		const struct look_finding *finding;

		hops.resets = resets;
		look_note_print_hops(note, &hops);
		finding = take(&facts, note);
		CHECK_INT(note, finding->look, LOOK_HOPS);
		CHECK_STR(note, finding->subject, "443");
		CHECK_INT(note, finding->outcome,
		          resets ? CONTACT_REFUSED : CONTACT_ANSWERED);
		CHECK_INT(note, finding->near, 2);
		CHECK_INT(note, finding->far, 7);
	}
}

static void what_the_peer_said_comes_back(void **state)
{
	struct contact_report report = {
		.outcome = CONTACT_UNREACHABLE,
		.first = "220 mx.example \"ESMTP\" near=9",
		.issuer = "CN=\"Example\" CA",
		.before = "8BITMIME STARTTLS SIZE",
		.socket.icmp = { .found = true,
		                 .type = 3,
		                 .code = 13,
		                 .who = OFFENDER_HOP },
	};
	struct look_facts facts = { 0 };
	char note[LOOK_NOTE_MAX];
	const struct look_finding *finding = &facts.findings[0];

	(void)state;
	assert_true(address_parse(&report.socket.icmp.offender, "192.0.2.1"));
	look_note_print(note, LOOK_PORT, "25", &report);
	take(&facts, note);
	CHECK_STR(note, finding->greeting, "220 mx.example 'ESMTP' near=9");
	CHECK_STR(note, finding->issuer, "CN='Example' CA");
	CHECK_STR(note, finding->why, "icmp 3/13 from 192.0.2.1 hop");
	CHECK_INT(note, finding->near, 0);
	CHECK(note, finding->offers_starttls);
}

static const struct {
	const char *keywords;
	bool told, offered;
} offers[] = {
	{ "", false, false },
	{ "SIZE", true, false },
	{ "STARTTLS", true, true },
	{ "SIZE starttls DSN", true, true },
	{ "XSTARTTLS STARTTLSX", true, false },
};

static void starttls_is_told_when_ehlo_was_answered(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(offers); i++) {
		struct contact_report report = { .outcome = CONTACT_ANSWERED };
		struct look_facts facts = { 0 };
		char note[LOOK_NOTE_MAX];

		snprintf(report.before, sizeof(report.before), "%s",
		         offers[i].keywords);
		look_note_print(note, LOOK_PORT, "25", &report);
		CHECK_INT(note, strstr(note, " starttls=") != NULL, offers[i].told);
		CHECK_INT(note, take(&facts, note)->offers_starttls, offers[i].offered);
	}
}

/* At the limit nothing is lost; one more is cut, and what follows is still read. */
static void long_words_of_the_peer_are_cut(void **state)
{
	(void)state;
	for (size_t len = GREETING_MAX - 1; len <= CONTACT_TEXT_MAX - 1; len++) {
		struct contact_report report = { .outcome = CONTACT_ANSWERED,
			                         .before = "STARTTLS" };
		struct look_facts facts = { 0 };
		char note[LOOK_NOTE_MAX], subject[254];
		size_t kept = len < GREETING_MAX ? len : GREETING_MAX;
		const struct look_finding *finding;

		memset(report.first, '"', len);
		memset(report.issuer, 'i', len);
		memset(subject, 's', sizeof(subject) - 1);
		subject[sizeof(subject) - 1] = '\0';
		look_note_print(note, LOOK_CONTROL, subject, &report);
		finding = take(&facts, note);
		assert_int_equal(facts.count, 1);
		assert_int_equal(finding->subject.len, 253);
		assert_int_equal(finding->greeting.len, kept);
		assert_int_equal(finding->issuer.len, kept);
		assert_true(finding->offers_starttls);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(finding_is_read),
		cmocka_unit_test(malformed_finding_is_left_out),
		cmocka_unit_test(findings_end_at_their_limit),
		cmocka_unit_test(first_finding_of_a_kind_is_found),
		cmocka_unit_test(every_look_and_outcome_comes_back),
		cmocka_unit_test(every_end_of_a_look_up_comes_back),
		cmocka_unit_test(hops_come_back),
		cmocka_unit_test(what_the_peer_said_comes_back),
		cmocka_unit_test(starttls_is_told_when_ehlo_was_answered),
		cmocka_unit_test(long_words_of_the_peer_are_cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
