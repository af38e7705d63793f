/* SPDX-License-Identifier: Apache-2.0 */
#include "probe/cause.h"

static const struct {
	const char *word, *meaning, *actor;
	enum severity severity;
} causes[CAUSE_COUNT] = {
#define CAUSE(id, severity, word, meaning, actor) \
	[CAUSE_##id] = { word, meaning, actor, SEVERITY_##severity },
#include "probe/cause.def"
};

static const char *const confidence_words[] = {
	[CONFIDENCE_POSSIBLE] = "possible",
	[CONFIDENCE_LIKELY] = "likely",
	[CONFIDENCE_CERTAIN] = "certain",
};

const char *cause_word(enum cause cause)
{
	return causes[cause].word;
}

bool cause_from_word(enum cause *out, struct str word)
{
	for (unsigned i = 0; i < CAUSE_COUNT; i++) {
		if (str_equal(word, str_of(causes[i].word))) {
			*out = (enum cause)i;
			return true;
		}
	}
	return false;
}

const char *cause_meaning(enum cause cause)
{
	return causes[cause].meaning;
}

const char *cause_actor(enum cause cause)
{
	return causes[cause].actor;
}

enum severity cause_severity(enum cause cause)
{
	return causes[cause].severity;
}

const char *confidence_word(enum confidence confidence)
{
	return confidence_words[confidence];
}
