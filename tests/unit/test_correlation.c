/* SPDX-License-Identifier: Apache-2.0 */
#include "probe/correlation.h"

#include <stdio.h>
#include <time.h>

#include "tests/unit/row.h"

/*
 * What a query may take with sanitizers and without optimization, which make it about
 * 15 times slower: below 100 us without the one and with the other.
 */
enum { QUERIES = 10000, QUERY_MAX_US = 1000 };

#define WINDOW (CORRELATION_WINDOW_S * USEC_PER_SEC)

static int set_up(void **state)
{
	*state = correlation_create();
	return 0;
}

static int tear_down(void **state)
{
	correlation_destroy(*state);
	return 0;
}

static struct correlation_outcome silent_at(const char *host, const char *address)
{
	return (struct correlation_outcome){
		.host = host,
		.port = 587,
		.address = address,
		.phase = PHASE_CONNECT,
		.ending = ENDING_TIMEOUT,
	};
}

static void add_silent(struct correlation *correlation, usec now, const char *host)
{
	struct correlation_outcome outcome = silent_at(host, NULL);

	correlation_add(correlation, now, &outcome);
}

static int count_silent(const struct correlation *correlation, usec now,
                        const char *host)
{
	struct correlation_outcome outcome = silent_at(host, NULL);

	return correlation_count(correlation, now, &outcome).silent;
}

/* ---- who belongs together ---- */

/* `a`'s address and `b`'s stand behind the name. */
static const struct {
	const char *a, *a_address, *b, *b_address;
	bool unrelated;
} pairs[] = {
	{ "mx.example", NULL, "mx.example", NULL, false },
	{ "a.example.com", NULL, "b.example.com", NULL, false },
	{ "a.example.com", NULL, "x.y.z.example.com", NULL, false },
	{ "a.example.com", NULL, "example.com", NULL, false },
	{ "A.Example.COM", NULL, "b.eXample.com", NULL, false },
	{ "a.example.com.", NULL, "b.example.com", NULL, false },
	{ "a.example.com", NULL, "a.example.org", NULL, true },
	{ "a.example.com", NULL, "a.notexample.com", NULL, true },
	{ "a.one.co.uk", NULL, "a.two.co.uk", NULL, true },
	{ "a.one.co.uk", NULL, "b.one.co.uk", NULL, false },
	{ "a.one.com.au", NULL, "a.two.com.au", NULL, true },
	{ "a.one.net.nz", NULL, "a.two.net.nz", NULL, true },
	{ "a.one.org.uk", NULL, "a.two.org.uk", NULL, true },
	{ "a.one.ac.at", NULL, "a.two.ac.at", NULL, true },
	{ "a.one.gov.br", NULL, "a.two.gov.br", NULL, true },
	{ "a.one.edu.pl", NULL, "a.two.edu.pl", NULL, true },
	{ "a.one.co.uk.", NULL, "a.two.co.uk", NULL, true },
	{ "a.one.com.example", NULL, "a.two.com.example", NULL, false },
	{ "a.one.cox.uk", NULL, "a.two.cox.uk", NULL, false },
	{ "a.one.xco.uk", NULL, "a.two.xco.uk", NULL, false },
	{ "one.co.uk", NULL, "two.co.uk", NULL, true },
	{ "mail", NULL, "relay", NULL, false },
	{ "mail", NULL, "mail.example", NULL, true },
	{ "/run/a.example.sock", NULL, "/run/b.sample.sock", NULL, false },
	{ "192.0.2.1", NULL, "192.0.3.1", NULL, false },
	{ "192.0.2.1", NULL, "192.1.2.1", NULL, true },
	{ "192.0.2.1", NULL, "193.0.2.1", NULL, true },
	{ "2001:db8:1::1", NULL, "2001:db8:2::1", NULL, false },
	{ "2001:db8::1", NULL, "2001:db9::1", NULL, true },
	{ "192.0.2.1", NULL, "2001:db8::1", NULL, false },
	{ "mx.example", "192.0.9.9", "192.0.2.1", NULL, false },
	{ "mx.example", "198.51.100.1", "192.0.2.1", NULL, true },
	{ "mx.example", NULL, "192.0.2.1", NULL, false },
	{ "mx.example", "garbage", "192.0.2.1", NULL, false },
	{ "mx.one.example", "192.0.2.1", "mx.two.example", "192.0.2.1", true },
	{ "mx.example.com", "192.0.2.1", "mx.example.org", "192.0.2.1", true },
};

