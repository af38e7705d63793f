/* SPDX-License-Identifier: Apache-2.0 */
#include "probe/contact_offer.h"

#include "tests/unit/row.h"

enum { ROOM = 64, LINES_MAX = 4 };

static const struct {
	const char *printed, *lines[LINES_MAX];
} rows[] = {
	{ "", { NULL } },
	{ "SIZE", { "SIZE 1000" } },
	{ "8BITMIME AUTH=PLAIN,LOGIN SIZE STARTTLS",
	  { "starttls", "Size 5", "auth plain LOGIN", "8BITMIME" } },
	{ "AUTH=PLAIN,LOGIN", { "AUTH PLAIN", "AUTH=PLAIN LOGIN" } },
	{ "AUTH DSN", { "AUTH", "DSN" } },
	{ "DSN SIZE", { "SIZE", "DSN", "size 10", "dsn" } },
	{ "DS DSN", { "DSN", "DS" } },
	{ "XXXXXXXA", { "XXXXXXXA" } },
	{ "??X", { "\xff\x01x" } },
};

static void keywords_are_printed(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct capabilities offer = { 0 };
		char text[ROOM];

		for (size_t line = 0; line < LINES_MAX && rows[i].lines[line]; line++)
			capabilities_add(&offer, str_of(rows[i].lines[line]));
		contact_offer_print(text, sizeof(text), &offer);
		CHECK_TEXT(rows[i].printed, text, rows[i].printed);
	}
}

static void whole_words_fit_or_none(void **state)
{
	struct capabilities offer = { 0 };
	char text[ROOM];

	(void)state;
	capabilities_add(&offer, STR("AUTH PLAIN LOGIN"));
	capabilities_add(&offer, STR("B"));
	for (size_t room = 1; room <= sizeof("AUTH=PLAIN,LOGIN B"); room++) {
		memset(text, '#', sizeof(text));
		contact_offer_print(text, room, &offer);
		assert_true(strlen(text) < room);
		assert_int_equal(text[room], '#');
		if (room == 4 || room == 5)
			assert_string_equal(text, room == 5 ? "AUTH" : "");
		if (room == sizeof("AUTH=PLAIN,LOGIN"))
			assert_string_equal(text, "AUTH=PLAIN,LOGIN");
		if (room == sizeof("AUTH=PLAIN,LOGIN") - 1)
			assert_string_equal(text, "AUTH=PLAIN");
	}
	assert_string_equal(text, "AUTH=PLAIN,LOGIN B");
}

static void most_keywords_are_printed(void **state)
{
	struct capabilities offer = { 0 };
	char names[CAPABILITY_MAX + 1][4], text[CAPABILITY_MAX * 4 + 1];

	(void)state;
	for (int i = 0; i <= CAPABILITY_MAX; i++) {
		names[i][0] = 'K';
		names[i][1] = (char)('0' + i / 10);
		names[i][2] = (char)('0' + i % 10);
		capabilities_add(&offer, (struct str){ names[i], 3 });
	}
	contact_offer_print(text, sizeof(text), &offer);
	assert_int_equal(strlen(text), CAPABILITY_MAX * 4 - 1);
	assert_memory_equal(text, "K00 K01 ", 8);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(keywords_are_printed),
		cmocka_unit_test(whole_words_fit_or_none),
		cmocka_unit_test(most_keywords_are_printed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
