/* SPDX-License-Identifier: Apache-2.0 */
#include "probe/plugin/judgement.h"

#include <stdlib.h>

enum { DECIMALS_LEAST = 2, DECIMALS_MOST = 6 };

/* X509_V_ERR_CERT_HAS_EXPIRED */
enum { CERTIFICATE_EXPIRED = 10 };

/* Which of two states a pager should show (Monitoring Plugins: lib/states). */
static const int ranks[SEVERITY_COUNT] = {
	[SEVERITY_OK] = 0,
	[SEVERITY_UNKNOWN] = 1,
	[SEVERITY_WARNING] = 2,
	[SEVERITY_CRITICAL] = 3,
};

static const char *words_of(const char *word, struct arena *arena)
{
	char *copy = arena_copy(arena, str_of(word));

	for (char *c = copy; *c; c++)
		if (*c == '_')
			*c = ' ';
	return copy;
}

static void add(struct judgement *judgement, enum severity severity, const char *text)
{
	if (judgement->finding_count < FINDING_MAX)
		judgement->findings[judgement->finding_count++] =
			(struct finding){ severity, text };
}

/* ---- thresholds ---- */

/* With as many digits as it takes to see that it is beyond the limit. */
static const char *print_value(double value, const struct range *range,
                               struct arena *arena)
{
	const char *number = "";

	for (int decimals = DECIMALS_LEAST; decimals <= DECIMALS_MOST; decimals++) {
		number = arena_print(arena, "%.*f", decimals, value);
		if (range_alerts(range, strtod(number, NULL)))
			break;
	}
	return number;
}

static const char *print_crossing(enum figure figure, double value,
                                  const struct range *range, struct arena *arena)
{
	bool in_days = figure == FIGURE_CERT_DAYS;
	const char *measured = arena_print(
		arena, "%s %s %s", in_days ? "certificate" : figure_label(figure),
		print_value(value, range, arena), in_days ? "days" : "s");

	if (range->inside)
		return arena_print(arena, "%s within %s", measured, range->text + 1);
	if (value > range->end)
		return arena_print(arena, "%s > %.15g", measured, range->end);
	return arena_print(arena, "%s < %.15g", measured, range->start);
}

static bool crosses(const struct range *range, double value)
{
	return range->text && range_alerts(range, value);
}

static void look_at_figure(struct judgement *judgement, enum figure figure,
                           const struct observation *seen, const struct limits *limits,
                           struct arena *arena)
{
	double value;

	if (!figure_value(&value, figure, seen))
		return;
	if (crosses(&limits->critical, value))
		add(judgement, SEVERITY_CRITICAL,
		    print_crossing(figure, value, &limits->critical, arena));
	else if (crosses(&limits->warning, value))
		add(judgement, SEVERITY_WARNING,
		    print_crossing(figure, value, &limits->warning, arena));
}

/* ---- certificates ---- */

/*
 * With --insecure one can log in although the certificate has ended. One that is sent
 * besides and that no valid chain needs is no reason to call somebody.
 */
static bool look_at_expiry(struct judgement *judgement, const struct observation *seen,
                           struct arena *arena)
{
	const char *since = "";
	double days;

	if (!tls_facts_has_fault(&seen->tls, CERTIFICATE_EXPIRED))
		return false;
	if (figure_value(&days, FIGURE_CERT_DAYS, seen) && days < 0)
		since = arena_print(arena, " %.0f days ago", -days);
	add(judgement, SEVERITY_CRITICAL,
	    arena_print(arena, "certificate expired%s", since));
	return true;
}

/* A part of the time tells more than the sum, so that comes last. */
static void look_at_figures(struct judgement *judgement, const struct observation *seen,
                            const struct rules *rules, struct arena *arena)
{
	bool expired = look_at_expiry(judgement, seen, arena);

	for (unsigned i = 1; i <= FIGURE_COUNT; i++) {
		enum figure figure = (enum figure)(i % FIGURE_COUNT);

		if (figure != FIGURE_CERT_DAYS || !expired)
			look_at_figure(judgement, figure, seen, &rules->limits[figure],
			               arena);
	}
}

/* ---- mechanisms ---- */

static bool offers(const struct capabilities *offer, const char *name)
{
	for (size_t i = 0; i < offer->offered_count; i++)
		if (str_equal_nocase(offer->offered[i], str_of(name)))
			return true;
	return false;
}

/* The EHLO that counts for the login was answered: not one that goes before TLS. */
static bool offer_is_known(const struct result *result)
{
	const struct phase_facts *phases = result->seen->phases;

	if (phases[PHASE_STARTTLS].entered)
		return phases[PHASE_EHLO_TLS].done;
	return phases[PHASE_EHLO].done &&
	       (phases[PHASE_TLS].entered || phases[PHASE_AUTH].entered ||
	        result->target->set.tls == TLS_NONE);
}

static void look_at_mechanisms(struct judgement *judgement, const struct result *result,
                               const struct rules *rules, struct arena *arena)
{
	const struct observation *seen = result->seen;
	bool known = offer_is_known(result);

	for (size_t i = 0; i < rules->required.count; i++) {
		const char *name = rules->required.names[i];

		if (known && !offers(observation_offer(seen), name))
			add(judgement, SEVERITY_CRITICAL,
			    arena_print(arena, "%s not offered", name));
	}
	for (size_t i = 0; i < rules->forbidden.count; i++) {
		const char *name = rules->forbidden.names[i];

		if (offers(&seen->before_tls, name) || offers(&seen->after_tls, name))
			add(judgement, SEVERITY_CRITICAL,
			    arena_print(arena, "%s offered", name));
	}
}

