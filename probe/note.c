/* SPDX-License-Identifier: Apache-2.0 */
#include "probe/note.h"

#include <limits.h>
#include <string.h>

bool note_take_fact(struct str *key, struct str *value, struct str *rest)
{
	const char *end;

	*rest = str_trim(*rest);
	if (!str_take_word(key, rest, "=") || !str_take_char(rest, '='))
		return false;
	if (!str_take_char(rest, '"')) {
		*value = STR("");
		/* An empty value leaves the blank of the next fact in its place. */
		if (rest->len && rest->at[0] != ' ')
			str_take_word(value, rest, " ");
		return true;
	}
	end = memchr(rest->at, '"', rest->len);
	if (!end)
		return false;
	*value = (struct str){ rest->at, (size_t)(end - rest->at) };
	*rest = (struct str){ end + 1, rest->len - value->len - 1 };
	return true;
}

bool note_take_count(unsigned long long *out, struct str value)
{
	unsigned long long sum = 0;

	if (value.len == 0)
		return false;
	for (size_t i = 0; i < value.len; i++) {
		unsigned digit = (unsigned)(value.at[i] - '0');

		if (digit > 9 || sum > (ULLONG_MAX - digit) / 10)
			return false;
		sum = sum * 10 + digit;
	}
	*out = sum;
	return true;
}

/* Six digits behind the point at most; what is finer than the clock is dropped. */
static bool take_fraction(usec *out, struct str digits)
{
	usec weight = USEC_PER_SEC / 10;

	for (size_t i = 0; i < digits.len; i++) {
		if (digits.at[i] < '0' || digits.at[i] > '9')
			return false;
		*out += weight * (digits.at[i] - '0');
		weight /= 10;
	}
	return true;
}

bool note_take_seconds(usec *out, struct str value)
{
	struct str rest = value;
	usec fraction = 0;
	int whole;

	if (!str_take_number(&whole, &rest))
		return false;
	if (rest.len && (!str_take_char(&rest, '.') || rest.len == 0 ||
	                 !take_fraction(&fraction, rest)))
		return false;
	*out = (usec)whole * USEC_PER_SEC + fraction;
	return true;
}
