/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Prints what the plugin says of a session that is written down as a trace, for
 * tests/e2e/test_output.py:
 *
 *   output_probe status|text|openmetrics < TRACE
 */
#include <stdio.h>
#include <string.h>

#include "probe/exposition.h"
#include "probe/plugin/nagios.h"

enum { TRACE_SIZE_MAX = 256 * 1024 };

static struct result *read_result(struct arena *arena, struct target *target,
                                  struct error *err)
{
	char *text = arena_take(arena, TRACE_SIZE_MAX);
	size_t len = fread(text, 1, TRACE_SIZE_MAX, stdin);
	const struct trace *trace = trace_parse(arena, (struct str){ text, len }, err);

	return trace ? result_create(arena, target, 0, trace, observe(trace, arena))
	             : NULL;
}

static const char *print(const struct result *result, const char *form,
                         struct arena *arena)
{
	static const struct rules rules;
	const struct judgement judgement = judge(result, &rules, arena);
	const struct nagios_view view = { .rules = &rules,
		                          .judgement = &judgement,
		                          .verbosity = 3,
		                          .explain = true };

	if (strcmp(form, "status") == 0)
		return nagios_status(result, &view, arena);
	if (strcmp(form, "text") == 0)
		return nagios_print(result, &view, arena);
	return exposition_of_result(result, judgement.good, arena);
}

int main(int argc, char **argv)
{
	const struct target_settings settings = { .host = "mx.example",
		                                  .user = "probe@example.com",
		                                  .mechanism = MECHANISM_AUTO };
	struct error err = { "usage: output_probe status|text|openmetrics < TRACE" };
	struct arena *arena = arena_create();
	struct target *target = target_create(
		&settings, secret_create(STR("geheim99"), "password", &err), &err);
	struct result *result =
		target && argc == 2 ? read_result(arena, target, &err) : NULL;
	bool good = result != NULL;

	if (good)
		fputs(print(result, argv[1], arena), stdout);
	else
		fprintf(stderr, "%s\n", err.text);
	target_release(target);
	if (good)
		result_release(result); /* and the arena */
	else
		arena_destroy(arena);
	return good ? 0 : 2;
}
