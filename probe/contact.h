/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PROBE_CONTACT_H
#define PROBE_CONTACT_H

#include "probe/contact_wish.h"

struct uv_loop_s;

/*
 * One connection of the second look: a socket of our own that goes as far as one
 * question needs and reports what it met. It never sends a credential or a user name:
 * the only lines that it knows are EHLO, HELO, NOOP, STARTTLS and QUIT.
 */
struct contact;

/* Called once, on the loop, never inside contact_start(). */
typedef void contact_done(void *owner, const struct contact_report *report);

/* Strings of the wish are copied. Never NULL: trouble on our side is CONTACT_LOCAL. */
struct contact *contact_start(struct uv_loop_s *loop, const struct contact_wish *wish,
                              contact_done *done, void *owner);

/* Closes the connection; `done` will not be called. Not once it has been. */
void contact_cancel(struct contact *contact);

#endif
