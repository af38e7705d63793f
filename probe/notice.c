/* SPDX-License-Identifier: Apache-2.0 */
#include "probe/notice.h"

#include "probe/timestamp.h"

#define USEC_PER_DAY (86400 * USEC_PER_SEC)

static void add(struct notices *notices, const char *reason, const char *text)
{
	if (notices->count < NOTICE_MAX)
		notices->list[notices->count++] = (struct notice){ reason, text };
}

/* A firewall's own certificate may be the server's; when it is new, it is not. */
static void look_for_interception(struct notices *notices,
                                  const struct observation *seen,
                                  const struct fact_set *facts, struct arena *arena)
{
	const struct interceptor_facts *found = &seen->interceptor;

	if (!facts->holds[FACT_INTERCEPTOR] &&
	    !(facts->holds[FACT_FIREWALL_AUTHORITY] && facts->holds[FACT_OTHER_ISSUER]))
		return;
	add(notices, "tls_intercepted",
	    arena_print(arena,
	                "%.*s opens the encrypted connection: the %.*s is its own",
	                (int)found->product.len, found->product.at,
	                (int)found->place.len, found->place.at));
}

static bool take_time(usec *out, struct str text)
{
	struct str rest = text;

	return timestamp_take(out, &rest) && rest.len == 0;
}

/* The certificate of the chain that ends first; false when none can be read. */
static bool find_first_end(const struct tls_facts *tls, usec *from, usec *until)
{
	bool found = false;
	usec begin, end;

	for (size_t i = 0; i < tls->certificate_count; i++) {
		if (!take_time(&end, tls->certificates[i].not_after) ||
		    !take_time(&begin, tls->certificates[i].not_before) ||
		    (found && end >= *until))
			continue;
		*from = begin;
		*until = end;
		found = true;
	}
	return found;
}

static void look_for_expiry(struct notices *notices, const struct observation *seen,
                            struct arena *arena)
{
	usec from, until, left, early = NOTICE_EXPIRY_DAYS * USEC_PER_DAY;

	if (seen->begun == 0 || !find_first_end(&seen->tls, &from, &until))
		return;
	left = until - seen->begun;
	if ((until - from) / 4 < early)
		early = (until - from) / 4;
	if (left > 0 && left < early)
		add(notices, "cert_expires_soon",
		    arena_print(arena, "a certificate of the server ends in %.1f days",
		                (double)left / (double)USEC_PER_DAY));
}

static void look_for_downgrade(struct notices *notices, const struct observation *seen,
                               struct arena *arena)
{
	enum mechanism now, before;

	if (!seen->has_last || !mechanism_from_word(&now, seen->mechanism) ||
	    !mechanism_from_word(&before, seen->last.mechanism) || before >= now ||
	    observation_offer(seen)->mechanisms & mechanism_bit(before))
		return;
	add(notices, "mechanism_downgrade",
	    arena_print(arena,
	                "the server took %s at the last good login and offers "
	                "only %s and weaker ones now",
	                mechanism_word(before), mechanism_word(now)));
}

static void look_for_slow_greeting(struct notices *notices,
                                   const struct observation *seen, struct arena *arena)
{
	const struct phase_facts *banner = &seen->phases[PHASE_BANNER];

	if (banner->done && banner->duration >= NOTICE_GREETING_MS * USEC_PER_MSEC)
		add(notices, "slow_greeting",
		    arena_print(arena,
		                "the server greeted after %.1f s: a tarpit, or a slow "
		                "look-up of this machine's name",
		                (double)banner->duration / (double)USEC_PER_SEC));
}

static void look_for_loss(struct notices *notices, const struct observation *seen,
                          struct arena *arena)
{
	unsigned retransmits = seen->connection.tcp.retransmits;

	if (retransmits >= NOTICE_RETRANSMITS)
		add(notices, "packets_lost",
		    arena_print(arena, "%u segments had to be sent again",
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
