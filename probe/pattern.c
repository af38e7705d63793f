/* SPDX-License-Identifier: Apache-2.0 */
#include "probe/pattern.h"

#include <string.h>

/* Takes the part up to `separator`, or all of it. */
static struct str take_part(struct str *rest, char separator)
{
	const char *end = rest->len ? memchr(rest->at, separator, rest->len) : NULL;
	struct str part = { rest->at, end ? (size_t)(end - rest->at) : rest->len };

	rest->at += part.len + (end != NULL);
	rest->len -= part.len + (end != NULL);
	return part;
}

static bool alternative_matches(struct str alternative, struct str text)
{
	bool anchored = str_take_char(&alternative, '^');

	while (alternative.len) {
		struct str fragment = take_part(&alternative, '*');
		long at = str_find_nocase(text, fragment);

		if (at < 0 || (anchored && at > 0))
			return false;
		anchored = false;
		text.at += (size_t)at + fragment.len;
		text.len -= (size_t)at + fragment.len;
	}
	return true;
}

bool pattern_matches(const char *pattern, struct str text)
{
	struct str rest = str_of(pattern);

	if (rest.len == 0)
		return true;
	while (rest.len)
		if (alternative_matches(take_part(&rest, '|'), text))
			return true;
	return false;
}
