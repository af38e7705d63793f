/* SPDX-License-Identifier: Apache-2.0 */
#include "probe/connection_facts.h"

#include <limits.h>

#include "probe/note.h"

static const struct {
	const char *word;
	enum offender who;
} offenders[] = {
	{ "self", OFFENDER_SELF },
	{ "hop", OFFENDER_HOP },
	{ "target", OFFENDER_TARGET },
};

static enum offender offender_of(struct str word)
{
	for (size_t i = 0; i < sizeof(offenders) / sizeof(offenders[0]); i++)
		if (str_equal(word, str_of(offenders[i].word)))
			return offenders[i].who;
	return OFFENDER_NONE;
}

static void take_errno(struct connection_facts *facts, struct str rest)
{
	struct str word = STR("");

	str_take_word(&facts->error, &rest, " ");
	str_take_word(&word, &rest, " ");
	facts->at_once = str_equal(word, STR("sync"));
}

/* "3/13 from 192.0.2.1 hop"; "3/13" when the kernel does not say who sent it. */
static void take_icmp(struct connection_facts *facts, struct str rest, bool is_v6)
{
	struct icmp_fact icmp = { .found = true, .is_v6 = is_v6 };
	struct str from, place = STR(""), who = STR("");

	if (!str_take_number(&icmp.type, &rest) || !str_take_char(&rest, '/') ||
	    !str_take_number(&icmp.code, &rest))
		return;
	if (str_take_word(&from, &rest, " ")) {
		str_take_word(&place, &rest, " ");
		str_take_word(&who, &rest, " ");
		icmp.who = offender_of(who);
		if (!str_equal(from, STR("from")) || icmp.who == OFFENDER_NONE)
			return;
	}
	facts->icmp = icmp;
	facts->offender = place;
}

static bool take_duration(struct tcp_fact *tcp, struct str key, struct str value)
{
	const struct {
		struct str key;
		usec *place;
	} places[] = {
		{ STR("rtt"), &tcp->rtt },
		{ STR("rttvar"), &tcp->rttvar },
		{ STR("min_rtt"), &tcp->min_rtt },
	};

	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++)
		if (str_equal(key, places[i].key))
			return note_take_seconds(places[i].place, value);
	return false;
}

static bool take_total(struct tcp_fact *tcp, struct str key, unsigned long long total)
{
	if (str_equal(key, STR("sent")))
		tcp->sent = total;
	else if (str_equal(key, STR("received")))
		tcp->received = total;
	else
		return false;
	return true;
}

static void take_count(struct tcp_fact *tcp, struct str key, struct str value)
{
	unsigned long long count;

	if (!note_take_count(&count, value) || take_total(tcp, key, count) ||
	    count > UINT_MAX)
		return;
	if (str_equal(key, STR("retransmits")))
		tcp->retransmits = (unsigned)count;
	else if (str_equal(key, STR("retrying")))
		tcp->retrying = (unsigned)count;
	else if (str_equal(key, STR("unacked")))
		tcp->unacked = (unsigned)count;
	else if (str_equal(key, STR("out_of_order"))) {
		tcp->out_of_order = (unsigned)count;
		tcp->knows_order = true;
	}
}

static void take_tcp(struct connection_facts *facts, struct str rest)
{
	struct tcp_fact tcp = { .found = true };
	struct str key, value;

	facts->soft_error = STR("");
	while (note_take_fact(&key, &value, &rest)) {
		if (str_equal(key, STR("soft_error")))
			facts->soft_error = value;
		else if (!take_duration(&tcp, key, value))
			take_count(&tcp, key, value);
	}
	facts->tcp = tcp;
}

bool connection_facts_take(struct connection_facts *facts, struct str note)
{
	struct str rest = note, word = STR("");

	str_take_word(&word, &rest, " ");
	rest = str_trim(rest);
	if (str_equal(word, STR("errno")))
		take_errno(facts, rest);
	else if (str_equal(word, STR("icmp")))
		take_icmp(facts, rest, false);
	else if (str_equal(word, STR("icmp6")))
		take_icmp(facts, rest, true);
	else if (str_equal(word, STR("tcp")))
		take_tcp(facts, rest);
	else
		return false;
	return true;
}

static const struct {
	bool is_v6;
	int type, code; /* code -1: any */
	enum icmp_meaning meaning;
} meanings[] = {
	{ false, 3, 0, ICMP_HOST },
	{ false, 3, 1, ICMP_HOST },
	{ false, 3, 2, ICMP_PROTOCOL },
	{ false, 3, 3, ICMP_PORT },
	{ false, 3, 9, ICMP_ADMINISTRATIVE },
	{ false, 3, 10, ICMP_ADMINISTRATIVE },
	{ false, 3, 13, ICMP_ADMINISTRATIVE },
	{ false, 11, -1, ICMP_TIME_EXCEEDED },
	{ true, 1, 0, ICMP_HOST },
	{ true, 1, 1, ICMP_ADMINISTRATIVE },
	{ true, 1, 3, ICMP_HOST },
	{ true, 1, 4, ICMP_PORT },
	{ true, 1, 5, ICMP_ADMINISTRATIVE },
	{ true, 1, 6, ICMP_ADMINISTRATIVE },
	{ true, 3, -1, ICMP_TIME_EXCEEDED },
};

enum icmp_meaning icmp_meaning_of(const struct icmp_fact *icmp)
{
	for (size_t i = 0; i < sizeof(meanings) / sizeof(meanings[0]); i++)
		if (meanings[i].is_v6 == icmp->is_v6 &&
		    meanings[i].type == icmp->type &&
		    (meanings[i].code < 0 || meanings[i].code == icmp->code))
			return meanings[i].meaning;
	return ICMP_OTHER;
}
