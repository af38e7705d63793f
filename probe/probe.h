/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PROBE_PROBE_H
#define PROBE_PROBE_H

#include "probe/result.h"
#include "probe/session.h"

/* One run: a session, then the diagnosis of its trace. */
struct probe;

/* Called once, on the loop; the result is the receiver's to release. */
typedef void probe_done(void *owner, struct result *result);

/* `ground` must outlive the probe. */
struct probe *probe_start(const struct session_ground *ground, struct target *target,
                          probe_done *done, void *owner);

/* Ends it early; `done` comes soon, with cause `local`. */
void probe_cancel(struct probe *probe);

#endif
