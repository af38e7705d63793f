/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PROBE_PLUGIN_JUDGEMENT_H
#define PROBE_PLUGIN_JUDGEMENT_H

#include "probe/plugin/figure.h"
#include "probe/result.h"

enum { RULED_MECHANISM_MAX = 16, FINDING_MAX = 2 * RULED_MECHANISM_MAX + 20 };

/* A state that the user chose in place of the usual one. */
struct chosen_state {
	bool given;
	enum severity state;
};

/* Names of mechanisms, known here or not. */
struct ruled_mechanisms {
	size_t count;
	const char *names[RULED_MECHANISM_MAX];
};

/* What the user wants of a login besides that it is accepted; zeroed: nothing. */
struct rules {
	struct limits limits[FIGURE_COUNT];
	struct chosen_state states[CAUSE_COUNT];
	struct chosen_state timeout; /* when the deadline ended the run */
	enum cause expected;         /* CAUSE_NONE: the login shall be accepted */
	enum reason expected_reason; /* REASON_NONE: any of the cause */
	struct ruled_mechanisms required, forbidden;
	bool forbid_cleartext_auth; /* nothing may offer AUTH before TLS */
};

/* Something that was asked for and is not so: "auth 2.31 s > 2". */
struct finding {
	enum severity severity;
	const char *text;
};

struct judgement {
	enum severity state;
	bool good;         /* the login ended as it should, slow or not */
	bool expected_met; /* it failed, and that is what should happen */
	const char *lead;  /* for the first line, before the verdict; see message.h */
	const char *expected; /* "credentials: account disabled"; NULL: a login */
	size_t finding_count;
	struct finding findings[FINDING_MAX];
	const char *leading; /* the text of the finding in `lead`; NULL: none */
};

/*
 * The state that a plugin ends with. That of the cause, unless the rules choose another
 * one; findings make it worse, never better, and a threshold or a certificate that ends
 * matters only where the login ended as it should. Trouble of our own stays as it is.
 * Pure; strings live in `arena`.
 */
struct judgement judge(const struct result *result, const struct rules *rules,
                       struct arena *arena);

/* Rules that contradict each other: false with a sentence that names both options. */
bool rules_check(const struct rules *rules, struct error *err);

#endif
