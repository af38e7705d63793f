/* SPDX-License-Identifier: Apache-2.0 */
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include "tests/bench/bench.h"
#include "tests/bench/measure.h"

enum { NETWORK = 250, HOST_ROOM = sizeof("127.000.000.000") };

/* An engine looks again once in five minutes at a target: each is asked once. */
struct failures {
	struct bench *bench;
	size_t started, failed;
};

static size_t connections;

/* Instead of libc's, to count what TCP opens; glibc has a union for the address. */
__attribute__((visibility("default"))) int
connect(int descriptor, __CONST_SOCKADDR_ARG address, socklen_t len)
{
	static int (*original)(int, __CONST_SOCKADDR_ARG, socklen_t);
	int type = 0;
	socklen_t room = sizeof(type);

	if (!original)
		*(void **)&original = dlsym(RTLD_NEXT, "connect");
	if (getsockopt(descriptor, SOL_SOCKET, SO_TYPE, &type, &room) == 0 &&
	    type == SOCK_STREAM)
		connections++;
	return original(descriptor, address, len);
}

static void start_next(struct failures *failures);

static void on_done(void *owner, struct smtp_probe_result *result)
{
	struct failures *failures = owner;

	failures->failed += strcmp(smtp_probe_cause(result), "tls") == 0;
	smtp_probe_result_release(result);
	start_next(failures);
}

static void start_next(struct failures *failures)
{
	struct bench one = *failures->bench;
	struct smtp_probe_target *target;
	char host[HOST_ROOM];
	size_t number = failures->started;

	if (number == failures->bench->count)
		return;
	failures->started++;
	snprintf(host, sizeof(host), "127.1.%u.%u",
	         (unsigned)(number / NETWORK % NETWORK),
	         (unsigned)(number % NETWORK + 1));
	one.settings.host = host;
	target = bench_target(&one, 0);
	smtp_probe_start(failures->bench->engine, target, on_done, failures);
	smtp_probe_target_release(target);
}

static double in_seconds(struct timeval time)
{
	return (double)time.tv_sec + (double)time.tv_usec / 1e6;
}

bool measure_failures(struct bench *bench)
{
	struct failures failures = { .bench = bench };
	double start = seconds(CLOCK_MONOTONIC);
	struct rusage used;

	for (size_t i = 0; i < bench->in_flight; i++)
		start_next(&failures);
	while (smtp_probe_in_flight(bench->engine) > 0)
		uv_run(&bench->loop, UV_RUN_ONCE);
	getrusage(RUSAGE_SELF, &used);
	printf("failed %zu\n", failures.failed);
	printf("connections %zu\n", connections);
	printf("wall %.6f\n", seconds(CLOCK_MONOTONIC) - start);
	printf("cpu %.6f\n", in_seconds(used.ru_utime) + in_seconds(used.ru_stime));
	return failures.failed == bench->count;
}
