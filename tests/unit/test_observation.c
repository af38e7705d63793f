/* SPDX-License-Identifier: Apache-2.0 */
#include "probe/observation.h"

#include <stdio.h>

#include "tests/unit/recorded.h"
#include "tests/unit/row.h"

/* ---- phases and durations ---- */

/* Milliseconds from resolve to quit; -1: not entered. */
static const struct {
	const char *name, *text;
	int ms[PHASE_TIMED_COUNT];
	enum phase phase;
	int total_ms;
} timings[] = {
	{ "STARTTLS",
	  RECORDED_SUCCESS,
	  { 10, 10, 20, 10, 10, 30, 10, 50, 20 },
	  PHASE_AUTH,
	  150 },
	{ "implicit TLS",
	  "0.000 * resolve mx.example\n"
	  "0.010 * resolved 192.0.2.7\n"
	  "0.010 * connect 192.0.2.7:465\n"
	  "0.030 * connected\n"
	  "0.030 * tls start\n"
	  "0.070 * tls done TLSv1.3 X\n"
	  "0.100 < 220 mx.example\n"
	  "0.100 > EHLO probe.example\n"
	  "0.105 < 250-mx.example\n"
	  "0.105 < 250 AUTH PLAIN\n"
	  "0.105 > AUTH PLAIN <redacted>\n"
	  "0.205 < 235 ok\n"
	  "0.205 * end reply\n"
	  "0.205 > QUIT\n"
	  "0.206 < 221 bye\n",
	  { 10, 20, 30, 5, -1, 40, -1, 100, 1 },
	  PHASE_AUTH,
	  205 },
	{ "handshake that begins later than the connection stands",
	  "0.000 * connect 192.0.2.7:465\n"
	  "0.010 * connected\n"
	  "0.012 * tls start\n"
	  "0.050 * tls done TLSv1.3 X\n"
	  "0.060 < 220 mx.example\n",
	  { -1, 10, 10, -1, -1, 40, -1, -1, -1 },
	  PHASE_BANNER,
	  60 },
	{ "trace without \"connected\"",
	  "0.000 * connect 192.0.2.7:587\n"
	  "0.021 < 220 mx.example ESMTP\n"
	  "0.021 > EHLO probe.example\n"
	  "0.030 < 250-mx.example\n"
	  "0.030 < 250 AUTH PLAIN LOGIN\n"
	  "0.031 > AUTH PLAIN <redacted>\n"
	  "0.090 < 454 4.7.0 Temporary authentication failure\n"
	  "0.090 * end reply\n",
	  { -1, 21, 0, 9, -1, -1, -1, 59, -1 },
	  PHASE_AUTH,
	  90 },
	{ "second of three addresses answers",
	  "0.000 * resolve mx.example\n"
	  "0.100 * resolved 192.0.2.1 192.0.2.2 192.0.2.3\n"
	  "0.100 * connect 192.0.2.1:587\n"
	  "0.400 * failed refused\n"
	  "0.400 * connect 192.0.2.2:587\n"
	  "0.500 * connected\n"
	  "0.600 * end closed\n",
	  { 100, 400, 100, -1, -1, -1, -1, -1, -1 },
	  PHASE_BANNER,
	  600 },
	{ "no address answers",
	  "0.000 * connect 192.0.2.1:587\n"
	  "1.000 * failed timeout\n"
	  "1.000 * connect 192.0.2.2:587\n"
	  "1.500 * end refused\n",
	  { -1, 1500, -1, -1, -1, -1, -1, -1, -1 },
	  PHASE_CONNECT,
	  1500 },
	{ "deadline in the handshake",
	  RECORDED_STARTTLS "0.060 * tls start\n10.000 * end timeout\n",
	  { 10, 10, 20, 10, 10, 9940, -1, -1, -1 },
	  PHASE_TLS,
	  10000 },
	{ "look-up fails",
	  "0.000 * resolve mx.example\n2.000 * end dns_timeout\n",
	  { 2000, -1, -1, -1, -1, -1, -1, -1, -1 },
	  PHASE_RESOLVE,
	  2000 },
	/* The refusal is the fact, not what a session without extensions says. */
	{ "HELO after a refused EHLO",
	  "0.000 * connect 192.0.2.7:587\n"
	  "0.010 * connected\n"
	  "0.020 < 220 mx.example\n"
	  "0.020 > EHLO probe.example\n"
	  "0.030 < 502 5.5.1 what?\n"
	  "0.030 > HELO probe.example\n"
	  "0.050 < 250 mx.example\n"
	  "0.050 * end reply\n",
	  { -1, 10, 10, 10, -1, -1, -1, -1, -1 },
	  PHASE_EHLO,
	  50 },
	{ "greeting of many lines",
	  "0.000 * connect 192.0.2.7:587\n"
	  "0.010 * connected\n"
	  "0.020 < 220-one\n"
	  "3.020 < 220-two\n"
	  "6.010 < 220 three\n"
	  "6.010 > EHLO probe.example\n"
	  "7.000 * end timeout\n",
	  { -1, 10, 6000, 990, -1, -1, -1, -1, -1 },
	  PHASE_EHLO,
	  7000 },
	{ "challenges do not end AUTH",
	  RECORDED_ENCRYPTED "0.100 > AUTH LOGIN\n"
	                     "0.200 < 334 VXNlcm5hbWU6\n"
	                     "0.200 > <redacted>\n"
	                     "0.300 < 334 UGFzc3dvcmQ6\n"
	                     "0.300 > <redacted>\n"
	                     "0.400 < 535 5.7.8 no\n"
	                     "0.400 * end reply\n",
	  { 10, 10, 20, 10, 10, 30, 10, 300, -1 },
	  PHASE_AUTH,
	  400 },
	{ "nothing at all", "", { -1, -1, -1, -1, -1, -1, -1, -1, -1 }, PHASE_NONE, 0 },
	{ "cancelled at once",
	  "0.000 * end cancelled\n",
	  { -1, -1, -1, -1, -1, -1, -1, -1, -1 },
	  PHASE_NONE,
	  0 },
};

