/* SPDX-License-Identifier: Apache-2.0 */
#include "probe/verdict.h"

#include "probe/fact.h"
#include "probe/reading.h"

enum { ANY = -1, RULE_FACT_MAX = 4, CODE_CREDENTIALS_INVALID = 535 };

/* The facts by the names that the rows use. */
enum {
#define FACT(id, holds) id = FACT_##id,
#include "probe/fact.def"
};

#define ALL(...) \
	{ \
		__VA_ARGS__ \
	}
#define NONE \
	{ \
		FACT_NONE \
	}

enum phase_or_any {
	RULE_PHASE_ANY = -1,
#define PHASE(id, word) RULE_PHASE_##id = PHASE_##id,
#include "probe/phase.def"
};

enum ending_or_any {
	RULE_ENDING_ANY = -1,
#define ENDING(id, word, meaning) RULE_ENDING_##id = ENDING_##id,
#include "probe/ending.def"
};

struct rule {
	int phase, ending;
	unsigned char facts[RULE_FACT_MAX]; /* 0 ends them */
	int verify;
	const char *text;
	enum reason reason;
	enum confidence confidence;
	const char *source;
};

static const struct rule rules[] = {
#define RULE(phase, ending, facts, verify, text, reason, confidence, source) \
	{ RULE_PHASE_##phase, RULE_ENDING_##ending,    facts, verify, text, \
	  REASON_##reason,    CONFIDENCE_##confidence, source },
#include "probe/verdict.def"
};

static bool facts_fit(const struct rule *rule, const struct fact_set *facts)
{
	for (size_t i = 0; i < RULE_FACT_MAX && rule->facts[i]; i++)
		if (!facts->holds[rule->facts[i]])
			return false;
	return true;
}

static bool rule_fits(const struct rule *rule, const struct observation *seen,
                      const struct fact_set *facts)
{
	return (rule->phase == RULE_PHASE_ANY || rule->phase == (int)seen->phase) &&
	       (rule->ending == RULE_ENDING_ANY || rule->ending == (int)seen->ending) &&
	       facts_fit(rule, facts) &&
	       (rule->verify == ANY || tls_facts_has_fault(&seen->tls, rule->verify)) &&
	       (!*rule->text ||
	        str_find_nocase(seen->ending_detail, str_of(rule->text)) >= 0);
}

size_t verdict_rule_count(void)
{
	return sizeof(rules) / sizeof(rules[0]);
}

/*
 * What is a success in a reply (a 250 to EHLO, say) but ended the session all the
 * same was not the success that the client had asked for.
 */
static struct reading read_reply(const struct observation *seen)
{
	bool verified = tls_facts_verified(&seen->tls);
	struct said said = {
		.phase = seen->phase,
		.mechanism = seen->mechanism,
		.reply = *observation_reply(seen),
		.target = seen->host,
		.banner = seen->phases[PHASE_BANNER].reply.text,
		.own_name = seen->own_name_answered,
		.nothing_sent = !seen->credential_sent,
		.verified = verified,
		.unverified = !verified,
		.advertised =
			true, /* nobody asks for STARTTLS that was not announced */
	};
	struct reading reading = reading_of(&said);

	if (reason_cause(reading.reason) == CAUSE_CREDENTIALS && !seen->credential_sent)
		return (struct reading){ REASON_MECHANISM_UNSUPPORTED,
			                 CONFIDENCE_POSSIBLE,
			                 "refused before any credential was sent", 0 };
	if (reading.reason == REASON_NONE)
		return (struct reading){ REASON_PROTOCOL_ERROR, CONFIDENCE_POSSIBLE,
			                 "RFC 5321 section 4.3.2: not the reply that "
			                 "this command wants",
			                 0 };
	return reading;
}

/*
 * A reply speaks for itself, unless somebody else has said it: then a refused password
 * proves nothing about the password.
 */
static bool may_overrule(const struct rule *rule, const struct observation *seen,
                         const struct reading *reading)
{
	if (rule->ending != RULE_ENDING_REPLY)
		return false;
	return seen->phase != PHASE_AUTH ||
	       reason_cause(reading->reason) == CAUSE_CREDENTIALS ||
	       observation_reply(seen)->code == CODE_CREDENTIALS_INVALID;
}

static struct verdict judge_reply(const struct observation *seen,
                                  const struct fact_set *facts)
{
	struct reading reading = read_reply(seen);

	for (size_t i = 0; i < verdict_rule_count(); i++)
		if (may_overrule(&rules[i], seen, &reading) &&
		    rule_fits(&rules[i], seen, facts))
			return (struct verdict){ rules[i].reason, rules[i].confidence,
				                 rules[i].source, i };
	return (struct verdict){ reading.reason, reading.confidence, reading.source,
		                 VERDICT_BY_READING };
}

/*
 * Nothing new was learnt of the login, so the last verdict holds; without one the
 * suspension is of our own making.
 */
static struct verdict repeat_verdict(const struct guard_refusal *last)
{
	static const char source[] = "the login is suspended; this is its last verdict";

	if (last->times == 0)
		return (struct verdict){ REASON_INTERNAL, CONFIDENCE_CERTAIN, "",
			                 VERDICT_REPEATED };
	return (struct verdict){ last->reason, last->confidence, source,
		                 VERDICT_REPEATED };
}

struct verdict verdict_of(const struct observation *seen)
{
	struct fact_set facts = facts_of(seen);
	size_t i = 0;

	if (seen->ending == ENDING_SUSPENDED)
		return repeat_verdict(&seen->suspension.last);

	if (seen->ending == ENDING_REPLY && !seen->authenticated &&
	    observation_reply(seen)->code)
		return judge_reply(seen, &facts);
	while (!rule_fits(&rules[i], seen, &facts))
		i++;
	return (struct verdict){ rules[i].reason, rules[i].confidence, rules[i].source,
		                 i };
}
