/* SPDX-License-Identifier: Apache-2.0 */
#include "probe/state_text.h"

#include <stdlib.h>
#include <string.h>

#define OPENING "check_smtp_auth state "
#define HEADER  OPENING "1\n"

enum {
	VERSION = 1,
	RECORD_LINE_MAX = sizeof("target  \n") + STATE_TARGET_MAX + MEMORY_TEXT_MAX,
	RECORD_LINE_MIN = sizeof("target h last good 2026-11-24T08:03:03Z\n") - 1,
	GUARD_LINE_MAX = sizeof("guard  \n") + STATE_TARGET_MAX + GUARD_TEXT_MAX,
	GUARD_LINE_MIN = sizeof("guard h salt= digest= \n") - 1 +
	                 2 * (GUARD_SALT_SIZE + GUARD_DIGEST_SIZE),
	OTHER_LINE_MIN = sizeof("k \n") - 1
};

_Static_assert(STATE_GUARDS_MAX *GUARD_LINE_MAX < STATE_SIZE_MAX / 2,
               "guards leave room for records");

/* Where reading stands. */
struct reading {
	struct state *state;
	struct arena *arena;
	const char *path;
	int line;
	int first_damaged; /* line */
	size_t damaged;    /* lines */
	struct error flaw; /* of the first of them */
};

/* ---- order ---- */

static int by_target_newest_first(const void *a, const void *b)
{
	const struct state_record *left = a, *right = b;
	size_t shorter = left->target.len < right->target.len ? left->target.len
	                                                      : right->target.len;
	int order = memcmp(left->target.at, right->target.at, shorter);

	if (order != 0)
		return order;
	if (left->target.len != right->target.len)
		return left->target.len < right->target.len ? -1 : 1;
	return (left->record.at < right->record.at) -
	       (left->record.at > right->record.at);
}

static int newest_first(const void *a, const void *b)
{
	const struct state_record *left = a, *right = b;

	if (left->record.at != right->record.at)
		return left->record.at < right->record.at ? 1 : -1;
	return by_target_newest_first(a, b);
}

static void sort(struct state *state, int (*order)(const void *left, const void *right))
{
	if (state->count)
		qsort(state->records, state->count, sizeof(*state->records), order);
}

static void put_in_order(struct state *state)
{
	size_t kept = 0;

	sort(state, by_target_newest_first);
	for (size_t i = 0; i < state->count; i++)
		if (i == 0 ||
		    !str_equal(state->records[i].target, state->records[i - 1].target))
			state->records[kept++] = state->records[i];
	state->count = kept;
	sort(state, newest_first);
	if (state->count > STATE_RECORDS_MAX)
		state->count = STATE_RECORDS_MAX;
}

/* ---- text to state ---- */

bool state_is_target(struct str target)
{
	for (size_t i = 0; i < target.len; i++)
		if (target.at[i] <= ' ' || target.at[i] > '~')
			return false;
	return target.len > 0 && target.len <= STATE_TARGET_MAX;
}

/* Takes a line with its LF; without, where the text is cut short. */
static struct str take_line(struct str *rest)
{
	const char *end = memchr(rest->at, '\n', rest->len);
	size_t len = end ? (size_t)(end - rest->at) + 1 : rest->len;
	struct str line = { rest->at, len };

	*rest = (struct str){ rest->at + len, rest->len - len };
	return line;
}

static void note_damage(struct reading *reading, const struct error *flaw)
{
	if (reading->damaged++ == 0) {
		reading->flaw = *flaw;
		reading->first_damaged = reading->line;
	}
}

/* "target", "guard", or a word of a later program. */
static bool take_keyword(struct str *out, struct str *rest)
{
	size_t len = 0;

	while (len < rest->len &&
	       ((rest->at[len] >= 'a' && rest->at[len] <= 'z') || rest->at[len] == '_'))
		len++;
	if (len == 0 || len == rest->len || rest->at[len] != ' ')
		return false;
	*out = (struct str){ rest->at, len };
	*rest = (struct str){ rest->at + len + 1, rest->len - len - 1 };
	return true;
}

