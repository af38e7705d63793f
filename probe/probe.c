/* SPDX-License-Identifier: Apache-2.0 */
#include "probe/probe.h"

#include "probe/experiment.h"
#include "probe/remember.h"
#include "probe/timestamp.h"

struct probe {
	const struct probe_ground *ground;
	struct arena *arena; /* becomes the result's */
	struct target *target;
	struct redaction *redaction;
	struct trace *trace;
	struct session *session; /* NULL once it is over */
	struct session_route route;
	struct login_permit permit;
	struct second_look *look; /* while it is under way */
	bool looked, cancelled;
	usec started, clock_started;
	probe_done *done;
	void *owner;
};

static usec now(const struct probe *probe)
{
	return clock_now() - probe->clock_started;
}

/* ---- the end ---- */

static bool any(const struct correlation_counts *counts)
{
	return counts->same_issuer || counts->same_greeting || counts->same_text ||
	       counts->silent || counts->refused || counts->not_smtp || counts->expired;
}

/* Asks what other targets met lately, then adds what this one met. True: noted. */
static bool note_others(struct probe *probe, const struct observation *seen)
{
	struct correlation *correlation = probe->ground->correlation;
	struct correlation_outcome outcome =
		remember_outcome(seen, probe->target, probe->arena);
	struct correlation_counts counts = { 0 };
	struct text line;
	bool noted;

	if (!seen->authenticated)
		counts = correlation_count(correlation, clock_now(), &outcome);
	noted = any(&counts);
	if (noted) {
		line = text_create(probe->arena, TRACE_NOTE_MAX);
		correlation_print(&counts, &line);
		trace_note(probe->trace, now(probe), "%s", line.at);
	}
	correlation_add(correlation, clock_now(), &outcome);
	return noted;
}

static void tell_guard(const struct probe *probe, struct result *result)
{
	const struct login_guard *guard = &probe->ground->guard;
	const struct diagnosis *diagnosis = &result->diagnosis;
	struct guard_refusal why = { .reason = diagnosis->reason,
		                     .confidence = diagnosis->confidence };
	const char *sentence;

	if (!guard->tell || probe->permit.suspended)
		return;
	sentence = guard->tell(guard->owner, probe->target, probe->permit.mark,
	                       remember_guard(result->seen, diagnosis->cause), &why,
	                       probe->arena);
	if (sentence)
		result_add_evidence(result, sentence);
}

/* `seen` is all that the trace holds. */
static void finish(struct probe *probe, const struct observation *seen)
{
	struct target *target = probe->target;
	struct memory_record record;
	struct result *result;

	if (note_others(probe, seen))
		seen = observe(probe->trace, probe->arena);
	if (remember_login(&record, seen, probe->started, probe->arena))
		memory_put(probe->ground->memory, target->address, &record);
	trace_close(probe->trace);
	redaction_destroy(probe->redaction);
	result =
		result_create(probe->arena, target, probe->started, probe->trace, seen);
	tell_guard(probe, result);
	probe->done(probe->owner, result);
	target_release(target);
}

/* ---- the second look ---- */

static void on_look_note(void *owner, const char *event)
{
	struct probe *probe = owner;

	trace_add(probe->trace, now(probe), DIRECTION_NOTE, str_of(event));
}

static void on_look_done(void *owner)
{
	struct probe *probe = owner;

	probe->look = NULL;
	if (!probe->session)
		finish(probe, observe(probe->trace, probe->arena));
}

/* Asked last, because a yes counts as taken. */
static bool may_look(const struct probe *probe)
{
	return memory_may_look(probe->ground->memory, probe->target->address,
	                       clock_now(), probe->ground->look_interval);
}

static void look_again(struct probe *probe, const struct observation *seen)
{
	usec left = probe->target->set.timeout - now(probe) -
	            SECOND_LOOK_MARGIN_MS * USEC_PER_MSEC;
	usec patience = probe->target->set.second_look;
	struct second_look_params params = {
		.loop = probe->ground->session.loop,
		.target = probe->target,
		.destination = &probe->route.destination,
		.address_index = probe->route.address_index,
		.plan = experiment_plan(seen, probe->target),
		.patience = patience < left ? patience : left,
		.note = on_look_note,
		.done = on_look_done,
		.owner = probe,
	};

	if (probe->looked || probe->cancelled || params.patience <= 0 ||
	    experiment_plan_is_empty(&params.plan) || !may_look(probe))
		return;
	probe->looked = true;
	probe->look = second_look_start(&params);
}

