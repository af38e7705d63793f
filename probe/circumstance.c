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

static const char *plural(unsigned count)
{
	return count == 1 ? "" : "s";
}

/* ---- the connection ---- */

static const char *const icmp_words[] = {
	[ICMP_ADMINISTRATIVE] = "administratively prohibited",
	[ICMP_PORT] = "port unreachable",
	[ICMP_PROTOCOL] = "protocol unreachable",
	[ICMP_HOST] = "host or network unreachable",
	[ICMP_TIME_EXCEEDED] = "time to live exceeded",
	[ICMP_OTHER] = "undeliverable",
};

static const char *const offender_words[] = {
	[OFFENDER_NONE] = "an unknown sender",
	[OFFENDER_SELF] = "this machine itself",
	[OFFENDER_HOP] = "a router or firewall on the path",
	[OFFENDER_TARGET] = "the server's own host",
};

static void add_icmp(struct circumstances *all, const struct observation *seen,
                     struct arena *arena)
{
	const struct icmp_fact *icmp = &seen->connection.icmp;
	struct text line = text_create(arena, LINE_MAX);

	if (!icmp->found)
		return;
	text_add(&line, "%s", offender_words[icmp->who]);
	if (seen->connection.offender.len) {
		text_add(&line, " (");
		text_add_foreign(&line, seen->connection.offender);
		text_add(&line, ")");
	}
	text_add(&line, " answered \"%s\" (ICMP%s %d/%d)",
	         icmp_words[icmp_meaning_of(icmp)], icmp->is_v6 ? "v6" : "", icmp->type,
	         icmp->code);
	add(all, line.at);
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
		add(all,
		    arena_print(arena,
		                "packets to the server are lost: %u segment%s not "
		                "acknowledged, %u sent again",
		                tcp->unacked, plural(tcp->unacked), tcp->retransmits));
	else if (tcp->out_of_order)
		add(all, "packets from the server are missing: later ones arrived, "
		         "earlier ones did not");
	else if (!tcp->unacked)
		add(all, "the server's TCP acknowledged all that was sent: the program "
		         "behind it is silent");
	if (seen->connection.soft_error.len)
		add(all, print(arena, "an ICMP rejection came while the session ran (",
		               seen->connection.soft_error, ")"));
}

static void add_resolution(struct circumstances *all, const struct observation *seen,
                           struct arena *arena)
{
	if (seen->resolved.len && !seen->phases[PHASE_CONNECT].done)
		add(all, print(arena, "the name resolves to ", seen->resolved, ""));
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
	[LOOK_NAME] = { "the control target's name ", "" },
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

/* A connection that stands is an answer, too, but not yet that of a mail server. */
static const char *finding_outcome(const struct look_finding *finding)
{
	if (finding->look == LOOK_NAME)
		return finding->name_ending == ENDING_NONE
		               ? "it exists"
		               : ending_meaning(finding->name_ending);
	if (finding->outcome == CONTACT_ANSWERED && finding->greeting.len == 0)
		return "it answered";
	return contact_outcome_meaning(finding->outcome);
}

static void add_hops(struct text *line, const struct look_finding *finding)
{
	const char *verb = finding->outcome == CONTACT_REFUSED ? "refuses" : "answers";

	if (finding->far > finding->near)
		text_add(line,
		         " answers from hop %d or beyond, the port in question already "
		         "%s from hop %d",
		         finding->far, verb, finding->near);
	else
		text_add(line, " is as near as the port in question (hop %d)",
		         finding->near);
}

static void add_quote(struct text *line, struct str words, const char *quote)
{
	if (words.len == 0)
		return;
	text_add(line, " (%s", quote);
	text_add_foreign(line, words);
	text_add(line, "%s)", quote);
}

static const char *print_finding(const struct look_finding *finding,
                                 struct arena *arena)
{
	struct text line = text_create(arena, LINE_MAX);

	text_add(&line, "second look: %s", subjects[finding->look].before);
	text_add_foreign(&line, finding->subject);
	text_add(&line, "%s", subjects[finding->look].after);
	if (finding->look == LOOK_HOPS && finding->near && finding->far)
		add_hops(&line, finding);
	else
		text_add(&line, ": %s", finding_outcome(finding));
	add_quote(&line, finding->greeting, "\"");
	add_quote(&line, finding->why, "");
	return line.at;
}

static void add_look(struct circumstances *all, const struct observation *seen,
                     struct arena *arena)
{
	for (size_t i = 0; i < seen->look.count; i++)
		add(all, print_finding(&seen->look.findings[i], arena));
}

/* ---- before, and elsewhere ---- */

static void add_other_issuer(struct circumstances *all, const struct observation *seen,
                             struct arena *arena)
{
	struct str before = seen->last.issuer, now = seen->tls.certificates[0].issuer;
	struct text line = text_create(arena, LINE_MAX);

	if (!seen->tls.certificate_count || !before.len || str_equal(before, now))
		return;
	text_add(&line, "the certificate is signed by ");
	text_add_foreign(&line, now);
	text_add(&line, "; at the last good login it was by ");
	text_add_foreign(&line, before);
	add(all, line.at);
}

static void add_changes(struct circumstances *all, const struct observation *seen,
                        struct arena *arena)
{
	const struct memory_record *last = &seen->last;
	char when[TIMESTAMP_ROOM];

