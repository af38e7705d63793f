/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PROBE_DNS_CHANNEL_H
#define PROBE_DNS_CHANNEL_H

#include <stdbool.h>

struct ares_addr_port_node;
struct ares_addrinfo;
struct uv_loop_s;

/* A channel of c-ares that a loop drives: one set of DNS servers, asked once. */
struct dns_channel;

/*
 * As the machine is set up to; with `server`, that one alone and once, and with its
 * reply code, which c-ares otherwise hides. Never NULL: trouble on our side is the
 * answer to the look-up.
 */
struct dns_channel *dns_channel_create(struct uv_loop_s *loop,
                                       const struct ares_addr_port_node *server);

/*
 * Drops the look-up: its answer comes from within this call or never. Not from within
 * an answer. The memory is given back when the loop has closed the handles. NULL is
 * fine.
 */
void dns_channel_destroy(struct dns_channel *channel);

/* An ares_addrinfo_callback: `status` is ARES_*; the callee frees `found`. */
typedef void dns_channel_answer(void *owner, int status, int timeouts,
                                struct ares_addrinfo *found);

/* The answer may come before this returns. */
void dns_channel_look_up(struct dns_channel *channel, const char *name, int family,
                         dns_channel_answer *answer, void *owner);

/* For ares_free_data(); NULL = none known. */
struct ares_addr_port_node *dns_channel_servers(const struct dns_channel *channel);

/* False when DNS was not asked: nsswitch.conf does not want it. */
bool dns_channel_opened_socket(const struct dns_channel *channel);

/* errno of the last socket call that failed, which c-ares does not tell; 0 = none. */
int dns_channel_socket_error(const struct dns_channel *channel);

#endif
