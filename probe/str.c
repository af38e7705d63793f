/* SPDX-License-Identifier: Apache-2.0 */
#include "probe/str.h"

#include <string.h>

enum { NUMBER_DIGITS_MAX = 9 };

struct str str_of(const char *text)
{
	return (struct str){ text ? text : "", text ? strlen(text) : 0 };
}

bool str_equal(struct str a, struct str b)
{
	return a.len == b.len && (a.len == 0 || memcmp(a.at, b.at, a.len) == 0);
}

bool str_starts(struct str text, struct str prefix)
{
	return text.len >= prefix.len &&
	       str_equal((struct str){ text.at, prefix.len }, prefix);
}

struct utf8_form {
	unsigned char mask, lead; /* the first byte under the mask */
	size_t len;
	unsigned smallest; /* code point that needs this length */
};

static const struct utf8_form utf8_forms[] = {
	{ 0x80, 0x00, 1, 0 },
	{ 0xe0, 0xc0, 2, 0x80 },
	{ 0xf0, 0xe0, 3, 0x800 },
	{ 0xf8, 0xf0, 4, 0x10000 },
};

static const struct utf8_form *utf8_form_of(unsigned char first)
{
	for (size_t i = 0; i < sizeof(utf8_forms) / sizeof(utf8_forms[0]); i++)
		if ((first & utf8_forms[i].mask) == utf8_forms[i].lead)
			return &utf8_forms[i];
	return NULL;
}

static bool take_utf8(struct str *rest)
{
	unsigned char first = (unsigned char)rest->at[0];
	const struct utf8_form *form = utf8_form_of(first);
	unsigned point;

	if (!form || form->len > rest->len)
		return false;
	point = first & (unsigned char)~form->mask;
	for (size_t i = 1; i < form->len; i++) {
		unsigned char byte = (unsigned char)rest->at[i];

		if ((byte & 0xc0) != 0x80)
			return false;
		point = point << 6 | (byte & 0x3f);
	}
	*rest = (struct str){ rest->at + form->len, rest->len - form->len };
	return point >= form->smallest && point <= 0x10ffff &&
	       (point < 0xd800 || point > 0xdfff);
}

bool str_is_utf8(struct str text)
{
	while (text.len)
		if (!take_utf8(&text))
			return false;
	return true;
}

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static bool equal_nocase(const char *a, const char *b, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (lower(a[i]) != lower(b[i]))
			return false;
	return true;
}

bool str_equal_nocase(struct str a, struct str b)
{
	return a.len == b.len && equal_nocase(a.at, b.at, a.len);
}

bool str_starts_nocase(struct str text, struct str prefix)
{
	return text.len >= prefix.len && equal_nocase(text.at, prefix.at, prefix.len);
}

long str_find_nocase(struct str text, struct str part)
{
	char first = part.len ? lower(part.at[0]) : '\0';

	/* Most places differ at once: this is where rules spend their time. */
	for (size_t i = 0; i + part.len <= text.len; i++)
		if (part.len == 0 || (lower(text.at[i]) == first &&
		                      equal_nocase(text.at + i, part.at, part.len)))
			return (long)i;
	return -1;
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

struct str str_trim(struct str text)
{
	while (text.len && is_blank(text.at[0])) {
		text.at++;
		text.len--;
	}
	while (text.len && is_blank(text.at[text.len - 1]))
		text.len--;
	return text;
}

static bool is_one_of(char c, const char *set)
{
	while (*set && *set != c)
		set++;
	return *set != '\0';
}

bool str_take_word(struct str *out, struct str *rest, const char *separators)
{
	size_t from = 0, to;

	while (from < rest->len && is_one_of(rest->at[from], separators))
		from++;
	to = from;
	while (to < rest->len && !is_one_of(rest->at[to], separators))
		to++;
	if (to == from)
		return false;
	*out = (struct str){ rest->at + from, to - from };
	*rest = (struct str){ rest->at + to, rest->len - to };
	return true;
}

bool str_take_number(int *out, struct str *rest)
{
	size_t digits = 0;
	int value = 0;

	while (digits < rest->len && rest->at[digits] >= '0' &&
	       rest->at[digits] <= '9') {
		if (digits == NUMBER_DIGITS_MAX)
			return false;
		value = value * 10 + (rest->at[digits] - '0');
		digits++;
	}
	if (digits == 0)
		return false;
	*out = value;
	*rest = (struct str){ rest->at + digits, rest->len - digits };
	return true;
}

bool str_take_char(struct str *rest, char expected)
{
	if (rest->len == 0 || rest->at[0] != expected)
		return false;
	*rest = (struct str){ rest->at + 1, rest->len - 1 };
	return true;
}

struct str str_first_word(struct str text)
{
	struct str word = STR("");

	str_take_word(&word, &text, " ");
	return word;
}
