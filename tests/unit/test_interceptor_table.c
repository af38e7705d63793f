/* SPDX-License-Identifier: Apache-2.0 */
#include "probe/interceptor_table.h"

#include "probe/text.h"
#include "tests/unit/row.h"

static int set_up(void **state)
{
	*state = arena_create();
	return 0;
}

static int tear_down(void **state)
{
	arena_destroy(*state);
	return 0;
}

static void kinds_go_both_ways(void **state)
{
	static const char *const promised[] = { "antivirus", "proxy", "parental",
		                                "malware", "firewall" };
	enum interceptor_kind kind;

	(void)state;
	assert_int_equal(COUNT(promised), INTERCEPTOR_KIND_COUNT);
	for (unsigned i = 0; i < INTERCEPTOR_KIND_COUNT; i++) {
		assert_string_equal(interceptor_kind_word((enum interceptor_kind)i),
		                    promised[i]);
		assert_true(interceptor_kind_from_word(&kind, str_of(promised[i])));
		assert_int_equal(kind, i);
	}
	assert_false(interceptor_kind_from_word(&kind, STR("Proxy")));
	assert_false(interceptor_kind_from_word(&kind, STR("")));
}

/* "kind/product/cn/o/ou;" for each row. */
static const char *show(const struct interceptor_table *table, struct arena *arena)
{
	struct text text = text_create(arena, 10000);

	for (size_t i = 0; i < table->count; i++) {
		const struct interceptor_row *row = &table->rows[i];

		text_add(&text, "%s/", interceptor_kind_word(row->kind));
		text_add_str(&text, row->product);
		for (size_t j = 0; j < INTERCEPTOR_ATTRIBUTE_COUNT; j++) {
			text_add_str(&text, STR("/"));
			text_add_str(&text, row->patterns[j]);
		}
		text_add_str(&text, STR(";"));
	}
	return text.at;
}

static const struct {
	const char *text, *rows;
} lists[] = {
	{ "", "" },
	{ "\n\n", "" },
	{ "# a | b\n \t \n#\n", "" },
	{ "proxy | P Q | CN=a b", "proxy/P Q/a b//;" },
	{ "proxy|P|CN=a\nmalware|M|O=b\n", "proxy/P/a//;malware/M//b/;" },
	{ "proxy|P|CN=a\r\nmalware|M|O=b\r\n", "proxy/P/a//;malware/M//b/;" },
	{ "\xef\xbb\xbfproxy|P|CN=a", "proxy/P/a//;" },
	{ "\xef\xbb\xbf# comment\nproxy|P|CN=a", "proxy/P/a//;" },
	{ "firewall\t|\tF | OU = c | cn= a | O =b ", "firewall/F/a/b/c;" },
	{ " parental | P | CN=* * | O=x", "parental/P/* */x/;" },
	{ "antivirus | A | CN=a=b", "antivirus/A/a=b//;" },
	{ "antivirus | A#1 | CN=#x", "antivirus/A#1/#x//;" },
	{ "antivirus | A | CN=a |", "antivirus/A/a//;" },
	{ "proxy | Sch\xc3\xbctz | O=\xc3\xbc*", "proxy/Sch\xc3\xbctz//\xc3\xbc*/;" },
};

static void lists_are_read(void **state)
{
	for (size_t i = 0; i < COUNT(lists); i++) {
		struct error damage = { "before" };
		const struct interceptor_table *table = interceptor_table_read(
			*state, str_of(lists[i].text), "list", &damage);

		CHECK_TEXT(lists[i].text, show(table, *state), lists[i].rows);
		CHECK_TEXT(lists[i].text, damage.text, "");
	}
}