static void phases_are_timed(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(timings); i++) {
		struct result *result = recorded(timings[i].text, NULL);
		const struct observation *seen = result->seen;
		char row[96];

		for (unsigned phase = 0; phase < PHASE_TIMED_COUNT; phase++) {
			const struct phase_facts *facts = &seen->phases[phase];

			snprintf(row, sizeof(row), "%s, %s", timings[i].name,
			         phase_word((enum phase)phase));
			CHECK_INT(row, facts->entered ? facts->duration / 1000 : -1,
			          timings[i].ms[phase]);
		}
		CHECK_TEXT(timings[i].name, phase_word(seen->phase),
		           phase_word(timings[i].phase));
		CHECK_INT(timings[i].name, seen->duration / 1000, timings[i].total_ms);
		result_release(result);
	}
}

/* The parts are never more than the whole, or a graph of them would lie. */
static void phases_add_up_to_no_more_than_the_whole(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(timings); i++) {
		struct result *result = recorded(timings[i].text, NULL);
		usec sum = 0;

		for (unsigned phase = 0; phase < PHASE_QUIT; phase++)
			sum += result->seen->phases[phase].duration;
		CHECK(timings[i].name, sum <= result->seen->duration);
		result_release(result);
	}
}

static void quit_after_the_end_changes_nothing_else(void **state)
{
	struct result *before = recorded(RECORDED_REFUSAL, NULL);
	struct result *after = recorded(
		RECORDED_REFUSAL "0.150 > QUIT\n0.900 < 421 4.3.0 broken\n", NULL);

	(void)state;
	assert_int_equal(after->seen->phase, PHASE_AUTH);
	assert_int_equal(after->seen->duration, before->seen->duration);
	assert_int_equal(observation_reply(after->seen)->code, 535);
	assert_int_equal(after->seen->phases[PHASE_QUIT].duration, 750 * USEC_PER_MSEC);
	assert_int_equal(after->diagnosis.reason, before->diagnosis.reason);
	result_release(before);
	result_release(after);
}

