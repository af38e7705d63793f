/* SPDX-License-Identifier: Apache-2.0 */
#include <curl/curl.h>
#include <getopt.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "tests/bench/bench.h"

static const char USAGE[] =
	"usage: bench_engine burst|failures|hold|turns|periodic --port PORT\n"
	"           --user USER --password PASSWORD --ca-file FILE\n"
	"           [--host 127.0.0.1] [--count 2000] [--in-flight 50]\n"
	"           [--mechanism PLAIN] [--interval 10] [--seconds 60]\n"
	"           [--silent-port PORT] [--second-look 0]\n"
	"It is started by tests/bench/run.\n";

static const struct {
	const char *name;
	bool (*measure)(struct bench *bench);
} measurements[] = {
	{ "burst", measure_burst },       { "failures", measure_failures },
	{ "hold", measure_hold },         { "turns", measure_turns },
	{ "periodic", measure_periodic },
};

_Noreturn void bench_give_up(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	fputs("bench_engine: ", stderr);
	vfprintf(stderr, format, arguments);
	fputs("\n", stderr);
	va_end(arguments);
	exit(2);
}

struct smtp_probe_target *bench_target(const struct bench *bench, int port)
{
	struct smtp_probe_settings settings = bench->settings;
	struct smtp_probe_target *target;
	struct smtp_probe_error error;

	if (port)
		settings.port = port;
	target = smtp_probe_target_create(&settings, &error);
	if (!target)
		bench_give_up("%s", error.text);
	return target;
}

enum option_kind { TEXT, NUMBER, SIZE, SECONDS };

static const struct row {
	const char *name;
	enum option_kind kind;
	size_t field;
} rows[] = {
	{ "host", TEXT, offsetof(struct bench, settings.host) },
	{ "port", NUMBER, offsetof(struct bench, settings.port) },
	{ "user", TEXT, offsetof(struct bench, settings.user) },
	{ "password", TEXT, offsetof(struct bench, settings.password) },
	{ "ca-file", TEXT, offsetof(struct bench, settings.ca_file) },
	{ "mechanism", TEXT, offsetof(struct bench, settings.mechanism) },
	{ "count", SIZE, offsetof(struct bench, count) },
	{ "in-flight", SIZE, offsetof(struct bench, in_flight) },
	{ "interval", SECONDS, offsetof(struct bench, interval) },
	{ "seconds", SECONDS, offsetof(struct bench, seconds) },
	{ "second-look", SECONDS, offsetof(struct bench, settings.second_look) },
	{ "silent-port", NUMBER, offsetof(struct bench, silent_port) },
};

enum { ROW_COUNT = sizeof(rows) / sizeof(rows[0]) };

static void set(struct bench *bench, const struct row *row, const char *value)
{
	void *field = (char *)bench + row->field;

	switch (row->kind) {
	case TEXT:
		*(const char **)field = value;
		break;
	case NUMBER:
		*(int *)field = (int)strtol(value, NULL, 10);
		break;
	case SIZE:
		*(size_t *)field = strtoul(value, NULL, 10);
		break;
	case SECONDS:
		*(double *)field = strtod(value, NULL);
		break;
	}
}

static void read_options(struct bench *bench, int count, char *arguments[])
{
	struct option known[ROW_COUNT + 1] = { 0 };
	int index;

	for (int i = 0; i < ROW_COUNT; i++)
		known[i] = (struct option){ rows[i].name, required_argument, NULL, i };
	while ((index = getopt_long(count, arguments, "", known, NULL)) >= 0) {
		if (index == '?')
			bench_give_up("%s", USAGE);
		set(bench, &rows[index], optarg);
	}
}

/* Hundreds of probes in flight want as many descriptors. */
static void raise_limits(void)
{
	struct rlimit limit;

	getrlimit(RLIMIT_NOFILE, &limit);
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
}

static bool measure(struct bench *bench, const char *name)
{
	for (size_t i = 0; i < sizeof(measurements) / sizeof(measurements[0]); i++)
		if (strcmp(measurements[i].name, name) == 0)
			return measurements[i].measure(bench);
	bench_give_up("%s", USAGE);
}

int main(int count, char *arguments[])
{
	struct bench bench = {
		.settings = { .host = "127.0.0.1",
		              .mechanism = "PLAIN",
		              .timeout = 60 },
		.count = 2000,
		.in_flight = 50,
		.interval = 10,
		.seconds = 60,
	};
	struct smtp_probe_error error;
	bool done;

	if (count < 2)
		bench_give_up("%s", USAGE);
	read_options(&bench, count - 1, arguments + 1);
	signal(SIGPIPE, SIG_IGN);
	raise_limits();
	curl_global_init(CURL_GLOBAL_DEFAULT);
	uv_loop_init(&bench.loop);
	uv_loop_configure(&bench.loop, UV_METRICS_IDLE_TIME);
	bench.engine = smtp_probe_engine_create(&bench.loop, &error);
	if (!bench.engine)
		bench_give_up("%s", error.text);
	bench.target = bench_target(&bench, 0);
	done = measure(&bench, arguments[1]);
	smtp_probe_target_release(bench.target);
	smtp_probe_engine_destroy(bench.engine);
	uv_run(&bench.loop, UV_RUN_DEFAULT);
	uv_loop_close(&bench.loop);
	curl_global_cleanup();
	return done ? EXIT_SUCCESS : EXIT_FAILURE;
}
