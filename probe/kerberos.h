/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PROBE_KERBEROS_H
#define PROBE_KERBEROS_H

#include "probe/error.h"

/*
 * Why no login to `service` at `host` can begin here: no ticket, no KDC, unknown
 * server. GNU SASL keeps that to itself, so the first token is asked for once more,
 * where the answer can be read; this may wait for a KDC. `reason` stays as it is
 * when there is nothing to add.
 */
void kerberos_explain_refusal(struct error *reason, const char *service,
                              const char *host);

#endif
