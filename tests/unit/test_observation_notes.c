/* SPDX-License-Identifier: Apache-2.0 */
/* What the notes of a trace add to a session: the connection, before, and elsewhere. */
#include "probe/observation.h"

#include <stdio.h>

#include "tests/unit/recorded.h"
#include "tests/unit/row.h"

/* ---- the connection ---- */

static void connection_is_that_of_the_last_attempt(void **state)
{
	struct result *result =
		recorded("0 * connect 192.0.2.1:587\n0 * errno EHOSTUNREACH async\n"
	                 "0 * icmp 3/1 from 192.0.2.9 hop\n0 * failed unreachable\n"
	                 "0 * connect 192.0.2.2:587\n0 * errno EACCES sync\n"
	                 "0 * end forbidden\n",
	                 NULL);
	const struct connection_facts *facts = &result->seen->connection;

	(void)state;
	CHECK_STR("errno", facts->error, "EACCES");
	assert_true(facts->at_once);
	assert_false(facts->icmp.found);
	assert_int_equal(facts->offender.len, 0);
	result_release(result);
}

/* They come with the end, so that what follows QUIT or an end still counts. */
static void connection_is_known_after_the_end(void **state)
{
	struct result *result =
		recorded(RECORDED_REFUSAL "0.2 * tcp rtt=0.01 retransmits=2 unacked=0 "
	                                  "soft_error=ECONNREFUSED\n"
	                                  "0.2 * icmp6 1/1 from 2001:db8::1 self\n",
	                 NULL);
	const struct connection_facts *facts = &result->seen->connection;

	(void)state;
	assert_true(facts->tcp.found && facts->icmp.found && facts->icmp.is_v6);
	assert_int_equal(facts->tcp.rtt, 10000);
	assert_int_equal(facts->tcp.retransmits, 2);
	CHECK_STR("soft error", facts->soft_error, "ECONNREFUSED");
	assert_int_equal(facts->icmp.who, OFFENDER_SELF);
	result_release(result);
}

#define TCP(rtt) "9 * tcp rtt=" rtt " unacked=0\n"

/* Milliseconds of the server's own in each phase from resolve to quit; -1: not known.
 */
static const struct {
	const char *name, *text;
	int ms[PHASE_TIMED_COUNT];
} server_times[] = {
	{ "one round trip a phase",
	  RECORDED_SUCCESS TCP("0.004"),
	  { -1, 6, 16, 6, 6, 26, 6, 46, 16 } },
	{ "a network as slow as the session",
	  RECORDED_SUCCESS TCP("0.03"),
	  { -1, 0, 0, 0, 0, 0, 0, 20, 0 } },
	{ "nothing measured",
	  RECORDED_SUCCESS,
	  { -1, -1, -1, -1, -1, -1, -1, -1, -1 } },
	{ "TLS 1.2 takes two",
	  "0 * connect a:465\n0.01 * connected\n0.01 * tls start\n"
	  "0.11 * tls done TLSv1.2 X\n0.12 < 220 a\n" TCP("0.004"),
	  { -1, 6, 6, -1, -1, 92, -1, -1, -1 } },
	{ "TLS 1.3 takes one",
	  "0 * connect a:465\n0.01 * connected\n0.01 * tls start\n"
	  "0.11 * tls done TLSv1.3 X\n0.12 < 220 a\n" TCP("0.004"),
	  { -1, 6, 6, -1, -1, 96, -1, -1, -1 } },
	{ "AUTH LOGIN takes three",
	  RECORDED_ENCRYPTED "0.1 > AUTH LOGIN\n0.12 < 334 VXNlcm5hbWU6\n"
	                     "0.12 > <redacted>\n0.14 < 334 UGFzc3dvcmQ6\n"
	                     "0.14 > <redacted>\n0.2 < 235 ok\n"
	                     "0.2 * end reply\n" TCP("0.004"),
	  { -1, 6, 16, 6, 6, 26, 6, 88, -1 } },
	{ "a phase that did not end",
	  RECORDED_LOGIN "8 * end timeout\n" TCP("0.004"),
	  { -1, 6, 16, 6, 6, 26, 6, -1, -1 } },
	{ "the HELO that nobody wanted counts for nothing",
	  "0 * connect a:587\n0.01 * connected\n0.02 < 220 a\n0.02 > EHLO b\n"
	  "0.03 < 502 what?\n0.03 > HELO b\n0.5 < 250 a\n" TCP("0.004"),
	  { -1, 6, 6, 6, -1, -1, -1, -1, -1 } },
};

