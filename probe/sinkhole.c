/* SPDX-License-Identifier: Apache-2.0 */
#include "probe/sinkhole.h"

/* RFC 1918, RFC 4193, RFC 3927, RFC 6598, as far as a prefix of the text tells. */
static bool is_private(struct str address)
{
	struct str rest = address;
	int first, second;

	if (str_starts_nocase(address, STR("fc")) ||
	    str_starts_nocase(address, STR("fd")) ||
	    str_starts_nocase(address, STR("fe80:")))
		return true;
	if (!str_take_number(&first, &rest) || !str_take_char(&rest, '.') ||
	    !str_take_number(&second, &rest) || !str_take_char(&rest, '.'))
		return false;
	return first == 10 || (first == 192 && second == 168) ||
	       (first == 172 && second >= 16 && second <= 31) ||
	       (first == 100 && second >= 64 && second <= 127) ||
	       (first == 169 && second == 254);
}

static bool is_nowhere(struct str address)
{
	return str_starts(address, STR("127.")) || str_starts(address, STR("0.")) ||
	       str_equal(address, STR("::")) || str_equal(address, STR("::1"));
}

bool sinkhole_is_local_name(struct str host)
{
	static const struct str tail = { ".localhost", sizeof(".localhost") - 1 };

	return str_equal_nocase(host, STR("localhost")) ||
	       str_equal_nocase(host, STR("localhost.localdomain")) ||
	       (host.len > tail.len &&
	        str_equal_nocase(
			(struct str){ host.at + host.len - tail.len, tail.len }, tail));
}

static bool were_public(struct str addresses)
{
	struct str word;
	bool any = false;

	while (str_take_word(&word, &addresses, " ")) {
		if (is_private(word) || is_nowhere(word))
			return false;
		any = true;
	}
	return any;
}

bool sinkhole_swallows(const struct observation *seen)
{
	struct str rest = seen->resolved, word;
	bool was_public = seen->has_last && were_public(seen->last.addresses);

	if (seen->host_is_own || sinkhole_is_local_name(seen->host))
		return false;
	while (str_take_word(&word, &rest, " "))
		if (is_nowhere(word) || (was_public && is_private(word)))
			return true;
	return false;
}
