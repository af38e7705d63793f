/* SPDX-License-Identifier: Apache-2.0 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>
#include <uv.h>

#include "tests/support/listener.h"
#include "tests/support/login.h"
#include "tests/support/memory.h"
#include "tests/support/options.h"
#include "tests/support/pki.h"
#include "tests/support/replay.h"
#include "tests/support/sasl_server.h"
#include "tests/support/script.h"
#include "tests/support/server.h"
#include "tests/support/tls.h"
#include "tests/support/users.h"

#define EXIT_USAGE 2

static const char all_mechanisms[] =
	"SCRAM-SHA-256-PLUS SCRAM-SHA-1-PLUS SCRAM-SHA-256 SCRAM-SHA-1 "
	"DIGEST-MD5 CRAM-MD5 PLAIN LOGIN EXTERNAL";

/* Everything that lives as long as the process. */
struct program {
	struct options options;
	uv_loop_t loop;
	struct server server;
	uv_signal_t signals[2];
	uv_poll_t input;
	bool watches_input;
	struct script *script;
	struct replay_plan replay;
	struct users *users;
	struct sasl_settings sasl;
	struct login_plan login;
	char *mechanisms; /* login's list points into it */
};

static void stop(struct program *program)
{
	struct server *server = &program->server;

	if (!server->listener)
		return;
	listener_destroy(server->listener);
	server->listener = NULL;
	for (size_t i = 0; i < 2; i++)
		uv_close((uv_handle_t *)&program->signals[i], NULL);
	if (program->watches_input)
		uv_close((uv_handle_t *)&program->input, NULL);
	while (server->connections)
		connection_destroy(server->connections);
}

static void on_signal(uv_signal_t *signal, int number)
{
	(void)number;
	stop(signal->data);
}

static void on_input(uv_poll_t *input, int status, int events)
{
	char bytes[256];

	(void)events;
	if (status < 0 || read(STDIN_FILENO, bytes, sizeof(bytes)) <= 0)
		stop(input->data);
}

static bool watch_input(struct program *program)
{
	if (uv_poll_init(&program->loop, &program->input, STDIN_FILENO) != 0) {
		fputs("smtp_script_server: --exit-with-stdin wants a pipe there\n",
		      stderr);
		return false;
	}
	program->watches_input = true;
	program->input.data = program;
	uv_poll_start(&program->input, UV_READABLE | UV_DISCONNECT, on_input);
	return true;
}

static void watch_signals(struct program *program)
{
	static const int numbers[2] = { SIGTERM, SIGINT };

	for (size_t i = 0; i < 2; i++) {
		uv_signal_init(&program->loop, &program->signals[i]);
		program->signals[i].data = program;
		uv_signal_start(&program->signals[i], on_signal, numbers[i]);
	}
}

static struct tls *create_tls(const struct options *options)
{
	const struct pki_request request = {
		.names = options->names,
		.name_count = options->name_count,
		.client_name = options->client_name,
	};
	const struct tls_settings settings = {
		.highest_version = options->highest_tls,
		.certificate = options->certificate,
		.without_sni = options->without_sni,
		.client_authority = options->client_authority,
	};
	struct pki *pki = options->certificates
	                          ? pki_open(options->certificates, &request)
	                          : pki_create(&request);
	struct tls *tls = pki ? tls_create(pki, &settings) : NULL;

	pki_destroy(pki);
	return tls;
}

static bool prepare_replay(struct program *program)
{
	program->script = script_read(program->options.trace);
	program->replay = (struct replay_plan){
		.script = program->script,
		.timing = program->options.timing,
	};
	program->server.dialogue = &replay_dialogue;
	program->server.plan = &program->replay;
	return program->script;
}

