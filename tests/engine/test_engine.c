/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Many probes on one loop against the scripted server: none waits for another, none
 * overlaps itself, and cancelling leaves nothing behind.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <curl/curl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include <uv.h>

#include "probe/engine.h"

extern char **environ;

enum { PATH_ROOM = 300, ARGUMENT_MAX = 16 };

static const char PASSWORD[] = "a password for the engine";

/* A scripted server in a process of its own. */
struct server {
	pid_t pid;
	int port;
	char directory[PATH_ROOM];
};

static void write_file(const char *directory, const char *name, const char *text)
{
	char path[PATH_ROOM + 32];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", directory, name);
	file = fopen(path, "w");
	assert_non_null(file);
	fputs(text, file);
	assert_int_equal(fclose(file), 0);
}

static void read_port(struct server *server, int from)
{
	FILE *stream = fdopen(from, "r");
	char line[128], *last;

	assert_non_null(stream);
	assert_non_null(fgets(line, sizeof(line), stream));
	last = strrchr(line, ' ');
	assert_non_null(last);
	server->port = (int)strtol(last, NULL, 10);
	fclose(stream);
}

/* `arguments` end with NULL; the users file and the PKI are in the directory. */
static void start_server(struct server *server, const char *const *arguments)
{
	char users[PATH_ROOM + 32], pki[PATH_ROOM + 32], text[128];
	const char *argv[ARGUMENT_MAX] = { SCRIPT_SERVER, "login",          "--users",
		                           users,         "--certificates", pki };
	posix_spawn_file_actions_t actions;
	size_t count = 6;
	int ends[2];

	snprintf(server->directory, sizeof(server->directory), "/tmp/engine-XXXXXX");
	assert_non_null(mkdtemp(server->directory));
	snprintf(text, sizeof(text), "probe:%s\n", PASSWORD);
	write_file(server->directory, "users", text);
	snprintf(users, sizeof(users), "%s/users", server->directory);
	snprintf(pki, sizeof(pki), "%s/pki", server->directory);
	while (*arguments)
		argv[count++] = *arguments++;
	assert_int_equal(pipe(ends), 0);
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
	posix_spawn_file_actions_addclose(&actions, ends[0]);
	assert_int_equal(posix_spawn(&server->pid, SCRIPT_SERVER, &actions, NULL,
	                             (char *const *)(uintptr_t)argv, environ),
	                 0);
	posix_spawn_file_actions_destroy(&actions);
	close(ends[1]);
	read_port(server, ends[0]);
}

static void stop_server(const struct server *server)
{
	char command[PATH_ROOM + 16];

	kill(server->pid, SIGTERM);
	waitpid(server->pid, NULL, 0);
	snprintf(command, sizeof(command), "rm -rf %s", server->directory);
	assert_int_equal(system(command), 0);
}

static struct target *make_target(const struct server *server, enum mechanism mechanism)
{
	char ca[PATH_ROOM + 32];
	struct target_settings settings = { .host = "127.0.0.1",
		                            .port = server->port,
		                            .user = "probe",
		                            .mechanism = mechanism,
		                            .ca_file = ca,
		                            .timeout = 20 * USEC_PER_SEC };
	struct error err;
	struct target *target;

	snprintf(ca, sizeof(ca), "%s/pki/ca.pem", server->directory);
	target = target_create(&settings, secret_create(str_of(PASSWORD), "test", &err),
	                       &err);
	assert_non_null(target);
	return target;
}

/* A loop with an engine, and what came of its probes. */
struct bed {
	uv_loop_t loop;
	struct engine *engine;
	size_t done, wanted;
	size_t causes[CAUSE_COUNT];
	enum reason last_reason;
	size_t running, most_running; /* of one periodic target */
};

static void open_bed(struct bed *bed)
{
	struct error err;

	*bed = (struct bed){ 0 };
	uv_loop_init(&bed->loop);
	bed->engine = engine_create(&bed->loop, false, &err);
	assert_non_null(bed->engine);
}

static void close_bed(struct bed *bed)
{
	engine_destroy(bed->engine);
	uv_run(&bed->loop, UV_RUN_DEFAULT);
	assert_int_equal(uv_loop_close(&bed->loop), 0);
}

static void count(void *owner, struct result *result)
{
	struct bed *bed = owner;

	bed->done++;
	bed->causes[result->diagnosis.cause]++;
	bed->last_reason = result->diagnosis.reason;
	result_release(result);
	if (bed->done == bed->wanted)
		uv_stop(&bed->loop);
}

static void many_probes_at_once_all_log_in(void **state)
{
	const char *const none[] = { NULL };
	struct server server;
	struct target *target;
	struct bed bed;

	(void)state;
	start_server(&server, none);
	open_bed(&bed);
	target = make_target(&server, MECHANISM_PLAIN);
	bed.wanted = 300;
	for (size_t i = 0; i < bed.wanted; i++)
		engine_run(bed.engine, target, count, &bed);
	assert_int_equal(engine_in_flight(bed.engine), bed.wanted);
	uv_run(&bed.loop, UV_RUN_DEFAULT);
	assert_int_equal(bed.causes[CAUSE_NONE], bed.wanted);
	assert_int_equal(engine_in_flight(bed.engine), 0);
	target_release(target);
	close_bed(&bed);
	stop_server(&server);
}

