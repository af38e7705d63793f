/* SPDX-License-Identifier: Apache-2.0 */
#include "probe/exposition.h"

enum { EXPOSITION_MAX = 64 * 1024, VALUE_MAX = 256 };

enum metric {
#define METRIC(id, name, help) METRIC_##id,
#include "probe/metric.def"
	METRIC_COUNT
};

static const struct {
	const char *name, *help;
} metrics[METRIC_COUNT] = {
#define METRIC(id, name, help) [METRIC_##id] = { name, help },
#include "probe/metric.def"
};

/* What is written, and to which target it belongs; NULL: none. */
struct page {
	struct text text;
	const char *target;
};

struct label {
	const char *name;
	struct str value;
};

/* ---- lines ---- */

static void begin(struct page *page, enum metric metric)
{
	text_add(&page->text, "# HELP %s %s\n# TYPE %s gauge\n", metrics[metric].name,
	         metrics[metric].help, metrics[metric].name);
}

/* Backslash, quote and line end are escaped; the peer's other odd bytes are no text. */
static void add_escaped(struct text *out, struct str value)
{
	for (size_t i = 0; i < value.len && i < VALUE_MAX; i++) {
		if (value.at[i] == '\\' || value.at[i] == '"')
			text_add(out, "\\");
		text_add_foreign(out, (struct str){ value.at + i, 1 });
	}
}

static void add_series(struct page *page, enum metric metric,
                       const struct label *labels, size_t count, double value)
{
	struct text *out = &page->text;
	const char *separator = "{";

	text_add(out, "%s", metrics[metric].name);
	if (page->target) {
		text_add(out, "{target=\"");
		add_escaped(out, str_of(page->target));
		text_add(out, "\"");
		separator = ",";
	}
	for (size_t i = 0; i < count; i++) {
		text_add(out, "%s%s=\"", separator, labels[i].name);
		add_escaped(out, labels[i].value);
		text_add(out, "\"");
		separator = ",";
	}
	text_add(out, "%s %.15g\n", page->target || count ? "}" : "", value);
}

static void add_one(struct page *page, enum metric metric, double value)
{
	begin(page, metric);
	add_series(page, metric, NULL, 0, value);
}

/* A fact that is a word: 1 with the word as label, nothing when there is none. */
static void add_info(struct page *page, enum metric metric, const char *label,
                     struct str value)
{
	const struct label labels[] = { { label, value } };

	if (!value.len)
		return;
	begin(page, metric);
	add_series(page, metric, labels, 1, 1);
}

static double in_seconds(usec time)
{
	return (double)time / (double)USEC_PER_SEC;
}

/* ---- the session ---- */

static void add_times(struct page *page, const struct result *result)
{
	const struct observation *seen = result->seen;

	add_one(page, METRIC_DURATION, in_seconds(seen->duration));
	add_one(page, METRIC_TIMEOUT, in_seconds(result->target->set.timeout));
	add_one(page, METRIC_DNS_TIME,
	        in_seconds(seen->phases[PHASE_RESOLVE].duration));
	add_one(page, METRIC_IP_PROTOCOL,
	        !seen->address.len || result->target->is_unix_socket ? 0
	        : seen->address.at[0] == '['                         ? 6
	                                                             : 4);
}

static void add_tls(struct page *page, const struct tls_facts *tls)
{
	usec from, until;

	if (tls_facts_first_end(tls, &from, &until))
		add_one(page, METRIC_CERT_EXPIRY, in_seconds(until));
	if (tls->judged)
		add_one(page, METRIC_VERIFY, tls->fault_count ? tls->faults[0] : 0);
	add_info(page, METRIC_TLS_VERSION, "version", tls->version);
	add_info(page, METRIC_TLS_CIPHER, "cipher", tls->cipher);
	add_one(page, METRIC_TLS, tls->done);
}

static void add_phases(struct page *page, const struct observation *seen)
{
	begin(page, METRIC_PHASE);
	for (unsigned i = 0; i < PHASE_TIMED_COUNT; i++) {
		const struct label label = { "phase",
			                     str_of(phase_word((enum phase)i)) };
		const struct phase_facts *facts = &seen->phases[i];

		add_series(page, METRIC_PHASE, &label, 1,
		           facts->entered ? in_seconds(facts->duration) : 0);
	}
}