static void registrable_domain_tells_who_is_related(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(pairs); i++) {
		struct correlation *correlation = correlation_create();
		struct correlation_outcome a =
			silent_at(pairs[i].a, pairs[i].a_address);
		struct correlation_outcome b =
			silent_at(pairs[i].b, pairs[i].b_address);
		char row[128];

		snprintf(row, sizeof(row), "%s, %s", pairs[i].a, pairs[i].b);
		correlation_add(correlation, 0, &a);
		CHECK_INT(row, correlation_count(correlation, 0, &b).silent,
		          pairs[i].unrelated);
		correlation_add(correlation, 0, &b);
		CHECK_INT(row, correlation_count(correlation, 0, &a).silent,
		          pairs[i].unrelated);
		correlation_destroy(correlation);
	}
}

static void longest_name_is_looked_at(void **state)
{
	char name[300];

	memset(name, 'a', sizeof(name));
	name[sizeof(name) - 1] = '\0';
	name[250] = '.';
	add_silent(*state, 0, name);
	assert_int_equal(count_silent(*state, 0, "mx.example"), 1);
}

static void provider_counts_once(void **state)
{
	struct correlation *correlation = *state;

	add_silent(correlation, 0, "mx1.one.example.com");
	add_silent(correlation, 0, "mx2.example.com");
	add_silent(correlation, 0, "mx3.example.com");
	assert_int_equal(count_silent(correlation, 0, "mx.example.org"), 1);
	add_silent(correlation, 0, "mx.example.net");
	assert_int_equal(count_silent(correlation, 0, "mx.example.org"), 2);
}

/* ---- what counts as the same ---- */

static const struct correlation_outcome asked = {
	.host = "mx.example.com",
	.port = 587,
	.address = "192.0.2.1",
	.phase = PHASE_CONNECT,
	.ending = ENDING_TIMEOUT,
	.greeting = RUN("220 gate ESMTP"),
	.deferral = RUN("4.3.2 try later"),
	.issuer = RUN("CN=Gate"),
	.http = true,
	.expired = true,
};

/* Puts `other` beside an empty ring and prints what is counted for `mine`. */
static const char *counted(const struct correlation_outcome *mine,
                           const struct correlation_outcome *other)
{
	static char text[256];
	struct correlation *correlation = correlation_create();
	struct arena *arena = arena_create();
	struct text out = text_create(arena, sizeof(text));
	struct correlation_counts counts;

	correlation_add(correlation, 0, other);
	counts = correlation_count(correlation, 0, mine);
	correlation_print(&counts, &out);
	snprintf(text, sizeof(text), "%s", out.at);
	arena_destroy(arena);
	correlation_destroy(correlation);
	return text;
}

static struct correlation_outcome other_like_asked(void)
{
	struct correlation_outcome other = asked;

	other.host = "mx.example.org";
	other.address = "198.51.100.1";
	return other;
}

static void same_in_all_counts_in_all_that_fits(void **state)
{
	struct correlation_outcome other = other_like_asked(), mine = asked;

	(void)state;
	assert_string_equal(counted(&mine, &other),
	                    "others same_issuer=1 same_greeting=1 same_text=1 "
	                    "silent=1 refused=0 not_smtp=1 expired=1");
	mine.ending = other.ending = ENDING_REFUSED;
	assert_string_equal(counted(&mine, &other),
	                    "others same_issuer=1 same_greeting=1 same_text=1 "
	                    "silent=0 refused=1 not_smtp=1 expired=1");
}

#define NOTHING \
	"others same_issuer=0 same_greeting=0 same_text=0 silent=0 refused=0 " \
	"not_smtp=0 expired=0"

