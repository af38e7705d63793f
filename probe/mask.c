/* SPDX-License-Identifier: Apache-2.0 */
#include "probe/mask.h"

#include <string.h>

/* Shorter words of X's may be anything. */
enum { MASK_SHORTEST = 4 };

bool mask_covers_greeting(struct str text)
{
	size_t stars = 0;

	for (size_t i = 0; i < text.len; i++) {
		if (!text.at[i] || !strchr("20 *\t\n", text.at[i]))
			return false;
		stars += text.at[i] == '*';
	}
	return stars > 2;
}

bool mask_covers_keyword(struct str text)
{
	struct str word;

	while (str_take_word(&word, &text, " ")) {
		size_t crosses = 0;

		while (crosses < word.len && word.at[crosses] == 'X')
			crosses++;
		if (crosses >= MASK_SHORTEST &&
		    (crosses == word.len ||
		     (crosses + 1 == word.len && word.at[crosses] == 'A')))
			return true;
	}
	return false;
}
