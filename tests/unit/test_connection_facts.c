/* SPDX-License-Identifier: Apache-2.0 */
#include "probe/connection_facts.h"

#include <errno.h>
#include <stdio.h>

#include "probe/address.h"
#include "tests/unit/row.h"

/* ---- the errno of a connect that failed ---- */

static const struct {
	const char *note, *error;
	bool at_once;
} errors[] = {
	{ "errno EACCES sync", "EACCES", true },
	{ "errno EHOSTUNREACH async", "EHOSTUNREACH", false },
	{ "errno ECONNREFUSED", "ECONNREFUSED", false },
	{ "errno EACCES syncronous", "EACCES", false },
	{ "errno", "", false },
};

static void error_of_connect_is_kept(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(errors); i++) {
		struct connection_facts facts = { .error = STR("") };

		CHECK(errors[i].note,
		      connection_facts_take(&facts, str_of(errors[i].note)));
		CHECK_STR(errors[i].note, facts.error, errors[i].error);
		CHECK_INT(errors[i].note, facts.at_once, errors[i].at_once);
	}
}

/* ---- ICMP ---- */

static const struct {
	const char *note;
	bool found, is_v6;
	int type, code;
	enum offender who;
	const char *offender;
} messages[] = {
	{ "icmp 3/13 from 192.0.2.1 hop", true, false, 3, 13, OFFENDER_HOP,
	  "192.0.2.1" },
	{ "icmp 3/1 from 10.0.0.1 self", true, false, 3, 1, OFFENDER_SELF, "10.0.0.1" },
	{ "icmp 3/3 from 192.0.2.7 target", true, false, 3, 3, OFFENDER_TARGET,
	  "192.0.2.7" },
	{ "icmp6 1/4 from 2001:db8::1 hop", true, true, 1, 4, OFFENDER_HOP,
	  "2001:db8::1" },
	/* The kernel does not always say who sent it. */
	{ "icmp 3/13", true, false, 3, 13, OFFENDER_NONE, "" },
	/* What is malformed is left out. */
	{ "icmp 3-1 from 192.0.2.1 hop", false, false, 0, 0, OFFENDER_NONE, "" },
	{ "icmp 3/ from 192.0.2.1 hop", false, false, 0, 0, OFFENDER_NONE, "" },
	{ "icmp /1 from 192.0.2.1 hop", false, false, 0, 0, OFFENDER_NONE, "" },
	{ "icmp 3/1 by 192.0.2.1 hop", false, false, 0, 0, OFFENDER_NONE, "" },
	{ "icmp 3/1 from 192.0.2.1 neighbour", false, false, 0, 0, OFFENDER_NONE, "" },
	{ "icmp 3/1 from 192.0.2.1", false, false, 0, 0, OFFENDER_NONE, "" },
	{ "icmp 3", false, false, 0, 0, OFFENDER_NONE, "" },
	{ "icmp", false, false, 0, 0, OFFENDER_NONE, "" },
};

static void message_and_its_sender_are_kept(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(messages); i++) {
		const char *row = messages[i].note;
		struct connection_facts facts = { .error = STR("") };

		CHECK(row, connection_facts_take(&facts, str_of(row)));
		CHECK_INT(row, facts.icmp.found, messages[i].found);
		CHECK_INT(row, facts.icmp.is_v6, messages[i].is_v6);
		CHECK_INT(row, facts.icmp.type, messages[i].type);
		CHECK_INT(row, facts.icmp.code, messages[i].code);
		CHECK_INT(row, facts.icmp.who, messages[i].who);
		CHECK_STR(row, facts.offender, messages[i].offender);
	}
}

/* RFC 792, RFC 1812 §5.2.7.1, RFC 4443 §3; every code that is assigned, and one more.
 */
static const struct {
	bool is_v6;
	int type;
	const char *codes; /* meaning of code 0, 1, … as letters */
} meanings[] = {
	{ false, 0, "oo" },
	{ false, 3,
	  "hhpu"
	  "ooooo"
	  "aa"
	  "oo"
	  "a"
	  "ooo" },
	{ false, 4, "oo" },
	{ false, 11, "ttt" },
	{ false, 12, "oo" },
	{ true, 1, "haohuaaoo" },
	{ true, 2, "oo" },
	{ true, 3, "ttt" },
	{ true, 4, "oooo" },
	{ true, 11, "oo" },
};