/* The verdict rests on what stood before the end. */
static void late_words_change_no_verdict(void **state)
{
	static const char *const late[] = {
		"0.2 < 235 2.7.0 ok\n",
		"0.2 < 454 4.7.0 later\n",
		"0.2 * end timeout\n",
		"0.2 * end reply\n0.2 < 235 ok\n",
		"0.2 > QUIT\n0.2 < 235 2.7.0 ok\n",
	};
	char text[4096];

	(void)state;
	for (size_t i = 0; i < COUNT(late); i++) {
		struct result *result;

		snprintf(text, sizeof(text), "%s%s", RECORDED_REFUSAL, late[i]);
		result = recorded(text, NULL);
		CHECK_INT(late[i], observation_reply(result->seen)->code, 535);
		CHECK_INT(late[i], result->seen->ending, ENDING_REPLY);
		CHECK_TEXT(late[i], reason_word(result->diagnosis.reason),
		           "bad_credentials");
		result_release(result);
	}
}

/* ---- addresses ---- */

static void every_address_tried_stands_there(void **state)
{
	struct result *result =
		recorded("0.000 * resolve mx.example\n"
	                 "0.100 * resolved 192.0.2.1 2001:db8::2 192.0.2.3\n"
	                 "0.100 * connect 192.0.2.1:587\n"
	                 "0.200 * failed refused\n"
	                 "0.200 * connect [2001:db8::2]:587\n"
	                 "3.000 * failed timeout\n"
	                 "3.000 * connect 192.0.2.3:587\n"
	                 "3.100 * connected\n"
	                 "3.200 < 554 no\n"
	                 "3.200 * end reply\n",
	                 NULL);
	const struct observation *seen = result->seen;

	(void)state;
	CHECK_STR("host", seen->host, "mx.example");
	CHECK_STR("address", seen->address, "192.0.2.3:587");
	assert_int_equal(seen->tried_count, 3);
	CHECK_STR("first", seen->tried[0].endpoint, "192.0.2.1:587");
	assert_int_equal(seen->tried[0].ending, ENDING_REFUSED);
	CHECK_STR("second", seen->tried[1].endpoint, "[2001:db8::2]:587");
	assert_int_equal(seen->tried[1].ending, ENDING_TIMEOUT);
	assert_int_equal(seen->tried[2].ending, ENDING_NONE);
	result_release(result);
}

static void address_is_empty_when_no_connection_stood(void **state)
{
	struct result *result =
		recorded("0 * connect 192.0.2.1:587\n1 * end refused\n", NULL);

	(void)state;
	assert_int_equal(result->seen->address.len, 0);
	assert_int_equal(result->seen->tried[0].ending, ENDING_REFUSED);
	result_release(result);
}

static void implicit_tls_proves_the_connection(void **state)
{
	struct result *result = recorded("0.000 * connect 192.0.2.7:465\n"
	                                 "0.010 * tls start\n"
	                                 "0.050 * end tls\n",
	                                 NULL);

	(void)state;
	CHECK_STR("address", result->seen->address, "192.0.2.7:465");
	assert_true(result->seen->phases[PHASE_CONNECT].done);
	result_release(result);
}

static void addresses_end_at_the_limit(void **state)
{
	char text[4096];
	size_t len = 0;
	struct result *result;

	(void)state;
	for (int i = 0; i <= TRIED_ADDRESS_MAX; i++)
		len += (size_t)snprintf(
			text + len, sizeof(text) - len,
			"%d * connect 192.0.2.%d:587\n%d * failed refused\n", i, i, i);
	result = recorded(text, NULL);
	assert_int_equal(result->seen->tried_count, TRIED_ADDRESS_MAX);
	for (size_t i = 0; i < TRIED_ADDRESS_MAX; i++)
		assert_int_equal(result->seen->tried[i].ending, ENDING_REFUSED);
	result_release(result);
}

/* ---- replies and capabilities ---- */

static void lines_of_a_reply_are_joined(void **state)
{
	struct result *result = recorded(RECORDED_LOGIN "0.2 < 535-5.7.8 Bad\n"
	                                                "0.2 < 535-\n"
	                                                "0.2 < 535 5.7.8 credentials\n"
	                                                "0.2 * end reply\n",
	                                 NULL);
	const struct reply *reply = observation_reply(result->seen);

	(void)state;
	assert_int_equal(reply->code, 535);
	assert_int_equal(reply->enhanced.detail, 8);
	CHECK_STR("text", reply->text, "Bad credentials");
	result_release(result);
}

