/* SPDX-License-Identifier: Apache-2.0 */
#include "probe/advice.h"

#include "tests/unit/recorded.h"
#include "tests/unit/row.h"

#define DIALLING "0.0 * connect 192.0.2.7:587\n"

/* clang-format off */
static const struct {
	const char *session;
	enum reason reason;
	const char *line; /* NULL: only the reason's own */
} rows[] = {
	{ DIALLING "0.1 * icmp 3/13 from 10.0.0.1 hop\n0.1 * end unreachable\n", REASON_REJECTED_BY_FIREWALL, "ask whoever runs the firewall at 10.0.0.1 to permit the connection" },
	{ DIALLING "0.1 * icmp 3/13 from 192.0.2.7 target\n0.1 * end unreachable\n", REASON_REJECTED_BY_FIREWALL, "ask the operator of the mail server to permit this machine in its host's firewall" },
	{ DIALLING "0.1 * icmp 3/13\n0.1 * end unreachable\n", REASON_REJECTED_BY_FIREWALL, NULL },
	{ DIALLING "0.1 * end refused\n", REASON_REJECTED_BY_FIREWALL, NULL },
	{ DIALLING "1 * end timeout\n1 * look port 465 answered greeting=\"220 mx\"\n", REASON_DROPPED_BY_FIREWALL, "use port 465 with --tls, where a mail server answers" },
	{ DIALLING "1 * end refused\n1 * look port 587 answered greeting=\"220 mx\"\n", REASON_CONNECTION_REFUSED, "use port 587, where a mail server answers" },
	{ DIALLING "1 * end refused\n1 * look port 25 answered greeting=\"220 mx\"\n", REASON_CONNECTION_REFUSED, NULL }, /* not for logins */
	{ DIALLING "1 * end refused\n1 * look port 443 answered\n", REASON_CONNECTION_REFUSED, NULL },
	{ DIALLING "1 * end refused\n1 * look port 465 silent\n", REASON_CONNECTION_REFUSED, NULL },
	{ "0.1 * interceptor antivirus \"Avast\" in certificate 1 issuer\n", REASON_TLS_INTERCEPTED, "exempt the mail server from TLS scanning in Avast" },
	{ "", REASON_TLS_INTERCEPTED, NULL },
	{ "0.1 * cname mail.provider.example\n", REASON_CERT_NAME_MISMATCH, "try the name that DNS leads to: -H mail.provider.example" },
	{ "", REASON_CERT_NAME_MISMATCH, NULL },
	{ DIALLING "0.1 * errno EINVAL sync\n0.1 * end forbidden\n", REASON_LOCAL_FIREWALL, "remove this machine's blackhole route to the server: see ip route get" },
	{ DIALLING "0.1 * errno EACCES sync\n0.1 * end forbidden\n", REASON_LOCAL_FIREWALL, NULL },
	{ "0.1 * cname a.example\n", REASON_BAD_CREDENTIALS, NULL },
};
/* clang-format on */

static const char *first_of(enum reason reason, struct arena *arena)
{
	struct str rest = str_of(reason_advice(reason)), line;

	return str_take_word(&line, &rest, "\n") ? arena_copy(arena, line) : "";
}

static void what_was_met_is_named_first(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct result *result = recorded(rows[i].session, NULL);
		struct arena *arena = arena_create();
		struct advice advice = advice_of(rows[i].reason, result->seen, arena);
		const char *general = first_of(rows[i].reason, arena);

		CHECK_TEXT(rows[i].session, advice.lines[0],
		           rows[i].line ? rows[i].line : general);
		if (rows[i].line)
			CHECK_TEXT(rows[i].session, advice.lines[1], general);
		arena_destroy(arena);
		result_release(result);
	}
}

static void no_reason_gives_more_than_is_shown(void **state)
{
	struct result *result = recorded("", NULL);
	struct arena *arena = arena_create();

	(void)state;
	for (unsigned i = 0; i < REASON_COUNT; i++) {
		struct advice advice = advice_of((enum reason)i, result->seen, arena);

		CHECK(reason_word((enum reason)i),
		      advice.count > 0 && advice.count <= ADVICE_MAX);
	}
	arena_destroy(arena);
	result_release(result);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_was_met_is_named_first),
		cmocka_unit_test(no_reason_gives_more_than_is_shown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
