/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PROBE_NOTICE_H
#define PROBE_NOTICE_H

#include "probe/fact.h"

/* What did not stop the login but deserves a word. */
struct notice {
	const char *reason, *text;
};

enum { NOTICE_MAX = 5 };

struct notices {
	size_t count;
	struct notice list[NOTICE_MAX];
};

enum {
	NOTICE_EXPIRY_DAYS =
		14, /* or a quarter of the certificate's life, if shorter */
	NOTICE_GREETING_MS = 4000, /* a greeting that took longer is slow */
	NOTICE_RETRANSMITS = 3     /* so many segments sent again are no accident */
};

/* Pure; strings live in `arena`. Order: by how soon somebody should look. */
struct notices notices_of(const struct observation *seen, const struct fact_set *facts,
                          struct arena *arena);

#endif
