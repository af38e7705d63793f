/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PROBE_LOOK_FACTS_H
#define PROBE_LOOK_FACTS_H

#include "probe/contact_outcome.h"
#include "probe/ending.h"
#include "probe/str.h"

enum look {
#define LOOK(id, word, has_subject) LOOK_##id,
#include "probe/look.def"
	LOOK_COUNT
};

enum { LOOK_FINDING_MAX = 24 };

/*
 * What one experiment found. In a trace, behind the word "look":
 *
 *	port 465 answered greeting="220 mx.example ESMTP" starttls=yes
 *	hops 443 answered near=1 far=4
 *	name mx.example dns_timeout
 */
struct look_finding {
	enum look look;
	struct str subject;           /* "465", "192.0.2.8:587", "mx.example:587" */
	enum contact_outcome outcome; /* of a connection */
	enum ending name_ending;      /* LOOK_NAME: ENDING_NONE = it was found */
	struct str greeting;          /* the peer's first words */
	struct str issuer;            /* who signed its certificate */
	struct str why; /* the ICMP message that came, "icmp 3/13 from …" */
	bool offers_starttls;
	int near, far; /* LOOK_HOPS: where this port answers, and the other one */
};

struct look_facts {
	size_t count;
	struct look_finding findings[LOOK_FINDING_MAX];
};

/* Reads what stands behind "look"; what is malformed is left out. */
void look_facts_take(struct look_facts *facts, struct str rest);

const char *look_word(enum look look);
bool look_has_subject(enum look look);

/* The first finding of this kind, or NULL. */
const struct look_finding *look_facts_find(const struct look_facts *facts,
                                           enum look look);

#endif
