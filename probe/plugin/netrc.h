/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PROBE_PLUGIN_NETRC_H
#define PROBE_PLUGIN_NETRC_H

#include "probe/error.h"
#include "probe/str.h"

/* Whose password is looked for. */
struct netrc_wish {
	struct str machine;
	struct str login; /* empty: whoever stands there */
};

/* Both lie in the text; `login` is empty when the entry names nobody. */
struct netrc_entry {
	struct str login, password;
};

/*
 * Finds an entry in the text of a .netrc file: words divided by blanks and line ends,
 * as ftp(1) reads them and curl does. Entries begin with "machine NAME" or "default";
 * they hold "login NAME" (or "user"), "password WORD" and "account WORD", of which the
 * last is ignored. "macdef NAME" is skipped up to the next empty line, and '#' where
 * one of these words may stand begins a comment. A value in double quotes may hold
 * blanks; there, \" \\ \n \r and \t stand for one character each and are put in its
 * place in `text`, which is why it is not const.
 *
 * The first entry that fits counts: its name is the machine's without regard to case
 * and its login the wished one; an entry without login fits every login. "default"
 * counts when no machine fits, wherever it stands.
 *
 * False with a sentence when nothing fits, the entry has no password, or the text is
 * damaged. The sentence repeats no word of the text: it could be a password.
 */
bool netrc_find(struct netrc_entry *out, char *text, size_t len,
                const struct netrc_wish *wish, struct error *err);

#endif
