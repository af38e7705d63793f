/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PROBE_REMEMBER_H
#define PROBE_REMEMBER_H

#include "probe/guard.h"
#include "probe/observation.h"
#include "probe/target.h"

/* What of a run is worth keeping for later ones. Pure; strings live in `arena`. */

/* False, and `out` untouched, unless the login was accepted. */
bool remember_login(struct memory_record *out, const struct observation *seen,
                    usec started, struct arena *arena);

/*
 * What the login was to the server, whatever is made of it here: a 5xx to a credential,
 * or a reply that throttles, is a refusal, for servers count those.
 */
enum guard_outcome remember_guard(const struct observation *seen, enum cause cause);

/* Success or failure, to compare with other targets. */
struct correlation_outcome remember_outcome(const struct observation *seen,
                                            const struct target *target,
                                            struct arena *arena);

#endif
