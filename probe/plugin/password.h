/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PROBE_PLUGIN_PASSWORD_H
#define PROBE_PLUGIN_PASSWORD_H

#include "probe/arena.h"
#include "probe/plugin/options.h"

/*
 * Fetches the password from where the options say; `out` becomes NULL when they say
 * nothing. What comes from -P is taken out of the options. A .netrc also gives the
 * user, out of `arena`, when the options name none. False with a sentence when there
 * is a source but no password.
 */
bool password_take(struct secret **out, struct options *options, struct arena *arena,
                   struct error *err);

#endif