static void what_only_one_met_is_not_counted(void **state)
{
	struct correlation_outcome none = {
		.host = "mx.example.org",
		.address = "198.51.100.1",
		.phase = PHASE_AUTH,
		.ending = ENDING_REPLY,
	};

	(void)state;
	assert_string_equal(counted(&asked, &none), NOTHING);
	assert_string_equal(counted(&none, &asked), NOTHING);
}

static void only_a_connect_is_silent_or_refused(void **state)
{
	struct correlation_outcome other = silent_at("mx.example.org", NULL),
				   mine = silent_at("mx.example.com", NULL);

	(void)state;
	other.phase = PHASE_BANNER;
	assert_string_equal(counted(&mine, &other), NOTHING);
	other.ending = mine.ending = ENDING_REFUSED;
	assert_string_equal(counted(&mine, &other), NOTHING);
	other.phase = PHASE_CONNECT;
	other.ending = ENDING_UNREACHABLE;
	assert_string_equal(counted(&mine, &other), NOTHING);
	mine.ending = ENDING_UNREACHABLE;
	assert_string_equal(counted(&mine, &other), NOTHING);
}

static void texts_must_be_the_same(void **state)
{
	struct correlation_outcome other = other_like_asked();

	(void)state;
	other.issuer = STR("CN=gate");
	other.greeting = STR("220 gate  ESMTP");
	other.deferral = STR("4.3.2 try late");
	assert_string_equal(counted(&asked, &other),
	                    "others same_issuer=0 same_greeting=0 same_text=0 "
	                    "silent=1 refused=0 not_smtp=1 expired=1");
}

static void verified_issuer_is_no_sign(void **state)
{
	struct correlation_outcome other = other_like_asked(), mine = asked;

	(void)state;
	other.issuer_verified = true;
	assert_non_null(strstr(counted(&mine, &other), "same_issuer=0"));
	other.issuer_verified = false;
	mine.issuer_verified = true;
	assert_non_null(strstr(counted(&mine, &other), "same_issuer=0"));
}

static const struct {
	const char *a, *b;
	bool counted;
} networks[] = {
	{ "192.0.2.1", "192.0.200.1", false },
	{ "192.0.2.1", "192.1.2.1", true },
	{ "192.0.2.1", "192.0.2.1", false },
	{ "2001:db8:1::1", "2001:db8:2::1", false },
	{ "2001:db8::1", "2001:db7::1", true },
	{ "2001:db8::1", "2002:db8::1", true },
	{ "192.0.2.1", "2001:db8::1", false },
	{ "192.0.2.1", NULL, false },
	{ NULL, "192.0.2.1", false },
	{ NULL, NULL, false },
};

/* A provider's customers have names of their own and one greeting. */
static void same_words_count_from_another_network_only(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(networks); i++) {
		struct correlation_outcome other = other_like_asked(), mine = asked;
		char expected[128], row[128];

		mine.address = networks[i].a;
		other.address = networks[i].b;
		snprintf(row, sizeof(row), "row %zu", i);
		snprintf(expected, sizeof(expected),
		         "others same_issuer=1 same_greeting=%d same_text=%d "
		         "silent=1 refused=0 not_smtp=1 expired=1",
		         networks[i].counted, networks[i].counted);
		CHECK_TEXT(row, counted(&mine, &other), expected);
	}
}

/* ---- the ring ---- */

static void newest_run_of_a_target_counts(void **state)
{
	struct correlation *correlation = *state;
	struct correlation_outcome good = silent_at("mx.example.org", NULL);

	good.phase = PHASE_AUTH;
	good.ending = ENDING_REPLY;
	add_silent(correlation, 0, "mx.example.org");
	assert_int_equal(count_silent(correlation, 0, "mx.example.com"), 1);
	good.port = 465; /* another target */
	correlation_add(correlation, 1, &good);
	assert_int_equal(count_silent(correlation, 1, "mx.example.com"), 1);
	good.port = 587;
	correlation_add(correlation, 2, &good);
	assert_int_equal(count_silent(correlation, 2, "mx.example.com"), 0);
	add_silent(correlation, 3, "mx.example.org");
	assert_int_equal(count_silent(correlation, 3, "mx.example.com"), 1);
}

