/* SPDX-License-Identifier: Apache-2.0 */
#include "probe/plugin/nagios.h"

#include "probe/message.h"

enum { OUTPUT_MAX = 256 * 1024 };

static double in_seconds(usec time)
{
	return (double)time / (double)USEC_PER_SEC;
}

enum severity nagios_state(const struct result *result, const struct nagios_view *view)
{
	double time = in_seconds(result->seen->duration);

	if (!result_success(result))
		return cause_severity(result->diagnosis.cause);
	if (view->critical && range_alerts(view->critical, time))
		return SEVERITY_CRITICAL;
	if (view->warning && range_alerts(view->warning, time))
		return SEVERITY_WARNING;
	return SEVERITY_OK;
}

const char *nagios_message(const struct result *result, const struct nagios_view *view,
                           struct arena *arena)
{
	return message_of(result, nagios_state(result, view), arena);
}

static void add_perfdata(struct text *out, const struct observation *seen,
                         const struct nagios_view *view)
{
	text_add(out, "|time=%.6fs;%s;%s;0", in_seconds(seen->duration),
	         view->warning ? view->warning->text : "",
	         view->critical ? view->critical->text : "");
	for (unsigned i = 0; i < PHASE_TIMED_COUNT; i++)
		if (seen->phases[i].entered)
			text_add(out, " %s=%.6fs;;;0", phase_word((enum phase)i),
			         in_seconds(seen->phases[i].duration));
}

static void add_labelled(struct text *out, const char *label, const char *line)
{
	text_add(out, "%-15s ", label);
	for (; *line; line++)
		text_add_foreign(out, (struct str){ *line == '|' ? "/" : line, 1 });
	text_add(out, "\n");
}

static void add_why(struct text *out, const struct diagnosis *diagnosis)
{
	add_labelled(out, "why:", reason_meaning(diagnosis->reason));
	if (diagnosis->source[0])
		add_labelled(out, "source:", diagnosis->source);
	if (diagnosis->confidence != CONFIDENCE_CERTAIN)
		add_labelled(out, "how sure:", confidence_word(diagnosis->confidence));
}

static void add_explanation(struct text *out, const struct diagnosis *diagnosis)
{
	const struct evidence *evidence = &diagnosis->evidence;

	for (size_t i = 0; i < evidence->count; i++)
		add_labelled(out, i ? "" : "what happened:", evidence->lines[i]);
	add_why(out, diagnosis);
	for (size_t i = 0; i < diagnosis->advice_count; i++)
		add_labelled(out, i ? "" : "do:", diagnosis->advice[i]);
}

static void add_facts(struct text *out, const struct observation *seen,
                      struct arena *arena)
{
	const struct capabilities *offer = observation_offer(seen);
	struct text offered = text_create(arena, 512);

	if (seen->address.len)
		add_labelled(out, "address:", arena_copy(arena, seen->address));
	if (seen->tls.done)
		add_labelled(out, "tls:",
		             arena_print(arena, "%.*s %.*s", (int)seen->tls.version.len,
		                         seen->tls.version.at,
		                         (int)seen->tls.cipher.len,
		                         seen->tls.cipher.at));
	for (size_t i = 0; i < offer->offered_count; i++)
		text_add(&offered, "%s%.*s", i ? " " : "", (int)offer->offered[i].len,
		         offer->offered[i].at);
	if (offered.len)
		add_labelled(out, "offered:", offered.at);
}

static void add_trace(struct text *out, const struct trace *trace, struct arena *arena)
{
	struct text text = text_create(arena, OUTPUT_MAX);

	trace_print(trace, &text);
	for (size_t i = 0; i < text.len; i++)
		if (text.at[i] == '|')
			text.at[i] = '/';
	text_add(out, "trace:\n");
	for (size_t i = 0; i < text.len; i++) {
		if (text.at[i] == '\n')
			text_add(out, "\n");
		else
			text_add_foreign(out, (struct str){ text.at + i, 1 });
	}
}

const char *nagios_print(const struct result *result, const struct nagios_view *view,
                         struct arena *arena)
{
	struct text out = text_create(arena, OUTPUT_MAX);

	text_add(&out, "%s", nagios_message(result, view, arena));
	add_perfdata(&out, result->seen, view);
	text_add(&out, "\n");
	if (!result_success(result))
		add_explanation(&out, &result->diagnosis);
	if (view->verbosity > 0)
		add_facts(&out, result->seen, arena);
	if (view->trace || view->verbosity > 2)
		add_trace(&out, result->trace, arena);
	return out.at;
}
