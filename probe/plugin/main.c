/* SPDX-License-Identifier: Apache-2.0 */
#include <curl/curl.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>
#include <uv.h>

#include "probe/engine.h"
#include "probe/exposition.h"
#include "probe/guard_file.h"
#include "probe/json.h"
#include "probe/plugin/decode_input.h"
#include "probe/plugin/decode_json.h"
#include "probe/plugin/nagios.h"
#include "probe/plugin/options.h"
#include "probe/plugin/password.h"
#include "probe/plugin/recall.h"

/* One check from start to exit. */
struct plugin {
	struct options options;
	struct arena *arena;
	uv_loop_t loop;
	uv_signal_t terminated, interrupted;
	struct run *run;
	struct result *result;
};

/*
 * Libraries keep copies of the password on the heap for a moment. No core dump, not
 * even one that root forces, shall hold them: neither file nor memory class is left.
 */
static void forbid_core_dumps(void)
{
	const struct rlimit none = { 0 };
	int filter = open("/proc/self/coredump_filter", O_WRONLY | O_CLOEXEC);

	if (filter >= 0) {
		if (write(filter, "0", 1) < 0)
			(void)0;
		close(filter);
	}
	setrlimit(RLIMIT_CORE, &none);
	prctl(PR_SET_DUMPABLE, 0);
}

static void print(const char *text)
{
	fputs(text, stdout);
	fflush(stdout);
}

/* ---- trouble before there is anything to probe ---- */

static int give_up(const struct plugin *plugin, enum reason reason,
                   const char *sentence)
{
	char line[ERROR_TEXT_MAX + 32];

	snprintf(line, sizeof(line), "check_smtp_auth: %s", sentence);
	for (char *c = line; *c; c++)
		if (*c == '|' || *c < ' ' || *c > '~')
			*c = '?';
	switch (plugin->options.output) {
	case OUTPUT_JSON:
		print(json_of_trouble(reason, line, plugin->arena));
		print("\n");
		break;
	case OUTPUT_OPENMETRICS:
		fprintf(stderr, "%s\n", line); /* a metric holds no sentence */
		print(exposition_of_trouble(reason, plugin->arena));
		break;
	case OUTPUT_TEXT:
	case OUTPUT_NAGIOS_ONLY:
		print(line);
		print("\n");
		break;
	}
	return SEVERITY_UNKNOWN;
}

/* ---- the run ---- */

static void on_signal(uv_signal_t *handle, int number)
{
	struct plugin *plugin = handle->data;

	(void)number;
	if (plugin->run)
		run_cancel(plugin->run);
}

static bool watch_signal(struct plugin *plugin, uv_signal_t *handle, int number)
{
	if (uv_signal_init(&plugin->loop, handle) < 0)
		return false;
	handle->data = plugin;
	if (uv_signal_start(handle, on_signal, number) < 0)
		return false;
	/* Waiting for a signal alone is no reason to go on. */
	uv_unref((uv_handle_t *)handle);
	return true;
}

static void on_done(void *owner, struct result *result)
{
	struct plugin *plugin = owner;

	plugin->run = NULL;
	plugin->result = result;
	uv_stop(&plugin->loop);
}

/* libuv ends the process when it cannot make the pipes of its signal handling. */
static bool has_descriptors(void)
{
	enum { WANTED = 16 };
	int taken[WANTED], count = 0;

	while (count < WANTED &&
	       (taken[count] = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 0)) >= 0)
		count++;
	for (int i = 0; i < count; i++)
		close(taken[i]);
	return count == WANTED;
}

static bool open_loop(struct plugin *plugin, struct error *err)
{
	if (has_descriptors() && uv_loop_init(&plugin->loop) == 0 &&
	    watch_signal(plugin, &plugin->terminated, SIGTERM) &&
	    watch_signal(plugin, &plugin->interrupted, SIGINT))
		return true;
	return error_set(err,
	                 "no event loop can be made; raise the limit of open files "
	                 "(ulimit -n)");
}

/* The login was good whether or not it can be remembered. */
static void remember(struct plugin *plugin, const struct engine *engine,
                     const struct target *target)
{
	struct error err;

	if (plugin->options.state_file && result_success(plugin->result) &&
	    !recall_save(engine, plugin->options.state_file, target, &err))
		result_add_evidence(plugin->result, err.text);
}

static bool probe(struct plugin *plugin, struct target *target, struct error *err)
{
	struct engine *engine;

	if (!open_loop(plugin, err))
		return false;
	engine = engine_create(&plugin->loop, true, err);
	if (!engine)
		return false;
	if (plugin->options.state_file) {
		engine_guard(engine,
		             guard_file(plugin->options.state_file, plugin->arena));
		recall_load(engine, plugin->options.state_file, target, plugin->arena);
	}
	plugin->run = engine_run(engine, target, on_done, plugin);
	uv_run(&plugin->loop, UV_RUN_DEFAULT);
	remember(plugin, engine, target);
	engine_destroy(engine);
	uv_close((uv_handle_t *)&plugin->terminated, NULL);
	uv_close((uv_handle_t *)&plugin->interrupted, NULL);
	return true;
}

