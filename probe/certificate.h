/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PROBE_CERTIFICATE_H
#define PROBE_CERTIFICATE_H

#include "probe/error.h"

/* Whether the file begins with a certificate in PEM form, as a CA file must. */
bool certificate_check_file(const char *path, struct error *err);

/* The same for a client's certificate and key, which must belong together. */
bool certificate_check_pair(const char *certificate, const char *key,
                            struct error *err);

#endif
