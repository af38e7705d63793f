/* SPDX-License-Identifier: Apache-2.0 */
#include "probe/contact_offer.h"

#include <stdlib.h>

#include "probe/contact_report.h"

static char upper(char byte)
{
	return byte >= 'a' && byte <= 'z' ? (char)(byte - 'a' + 'A') : byte;
}

static int compare(const void *left, const void *right)
{
	const struct str *a = left, *b = right;
	size_t shared = a->len < b->len ? a->len : b->len;

	for (size_t i = 0; i < shared; i++) {
		char x = upper(a->at[i]), y = upper(b->at[i]);

		if (x != y)
			return x < y ? -1 : 1;
	}
	return (a->len > b->len) - (a->len < b->len);
}

/* Text of which a whole word fits or nothing. */
struct words {
	char *at;
	size_t room, len;
	bool full;
};

static void put(struct words *words, char separator, struct str word)
{
	size_t more = word.len + (separator != '\0');

	if (words->full || words->len + more >= words->room) {
		words->full = true;
		return;
	}
	if (separator)
		words->at[words->len++] = separator;
	for (size_t i = 0; i < word.len; i++)
		words->at[words->len++] = upper(word.at[i]);
	words->at[words->len] = '\0';
}

static void put_keyword(struct words *words, struct str keyword,
                        const struct capabilities *offer)
{
	put(words, words->len ? ' ' : '\0', keyword);
	if (str_equal_nocase(keyword, STR("AUTH")))
		for (size_t i = 0; i < offer->offered_count; i++)
			put(words, i ? ',' : '=', offer->offered[i]);
}

void contact_offer_print(char *out, size_t room, const struct capabilities *offer)
{
	struct words words = { .at = out, .room = room };
	struct str keywords[CAPABILITY_MAX];
	size_t count = 0;

	out[0] = '\0';
	for (size_t i = 0; i < offer->keyword_count; i++) {
		struct str line = offer->keywords[i];

		if (str_take_word(&keywords[count], &line, " \t="))
			count++;
	}
	qsort(keywords, count, sizeof(keywords[0]), compare);
	for (size_t i = 0; i < count; i++)
		if (i == 0 || !str_equal_nocase(keywords[i], keywords[i - 1]))
			put_keyword(&words, keywords[i], offer);
	contact_report_copy(out, room, (struct str){ out, words.len });
}
