/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PROBE_REDACTION_H
#define PROBE_REDACTION_H

#include "probe/str.h"

/*
 * Knows what must never be seen and replaces it by "<redacted>". Servers echo
 * what they do not understand, so every line of theirs goes through here before
 * it is stored anywhere. Its memory is protected like a secret's.
 */
struct redaction;

/* Shorter needles would blank innocent words. */
enum { REDACTION_SHORTEST = 4 };

/* Room for a secret of `secret_len` bytes and the messages made with it. */
struct redaction *redaction_create(size_t secret_len);
void redaction_destroy(struct redaction *redaction); /* NULL is fine */

/*
 * A password or token: itself, and whatever base64 makes of it inside a longer
 * message, at each of the three alignments.
 */
void redaction_add_secret(struct redaction *redaction, struct str secret);

/*
 * A SASL message that was sent: itself and its base64. A server may echo only
 * a part, so a run of the base64 is enough.
 */
void redaction_add_message(struct redaction *redaction, struct str message);

/*
 * Writes `line` to `out` with every hit replaced and returns the length; what
 * does not fit into `room` is cut. Case does not matter: some servers echo in
 * capitals.
 */
size_t redaction_apply(const struct redaction *redaction, char *out, size_t room,
                       struct str line);

#endif
