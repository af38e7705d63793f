/* SPDX-License-Identifier: Apache-2.0 */
#include "probe/interceptor_name.h"

#include <stdio.h>
#include <stdlib.h>

#include "tests/unit/row.h"

static const char *const words[] = { "CN", "O", "OU" };

/* "CN<a> O<b>" */
static void show(char *out, size_t room, const struct interceptor_name *name)
{
	size_t len = 0;

	out[0] = '\0';
	for (size_t i = 0; i < name->count; i++)
		len += (size_t)snprintf(out + len, room - len, "%s%s<%.*s>",
		                        i ? " " : "", words[name->parts[i].attribute],
		                        (int)name->parts[i].value.len,
		                        name->parts[i].value.at);
}

static const struct {
	const char *dn, *parts;
} names[] = {
	{ "", "" },
	{ "CN=a", "CN<a>" },
	{ "CN=a,OU=b,O=c,C=US", "CN<a> OU<b> O<c>" },
	{ "C=US,O=c,OU=b,OU=d,CN=a", "O<c> OU<b> OU<d> CN<a>" },
	{ "CN=a, O=c", "CN<a> O<c>" },
	{ " CN = a b , O =  c  ", "CN<a b> O<c>" },
	{ "cn=a,o=b,Ou=c", "CN<a> O<b> OU<c>" },
	{ "CN=a+O=b,OU=c+emailAddress=d+CN=e", "CN<a> O<b> OU<c> CN<e>" },
	{ "CN=", "CN<>" },
	{ "CN=,O=b", "CN<> O<b>" },
	{ "CN=a=b", "CN<a=b>" },
	/* escapes */
	{ "O=ESET\\, spol. s r. o.,CN=x", "O<ESET, spol. s r. o.> CN<x>" },
	{ "O=a\\+b", "O<a+b>" },
	{ "O=a\\'b\\\\,CN=x", "O<a'b\\> CN<x>" },
	{ "O=a\\\"b", "O<a\"b>" },
	{ "O=Caf\\C3\\A9,CN=x", "O<Caf\xc3\xa9> CN<x>" },
	{ "O=Caf\\c3\\a9", "O<Caf\xc3\xa9>" },
	{ "O=a\\2C CN=b,OU=x", "O<a, CN=b> OU<x>" },
	{ "O=\\ a \\ ", "O< a  >" },
	{ "O=\\#a", "O<#a>" },
	/* not for us */
	{ "C=US,ST=O,L=CN", "" },
	{ "CNX=a,XO=b,OUU=c,2.5.4.3=d", "" },
	{ "#CN=a", "" },
	{ "O=#0C0141,CN=a", "CN<a>" },
	{ "O= #0C0141,CN=a", "CN<a>" },
	/* not well-formed: the others are read all the same */
	{ "O", "" },
	{ "O,CN=a", "CN<a>" },
	{ ",,CN=a,", "CN<a>" },
	{ "++=a,CN=b", "CN<b>" },
	{ "CN=a\\", "" },
	{ "CN=a\\4", "" },
	{ "CN=b,O=a\\4,OU=c", "CN<b> OU<c>" },
	{ "CN=a\\4O=b,OU=c", "OU<c>" },
	{ "CN=a\\zb", "CN<azb>" },
};

static void parts_are_taken_without_escapes(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(names); i++) {
		struct interceptor_name name;
		char shown[256];

		interceptor_name_read(&name, str_of(names[i].dn));
		show(shown, sizeof(shown), &name);
		CHECK_TEXT(names[i].dn, shown, names[i].parts);
	}
}

static void nul_is_a_byte_like_any_other(void **state)
{
	struct interceptor_name name;

	(void)state;
	interceptor_name_read(&name, STR("CN=a\\00b\0c,O=d"));
	assert_int_equal(name.count, 2);
	assert_true(str_equal(name.parts[0].value, STR("a\0b\0c")));
}

/* A name of `len` bytes that ends in O=xxx…. */
static struct str long_name(char *room, size_t len)
{
	memset(room, 'x', len);
	memcpy(room, "CN=a,O=", 7);
	return (struct str){ room, len };
}

static void last_value_of_a_name_that_may_be_cut_is_left_out(void **state)
{
	char room[INTERCEPTOR_NAME_MAX + 100];
	struct interceptor_name name;

	(void)state;
	interceptor_name_read(&name, long_name(room, INTERCEPTOR_NAME_MAX - 1));
	assert_int_equal(name.count, 2);
	assert_int_equal(name.parts[1].value.len, INTERCEPTOR_NAME_MAX - 1 - 7);
	for (size_t more = 0; more <= 100; more++) {
		interceptor_name_read(&name,
		                      long_name(room, INTERCEPTOR_NAME_MAX + more));
		assert_int_equal(name.count, 1);
		assert_int_equal(name.parts[0].attribute, INTERCEPTOR_CN);
	}
}

/* The separator was still printed, so the value before it is whole. */
static void value_before_the_last_separator_is_whole(void **state)
{
	char room[INTERCEPTOR_NAME_MAX + 1];
	struct interceptor_name name;

	(void)state;
	long_name(room, sizeof(room));
	room[INTERCEPTOR_NAME_MAX - 1] = ',';
	interceptor_name_read(&name, (struct str){ room, sizeof(room) });
	assert_int_equal(name.count, 2);
}

/* Wherever it is cut, nothing behind its end is read. */
static void shorter_names_never_overrun(void **state)
{
	static const char whole[] = "CN=a\\,b\\C3\\A9,OU=\\#x+O=";

	(void)state;
	for (size_t len = 1; len < sizeof(whole); len++) {
		struct interceptor_name name;
		char *copy = malloc(len); /* the sanitizer watches its end */

		memcpy(copy, whole, len);
		interceptor_name_read(&name, (struct str){ copy, len });
		assert_true(name.count <= 3);
		free(copy);
	}
}

static void parts_past_the_limit_are_left_out(void **state)
{
	char room[INTERCEPTOR_NAME_MAX];
	struct interceptor_name name;
	size_t len = 0;

	(void)state;
	for (int i = 0; i < INTERCEPTOR_PART_MAX - 1; i++)
		len += (size_t)snprintf(room + len, sizeof(room) - len, "O=%d,",
		                        i % 10);
	len += (size_t)snprintf(room + len, sizeof(room) - len, "CN=z");
	interceptor_name_read(&name, (struct str){ room, len });
	assert_int_equal(name.count, INTERCEPTOR_PART_MAX);
	assert_true(str_equal(name.parts[INTERCEPTOR_PART_MAX - 1].value, STR("z")));

	len += (size_t)snprintf(room + len, sizeof(room) - len, ",OU=y");
	interceptor_name_read(&name, (struct str){ room, len });
	assert_int_equal(name.count, INTERCEPTOR_PART_MAX);
	assert_true(str_equal(name.parts[INTERCEPTOR_PART_MAX - 1].value, STR("z")));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(parts_are_taken_without_escapes),
		cmocka_unit_test(nul_is_a_byte_like_any_other),
		cmocka_unit_test(last_value_of_a_name_that_may_be_cut_is_left_out),
		cmocka_unit_test(value_before_the_last_separator_is_whole),
		cmocka_unit_test(shorter_names_never_overrun),
		cmocka_unit_test(parts_past_the_limit_are_left_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
