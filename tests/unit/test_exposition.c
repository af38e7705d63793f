/* SPDX-License-Identifier: Apache-2.0 */
/* tests/e2e/test_output.py reads whole expositions with a strict parser. */
#include "probe/exposition.h"

#include "tests/unit/recorded.h"
#include "tests/unit/row.h"

/* Each of them must stand in it, line by line. */
static void check_lines(const char *text, const char *const *lines, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const char *at = strstr(text, lines[i]);

		if (!at || (at != text && at[-1] != '\n') ||
		    at[strlen(lines[i])] != '\n')
			fail_msg("no line \"%s\" in\n%s", lines[i], text);
	}
}

static const char *expose(const char *session, bool success, struct arena *arena)
{
	struct result *result = recorded(session, NULL);
	const char *text = exposition_of_result(result, success, arena);

	result_release(result);
	return text;
}

#define TARGET "target=\"mx.example:587\""

static void success_tells_what_was_measured(void **state)
{
	static const char *const lines[] = {
		"# HELP probe_success 1 when the login ended as it should, else 0",
		"# TYPE probe_success gauge",
		"probe_success{" TARGET "} 1",
		"probe_duration_seconds{" TARGET "} 0.15",
		"probe_timeout_seconds{" TARGET "} 10",
		"probe_dns_lookup_time_seconds{" TARGET "} 0.01",
		"probe_ip_protocol{" TARGET "} 4",
		"probe_ssl_earliest_cert_expiry{" TARGET "} 2019686400",
		"probe_ssl_verify_result{" TARGET "} 0",
		"probe_tls_version_info{" TARGET ",version=\"TLSv1.3\"} 1",
		"probe_tls_cipher_info{" TARGET ",cipher=\"TLS_AES_256_GCM_SHA384\"} 1",
		"probe_smtp_tls{" TARGET "} 1",
		"probe_smtp_duration_seconds{" TARGET ",phase=\"auth\"} 0.05",
		"probe_smtp_failure{" TARGET ",cause=\"credentials\"} 0",
		"probe_smtp_failure_info{" TARGET ",cause=\"none\",reason=\"none\","
		"phase=\"none\",confidence=\"certain\"} 1",
		"probe_smtp_notice{" TARGET ",reason=\"packets_lost\"} 1",
		"probe_smtp_notice{" TARGET ",reason=\"slow_greeting\"} 0",
		"probe_smtp_status_code{" TARGET "} 235",
		"probe_smtp_enhanced_status_info{" TARGET ",code=\"2.7.0\"} 1",
		"probe_smtp_auth_offered{" TARGET ",mechanism=\"LOGIN\"} 1",
		"probe_smtp_auth_mechanism_info{" TARGET ",mechanism=\"PLAIN\"} 1",
		"probe_smtp_tcp_rtt_seconds{" TARGET "} 0.0305",
		"probe_smtp_tcp_retransmits{" TARGET "} 3",
	};
	struct arena *arena = arena_create();
	const char *text = expose(RECORDED_SUCCESS
	                          "0.2 * tcp rtt=0.030500 rttvar=0.001 retransmits=3\n",
	                          true, arena);

	(void)state;
	check_lines(text, lines, COUNT(lines));
	assert_string_equal(text + strlen(text) - 7, "\n# EOF\n");
	arena_destroy(arena);
}

static void failure_tells_cause_and_phase(void **state)
{
	static const char *const lines[] = {
		"probe_success{" TARGET "} 0",
		"probe_smtp_failure{" TARGET ",cause=\"credentials\"} 1",
		"probe_smtp_failure{" TARGET ",cause=\"local\"} 0",
		"probe_smtp_failure_info{" TARGET ",cause=\"credentials\","
		"reason=\"bad_credentials\",phase=\"auth\",confidence=\"certain\"} 1",
		"probe_smtp_status_code{" TARGET "} 535",
	};
	struct arena *arena = arena_create();

	(void)state;
	check_lines(expose(RECORDED_REFUSAL, false, arena), lines, COUNT(lines));
	arena_destroy(arena);
}

