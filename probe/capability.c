/* SPDX-License-Identifier: Apache-2.0 */
#include "probe/capability.h"

static bool already_offered(const struct capabilities *caps, struct str word)
{
	for (size_t i = 0; i < caps->offered_count; i++)
		if (str_equal_nocase(caps->offered[i], word))
			return true;
	return false;
}

static void add_mechanisms(struct capabilities *caps, struct str rest)
{
	enum mechanism mechanism;
	struct str word;

	caps->auth = true;
	while (str_take_word(&word, &rest, " \t=")) {
		/* Servers with an "AUTH" and an "AUTH=" line name everything twice. */
		if (already_offered(caps, word))
			continue;
		if (caps->offered_count == OFFERED_MAX) {
			caps->truncated = true;
			return;
		}
		caps->offered[caps->offered_count++] = word;
		if (mechanism_from_word(&mechanism, word))
			caps->mechanisms |= mechanism_bit(mechanism);
	}
}

void capabilities_add(struct capabilities *caps, struct str line)
{
	struct str rest = line, keyword;

	if (!str_take_word(&keyword, &rest, " \t="))
		return;
	if (caps->keyword_count == CAPABILITY_MAX) {
		caps->truncated = true;
		return;
	}
	caps->keywords[caps->keyword_count++] = line;
	if (str_equal_nocase(keyword, STR("STARTTLS")))
		caps->starttls = true;
	else if (str_equal_nocase(keyword, STR("AUTH")))
		add_mechanisms(caps, rest);
}
