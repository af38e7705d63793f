/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PROBE_MASK_H
#define PROBE_MASK_H

#include "probe/str.h"

/*
 * What a Cisco PIX or ASA writes over the words of a server: asterisks over the
 * greeting (Postfix recognises it in the same way), X's over a keyword that it hides.
 */
bool mask_covers_greeting(struct str text);

/* A word of X's only, or of X's and an A at its end; the length is the keyword's. */
bool mask_covers_keyword(struct str text);

#endif