/* ---- the session ---- */

/* It may still answer: the second look goes on beside it. */
static void on_silent(void *owner)
{
	struct probe *probe = owner;
	struct arena *arena = arena_create();

	look_again(probe, observe(probe->trace, arena));
	arena_destroy(arena);
}

static bool is_answered(const struct observation *seen)
{
	return seen->authenticated || seen->ending == ENDING_REPLY;
}

static void on_session_done(void *owner)
{
	struct probe *probe = owner;
	const struct observation *seen = observe(probe->trace, probe->arena);

	probe->session = NULL;
	if (probe->look && (probe->cancelled || is_answered(seen)))
		second_look_stop(probe->look);
	else if (!probe->look)
		look_again(probe, seen);
	if (!probe->look)
		finish(probe, seen);
}

static const struct session_events session_events = { .silent = on_silent,
	                                              .done = on_session_done };

/* ---- the beginning ---- */

static void note_memory(struct probe *probe)
{
	struct text line = text_create(probe->arena, TRACE_NOTE_MAX);
	struct memory_record last;

	if (probe->ground->memory_damage)
		trace_note(probe->trace, 0, "memory %s", probe->ground->memory_damage);
	if (!memory_get(&last, probe->ground->memory, probe->arena,
	                probe->target->address))
		return;
	memory_print(&last, &line);
	trace_note(probe->trace, 0, "%s", line.at);
}

/* It may have to wait for other logins, which is no part of the run. */
static void ask_guard(struct probe *probe)
{
	const struct login_guard *guard = &probe->ground->guard;

	if (guard->ask)
		probe->permit = guard->ask(guard->owner, probe->target, probe->arena);
	probe->route.login_suspended = probe->permit.suspended;
}

static void note_guard(struct probe *probe)
{
	const struct login_permit *permit = &probe->permit;
	struct text line = text_create(probe->arena, TRACE_NOTE_MAX);

	if (permit->suspended) {
		guard_text_print_suspension(&permit->suspension, &line);
		trace_note(probe->trace, 0, "%s", line.at);
	}
	if (permit->remark)
		trace_note(probe->trace, 0, "guard %s", permit->remark);
}

static void note_beginning(struct probe *probe)
{
	const struct target *target = probe->target;
	char time[TIMESTAMP_ROOM];

	timestamp_print(time, sizeof(time), probe->started);
	trace_note(probe->trace, 0, "begin %s", time);
	note_memory(probe);
	if (target->interceptors_damage.text[0])
		trace_note(probe->trace, 0, "interceptors %s",
		           target->interceptors_damage.text);
	if (target->secret && secret_has_outer_blanks(target->secret))
		trace_note(probe->trace, 0, "blank at an end of the password");
}

struct probe *probe_start(const struct probe_ground *ground, struct target *target,
                          probe_done *done, void *owner)
{
	struct arena *arena = arena_create();
	struct probe *probe = arena_take(arena, sizeof(*probe));
	struct str secret = target->secret ? secret_reveal(target->secret) : STR("");

	probe->ground = ground;
	probe->arena = arena;
	probe->target = target_keep(target);
	probe->redaction = redaction_create(secret.len);
	redaction_add_secret(probe->redaction, secret);
	ask_guard(probe);
	probe->trace = trace_create(arena, probe->redaction);
	probe->started = clock_wall();
	probe->clock_started = clock_now();
	note_beginning(probe);
	note_guard(probe);
	probe->done = done;
	probe->owner = owner;
	probe->session =
		session_start(&ground->session, target, probe->trace, probe->redaction,
	                      &probe->route, &session_events, probe);
	return probe;
}

void probe_cancel(struct probe *probe)
{
	probe->cancelled = true;
	if (probe->session)
		session_cancel(probe->session);
	else if (probe->look)
		second_look_stop(probe->look);
}
