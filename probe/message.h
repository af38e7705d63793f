/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PROBE_MESSAGE_H
#define PROBE_MESSAGE_H

#include "probe/result.h"

/* A pager shows this much of the first line (Monitoring Plugins guidelines). */
enum { MESSAGE_MAX = 79 };

/*
 * The first line for people, without perfdata: "SMTP AUTH OK - probe@example.com at
 * mx.example:587, 0.231 s, SCRAM-SHA-256". Printable ASCII without '|', at most
 * MESSAGE_MAX bytes; what is too long is shortened in the order mechanism, user,
 * the usual port, enhanced status, reply code, middle of the host name. A suspended
 * login is told by its last verdict: "SMTP AUTH CRITICAL - credentials: bad
 * credentials, 14 min ago (login suspended)"; what goes first then is "login", then the
 * age.
 */
const char *message_of(const struct result *result, enum severity severity,
                       struct arena *arena);

/*
 * The same with `lead` before the verdict: "SMTP AUTH WARNING - auth 2.31 s > 2: probe@
 * example.com at mx.example:587, 2.6 s". It brings its own colon and is not shortened,
 * rather the cause is left out; "" is none. After a success it replaces the notice.
 */
const char *message_with(const struct result *result, enum severity severity,
                         const char *lead, struct arena *arena);

#endif
