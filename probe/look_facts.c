/* SPDX-License-Identifier: Apache-2.0 */
#include "probe/look_facts.h"

#include "probe/note.h"

static const struct {
	const char *word;
	bool has_subject;
} table[LOOK_COUNT] = {
#define LOOK(id, word, has_subject) { word, has_subject },
#include "probe/look.def"
};

const char *look_word(enum look look)
{
	return table[look].word;
}

bool look_has_subject(enum look look)
{
	return table[look].has_subject;
}

static bool take_kind(struct look_finding *finding, struct str *rest)
{
	struct str word;

	if (!str_take_word(&word, rest, " "))
		return false;
	for (unsigned i = 0; i < LOOK_COUNT; i++)
		if (str_equal(word, str_of(table[i].word))) {
			finding->look = (enum look)i;
			return !table[i].has_subject ||
			       str_take_word(&finding->subject, rest, " ");
		}
	return false;
}

static bool take_outcome(struct look_finding *finding, struct str *rest)
{
	struct str word;

	if (!str_take_word(&word, rest, " "))
		return false;
	if (finding->look == LOOK_NAME && str_equal(word, STR("found")))
		return true;
	if (finding->look == LOOK_NAME)
		return ending_from_word(&finding->name_ending, word);
	return contact_outcome_from_word(&finding->outcome, word);
}

static void take_hops(int *out, struct str value)
{
	unsigned long long hops;

	if (note_take_count(&hops, value) && hops <= 255)
		*out = (int)hops;
}

static void take_facts(struct look_finding *finding, struct str rest)
{
	struct str key, value;

	while (note_take_fact(&key, &value, &rest)) {
		if (str_equal(key, STR("greeting")))
			finding->greeting = value;
		else if (str_equal(key, STR("issuer")))
			finding->issuer = value;
		else if (str_equal(key, STR("why")))
			finding->why = value;
		else if (str_equal(key, STR("starttls")))
			finding->offers_starttls = str_equal(value, STR("yes"));
		else if (str_equal(key, STR("near")))
			take_hops(&finding->near, value);
		else if (str_equal(key, STR("far")))
			take_hops(&finding->far, value);
	}
}

void look_facts_take(struct look_facts *facts, struct str rest)
{
	struct look_finding finding = { .subject = STR(""), .greeting = STR("") };

	if (facts->count == LOOK_FINDING_MAX || !take_kind(&finding, &rest) ||
	    !take_outcome(&finding, &rest))
		return;
	take_facts(&finding, rest);
	facts->findings[facts->count++] = finding;
}

const struct look_finding *look_facts_find(const struct look_facts *facts,
                                           enum look look)
{
	for (size_t i = 0; i < facts->count; i++)
		if (facts->findings[i].look == look)
			return &facts->findings[i];
	return NULL;
}
