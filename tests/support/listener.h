/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SUPPORT_LISTENER_H
#define SUPPORT_LISTENER_H

#include <stdbool.h>
#include <stdint.h>

struct listener;
struct server;

/*
 * Listens on a numeric address (PORT 0 = one that is free) or, when ADDRESS starts with
 * a slash, on a Unix socket of that name, and opens a connection of SERVER for each
 * client. NULL after a message on stderr.
 */
struct listener *listener_create(struct server *server, const char *address,
                                 uint16_t port);

/* The port in use; 0 for a Unix socket. */
uint16_t listener_port(const struct listener *listener);

/* Accepts again after the process had run out of descriptors. */
void listener_resume(struct listener *listener);

/* Stops listening; the memory is released when the loop has run on. */
void listener_destroy(struct listener *listener);

#endif
