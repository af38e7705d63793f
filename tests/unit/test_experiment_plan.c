/* SPDX-License-Identifier: Apache-2.0 */
#include "probe/experiment_plan.h"

#include <stdio.h>

#include "probe/experiment.h"
#include "tests/unit/recorded.h"
#include "tests/unit/row.h"

enum {
	PLAN_MAX = 1024,
	OTHER_ADDRESSES = 3, /* two of the name's, one of the other family */
	SHORTEST_COUNT = 3   /* connections that tell two ports apart within two hops */
};

#define DIAL      "0 * connect 192.0.2.7:587\n"
#define CONNECTED DIAL "0 * connected\n"
#define ASKED_STARTTLS \
	RECORDED_GREETING \
	"0.1 < 250-a\n0.1 < 250 STARTTLS\n0.1 > STARTTLS\n"
#define HANDSHAKE      RECORDED_STARTTLS "0.1 * tls start\n"
#define ENCRYPTED_EHLO HANDSHAKE "0.1 * tls done TLSv1.3 X\n0.1 > EHLO a\n"
#define IMPLICIT_EHLO \
	CONNECTED "0 * tls start\n0.1 * verify 0 ok\n0.1 * tls done TLSv1.3 X\n" \
		  "0.2 < 220 a\n0.2 > EHLO a\n"
#define CLEAR_LOGIN RECORDED_CLEARTEXT "0.1 > AUTH PLAIN <redacted>\n"
#define LOGIN_BEHIND(verify) \
	HANDSHAKE "0.1 * verify " verify " x\n0.1 * tls done TLSv1.3 X\n" \
		  "0.1 > EHLO a\n0.1 < 250-a\n0.1 < 250 AUTH PLAIN\n" \
		  "0.1 > AUTH PLAIN <redacted>\n"
#define UNVERIFIED_LOGIN LOGIN_BEHIND("18")
#define STRANGER_LOGIN   LOGIN_BEHIND("62")

static const char *const steps[] = {
	[CONTACT_CONNECT] = "connect", [CONTACT_GREETING] = "greeting",
	[CONTACT_EHLO] = "ehlo",       [CONTACT_NOOP] = "noop",
	[CONTACT_HELO] = "helo",       [CONTACT_STARTTLS] = "starttls",
	[CONTACT_TLS] = "tls",
};

/* ---- a plan in words ---- */

static void add_experiment(struct text *out, const struct experiment *experiment)
{
	text_add(out, " %s:%d:%s%s", look_word(experiment->look), experiment->port,
	         steps[experiment->step], experiment->tls_first ? "!" : "");
	if (experiment->mss)
		text_add(out, "(%d)", experiment->mss);
	if (experiment->small_hello)
		text_add(out, "(small)");
	if (experiment->no_server_name)
		text_add(out, "(nameless)");
}

static const char *print(const struct experiment_plan *plan, struct arena *arena)
{
	struct text out = text_create(arena, PLAN_MAX);

	for (size_t i = 0; i < plan->count; i++)
		add_experiment(&out, &plan->experiments[i]);
	text_add(&out, "%s%s", plan->asks_name ? " name" : "",
	         plan->asks_controls ? " controls" : "");
	if (plan->asks_addresses)
		text_add(&out, " addresses:%s", steps[plan->address_step]);
	text_add(&out, "%s%s", plan->counts_hops ? " hops" : "",
	         plan->port_resets ? " resets" : "");
	return out.at[0] ? out.at + 1 : out.at;
}

/* ---- each phase and ending ---- */

static const struct {
	enum tls_mode tls;
	int port;
	const char *name, *session, *plan;
} rows[] = {
#define PLAN(tls, port, session, plan) { TLS_##tls, port, #session, session, plan },
#include "tests/unit/plan_rows.def"
};

static struct target target_with(enum tls_mode tls, int port)
{
	return (struct target){
		.set = { .host = "mx.example", .tls = tls, .port = port }
	};
}

static void plan_fits_the_failure(void **state)
{
	struct arena *arena = arena_create();

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		const struct target target = target_with(rows[i].tls, rows[i].port);
		struct result *result = recorded(rows[i].session, NULL);
		const struct experiment_plan plan =
			experiment_plan(result->seen, &target);

		CHECK_TEXT(rows[i].name, print(&plan, arena), rows[i].plan);
		CHECK_INT(rows[i].name, experiment_plan_is_empty(&plan),
		          !*rows[i].plan);
		result_release(result);
	}
	arena_destroy(arena);
}

/* Behind a proxy and beside a socket there is no path of ours to look at. */
static void no_plan_without_a_path(void **state)
{
	size_t planned = 0;

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct target via = target_with(rows[i].tls, rows[i].port);
		struct target local = target_with(rows[i].tls, rows[i].port);
		struct result *result = recorded(rows[i].session, NULL);
		struct experiment_plan plan;

		via.set.via = "socks5h://192.0.2.9:1080";
		plan = experiment_plan(result->seen, &via);
		CHECK(rows[i].name, experiment_plan_is_empty(&plan));
		local.is_unix_socket = true;
		plan = experiment_plan(result->seen, &local);
		CHECK(rows[i].name, experiment_plan_is_empty(&plan));
		planned += *rows[i].plan != '\0';
		result_release(result);
	}
	assert_true(planned > 20);
}