static void servers_time_is_without_the_network(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(server_times); i++) {
		struct result *result = recorded(server_times[i].text, NULL);
		char row[96];

		for (unsigned phase = 0; phase < PHASE_TIMED_COUNT; phase++) {
			usec time = observation_server_time(result->seen,
			                                    (enum phase)phase);

			snprintf(row, sizeof(row), "%s, %s", server_times[i].name,
			         phase_word((enum phase)phase));
			CHECK_INT(row, time < 0 ? -1 : time / 1000,
			          server_times[i].ms[phase]);
		}
		result_release(result);
	}
}

/* ---- what is known besides ---- */

static void beginning_is_a_time(void **state)
{
	static const struct {
		const char *text;
		usec begun;
	} begins[] = {
		{ "0 * begin 1970-01-02T00:00:03Z\n", 86403 * USEC_PER_SEC },
		{ "0 * begin\n", 0 },
		{ "0 * begin today\n", 0 },
		{ "0 * begin 2026-13-24T09:03:03Z\n", 0 },
		{ "", 0 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(begins); i++) {
		struct result *result = recorded(begins[i].text, NULL);

		CHECK_INT(begins[i].text, result->seen->begun, begins[i].begun);
		result_release(result);
	}
}

static void last_good_login_is_read(void **state)
{
	struct result *result = recorded(
		"0 * last good 1970-01-02T00:00:03Z addresses=\"192.0.2.7 192.0.2.8\" "
		"banner=\"mx.example\" before=\"SIZE STARTTLS\" "
		"after=\"AUTH=PLAIN,LOGIN SIZE\" mechanism=\"PLAIN\" "
		"issuer=\"CN=Example CA\" verified=yes rtt=0.012000 hops=5\n",
		NULL);
	const struct memory_record *last = &result->seen->last;

	(void)state;
	assert_true(result->seen->has_last);
	assert_int_equal(last->at, 86403 * USEC_PER_SEC);
	CHECK_STR("last", last->addresses, "192.0.2.7 192.0.2.8");
	CHECK_STR("last", last->banner, "mx.example");
	CHECK_STR("last", last->before, "SIZE STARTTLS");
	CHECK_STR("last", last->after, "AUTH=PLAIN,LOGIN SIZE");
	CHECK_STR("last", last->mechanism, "PLAIN");
	CHECK_STR("last", last->issuer, "CN=Example CA");
	assert_true(last->verified);
	assert_int_equal(last->rtt, 12000);
	assert_int_equal(last->hops, 5);
	result_release(result);
}

static void damaged_record_is_none(void **state)
{
	static const char *const notes[] = {
		"0 * last\n",
		"0 * last good\n",
		"0 * last good yesterday\n",
		"0 * last bad 2026-01-01T00:00:00Z hops=5\n",
		"0 * last good 2026-01-01T00:00:00Z colour=red\n",
	};

	(void)state;
	for (size_t i = 0; i < COUNT(notes); i++) {
		struct result *result = recorded(notes[i], NULL);

		CHECK(notes[i], !result->seen->has_last);
		CHECK_INT(notes[i], result->seen->last.hops, 0);
		result_release(result);
	}
}

static void second_look_and_others_are_read(void **state)
{
	struct result *result = recorded(
		"0 * others same_issuer=1 same_greeting=2 same_text=3 silent=4 "
		"refused=5 not_smtp=6 expired=7\n"
		"0 * end timeout\n"
		"1 * look port 465 answered greeting=\"220 a\"\n"
		"1 * look nowhere answered\n"
		"1 * look hops 443 refused near=1 far=4\n",
		NULL);
	const struct observation *seen = result->seen;

	(void)state;
	assert_int_equal(seen->others.same_issuer, 1);
	assert_int_equal(seen->others.same_greeting, 2);
	assert_int_equal(seen->others.same_text, 3);
	assert_int_equal(seen->others.silent, 4);
	assert_int_equal(seen->others.refused, 5);
	assert_int_equal(seen->others.not_smtp, 6);
	assert_int_equal(seen->others.expired, 7);
	assert_int_equal(seen->look.count, 2);
	CHECK_STR("first", seen->look.findings[0].greeting, "220 a");
	assert_int_equal(seen->look.findings[1].far, 4);
	assert_int_equal(seen->duration, 0);
	result_release(result);
}

static void damaged_counts_are_none(void **state)
{
	struct result *result =
		recorded("0 * others silent=1\n0 * others silent=many\n", NULL);

	(void)state;
	assert_int_equal(result->seen->others.silent, 1);
	result_release(result);
}

static void suspension_is_read(void **state)
{
	struct result *result = recorded(
		RECORDED_SUSPENSION("token_invalid") "0 * guard a sentence, too\n",
		NULL);
	const struct observation *seen = result->seen;

	(void)state;
	assert_true(seen->suspended);
	assert_int_equal(seen->suspension.last.times, 2);
	assert_int_equal(seen->suspension.last.reason, REASON_TOKEN_INVALID);
	assert_int_equal(seen->suspension.next - seen->suspension.last.at,
	                 1800 * USEC_PER_SEC);
	CHECK_STR("remark", seen->guard_remark, "a sentence, too");
	result_release(result);
	result = recorded("0 * suspended next=noon\n", NULL);
	assert_false(result->seen->suspended);
	result_release(result);
}

static void names_and_damages_are_kept(void **state)
{
	struct result *result =
		recorded("0 * cname mail.provider.example\n"
	                 "0 * memory /var/lib/a:3: a sentence with blanks\n"
	                 "0 * interceptors /etc/a:7: another\n"
	                 "0 * staple revoked\n"
	                 "0 * tls done TLSv1.3 TLS_AES_256_GCM_SHA384 X25519\n",
	                 NULL);
	const struct observation *seen = result->seen;

	(void)state;
	CHECK_STR("alias", seen->alias, "mail.provider.example");
	CHECK_STR("memory", seen->memory_damage,
	          "/var/lib/a:3: a sentence with blanks");
	CHECK_STR("interceptors", seen->interceptors_damage, "/etc/a:7: another");
	CHECK_STR("staple", seen->tls.staple, "revoked");
	CHECK_STR("group", seen->tls.group, "X25519");
	result_release(result);
}

static const struct {
	const char *text, *kind, *product, *place;
} interceptors[] = {
	{ "0 * interceptor antivirus \"Avast Antivirus\" in certificate 1 issuer\n",
	  "antivirus", "Avast Antivirus", "certificate 1 issuer" },
	/* The first one counts: it stands nearest to the server. */
	{ "0 * interceptor proxy \"A\" in certificate 0 issuer\n"
	  "0 * interceptor firewall \"B\" in certificate 1 subject\n",
	  "proxy", "A", "certificate 0 issuer" },
	{ "0 * interceptor\n", "", "", "" },
	{ "0 * interceptor proxy\n", "proxy", "", "" },
	{ "0 * interceptor proxy \"A\n", "proxy", "A", "" },
	{ "", "", "", "" },
};

static void interceptor_is_read(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(interceptors); i++) {
		struct result *result = recorded(interceptors[i].text, NULL);
		const struct interceptor_facts *found = &result->seen->interceptor;

		CHECK_STR(interceptors[i].text, found->kind, interceptors[i].kind);
		CHECK_STR(interceptors[i].text, found->product,
		          interceptors[i].product);
		CHECK_STR(interceptors[i].text, found->place, interceptors[i].place);
		result_release(result);
	}
}

