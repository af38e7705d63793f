/* SPDX-License-Identifier: Apache-2.0 */
#include "probe/hop_count.h"

#include <stdio.h>

#include "tests/unit/row.h"

enum { PORT = 587, OTHER = 443, PLENTY = 99, NEVER = 99 };

static const struct contact_report connects = { .connected = true,
	                                        .outcome = CONTACT_ANSWERED };
static const struct contact_report resets = { .outcome = CONTACT_REFUSED };
static const struct contact_report exceeded = {
	.outcome = CONTACT_UNREACHABLE,
	.socket = { .icmp = { .found = true, .type = 11, .who = OFFENDER_HOP } }
};
static const struct contact_report silent = { .outcome = CONTACT_SILENT };

/* ---- a path, asked until nothing is left to ask ---- */

/* From how many hops away each port answers. */
struct path {
	int port, other;
	bool port_resets, other_resets, routers_are_silent;
	bool backwards; /* answers come in the order that is the less convenient one */
};

static const struct contact_report *answer(const struct path *path,
                                           const struct hop_question *question)
{
	bool asks_port = question->port == PORT;

	if (question->ttl < (asks_port ? path->port : path->other))
		return path->routers_are_silent ? &silent : &exceeded;
	return (asks_port ? path->port_resets : path->other_resets) ? &resets
	                                                            : &connects;
}

/* The number of connections it took; *ended: a call said that it is finished. */
static size_t walk(struct hop_count *count, const struct path *path, size_t left,
                   bool *ended)
{
	struct hop_question questions[HOP_QUESTION_MAX];
	size_t made = 0, asked;

	*ended = false;
	while ((asked = hop_count_ask(count, questions, left - made)) > 0) {
		assert_true(asked <= HOP_QUESTION_MAX && made + asked <= left);
		assert_false(*ended);
		for (size_t i = 0; i < asked; i++) {
			size_t next = path->backwards ? asked - 1 - i : i;

			assert_false(*ended);
			*ended = hop_count_take(count, questions[next].port,
			                        questions[next].ttl,
			                        answer(path, &questions[next]));
		}
		made += asked;
	}
	return made;
}

/* The distances, what is found, and at how many connections. */
static const struct {
	int port, other, near, far;
	size_t made;
} walks[] = {
	{ 1, 1, 1, 1, 3 },
	{ 1, 2, 1, 2, 3 },
	{ 1, 9, 1, 2, 3 },
	{ 2, 1, 2, 2, 3 },
	{ 2, 2, 2, 2, 3 },
	{ 2, 3, 2, 3, 3 },
	{ 2, NEVER, 2, 3, 3 },
	/* Farther away a small difference is told from a large one. */
	{ 3, 1, 3, 3, 5 },
	{ 3, 3, 3, 3, 5 },
	{ 3, 4, 3, 4, 5 },
	{ 3, 5, 3, 4, 5 },
	{ 3, 6, 3, 6, 5 },
	{ 3, NEVER, 3, 6, 5 },
	{ 4, 4, 4, 4, 6 },
	{ 4, 6, 4, 5, 6 },
	{ 4, 7, 4, 7, 6 },
	{ 5, 5, 5, 5, 7 },
	{ 5, 7, 5, 6, 7 },
	{ 5, 8, 5, 8, 7 },
	{ 6, 6, 6, 6, 8 },
	{ 6, 8, 6, 7, 8 },
	{ 6, 9, 6, 9, 8 },
	/* Beyond six hops nothing is found, and the other port is not asked. */
	{ 7, 7, 0, 0, 6 },
	{ NEVER, 3, 0, 0, 6 },
};

static void walk_row(size_t i, const struct path *path)
{
	struct hop_count count = { .port = PORT,
		                   .resets = path->port_resets,
		                   .other = OTHER };
	bool ended;
	char row[96];

	snprintf(row, sizeof(row), "%d and %d hops, resets %d %d, silence %d, order %d",
	         path->port, path->other, path->port_resets, path->other_resets,
	         path->routers_are_silent, path->backwards);
	CHECK_INT(row, (int)walk(&count, path, PLENTY, &ended), (int)walks[i].made);
	CHECK_INT(row, count.near, walks[i].near);
	/* Silence may be a lost packet: it proves no distance. */
	CHECK_INT(row, count.far,
	          path->routers_are_silent ? walks[i].near : walks[i].far);
	CHECK_INT(row, ended, walks[i].near > 0);
}

