/* SPDX-License-Identifier: Apache-2.0 */
/* The input is a machine and a login, each on a line, and the text of a .netrc. */
#include "probe/plugin/netrc.h"

#include <stdlib.h>

#include "tests/fuzz/fuzz.h"

/* What is found lies in the text, and belongs to whom it was looked for. */
static void check_found(const struct netrc_entry *entry, struct str text,
                        const struct netrc_wish *wish)
{
	assert(entry->password.len && fuzz_is_inside(entry->password, text));
	if (entry->login.len) {
		assert(fuzz_is_inside(entry->login, text));
		assert(!wish->login.len || str_equal(entry->login, wish->login));
	}
}

/* Every word of the sentence is ours, but for the wish. */
static void check_sentence(const struct error *err)
{
	static const char *const starts[] = { "line ", "no entry for machine ",
		                              "the entry for machine " };
	bool known = false;

	for (size_t i = 0; i < sizeof(starts) / sizeof(starts[0]); i++)
		known = known || strncmp(err->text, starts[i], strlen(starts[i])) == 0;
	assert(known);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str rest = fuzz_input(data, size);
	struct netrc_wish wish;
	struct netrc_entry entry = { .password = STR("") };
	struct error err = { "" };
	char *text;

	wish.machine = fuzz_take_line(&rest);
	wish.login = fuzz_take_line(&rest);
	text = malloc(rest.len + !rest.len);
	memcpy(text, rest.at, rest.len);
	if (netrc_find(&entry, text, rest.len, &wish, &err)) {
		check_found(&entry, (struct str){ text, rest.len }, &wish);
	} else {
		check_sentence(&err);
		assert(entry.password.len == 0);
	}
	free(text);
	return 0;
}
