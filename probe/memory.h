/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PROBE_MEMORY_H
#define PROBE_MEMORY_H

#include "probe/clock.h"
#include "probe/text.h"

/* Bytes of each value of a record. With all of them full it still fits a trace note. */
enum {
	MEMORY_ADDRESSES_MAX = 384, /* eight IPv6 addresses */
	MEMORY_BANNER_MAX = 255,
	MEMORY_CAPABILITIES_MAX = 448,
	MEMORY_MECHANISM_MAX = 32,
	MEMORY_KEY_LEN = 64, /* SHA-256 in hexadecimal */
	MEMORY_ISSUER_MAX = 255,
	MEMORY_RTT_MAX_S = 3600,
	MEMORY_HOPS_MAX = 255, /* what an IP header can count */
	MEMORY_TEXT_MAX = 2040
};

/*
 * What the last good login to a target looked like, to tell what has changed since.
 * Holds no user name and no secret. Empty, 0 = not known.
 */
struct memory_record {
	usec at;              /* since 1970, UTC; kept to the second */
	struct str addresses; /* of the name, blanks between */
	struct str banner;    /* the host that the greeting names */
	struct str before;    /* keywords of EHLO before TLS, sorted, blanks between; */
	struct str after;     /* and after it; mechanisms as AUTH=PLAIN,LOGIN */
	struct str mechanism; /* that logged in */
	struct str key;    /* SHA-256 of the leaf's SubjectPublicKeyInfo, hexadecimal */
	struct str issuer; /* of the leaf (RFC 4514) */
	bool verified;     /* the chain was */
	usec rtt;
	int hops; /* to the target */
};

/*
 * Appends the record as the words of a trace note:
 *
 *   last good 2026-11-24T08:03:03Z addresses="192.0.2.7 192.0.2.8" banner="mx.example"
 *   before="SIZE STARTTLS" after="AUTH=PLAIN,LOGIN SIZE" mechanism="PLAIN" key=HEX
 *   issuer="CN=Example CA" verified=yes rtt=0.012000 hops=5
 *
 * in one line. What is not known is left out. A value past its maximum ends at the last
 * blank that fits; without one it is left out, for half a word would be a lie. Quotes
 * become "'" and what is not printable ASCII '?'. At most MEMORY_TEXT_MAX bytes.
 */
void memory_print(const struct memory_record *record, struct text *out);

/*
 * Reads that back, copying values to the arena. Facts stand in the order above, each at
 * most once, any but the time may be missing. False with a sentence, and `out`
 * untouched, when it is malformed, a fact is not known or a value is past its maximum.
 */
bool memory_parse(struct memory_record *out, struct arena *arena, struct str text,
                  struct error *err);

/* `keywords`, as `before` and `after` are, names this one; its parameters may differ.
 */
bool memory_lists(struct str keywords, struct str keyword);

/*
 * What an engine remembers of its targets. Bounded: past MEMORY_TARGETS_MAX of them
 * the one that was not asked for or told of for the longest time is forgotten.
 */
struct memory;

enum { MEMORY_TARGETS_MAX = 20000 };

struct memory *memory_create(void);
void memory_destroy(struct memory *memory); /* NULL is fine */

/* `target` is "mx.example:587". Values come back as they would from a trace. */
void memory_put(struct memory *memory, const char *target,
                const struct memory_record *record);

/* False, and `out` untouched, when nothing is known. Values live in the arena. */
bool memory_get(struct memory_record *out, struct memory *memory, struct arena *arena,
                const char *target);

/*
 * Whether a second look at the target may be taken at `now` (monotonic): none was, or
 * the last one `interval` ago or longer. A yes counts as taken.
 */
bool memory_may_look(struct memory *memory, const char *target, usec now,
                     usec interval);

size_t memory_count(const struct memory *memory);

#endif
