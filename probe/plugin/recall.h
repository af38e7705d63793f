/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PROBE_PLUGIN_RECALL_H
#define PROBE_PLUGIN_RECALL_H

#include "probe/engine.h"

/*
 * The state file of --state-file: what the last good login to a target looked like,
 * from one run of the plugin to the next.
 */

/* Lets the engine know what the file says; a damaged one is told in the trace. */
void recall_load(struct engine *engine, const char *path, const struct target *target,
                 struct arena *arena);

/* After a login that was accepted. False with a sentence when it cannot be kept. */
bool recall_save(const struct engine *engine, const char *path,
                 const struct target *target, struct error *err);

#endif
