/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include <string.h>

#include "probe/plugin/command_line.h"
#include "probe/plugin/options.h"

enum { MECHANISM_NAME_MAX = 20 };

bool take_state(struct chosen_state *out, const char *option, struct str word,
                struct error *err)
{
	if (!severity_from_word(&out->state, word))
		return error_set(err, "%s: '%.*s' is no state (see --help)", option,
		                 (int)(word.len < 12 ? word.len : 12), word.at);
	out->given = true;
	return true;
}

/* ---- thresholds ---- */

static bool take_range(struct range *out, const char *option, const char *text,
                       struct error *err)
{
	struct error why;

	if (!range_parse(out, text, &why))
		return error_set(err, "%s: %.40s (see --help)", option, why.text);
	return true;
}

static bool take_phase_range(struct limits *limits, bool critical, const char *text,
                             struct error *err)
{
	const char *option = critical ? "--critical-phase" : "--warning-phase";
	size_t len = strcspn(text, "=");
	struct limits *of_phase;
	enum phase phase;

	if (text[len] == '\0')
		return error_set(err, "%s: '%.16s' is not PHASE=RANGE", option, text);
	if (!phase_from_word(&phase, (struct str){ text, len }) || phase == PHASE_MAIL)
		return error_set(err, "%s: '%.*s' is not a phase known here", option,
		                 (int)(len < 16 ? len : 16), text);
	of_phase = &limits[figure_of_phase(phase)];
	return take_range(critical ? &of_phase->critical : &of_phase->warning, option,
	                  text + len + 1, err);
}

/* Fewer days than these are too few. */
static bool take_days(struct range *out, struct str *rest)
{
	const char *text = rest->at;
	int days;

	if (!str_take_number(&days, rest))
		return false;
	*out = (struct range){ .start = days, .end = INFINITY, .text = text };
	return true;
}

static bool take_certificate(struct limits *days, const char *text, struct error *err)
{
	struct str rest = str_of(text);
	struct limits limits = { 0 };

	if (!take_days(&limits.warning, &rest) ||
	    (str_take_char(&rest, ',') && !take_days(&limits.critical, &rest)) ||
	    rest.len > 0)
		return error_set(err,
		                 "-D: '%.16s' is not days, as 30 or 30,7 (see --help)",
		                 text);
	*days = limits;
	return true;
}

/* ---- states ---- */

static bool take_cause_state(struct chosen_state *states, const char *text,
                             struct error *err)
{
	size_t len = strcspn(text, "=");
	enum cause cause;

	if (text[len] == '\0')
		return error_set(
			err, "--state: '%.16s' is not CAUSE=STATE (see --help)", text);
	if (!cause_from_word(&cause, (struct str){ text, len }))
		return error_set(err, "--state: '%.*s' is not a cause known here",
		                 (int)(len < 24 ? len : 24), text);
	return take_state(&states[cause], "--state", str_of(text + len + 1), err);
}

static bool take_expected_reason(enum reason *out, enum cause cause, struct str word,
                                 struct error *err)
{
	if (!reason_from_word(out, word))
		return error_set(err,
		                 "--expect-cause: '%.16s' is not a reason known here",
		                 word.at);
	if (reason_cause(*out) != cause)
		return error_set(err,
		                 "--expect-cause: this reason belongs to %s, not %s",
		                 cause_word(reason_cause(*out)), cause_word(cause));
	return true;
}

/* Trouble of our own is nothing that a server could be expected to make. */
static bool take_expected(struct rules *rules, const char *text, struct error *err)
{
	size_t len = strcspn(text, "/");
	enum reason reason = REASON_NONE;
	enum cause cause;

	if (!cause_from_word(&cause, (struct str){ text, len }) ||
	    cause == CAUSE_NONE || cause == CAUSE_LOCAL)
		return error_set(err, "--expect-cause: '%.*s' is no cause to expect",
		                 (int)(len < 20 ? len : 20), text);
	if (text[len] != '\0' &&
	    !take_expected_reason(&reason, cause, str_of(text + len + 1), err))
		return false;
	rules->expected = cause;
	rules->expected_reason = reason;
	return true;
}

/* ---- mechanisms ---- */

/* RFC 4422 section 3.1, in either case. */
static bool is_mechanism_name(const char *name)
{
	static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "abcdefghijklmnopqrstuvwxyz0123456789-_";
	size_t len = strlen(name);

	return len > 0 && len <= MECHANISM_NAME_MAX && strspn(name, letters) == len;
}

static bool take_mechanism(struct ruled_mechanisms *ruled, const char *option,
                           const char *name, struct error *err)
{
	if (!is_mechanism_name(name))
		return error_set(err, "%s: '%.20s' is not a SASL name", option, name);
	if (ruled->count == RULED_MECHANISM_MAX)
		return error_set(err, "%s: given more than %d times", option,
		                 RULED_MECHANISM_MAX);
	ruled->names[ruled->count++] = name;
	return true;
}

/* ---- all of them ---- */

static bool take_threshold(struct limits *limits, int id, char *value,
                           struct error *err)
{
	switch (id) {
	case ID_WARNING:
		return take_range(&limits[FIGURE_TIME].warning, "-w", value, err);
	case ID_CRITICAL:
		return take_range(&limits[FIGURE_TIME].critical, "-c", value, err);
	case ID_WARNING_PHASE:
		return take_phase_range(limits, false, value, err);
	case ID_CRITICAL_PHASE:
		return take_phase_range(limits, true, value, err);
	case ID_WARNING_RTT:
		return take_range(&limits[FIGURE_RTT].warning, "--warning-rtt", value,
		                  err);
	case ID_CRITICAL_RTT:
		return take_range(&limits[FIGURE_RTT].critical, "--critical-rtt", value,
		                  err);
	default:
		return take_certificate(&limits[FIGURE_CERT_DAYS], value, err);
	}
}

bool take_judgement_option(struct command_line *line, int id, char *value,
                           struct error *err)
{
	struct rules *rules = &line->options->rules;

	switch (id) {
	case ID_TIMEOUT_RESULT:
		return take_state(&rules->timeout, "--timeout-result", str_of(value),
		                  err);
	case ID_STATE:
		return take_cause_state(rules->states, value, err);
	case ID_EXPECT_CAUSE:
		return take_expected(rules, value, err);
	case ID_REQUIRE_MECHANISM:
		return take_mechanism(&rules->required, "--require-mechanism", value,
		                      err);
	case ID_FORBID_MECHANISM:
		return take_mechanism(&rules->forbidden, "--forbid-mechanism", value,
		                      err);
	case ID_FORBID_CLEARTEXT_AUTH:
		rules->forbid_cleartext_auth = true;
		return true;
	default:
		return take_threshold(rules->limits, id, value, err);
	}
}
