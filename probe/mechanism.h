/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PROBE_MECHANISM_H
#define PROBE_MECHANISM_H

#include "probe/str.h"

enum mechanism {
#define MECHANISM(id, word, proof, flags) MECHANISM_##id,
#include "probe/mechanism.def"
	MECHANISM_COUNT,
	MECHANISM_AUTO = MECHANISM_COUNT
};

/* What the client must hold to use a mechanism. */
enum proof { PROOF_PASSWORD, PROOF_CERTIFICATE, PROOF_TICKET };

enum {
	MECHANISM_SLOW = 1,    /* its steps may compute or wait: off the loop */
	MECHANISM_BINDING = 2, /* needs TLS channel binding data (RFC 5929, 9266) */
	MECHANISM_SENDS_PASSWORD = 4, /* the server gets the password itself */
	MECHANISM_PROVES_SERVER = 8   /* so must the server prove that it knows it */
};

/* Sets of mechanisms. */
typedef unsigned mechanism_set;

static inline mechanism_set mechanism_bit(enum mechanism mechanism)
{
	return 1u << mechanism;
}

/* The registered SASL name; "auto" for MECHANISM_AUTO. */
const char *mechanism_word(enum mechanism mechanism);

/* Without regard to case, as RFC 4422 §3.1 names are compared in practice. */
bool mechanism_from_word(enum mechanism *out, struct str word);

enum proof mechanism_proof(enum mechanism mechanism);
unsigned mechanism_flags(enum mechanism mechanism);

/*
 * The best of `offered` for a client that holds `proofs` (a set of 1 << PROOF_*),
 * in the order of mechanism.def. False when none fits.
 */
bool mechanism_choose(enum mechanism *out, mechanism_set offered, unsigned proofs,
                      bool encrypted);

#endif
