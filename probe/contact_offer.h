/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PROBE_CONTACT_OFFER_H
#define PROBE_CONTACT_OFFER_H

#include "probe/capability.h"

/*
 * The keywords that EHLO offered: upper case, each once, sorted, blanks between, with
 * the mechanisms in the server's order as in "AUTH=PLAIN,LOGIN SIZE". What does not fit
 * as a whole is left out.
 */
void contact_offer_print(char *out, size_t room, const struct capabilities *offer);

#endif