/* All series that are counted upon are there; what nobody knows is not. */
static void nothing_seen_is_told_as_zero_or_not_at_all(void **state)
{
	static const char *const lines[] = {
		"probe_ip_protocol{" TARGET "} 0",
		"probe_smtp_tls{" TARGET "} 0",
		"probe_smtp_duration_seconds{" TARGET ",phase=\"quit\"} 0",
		"probe_smtp_status_code{" TARGET "} 0",
	};
	static const char *const missing[] = {
		"_cert_expiry", "_verify_result", "_tls_version",    "_cipher",
		"_enhanced",    "_offered",       "_auth_mechanism", "_tcp_",
	};
	struct arena *arena = arena_create();
	const char *text = expose("0 * end dns_timeout\n", false, arena);

	(void)state;
	check_lines(text, lines, COUNT(lines));
	for (size_t i = 0; i < COUNT(missing); i++)
		CHECK(missing[i], !strstr(text, missing[i]));
	arena_destroy(arena);
}

static void address_of_the_other_kind_is_ipv6(void **state)
{
	static const char *const lines[] = { "probe_ip_protocol{" TARGET "} 6" };
	struct arena *arena = arena_create();

	(void)state;
	check_lines(expose("0 * connect [2001:db8::7]:587\n0.1 * connected\n"
	                   "9 * end timeout\n",
	                   false, arena),
	            lines, COUNT(lines));
	arena_destroy(arena);
}

/* A series twice, or a bare quote, and Prometheus refuses the whole page. */
static void foreign_words_cannot_break_the_page(void **state)
{
	static const char *const lines[] = {
		"probe_smtp_auth_offered{" TARGET ",mechanism=\"A\\\"B\\\\\"} 1",
		"probe_smtp_auth_offered{" TARGET ",mechanism=\"PLAIN\"} 1",
	};
	struct arena *arena = arena_create();
	const char *text = expose(RECORDED_GREETING
	                          "0.1 < 250-a\n0.1 < 250 AUTH A\"B\\ PLAIN PLAIN "
	                          "\xff \xfe\n1 * end not_offered\n",
	                          false, arena);
	const char *first = strstr(text, "mechanism=\"PLAIN\"");

	(void)state;
	check_lines(text, lines, COUNT(lines));
	assert_null(strstr(first + 1, "mechanism=\"PLAIN\""));
	for (const char *c = text; *c; c++)
		assert_true(*c == '\n' || (*c >= ' ' && *c <= '~'));
	arena_destroy(arena);
}

static void path_of_a_socket_is_escaped(void **state)
{
	static const char *const lines[] = {
		"probe_success{target=\"/run/a\\\"b\\\\c\"} 0",
		"probe_ip_protocol{target=\"/run/a\\\"b\\\\c\"} 0",
	};
	const struct target_settings settings = { .host = "/run/a\"b\\c",
		                                  .user = "probe" };
	struct arena *arena = arena_create();
	struct target *target = recorded_target(&settings);
	struct result *result =
		recorded("0 * connect /run/a\"b\\c\n1 * end refused\n", target);

	(void)state;
	check_lines(exposition_of_result(result, false, arena), lines, COUNT(lines));
	result_release(result);
	target_release(target);
	arena_destroy(arena);
}

static void trouble_has_no_target(void **state)
{
	static const char *const lines[] = {
		"probe_success 0",
		"probe_smtp_failure{cause=\"local\"} 1",
		"probe_smtp_failure{cause=\"tls\"} 0",
		"probe_smtp_failure_info{cause=\"local\",reason=\"bad_target\","
		"phase=\"none\",confidence=\"certain\"} 1",
		"# EOF",
	};
	struct arena *arena = arena_create();

	(void)state;
	check_lines(exposition_of_trouble(REASON_BAD_TARGET, arena), lines,
	            COUNT(lines));
	arena_destroy(arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(success_tells_what_was_measured),
		cmocka_unit_test(failure_tells_cause_and_phase),
		cmocka_unit_test(nothing_seen_is_told_as_zero_or_not_at_all),
		cmocka_unit_test(address_of_the_other_kind_is_ipv6),
		cmocka_unit_test(foreign_words_cannot_break_the_page),
		cmocka_unit_test(path_of_a_socket_is_escaped),
		cmocka_unit_test(trouble_has_no_target),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
