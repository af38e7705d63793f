/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PROBE_INTERCEPTOR_FILE_H
#define PROBE_INTERCEPTOR_FILE_H

#include "probe/interceptor_table.h"

/*
 * Reads a list of interceptors from a regular file; links are followed. NULL, with one
 * sentence in `damage`, when the file cannot be read at all. Otherwise as
 * interceptor_table_read(): the table lives in the arena, and `damage` tells of lines
 * that were left out or is empty. Neither stops a probe; it is worth a note.
 */
const struct interceptor_table *
interceptor_file_read(struct arena *arena, const char *path, struct error *damage);

#endif
