/* SPDX-License-Identifier: Apache-2.0 */
#include "probe/interceptor_name.h"

static const char *const words[INTERCEPTOR_ATTRIBUTE_COUNT] = {
	[INTERCEPTOR_CN] = "CN",
	[INTERCEPTOR_O] = "O",
	[INTERCEPTOR_OU] = "OU",
};

bool interceptor_attribute_from_word(enum interceptor_attribute *out, struct str word)
{
	for (unsigned i = 0; i < INTERCEPTOR_ATTRIBUTE_COUNT; i++) {
		if (str_equal_nocase(word, str_of(words[i]))) {
			*out = (enum interceptor_attribute)i;
			return true;
		}
	}
	return false;
}

static char take_char(struct str *rest)
{
	char c = rest->at[0];

	*rest = (struct str){ rest->at + 1, rest->len - 1 };
	return c;
}

static bool is_separator(char c)
{
	return c == ',' || c == '+';
}

/* -1 for what is no hexadecimal digit. */
static int digit_of(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* What stands behind a backslash (RFC 4514 §2.4). */
static bool take_escaped(char *out, struct str *rest)
{
	int high = rest->len ? digit_of(rest->at[0]) : -1, low;

	if (rest->len == 0)
		return false;
	if (high < 0) {
		*out = take_char(rest);
		return true;
	}
	low = rest->len > 1 ? digit_of(rest->at[1]) : -1;
	if (low < 0)
		return false;
	*out = (char)(high << 4 | low);
	*rest = (struct str){ rest->at + 2, rest->len - 2 };
	return true;
}

static void skip_blanks(struct str *rest)
{
	while (str_take_char(rest, ' '))
		;
}

/* Takes the value up to its separator; `room` is where its bytes go. */
static bool take_value(struct str *out, char *room, struct str *rest)
{
	size_t len = 0, significant = 0;
	bool sound;

	skip_blanks(rest);
	sound = rest->len == 0 || rest->at[0] != '#';
	while (rest->len && !is_separator(rest->at[0])) {
		char c = take_char(rest);
		bool escaped = c == '\\';

		if (escaped && !take_escaped(&c, rest))
			sound = false;
		room[len++] = c;
		if (escaped || c != ' ')
			significant = len;
	}
	*out = (struct str){ room, significant };
	return sound;
}

/* Takes the type and its "="; false, and at the separator, when there is none. */
static bool take_type(struct str *out, struct str *rest)
{
	const char *start = rest->at;

	while (rest->len && !is_separator(rest->at[0]) && rest->at[0] != '=')
		take_char(rest);
	*out = str_trim((struct str){ start, (size_t)(rest->at - start) });
	return str_take_char(rest, '=');
}

void interceptor_name_read(struct interceptor_name *out, struct str dn)
{
	bool cut = dn.len >= INTERCEPTOR_NAME_MAX;
	struct str rest = { dn.at, cut ? INTERCEPTOR_NAME_MAX : dn.len };
	char *room = out->bytes;

	out->count = 0;
	while (rest.len && out->count < INTERCEPTOR_PART_MAX) {
		enum interceptor_attribute attribute;
		struct str type, value;
		bool sound = take_type(&type, &rest) && take_value(&value, room, &rest);

		if (cut && rest.len == 0)
			return;
		if (rest.len)
			take_char(&rest);
		if (!sound || !interceptor_attribute_from_word(&attribute, type))
			continue;
		out->parts[out->count].attribute = attribute;
		out->parts[out->count++].value = value;
		room += value.len;
	}
}
