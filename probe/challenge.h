/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PROBE_CHALLENGE_H
#define PROBE_CHALLENGE_H

#include "probe/mechanism.h"

/*
 * Looks at what a server challenges us with (raw, not base64) before GNU SASL does,
 * for what that library would crash on, read past or compute for minutes.
 */

/*
 * A SCRAM server chooses how often the client must hash; past this it is refused
 * instead of served (RFC 5802 §9 leaves the cap to the client).
 */
enum { CHALLENGE_ITERATIONS_MAX = 200000 };

/* NULL = none; else how a sentence goes on that begins "the server's challenge". */
const char *challenge_flaw(enum mechanism mechanism, struct str challenge);

/* Past the maximum; never for a mechanism other than SCRAM. */
bool challenge_asks_too_many_iterations(enum mechanism mechanism, struct str challenge);

/*
 * RFC 5802 §7: `e=` in place of the server's proof. The reply that follows says
 * what it means; what must not follow is success. Challenges are counted from 1.
 */
bool challenge_is_server_error(enum mechanism mechanism, unsigned number,
                               struct str challenge);

#endif