static void distance_is_found_on_every_path(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(walks); i++)
		for (unsigned kind = 0; kind < 16; kind++) {
			const struct path path = {
				.port = walks[i].port,
				.other = walks[i].other,
				.port_resets = kind & 1,
				.other_resets = kind & 2,
				.routers_are_silent = kind & 4,
				.backwards = kind & 8,
			};

			walk_row(i, &path);
		}
}

static void nearest_ports_are_asked_first(void **state)
{
	struct hop_count count = { .port = PORT, .other = OTHER };
	struct hop_question questions[HOP_QUESTION_MAX];

	(void)state;
	assert_int_equal(hop_count_ask(&count, questions, PLENTY), 2);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(questions[i].port, PORT);
		assert_int_equal(questions[i].ttl, i + 1);
		assert_false(hop_count_take(&count, PORT, i + 1, &exceeded));
	}
	for (int ttl = 3; ttl <= HOP_TTL_MAX; ttl++) {
		assert_int_equal(hop_count_ask(&count, questions, PLENTY), 1);
		assert_int_equal(questions[0].port, PORT);
		assert_int_equal(questions[0].ttl, ttl);
		assert_false(hop_count_take(&count, PORT, ttl, &silent));
	}
	assert_int_equal(hop_count_ask(&count, questions, PLENTY), 0);
	assert_int_equal(count.near, 0);
}

/* A port that resets is not found by a connection, and the other way round. */
static void other_kind_of_answer_is_none(void **state)
{
	struct hop_count connecting = { .port = PORT, .other = OTHER };
	struct hop_count resetting = { .port = PORT, .other = OTHER, .resets = true };

	(void)state;
	hop_count_take(&connecting, PORT, 1, &resets);
	assert_int_equal(connecting.near, 0);
	hop_count_take(&connecting, PORT, 2, &connects);
	assert_int_equal(connecting.near, 2);
	hop_count_take(&resetting, PORT, 1, &connects);
	assert_int_equal(resetting.near, 0);
	hop_count_take(&resetting, PORT, 2, &resets);
	assert_int_equal(resetting.near, 2);
}

/* ---- what may be spent ---- */

/* Whatever is left: never more is made, and no search that cannot be compared. */
static void search_stays_within_what_is_left(void **state)
{
	(void)state;
	for (int distance = 1; distance <= HOP_TTL_MAX; distance++)
		for (size_t left = 0; left <= 10; left++) {
			const struct path path = { .port = distance, .other = NEVER };
			struct hop_count count = { .port = PORT, .other = OTHER };
			size_t needed = distance <= 2 ? 3 : (size_t)distance + 2;
			bool ended;
			size_t made = walk(&count, &path, left, &ended);

			assert_true(made <= left);
			assert_int_equal(ended, left >= needed);
			assert_int_equal(count.far > 0, left >= needed);
			if (left < 3)
				assert_int_equal(made, 0);
		}
}

/* ---- the port to compare with ---- */

static const struct {
	const char *name;
	struct {
		int port;
		const struct contact_report *report;
	} met[3];
	int other;
} choices[] = {
	{ "nothing", { { 0, NULL } }, 0 },
	{ "silence", { { 25, &silent }, { 443, &exceeded } }, 0 },
	{ "one connects", { { 25, &silent }, { 443, &connects } }, 443 },
	{ "one resets", { { 25, &resets } }, 25 },
	{ "first of two resets", { { 25, &resets }, { 465, &resets } }, 25 },
	{ "first that connects", { { 25, &connects }, { 443, &connects } }, 25 },
	{ "connecting before resetting", { { 25, &resets }, { 443, &connects } }, 443 },
	{ "and after it",
	  { { 443, &connects }, { 25, &resets }, { 465, &connects } },
	  443 },
};

static void other_port_is_one_that_answers(void **state)
{
	struct hop_question questions[HOP_QUESTION_MAX];

	(void)state;
	for (size_t i = 0; i < COUNT(choices); i++) {
		struct hop_count count = { .port = PORT };

		for (size_t j = 0; j < 3 && choices[i].met[j].port; j++)
			hop_count_consider(&count, choices[i].met[j].port,
			                   choices[i].met[j].report);
		CHECK_INT(choices[i].name, count.other, choices[i].other);
		CHECK_INT(choices[i].name, hop_count_ask(&count, questions, PLENTY) > 0,
		          choices[i].other > 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(distance_is_found_on_every_path),
		cmocka_unit_test(nearest_ports_are_asked_first),
		cmocka_unit_test(other_kind_of_answer_is_none),
		cmocka_unit_test(search_stays_within_what_is_left),
		cmocka_unit_test(other_port_is_one_that_answers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
