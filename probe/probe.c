/* SPDX-License-Identifier: Apache-2.0 */
#include "probe/probe.h"

struct probe {
	struct arena *arena; /* becomes the result's */
	struct target *target;
	struct redaction *redaction;
	struct trace *trace;
	struct session *session;
	usec started;
	probe_done *done;
	void *owner;
};

static void on_session_done(void *owner)
{
	struct probe *probe = owner;
	struct target *target = probe->target;
	struct result *result;

	trace_close(probe->trace);
	redaction_destroy(probe->redaction);
	result = result_create(probe->arena, target, probe->started, probe->trace);
	probe->done(probe->owner, result);
	target_release(target);
}

struct probe *probe_start(const struct session_ground *ground, struct target *target,
                          probe_done *done, void *owner)
{
	struct arena *arena = arena_create();
	struct probe *probe = arena_take(arena, sizeof(*probe));
	struct str secret = target->secret ? secret_reveal(target->secret) : STR("");

	probe->arena = arena;
	probe->target = target_keep(target);
	probe->redaction = redaction_create(secret.len);
	redaction_add_secret(probe->redaction, secret);
	probe->trace = trace_create(arena, probe->redaction);
	if (target->secret && secret_has_outer_blanks(target->secret))
		trace_note(probe->trace, 0, "blank at an end of the password");
	probe->started = clock_wall();
	probe->done = done;
	probe->owner = owner;
	probe->session = session_start(ground, target, probe->trace, probe->redaction,
	                               on_session_done, probe);
	return probe;
}

void probe_cancel(struct probe *probe)
{
	session_cancel(probe->session);
}