static char letter_of(enum icmp_meaning meaning)
{
	switch (meaning) {
	case ICMP_ADMINISTRATIVE:
		return 'a';
	case ICMP_PORT:
		return 'u';
	case ICMP_PROTOCOL:
		return 'p';
	case ICMP_HOST:
		return 'h';
	case ICMP_TIME_EXCEEDED:
		return 't';
	case ICMP_OTHER:
		return 'o';
	}
	return '?';
}

static void codes_have_their_meanings(void **state)
{
	char row[32];

	(void)state;
	for (size_t i = 0; i < COUNT(meanings); i++)
		for (int code = 0; meanings[i].codes[code]; code++) {
			const struct icmp_fact icmp = { .is_v6 = meanings[i].is_v6,
				                        .type = meanings[i].type,
				                        .code = code };

			snprintf(row, sizeof(row), "ICMP%s %d/%d",
			         icmp.is_v6 ? "v6" : "", icmp.type, icmp.code);
			CHECK_INT(row, letter_of(icmp_meaning_of(&icmp)),
			          meanings[i].codes[code]);
		}
}

/* ---- what TCP counted ---- */

static void counts_of_tcp_are_kept(void **state)
{
	struct connection_facts facts = { .error = STR("") };
	const struct tcp_fact *tcp = &facts.tcp;

	(void)state;
	assert_true(connection_facts_take(
		&facts,
		STR("tcp rtt=0.000123 rttvar=0.000061 min_rtt=0.000100 retransmits=1 "
	            "retrying=2 unacked=3 out_of_order=4 sent=8589934592 received=4321 "
	            "soft_error=EHOSTUNREACH")));
	assert_true(tcp->found && tcp->knows_order);
	assert_int_equal(tcp->rtt, 123);
	assert_int_equal(tcp->rttvar, 61);
	assert_int_equal(tcp->min_rtt, 100);
	assert_int_equal(tcp->retransmits, 1);
	assert_int_equal(tcp->retrying, 2);
	assert_int_equal(tcp->unacked, 3);
	assert_int_equal(tcp->out_of_order, 4);
	assert_int_equal(tcp->sent, 8589934592);
	assert_int_equal(tcp->received, 4321);
	CHECK_STR("tcp", facts.soft_error, "EHOSTUNREACH");
}

/* An older kernel counts no order; what somebody has damaged is no number. */
static void missing_and_damaged_counts_are_zero(void **state)
{
	struct connection_facts facts = { .error = STR("") };

	(void)state;
	assert_true(connection_facts_take(
		&facts, STR("tcp rtt=x min_rtt=-1 retransmits=many unacked=1.5 new=7 "
	                    "sent=9")));
	assert_true(facts.tcp.found);
	assert_false(facts.tcp.knows_order);
	assert_int_equal(facts.tcp.rtt, 0);
	assert_int_equal(facts.tcp.min_rtt, 0);
	assert_int_equal(facts.tcp.retransmits, 0);
	assert_int_equal(facts.tcp.unacked, 0);
	assert_int_equal(facts.tcp.sent, 9);
}

/* Only the end counts: what was measured before is not mixed in. */
static void last_measurement_counts(void **state)
{
	struct connection_facts facts = { .error = STR("") };

	(void)state;
	connection_facts_take(
		&facts,
		STR("tcp rtt=0.5 unacked=7 out_of_order=1 soft_error=EHOSTUNREACH"));
	connection_facts_take(&facts, STR("tcp rtt=0.25"));
	assert_int_equal(facts.tcp.rtt, 250000);
	assert_int_equal(facts.tcp.unacked, 0);
	assert_false(facts.tcp.knows_order);
	assert_int_equal(facts.soft_error.len, 0);
}

