/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PROBE_HASH_H
#define PROBE_HASH_H

#include <stdint.h>

#include "probe/str.h"

/*
 * FNV-1a with 64 bits: for tables and for "the same text again". Two texts that were
 * not made to collide do not; it keeps nothing secret.
 */
uint64_t hash_of(struct str text);

#endif
