/* SPDX-License-Identifier: Apache-2.0 */
#include "probe/plugin/nagios.h"

#include <string.h>

#include "probe/message.h"
#include "probe/plugin/colour.h"
#include "probe/plugin/waterfall.h"

enum { OUTPUT_MAX = 256 * 1024, STATUS_MAX = 1024, COLUMNS = 80 };

const char *nagios_message(const struct result *result, const struct nagios_view *view,
                           struct arena *arena)
{
	return message_with(result, view->judgement->state, view->judgement->lead,
	                    arena);
}

const char *nagios_status(const struct result *result, const struct nagios_view *view,
                          struct arena *arena)
{
	struct text line = text_create(arena, STATUS_MAX);

	text_add(&line, "%s|", nagios_message(result, view, arena));
	figure_print_all(&line, result->seen, view->rules->limits);
	text_add(&line, "\n");
	return line.at;
}

/* Past the first line a '|' would begin more perfdata. */
static void add_safe(struct text *out, struct str line)
{
	for (size_t i = 0; i < line.len; i++)
		text_add_foreign(
			out, (struct str){ line.at[i] == '|' ? "/" : line.at + i, 1 });
}

static void add_labelled(struct text *out, const char *label, const char *line)
{
	text_add(out, "%-15s ", label);
	add_safe(out, str_of(line));
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

static void add_notices(struct text *out, const struct diagnosis *diagnosis)
{
	for (size_t i = 0; i < diagnosis->notices.count; i++)
		add_labelled(out, i ? "" : "note:", diagnosis->notices.list[i].text);
}

/* What was asked for, where that is not just a login. */
static void add_judgement(struct text *out, const struct judgement *judgement)
{
	size_t told = 0;

	if (judgement->expected)
		add_labelled(out, "expected:", judgement->expected);
	for (size_t i = 0; i < judgement->finding_count; i++)
		if (judgement->findings[i].text != judgement->leading)
			add_labelled(out, told++ ? "" : "also:",
			             judgement->findings[i].text);
}

/* A failure that should happen needs no remedy. */
static void add_explanation(struct text *out, const struct diagnosis *diagnosis,
                            bool wanted)
{
	const struct evidence *evidence = &diagnosis->evidence;

	for (size_t i = 0; i < evidence->count; i++)
		add_labelled(out, i ? "" : "what happened:", evidence->lines[i]);
	add_why(out, diagnosis);
	for (size_t i = 0; !wanted && i < diagnosis->advice.count; i++)
		add_labelled(out, i ? "" : "do:", diagnosis->advice.lines[i]);
}

/* ---- the four checks ---- */

enum { CHECK_WIDTH = 24, STATE_WIDTH = 13, PROOF_COLUMN = CHECK_WIDTH + STATE_WIDTH };

static const enum colour state_colours[] = {
	[CHECK_OK] = COLOUR_GOOD,
	[CHECK_AT_FAULT] = COLOUR_BAD,
	[CHECK_NOT_REACHED] = COLOUR_FAINT,
	[CHECK_UNKNOWN] = COLOUR_UNSURE,
};

/* Folded between words, so that the columns before it stay readable. */
static void add_proof(struct text *out, const char *proof)
{
	struct str rest = str_of(proof), word;
	size_t column = PROOF_COLUMN;

	while (str_take_word(&word, &rest, " ")) {
		if (column == PROOF_COLUMN) {
			column += word.len;
		} else if (column + 1 + word.len <= COLUMNS) {
			text_add(out, " ");
			column += 1 + word.len;
		} else {
			text_add(out, "\n%*s", PROOF_COLUMN, "");
			column = PROOF_COLUMN + word.len;
		}
		add_safe(out, word);
	}
	text_add(out, "\n");
}

static void add_checks(struct text *out, const struct diagnosis *diagnosis, bool colour)
{
	for (unsigned i = 0; i < CHECK_COUNT; i++) {
		const struct check_answer *answer = &diagnosis->checks[i];
		const char *word = check_state_word(answer->state);

		text_add(out, "%-*s", CHECK_WIDTH, check_word((enum check)i));
		colour_add(out, state_colours[answer->state], colour, word);
		text_add(out, "%*s", STATE_WIDTH - (int)strlen(word), "");
		add_proof(out, answer->proof);
	}
}

/* ---- what was asked for besides ---- */

/* Of a connection that stood. */
static void add_facts(struct text *out, const struct observation *seen,
                      struct arena *arena)
{
	const struct capabilities *offer = observation_offer(seen);
	struct text offered = text_create(arena, 512);

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

/* A long output is read in blocks; the short form is one. */
static void begin_block(struct text *out, const struct nagios_view *view)
{
	if (view->explain)
		text_add(out, "\n");
}

static void add_waterfall(struct text *out, const struct observation *seen,
                          const struct nagios_view *view)
{
	if (seen->phase == PHASE_NONE)
		return;
	begin_block(out, view);
	waterfall_print(seen, COLUMNS, view->colour, out);
}

static void add_reasons(struct text *out, const struct result *result,
                        const struct nagios_view *view)
{
	if (view->explain)
		add_waterfall(out, result->seen, view);
	if (!result_success(result)) {
		begin_block(out, view);
		add_explanation(out, &result->diagnosis, view->judgement->good);
	}
	add_judgement(out, view->judgement);
	add_notices(out, &result->diagnosis);
	if (view->explain) {
		begin_block(out, view);
		add_checks(out, &result->diagnosis, view->colour);
	}
}

const char *nagios_print(const struct result *result, const struct nagios_view *view,
                         struct arena *arena)
{
	struct text out = text_create(arena, OUTPUT_MAX);

	text_add(&out, "%s", nagios_status(result, view, arena));
	add_reasons(&out, result, view);
	if (view->verbosity > 0 && result->seen->address.len) {
		begin_block(&out, view);
		add_facts(&out, result->seen, arena);
	}
	if (view->trace || view->verbosity > 2) {
		begin_block(&out, view);
		add_trace(&out, result->trace, arena);
	}
	return out.at;
}
