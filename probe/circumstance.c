/* SPDX-License-Identifier: Apache-2.0 */
#include "probe/circumstance.h"

#include "probe/timestamp.h"

enum { LINE_MAX = 600 };

static void add(struct circumstances *all, const char *line)
{
	if (all->count < CIRCUMSTANCE_MAX)
		all->lines[all->count++] = line;
}

static const char *print(struct arena *arena, const char *before, struct str foreign,
                         const char *after)
{
	struct text line = text_create(arena, LINE_MAX);

	text_add(&line, "%s", before);
	text_add_foreign(&line, foreign);
	text_add(&line, "%s", after);
	return line.at;
}

/* ---- the connection ---- */

static const char *const icmp_words[] = {
	[ICMP_ADMINISTRATIVE] = "administratively prohibited",
	[ICMP_PORT] = "port unreachable",
	[ICMP_PROTOCOL] = "protocol unreachable",
	[ICMP_HOST] = "host or network unreachable",
	[ICMP_TIME_EXCEEDED] = "time to live exceeded: packets go in a circle",
	[ICMP_OTHER] = "undeliverable",
};

static const char *const offender_words[] = {
	[OFFENDER_NONE] = "somebody",
	[OFFENDER_SELF] = "this machine itself",
	[OFFENDER_HOP] = "a router or firewall on the path",
	[OFFENDER_TARGET] = "the server's own host",
};

static void add_icmp(struct circumstances *all, const struct observation *seen,
                     struct arena *arena)
{
	const struct icmp_fact *icmp = &seen->connection.icmp;
	struct str offender = seen->connection.offender;

	if (icmp->found)
		add(all, arena_print(arena, "%s (%.*s) answered \"%s\" (ICMP%s %d/%d)",
		                     offender_words[icmp->who], (int)offender.len,
		                     offender.at, icmp_words[icmp_meaning_of(icmp)],
		                     icmp->is_v6 ? "v6" : "", icmp->type, icmp->code));
}

static void add_errno(struct circumstances *all, const struct observation *seen,
                      struct arena *arena)
{
	struct str error = seen->connection.error;

	if (seen->connection.at_once && error.len)
		add(all, print(arena, "connect() itself failed (", error,
		               "): no packet left this machine"));
}

static void add_silence(struct circumstances *all, const struct observation *seen,
                        struct arena *arena)
{
	const struct tcp_fact *tcp = &seen->connection.tcp;

	if (!tcp->found || seen->ending != ENDING_TIMEOUT)
		return;
	if (tcp->unacked && tcp->retrying)
		add(all, arena_print(arena,
		                     "packets are lost: %u not acknowledged, sent "
		                     "again %u times",
		                     tcp->unacked, tcp->retransmits));
	else if (tcp->out_of_order)
		add(all, "packets of the server are missing: later ones arrived, "
		         "earlier ones did not");
	else
		add(all, "the server's TCP acknowledged everything: the program behind "
		         "it is silent");
	if (seen->connection.soft_error.len)
		add(all, print(arena, "a rejection came while the session ran (",
		               seen->connection.soft_error, ")"));
}

static void add_resolution(struct circumstances *all, const struct observation *seen,
                           struct arena *arena)
{
	if (seen->resolved.len && !seen->phases[PHASE_CONNECT].done)
		add(all, print(arena, "the name was resolved to ", seen->resolved, ""));
	if (seen->alias.len)
		add(all, print(arena, "the name is an alias of ", seen->alias, ""));
}

/* ---- the second look ---- */

/* What was tried, with its subject in between. */
static const struct {
	const char *before, *after;
} subjects[LOOK_COUNT] = {
	[LOOK_PORT] = { "port ", " of the same address" },
	[LOOK_ADDRESS] = { "the address ", "" },
	[LOOK_CONTROL] = { "the control target ", "" },
	[LOOK_NAME] = { "the name ", "" },
	[LOOK_REPEAT] = { "the same step once more", "" },
	[LOOK_TLS_FIRST] = { "TLS from the first byte", "" },
	[LOOK_NOOP] = { "the command NOOP", "" },
	[LOOK_HELO] = { "the command HELO", "" },
	[LOOK_UNVERIFIED] = { "TLS without verification", "" },
	[LOOK_SMALL_HELLO] = { "TLS with a small ClientHello", "" },
	[LOOK_NO_SNI] = { "TLS without a server name", "" },
	[LOOK_MSS] = { "TLS in small segments", "" },
	[LOOK_HOPS] = { "port ", "" },
};

static const char *name_outcome(const struct look_finding *finding)
{
	return finding->name_ending == ENDING_NONE
	               ? "it is found"
	               : ending_meaning(finding->name_ending);
}

