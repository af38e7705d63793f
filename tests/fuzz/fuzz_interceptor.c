/* SPDX-License-Identifier: Apache-2.0 */
/* The input is a distinguished name on the first line, then a list of interceptors. */
#include "probe/interceptor.h"

#include <stdio.h>

#include "tests/fuzz/fuzz.h"

/* ---- the distinguished name ---- */

static void check_name(const struct interceptor_name *name, struct str dn)
{
	const struct str room = { name->bytes, sizeof(name->bytes) };
	size_t sum = 0;

	assert(name->count <= INTERCEPTOR_PART_MAX);
	for (size_t i = 0; i < name->count; i++) {
		assert(name->parts[i].attribute < INTERCEPTOR_ATTRIBUTE_COUNT);
		assert(fuzz_is_inside(name->parts[i].value, room));
		sum += name->parts[i].value.len + 2; /* at least "O=" */
	}
	assert(sum <= dn.len);
}

/* Whatever the bytes are, escaped as hexadecimal pairs they come back. */
static void check_escapes(struct str bytes)
{
	char dn[INTERCEPTOR_NAME_MAX] = "CN=";
	struct interceptor_name name;
	size_t len = 3;

	for (size_t i = 0; i < bytes.len && len + 6 < sizeof(dn); i++)
		len += (size_t)snprintf(dn + len, sizeof(dn) - len, "\\%02x",
		                        (unsigned char)bytes.at[i]);
	interceptor_name_read(&name, (struct str){ dn, len });
	assert(name.count == 1);
	assert(str_equal(name.parts[0].value, (struct str){ bytes.at, (len - 3) / 3 }));
}

/* ---- the list ---- */

static void check_row(const struct interceptor_row *row, struct str list)
{
	size_t asked = 0;

	assert(row->kind < INTERCEPTOR_KIND_COUNT);
	assert(row->product.len > 0 && row->product.len <= INTERCEPTOR_PRODUCT_MAX);
	assert(fuzz_is_inside(row->product, list));
	for (size_t i = 0; i < INTERCEPTOR_ATTRIBUTE_COUNT; i++) {
		if (row->patterns[i].len == 0)
			continue;
		asked++;
		assert(fuzz_is_inside(row->patterns[i], list));
		assert(!memchr(row->patterns[i].at, '|', row->patterns[i].len));
	}
	assert(asked > 0);
}

static size_t write_row(char *out, size_t room, const struct interceptor_row *row)
{
	static const char *const words[] = { "CN", "O", "OU" };
	size_t len =
		(size_t)snprintf(out, room, "%s|%.*s", interceptor_kind_word(row->kind),
	                         (int)row->product.len, row->product.at);

	for (size_t i = 0; i < INTERCEPTOR_ATTRIBUTE_COUNT; i++)
		if (row->patterns[i].len)
			len += (size_t)snprintf(out + len, room - len, "|%s=%.*s",
			                        words[i], (int)row->patterns[i].len,
			                        row->patterns[i].at);
	return len;
}

/* A row, written as a line of its own, is read as the same row. */
static void check_written_row(const struct interceptor_row *row, struct arena *arena)
{
	char line[INTERCEPTOR_LINE_MAX + 1];
	struct error damage;
	const struct interceptor_table *again;
	size_t len = write_row(line, sizeof(line), row);

	assert(len <= INTERCEPTOR_LINE_MAX);
	again = interceptor_table_read(arena, (struct str){ line, len }, "", &damage);
	assert(again->count == 1 && damage.text[0] == '\0');
	assert(again->rows[0].kind == row->kind);
	assert(str_equal(again->rows[0].product, row->product));
	for (size_t i = 0; i < INTERCEPTOR_ATTRIBUTE_COUNT; i++)
		assert(str_equal(again->rows[0].patterns[i], row->patterns[i]));
}

/* ---- what fits ---- */

/* The same question, answered by filling a table of every prefix against every other.
 */
static bool fits(struct str pattern, struct str text)
{
	static bool fit[INTERCEPTOR_LINE_MAX + 1][INTERCEPTOR_NAME_MAX + 1];
	size_t next;

	memset(fit, 0, sizeof(fit));
	fit[0][0] = true;
	for (size_t p = 0; p < pattern.len; p++) {
		for (size_t t = 0; t <= text.len; t++) {
			for (next = t + 1;
			     next < text.len && (text.at[next] & 0xc0) == 0x80;)
				next++;
			if (pattern.at[p] == '*')
				fit[p + 1][t] = fit[p][t] || (t && fit[p + 1][t - 1]);
			else if (fit[p][t] && t < text.len && pattern.at[p] == '?')
				fit[p + 1][next] = true;
			else if (fit[p][t] && t < text.len &&
			         pattern.at[p] == text.at[t])
				fit[p + 1][t + 1] = true;
		}
	}
	return fit[pattern.len][text.len];
}

static bool row_fits(const struct interceptor_row *row,
                     const struct interceptor_name *name)
{
	for (size_t i = 0; i < INTERCEPTOR_ATTRIBUTE_COUNT; i++) {
		bool found = row->patterns[i].len == 0;

		for (size_t j = 0; j < name->count && !found; j++)
			found = name->parts[j].attribute == i &&
			        fits(row->patterns[i], name->parts[j].value);
		if (!found)
			return false;
	}
	return true;
}

/* A wildcard fits whole characters, so what is no UTF-8 may be read in two ways. */
static bool is_readable(const struct interceptor_name *name)
{
	for (size_t i = 0; i < name->count; i++)
		if (!str_is_utf8(name->parts[i].value))
			return false;
	return true;
}

static void check_find(const struct interceptor_table *own,
                       const struct interceptor_name *name, struct str dn)
{
	const struct interceptor_row *expected = NULL;
	struct interceptor found;

	for (size_t i = 0; i < own->count && !expected; i++)
		if (row_fits(&own->rows[i], name))
			expected = &own->rows[i];
	if (interceptor_find(&found, NULL, dn))
		return; /* of the table that is compiled in */
	assert(interceptor_find(&found, own, dn) == (expected != NULL));
	assert(!expected || (found.product.at == expected->product.at &&
	                     found.kind == expected->kind && *found.attributes));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *arena = arena_create();
	struct str list = fuzz_input(data, size), dn = fuzz_take_line(&list);
	struct interceptor_name name;
	struct error damage;
	const struct interceptor_table *own =
		interceptor_table_read(arena, list, "list", &damage);

	assert(own->count <= INTERCEPTOR_ROW_MAX);
	assert(!damage.text[0] || strncmp(damage.text, "list:", 5) == 0);
	for (size_t i = 0; i < own->count; i++) {
		check_row(&own->rows[i], list);
		check_written_row(&own->rows[i], arena);
	}
	interceptor_name_read(&name, dn);
	check_name(&name, dn);
	check_escapes(dn);
	if (is_readable(&name))
		check_find(own, &name, dn);
	arena_destroy(arena);
	return 0;
}
