/* SPDX-License-Identifier: Apache-2.0 */
#include "probe/circumstance.h"

#include <stdio.h>

#include "tests/unit/recorded.h"
#include "tests/unit/row.h"

enum { JOINED_MAX = 32768 };

#define AVAST(place)  "0 * interceptor antivirus \"Avast\" in certificate " place "\n"
#define LOOK(words)   "1 * look " words "\n"
#define LAST(facts)   "0 * last good 2026-01-01T00:00:00Z " facts "\n"
#define OTHERS(count) "0 * others " count "\n"

static const struct {
	const char *session, *told;
} rows[] = {
#define TOLD(session, told) { session, told },
#include "tests/unit/circumstance_rows.def"
};

static const char *join(const struct circumstances *all, struct arena *arena)
{
	struct text out = text_create(arena, JOINED_MAX);

	for (size_t i = 0; i < all->count; i++)
		text_add(&out, "%s\n", all->lines[i]);
	return out.at;
}

static void sentences_are_these(void **state)
{
	struct arena *arena = arena_create();

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct result *result = recorded(rows[i].session, NULL);
		const struct circumstances all = circumstances_of(result->seen, arena);

		CHECK_TEXT(rows[i].session, join(&all, arena), rows[i].told);
		result_release(result);
	}
	arena_destroy(arena);
}

/* The order in which somebody would tell it, from near to far. */
static void sentences_have_their_order(void **state)
{
	static const char *const begins[] = {
		"connect() itself",
		"a router",
		"the server's TCP",
		"the name resolves",
		"the issuer of",
		"the certificate is for",
		"the server stapled",
		"second look",
		"the certificate is signed",
		"the last good",
		"in the last",
		"/var/lib/a",
		"/etc/a",
	};
	struct arena *arena = arena_create();
	struct result *result = recorded(
		LAST("issuer=\"CN=Old\"") OTHERS("silent=1") LOOK(
			"noop reset") "0 * memory /var/lib/a\n0 * interceptors "
				      "/etc/a\n0 * staple good\n"
				      "0 * own name certified\n" AVAST(
					      "1 issuer") "0 * certificate 0 "
							  "issuer=\"CN=New\"\n0 * "
							  "resolved 192.0.2.7\n"
							  "0 * tcp unacked=0\n0 * icmp "
							  "3/1 from 192.0.2.1 hop\n"
							  "0 * errno EACCES sync\n1 * "
							  "end timeout\n",
		NULL);
	const struct circumstances all = circumstances_of(result->seen, arena);

	(void)state;
	assert_int_equal(all.count, COUNT(begins));
	for (size_t i = 0; i < all.count; i++)
		if (!str_starts(str_of(all.lines[i]), str_of(begins[i])))
			fail_msg("\"%s\" does not begin with \"%s\"", all.lines[i],
			         begins[i]);
	result_release(result);
	arena_destroy(arena);
}

/* At the limit of the findings of a second look, and with a sentence more. */
static void number_of_sentences_has_a_limit(void **state)
{
	struct arena *arena = arena_create();
	struct text text = text_create(arena, 4096);
	struct result *result;
	struct circumstances all;

	(void)state;
	for (int i = 0; i < CIRCUMSTANCE_MAX; i++)
		text_add(&text, LOOK("noop answered"));
	result = recorded(text.at, NULL);
	all = circumstances_of(result->seen, arena);
	assert_int_equal(all.count, CIRCUMSTANCE_MAX);
	result_release(result);
	text_add(&text, "0 * staple good\n" OTHERS("silent=1"));
	result = recorded(text.at, NULL);
	all = circumstances_of(result->seen, arena);
	assert_int_equal(all.count, CIRCUMSTANCE_MAX);
	assert_string_equal(all.lines[0], "the server stapled an OCSP response: good");
	result_release(result);
	arena_destroy(arena);
}

#define FOREIGN "\xc3\xa4\xff"

static void foreign_words_are_made_printable(void **state)
{
	static const char session[] =
		LAST("issuer=\"CN=" FOREIGN
	             "\"") "0 * errno " FOREIGN " sync\n"
			   "0 * icmp 3/1 from " FOREIGN " hop\n"
			   "0 * tcp unacked=0 soft_error=" FOREIGN "\n"
			   "0 * resolved " FOREIGN "\n0 * cname " FOREIGN "\n"
			   "0 * interceptor " FOREIGN " \"" FOREIGN
			   "\" in certificate " FOREIGN " " FOREIGN
			   "\n0 * staple " FOREIGN "\n"
			   "0 * certificate 0 issuer=\"" FOREIGN
			   "\"\n" LOOK("port " FOREIGN " answered greeting=\"" FOREIGN
	                               "\" why=\"" FOREIGN
	                               "\"") "0 * memory " FOREIGN
					     "\n0 * interceptors " FOREIGN "\n"
					     "1 * end timeout\n";
	struct arena *arena = arena_create();
	struct result *result = recorded(session, NULL);
	const struct circumstances all = circumstances_of(result->seen, arena);

	(void)state;
	assert_true(all.count > 10);
	for (const char *c = join(&all, arena); *c; c++)
		assert_true(*c == '\n' || (*c >= ' ' && *c <= '~'));
	result_release(result);
	arena_destroy(arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sentences_are_these),
		cmocka_unit_test(sentences_have_their_order),
		cmocka_unit_test(number_of_sentences_has_a_limit),
		cmocka_unit_test(foreign_words_are_made_printable),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
