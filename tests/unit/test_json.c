/* SPDX-License-Identifier: Apache-2.0 */
#include "probe/json.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

#include "tests/unit/recorded.h"
#include "tests/unit/row.h"

/* The object of a session; fails when the text is no valid JSON on one line. */
static json_t *object_of(const char *text, bool with_trace, const char *message)
{
	struct result *result = recorded(text, NULL);
	struct arena *arena = arena_create();
	const char *json = json_of_result(result, message, with_trace, arena);
	json_error_t error;
	json_t *object = json_loads(json, JSON_REJECT_DUPLICATES, &error);

	if (!object)
		fail_msg("%s in %s", error.text, json);
	assert_null(strchr(json, '\n'));
	assert_true(json_is_object(object));
	arena_destroy(arena);
	result_release(result);
	return object;
}

static const char *text_at(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text ? text : "(no string)";
}

static void success_has_the_promised_keys(void **state)
{
	static const char *const keys[] = { "success", "cause",       "reason",
		                            "phase",   "confidence",  "duration",
		                            "phases",  "reply",       "mechanism",
		                            "offered", "address",     "addresses_tried",
		                            "port",    "tls",         "evidence",
		                            "advice",  "notices",     "checks",
		                            "message", "errno",       "icmp",
		                            "tcp",     "second_look", "suspended" };
	json_t *object = object_of(RECORDED_SUCCESS, false, "SMTP AUTH OK");

	(void)state;
	for (size_t i = 0; i < COUNT(keys); i++)
		CHECK(keys[i], json_object_get(object, keys[i]));
	assert_int_equal(json_object_size(object), COUNT(keys));
	assert_true(json_is_true(json_object_get(object, "success")));
	assert_string_equal(text_at(object, "cause"), "none");
	assert_string_equal(text_at(object, "phase"), "none");
	assert_string_equal(text_at(object, "mechanism"), "PLAIN");
	assert_string_equal(text_at(object, "address"), "192.0.2.7:587");
	assert_string_equal(text_at(object, "message"), "SMTP AUTH OK");
	assert_int_equal(json_integer_value(json_object_get(object, "port")), 587);
	assert_int_equal(json_array_size(json_object_get(object, "checks")),
	                 CHECK_COUNT);
	assert_int_equal(json_array_size(json_object_get(object, "offered")), 2);
	json_decref(object);
}

static void phases_not_entered_are_absent(void **state)
{
	json_t *object =
		object_of("0 * connect 192.0.2.7:587\n1.25 * end refused\n", false, "");
	json_t *phases = json_object_get(object, "phases");
	json_t *connect = json_object_get(phases, "connect");

	(void)state;
	assert_int_equal(json_object_size(phases), 1);
	assert_float_equal(json_real_value(json_object_get(connect, "seconds")), 1.25,
	                   1e-9);
	assert_true(json_is_null(json_object_get(object, "reply")));
	assert_true(json_is_null(json_object_get(object, "mechanism")));
	assert_true(json_is_null(json_object_get(object, "address")));
	assert_true(json_is_null(json_object_get(object, "tls")));
	json_decref(object);
}

static void reply_and_certificate_are_objects(void **state)
{
	json_t *object = object_of(RECORDED_REFUSAL, false, "");
	json_t *reply = json_object_get(object, "reply");
	json_t *tls = json_object_get(object, "tls");
	json_t *leaf = json_array_get(json_object_get(tls, "certificates"), 0);

	(void)state;
	assert_int_equal(json_integer_value(json_object_get(reply, "code")), 535);
	assert_string_equal(text_at(reply, "enhanced"), "5.7.8");
	assert_string_equal(text_at(reply, "text"), "Bad credentials");
	assert_string_equal(text_at(tls, "version"), "TLSv1.3");
	assert_string_equal(text_at(tls, "verify"), "ok");
	assert_string_equal(text_at(leaf, "subject"), "CN=mx.example");
	assert_int_equal(json_array_size(json_object_get(leaf, "names")), 2);
	json_decref(object);
}

