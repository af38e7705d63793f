/* SPDX-License-Identifier: Apache-2.0 */
#include "probe/plugin/waterfall.h"

#include <stdio.h>

#include "tests/unit/recorded.h"
#include "tests/unit/row.h"

enum { NARROW = 64, USUAL = 80, DRAWING_MAX = 16 * 1024 };

static int set_up(void **state)
{
	*state = arena_create();
	return 0;
}

static int tear_down(void **state)
{
	arena_destroy(*state);
	return 0;
}

static const char *draw(const struct observation *seen, size_t width, bool colour,
                        struct arena *arena)
{
	struct text out = text_create(arena, DRAWING_MAX);

	waterfall_print(seen, width, colour, &out);
	return out.at;
}

static const char *draw_session(const char *session, size_t width, bool colour,
                                struct arena *arena)
{
	struct result *result = recorded(session, NULL);
	const char *drawing = draw(result->seen, width, colour, arena);

	result_release(result);
	return drawing;
}

/* ---- whole drawings ---- */

#define IMPLICIT_TLS \
	"0.000 * resolve mx.example\n" \
	"0.010 * resolved 192.0.2.7\n" \
	"0.010 * connect 192.0.2.7:465\n" \
	"0.020 * connected\n" \
	"0.020 * tls start\n" \
	"0.060 * tls done TLSv1.3 TLS_AES_256_GCM_SHA384\n" \
	"0.070 < 220 mx.example ESMTP\n" \
	"0.070 > EHLO probe.example\n" \
	"0.080 < 250 AUTH PLAIN LOGIN\n" \
	"0.080 > AUTH PLAIN <redacted>\n" \
	"0.100 < 235 2.7.0 Welcome\n" \
	"0.100 * end reply\n"

static const struct {
	const char *name, *session, *drawing;
} drawings[] = {
	{ "STARTTLS, accepted", RECORDED_SUCCESS,
	  "resolve         ==                                         10 ms\n"
	  "connect           ==                                       10 ms\n"
	  "banner              =====                                  20 ms\n"
	  "ehlo                     ===                               10 ms\n"
	  "starttls                    ==                             10 ms\n"
	  "tls                           =======                      30 ms\n"
	  "ehlo_tls                             ===                   10 ms\n"
	  "auth                                    ============       50 ms\n"
	  "quit                                                =====  20 ms\n" },
	{ "refused in AUTH", RECORDED_REFUSAL,
	  "resolve         ==                                 10 ms\n"
	  "connect           ==                               10 ms\n"
	  "banner              ====                           20 ms\n"
	  "ehlo                    ===                        10 ms\n"
	  "starttls                   ==                      10 ms\n"
	  "tls                          ======                30 ms\n"
	  "ehlo_tls                           ===             10 ms\n"
	  "auth                                  ###########  50 ms  failed\n" },
	{ "refused in connect",
	  "0 * resolve mx.example\n0.0004 * resolved 192.0.2.7\n"
	  "0.0004 * connect 192.0.2.7:587\n0.0312 * end refused\n",
	  "resolve         =                                 0.4 ms\n"
	  "connect         ################################   31 ms  failed\n" },
	{ "implicit TLS", IMPLICIT_TLS,
	  "resolve         ====                                       10 ms\n"
	  "connect             ====                                   10 ms\n"
	  "tls                     ================                   40 ms\n"
	  "banner                                  ====               10 ms\n"
	  "ehlo                                        ====           10 ms\n"
	  "auth                                            =========  20 ms\n" },
	{ "deadline in connect",
	  "0 * connect 192.0.2.7:587\n"
	  "10 * end timeout\n",
	  "connect         ################################  10.0 s  failed\n" },
	{ "deadline in banner, after the first address failed",
	  "0 * resolve mx.example\n0.02 * resolved 192.0.2.1 192.0.2.2\n"
	  "0.02 * connect 192.0.2.1:587\n3.3 * failed timeout\n"
	  "3.3 * connect 192.0.2.2:587\n3.35 * connected\n"
	  "9.9994 * end timeout\n",
	  "resolve         =                                  20 ms\n"
	  "connect         ===========                        3.3 s\n"
	  "banner                     ######################  6.6 s  failed\n" },
	{ "a gap before TLS",
	  RECORDED_STARTTLS "0.260 * tls start\n"
	                    "0.360 * end reset\n",
	  "resolve         =                                  10 ms\n"
	  "connect         =                                  10 ms\n"
	  "banner           ==                                20 ms\n"
	  "ehlo               =                               10 ms\n"
	  "starttls            =                              10 ms\n"
	  "tls                                    #########  100 ms  failed\n" },
	{ "nothing but an end", "0 * end local no memory\n", "" },
	{ "no time at all", "0 * connect 192.0.2.7:587\n0 * end refused\n",
	  "connect         #                                 0.0 ms  failed\n" },
};

static void sessions_are_drawn_to_scale(void **state)
{
	for (size_t i = 0; i < COUNT(drawings); i++)
		CHECK_TEXT(drawings[i].name,
		           draw_session(drawings[i].session, NARROW, false, *state),
		           drawings[i].drawing);
}

