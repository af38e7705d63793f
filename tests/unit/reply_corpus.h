/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_UNIT_REPLY_CORPUS_H
#define TESTS_UNIT_REPLY_CORPUS_H

#include "probe/arena.h"
#include "probe/phase.h"
#include "probe/reason.h"

/* One line of tests/corpus/replies.tsv, which explains its columns. */
struct reply_entry {
	unsigned line; /* in the file */
	enum phase phase;
	struct str mechanism, target, banner, reply;
	bool allowed[CAUSE_COUNT]; /* causes that count as right */
	enum reason reason;        /* its cause is the label */
};

enum { REPLY_CORPUS_MAX = 1024 };

struct reply_corpus {
	struct arena *arena;
	size_t count;
	struct reply_entry entries[REPLY_CORPUS_MAX];
};

/* NULL, with the mistake on stderr, when the file cannot be read or is malformed. */
struct reply_corpus *reply_corpus_open(const char *path);
void reply_corpus_close(struct reply_corpus *corpus); /* NULL is fine */

#endif
