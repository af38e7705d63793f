/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PROBE_PLUGIN_EXTRA_OPTS_H
#define PROBE_PLUGIN_EXTRA_OPTS_H

#include "probe/error.h"
#include "probe/str.h"

/*
 * Options that stand in a section of an ini file, as --extra-opts of the Monitoring
 * Plugins reads them:
 *
 *     ; a comment, as with #; only at the beginning of a line
 *     [check_smtp_auth]
 *     hostname = mx.example      --hostname=mx.example
 *     p = 25                     -p25
 *     tls =                      --tls
 *
 * The value is the rest of the line, whatever is in it, without the blanks at its ends.
 * A section may stand in pieces; its lines count in their order, and so do repeated
 * options.
 */
enum { EXTRA_OPTS_MAX = 128, EXTRA_OPTS_SIZE_MAX = 65536 };

/*
 * The options of one run, from all its sections, as words of a command line that point
 * into `bytes`. One of them may be a password: memory like a secret's.
 */
struct extra_opts {
	size_t count, used;
	struct {
		char *word;
		int line; /* of its file */
	} option[EXTRA_OPTS_MAX];
	char bytes[EXTRA_OPTS_SIZE_MAX];
};

struct extra_opts *extra_opts_create(void);
void extra_opts_destroy(struct extra_opts *extra); /* wiped; NULL is fine */

/*
 * Appends the options that `text` has in `section`. False with a sentence when there
 * are none, a line cannot be understood, or EXTRA_OPTS_MAX options or
 * EXTRA_OPTS_SIZE_MAX bytes do not hold them all. The sentence repeats no word of the
 * text: it could be a password.
 */
bool extra_opts_add(struct extra_opts *extra, struct str text, struct str section,
                    struct error *err);

/* What the value of --extra-opts says: [SECTION][@FILE]. */
struct extra_locator {
	struct str section; /* empty: the program's own */
	const char *file;   /* NULL: the first of the usual places; "-": stdin */
};

/* `text` may be NULL: neither is said. */
bool extra_locator_parse(struct extra_locator *out, const char *text,
                         struct error *err);

#endif
