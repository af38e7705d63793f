/* SPDX-License-Identifier: Apache-2.0 */
#include "probe/reading.h"

#include "probe/base64.h"
#include "probe/mask.h"
#include "probe/pattern.h"
#include "probe/provider.h"

enum { ANY = -1, JSON_MAX = 1024, SHORT_WORD = 4 /* "no", "nope": says nothing */ };

/* Sets of phases. A greeting refused and a connection refused are said alike. */
enum {
	P_BANNER = 1 << PHASE_BANNER | 1 << PHASE_CONNECT,
	P_CONNECT = 1 << PHASE_CONNECT,
	P_EHLO = 1 << PHASE_EHLO | 1 << PHASE_EHLO_TLS,
	P_STARTTLS = 1 << PHASE_STARTTLS,
	P_AUTH = 1 << PHASE_AUTH,
	P_MAIL = 1 << PHASE_MAIL,
	P_ANY = (1 << PHASE_COUNT) - 1
};

/* What a row may ask for beyond words and numbers. */
enum {
	R_FOREIGN = 1 << 0, /* another server than the provider's, and TLS does not
	                       prove it */
	R_MASKED = 1 << 1,  /* a greeting of asterisks */
	R_MASKED_KEYWORD = 1 << 2, /* "250-XXXXXXXA" */
	R_JSON_ERROR = 1 << 3,     /* a challenge that carries a JSON error in base64 */
	R_OAUTH = 1 << 4,          /* the mechanism takes a token */
	R_NOTHING_SENT = 1 << 5,
	R_UNVERIFIED = 1 << 6,
	R_ADVERTISED = 1 << 7,
	R_BARE = 1 << 8,     /* no enhanced status */
	R_NO_WORDS = 1 << 9, /* nothing but codes, or nothing behind the last colon */
	R_BLAMES_LOGIN =
		1 << 10 /* the last clause speaks of the login or its refusal */
};

struct rule {
	unsigned phases;
	int code;
	const char *status, *server;
	unsigned facts;
	const char *text;
	enum reason reason;
	enum confidence confidence;
	const char *source;
};

static const struct rule rules[] = {
#define READ(phases, code, status, server, facts, text, reason, confidence, source) \
	{ phases, code, status,          server, \
	  facts,  text, REASON_##reason, CONFIDENCE_##confidence, \
	  source },
#include "probe/reading.def"
};

static bool carries_json_error(struct str challenge)
{
	char json[JSON_MAX];
	size_t len;
	struct str text;

	if (challenge.len == 0 || challenge.len > JSON_MAX ||
	    !base64_decode(json, &len, challenge))
		return false;
	text = (struct str){ json, len };
	return str_starts(str_trim(text), STR("{")) &&
	       pattern_matches("\"status\"", text);
}

static bool takes_token(struct str mechanism)
{
	return str_equal_nocase(mechanism, STR("XOAUTH2")) ||
	       str_equal_nocase(mechanism, STR("OAUTHBEARER"));
}

/*
 * What a server may say when it means "wrong user or password": a 535 whose last
 * clause has none of these words is about something else. The two in base64 are the
 * prompts of LOGIN, which Postfix passes on.
 */
/* clang-format off */
static const char LOGIN_WORDS[] =
	"authentic|auth fail|auth error|credential|password|passwd|passphrase|username|"
	"user|login|logon|log on|log in|sign in|account|mailbox|incorrect|invalid|wrong|"
	"bad |unsuccessful|rejected|denied|not accepted|refused|failed|failure|mismatch|"
	"UGFzc3dvcmQ6|VXNlcm5hbWU6|"
	"benutzer|passwort|kennwort|anmeld|mot de passe|identifi|connexion|contrase|usuario|"
	"autentic|autenti|senha|wachtwoord|hasl|"
	/* Russian: password, authent- */
	"\320\277\320\260\321\200\320\276\320\273|"
	"\320\260\321\203\321\202\320\265\320\275\321\202|"
	/* Chinese: password, authentication, login, user */
	"\345\257\206\347\240\201|\350\256\244\350\257\201|"
	"\347\231\273\345\275\225|\347\224\250\346\210\267|"
	/* Japanese: authentication */
	"\350\252\215\350\250\274";
/* clang-format on */

/* Behind the last ": ": "Error: authentication failed: REASON". */
static struct str last_clause(struct str text)
{
	for (size_t i = text.len; i >= 2; i--)
		if (text.at[i - 2] == ':' && text.at[i - 1] == ' ')
			return str_trim((struct str){ text.at + i, text.len - i });
	return text;
}