/* More than a counter of the kernel's can hold must not come out as a small number. */
static void number_that_no_counter_holds_is_none(void **state)
{
	struct connection_facts facts = { .error = STR("") };

	(void)state;
	connection_facts_take(&facts,
	                      STR("tcp retransmits=4294967295 retrying=4294967296 "
	                          "unacked=4294967297"));
	assert_int_equal(facts.tcp.retransmits, UINT32_MAX);
	assert_int_equal(facts.tcp.retrying, 0);
	assert_int_equal(facts.tcp.unacked, 0);
}

/* What the modules that read sockets print is what is read here. */
static void printed_facts_are_read_back(void **state)
{
	const struct socket_facts printed = {
		.error = EHOSTUNREACH,
		.tcp = { .found = true,
		         .knows_bytes = true,
		         .knows_order = true,
		         .rtt = 12345,
		         .rttvar = 7,
		         .min_rtt = 12000,
		         .retransmits = 5,
		         .retrying = 4,
		         .unacked = 3,
		         .out_of_order = 2,
		         .sent = 812,
		         .received = 4321 },
	};
	struct connection_facts facts = { .error = STR("") };
	char text[SOCKET_FACTS_TEXT_MAX];

	(void)state;
	socket_facts_print_tcp(text, sizeof(text), &printed);
	assert_true(connection_facts_take(&facts, str_of(text)));
	assert_int_equal(facts.tcp.rtt, printed.tcp.rtt);
	assert_int_equal(facts.tcp.rttvar, printed.tcp.rttvar);
	assert_int_equal(facts.tcp.min_rtt, printed.tcp.min_rtt);
	assert_int_equal(facts.tcp.retransmits, printed.tcp.retransmits);
	assert_int_equal(facts.tcp.retrying, printed.tcp.retrying);
	assert_int_equal(facts.tcp.unacked, printed.tcp.unacked);
	assert_int_equal(facts.tcp.out_of_order, printed.tcp.out_of_order);
	assert_int_equal(facts.tcp.sent, printed.tcp.sent);
	assert_int_equal(facts.tcp.received, printed.tcp.received);
	CHECK_STR("soft error", facts.soft_error, "EHOSTUNREACH");
}

static void printed_message_is_read_back(void **state)
{
	static const enum offender senders[] = { OFFENDER_NONE, OFFENDER_SELF,
		                                 OFFENDER_HOP, OFFENDER_TARGET };

	(void)state;
	for (size_t i = 0; i < COUNT(senders); i++) {
		struct icmp_fact printed = {
			.found = true, .type = 3, .code = 13, .who = senders[i]
		};
		struct connection_facts facts = { .error = STR("") };
		char text[SOCKET_FACTS_TEXT_MAX];

		assert_true(address_parse(&printed.offender, "192.0.2.1"));
		socket_facts_print_icmp(text, sizeof(text), &printed);
		CHECK(text, connection_facts_take(&facts, str_of(text)));
		CHECK(text, facts.icmp.found && facts.icmp.type == 3);
		CHECK_INT(text, facts.icmp.code, 13);
		CHECK_INT(text, facts.icmp.who, senders[i]);
		CHECK_STR(text, facts.offender, i ? "192.0.2.1" : "");
	}
}

static void other_notes_are_left_alone(void **state)
{
	static const char *const notes[] = { "",
		                             "error EACCES sync",
		                             "icmpv6 1/1",
		                             "tcpdump rtt=1",
		                             "resolve icmp",
		                             "Tcp" };

	(void)state;
	for (size_t i = 0; i < COUNT(notes); i++) {
		struct connection_facts facts = { .error = STR("") };

		CHECK(notes[i], !connection_facts_take(&facts, str_of(notes[i])));
		CHECK(notes[i], !facts.tcp.found && !facts.icmp.found);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(error_of_connect_is_kept),
		cmocka_unit_test(message_and_its_sender_are_kept),
		cmocka_unit_test(codes_have_their_meanings),
		cmocka_unit_test(counts_of_tcp_are_kept),
		cmocka_unit_test(missing_and_damaged_counts_are_zero),
		cmocka_unit_test(last_measurement_counts),
		cmocka_unit_test(number_that_no_counter_holds_is_none),
		cmocka_unit_test(printed_facts_are_read_back),
		cmocka_unit_test(printed_message_is_read_back),
		cmocka_unit_test(other_notes_are_left_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
