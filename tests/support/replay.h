/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SUPPORT_REPLAY_H
#define SUPPORT_REPLAY_H

#include <stdbool.h>

#include "tests/support/connection.h"
#include "tests/support/script.h"

/* Plays a script to every client, from its start. The server's plan is a replay_plan.
 */
struct replay_plan {
	const struct script *script;
	bool timing; /* wait as long as the recorded server did */
};

extern const struct dialogue replay_dialogue;

#endif
