/* SPDX-License-Identifier: Apache-2.0 */
#include "probe/diagnosis.h"

static const char *const check_words[CHECK_COUNT] = {
	[CHECK_CREDENTIALS] = "credentials",
	[CHECK_FIREWALL] = "firewall and antivirus",
	[CHECK_SERVER] = "server set-up",
	[CHECK_NETWORK] = "network connectivity",
};

static const char *const check_state_words[] = {
	[CHECK_OK] = "ok",
	[CHECK_AT_FAULT] = "at_fault",
	[CHECK_NOT_REACHED] = "not_reached",
	[CHECK_UNKNOWN] = "unknown",
};

const char *check_word(enum check check)
{
	return check_words[check];
}

const char *check_state_word(enum check_state state)
{
	return check_state_words[state];
}

/* Which check a cause finds at fault; CHECK_COUNT = none of them. */
static const enum check faulty_checks[CAUSE_COUNT] = {
	[CAUSE_NONE] = CHECK_COUNT,
	[CAUSE_CREDENTIALS] = CHECK_CREDENTIALS,
	[CAUSE_INTERFERENCE] = CHECK_FIREWALL,
	[CAUSE_SERVER_CONFIG] = CHECK_SERVER,
	[CAUSE_TLS] = CHECK_SERVER,
	[CAUSE_POLICY] = CHECK_SERVER,
	[CAUSE_THROTTLED] = CHECK_SERVER,
	[CAUSE_UNAVAILABLE] = CHECK_SERVER,
	[CAUSE_NETWORK] = CHECK_NETWORK,
	[CAUSE_UNEXPLAINED] = CHECK_COUNT,
	[CAUSE_LOCAL] = CHECK_COUNT,
};

static struct check_answer check_credentials(const struct observation *seen)
{
	if (seen->authenticated || seen->phase == PHASE_MAIL)
		return (struct check_answer){ CHECK_OK,
			                      "the server accepted the login" };
	if (!seen->credential_sent)
		return (struct check_answer){ CHECK_NOT_REACHED,
			                      "no credential was sent" };
	return (struct check_answer){ CHECK_UNKNOWN,
		                      "sent, but not judged by the server" };
}

static struct check_answer check_firewall(const struct observation *seen)
{
	const struct tls_facts *tls = &seen->tls;

	if (tls->done && tls->judged && tls->fault_count == 0)
		return (struct check_answer){
			CHECK_OK, "encrypted up to the server whose certificate "
				  "was verified"
		};
	if (!seen->phases[PHASE_CONNECT].done)
		return (struct check_answer){ CHECK_NOT_REACHED,
			                      "no connection stood" };
	return (struct check_answer){
		CHECK_UNKNOWN, "nothing proves who answered: no verified TLS session"
	};
}

static struct check_answer check_server(const struct observation *seen)
{
	if (seen->phases[PHASE_AUTH].entered || seen->ending == ENDING_SUSPENDED)
		return (struct check_answer){
			CHECK_OK, "it greeted, encrypted as asked and offered AUTH"
		};
	if (!seen->phases[PHASE_CONNECT].done)
		return (struct check_answer){ CHECK_NOT_REACHED,
			                      "no connection stood" };
	return (struct check_answer){ CHECK_UNKNOWN, "the session ended before AUTH" };
}

/* Another port or address that answers shows that packets come through. */
static const char *who_answers(const struct observation *seen, struct arena *arena)
{
	for (size_t i = 0; i < seen->look.count; i++) {
		const struct look_finding *finding = &seen->look.findings[i];

		if (finding->outcome != CONTACT_ANSWERED &&
		    finding->outcome != CONTACT_TAKEN)
			continue;
		if (finding->look == LOOK_PORT)
			return arena_print(
				arena, "port %.*s of the same address answers",
				(int)finding->subject.len, finding->subject.at);
		if (finding->look == LOOK_ADDRESS)
			return arena_print(arena, "%.*s answers",
			                   (int)finding->subject.len,
			                   finding->subject.at);
	}
	return NULL;
}

static struct check_answer check_network(const struct observation *seen,
                                         struct arena *arena)
{
	const char *answering = who_answers(seen, arena);

	if (seen->phases[PHASE_CONNECT].done)
		return (struct check_answer){
			CHECK_OK, arena_print(arena, "connected to %.*s",
			                      (int)seen->address.len, seen->address.at)
		};
	if (answering)
		return (struct check_answer){ CHECK_OK, answering };
	if (seen->phases[PHASE_RESOLVE].entered || seen->phases[PHASE_CONNECT].entered)
		return (struct check_answer){ CHECK_UNKNOWN,
			                      "the session ended before a "
			                      "connection stood" };
	return (struct check_answer){ CHECK_NOT_REACHED, "nothing was sent" };
}

/*
 * The fact that the verdict rests on: who sent the rejection, or what the rule looked
 * for; an RFC explains, but proves nothing, so there it is what happened.
 */
static const char *proof_of(const struct diagnosis *diagnosis,
                            const struct observation *seen, struct arena *arena)
{
	struct str source = str_of(diagnosis->source);
	struct str offender = seen->connection.offender;

	if (seen->connection.icmp.found && !seen->phases[PHASE_CONNECT].done)
		return arena_print(arena, "%.*s rejected the connection (ICMP %d/%d)",
		                   (int)offender.len, offender.at,
		                   seen->connection.icmp.type,
		                   seen->connection.icmp.code);
	if (seen->ending != ENDING_REPLY && source.len &&
	    !str_starts(source, STR("RFC")) && !str_starts(source, STR("connect(2)")))
		return diagnosis->source;
	return diagnosis->evidence.lines[0];
}

static void answer_checks(struct diagnosis *diagnosis, const struct observation *seen,
                          struct arena *arena)
{
	enum check faulty = faulty_checks[diagnosis->cause];

	diagnosis->checks[CHECK_CREDENTIALS] = check_credentials(seen);
	diagnosis->checks[CHECK_FIREWALL] = check_firewall(seen);
	diagnosis->checks[CHECK_SERVER] = check_server(seen);
	diagnosis->checks[CHECK_NETWORK] = check_network(seen, arena);
	if (faulty != CHECK_COUNT)
		diagnosis->checks[faulty] =
			(struct check_answer){ CHECK_AT_FAULT,
			                       proof_of(diagnosis, seen, arena) };
}

static enum phase phase_of(const struct observation *seen)
{
	if (seen->authenticated)
		return PHASE_NONE;
	return seen->ending == ENDING_SUSPENDED ? PHASE_AUTH : seen->phase;
}

struct diagnosis diagnose(const struct observation *seen, struct arena *arena)
{
	struct fact_set facts = facts_of(seen);
	struct verdict verdict = verdict_of(seen);
	struct diagnosis diagnosis = {
		.cause = reason_cause(verdict.reason),
		.reason = verdict.reason,
		.confidence = verdict.confidence,
		.phase = phase_of(seen),
		.source = verdict.source,
		.evidence = evidence_of(seen, arena),
		.advice = advice_of(verdict.reason, seen, arena),
		.notices = notices_of(seen, &facts, arena),
	};

	answer_checks(&diagnosis, seen, arena);
	return diagnosis;
}
