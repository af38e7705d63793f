/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PROBE_PROVIDER_H
#define PROBE_PROVIDER_H

#include "probe/str.h"

/*
 * True when `target` (a host name, perhaps with a port) belongs to a provider whose
 * greeting is known and `greeting` is not it. False for everybody else: hosted mail
 * greets with other names, and a different name alone proves nothing.
 */
bool provider_is_somebody_else(struct str target, struct str greeting);

#endif
