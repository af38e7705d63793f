/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PROBE_HOP_COUNT_H
#define PROBE_HOP_COUNT_H

#include "probe/contact_report.h"

/*
 * Finds out from how many hops away a port answers and whether another port of the
 * same address answers from there, too: a traceroute by TCP with IP_TTL, as a pure
 * machine of questions and answers.
 */

/*
 * So near, any difference tells; farther away it takes so many hops, because servers
 * behind address translation can differ by one or two from port to port.
 */
enum { HOPS_NEAR = 2, HOPS_APART = 3 };

/* Beyond so many hops a difference is not worth its packets. */
enum { HOP_QUESTION_MAX = 2, HOP_TTL_MAX = 6 };

struct hop_question {
	int port, ttl;
};

struct hop_count {
	int port;    /* the one in question */
	bool resets; /* it answers with RST */
	int other;   /* one that answers, 0 = none is known */
	/* Found, 0 = not yet: */
	int near; /* the port in question answers from here, */
	int far;  /* the other one from here or beyond; not before `near` is counted */
	/* private: */
	bool other_connects;
	int asked;
	int comparisons, answers; /* asked of the other port, and come */
	bool is_as_near;          /* it answers from `near`, */
	bool is_apart;            /* and not where it would if it were a bit farther */
};

/* A port of the same address, as met without a limit of hops. */
void hop_count_consider(struct hop_count *count, int port,
                        const struct contact_report *report);

/*
 * What to try next, all at once; 0 when there is no more. `left` connections may still
 * be made: no search is begun or gone on with that leaves none for the comparison.
 */
size_t hop_count_ask(struct hop_count *count,
                     struct hop_question questions[HOP_QUESTION_MAX], size_t left);

/* True when this was the last answer that was needed. */
bool hop_count_take(struct hop_count *count, int port, int ttl,
                    const struct contact_report *report);

#endif
