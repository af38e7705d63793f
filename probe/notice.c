/* SPDX-License-Identifier: Apache-2.0 */
#include "probe/notice.h"

#include "probe/timestamp.h"

#define USEC_PER_DAY (86400 * USEC_PER_SEC)

enum { LINE_MAX = 600 };

static void add(struct notices *notices, const char *reason, const char *text)
{
	if (notices->count < NOTICE_MAX)
		notices->list[notices->count++] = (struct notice){ reason, text };
}

static const char *print_interceptor(const struct interceptor_facts *found,
                                     struct arena *arena)
{
	struct text line = text_create(arena, LINE_MAX);

	text_add(&line, "the session is decrypted on its way by ");
	text_add_foreign(&line, found->product);
	text_add(&line, " (");
	text_add_foreign(&line, found->place);
	text_add(&line, ")");
	return line.at;
}

/* A firewall's own certificate may be the server's; when it is new, it is not. */
static void look_for_interception(struct notices *notices,
                                  const struct observation *seen,
                                  const struct fact_set *facts, struct arena *arena)
{
	if (!facts->holds[FACT_INTERCEPTOR] &&
	    !(facts->holds[FACT_FIREWALL_AUTHORITY] && facts->holds[FACT_OTHER_ISSUER]))
		return;
	add(notices, "tls_intercepted", print_interceptor(&seen->interceptor, arena));
}

static const char *print_expiry(usec until, usec left, struct arena *arena)
{
	char when[TIMESTAMP_ROOM];

	timestamp_print(when, sizeof(when), until);
	return arena_print(arena,
	                   "a certificate in the server's chain expires at %s, in %.1f "
	                   "days",
	                   when, (double)left / (double)USEC_PER_DAY);
}

static void look_for_expiry(struct notices *notices, const struct observation *seen,
                            struct arena *arena)
{
	usec from = 0, until = 0, left, early = NOTICE_EXPIRY_DAYS * USEC_PER_DAY;

	if (seen->begun == 0 || !tls_facts_first_end(&seen->tls, &from, &until))
		return;
	left = until - seen->begun;
	if ((until - from) / 4 < early)
		early = (until - from) / 4;
	if (left > 0 && left < early)
		add(notices, "cert_expires_soon", print_expiry(until, left, arena));
}

/*
 * The order of mechanism.def is about what works. Weaker is what lets the server off
 * from proving that it knows the password, or shows it to whoever asks for it. A ticket
 * or a certificate in the place of a password is no step back.
 */
static bool is_weaker(enum mechanism now, enum mechanism before)
{
	unsigned gained = mechanism_flags(now) & ~mechanism_flags(before);

	return mechanism_proof(now) == PROOF_PASSWORD &&
	       ((mechanism_flags(before) & MECHANISM_PROVES_SERVER && before < now) ||
	        gained & MECHANISM_SENDS_PASSWORD);
}

static void look_for_downgrade(struct notices *notices, const struct observation *seen,
                               struct arena *arena)
{
	enum mechanism now, before;

	if (!seen->has_last || !mechanism_from_word(&now, seen->mechanism) ||
	    !mechanism_from_word(&before, seen->last.mechanism) ||
	    !is_weaker(now, before) ||
	    observation_offer(seen)->mechanisms & mechanism_bit(before))
		return;
	add(notices, "mechanism_downgrade",
	    arena_print(arena,
	                "the server no longer offers %s, which the last good login "
	                "used; this one used %s, which is weaker",
	                mechanism_word(before), mechanism_word(now)));
}

static void look_for_slow_greeting(struct notices *notices,
                                   const struct observation *seen, struct arena *arena)
{
	const struct phase_facts *banner = &seen->phases[PHASE_BANNER];

	if (banner->done && banner->duration >= NOTICE_GREETING_MS * USEC_PER_MSEC)
		add(notices, "slow_greeting",
		    arena_print(arena,
		                "the server took %.1f s to greet: a tarpit, or a slow "
		                "look-up of this machine's name",
		                (double)banner->duration / (double)USEC_PER_SEC));
}

static void look_for_loss(struct notices *notices, const struct observation *seen,
                          struct arena *arena)
{
	unsigned retransmits = seen->connection.tcp.retransmits;

	if (retransmits >= NOTICE_RETRANSMITS)
		add(notices, "packets_lost",
		    arena_print(arena,
		                "packets are lost on the way: %u TCP segments had to "
		                "be sent again",
		                retransmits));
}

struct notices notices_of(const struct observation *seen, const struct fact_set *facts,
                          struct arena *arena)
{
	struct notices notices = { 0 };

	look_for_interception(&notices, seen, facts, arena);
	look_for_expiry(&notices, seen, arena);
	look_for_downgrade(&notices, seen, arena);
	look_for_slow_greeting(&notices, seen, arena);
	look_for_loss(&notices, seen, arena);
	return notices;
}