/* No 0.15000000000000002. */
static void times_have_no_more_digits_than_the_clock(void **state)
{
	static const char *const times[] = { "0.1",        "0.3",      "0.7",
		                             "1.1",        "0.000001", "2.675",
		                             "8.2",        "0.123456", "3599.999999",
		                             "1234.567891" };
	struct arena *arena = arena_create();

	(void)state;
	for (size_t i = 0; i < COUNT(times); i++) {
		char text[128], found[64];
		struct result *result;
		const char *json, *at;
		size_t len;

		snprintf(text, sizeof(text), "0 * connect a:1\n%s * end refused\n",
		         times[i]);
		result = recorded(text, NULL);
		json = json_of_result(result, "", false, arena);
		at = strstr(json, "\"duration\":");
		assert_non_null(at);
		at += strlen("\"duration\":");
		len = strcspn(at, ",}");
		snprintf(found, sizeof(found), "%.*s", (int)len, at);
		CHECK(times[i], len <= strlen(times[i]) + 2);
		CHECK(times[i], strtod(found, NULL) == strtod(times[i], NULL));
		result_release(result);
	}
	arena_destroy(arena);
}

static void foreign_bytes_stay_valid_json(void **state)
{
	static const char *const words[] = { "\xff\xfe",     "M\xfcller",
		                             "\xed\xa0\x80", "\xc3\xa4",
		                             "\"\\/",        "\xf4\x90\x80\x80",
		                             "\xef\xbf\xbf", "a\x80" };

	(void)state;
	for (size_t i = 0; i < COUNT(words); i++) {
		char text[4096];
		json_t *object;

		snprintf(text, sizeof(text),
		         "%s0.2 < 250-x\n0.2 > EHLO %s\n0.3 < 250-%s\n0.3 < 250 AUTH "
		         "%s\n"
		         "0.3 > AUTH %s x\n0.4 < 535 %s\n0.4 * proxy %s\n0.4 * raw %s\n"
		         "0.5 * certificate 0 subject=\"%s\" names=\"%s\"\n"
		         "0.5 * verify 18 %s\n0.6 * end local %s\n",
		         RECORDED_GREETING, words[i], words[i], words[i], words[i],
		         words[i], words[i], words[i], words[i], words[i], words[i],
		         words[i]);
		object = object_of(text, true, words[i]);
		CHECK(words[i], json_array_size(json_object_get(object, "trace")) > 10);
		CHECK(words[i], json_is_string(json_object_get(object, "message")));
		json_decref(object);
	}
}

/* What is good UTF-8 comes through as it was. */
static void good_utf8_is_kept(void **state)
{
	json_t *object =
		object_of(RECORDED_LOGIN "1 < 535 Paßwort\n1 * end reply\n", false, "");

	(void)state;
	assert_string_equal(text_at(json_object_get(object, "reply"), "text"),
	                    "Paßwort");
	json_decref(object);
}

static void trace_comes_in_its_text_form(void **state)
{
	json_t *object = object_of(RECORDED_REFUSAL, true, "");
	json_t *trace = json_object_get(object, "trace");

	(void)state;
	assert_string_equal(json_string_value(json_array_get(trace, 0)),
	                    "0.000 * resolve mx.example");
	assert_string_equal(
		json_string_value(json_array_get(trace, json_array_size(trace) - 1)),
		"0.150 * end reply");
	json_decref(object);
}

static void addresses_tell_their_outcome(void **state)
{
	json_t *object = object_of("0 * connect 192.0.2.1:587\n1 * failed timeout\n"
	                           "1 * connect 192.0.2.2:587\n1 * connected\n"
	                           "2 * end closed\n",
	                           false, "");
	json_t *tried = json_object_get(object, "addresses_tried");

	(void)state;
	assert_int_equal(json_array_size(tried), 2);
	assert_string_equal(text_at(json_array_get(tried, 0), "outcome"), "timeout");
	assert_string_equal(text_at(json_array_get(tried, 1), "outcome"), "connected");
	assert_string_equal(text_at(json_array_get(tried, 1), "address"),
	                    "192.0.2.2:587");
	json_decref(object);
}

