/* SPDX-License-Identifier: Apache-2.0 */
#include "probe/guard_file.h"

#include <time.h>

#include "probe/state_file.h"
#include "probe/timestamp.h"

enum { PAUSE_NS = 50 * 1000 * 1000 };

/* Between the question and the session that follows. */
#define START USEC_PER_SEC

_Static_assert(GUARD_TRY_MAX_S > TARGET_TIMEOUT_MAX_S + 1, "any login is over by then");

static struct str user_of(const struct target *target)
{
	return target->set.user ? str_of(target->set.user) : STR("");
}

static struct str secret_of(const struct target *target)
{
	return target->secret ? secret_reveal(target->secret) : STR("");
}

static struct guard *find(const struct state *state, const struct target *target)
{
	return state_find_guard(state, str_of(target->address), user_of(target),
	                        secret_of(target));
}

/* NULL with a sentence. */
static struct guard *find_or_add(struct state *state, const struct target *target,
                                 struct arena *arena, struct error *err)
{
	struct guard *known = find(state, target);
	struct guard_key key;

	if (known)
		return known;
	if (!state_is_target(str_of(target->address))) {
		error_set(err, "a target of this name cannot be guarded");
		return NULL;
	}
	if (!guard_key_create(&key, user_of(target), secret_of(target), err))
		return NULL;
	return state_add_guard(state, arena, str_of(target->address), &key);
}

/* ---- before a login ---- */

struct question {
	const struct target *target;
	struct login_permit permit;
};

static void suspend(struct login_permit *permit, const struct guard *guard)
{
	permit->suspended = true;
	permit->suspension.next = guard_next_try(guard);
	permit->suspension.last = guard->last;
}

static bool begin(void *owner, struct state *state, struct arena *arena,
                  struct error *err)
{
	struct question *question = owner;
	usec now = clock_wall(), until = now + question->target->set.timeout + START;
	bool mended = state_refresh_guards(state, now);
	struct guard *guard = find_or_add(state, question->target, arena, err);

	if (!guard)
		return false;
	question->permit.mark = guard_begin(guard, now, until);
	if (question->permit.mark)
		return true;
	suspend(&question->permit, guard);
	return mended;
}

/* No refusal, just too many others that are under way. */
static bool is_worth_waiting(const struct login_permit *permit)
{
	return permit->suspended && permit->suspension.last.times == 0;
}

static bool begin_in_file(struct login_permit *out, const char *path,
                          const struct target *target, struct error *err)
{
	const struct timespec pause = { .tv_nsec = PAUSE_NS };
	usec until = clock_now() + GUARD_FILE_WAIT_S * USEC_PER_SEC;
	struct question question;

	for (;;) {
		question = (struct question){ .target = target };
		if (!state_file_change(path, begin, &question, err))
			return false;
		*out = question.permit;
		if (!is_worth_waiting(out) || clock_now() >= until)
			return true;
		nanosleep(&pause, NULL);
	}
}

/* It cannot be written, but perhaps read. */
static struct login_permit look_in_file(const char *path, const struct target *target,
                                        struct arena *arena)
{
	struct login_permit permit = { 0 };
	struct guard *guard;
	struct state state;
	struct error ignored;

	state_file_load(&state, arena, path, &ignored);
	state_refresh_guards(&state, clock_wall());
	guard = find(&state, target);
	if (guard && !guard_may_log_in(guard, clock_wall()))
		suspend(&permit, guard);
	return permit;
}

static struct login_permit ask(void *owner, const struct target *target,
                               struct arena *arena)
{
	const char *path = owner;
	struct login_permit permit;
	struct error err;

	if (!begin_in_file(&permit, path, target, &err)) {
		permit = look_in_file(path, target, arena);
		permit.remark = arena_print(
			arena,
			"%s; logins are not counted, so they can lock the account",
			err.text);
	} else if (permit.suspended) {
		permit.remark = arena_print(arena,
		                            "to log in before that, delete the line "
		                            "\"guard %s ...\" from %s",
		                            target->address, path);
	}
	return permit;
}

/* ---- after it ---- */

struct answer {
	const struct target *target;
	usec mark;
	enum guard_outcome outcome;
	const struct guard_refusal *why;
	usec next;
};

static bool end(void *owner, struct state *state, struct arena *arena,
                struct error *err)
{
	struct answer *answer = owner;
	usec now = clock_wall();
	struct guard *guard;

	state_refresh_guards(state, now);
	guard = answer->outcome == GUARD_REFUSED
	                ? find_or_add(state, answer->target, arena, err)
	                : find(state, answer->target);
	if (!guard)
		return false;
	guard_end(guard, answer->mark, answer->outcome, answer->why, now);
	answer->next = guard_next_try(guard);
	return true;
}

static const char *tell(void *owner, const struct target *target, usec mark,
                        enum guard_outcome outcome, const struct guard_refusal *why,
                        struct arena *arena)
{
	struct answer answer = { target, mark, outcome, why, 0 };
	char next[TIMESTAMP_ROOM];
	struct error err;

	if (!state_file_change(owner, end, &answer, &err))
		return outcome == GUARD_REFUSED || mark
		               ? arena_print(arena, "%s; this login is not counted",
		                             err.text)
		               : NULL;
	if (outcome != GUARD_REFUSED)
		return NULL;
	timestamp_print(next, sizeof(next), answer.next);
	return arena_print(arena,
	                   "the next login with this password is tried at %s; another "
	                   "password at once",
	                   next);
}

struct login_guard guard_file(const char *path, struct arena *arena)
{
	return (struct login_guard){ .ask = ask,
		                     .tell = tell,
		                     .owner = arena_copy(arena, str_of(path)) };
}
