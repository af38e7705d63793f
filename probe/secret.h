/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PROBE_SECRET_H
#define PROBE_SECRET_H

#include "probe/error.h"
#include "probe/str.h"

/*
 * A password or token. Its bytes live on pages of their own that are locked in
 * memory where the system allows it, left out of core dumps, not inherited by
 * children, and wiped when given back. Nothing prints it.
 */
struct secret;

enum { SECRET_SIZE_MAX = 8192 };

/*
 * Copies `bytes`. Refused: nothing, more than SECRET_SIZE_MAX bytes, NUL, CR or
 * LF (they cannot be sent), and what is not UTF-8. `origin` names the source in
 * the error ("password", "", a path).
 */
struct secret *secret_create(struct str bytes, const char *origin, struct error *err);

/* The same of text of which one trailing LF or CRLF does not count. */
struct secret *secret_create_line(struct str text, const char *origin,
                                  struct error *err);

/*
 * Reads a file of which one trailing LF or CRLF does not count. Refused when
 * others may read it, or group or others may write it; what systemd and
 * container engines mount under /run/credentials/ and /run/secrets/ is exempt.
 * Links are followed and the opened file is judged.
 */
struct secret *secret_read_file(const char *path, struct error *err);

/* The same from a descriptor, up to its end, without judging modes. */
struct secret *secret_read_descriptor(int fd, const char *origin, struct error *err);

/* Whether an open file may hold a secret, by the rules of secret_read_file(). */
bool secret_judge_file(int fd, const char *path, struct error *err);

void secret_destroy(struct secret *secret); /* NULL is fine */

struct str secret_reveal(const struct secret *secret);

/* A blank at either end: legal, but usually pasted by mistake. */
bool secret_has_outer_blanks(const struct secret *secret);

/*
 * Memory with the same protection, for material derived from a secret. Never
 * NULL: out of memory ends the process, as in an arena.
 */
void *secret_memory_create(size_t size);
void secret_memory_destroy(void *memory, size_t size); /* NULL is fine */

#endif
