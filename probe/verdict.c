/* SPDX-License-Identifier: Apache-2.0 */
#include "probe/verdict.h"

#include "probe/reading.h"

enum { ANY = -1 };

/* What a rule may ask for beyond words and numbers. */
enum {
	ACCEPTED = 1 << 0, /* the server said yes to AUTH */
	ENCRYPTED = 1 << 1,
	VERIFIED = 1 << 2, /* encrypted, and the certificate is right */
	STARTTLS_ASKED = 1 << 3,
	RAW = 1 << 4,         /* the first bytes are no SMTP */
	RAW_TLS = 1 << 5,     /* they are a TLS record */
	RAW_SERVICE = 1 << 6, /* they are of a known other protocol */
	LEAF_ONLY = 1 << 7,   /* one certificate, which names its issuer's place */
	JUDGED_BAD = 1 << 8,  /* the certificate has a fault */
	ALERT_RECEIVED = 1 << 9,
	ALERT_VERSION = 1 << 10,
	NO_MECHANISM = 1 << 11 /* the server offers none at all */
};

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
	unsigned facts;
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

/* First bytes of what else listens on ports; a trace shows them in quotes. */
static const char *const services[] = { "\"HTTP/", "\"<html", "\"<!DOC", "\"SSH-",
	                                "\"* OK",  "\"+OK",   "\"RFB ",  "\"* BYE" };

static bool is_known_service(struct str raw)
{
	for (size_t i = 0; i < sizeof(services) / sizeof(services[0]); i++)
		if (str_starts_nocase(raw, str_of(services[i])))
			return true;
	return false;
}

/* RFC 8446 §5.1: content type 21 (alert) or 22 (handshake), then version 3. */
static bool is_tls_record(struct str raw)
{
	return str_starts(raw, STR("\"\\x15\\x03")) ||
	       str_starts(raw, STR("\"\\x16\\x03"));
}

static unsigned facts_of(const struct observation *seen)
{
	const struct tls_facts *tls = &seen->tls;
	bool bad = tls->fault_count > 0;
	unsigned facts = 0;

	facts |= seen->authenticated ? ACCEPTED : 0;
	facts |= tls->done ? ENCRYPTED : 0;
	facts |= tls->done && tls->judged && !bad ? VERIFIED : 0;
	facts |= seen->starttls_asked ? STARTTLS_ASKED : 0;
	facts |= observation_offer(seen)->offered_count == 0 ? NO_MECHANISM : 0;
	facts |= seen->raw.len ? RAW : 0;
	facts |= is_tls_record(seen->raw) ? RAW_TLS : 0;
	facts |= is_known_service(seen->raw) ? RAW_SERVICE : 0;
	facts |= bad ? JUDGED_BAD : 0;
	facts |= tls->alert_received ? ALERT_RECEIVED : 0;
	if (tls->certificate_count == 1 && tls->certificates[0].names_issuer_url)
		facts |= LEAF_ONLY;
	if (tls->alert_received &&
	    str_find_nocase(tls->alert, STR("protocol version")) >= 0)
		facts |= ALERT_VERSION;
	return facts;
}

static bool verify_fits(int wanted, const struct tls_facts *tls)
{
	for (size_t i = 0; i < tls->fault_count; i++)
		if (tls->faults[i] == wanted)
			return true;
	return wanted == ANY;
}

static bool rule_fits(const struct rule *rule, const struct observation *seen,
                      unsigned facts)
{
	return (rule->phase == RULE_PHASE_ANY || rule->phase == (int)seen->phase) &&
	       (rule->ending == RULE_ENDING_ANY || rule->ending == (int)seen->ending) &&
	       (rule->facts & facts) == rule->facts &&
	       verify_fits(rule->verify, &seen->tls) &&
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
static struct verdict read_reply(const struct observation *seen, unsigned facts)
{
	struct said said = {
		.phase = seen->phase,
		.mechanism = seen->mechanism,
		.reply = *observation_reply(seen),
		.target = seen->host,
		.banner = seen->phases[PHASE_BANNER].reply.text,
		.own_name = seen->own_name_answered,
		.nothing_sent = !seen->credential_sent,
		.verified = facts & VERIFIED,
		.unverified = !(facts & VERIFIED),
		.advertised =
			true, /* nobody asks for STARTTLS that was not announced */
	};
	struct reading reading = reading_of(&said);

	if (reason_cause(reading.reason) == CAUSE_CREDENTIALS && !seen->credential_sent)
		reading =
			(struct reading){ REASON_MECHANISM_UNSUPPORTED,
			                  CONFIDENCE_POSSIBLE,
			                  "refused before any credential was sent", 0 };
	if (reading.reason == REASON_NONE)
		reading = (struct reading){
			REASON_PROTOCOL_ERROR, CONFIDENCE_POSSIBLE,
			"RFC 5321 section 4.3.2: not the reply that this "
			"command wants",
			0
		};
	return (struct verdict){ reading.reason, reading.confidence, reading.source,
		                 VERDICT_BY_READING };
}

struct verdict verdict_of(const struct observation *seen)
{
	unsigned facts = facts_of(seen);
	size_t i = 0;

	if (seen->ending == ENDING_REPLY && !seen->authenticated &&
	    observation_reply(seen)->code)
		return read_reply(seen, facts);
	while (!rule_fits(&rules[i], seen, facts))
		i++;
	return (struct verdict){ rules[i].reason, rules[i].confidence, rules[i].source,
		                 i };
}
