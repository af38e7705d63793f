/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/recorded.h"

#include "tests/unit/row.h"

struct target *recorded_target(const struct target_settings *settings)
{
	struct error err;
	struct secret *secret = secret_create(STR("geheim99"), "password", &err);
	struct target *target = target_create(settings, secret, &err);

	if (!target)
		fail_msg("no target: %s", err.text);
	return target;
}

static struct target *usual_target(void)
{
	const struct target_settings settings = {
		.host = "mx.example",
		.user = "probe@example.com",
		.mechanism = MECHANISM_AUTO,
	};

	return recorded_target(&settings);
}

struct result *recorded(const char *text, struct target *target)
{
	struct arena *arena = arena_create();
	struct error err;
	const struct trace *trace = trace_parse(arena, str_of(text), &err);
	struct target *used = target ? target_keep(target) : usual_target();
	struct result *result;

	if (!trace)
		fail_msg("%s", err.text);
	result = result_create(arena, used, 0, trace, observe(trace, arena));
	target_release(used);
	return result;
}
