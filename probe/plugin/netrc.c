/* SPDX-License-Identifier: Apache-2.0 */
#include "probe/plugin/netrc.h"

#include <string.h>

/* How far the text has been read. */
struct reader {
	char *at, *end;
	int line;
};

struct entry {
	bool begun, is_default, fits;
	struct netrc_entry held;
};

struct search {
	const struct netrc_wish *wish;
	struct reader reader;
	struct entry current, found, fallback;
};

static bool complain(const struct reader *reader, const char *what, struct error *err)
{
	return error_set(err, "line %d: %s", reader->line, what);
}

/* ---- words ---- */

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static void skip_blanks(struct reader *reader)
{
	for (; reader->at < reader->end && is_blank(*reader->at); reader->at++)
		if (*reader->at == '\n')
			reader->line++;
}

static void skip_line(struct reader *reader)
{
	while (reader->at < reader->end && *reader->at != '\n')
		reader->at++;
}

static char unescaped(char c)
{
	switch (c) {
	case 'n':
		return '\n';
	case 'r':
		return '\r';
	case 't':
		return '\t';
	default:
		return c;
	}
}

/* The opening quote has been read; the word only becomes shorter. */
static bool take_quoted(struct str *out, struct reader *reader, struct error *err)
{
	char *start = reader->at, *to = start;

	for (;;) {
		if (reader->at == reader->end || *reader->at == '\n')
			return complain(reader, "a quote is not closed", err);
		if (*reader->at == '"')
			break;
		if (*reader->at == '\\' && reader->end - reader->at > 1)
			*to++ = unescaped(*++reader->at);
		else
			*to++ = *reader->at;
		reader->at++;
	}
	*out = (struct str){ start, (size_t)(to - start) };
	reader->at++;
	if (reader->at < reader->end && !is_blank(*reader->at))
		return complain(reader, "something follows a closing quote", err);
	return true;
}

static void take_plain(struct str *out, struct reader *reader)
{
	char *start = reader->at;

	while (reader->at < reader->end && !is_blank(*reader->at))
		reader->at++;
	*out = (struct str){ start, (size_t)(reader->at - start) };
}

static bool take_value(struct str *out, struct reader *reader, struct error *err)
{
	skip_blanks(reader);
	if (reader->at == reader->end)
		return complain(reader, "the last word has no value", err);
	if (*reader->at == '"') {
		reader->at++;
		return take_quoted(out, reader, err);
	}
	take_plain(out, reader);
	return true;
}

/* ---- entries ---- */

static void finish_entry(struct search *search)
{
	struct entry *entry = &search->current;
	struct str login = search->wish->login;

	if (entry->fits && (login.len == 0 || entry->held.login.len == 0 ||
	                    str_equal(entry->held.login, login))) {
		struct entry *kept =
			entry->is_default ? &search->fallback : &search->found;

		if (!kept->begun)
			*kept = *entry;
	}
	*entry = (struct entry){ 0 };
}

static bool begin_machine(struct search *search, struct error *err)
{
	struct str name;

	finish_entry(search);
	if (!take_value(&name, &search->reader, err))
		return false;
	search->current.begun = true;
	search->current.fits = str_equal_nocase(name, search->wish->machine);
	return true;
}

static void begin_default(struct search *search)
{
	finish_entry(search);
	search->current =
		(struct entry){ .begun = true, .is_default = true, .fits = true };
}

/* A macro ends with an empty line. */
static bool skip_macro(struct reader *reader, struct error *err)
{
	struct str name;

	if (!take_value(&name, reader, err))
		return false;
	skip_line(reader);
	while (reader->at < reader->end) {
		char *start = ++reader->at;

		reader->line++;
		skip_line(reader);
		if (str_trim((struct str){ start, (size_t)(reader->at - start) }).len ==
		    0)
			break;
	}
	return true;
}

static bool take_member(struct search *search, struct str word, struct error *err)
{
	struct netrc_entry *held = &search->current.held;
	struct str ignored, *out;

	if (str_equal(word, STR("login")) || str_equal(word, STR("user")))
		out = &held->login;
	else if (str_equal(word, STR("password")))
		out = &held->password;
	else if (str_equal(word, STR("account")))
		out = &ignored;
	else
		return complain(&search->reader,
		                "a word that is none of machine, default, login, "
		                "password, account and macdef; a password with blanks "
		                "goes in double quotes",
		                err);
	if (!search->current.begun)
		return complain(&search->reader, "it stands before the first machine",
		                err);
	return take_value(out, &search->reader, err);
}

static bool take_word(struct search *search, struct error *err)
{
	struct str word;

	take_plain(&word, &search->reader);
	if (str_equal(word, STR("machine")))
		return begin_machine(search, err);
	if (str_equal(word, STR("default"))) {
		begin_default(search);
		return true;
	}
	if (str_equal(word, STR("macdef")))
		return skip_macro(&search->reader, err);
	return take_member(search, word, err);
}

static bool read_text(struct search *search, struct error *err)
{
	struct reader *reader = &search->reader;

	for (;;) {
		skip_blanks(reader);
		if (reader->at == reader->end)
			break;
		if (*reader->at == '#')
			skip_line(reader);
		else if (!take_word(search, err))
			return false;
	}
	finish_entry(search);
	return true;
}

bool netrc_find(struct netrc_entry *out, char *text, size_t len,
                const struct netrc_wish *wish, struct error *err)
{
	struct search search = { .wish = wish, .reader = { text, text + len, 1 } };
	const struct entry *entry;

	if (!read_text(&search, err))
		return false;
	entry = search.found.begun ? &search.found : &search.fallback;
	if (!entry->begun)
		return error_set(err, "no entry for machine %.*s%s%.*s",
		                 (int)(wish->machine.len < 80 ? wish->machine.len : 80),
		                 wish->machine.at, wish->login.len ? " and login " : "",
		                 (int)(wish->login.len < 80 ? wish->login.len : 80),
		                 wish->login.at ? wish->login.at : "");
	if (entry->held.password.len == 0)
		return error_set(err, "the entry for machine %.*s has no password",
		                 (int)(wish->machine.len < 80 ? wish->machine.len : 80),
		                 wish->machine.at);
	*out = entry->held;
	return true;
}