static void absurd_iterations_are_refused_and_hold_nobody_up(void **state)
{
	const char *const absurd[] = { "--iterations", "5000000", NULL };
	const char *const none[] = { NULL };
	struct server greedy, good;
	struct target *asked, *served;
	struct bed bed;

	(void)state;
	start_server(&greedy, absurd);
	start_server(&good, none);
	open_bed(&bed);
	asked = make_target(&greedy, MECHANISM_SCRAM_SHA_256);
	served = make_target(&good, MECHANISM_PLAIN);
	bed.wanted = 60;
	for (size_t i = 0; i < 10; i++)
		engine_run(bed.engine, asked, count, &bed);
	for (size_t i = 0; i < 50; i++)
		engine_run(bed.engine, served, count, &bed);
	uv_run(&bed.loop, UV_RUN_DEFAULT);
	assert_int_equal(bed.causes[CAUSE_NONE], 50);
	assert_int_equal(bed.causes[CAUSE_SERVER_CONFIG], 10);
	target_release(asked);
	target_release(served);
	close_bed(&bed);
	stop_server(&greedy);
	stop_server(&good);
}

static void a_cancelled_run_still_answers(void **state)
{
	const char *const slow[] = { "--reply-delay", "5000", NULL };
	struct server server;
	struct target *target;
	struct run *runs[40];
	struct bed bed;

	(void)state;
	start_server(&server, slow);
	open_bed(&bed);
	target = make_target(&server, MECHANISM_PLAIN);
	bed.wanted = sizeof(runs) / sizeof(runs[0]);
	for (size_t i = 0; i < bed.wanted; i++)
		runs[i] = engine_run(bed.engine, target, count, &bed);
	uv_run(&bed.loop, UV_RUN_ONCE);
	for (size_t i = 0; i < bed.wanted; i++)
		run_cancel(runs[i]);
	uv_run(&bed.loop, UV_RUN_DEFAULT);
	assert_int_equal(bed.causes[CAUSE_LOCAL], bed.wanted);
	target_release(target);
	close_bed(&bed);
	stop_server(&server);
}

static void destroying_the_engine_drops_what_runs(void **state)
{
	const char *const slow[] = { "--reply-delay", "5000", NULL };
	struct server server;
	struct target *target;
	struct bed bed;

	(void)state;
	start_server(&server, slow);
	open_bed(&bed);
	target = make_target(&server, MECHANISM_SCRAM_SHA_256);
	for (size_t i = 0; i < 20; i++)
		engine_run(bed.engine, target, count, &bed);
	engine_add(bed.engine, target, USEC_PER_SEC, count, &bed);
	for (int turn = 0; turn < 10; turn++)
		uv_run(&bed.loop, UV_RUN_ONCE);
	target_release(target);
	close_bed(&bed);
	assert_int_equal(bed.done, 0);
	stop_server(&server);
}

/* The server needs longer for a session than the interval lasts. */
static void a_slow_target_lets_slots_pass_instead_of_overlapping(void **state)
{
	const char *const slow[] = { "--reply-delay", "60", NULL };
	struct server server;
	struct target *target;
	struct periodic *periodic;
	struct bed bed;

	(void)state;
	start_server(&server, slow);
	open_bed(&bed);
	target = make_target(&server, MECHANISM_PLAIN);
	periodic = engine_add(bed.engine, target,
	                      PERIODIC_INTERVAL_MIN_MS * USEC_PER_MSEC, count, &bed);
	bed.wanted = 3;
	while (bed.done < bed.wanted) {
		uv_run(&bed.loop, UV_RUN_ONCE);
		assert_true(engine_in_flight(bed.engine) <= 1);
	}
	assert_int_equal(bed.causes[CAUSE_NONE], bed.wanted);
	assert_true(periodic_skipped(periodic) >= bed.wanted);
	target_release(target);
	close_bed(&bed);
	stop_server(&server);
}

static void slots_of_one_target_are_whole_intervals_apart(void **state)
{
	const char *const none[] = { NULL };
	const usec interval = 200 * USEC_PER_MSEC;
	struct server server;
	struct target *target;
	struct periodic *periodic;
	struct bed bed;
	usec first, last;

	(void)state;
	start_server(&server, none);
	open_bed(&bed);
	target = make_target(&server, MECHANISM_PLAIN);
	periodic = engine_add(bed.engine, target, interval, count, &bed);
	bed.wanted = 1;
	uv_run(&bed.loop, UV_RUN_DEFAULT);
	first = periodic_slot(periodic);
	bed.wanted = 5;
	uv_run(&bed.loop, UV_RUN_DEFAULT);
	last = periodic_slot(periodic);
	/* Two readings of two clocks lie between, microseconds apart. */
	assert_in_range((last - first + 1000) % interval, 0, 2000);
	target_release(target);
	close_bed(&bed);
	stop_server(&server);
}

