/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PROBE_READING_H
#define PROBE_READING_H

#include "probe/phase.h"
#include "probe/reason.h"
#include "probe/reply.h"

/* A reply and what is known of its circumstances; empty strings where nothing is. */
struct said {
	enum phase phase; /* PHASE_NONE: unknown, taken for auth */
	struct str mechanism;
	struct reply reply;
	struct str target;    /* host that was asked, perhaps with a port */
	struct str banner;    /* how the server greeted */
	struct str ehlo_name; /* what it called itself after EHLO */
	bool own_name;        /* the greeting is this machine's, the target is not */
	bool nothing_sent;    /* no credential was sent before this reply */
	bool unverified;      /* nothing proves that it is the server's */
	bool verified;        /* TLS proves that it is the server's */
	bool advertised;      /* STARTTLS: the server had announced it */
};

/* What a reply means. */
struct reading {
	enum reason reason; /* REASON_NONE: a success, or the session goes on */
	enum confidence confidence;
	const char *source; /* where that is documented, or whose words they are */
	size_t rule;        /* its row in reading.def, from 0 */
};

/*
 * The first row of reading.def that fits; the reply has a code. Pure, allocates
 * nothing. Order of evidence: phase, text, provider and status, status, code, class of
 * code.
 */
struct reading reading_of(const struct said *said);

/* How many rows there are, for tests that want each to fire. */
size_t reading_rule_count(void);

#endif