/* With implicit TLS nothing is said before it. */
static bool offers_auth_in_the_clear(const struct observation *seen)
{
	bool implicit = seen->phases[PHASE_TLS].entered &&
	                !seen->phases[PHASE_STARTTLS].entered;

	return seen->before_tls.auth && !implicit;
}

/* ---- the state ---- */

static bool timed_out(const struct observation *seen)
{
	return seen->ending == ENDING_TIMEOUT || seen->ending == ENDING_DNS_TIMEOUT;
}

static enum severity state_of(const struct result *result, const struct rules *rules)
{
	enum cause cause = result->diagnosis.cause;

	if (rules->timeout.given && timed_out(result->seen) && cause != CAUSE_NONE)
		return rules->timeout.state;
	if (rules->states[cause].given)
		return rules->states[cause].state;
	return rules->expected == CAUSE_NONE || cause == CAUSE_LOCAL
	               ? result_severity(result)
	               : SEVERITY_CRITICAL;
}

static bool meets(const struct diagnosis *diagnosis, const struct rules *rules)
{
	return rules->expected != CAUSE_NONE && diagnosis->cause == rules->expected &&
	       (rules->expected_reason == REASON_NONE ||
	        diagnosis->reason == rules->expected_reason);
}

static const char *print_expected(const struct rules *rules, struct arena *arena)
{
	const char *cause = words_of(cause_word(rules->expected), arena);

	if (rules->expected == CAUSE_NONE)
		return NULL;
	if (rules->expected_reason == REASON_NONE)
		return cause;
	return arena_print(arena, "%s: %s", cause,
	                   words_of(reason_word(rules->expected_reason), arena));
}

/* What the login came to, beside what should have come of it. */
static const char *lead_of(const struct judgement *judgement,
                           const struct result *result, const struct rules *rules,
                           struct arena *arena)
{
	const char *expected = rules->expected_reason == REASON_NONE
	                               ? cause_word(rules->expected)
	                               : reason_word(rules->expected_reason);

	if (judgement->expected_met)
		return result->seen->ending == ENDING_REPLY ? "refused as expected: "
		                                            : "failed as expected: ";
	if (rules->expected == CAUSE_NONE || result->diagnosis.cause == CAUSE_LOCAL)
		return "";
	return arena_print(arena, "expected %s, %s", words_of(expected, arena),
	                   result_success(result) ? "but accepted: " : "got ");
}

/* The worst, the first of several; NULL when there is none. */
static const struct finding *worst_of(const struct judgement *judgement)
{
	const struct finding *worst = NULL;

	for (size_t i = 0; i < judgement->finding_count; i++) {
		const struct finding *finding = &judgement->findings[i];

		if (!worst || ranks[finding->severity] > ranks[worst->severity])
			worst = finding;
	}
	return worst;
}

/* The worst finding leads, unless the login came to what is worse or as bad. */
static void heed_findings(struct judgement *judgement, struct arena *arena)
{
	const struct finding *worst = worst_of(judgement);
	int needed = ranks[judgement->state] + !judgement->good;

	if (!worst || ranks[worst->severity] < needed)
		return;
	judgement->state = worst->severity;
	judgement->leading = worst->text;
	judgement->lead = arena_print(arena, "%s: %s", worst->text,
	                              judgement->good ? judgement->lead : "");
}

struct judgement judge(const struct result *result, const struct rules *rules,
                       struct arena *arena)
{
	struct judgement judgement = { .state = state_of(result, rules),
		                       .expected = print_expected(rules, arena) };

	judgement.expected_met = meets(&result->diagnosis, rules);
	if (judgement.expected_met)
		judgement.state = SEVERITY_OK;
	judgement.good = rules->expected == CAUSE_NONE ? result_success(result)
	                                               : judgement.expected_met;
	judgement.lead = lead_of(&judgement, result, rules, arena);
	if (result->diagnosis.cause == CAUSE_LOCAL)
		return judgement;
	look_at_mechanisms(&judgement, result, rules, arena);
	if (rules->forbid_cleartext_auth && offers_auth_in_the_clear(result->seen))
		add(&judgement, SEVERITY_CRITICAL, "AUTH offered before TLS");
	if (judgement.good)
		look_at_figures(&judgement, result->seen, rules, arena);
	heed_findings(&judgement, arena);
	return judgement;
}

/* ---- contradictions ---- */

static bool check_mechanisms(const struct rules *rules, struct error *err)
{
	for (size_t i = 0; i < rules->required.count; i++)
		for (size_t k = 0; k < rules->forbidden.count; k++)
			if (str_equal_nocase(str_of(rules->required.names[i]),
			                     str_of(rules->forbidden.names[k])))
				return error_set(err,
				                 "--require-mechanism and "
				                 "--forbid-mechanism name the same");
	return true;
}

bool rules_check(const struct rules *rules, struct error *err)
{
	if (rules->expected != CAUSE_NONE && rules->states[rules->expected].given)
		return error_set(err,
		                 "--expect-cause and --state contradict each other");
	return check_mechanisms(rules, err);
}