/* Each between two good lines, as the second of three. */
static const struct {
	struct str line;
	const char *why;
} damages[] = {
	{ RUN("x"), "unknown kind 'x'; write antivirus, proxy, parental, malware or "
	            "firewall" },
	{ RUN("Proxy | P | CN=a"), "unknown kind 'Proxy'" },
	{ RUN("| P | CN=a"), "unknown kind ''" },
	{ RUN("proxy"), "no product; write proxy | PRODUCT | CN=NAME" },
	{ RUN("proxy | | CN=a"), "no product" },
	{ RUN("proxy | P"), "no name; write | CN=NAME behind the product" },
	{ RUN("proxy | P | "), "no name" },
	{ RUN("proxy | P | a"), "'a' does not begin with CN=, O= or OU=" },
	{ RUN("proxy | P | C=a"), "'C=a' does not" },
	{ RUN("proxy | P | CN=a | | O=b"), "'' does not" },
	{ RUN("proxy | P | CN=a | L=b"), "'L=b' does not" },
	{ RUN("proxy | P | CN="), "nothing behind CN=" },
	{ RUN("proxy | P | CN"), "nothing behind CN=" },
	{ RUN("proxy | P | CN=a | O= "), "nothing behind O=" },
	{ RUN("proxy | P | CN=a | cn=b"), "cn stands there twice" },
	{ RUN("proxy | P | CN=*"), "fits every name; write more than wildcards" },
	{ RUN("proxy | P | CN=?*? *"), "fits every name" },
	{ RUN("proxy | P | CN=* | O=* | OU=?"), "fits every name" },
	{ RUN("proxy | P | CN=\"a\""), "double quote; write '?' in its place" },
	{ RUN("proxy | P | CN=a\001"), "control byte" },
	{ RUN("proxy | P | CN=a\0b"), "control byte" },
	{ RUN("proxy | P | CN=a\rb"), "control byte" },
	{ RUN("proxy | P | CN=a\x7f"), "control byte" },
	{ RUN("proxy | P | CN=a\xfc"), "not valid UTF-8" },
};

static void damaged_line_is_named_and_the_others_are_kept(void **state)
{
	for (size_t i = 0; i < COUNT(damages); i++) {
		struct text text = text_create(*state, 1000);
		struct error damage;
		const struct interceptor_table *table;

		text_add_str(&text, STR("proxy|P|CN=a\n"));
		text_add_str(&text, damages[i].line);
		text_add_str(&text, STR("\nproxy|Q|CN=b"));
		table = interceptor_table_read(*state, text_view(&text), "/etc/list",
		                               &damage);
		CHECK_TEXT(damages[i].why, show(table, *state),
		           "proxy/P/a//;proxy/Q/b//;");
		CHECK(damage.text, strncmp(damage.text, "/etc/list:2: ", 13) == 0);
		CHECK(damage.text, strstr(damage.text, damages[i].why));
		CHECK(damage.text, !strstr(damage.text, "more)"));
	}
}

static void first_damaged_line_is_named_and_the_others_are_counted(void **state)
{
	struct error damage;
	const struct interceptor_table *table = interceptor_table_read(
		*state, STR("# list\n\nproxy|P|CN=\nproxy|P|CN=a\n\nx\nproxy|Q|O=b\n"),
		"list", &damage);

	assert_string_equal(damage.text, "list:3: nothing behind CN= (and 1 more)");
	assert_string_equal(show(table, *state), "proxy/P/a//;proxy/Q//b/;");
}

/* ---- limits ---- */

static void fill(struct text *text, char c, size_t count)
{
	for (size_t i = 0; i < count; i++)
		text_add_str(text, (struct str){ &c, 1 });
}

static void line_has_a_limit(void **state)
{
	for (size_t more = 0; more < 2; more++) {
		struct text text = text_create(*state, 2000);
		struct error damage;
		const struct interceptor_table *table;

		text_add_str(&text, STR("proxy|P|CN="));
		fill(&text, 'x', INTERCEPTOR_LINE_MAX + more - text.len);
		text_add_str(&text, STR("\r\nproxy|Q|CN=b"));
		table = interceptor_table_read(*state, text_view(&text), "list",
		                               &damage);
		assert_int_equal(table->count, 2 - more);
		assert_string_equal(damage.text,
		                    more ? "list:1: the line is longer than 1024 bytes"
		                         : "");
	}
}

