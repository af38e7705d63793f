/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PROBE_OWN_NAME_H
#define PROBE_OWN_NAME_H

#include <sys/socket.h>

#include "probe/str.h"

/* The longest name of a machine, with its NUL. */
enum { OWN_NAME_MAX = 256 };

/* The full name of this machine; empty when it only has a short one. */
void own_name_get(char out[OWN_NAME_MAX]);

/* `name` is the full name of this machine. */
bool own_name_is(struct str name);

/*
 * What to say in EHLO towards `peer` (may be NULL): `wanted`, the full name, or, as
 * RFC 5321 §4.1.4 has it for a machine without one, its address literal.
 */
void own_name_for_ehlo(char out[OWN_NAME_MAX], const char *wanted,
                       const struct sockaddr_storage *peer);

#endif