static const struct {
	const char *text;
	bool answers, certified, asked;
} own_names[] = {
	{ "0 * own name answers\n", true, false, false },
	{ "0 * own name certified\n", false, true, false },
	{ "0 * own name asked\n", false, false, true },
	{ "0 * own name asked\n0 * own name answers\n", true, false, true },
	{ "0 * own name\n", false, false, false },
	{ "0 * own name answers twice\n", false, false, false },
	{ "0 * own\n", false, false, false },
};

static void own_name_is_noticed(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(own_names); i++) {
		struct result *result = recorded(own_names[i].text, NULL);
		const struct observation *seen = result->seen;

		CHECK_INT(own_names[i].text, seen->own_name_answered,
		          own_names[i].answers);
		CHECK_INT(own_names[i].text, seen->own_name_certified,
		          own_names[i].certified);
		CHECK_INT(own_names[i].text, seen->host_is_own, own_names[i].asked);
		result_release(result);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(connection_is_that_of_the_last_attempt),
		cmocka_unit_test(connection_is_known_after_the_end),
		cmocka_unit_test(servers_time_is_without_the_network),
		cmocka_unit_test(beginning_is_a_time),
		cmocka_unit_test(last_good_login_is_read),
		cmocka_unit_test(damaged_record_is_none),
		cmocka_unit_test(second_look_and_others_are_read),
		cmocka_unit_test(damaged_counts_are_none),
		cmocka_unit_test(suspension_is_read),
		cmocka_unit_test(names_and_damages_are_kept),
		cmocka_unit_test(interceptor_is_read),
		cmocka_unit_test(own_name_is_noticed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
