/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PROBE_SINKHOLE_H
#define PROBE_SINKHOLE_H

#include "probe/observation.h"

/*
 * DNS led the name to an address that no server of its can have: an unspecified or
 * loopback one (names that mean this machine excepted), or a private one where it
 * was public at the last good login.
 */
bool sinkhole_swallows(const struct observation *seen);

/* RFC 6761 §6.3: localhost and the names under it are this machine's. */
bool sinkhole_is_local_name(struct str host);

#endif