	timestamp_print(when, sizeof(when), last->at);
	if (seen->phases[PHASE_EHLO].done && !seen->before_tls.starttls &&
	    memory_lists(last->before, STR("STARTTLS")))
		add(all, "STARTTLS is not offered; at the last good login it was");
	add_other_issuer(all, seen, arena);
	if (!seen->authenticated)
		add(all, arena_print(arena, "the last good login was at %s", when));
}

static const char *print_targets(int count, struct arena *arena)
{
	if (count == 1)
		return "one unrelated target";
	return arena_print(arena, "%d%s unrelated targets", count,
	                   count == CORRELATION_COUNT_MAX ? " or more" : "");
}

static void add_others(struct circumstances *all, const struct observation *seen,
                       struct arena *arena)
{
	const struct {
		int count;
		const char *what;
	} kinds[] = {
		{ seen->others.silent, "did not answer either" },
		{ seen->others.refused, "refused the connection, too" },
		{ seen->others.same_issuer,
		  "showed a certificate of the same untrusted authority" },
		{ seen->others.same_greeting, "greeted with the same words" },
		{ seen->others.same_text, "put the client off with the same words" },
		{ seen->others.not_smtp, "answered with HTTP, too" },
		{ seen->others.expired,
		  "showed a certificate outside of its validity, too" },
	};

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (kinds[i].count)
			add(all, arena_print(arena, "in the last minutes %s %s",
			                     print_targets(kinds[i].count, arena),
			                     kinds[i].what));
}

/* "certificate 1 issuer" */
static void add_certificate_place(struct text *line, struct str place)
{
	struct str rest = place, word, number;

	if (!str_take_word(&word, &rest, " ") || !str_take_word(&number, &rest, " ")) {
		text_add(line, "the certificate chain");
		return;
	}
	text_add(line, "the ");
	text_add_foreign(line, str_trim(rest));
	text_add(line, " of ");
	if (str_equal(number, STR("0"))) {
		text_add(line, "the server's certificate");
	} else {
		text_add(line, "certificate ");
		text_add_foreign(line, number);
		text_add(line, " of the chain");
	}
}

static void add_interceptor(struct circumstances *all, const struct observation *seen,
                            struct arena *arena)
{
	const struct interceptor_facts *found = &seen->interceptor;
	struct text line = text_create(arena, LINE_MAX);

	if (!found->kind.len)
		return;
	add_certificate_place(&line, found->place);
	text_add(&line, " names ");
	text_add_foreign(&line, found->product);
	add_quote(&line, found->kind, "");
	add(all, line.at);
}

static void add_certificate(struct circumstances *all, const struct observation *seen,
                            struct arena *arena)
{
	if (seen->own_name_certified)
		add(all, "the certificate is for this machine's own name");
	if (seen->tls.staple.len)
		add(all, print(arena, "the server stapled an OCSP response: ",
		               seen->tls.staple, ""));
}

/* How often the login was refused, and when. */
static void add_suspension(struct circumstances *all, const struct observation *seen,
                           struct arena *arena)
{
	const struct guard_suspension *suspension = &seen->suspension;
	const struct guard_refusal *last = &suspension->last;
	char at[TIMESTAMP_ROOM], age[TIMESTAMP_ROOM], next[TIMESTAMP_ROOM],
		rest[TIMESTAMP_ROOM];

	if (!seen->suspended)
		return;
	timestamp_print(at, sizeof(at), last->at);
	timestamp_print_span(age, sizeof(age), seen->begun - last->at);
	timestamp_print(next, sizeof(next), suspension->next);
	timestamp_print_span(rest, sizeof(rest), suspension->next - seen->begun);
	if (last->times == 0)
		add(all, "other logins of this account are under way, or have not told "
		         "how they ended; they may have been refused");
	else if (last->times == 1)
		add(all, arena_print(arena, "the last login was refused at %s, %s ago",
		                     at, age));
	else
		add(all, arena_print(arena,
		                     "the last %u logins were refused, the latest at "
		                     "%s, %s ago",
		                     last->times, at, age));
	add(all,
	    arena_print(arena,
	                "no login with this password is tried before %s, in %s; with "
	                "another password at once",
	                next, rest));
}

static void add_damage(struct circumstances *all, const struct observation *seen,
                       struct arena *arena)
{
	if (seen->memory_damage.len)
		add(all, print(arena, "", seen->memory_damage, ""));
	if (seen->interceptors_damage.len)
		add(all, print(arena, "", seen->interceptors_damage, ""));
	if (seen->guard_remark.len)
		add(all, print(arena, "", seen->guard_remark, ""));
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
	add_certificate(&all, seen, arena);
	add_look(&all, seen, arena);
	if (seen->has_last)
		add_changes(&all, seen, arena);
	add_others(&all, seen, arena);
	add_suspension(&all, seen, arena);
	add_damage(&all, seen, arena);
	return all;
}
