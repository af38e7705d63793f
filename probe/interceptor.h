/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PROBE_INTERCEPTOR_H
#define PROBE_INTERCEPTOR_H

#include "probe/interceptor_table.h"

/* Who decrypts TLS on its way, by the name that it wrote into a certificate. */
struct interceptor {
	enum interceptor_kind kind;
	struct str product;     /* belongs to the table that knows it */
	const char *attributes; /* what it was known by: "CN", "O", "CN+O" … */
};

/* The table that is compiled in: probe/interceptors.txt. */
const struct interceptor_table *interceptor_builtin(void);

/*
 * Whether a distinguished name, in the text form of RFC 4514 (interceptor_name.h), is
 * one of an interceptor: by the table that is compiled in, then by `own`, which may be
 * NULL. The first line that fits counts. False, and `out` untouched, when none does.
 *
 * To be asked for subject and issuer of every certificate of a chain, verified or not:
 * an interceptor's root may be installed. Allocates nothing; takes about a microsecond,
 * and one more for some two hundred lines of one's own.
 */
bool interceptor_find(struct interceptor *out, const struct interceptor_table *own,
                      struct str dn);

#endif