static void capabilities_before_and_after_tls_stay_apart(void **state)
{
	struct result *result = recorded(RECORDED_SUCCESS, NULL);
	const struct observation *seen = result->seen;

	(void)state;
	assert_true(seen->starttls_asked && seen->before_tls.starttls);
	assert_int_equal(seen->before_tls.offered_count, 0);
	assert_false(seen->after_tls.starttls);
	assert_int_equal(seen->after_tls.offered_count, 2);
	assert_ptr_equal(observation_offer(seen), &seen->after_tls);
	result_release(result);
}

static void first_line_of_ehlo_is_the_servers_name(void **state)
{
	struct result *result = recorded(RECORDED_GREETING "0.1 < 250-AUTH PLAIN\n"
	                                                   "0.1 < 250-SIZE 1\n"
	                                                   "0.1 < 250 HELP\n",
	                                 NULL);

	(void)state;
	assert_false(result->seen->before_tls.auth);
	assert_int_equal(result->seen->before_tls.keyword_count, 2);
	assert_ptr_equal(observation_offer(result->seen), &result->seen->before_tls);
	result_release(result);
}

static void words_of_a_refused_ehlo_are_no_capabilities(void **state)
{
	struct result *result = recorded(RECORDED_GREETING "0.1 < 502-no\n"
	                                                   "0.1 < 502 AUTH PLAIN\n"
	                                                   "0.1 > HELO probe.example\n"
	                                                   "0.2 < 250 AUTH PLAIN\n"
	                                                   "0.2 * end reply\n",
	                                 NULL);

	(void)state;
	assert_int_equal(result->seen->before_tls.keyword_count, 0);
	assert_int_equal(observation_reply(result->seen)->code, 502);
	result_release(result);
}

static void endless_reply_is_cut(void **state)
{
	char text[200 * 600], filler[500];
	size_t len = (size_t)snprintf(text, sizeof(text), "%s", RECORDED_LOGIN);
	struct result *result;

	(void)state;
	memset(filler, 'x', sizeof(filler) - 1);
	filler[sizeof(filler) - 1] = '\0';
	for (int i = 0; i < 150; i++)
		len += (size_t)snprintf(text + len, sizeof(text) - len,
		                        "0.2 < 535-%s\n", filler);
	snprintf(text + len, sizeof(text) - len, "0.2 < 535 end\n0.2 * end reply\n");
	result = recorded(text, NULL);
	assert_true(observation_reply(result->seen)->text.len <= 1024);
	assert_int_equal(observation_reply(result->seen)->code, 535);
	result_release(result);
}

/* ---- login ---- */

static const struct {
	const char *name, *text, *mechanism;
	bool sent, authenticated;
} logins[] = {
	{ "initial response", RECORDED_SUCCESS, "PLAIN", true, true },
	{ "refused", RECORDED_REFUSAL, "PLAIN", true, false },
	{ "refused before anything was sent",
	  RECORDED_ENCRYPTED "0.1 > AUTH LOGIN\n0.2 < 535 no\n0.2 * end reply\n",
	  "LOGIN", false, false },
	{ "second step",
	  RECORDED_ENCRYPTED "0.1 > AUTH LOGIN\n0.2 < 334 x\n0.2 > <redacted>\n"
	                     "0.3 < 535 no\n0.3 * end reply\n",
	  "LOGIN", true, false },
	{ "given up",
	  RECORDED_ENCRYPTED "0.1 > AUTH CRAM-MD5\n0.2 < 334 x\n0.2 > *\n"
	                     "0.3 < 501 no\n0.3 * end protocol\n",
	  "CRAM-MD5", false, false },
	{ "not reached", RECORDED_ENCRYPTED "0.1 * end closed\n", "", false, false },
	{ "lower case",
	  RECORDED_ENCRYPTED "0.1 > auth plain x\n0.2 < 235 ok\n0.2 * end reply\n",
	  "plain", true, true },
};

static void login_is_followed(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(logins); i++) {
		struct result *result = recorded(logins[i].text, NULL);

		CHECK_STR(logins[i].name, result->seen->mechanism, logins[i].mechanism);
		CHECK_INT(logins[i].name, result->seen->credential_sent,
		          logins[i].sent);
		CHECK_INT(logins[i].name, result->seen->authenticated,
		          logins[i].authenticated);
		result_release(result);
	}
}