/* With the blank behind it. */
static bool take_target(struct str *out, struct str *rest, const char *keyword,
                        struct error *flaw)
{
	size_t len = 0;

	while (len < rest->len && rest->at[len] != ' ')
		len++;
	*out = (struct str){ rest->at, len };
	if (!state_is_target(*out))
		return error_set(flaw, "no HOST:PORT behind \"%s\"", keyword);
	*rest = (struct str){ rest->at + len, rest->len - len };
	str_take_char(rest, ' ');
	return true;
}

static bool read_record(struct reading *reading, struct str rest, struct error *flaw)
{
	struct state *state = reading->state;
	struct state_record read = { .target = STR("") };

	if (!take_target(&read.target, &rest, "target", flaw) ||
	    !memory_parse(&read.record, reading->arena, rest, flaw))
		return false;
	state->records[state->count++] = read;
	return true;
}

static bool read_guard(struct reading *reading, struct str rest, struct error *flaw)
{
	struct state *state = reading->state;
	struct state_guard read = { .target = STR("") };

	if (!take_target(&read.target, &rest, "guard", flaw) ||
	    !guard_text_parse(&read.record, rest, flaw))
		return false;
	if (state->guard_count < STATE_GUARDS_MAX)
		state->guards[state->guard_count++] = read;
	return true;
}

static bool read_line(struct reading *reading, struct str line, struct error *flaw)
{
	struct state *state = reading->state;
	struct str rest = line, keyword;

	if (line.at[line.len - 1] != '\n')
		return error_set(flaw, "the line is cut short");
	if (line.len > STATE_LINE_MAX)
		return error_set(flaw, "longer than %d bytes", STATE_LINE_MAX);
	rest.len--;
	if (!take_keyword(&keyword, &rest))
		return error_set(flaw, "no keyword at its start");
	if (str_equal(keyword, STR("target")))
		return read_record(reading, rest, flaw);
	if (str_equal(keyword, STR("guard")))
		return read_guard(reading, rest, flaw);
	state->others[state->other_count++] = line;
	return true;
}

/* For as many lines as the text can have. */
static void make_room(struct reading *reading, struct str text)
{
	struct state *state = reading->state;
	size_t records = text.len / RECORD_LINE_MIN, others = text.len / OTHER_LINE_MIN;
	size_t guards = text.len / GUARD_LINE_MIN;

	state->guards = arena_take(reading->arena, guards * sizeof(*state->guards));
	state->records = arena_take(reading->arena, records * sizeof(*state->records));
	state->others = arena_take(reading->arena, others * sizeof(*state->others));
}

/* The version of a first line; 0 when it is none of ours. */
static int version_of(struct str line)
{
	int version;

	if (!str_starts(line, STR(OPENING)))
		return 0;
	line.at += sizeof(OPENING) - 1;
	line.len -= sizeof(OPENING) - 1;
	if (!str_take_number(&version, &line) || !str_take_char(&line, '\n'))
		return 0;
	return version;
}

static bool tell(struct reading *reading, struct error *err)
{
	size_t more = reading->damaged - 1;

	if (reading->damaged == 0)
		return true;
	if (more == 0)
		return error_set(err, "%s:%d: %s; the line is dropped", reading->path,
		                 reading->first_damaged, reading->flaw.text);
	return error_set(err, "%s:%d: %s; the line is dropped, and so %s %zu more",
	                 reading->path, reading->first_damaged, reading->flaw.text,
	                 more == 1 ? "is" : "are", more);
}

static void read_lines(struct reading *reading, struct str text)
{
	struct error flaw;

	make_room(reading, text);
	while (text.len) {
		reading->line++;
		if (!read_line(reading, take_line(&text), &flaw))
			note_damage(reading, &flaw);
	}
	put_in_order(reading->state);
}

bool state_parse(struct state *out, struct arena *arena, const char *path,
                 struct str text, struct error *err)
{
	struct reading reading = {
		.state = out, .arena = arena, .path = path, .line = 1
	};
	struct str header;
	int version;

