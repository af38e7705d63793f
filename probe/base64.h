/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PROBE_BASE64_H
#define PROBE_BASE64_H

#include "probe/str.h"

/* Bytes that `len` bytes become in base64, without the terminating NUL. */
size_t base64_encoded_size(size_t len);

/*
 * RFC 4648 §4 with padding, one line. `out` has room for
 * base64_encoded_size() + 1 bytes and is NUL-terminated. Returns the length.
 */
size_t base64_encode(char *out, struct str bytes);

/*
 * `out` has room for `text.len` bytes. False when the text is not strict
 * base64 (foreign characters, wrong padding).
 */
bool base64_decode(char *out, size_t *out_len, struct str text);

#endif