static void add_greeting(struct text *line, const struct look_finding *finding)
{
	if (finding->greeting.len) {
		text_add(line, " (\"");
		text_add_foreign(line, finding->greeting);
		text_add(line, "\")");
	}
	if (finding->why.len) {
		text_add(line, " (");
		text_add_foreign(line, finding->why);
		text_add(line, ")");
	}
}

static const char *print_finding(const struct look_finding *finding,
                                 struct arena *arena)
{
	struct text line = text_create(arena, LINE_MAX);

	text_add(&line, "second look: %s", subjects[finding->look].before);
	text_add_foreign(&line, finding->subject);
	text_add(&line, "%s", subjects[finding->look].after);
	if (finding->look == LOOK_HOPS)
		text_add(&line,
		         " is %d hops away or more, the port in question answers "
		         "after %d",
		         finding->far, finding->near);
	else
		text_add(&line, ": %s",
		         finding->look == LOOK_NAME
		                 ? name_outcome(finding)
		                 : contact_outcome_meaning(finding->outcome));
	add_greeting(&line, finding);
	return line.at;
}

static void add_look(struct circumstances *all, const struct observation *seen,
                     struct arena *arena)
{
	for (size_t i = 0; i < seen->look.count; i++)
		add(all, print_finding(&seen->look.findings[i], arena));
}

/* ---- before, and elsewhere ---- */

static bool lists(struct str keywords, struct str wanted)
{
	struct str word;

	while (str_take_word(&word, &keywords, " "))
		if (str_equal_nocase(word, wanted))
			return true;
	return false;
}

static void add_changes(struct circumstances *all, const struct observation *seen,
                        struct arena *arena)
{
	const struct memory_record *last = &seen->last;
	char when[TIMESTAMP_ROOM];

	timestamp_print(when, sizeof(when), last->at);
	if (seen->phases[PHASE_EHLO].done && !seen->before_tls.starttls &&
	    lists(last->before, STR("STARTTLS")))
		add(all, arena_print(arena,
		                     "STARTTLS was offered at the last good login, %s, "
		                     "and is not now",
		                     when));
	if (seen->tls.certificate_count && last->issuer.len &&
	    !str_equal(last->issuer, seen->tls.certificates[0].issuer))
		add(all, print(arena,
		               "at the last good login the certificate was "
		               "signed by ",
		               last->issuer, ""));
	if (!seen->authenticated)
		add(all, arena_print(arena, "the last good login was at %s", when));
}

static void add_others(struct circumstances *all, const struct observation *seen,
                       struct arena *arena)
{
	const struct {
		int count;
		const char *what;
	} kinds[] = {
		{ seen->others.silent, "got no answer to a connection attempt" },
		{ seen->others.refused, "were refused" },
		{ seen->others.same_issuer, "show a certificate of the same unknown "
		                            "authority" },
		{ seen->others.same_greeting, "greet with the same words" },
		{ seen->others.same_text, "reply with the same words" },
		{ seen->others.not_smtp, "answer with HTTP" },
		{ seen->others.expired, "show a certificate outside of its validity" },
	};

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (kinds[i].count)
			add(all, arena_print(arena,
			                     "%d unrelated targets %s in the last "
			                     "minutes",
			                     kinds[i].count, kinds[i].what));
}

static void add_interceptor(struct circumstances *all, const struct observation *seen,
                            struct arena *arena)
{
	const struct interceptor_facts *found = &seen->interceptor;

	if (found->kind.len)
		add(all, arena_print(arena, "the name in %.*s is that of %.*s (%.*s)",
		                     (int)found->place.len, found->place.at,
		                     (int)found->product.len, found->product.at,
		                     (int)found->kind.len, found->kind.at));
	if (seen->own_name_certified)
		add(all, "the certificate gives this machine's own name");
	if (seen->tls.staple.len)
		add(all, print(arena, "the server's stapled OCSP response says: ",
		               seen->tls.staple, ""));
}

static void add_damage(struct circumstances *all, const struct observation *seen,
                       struct arena *arena)
{
	if (seen->memory_damage.len)
		add(all, print(arena, "", seen->memory_damage, ""));
	if (seen->interceptors_damage.len)
		add(all, print(arena, "", seen->interceptors_damage, ""));
}

struct circumstances circumstances_of(const struct observation *seen,
                                      struct arena *arena)
{
	struct circumstances all = { 0 };

	add_errno(&all, seen, arena);
	add_icmp(&all, seen, arena);
	add_silence(&all, seen, arena);
	add_resolution(&all, seen, arena);
	add_interceptor(&all, seen, arena);
	add_look(&all, seen, arena);
	if (seen->has_last)
		add_changes(&all, seen, arena);
	add_others(&all, seen, arena);
	add_damage(&all, seen, arena);
	return all;
}