static const char WARN_ARGUMENT[] = "note:           the password stood on the command "
				    "line, where others can read it;\n"
				    "                use --password-file instead\n";

/* Of a terminal that can show them, unless the user says no (https://no-color.org). */
static bool wants_colour(void)
{
	const char *forbidden = getenv("NO_COLOR"), *terminal = getenv("TERM");

	return isatty(STDOUT_FILENO) && !(forbidden && *forbidden) && terminal &&
	       *terminal && strcmp(terminal, "dumb") != 0;
}

static void print_text(const struct plugin *plugin, const struct nagios_view *view)
{
	print(nagios_print(plugin->result, view, plugin->arena));
	if (plugin->options.password_source == PASSWORD_ARGUMENT)
		print(WARN_ARGUMENT);
}

static void print_json(const struct plugin *plugin, const struct nagios_view *view)
{
	const char *message = nagios_message(plugin->result, view, plugin->arena);

	print(json_of_result(plugin->result, message, view->trace, plugin->arena));
	print("\n");
}

static int show(const struct plugin *plugin)
{
	const struct options *options = &plugin->options;
	const struct result *result = plugin->result;
	const struct judgement judgement =
		judge(result, &options->rules, plugin->arena);
	const struct nagios_view view = {
		.rules = &options->rules,
		.judgement = &judgement,
		.verbosity = options->verbosity,
		.trace = options->trace,
		.explain = options->explain,
		.colour = wants_colour(),
	};

	switch (options->output) {
	case OUTPUT_TEXT:
		print_text(plugin, &view);
		break;
	case OUTPUT_JSON:
		print_json(plugin, &view);
		break;
	case OUTPUT_OPENMETRICS:
		print(exposition_of_result(
			result, judgement.good && judgement.state != SEVERITY_CRITICAL,
			plugin->arena));
		break;
	case OUTPUT_NAGIOS_ONLY:
		print(nagios_status(result, &view, plugin->arena));
		break;
	}
	return (int)judgement.state;
}

/*
 * The verdict is out. A worker that still hangs in the Kerberos library would keep
 * libuv's exit handler waiting, so then the process just ends.
 */
static void clean_up(struct plugin *plugin, int state)
{
	for (int turn = 0; turn < 3 && uv_run(&plugin->loop, UV_RUN_NOWAIT); turn++)
		;
	if (uv_loop_close(&plugin->loop) == UV_EBUSY)
		_exit(state);
}

static int run(struct plugin *plugin)
{
	struct secret *secret;
	struct target *target;
	struct error err;
	int state;

	if (!password_take(&secret, &plugin->options, plugin->arena, &err))
		return give_up(plugin, REASON_SECRET_UNREADABLE, err.text);
	target = target_create(&plugin->options.target, secret, &err);
	if (!target)
		return give_up(plugin, REASON_BAD_TARGET, err.text);
	if (!probe(plugin, target, &err)) {
		target_release(target);
		return give_up(plugin, REASON_RESOURCE_EXHAUSTED, err.text);
	}
	state = show(plugin);
	result_release(plugin->result);
	target_release(target);
	clean_up(plugin, state);
	return state;
}

static int decode_one(const struct plugin *plugin)
{
	struct decode_question question = plugin->options.question;
	struct decoded decoded;
	struct error err;

	if (str_equal(question.reply, STR("-")) &&
	    !decode_input_read(&question.reply, stdin, plugin->arena, &err))
		return give_up(plugin, REASON_BAD_TARGET, err.text);
	if (!decode(&decoded, &question, plugin->arena, &err))
		return give_up(plugin, REASON_BAD_TARGET, err.text);
	if (plugin->options.output == OUTPUT_JSON) {
		print(decode_json_print(&decoded, plugin->arena));
		print("\n");
	} else {
		print(decode_print(&decoded, plugin->arena));
	}
	return SEVERITY_OK;
}

static int decode_lines(const struct plugin *plugin)
{
	return decode_input_answer(stdin, stdout, &plugin->options.question)
	               ? SEVERITY_OK
	               : SEVERITY_UNKNOWN;
}

static int serve(struct plugin *plugin)
{
	switch (plugin->options.wish) {
	case WISH_HELP:
		print(options_help(plugin->arena));
		return SEVERITY_UNKNOWN;
	case WISH_VERSION:
		print("check_smtp_auth " PROBE_VERSION "\n");
		return SEVERITY_UNKNOWN;
	case WISH_DECODE:
		return plugin->options.jsonl ? decode_lines(plugin)
		                             : decode_one(plugin);
	case WISH_PROBE:
		return run(plugin);
	}
	return SEVERITY_UNKNOWN;
}

int main(int argc, char **argv)
{
	struct plugin plugin = { .arena = arena_create() };
	struct error err;
	int state;

	forbid_core_dumps();
	signal(SIGPIPE, SIG_IGN);
	curl_global_init(CURL_GLOBAL_DEFAULT);
	if (options_parse(&plugin.options, argc, argv, &err))
		state = serve(&plugin);
	else
		state = give_up(&plugin, REASON_BAD_TARGET, err.text);
	options_release(&plugin.options);
	curl_global_cleanup();
	arena_destroy(plugin.arena);
	return state;
}