static void run_counts_for_the_length_of_the_window(void **state)
{
	struct correlation *correlation = *state;

	add_silent(correlation, 1000, "mx.example.org");
	add_silent(correlation, 2000, "mx.example.net");
	assert_int_equal(count_silent(correlation, 1000 + WINDOW, "mx.example.com"), 2);
	assert_int_equal(count_silent(correlation, 1001 + WINDOW, "mx.example.com"), 1);
	assert_int_equal(count_silent(correlation, 2001 + WINDOW, "mx.example.com"), 0);
}

static void counts_stop_at_the_limit(void **state)
{
	char host[64];

	for (int i = 1; i <= CORRELATION_COUNT_MAX + 1; i++) {
		snprintf(host, sizeof(host), "mx.example%d.org", i);
		add_silent(*state, 0, host);
		assert_int_equal(count_silent(*state, 0, "mx.example.com"),
		                 i < CORRELATION_COUNT_MAX ? i : CORRELATION_COUNT_MAX);
	}
}

static void oldest_run_makes_room(void **state)
{
	struct correlation_outcome good = silent_at("", NULL);
	char host[64];

	good.phase = PHASE_AUTH;
	good.ending = ENDING_REPLY;
	good.host = host;
	add_silent(*state, 0, "mx.example.org");
	for (int i = 1; i < CORRELATION_ENTRIES_MAX; i++) {
		snprintf(host, sizeof(host), "mx.example%d.org", i);
		correlation_add(*state, 0, &good);
	}
	assert_int_equal(count_silent(*state, 0, "mx.example.com"), 1);
	snprintf(host, sizeof(host), "one.more.example");
	correlation_add(*state, 0, &good);
	assert_int_equal(count_silent(*state, 0, "mx.example.com"), 0);
}

/* ---- cost ---- */

/* Microseconds of the processor, not of the wall, for one query. */
static long long query_cost(const struct correlation *correlation)
{
	struct timespec from, to;
	int sum = 0;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &from);
	for (int i = 0; i < QUERIES; i++)
		sum += correlation_count(correlation, 0, &asked).silent;
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &to);
	assert_in_range(sum, 0, CORRELATION_COUNT_MAX * QUERIES);
	return ((to.tv_sec - from.tv_sec) * USEC_PER_SEC +
	        (to.tv_nsec - from.tv_nsec) / 1000) /
	       QUERIES;
}

/* A full ring; hosts are named BEFORE NUMBER BEHIND. */
static void fill(struct correlation *correlation, const char *before,
                 const char *behind, const struct correlation_outcome *how)
{
	struct correlation_outcome other = *how;
	char host[64];

	for (int i = 0; i < CORRELATION_ENTRIES_MAX; i++) {
		snprintf(host, sizeof(host), "%s%d%s", before, i, behind);
		other.host = host;
		correlation_add(correlation, 0, &other);
	}
}

static const struct {
	const char *name, *before, *behind;
	bool good;
} crowds[] = {
	{ "unrelated targets that fail", "mx.example", ".org", false },
	{ "unrelated targets that do not", "mx.example", ".org", true },
	{ "another provider's targets", "mx", ".example.org", false },
	{ "targets of the own provider", "mx", ".example.com", false },
};

static void query_is_cheap_with_a_full_ring(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(crowds); i++) {
		struct correlation *correlation = correlation_create();
		struct correlation_outcome how = other_like_asked(),
					   good = { .phase = PHASE_AUTH,
			                            .ending = ENDING_REPLY };
		long long cost;

		fill(correlation, crowds[i].before, crowds[i].behind,
		     crowds[i].good ? &good : &how);
		cost = query_cost(correlation);
		print_message("%s: %lld us\n", crowds[i].name, cost);
		correlation_destroy(correlation);
		CHECK(crowds[i].name, cost < QUERY_MAX_US);
	}
}

