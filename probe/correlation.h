/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PROBE_CORRELATION_H
#define PROBE_CORRELATION_H

#include "probe/clock.h"
#include "probe/ending.h"
#include "probe/phase.h"
#include "probe/text.h"

/*
 * Whether targets that have nothing to do with one another fail alike: then the cause
 * is most likely near us. Keeps how the last CORRELATION_ENTRIES_MAX runs of an engine
 * went, for CORRELATION_WINDOW_S seconds; of each target only the newest counts.
 */
struct correlation;

enum {
	CORRELATION_ENTRIES_MAX = 4096,
	CORRELATION_WINDOW_S = 300,
	CORRELATION_COUNT_MAX = 9
};

/* How one run went, well or badly. Only looked at; NULL, empty and 0 = not known. */
struct correlation_outcome {
	const char *host; /* of the target: a name or an address literal */
	int port;
	const char *address; /* that was connected to, or the last one tried */
	enum phase phase;    /* where it ended */
	enum ending ending;
	struct str greeting;  /* the first line that the peer sent */
	struct str deferral;  /* text of the 4xx reply that decided */
	struct str issuer;    /* of the leaf */
	bool issuer_verified; /* by an authority that is trusted */
	bool http;            /* the first bytes of the peer were HTTP */
	bool expired;         /* the leaf was outside of its validity */
};

/*
 * How many other targets met the same as the asked one, each count up to
 * CORRELATION_COUNT_MAX. All of them are unrelated, to it and to each other: a
 * provider with a hundred names counts once. Related are names with the same
 * registrable domain (two labels, or three behind co.uk and its kind), names without
 * a dot, and address literals in the same network, or whose network is not known.
 * A network is the first 16 bits of an IPv4 address, 32 of an IPv6 address.
 */
struct correlation_counts {
	int same_issuer;   /* the same leaf issuer that nobody vouches for */
	int same_greeting; /* the same greeting from another network */
	int same_text;     /* the same 4xx text from another network */
	int silent;        /* no answer to connection attempts either */
	int refused;       /* connection refused, too */
	int not_smtp;      /* HTTP as first bytes, too */
	int expired;       /* a certificate outside of its validity, too */
};

struct correlation *correlation_create(void);
void correlation_destroy(struct correlation *correlation); /* NULL is fine */

/* `now` is monotonic. */
void correlation_add(struct correlation *correlation, usec now,
                     const struct correlation_outcome *outcome);

struct correlation_counts correlation_count(const struct correlation *correlation,
                                            usec now,
                                            const struct correlation_outcome *outcome);

/*
 * Appends the words of a trace note: "others same_issuer=2 same_greeting=0 same_text=0
 * silent=3 refused=0 not_smtp=0 expired=0".
 */
void correlation_print(const struct correlation_counts *counts, struct text *out);

/*
 * Reads that back; a missing count is 0, their order is free. False with a sentence,
 * and `out` untouched, when something else stands there.
 */
bool correlation_parse(struct correlation_counts *out, struct str text,
                       struct error *err);

#endif