/* ---- durations ---- */

static const struct {
	usec duration;
	const char *shown;
} durations[] = {
	{ 0, " 0.0 ms" },
	{ 49, " 0.0 ms" },
	{ 400, " 0.4 ms" },
	{ 9949, " 9.9 ms" },
	{ 9950, " 10 ms" },
	{ 31 * USEC_PER_MSEC, " 31 ms" },
	{ 999499, " 999 ms" },
	{ 999500, " 1.0 s" },
	{ 2100 * USEC_PER_MSEC, " 2.1 s" },
	{ 99949999, " 99.9 s" },
	{ 99950000, " 100 s" },
	{ 3600 * USEC_PER_SEC, " 3600 s" },
};

static void durations_have_few_digits(void **state)
{
	for (size_t i = 0; i < COUNT(durations); i++) {
		struct observation seen = { .authenticated = true };
		const char *line, *end;

		seen.phases[PHASE_AUTH] =
			(struct phase_facts){ .entered = true,
			                      .duration = durations[i].duration };
		line = draw(&seen, USUAL, false, *state);
		end = line + strlen(line) - strlen(durations[i].shown) - 1;
		CHECK_INT(durations[i].shown, strlen(line), USUAL + 1);
		CHECK(durations[i].shown, strncmp(end, durations[i].shown,
		                                  strlen(durations[i].shown)) == 0);
	}
}

/* ---- the limits of a line ---- */

static void check_width(const char *row, const char *drawing, size_t width)
{
	struct str rest = str_of(drawing), line;

	while (str_take_word(&line, &rest, "\n")) {
		CHECK(row, line.len <= width);
		CHECK(row, line.at[line.len - 1] != ' ');
	}
}

/* Ends of the range of time, in each phase, with and without a failure. */
static const usec times[] = {
	-1, 0, 1, USEC_PER_MSEC, 3600 * USEC_PER_SEC, INT64_MAX / 2, INT64_MAX
};

static void no_time_breaks_a_line(void **state)
{
	for (size_t i = 0; i < COUNT(times) * COUNT(times) * 2; i++) {
		struct observation seen = { .phase = PHASE_TLS,
			                    .authenticated = i % 2 };
		usec start = times[i / 2 % COUNT(times)];
		usec duration = times[i / 2 / COUNT(times)];
		char row[64];

		seen.phases[PHASE_RESOLVE] = (struct phase_facts){ .entered = true };
		seen.phases[PHASE_TLS] = (struct phase_facts){ .entered = true,
			                                       .started = start,
			                                       .duration = duration };
		seen.phases[PHASE_QUIT] = (struct phase_facts){ .entered = true,
			                                        .started = 5,
			                                        .duration = 1000 };
		snprintf(row, sizeof(row), "%lld + %lld", (long long)start,
		         (long long)duration);
		check_width(row, draw(&seen, USUAL, false, *state), USUAL);
	}
}

static void every_width_is_kept(void **state)
{
	for (size_t i = 0; i < COUNT(drawings); i++)
		for (size_t width = 40; width <= 200; width++)
			check_width(
				drawings[i].name,
				draw_session(drawings[i].session, width, false, *state),
				width);
}

static void no_width_is_too_small(void **state)
{
	for (size_t width = 0; width < 40; width++)
		assert_non_null(
			strstr(draw_session(RECORDED_REFUSAL, width, false, *state),
		               "failed\n"));
}

/* ---- colour ---- */

static const char *without_colours(const char *drawing, struct arena *arena)
{
	struct text plain = text_create(arena, DRAWING_MAX);

	for (; *drawing; drawing++) {
		if (*drawing == '\033')
			drawing = strchr(drawing, 'm');
		else
			text_add(&plain, "%c", *drawing);
	}
	return plain.at;
}

static void colours_change_nothing_else(void **state)
{
	for (size_t i = 0; i < COUNT(drawings); i++) {
		const char *session = drawings[i].session;
		const char *plain = draw_session(session, USUAL, false, *state);
		const char *coloured = draw_session(session, USUAL, true, *state);

		CHECK(drawings[i].name, !strchr(plain, '\033'));
		CHECK(drawings[i].name, !*plain == !strchr(coloured, '\033'));
		CHECK_TEXT(drawings[i].name, without_colours(coloured, *state), plain);
	}
}

static void failure_is_red_and_the_rest_green(void **state)
{
	const char *drawing = draw_session("0 * connect a:1\n0.5 * connected\n"
	                                   "1 * end timeout\n",
	                                   NARROW, true, *state);

	assert_string_equal(
		drawing,
		"connect         \033[32m================\033[0m                "
		"  500 ms\n"
		"banner                          \033[31m################\033[0m"
		"  500 ms  \033[31mfailed\033[0m\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
		TEST(sessions_are_drawn_to_scale),
		TEST(durations_have_few_digits),
		TEST(no_time_breaks_a_line),
		TEST(every_width_is_kept),
		TEST(no_width_is_too_small),
		TEST(colours_change_nothing_else),
		TEST(failure_is_red_and_the_rest_green),
#undef TEST
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
