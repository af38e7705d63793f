/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PROBE_LOOK_NOTE_H
#define PROBE_LOOK_NOTE_H

#include "probe/hop_count.h"
#include "probe/look_facts.h"

/* What the second look writes into the trace; look_facts.h reads it back. */

enum { LOOK_NOTE_MAX = 1024 };

/* "look port 465 answered greeting="220 mx.example ESMTP" starttls=yes" */
void look_note_print(char out[LOOK_NOTE_MAX], enum look look, const char *subject,
                     const struct contact_report *report);

/* "look name mx.example found" */
void look_note_print_name(char out[LOOK_NOTE_MAX], const char *name,
                          enum ending ending);

/* "look hops 443 answered near=1 far=4" */
void look_note_print_hops(char out[LOOK_NOTE_MAX], const struct hop_count *hops);

#endif