static void suspension_is_an_object(void **state)
{
	json_t *object = object_of(RECORDED_SUSPENDED("bad_credentials"), false, "");
	json_t *suspended = json_object_get(object, "suspended");

	(void)state;
	assert_string_equal(text_at(object, "cause"), "credentials");
	assert_string_equal(text_at(object, "phase"), "auth");
	assert_true(json_is_null(json_object_get(object, "reply")));
	assert_int_equal(json_object_size(suspended), 4);
	assert_int_equal(json_integer_value(json_object_get(suspended, "refusals")), 2);
	assert_string_equal(text_at(suspended, "last_login"), "2026-11-24T08:03:03Z");
	assert_string_equal(text_at(suspended, "next_login"), "2026-11-24T08:33:03Z");
	assert_true(json_real_value(json_object_get(suspended, "age")) == 847);
	json_decref(object);
}

/* A refusal is rounded up to the second: it may seem to be still to come. */
static void no_age_is_negative(void **state)
{
	json_t *object = object_of("0 * begin 2026-11-24T08:03:02Z\n"
	                           "0 * suspended next=2026-11-24T08:04:03Z times=1 "
	                           "at=2026-11-24T08:03:03Z reason=bad_credentials "
	                           "confidence=likely\n",
	                           false, "");
	json_t *suspended = json_object_get(object, "suspended");

	(void)state;
	assert_true(json_real_value(json_object_get(suspended, "age")) == 0);
	json_decref(object);
}

static void login_that_may_be_tried_is_not_suspended(void **state)
{
	json_t *object = object_of(RECORDED_REFUSAL, false, "");
	json_t *suspended;

	(void)state;
	assert_true(json_is_null(json_object_get(object, "suspended")));
	json_decref(object);
	object = object_of("0 * suspended next=2026-11-24T08:33:03Z\n", false, "");
	suspended = json_object_get(object, "suspended");
	assert_int_equal(json_integer_value(json_object_get(suspended, "refusals")), 0);
	assert_true(json_is_null(json_object_get(suspended, "last_login")));
	assert_true(json_is_null(json_object_get(suspended, "age")));
	json_decref(object);
}

static void own_trouble_has_the_same_keys(void **state)
{
	struct arena *arena = arena_create();
	json_t *object =
		json_loads(json_of_trouble(REASON_BAD_TARGET,
	                                   "check_smtp_auth: \xff \"x\"", arena),
	                   0, NULL);

	(void)state;
	assert_non_null(object);
	assert_true(json_is_false(json_object_get(object, "success")));
	assert_string_equal(text_at(object, "cause"), "local");
	assert_string_equal(text_at(object, "reason"), "bad_target");
	assert_true(json_is_string(json_object_get(object, "message")));
	json_decref(object);
	arena_destroy(arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(success_has_the_promised_keys),
		cmocka_unit_test(phases_not_entered_are_absent),
		cmocka_unit_test(reply_and_certificate_are_objects),
		cmocka_unit_test(times_have_no_more_digits_than_the_clock),
		cmocka_unit_test(foreign_bytes_stay_valid_json),
		cmocka_unit_test(good_utf8_is_kept),
		cmocka_unit_test(trace_comes_in_its_text_form),
		cmocka_unit_test(addresses_tell_their_outcome),
		cmocka_unit_test(suspension_is_an_object),
		cmocka_unit_test(no_age_is_negative),
		cmocka_unit_test(login_that_may_be_tried_is_not_suspended),
		cmocka_unit_test(own_trouble_has_the_same_keys),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