static unsigned facts_of_words(struct str text)
{
	struct str clause = last_clause(text);
	bool open = text.len && text.at[text.len - 1] == ':';

	if (clause.len <= SHORT_WORD || open)
		return R_NO_WORDS;
	return pattern_matches(LOGIN_WORDS, clause) ? R_BLAMES_LOGIN : 0;
}

static unsigned facts_of(const struct said *said)
{
	struct str text = said->reply.text;
	struct str greeting = said->banner.len ? said->banner : said->ehlo_name;
	unsigned facts = 0;

	if (greeting.len == 0 && said->phase == PHASE_BANNER)
		greeting = text;
	if (!said->verified &&
	    (said->own_name || provider_is_somebody_else(said->target, greeting)))
		facts |= R_FOREIGN;
	facts |= said->phase == PHASE_BANNER && mask_covers_greeting(text) ? R_MASKED
	                                                                   : 0;
	facts |= mask_covers_keyword(text) ? R_MASKED_KEYWORD : 0;
	facts |= said->reply.code == 334 && carries_json_error(text) ? R_JSON_ERROR : 0;
	facts |= takes_token(said->mechanism) ? R_OAUTH : 0;
	facts |= said->nothing_sent ? R_NOTHING_SENT : 0;
	facts |= said->unverified ? R_UNVERIFIED : 0;
	facts |= said->advertised ? R_ADVERTISED : 0;
	facts |= said->reply.enhanced.class ? 0 : R_BARE;
	facts |= facts_of_words(text);
	return facts;
}

static bool code_fits(int wanted, int code)
{
	return wanted == ANY || wanted == code || (wanted < 10 && wanted == code / 100);
}

/* "5.7.8", or "x.7.8" for any class. */
static bool status_fits(const char *wanted, struct enhanced_status status)
{
	struct str rest = str_of(wanted);
	int class = 0, subject, detail;

	if (rest.len == 0)
		return true;
	if (status.class == 0)
		return false;
	if (!str_take_char(&rest, 'x') &&
	    (!str_take_number(&class, &rest) || class != status.class))
		return false;
	return str_take_char(&rest, '.') && str_take_number(&subject, &rest) &&
	       str_take_char(&rest, '.') && str_take_number(&detail, &rest) &&
	       subject == status.subject && detail == status.detail;
}

static bool server_fits(const char *pattern, const struct said *said)
{
	return !*pattern || pattern_matches(pattern, said->target) ||
	       pattern_matches(pattern, said->banner) ||
	       pattern_matches(pattern, said->ehlo_name) ||
	       pattern_matches(pattern, said->reply.text);
}

/*
 * A relay passes on what another server said: "530 5.7.57 … Error: 535 5.7.139 …".
 * The code inside is the one that tells. Found at the last place.
 */
static struct enhanced_status nested_status(struct str text)
{
	struct enhanced_status found = { 0 }, status;
	struct str rest = text, word;
	int code;

	while (str_take_word(&word, &rest, " :;,()[]")) {
		struct str after = rest, digits = word;

		if (!str_take_number(&code, &digits) || digits.len || code < 400 ||
		    code > 599 || !str_take_word(&word, &after, " -"))
			continue;
		if (enhanced_status_take(&status, &word) && status.class == code / 100)
			found = status;
	}
	return found;
}

/* What is the same for every row. */
struct evidence_seen {
	const struct said *said;
	unsigned phase, facts;
	struct enhanced_status nested;
};

static bool rule_fits(const struct rule *rule, const struct evidence_seen *seen)
{
	const struct reply *reply = &seen->said->reply;

	return rule->phases & seen->phase && code_fits(rule->code, reply->code) &&
	       (rule->facts & seen->facts) == rule->facts &&
	       (status_fits(rule->status, reply->enhanced) ||
	        status_fits(rule->status, seen->nested)) &&
	       pattern_matches(rule->text, reply->text) &&
	       server_fits(rule->server, seen->said);
}

size_t reading_rule_count(void)
{
	return sizeof(rules) / sizeof(rules[0]);
}

struct reading reading_of(const struct said *said)
{
	enum phase phase = said->phase == PHASE_NONE ? PHASE_AUTH : said->phase;
	struct evidence_seen seen = { said, 1u << phase, facts_of(said),
		                      nested_status(said->reply.text) };
	size_t i = 0;

	while (!rule_fits(&rules[i], &seen))
		i++;
	return (struct reading){ rules[i].reason, rules[i].confidence, rules[i].source,
		                 i };
}