	*out = (struct state){ 0 };
	if (text.len == 0)
		return true;
	header = take_line(&text);
	version = version_of(header);
	out->sealed = version > VERSION;
	if (out->sealed)
		return error_set(err,
		                 "%s:1: state of version %d is newer than this program "
		                 "understands; the file is left alone",
		                 path, version);
	if (version != VERSION)
		note_damage(&reading,
		            &(struct error){ "not \"check_smtp_auth state 1\"" });
	read_lines(&reading, text);
	/* A file that was cut short in its first line was ours; it is empty now. */
	out->sealed = version != VERSION && out->count == 0 && out->guard_count == 0 &&
	              !str_starts(STR(HEADER), header);
	if (out->sealed)
		return error_set(err,
		                 "%s:1: no state file of check_smtp_auth; the file is "
		                 "left alone: remove it or name another one",
		                 path);
	return tell(&reading, err);
}

/* ---- what is known ---- */

static struct state_record *find(const struct state *state, struct str target)
{
	for (size_t i = 0; i < state->count; i++)
		if (str_equal(state->records[i].target, target))
			return &state->records[i];
	return NULL;
}

const struct memory_record *state_find(const struct state *state, struct str target)
{
	const struct state_record *found = find(state, target);

	return found ? &found->record : NULL;
}

void state_put(struct state *state, struct arena *arena, struct str target,
               const struct memory_record *record)
{
	struct state_record *known = find(state, target), *grown;
	struct state_record put = { target, *record };

	if (known) {
		*known = put;
	} else {
		grown = arena_take(arena, (state->count + 1) * sizeof(*grown));
		if (state->count)
			memcpy(grown, state->records, state->count * sizeof(*grown));
		grown[state->count++] = put;
		state->records = grown;
	}
	put_in_order(state);
}

/* ---- guards ---- */

struct guard *state_find_guard(const struct state *state, struct str target,
                               struct str user, struct str secret)
{
	for (size_t i = 0; i < state->guard_count; i++) {
		struct state_guard *known = &state->guards[i];

		if (str_equal(known->target, target) &&
		    guard_key_fits(&known->record.key, user, secret))
			return &known->record.guard;
	}
	return NULL;
}

struct guard *state_add_guard(struct state *state, struct arena *arena,
                              struct str target, const struct guard_key *key)
{
	size_t kept = state->guard_count < STATE_GUARDS_MAX ? state->guard_count
	                                                    : STATE_GUARDS_MAX - 1;
	struct state_guard *grown = arena_take(arena, (kept + 1) * sizeof(*grown));

	grown[0] = (struct state_guard){ target, { .key = *key } };
	if (kept)
		memcpy(grown + 1, state->guards, kept * sizeof(*grown));
	state->guards = grown;
	state->guard_count = kept + 1;
	return &grown[0].record.guard;
}

bool state_refresh_guards(struct state *state, usec now)
{
	bool mended = false;

	for (size_t i = 0; i < state->guard_count; i++)
		mended |= guard_refresh(&state->guards[i].record.guard, now);
	return mended;
}

/* ---- state to text ---- */

static void print_guards(const struct state *state, struct text *out)
{
	for (size_t i = 0; i < state->guard_count; i++) {
		const struct state_guard *next = &state->guards[i];

		if (guard_is_empty(&next->record.guard))
			continue;
		text_add(out, "guard %.*s ", (int)next->target.len, next->target.at);
		guard_text_print(&next->record, out);
		text_add(out, "\n");
	}
}

size_t state_print(const struct state *state, struct text *out)
{
	size_t printed = 0;

	text_add_str(out, STR(HEADER));
	print_guards(state, out);
	for (size_t i = 0; i < state->other_count; i++)
		if (out->len + state->others[i].len <= STATE_SIZE_MAX)
			text_add_str(out, state->others[i]);
	while (printed < state->count && out->len + RECORD_LINE_MAX <= STATE_SIZE_MAX) {
		const struct state_record *next = &state->records[printed++];

		text_add(out, "target %.*s ", (int)next->target.len, next->target.at);
		memory_print(&next->record, out);
		text_add(out, "\n");
	}
	return printed;
}