static void product_has_a_limit(void **state)
{
	for (size_t more = 0; more < 2; more++) {
		struct text text = text_create(*state, 2000);
		struct error damage;
		const struct interceptor_table *table;

		text_add_str(&text, STR("proxy| "));
		fill(&text, 'x', INTERCEPTOR_PRODUCT_MAX + more);
		text_add_str(&text, STR(" |CN=b"));
		table = interceptor_table_read(*state, text_view(&text), "list",
		                               &damage);
		assert_int_equal(table->count, 1 - more);
		assert_string_equal(
			damage.text,
			more ? "list:1: the product's name is longer than 100 bytes"
			     : "");
	}
}

static struct text many_rows(struct arena *arena, size_t count)
{
	struct text text = text_create(arena, INTERCEPTOR_TEXT_MAX);

	for (size_t i = 0; i < count; i++)
		text_add(&text, "# no row\n\nproxy|P|CN=%zu\n", i);
	assert_false(text.truncated);
	return text;
}

static void rows_have_a_limit(void **state)
{
	struct text text = many_rows(*state, INTERCEPTOR_ROW_MAX);
	struct error damage;
	const struct interceptor_table *table;

	text_add_str(&text, STR("# no row either\n"));
	table = interceptor_table_read(*state, text_view(&text), "list", &damage);
	assert_int_equal(table->count, INTERCEPTOR_ROW_MAX);
	assert_string_equal(damage.text, "");

	text_add_str(&text, STR("proxy|P|CN=a\nproxy|P|CN=b\n"));
	table = interceptor_table_read(*state, text_view(&text), "list", &damage);
	assert_int_equal(table->count, INTERCEPTOR_ROW_MAX);
	assert_string_equal(
		damage.text,
		"list:30002: more than 10000 lines with a pattern; the rest is left "
		"out");
}

/* Two lines, between which a comment fills the text up to `size` bytes. */
static struct text sized(struct arena *arena, size_t size)
{
	struct text text = text_create(arena, size);
	static const struct str last = RUN("proxy|Q|CN=b");

	text_add_str(&text, STR("proxy|P|CN=a\n"));
	while (size - text.len > 2000 + last.len) {
		fill(&text, '#', 999);
		text_add_str(&text, STR("\n"));
	}
	fill(&text, '#', size - text.len - last.len - 1);
	text_add_str(&text, STR("\n"));
	text_add_str(&text, last);
	assert_int_equal(text.len, size);
	return text;
}

static void text_has_a_limit(void **state)
{
	struct text text = sized(*state, INTERCEPTOR_TEXT_MAX);
	struct error damage;
	const struct interceptor_table *table =
		interceptor_table_read(*state, text_view(&text), "list", &damage);

	assert_int_equal(table->count, 2);
	assert_string_equal(damage.text, "");

	/* The last line, which lies across the limit, is not read in part. */
	text = sized(*state, INTERCEPTOR_TEXT_MAX + 1);
	table = interceptor_table_read(*state, text_view(&text), "list", &damage);
	assert_string_equal(show(table, *state), "proxy/P/a//;");
	assert_string_equal(
		damage.text,
		"list:1050: the file is longer than 1 MiB; the rest is left out");
}

static void one_endless_line_is_left_out(void **state)
{
	struct text text = text_create(*state, INTERCEPTOR_TEXT_MAX + 1);
	struct error damage;

	fill(&text, 'x', INTERCEPTOR_TEXT_MAX + 1);
	assert_int_equal(
		interceptor_table_read(*state, text_view(&text), "list", &damage)
			->count,
		0);
	assert_string_equal(
		damage.text,
		"list:1: the file is longer than 1 MiB; the rest is left out");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
		TEST(kinds_go_both_ways),
		TEST(lists_are_read),
		TEST(damaged_line_is_named_and_the_others_are_kept),
		TEST(first_damaged_line_is_named_and_the_others_are_counted),
		TEST(line_has_a_limit),
		TEST(product_has_a_limit),
		TEST(rows_have_a_limit),
		TEST(text_has_a_limit),
		TEST(one_endless_line_is_left_out),
#undef TEST
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