static void comparisons_stop_at_the_limit(void **state)
{
	char host[64];

	add_silent(*state, 0, "mx.example.net");
	for (int i = 1; i < CORRELATION_COMPARED_MAX; i++) {
		snprintf(host, sizeof(host), "mx%d.example.org", i);
		add_silent(*state, 0, host);
		snprintf(host, sizeof(host), "mx%d.example.com", i);
		add_silent(*state, 0, host); /* is not compared */
	}
	assert_int_equal(count_silent(*state, 0, "mx.example.com"), 2);
	add_silent(*state, 0, "mx.example.org");
	assert_int_equal(count_silent(*state, 0, "mx.example.com"), 1);
}

/* ---- text ---- */

static void text_and_counts_are_the_same(void **state)
{
	static const char text[] = "others same_issuer=2 same_greeting=1 same_text=4 "
				   "silent=3 refused=5 not_smtp=6 expired=9";
	struct arena *arena = arena_create();
	struct text out = text_create(arena, 256);
	struct correlation_counts counts;
	struct error err;

	(void)state;
	assert_true(correlation_parse(&counts, str_of(text), &err));
	assert_int_equal(counts.same_issuer, 2);
	assert_int_equal(counts.same_greeting, 1);
	assert_int_equal(counts.same_text, 4);
	assert_int_equal(counts.silent, 3);
	assert_int_equal(counts.refused, 5);
	assert_int_equal(counts.not_smtp, 6);
	assert_int_equal(counts.expired, 9);
	correlation_print(&counts, &out);
	assert_string_equal(out.at, text);
	arena_destroy(arena);
}

static void order_is_free_and_missing_is_0(void **state)
{
	struct correlation_counts counts = { .expired = 5 };
	struct error err;

	(void)state;
	assert_true(
		correlation_parse(&counts, STR("others silent=3 same_issuer=1"), &err));
	assert_int_equal(counts.silent, 3);
	assert_int_equal(counts.same_issuer, 1);
	assert_int_equal(counts.expired, 0);
	assert_true(correlation_parse(&counts, STR("others"), &err));
	assert_int_equal(counts.silent, 0);
}

static const char *const refused[] = {
	"",
	"other silent=1",
	"others silent",
	"others silent=",
	"others silent=x",
	"others silent=-1",
	"others silent=1x",
	"others silent=10",
	"others silent=99999999999",
	"others silent=1 silent=1",
	"others silence=1",
	"others =1",
	"others silent==1",
};

static void malformed_text_is_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(refused); i++) {
		struct correlation_counts counts = { .silent = 77 };
		struct error err = { "" };

		CHECK(refused[i],
		      !correlation_parse(&counts, str_of(refused[i]), &err));
		CHECK(refused[i], err.text[0]);
		CHECK_INT(refused[i], counts.silent, 77);
	}
}

int main(void)
{
#define RING_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(registrable_domain_tells_who_is_related),
		RING_TEST(longest_name_is_looked_at),
		RING_TEST(provider_counts_once),
		cmocka_unit_test(same_in_all_counts_in_all_that_fits),
		cmocka_unit_test(what_only_one_met_is_not_counted),
		cmocka_unit_test(only_a_connect_is_silent_or_refused),
		cmocka_unit_test(texts_must_be_the_same),
		cmocka_unit_test(verified_issuer_is_no_sign),
		cmocka_unit_test(same_words_count_from_another_network_only),
		RING_TEST(newest_run_of_a_target_counts),
		RING_TEST(run_counts_for_the_length_of_the_window),
		RING_TEST(counts_stop_at_the_limit),
		RING_TEST(oldest_run_makes_room),
		cmocka_unit_test(query_is_cheap_with_a_full_ring),
		RING_TEST(comparisons_stop_at_the_limit),
		cmocka_unit_test(text_and_counts_are_the_same),
		cmocka_unit_test(order_is_free_and_missing_is_0),
		cmocka_unit_test(malformed_text_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
