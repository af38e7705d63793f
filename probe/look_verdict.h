/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PROBE_LOOK_VERDICT_H
#define PROBE_LOOK_VERDICT_H

#include "probe/observation.h"

/* Questions that facts ask of the second look. All pure. */

/* About the subject of a finding. */
typedef bool look_subject(const struct observation *seen,
                          const struct look_finding *finding);

look_subject is_any, is_mail_port, is_other_port, is_port_465, is_same_family,
	is_other_family, is_mail_endpoint, is_other_endpoint;

/* About what was found there. */
typedef bool look_answer(enum contact_outcome outcome);

look_answer answers;  /* as a mail server does */
look_answer is_there; /* the host lives: something there takes or refuses connections */
look_answer is_silent; /* the SYN was not answered */
look_answer refuses;   /* RST */
look_answer is_out_of_reach;

/* One of the findings that `subject` holds for is such; or all, and there is one. */
bool any_look(const struct observation *seen, enum look look, look_subject *subject,
              look_answer *answer);
bool all_looks(const struct observation *seen, enum look look, look_subject *subject,
               look_answer *answer);

/* The experiment was made, and ended so, or with anything else but this. */
bool has_look(const struct observation *seen, enum look look,
              enum contact_outcome outcome);
bool has_look_but(const struct observation *seen, enum look look,
                  enum contact_outcome outcome);

/* The step that ended the session ended a second connection in the same way. */
bool is_again(const struct observation *seen);

/* Another port or address of the target announces STARTTLS. */
bool is_starttls_elsewhere(const struct observation *seen);

/* The control target's name meets the same fault as the target's. */
bool is_control_name_dead(const struct observation *seen);

/*
 * Hops: this port is answered within two hops where another port is not, or at least
 * three hops before it; the same by one or two; and the same for an RST.
 */
bool is_answered_from_near(const struct look_facts *look);
bool is_answered_from_nearer(const struct look_facts *look);
bool is_rejected_from_nearer(const struct look_facts *look);

#endif
