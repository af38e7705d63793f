/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PROBE_WITNESS_H
#define PROBE_WITNESS_H

#include <sys/socket.h>

#include "probe/target.h"
#include "probe/trace.h"

/*
 * What a trace alone cannot tell: whether a name that a peer gives is this machine's,
 * and whether one in a certificate is an interception product's. Each adds an event
 * behind the one that it looks at.
 */

/* "own name asked": the target is this machine. */
void witness_target(struct trace *trace, usec at, const struct target *target);

/*
 * "own name answers": greeted by this machine's full name, which is not the target's,
 * from somewhere else. `peer`
 * is the address connected to, here and below; NULL, where nobody can tell which, says
 * nothing of names.
 */
void witness_greeting(struct trace *trace, usec at, struct str line,
                      const struct target *target, const struct sockaddr_storage *peer);

/*
 * `event` is "certificate N …". "own name certified": the leaf is for this machine, not
 * for the target, and comes from somewhere else; "interceptor KIND "PRODUCT" in
 * certificate N issuer".
 */
void witness_certificate(struct trace *trace, usec at, struct str event,
                         const struct target *target,
                         const struct sockaddr_storage *peer);

#endif
