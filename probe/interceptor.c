/* SPDX-License-Identifier: Apache-2.0 */
#include "probe/interceptor.h"

#define TEXT(literal) \
	{ \
		"" literal, sizeof(literal) - 1 \
	}

static const struct interceptor_row builtin_rows[] = {
#define INTERCEPTOR(kind, product, cn, o, ou) \
	{ INTERCEPTOR_##kind, TEXT(product), { TEXT(cn), TEXT(o), TEXT(ou) } },
#include "probe/interceptor.def"
};

static const struct interceptor_table builtin = {
	sizeof(builtin_rows) / sizeof(builtin_rows[0]), builtin_rows
};

/* By the set of 1 << INTERCEPTOR_CN and so on. */
static const char *const attribute_words[] = {
	"", "CN", "O", "CN+O", "OU", "CN+OU", "O+OU", "CN+O+OU",
};

const struct interceptor_table *interceptor_builtin(void)
{
	return &builtin;
}

/* The place of the next character of UTF-8. */
static size_t next_character(struct str text, size_t at)
{
	at++;
	while (at < text.len && ((unsigned char)text.at[at] & 0xc0) == 0x80)
		at++;
	return at;
}

/*
 * '*' and '?' only. Most patterns differ in their first character, which is compared
 * first. A later '*' never needs to give back what an earlier one took, so one place
 * to return to is enough and the time is bounded by the product of the lengths.
 */
static bool fits(struct str pattern, struct str text)
{
	size_t p = 0, t = 0, star = pattern.len, resume = 0;

	while (t < text.len) {
		if (p < pattern.len && pattern.at[p] == '*') {
			star = p++;
			resume = t;
		} else if (p < pattern.len && pattern.at[p] == '?') {
			p++;
			t = next_character(text, t);
		} else if (p < pattern.len && pattern.at[p] == text.at[t]) {
			p++;
			t++;
		} else if (star < pattern.len) {
			p = star + 1;
			t = ++resume;
		} else {
			return false;
		}
	}
	while (p < pattern.len && pattern.at[p] == '*')
		p++;
	return p == pattern.len;
}

static bool any_fits(struct str pattern, enum interceptor_attribute attribute,
                     const struct interceptor_name *name)
{
	for (size_t i = 0; i < name->count; i++)
		if (name->parts[i].attribute == attribute &&
		    fits(pattern, name->parts[i].value))
			return true;
	return false;
}

static bool row_fits(const struct interceptor_row *row,
                     const struct interceptor_name *name)
{
	for (unsigned i = 0; i < INTERCEPTOR_ATTRIBUTE_COUNT; i++)
		if (row->patterns[i].len &&
		    !any_fits(row->patterns[i], (enum interceptor_attribute)i, name))
			return false;
	return true;
}

static struct interceptor interceptor_of(const struct interceptor_row *row)
{
	unsigned asked = 0;

	for (unsigned i = 0; i < INTERCEPTOR_ATTRIBUTE_COUNT; i++)
		if (row->patterns[i].len)
			asked |= 1u << i;
	return (struct interceptor){ row->kind, row->product, attribute_words[asked] };
}

static bool find_in(struct interceptor *out, const struct interceptor_table *table,
                    const struct interceptor_name *name)
{
	for (size_t i = 0; i < table->count; i++) {
		if (row_fits(&table->rows[i], name)) {
			*out = interceptor_of(&table->rows[i]);
			return true;
		}
	}
	return false;
}

bool interceptor_find(struct interceptor *out, const struct interceptor_table *own,
                      struct str dn)
{
	struct interceptor_name name;

	interceptor_name_read(&name, dn);
	return find_in(out, &builtin, &name) || (own && find_in(out, own, &name));
}