/* ---- TLS ---- */

static void certificate_is_taken_apart(void **state)
{
	struct result *result = recorded(RECORDED_SUCCESS, NULL);
	const struct tls_facts *tls = &result->seen->tls;
	const struct certificate_facts *leaf = &tls->certificates[0];

	(void)state;
	assert_true(tls->started && tls->done && tls->judged);
	assert_int_equal(tls->fault_count, 0);
	CHECK_STR("version", tls->version, "TLSv1.3");
	CHECK_STR("cipher", tls->cipher, "TLS_AES_256_GCM_SHA384");
	assert_int_equal(tls->certificate_count, 1);
	CHECK_STR("subject", leaf->subject, "CN=mx.example");
	CHECK_STR("issuer", leaf->issuer, "CN=Example CA");
	CHECK_STR("names", leaf->names, "mx.example www.mx.example");
	CHECK_STR("from", leaf->not_before, "2024-01-01T00:00:00Z");
	CHECK_STR("until", leaf->not_after, "2034-01-01T00:00:00Z");
	CHECK_STR("sha256", leaf->sha256, "00ff");
	assert_false(leaf->names_issuer_url);
	result_release(result);
}

/* A certificate's owner chooses its subject; it must not be read as other facts. */
static void subject_cannot_pose_as_other_facts(void **state)
{
	struct result *result = recorded(
		RECORDED_STARTTLS
		"0.06 * tls start\n"
		"0.07 * certificate 0 subject=\"CN=a issuer_url=yes not_after=2099 "
		"names=b\" "
		"issuer=\"CN=b sha256=1\" names=\"mx.example\" not_before=2024 "
		"not_after=2025 issuer_url=no sha256=00ff\n"
		"0.07 * verify 20 unable to get local issuer certificate\n"
		"0.07 * end tls\n",
		NULL);
	const struct certificate_facts *leaf = &result->seen->tls.certificates[0];

	(void)state;
	CHECK_STR("until", leaf->not_after, "2025");
	CHECK_STR("sha256", leaf->sha256, "00ff");
	CHECK_STR("names", leaf->names, "mx.example");
	assert_false(leaf->names_issuer_url);
	assert_int_equal(result->diagnosis.reason, REASON_CERT_UNTRUSTED);
	result_release(result);
}

static void empty_names_take_nothing_else(void **state)
{
	struct result *result =
		recorded("0 * connect a:1\n0 * tls start\n"
	                 "0 * certificate 0 subject=\"\" issuer=\"CN=b\" "
	                 "names=\"\" not_before=x\n",
	                 NULL);
	const struct certificate_facts *leaf = &result->seen->tls.certificates[0];

	(void)state;
	assert_int_equal(leaf->subject.len, 0);
	assert_int_equal(leaf->names.len, 0);
	CHECK_STR("issuer", leaf->issuer, "CN=b");
	assert_int_equal(leaf->sha256.len, 0);
	result_release(result);
}

static void certificates_and_faults_end_at_their_limits(void **state)
{
	char text[4096];
	size_t len = (size_t)snprintf(text, sizeof(text),
	                              "0 * connect a:1\n0 * tls start\n");
	struct result *result;

	(void)state;
	for (int i = 0; i <= CERTIFICATE_MAX; i++)
		len += (size_t)snprintf(text + len, sizeof(text) - len,
		                        "0 * certificate %d subject=\"CN=%d\"\n", i, i);
	for (int i = 0; i <= VERIFY_FAULT_MAX; i++)
		len += (size_t)snprintf(text + len, sizeof(text) - len,
		                        "0 * verify %d fault\n", i + 10);
	result = recorded(text, NULL);
	assert_int_equal(result->seen->tls.certificate_count, CERTIFICATE_MAX);
	assert_int_equal(result->seen->tls.fault_count, VERIFY_FAULT_MAX);
	assert_true(result->seen->truncated);
	result_release(result);
}