static bool split_mechanisms(struct program *program)
{
	static const char separators[] = " ,";
	const char *list = program->options.mechanisms;
	size_t count = 0;
	char *rest;

	program->mechanisms =
		list ? memory_copy(list, strlen(list))
		     : memory_copy(all_mechanisms, strlen(all_mechanisms));
	for (char *word = strtok_r(program->mechanisms, separators, &rest); word;
	     word = strtok_r(NULL, separators, &rest)) {
		if (count == LOGIN_MECHANISMS_MAX - 1 ||
		    strlen(word) > LOGIN_MECHANISM_BYTES) {
			fprintf(stderr,
			        "smtp_script_server: --mechanisms: '%s' is one "
			        "too many or too long\n",
			        word);
			return false;
		}
		program->login.mechanisms[count++] = word;
		program->login.external_always |= list && strcmp(word, "EXTERNAL") == 0;
		program->sasl.offers_plus |= sasl_server_is_plus(word);
	}
	return true;
}

static bool prepare_login(struct program *program)
{
	const struct options *options = &program->options;

	program->login = (struct login_plan){
		.host = options->ehlo_name ? options->ehlo_name : options->names[0],
		.greeting = options->greeting,
		.tls = options->tls,
		.reply_delay = options->reply_delay,
		.auth_before_tls = options->auth_before_tls,
		.backend_down = options->backend_down,
		.lower_case = options->lower_case,
		.auth_equals = options->auth_equals,
		.reset_after_refusal = options->reset_after_refusal,
		.silent_quit = options->silent_quit,
	};
	program->server.dialogue = &login_dialogue;
	program->server.plan = &program->login;
	program->users = users_read(options->users, options->iterations);
	program->sasl = (struct sasl_settings){
		.users = program->users,
		.host = options->names[0],
		.backend_down = options->backend_down,
	};
	if (!program->users || !split_mechanisms(program))
		return false;
	program->login.sasl = sasl_server_create(&program->sasl);
	return program->login.sasl;
}

static bool prepare(struct program *program)
{
	const struct options *options = &program->options;
	struct server *server = &program->server;
	bool ready = options->mode == MODE_REPLAY ? prepare_replay(program)
	                                          : prepare_login(program);

	server->loop = &program->loop;
	server->quiet = options->quiet;
	if (!ready || !(server->tls = create_tls(options)))
		return false;
	if (options->exit_with_stdin && !watch_input(program))
		return false;
	server->listener =
		listener_create(server, options->listen, (uint16_t)options->port);
	return server->listener;
}

/* Thousands of connections at once want as many descriptors. */
static void raise_limits(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
		return;
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
}

static void serve(struct program *program)
{
	watch_signals(program);
	printf("listening %s %u\n", program->options.listen,
	       (unsigned)listener_port(program->server.listener));
	fflush(stdout);
	uv_run(&program->loop, UV_RUN_DEFAULT);
}

static void print_counters(const struct program *program)
{
	const struct counters *counters = &program->server.counters;

	if (program->options.mode == MODE_LOGIN)
		printf("connections %lu accepted %lu refused %lu\n",
		       counters->connections, counters->accepted, counters->refused);
	else
		printf("connections %lu mismatches %lu\n", counters->connections,
		       counters->mismatches);
	fflush(stdout);
}

static void release(struct program *program)
{
	if (program->watches_input && !uv_is_closing((uv_handle_t *)&program->input))
		uv_close((uv_handle_t *)&program->input, NULL);
	uv_run(&program->loop, UV_RUN_DEFAULT);
	uv_loop_close(&program->loop);
	tls_destroy(program->server.tls);
	script_destroy(program->script);
	sasl_server_destroy(program->login.sasl);
	users_destroy(program->users);
	free(program->mechanisms);
}

int main(int count, char *arguments[])
{
	struct program program = { 0 };
	bool ready;

	if (!options_read(&program.options, count, arguments))
		return EXIT_USAGE;
	signal(SIGPIPE, SIG_IGN);
	raise_limits();
	uv_loop_init(&program.loop);
	ready = prepare(&program);
	if (ready) {
		serve(&program);
		print_counters(&program);
	}
	release(&program);
	return ready ? EXIT_SUCCESS : EXIT_USAGE;
}
