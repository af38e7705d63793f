/* SPDX-License-Identifier: Apache-2.0 */
#include "probe/plugin/waterfall.h"

#include <string.h>

#include "probe/plugin/colour.h"

enum { LABEL_WIDTH = 16, GAP = 2 };

static const char failed_word[] = "failed";

/* How a line is shared out. In doubles, so that no time is too long to be scaled. */
struct layout {
	double total;      /* microseconds that the columns stand for */
	size_t columns;    /* of the bars */
	size_t digits;     /* of the longest duration */
	enum phase failed; /* PHASE_NONE after a success */
	bool colour;
};

/*
 * Two or three digits tell all that matters. `below` is where the rounded number
 * would need the next form.
 */
static const struct {
	usec below, unit;
	int decimals;
	const char *name;
} forms[] = {
	{ 9950, USEC_PER_MSEC, 1, "ms" },
	{ 999500, USEC_PER_MSEC, 0, "ms" },
	{ 99950000, USEC_PER_SEC, 1, "s" },
	{ INT64_MAX, USEC_PER_SEC, 0, "s" },
};

static const char *duration_text(usec duration, struct arena *arena)
{
	size_t i = 0;

	while (i + 1 < sizeof(forms) / sizeof(forms[0]) && duration >= forms[i].below)
		i++;
	return arena_print(arena, "%.*f %s", forms[i].decimals,
	                   (double)duration / (double)forms[i].unit, forms[i].name);
}

static double ended(const struct phase_facts *facts)
{
	return (double)facts->started + (double)facts->duration;
}

static struct layout lay_out(const struct observation *seen, size_t width,
                             struct arena *arena)
{
	struct layout layout = { .failed = seen->authenticated ? PHASE_NONE
		                                               : seen->phase };
	size_t taken = LABEL_WIDTH + GAP;

	for (unsigned i = 0; i < PHASE_TIMED_COUNT; i++) {
		const struct phase_facts *facts = &seen->phases[i];
		size_t digits;

		if (!facts->entered)
			continue;
		digits = strlen(duration_text(facts->duration, arena));
		if (digits > layout.digits)
			layout.digits = digits;
		if (ended(facts) > layout.total)
			layout.total = ended(facts);
	}
	taken += layout.digits;
	if (layout.failed != PHASE_NONE)
		taken += GAP + strlen(failed_word);
	layout.columns = width > taken ? width - taken : 1;
	return layout;
}

/* The same time gives the same column, so bars of adjoining phases adjoin. */
static size_t column_of(const struct layout *layout, double time)
{
	if (time <= 0 || layout->total <= 0)
		return 0;
	return (size_t)(time / layout->total * (double)layout->columns);
}

/* Returns the column behind the bar. */
static size_t add_bar(struct text *out, const struct layout *layout,
                      const struct phase_facts *facts, bool failed)
{
	size_t from = column_of(layout, (double)facts->started),
	       to = column_of(layout, ended(facts));
	struct text bar = text_create(out->arena, layout->columns);

	if (from >= layout->columns)
		from = layout->columns - 1;
	if (to <= from)
		to = from + 1;
	for (size_t i = from; i < to; i++)
		text_add(&bar, "%c", failed ? '#' : '=');
	text_add(out, "%*s", (int)from, "");
	colour_add(out, failed ? COLOUR_BAD : COLOUR_GOOD, layout->colour, bar.at);
	return to;
}

static void add_line(struct text *out, const struct layout *layout, enum phase phase,
                     const struct phase_facts *facts)
{
	bool failed = phase == layout->failed;
	size_t column;

	text_add(out, "%-*s", LABEL_WIDTH, phase_word(phase));
	column = add_bar(out, layout, facts, failed);
	text_add(out, "%*s", (int)(layout->columns - column + GAP + layout->digits),
	         duration_text(facts->duration, out->arena));
	if (failed) {
		text_add(out, "%*s", GAP, "");
		colour_add(out, COLOUR_BAD, layout->colour, failed_word);
	}
	text_add(out, "\n");
}

/* In the order of time: implicit TLS comes before the greeting. */
static size_t sort_phases(enum phase sorted[PHASE_TIMED_COUNT],
                          const struct observation *seen)
{
	const struct phase_facts *phases = seen->phases;
	size_t count = 0;

	for (unsigned i = 0; i < PHASE_TIMED_COUNT; i++) {
		size_t at = count;

		if (!phases[i].entered)
			continue;
		for (; at > 0 && phases[sorted[at - 1]].started > phases[i].started;
		     at--)
			sorted[at] = sorted[at - 1];
		sorted[at] = (enum phase)i;
		count++;
	}
	return count;
}

void waterfall_print(const struct observation *seen, size_t width, bool colour,
                     struct text *out)
{
	enum phase sorted[PHASE_TIMED_COUNT];
	size_t count = sort_phases(sorted, seen);
	struct layout layout = lay_out(seen, width, out->arena);

	layout.colour = colour;
	for (size_t i = 0; i < count; i++)
		add_line(out, &layout, sorted[i], &seen->phases[sorted[i]]);
}