/* ---- what an engine knows of its targets ---- */

static void keep(void *owner, struct result *result)
{
	*(struct result **)owner = result;
}

/* The caller releases it. */
static struct result *run_once(struct bed *bed, struct target *target)
{
	struct result *result = NULL;

	engine_run(bed->engine, target, keep, &result);
	while (!result && uv_run(&bed->loop, UV_RUN_ONCE))
		;
	assert_non_null(result);
	return result;
}

static struct target *make_closed_target(const char *host, usec second_look)
{
	enum { PORT_NOBODY_HAS = 1 };
	struct target_settings settings = { .host = host,
		                            .port = PORT_NOBODY_HAS,
		                            .user = "probe",
		                            .second_look = second_look,
		                            .mechanism = MECHANISM_AUTO };
	struct error err;
	struct target *target = target_create(
		&settings, secret_create(str_of(PASSWORD), "test", &err), &err);

	assert_non_null(target);
	return target;
}

static void a_good_login_is_remembered(void **state)
{
	static const char *const none[] = { NULL };
	struct server server;
	struct target *target;
	struct result *first, *second;
	struct bed bed;

	(void)state;
	start_server(&server, none);
	open_bed(&bed);
	target = make_target(&server, MECHANISM_PLAIN);
	first = run_once(&bed, target);
	second = run_once(&bed, target);
	assert_true(result_success(first) && result_success(second));
	assert_false(first->seen->has_last);
	assert_true(second->seen->has_last);
	assert_true(str_equal(second->seen->last.mechanism, STR("PLAIN")));
	assert_true(str_equal(second->seen->last.key,
	                      first->seen->tls.certificates[0].key_sha256));
	assert_int_equal(second->seen->last.at / USEC_PER_SEC,
	                 first->started / USEC_PER_SEC);
	result_release(first);
	result_release(second);
	target_release(target);
	close_bed(&bed);
	stop_server(&server);
}

static void unrelated_targets_that_fail_alike_are_counted(void **state)
{
	struct target *here = make_closed_target("127.0.0.1", 0);
	struct target *there = make_closed_target("127.1.0.1", 0);
	struct result *first, *second;
	struct bed bed;

	(void)state;
	open_bed(&bed);
	first = run_once(&bed, here);
	second = run_once(&bed, there);
	assert_int_equal(first->seen->others.refused, 0);
	assert_int_equal(second->seen->others.refused, 1);
	assert_int_equal(second->seen->others.silent, 0);
	result_release(first);
	result_release(second);
	target_release(here);
	target_release(there);
	close_bed(&bed);
}

static void second_looks_at_one_target_are_rationed(void **state)
{
	struct target *target = make_closed_target("127.0.0.1", USEC_PER_SEC);
	struct target *other = make_closed_target("127.0.0.2", USEC_PER_SEC);
	struct result *first, *second, *third;
	struct bed bed;

	(void)state;
	open_bed(&bed);
	first = run_once(&bed, target);
	second = run_once(&bed, target);
	third = run_once(&bed, other);
	assert_true(first->seen->look.count > 0);
	assert_int_equal(second->seen->look.count, 0);
	assert_true(third->seen->look.count > 0);
	result_release(first);
	result_release(second);
	result_release(third);
	target_release(target);
	target_release(other);
	close_bed(&bed);
}

static void a_second_look_can_be_cancelled(void **state)
{
	struct target *target = make_closed_target("127.0.0.1", USEC_PER_SEC);
	struct result *result = NULL;
	struct run *run;
	struct bed bed;

	(void)state;
	for (int turns = 1; turns < 12; turns++) {
		open_bed(&bed);
		result = NULL;
		run = engine_run(bed.engine, target, keep, &result);
		for (int i = 0; i < turns && !result; i++)
			uv_run(&bed.loop, UV_RUN_NOWAIT);
		if (!result)
			run_cancel(run);
		while (!result && uv_run(&bed.loop, UV_RUN_ONCE))
			;
		assert_non_null(result);
		result_release(result);
		close_bed(&bed);
	}
	target_release(target);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(many_probes_at_once_all_log_in),
		cmocka_unit_test(absurd_iterations_are_refused_and_hold_nobody_up),
		cmocka_unit_test(a_cancelled_run_still_answers),
		cmocka_unit_test(destroying_the_engine_drops_what_runs),
		cmocka_unit_test(a_slow_target_lets_slots_pass_instead_of_overlapping),
		cmocka_unit_test(slots_of_one_target_are_whole_intervals_apart),
		cmocka_unit_test(a_good_login_is_remembered),
		cmocka_unit_test(unrelated_targets_that_fail_alike_are_counted),
		cmocka_unit_test(second_looks_at_one_target_are_rationed),
		cmocka_unit_test(a_second_look_can_be_cancelled),
	};

	signal(SIGPIPE, SIG_IGN);
	curl_global_init(CURL_GLOBAL_DEFAULT);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
