/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PROBE_CONTACT_SOCKET_H
#define PROBE_CONTACT_SOCKET_H

#include "probe/contact_wish.h"

/*
 * A socket of our own for a contact, with the options of the wish, that blocks nowhere
 * and keeps ICMP errors; -1 and errno when there is none to be had.
 */
int contact_socket_open(const struct contact_wish *wish);

/* Begins to connect. False and errno when that failed at once. */
bool contact_socket_connect(int socket, const struct contact_wish *wish);

/* Whether the connection stands. */
bool contact_socket_is_connected(int socket);

/* What an attempt met that failed with `error`, in connect() itself or later. */
enum contact_outcome contact_socket_judge_attempt(int error, bool at_once);

/* Why nothing comes on a connection that stands. */
enum contact_outcome contact_socket_judge_silence(const struct tcp_fact *tcp);

#endif
