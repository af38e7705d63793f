/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PROBE_ADDRESS_H
#define PROBE_ADDRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>

/* Room for any address of ours in text, with brackets, port and NUL. */
enum { ADDRESS_TEXT_MAX = 64 };

/* An IPv4 or IPv6 literal, port 0. */
bool address_parse(struct sockaddr_storage *out, const char *text);

/* Whether `text` is an IPv4 or IPv6 literal. */
bool address_is_literal(const char *text);

/* An address of this machine, all of 127.0.0.0/8 included. */
bool address_is_own(const struct sockaddr_storage *address);

/* "192.0.2.7" or "2001:db8::7". */
void address_print(char *out, size_t room, const struct sockaddr_storage *address);

/* "192.0.2.7:587" or "[2001:db8::7]:587". */
void address_print_endpoint(char *out, size_t room,
                            const struct sockaddr_storage *address, int port);

/*
 * The literal of RFC 5321 §4.1.3 for the address that this machine uses towards
 * `peer` ("[192.0.2.1]", "[IPv6:2001:db8::1]"); loopback when `peer` is NULL or
 * there is no route. Sends nothing.
 */
void address_print_own_literal(char *out, size_t room,
                               const struct sockaddr_storage *peer);

#endif