static void alert_says_which_way_it_went(void **state)
{
	struct result *got = recorded("0 * connect a:1\n0 * tls start\n"
	                              "0 * tls alert received handshake failure\n",
	                              NULL);
	struct result *sent = recorded("0 * connect a:1\n0 * tls start\n"
	                               "0 * tls alert sent unknown CA\n",
	                               NULL);

	(void)state;
	CHECK_STR("received", got->seen->tls.alert, "handshake failure");
	assert_true(got->seen->tls.alert_received);
	CHECK_STR("sent", sent->seen->tls.alert, "unknown CA");
	assert_false(sent->seen->tls.alert_received);
	result_release(got);
	result_release(sent);
}

/* ---- the other events ---- */

static void other_events_are_kept(void **state)
{
	struct result *result =
		recorded("0 * blank at an end of the password\n"
	                 "0 * connect mx.example:587 through the proxy\n"
	                 "0 * proxy HTTP/1.1 403 Forbidden\n"
	                 "0 * raw \"\\x16\\x03\"\n"
	                 "1 * end proxy CONNECT tunnel failed\n"
	                 "1 * something new\n",
	                 NULL);
	const struct observation *seen = result->seen;

	(void)state;
	assert_true(seen->secret_has_blanks);
	CHECK_STR("endpoint", seen->tried[0].endpoint, "mx.example:587");
	CHECK_STR("proxy", seen->proxy, "HTTP/1.1 403 Forbidden");
	CHECK_STR("raw", seen->raw, "\"\\x16\\x03\"");
	CHECK_STR("detail", seen->ending_detail, "CONNECT tunnel failed");
	result_release(result);
}

/* Traces are pasted by people: none may bring the fold down. */
static void strange_traces_are_survived(void **state)
{
	static const char *const strange[] = {
		"0 * end\n",
		"0 * end nonsense\n",
		"0 * verify\n",
		"0 * verify x\n",
		"0 * tls\n",
		"0 * tls done\n",
		"0 * certificate\n",
		"0 * connect\n",
		"0 * failed\n",
		"0 * failed refused\n",
		"0 * resolved\n",
		"0 * connected\n",
		"0 < 220 a\n",
		"0 < 250-a\n0 > AUTH\n",
		"0 > AUTH\n",
		"0 > \n",
		"0 *\n",
		"5 * connect a\n0 * connected\n",
		"0 > QUIT\n0 < 235 ok\n0 * end reply\n",
		"0 * tls done X\n0 * tls start\n0 * end tls\n",
		"0 * certificate 0 subject=\"\n",
		"0 * certificate 0 subject=\"a\n",
		"0 > STARTTLS\n0 > EHLO a\n0 < 250-a\n0 < 250 AUTH\n",
	};

	(void)state;
	for (size_t i = 0; i < COUNT(strange); i++) {
		struct result *result = recorded(strange[i], NULL);

		CHECK(strange[i], !result->seen->authenticated);
		CHECK(strange[i], result->diagnosis.evidence.count > 0);
		result_release(result);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(phases_are_timed),
		cmocka_unit_test(phases_add_up_to_no_more_than_the_whole),
		cmocka_unit_test(quit_after_the_end_changes_nothing_else),
		cmocka_unit_test(late_words_change_no_verdict),
		cmocka_unit_test(every_address_tried_stands_there),
		cmocka_unit_test(address_is_empty_when_no_connection_stood),
		cmocka_unit_test(implicit_tls_proves_the_connection),
		cmocka_unit_test(addresses_end_at_the_limit),
		cmocka_unit_test(lines_of_a_reply_are_joined),
		cmocka_unit_test(capabilities_before_and_after_tls_stay_apart),
		cmocka_unit_test(first_line_of_ehlo_is_the_servers_name),
		cmocka_unit_test(words_of_a_refused_ehlo_are_no_capabilities),
		cmocka_unit_test(endless_reply_is_cut),
		cmocka_unit_test(login_is_followed),
		cmocka_unit_test(certificate_is_taken_apart),
		cmocka_unit_test(subject_cannot_pose_as_other_facts),
		cmocka_unit_test(empty_names_take_nothing_else),
		cmocka_unit_test(certificates_and_faults_end_at_their_limits),
		cmocka_unit_test(alert_says_which_way_it_went),
		cmocka_unit_test(other_events_are_kept),
		cmocka_unit_test(strange_traces_are_survived),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
