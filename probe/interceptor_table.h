/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PROBE_INTERCEPTOR_TABLE_H
#define PROBE_INTERCEPTOR_TABLE_H

#include "probe/arena.h"
#include "probe/interceptor_name.h"

/* What decrypts TLS on its way. The words are permanent. */
enum interceptor_kind {
	INTERCEPTOR_ANTIVIRUS, /* "antivirus": a program on this machine */
	INTERCEPTOR_PROXY, /* "proxy": a company's, or somebody's to look at traffic */
	INTERCEPTOR_PARENTAL, /* "parental": keeps children from something */
	INTERCEPTOR_MALWARE,  /* "malware": nobody installed it on purpose */
	INTERCEPTOR_FIREWALL, /* "firewall": perhaps the mail server itself */
	INTERCEPTOR_KIND_COUNT
};

const char *interceptor_kind_word(enum interceptor_kind kind);
bool interceptor_kind_from_word(enum interceptor_kind *out, struct str word);

/* One line of a list. */
struct interceptor_row {
	enum interceptor_kind kind;
	struct str product;
	/* All must fit; an empty one does not ask. At least one asks. */
	struct str patterns[INTERCEPTOR_ATTRIBUTE_COUNT];
};

struct interceptor_table {
	size_t count;
	const struct interceptor_row *rows;
};

enum {
	INTERCEPTOR_TEXT_MAX = 1 << 20, /* bytes of a list */
	INTERCEPTOR_LINE_MAX = 1024,    /* bytes of a line without its end */
	INTERCEPTOR_ROW_MAX = 10000,    /* lines with a pattern */
	INTERCEPTOR_PRODUCT_MAX = 100   /* bytes of a product's name */
};

/*
 * Reads a list in the form that the head of probe/interceptors.txt explains; LF or
 * CRLF end a line, and a byte order mark may stand in front. `text` is borrowed, as
 * long as the table is used.
 *
 * Never NULL: a line that cannot be read is left out. `damage` is then one sentence,
 * "PATH:LINE: …" for the first such line and how many more there are; otherwise it is
 * empty. What lies behind one of the limits for the whole list is left out as well.
 */
const struct interceptor_table *interceptor_table_read(struct arena *arena,
                                                       struct str text,
                                                       const char *path,
                                                       struct error *damage);

#endif