static void add_reply(struct page *page, const struct reply *reply)
{
	const struct enhanced_status *status = &reply->enhanced;

	add_one(page, METRIC_STATUS, reply->code);
	if (status->class)
		add_info(page, METRIC_ENHANCED, "code",
		         str_of(arena_print(page->text.arena, "%d.%d.%d", status->class,
		                            status->subject, status->detail)));
}

static bool is_repeated(const struct capabilities *offer, size_t at)
{
	for (size_t i = 0; i < at; i++)
		if (str_equal(offer->offered[i], offer->offered[at]))
			return true;
	return false;
}

/* A name that is no name of RFC 4422 might become the same as another one. */
static bool is_name(struct str word)
{
	for (size_t i = 0; i < word.len; i++)
		if (word.at[i] <= ' ' || word.at[i] > '~')
			return false;
	return word.len <= VALUE_MAX;
}

static void add_offer(struct page *page, const struct capabilities *offer)
{
	bool begun = false;

	for (size_t i = 0; i < offer->offered_count; i++) {
		const struct label label = { "mechanism", offer->offered[i] };

		if (!is_name(label.value) || is_repeated(offer, i))
			continue;
		if (!begun)
			begin(page, METRIC_OFFERED);
		begun = true;
		add_series(page, METRIC_OFFERED, &label, 1, 1);
	}
}

static void add_tcp(struct page *page, const struct tcp_fact *tcp)
{
	if (!tcp->found)
		return;
	add_one(page, METRIC_RTT, in_seconds(tcp->rtt));
	add_one(page, METRIC_RETRANSMITS, tcp->retransmits);
}

/* ---- the verdict ---- */

static void add_failure(struct page *page, enum reason reason, enum phase phase,
                        enum confidence confidence)
{
	enum cause cause = reason_cause(reason);
	const struct label labels[] = {
		{ "cause", str_of(cause_word(cause)) },
		{ "reason", str_of(reason_word(reason)) },
		{ "phase", str_of(phase_word(phase)) },
		{ "confidence", str_of(confidence_word(confidence)) },
	};

	begin(page, METRIC_FAILURE);
	for (unsigned i = CAUSE_NONE + 1; i < CAUSE_COUNT; i++) {
		const struct label label = { "cause",
			                     str_of(cause_word((enum cause)i)) };

		add_series(page, METRIC_FAILURE, &label, 1, i == cause);
	}
	begin(page, METRIC_FAILURE_INFO);
	add_series(page, METRIC_FAILURE_INFO, labels,
	           sizeof(labels) / sizeof(labels[0]), 1);
}

static bool has_notice(const struct notices *notices, const char *reason)
{
	for (size_t i = 0; i < notices->count; i++)
		if (str_equal(str_of(notices->list[i].reason), str_of(reason)))
			return true;
	return false;
}

static void add_notices(struct page *page, const struct notices *notices)
{
	static const char *const reasons[NOTICE_MAX] = {
		"tls_intercepted", "cert_expires_soon", "mechanism_downgrade",
		"slow_greeting",   "packets_lost",
	};

	begin(page, METRIC_NOTICE);
	for (size_t i = 0; i < NOTICE_MAX; i++) {
		const struct label label = { "reason", str_of(reasons[i]) };

		add_series(page, METRIC_NOTICE, &label, 1,
		           has_notice(notices, reasons[i]));
	}
}

const char *exposition_of_result(const struct result *result, bool success,
                                 struct arena *arena)
{
	const struct diagnosis *diagnosis = &result->diagnosis;
	const struct observation *seen = result->seen;
	struct page page = { .text = text_create(arena, EXPOSITION_MAX),
		             .target = result->target->address };

	add_one(&page, METRIC_SUCCESS, success);
	add_times(&page, result);
	add_tls(&page, &seen->tls);
	add_phases(&page, seen);
	add_failure(&page, diagnosis->reason, diagnosis->phase, diagnosis->confidence);
	add_notices(&page, &diagnosis->notices);
	add_reply(&page, observation_reply(seen));
	add_offer(&page, observation_offer(seen));
	add_info(&page, METRIC_MECHANISM, "mechanism", seen->mechanism);
	add_tcp(&page, &seen->connection.tcp);
	text_add(&page.text, "# EOF\n");
	return page.text.at;
}

const char *exposition_of_trouble(enum reason reason, struct arena *arena)
{
	struct page page = { .text = text_create(arena, EXPOSITION_MAX) };

	add_one(&page, METRIC_SUCCESS, 0);
	add_failure(&page, reason, PHASE_NONE, CONFIDENCE_CERTAIN);
	text_add(&page.text, "# EOF\n");
	return page.text.at;
}