/* ---- whatever happens ---- */

static struct observation observation_of(enum phase phase, enum ending ending,
                                         unsigned kind)
{
	static const int codes[] = { 0, 421, 502, 535 };
	static const struct str details[] = { RUN(""), RUN("STARTTLS"), RUN("AUTH") };
	struct observation seen = { .phase = phase, .ending = ending };

	seen.ending_detail = details[kind % COUNT(details)];
	kind /= COUNT(details);
	if (phase != PHASE_NONE)
		seen.phases[phase].reply.code = codes[kind % COUNT(codes)];
	kind /= COUNT(codes);
	seen.credential_sent = phase == PHASE_AUTH;
	seen.tls.done = kind & 1;
	seen.tls.judged = kind & 2;
	seen.tls.fault_count = kind & 4 ? 1 : 0;
	seen.raw = kind & 8 ? STR("\"x\"") : STR("");
	return seen;
}

enum { KINDS = 3 * 4 * 16 };

typedef void check_plan(const struct observation *seen, const struct target *target,
                        const struct experiment_plan *plan);

static void for_every_session(check_plan *check)
{
	static const int ports[] = { 25, 465, 587, 2525, 10025 };

	for (unsigned phase = 0; phase <= PHASE_NONE; phase++)
		for (unsigned ending = 0; ending < ENDING_COUNT; ending++)
			for (unsigned kind = 0; kind < KINDS * COUNT(ports); kind++) {
				const struct target target =
					target_with(kind % 3, ports[kind / KINDS]);
				const struct observation seen =
					observation_of(phase, ending, kind % KINDS);
				const struct experiment_plan plan =
					experiment_plan(&seen, &target);

				check(&seen, &target, &plan);
			}
}

/* What is planned can be made, and the hops can be told when they shall be. */
static void check_budget(const struct observation *seen, const struct target *target,
                         const struct experiment_plan *plan)
{
	size_t connections = plan->count;

	(void)target;
	connections += plan->asks_controls ? CONTROL_MAX : 0;
	connections += plan->asks_addresses ? OTHER_ADDRESSES : 0;
	connections += plan->counts_hops ? SHORTEST_COUNT : 0;
	if (connections > SECOND_LOOK_CONNECTIONS_MAX)
		fail_msg("%zu connections after %s in %s", connections,
		         ending_word(seen->ending), phase_word(seen->phase));
	assert_true(plan->count <= LOOK_FINDING_MAX);
}

static void plan_stays_within_the_budget(void **state)
{
	(void)state;
	for_every_session(check_budget);
}

/* On the port of the session, whoever answers there. */
static void check_login(const struct observation *seen, const struct target *target,
                        const struct experiment_plan *plan)
{
	if (seen->phase != PHASE_AUTH || seen->ending == ENDING_NOT_OFFERED)
		return;
	if (tls_facts_verified(&seen->tls))
		assert_true(experiment_plan_is_empty(plan));
	for (size_t i = 0; i < plan->count; i++) {
		const struct experiment *experiment = &plan->experiments[i];

		assert_true(experiment->look == LOOK_NOOP ||
		            experiment->look == LOOK_PORT);
		if (experiment->port == target->set.port)
			assert_true(experiment->step <= CONTACT_NOOP);
		else
			assert_int_equal(experiment->step,
			                 experiment_step_for_port(experiment->port));
	}
}

static void login_is_never_tried_again(void **state)
{
	(void)state;
	for_every_session(check_login);
}

static void check_ports(const struct observation *seen, const struct target *target,
                        const struct experiment_plan *plan)
{
	(void)seen;
	for (size_t i = 0; i < plan->count; i++) {
		const struct experiment *one = &plan->experiments[i];

		assert_int_equal(one->look == LOOK_PORT, one->port != target->set.port);
		for (size_t j = 0; j < i; j++)
			assert_false(plan->experiments[j].look == one->look &&
			             plan->experiments[j].port == one->port);
	}
}

static void every_port_is_tried_once(void **state)
{
	(void)state;
	for_every_session(check_ports);
}

static void unknown_ports_are_only_connected_to(void **state)
{
	(void)state;
	for (int port = 1; port <= 65535; port++)
		assert_int_equal(experiment_step_for_port(port),
		                 port == 25 || port == 587 || port == 2525
		                         ? CONTACT_GREETING
		                 : port == 465 ? CONTACT_TLS
		                               : CONTACT_CONNECT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(plan_fits_the_failure),
		cmocka_unit_test(no_plan_without_a_path),
		cmocka_unit_test(plan_stays_within_the_budget),
		cmocka_unit_test(login_is_never_tried_again),
		cmocka_unit_test(every_port_is_tried_once),
		cmocka_unit_test(unknown_ports_are_only_connected_to),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
