/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SUPPORT_USERS_H
#define SUPPORT_USERS_H

#include <gsasl.h>
#include <stdbool.h>

/*
 * Who may log in: lines "name:password". The keys that SCRAM compares are derived once
 * for each user and kept, so that a login costs the server next to nothing.
 */
struct users;
struct user;

/* Above this many iterations nothing is derived and every proof is refused. */
#define USERS_ITERATIONS_MAX 1000000UL

/* NULL after a message on stderr. */
struct users *users_read(const char *path, unsigned long iterations);
void users_destroy(struct users *users);

/* NULL when there is none of that name. */
struct user *users_find(const struct users *users, const char *name);

const char *user_password(const struct user *user);

struct scram_keys {
	char *stored; /* both in base64 */
	char *server;
};

/* For the salt and the iterations of USERS; NULL when there are too many of these. */
const struct scram_keys *users_scram_keys(const struct users *users, struct user *user,
                                          Gsasl_hash hash);

const char *users_salt(const struct users *users); /* base64 */
unsigned long users_iterations(const struct users *users);

#endif
