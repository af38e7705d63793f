/* SPDX-License-Identifier: Apache-2.0 */
#include "probe/message.h"

#include <string.h>

#include "probe/timestamp.h"

enum { TEXT_MAX = 2048, HOST_SHORTEST = 10 };

/* Which parts of the line are left. */
struct parts {
	const char *lead;
	const char *mechanism, *user;
	const char *address;
	bool code, enhanced; /* of the reply */
	bool cause;          /* which the reason implies */
	bool age, login;     /* of a suspended login: how old, and that word */
};

static const char *words_of(const char *word, struct arena *arena)
{
	char *copy = arena_copy(arena, str_of(word));

	for (char *c = copy; *c; c++)
		if (*c == '_')
			*c = ' ';
	return copy;
}

static void add_reply_code(struct text *line, const struct observation *seen,
                           const struct parts *parts)
{
	const struct reply *reply = observation_reply(seen);

	if (!parts->code || seen->ending != ENDING_REPLY || reply->code == 0)
		return;
	text_add(line, " (%d", reply->code);
	if (parts->enhanced && reply->enhanced.class)
		text_add(line, " %d.%d.%d", reply->enhanced.class,
		         reply->enhanced.subject, reply->enhanced.detail);
	text_add(line, ")");
}

static const char *print_success(const struct result *result, enum severity severity,
                                 const struct parts *parts, struct arena *arena)
{
	struct text line = text_create(arena, TEXT_MAX);
	double time = (double)result->seen->duration / (double)USEC_PER_SEC;

	text_add(&line, "SMTP AUTH %s - %s", severity_word(severity), parts->lead);
	if (!parts->lead[0] && result->diagnosis.notices.count)
		text_add(&line, "%s: ",
		         words_of(result->diagnosis.notices.list[0].reason, arena));
	if (parts->user)
		text_add(&line, "%s at ", parts->user);
	text_add(&line, "%s, %.3f s", parts->address, time);
	if (parts->mechanism)
		text_add(&line, ", %s", parts->mechanism);
	return line.at;
}

/* The verdict is an old one; the server's address is no part of the news. */
static void add_suspension(struct text *line, const struct result *result,
                           const struct parts *parts)
{
	const struct guard_refusal *last = &result->seen->suspension.last;
	char age[TIMESTAMP_ROOM];

	timestamp_print_span(age, sizeof(age), result->seen->begun - last->at);
	if (parts->age && last->times)
		text_add(line, ", %s ago", age);
	text_add(line, parts->login ? " (login suspended)" : " (suspended)");
}

static const char *print_failure(const struct result *result, enum severity severity,
                                 const struct parts *parts, struct arena *arena)
{
	const struct diagnosis *diagnosis = &result->diagnosis;
	struct text line = text_create(arena, TEXT_MAX);

	text_add(&line, "SMTP AUTH %s - %s", severity_word(severity), parts->lead);
	if (parts->cause)
		text_add(&line, "%s: ", words_of(cause_word(diagnosis->cause), arena));
	text_add(&line, "%s", words_of(reason_word(diagnosis->reason), arena));
	if (result->seen->ending == ENDING_SUSPENDED) {
		add_suspension(&line, result, parts);
		return line.at;
	}
	add_reply_code(&line, result->seen, parts);
	text_add(&line, " %s", parts->address);
	return line.at;
}

static const char *print(const struct result *result, enum severity severity,
                         const struct parts *parts, struct arena *arena)
{
	if (result_success(result))
		return print_success(result, severity, parts, arena);
	return print_failure(result, severity, parts, arena);
}

/* The middle of a long host name says least: its ends tell service and owner. */
static const char *shorten(const char *address, size_t surplus, struct arena *arena)
{
	size_t len = strlen(address), keep = len > surplus + 3 ? len - surplus - 3 : 0;

	if (keep < HOST_SHORTEST)
		keep = HOST_SHORTEST;
	if (keep + 3 >= len)
		return address;
	return arena_print(arena, "%.*s...%s", (int)(keep / 2), address,
	                   address + len - (keep - keep / 2));
}

static const char *without_usual_port(const struct target *target, struct arena *arena)
{
	const struct target_settings *set = &target->set;
	int usual = target_usual_port(set->tls);

	if (target->is_unix_socket || set->port != usual)
		return target->address;
	return arena_copy(arena, str_of(set->host));
}

static const char *clean(const char *line, struct arena *arena)
{
	struct text cleaned = text_create(arena, MESSAGE_MAX);

	text_add_foreign(&cleaned, str_of(line));
	for (char *c = cleaned.at; *c; c++)
		if (*c == '|')
			*c = '/';
	return cleaned.at;
}

/* What the line can do without, least telling first. */
enum cut {
	CUT_MECHANISM,
	CUT_USER,
	CUT_PORT,
	CUT_LOGIN,
	CUT_CAUSE,
	CUT_ENHANCED,
	CUT_CODE,
	CUT_AGE,
	CUT_COUNT
};

static void apply_cut(struct parts *parts, enum cut cut, const struct target *target,
                      struct arena *arena)
{
	switch (cut) {
	case CUT_MECHANISM:
		parts->mechanism = NULL;
		break;
	case CUT_USER:
		parts->user = NULL;
		break;
	case CUT_PORT:
		parts->address = without_usual_port(target, arena);
		break;
	case CUT_CAUSE:
		parts->cause = parts->lead[0] == '\0';
		break;
	case CUT_ENHANCED:
		parts->enhanced = false;
		break;
	case CUT_CODE:
		parts->code = false;
		break;
	case CUT_LOGIN:
		parts->login = false;
		break;
	case CUT_AGE:
		parts->age = false;
		break;
	case CUT_COUNT:
		break;
	}
}

const char *message_with(const struct result *result, enum severity severity,
                         const char *lead, struct arena *arena)
{
	struct parts parts = {
		.lead = lead,
		.mechanism = result->seen->mechanism.len
		                     ? arena_copy(arena, result->seen->mechanism)
		                     : NULL,
		.user = result->target->set.user,
		.address = result->target->address,
		.code = true,
		.enhanced = true,
		.cause = true,
		.age = true,
		.login = true,
	};
	const char *line = print(result, severity, &parts, arena);

	for (int cut = 0; cut < CUT_COUNT && strlen(line) > MESSAGE_MAX; cut++) {
		apply_cut(&parts, (enum cut)cut, result->target, arena);
		line = print(result, severity, &parts, arena);
	}
	if (strlen(line) > MESSAGE_MAX) {
		parts.address =
			shorten(parts.address, strlen(line) - MESSAGE_MAX, arena);
		line = print(result, severity, &parts, arena);
	}
	return clean(line, arena);
}

const char *message_of(const struct result *result, enum severity severity,
                       struct arena *arena)
{
	return message_with(result, severity, "", arena);
}
