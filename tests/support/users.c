/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/users.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/support/memory.h"

#define SALT_BYTES 12

enum scram { SCRAM_SHA_1, SCRAM_SHA_256, SCRAM_COUNT };

struct user {
	char *name;
	char *password;
	struct scram_keys keys[SCRAM_COUNT];
};

struct users {
	struct user *list; /* ordered by name */
	size_t count;
	unsigned long iterations;
	char salt[SALT_BYTES];
	char *salt_base64;
};

static char *base64_of(const char *bytes, size_t length)
{
	char *text = NULL;
	char *copy;

	if (gsasl_base64_to(bytes, length, &text, NULL) != GSASL_OK)
		abort();
	copy = memory_copy(text, strlen(text));
	gsasl_free(text);
	return copy;
}

static int by_name(const void *left, const void *right)
{
	const struct user *a = left;
	const struct user *b = right;

	return strcmp(a->name, b->name);
}

static bool add(struct users *users, const char *line)
{
	const char *colon = strchr(line, ':');
	struct user *user;

	if (*line == '\0' || *line == '#')
		return true;
	if (!colon || colon == line)
		return false;
	users->list = memory_grown(users->list, users->count + 1, sizeof(*users->list));
	user = &users->list[users->count++];
	*user = (struct user){
		.name = memory_copy(line, (size_t)(colon - line)),
		.password = memory_copy(colon + 1, strlen(colon + 1)),
	};
	return true;
}

static bool read_lines(struct users *users, FILE *file, const char *path)
{
	char *line = NULL;
	size_t room = 0;
	unsigned number = 0;
	bool understood = true;

	while (understood && getline(&line, &room, file) >= 0) {
		number++;
		line[strcspn(line, "\r\n")] = '\0';
		understood = add(users, line);
	}
	free(line);
	if (!understood)
		fprintf(stderr, "%s:%u: expected 'name:password'\n", path, number);
	return understood;
}

struct users *users_read(const char *path, unsigned long iterations)
{
	struct users *users;
	FILE *file = fopen(path, "re");
	bool understood;

	if (!file) {
		fprintf(stderr, "smtp_script_server: %s: %s\n", path, strerror(errno));
		return NULL;
	}
	users = memory_zeroed(1, sizeof(*users));
	users->iterations = iterations;
	if (gsasl_nonce(users->salt, SALT_BYTES) != GSASL_OK)
		abort();
	users->salt_base64 = base64_of(users->salt, SALT_BYTES);
	understood = read_lines(users, file, path);
	fclose(file);
	if (!understood) {
		users_destroy(users);
		return NULL;
	}
	if (users->count > 0)
		qsort(users->list, users->count, sizeof(*users->list), by_name);
	return users;
}

void users_destroy(struct users *users)
{
	if (!users)
		return;
	for (size_t i = 0; i < users->count; i++) {
		struct user *user = &users->list[i];

		for (size_t j = 0; j < SCRAM_COUNT; j++) {
			free(user->keys[j].stored);
			free(user->keys[j].server);
		}
		free(user->name);
		free(user->password);
	}
	free(users->list);
	free(users->salt_base64);
	free(users);
}

struct user *users_find(const struct users *users, const char *name)
{
	const struct user wanted = { .name = memory_copy(name, strlen(name)) };
	struct user *found = NULL;

	if (users->count > 0)
		found = bsearch(&wanted, users->list, users->count,
		                sizeof(*users->list), by_name);
	free(wanted.name);
	return found;
}

const char *user_password(const struct user *user)
{
	return user->password;
}

const struct scram_keys *users_scram_keys(const struct users *users, struct user *user,
                                          Gsasl_hash hash)
{
	struct scram_keys *keys =
		&user->keys[hash == GSASL_HASH_SHA1 ? SCRAM_SHA_1 : SCRAM_SHA_256];
	char salted[GSASL_HASH_MAX_SIZE];
	char client[GSASL_HASH_MAX_SIZE];
	char server[GSASL_HASH_MAX_SIZE];
	char stored[GSASL_HASH_MAX_SIZE];

	if (users->iterations > USERS_ITERATIONS_MAX)
		return NULL;
	if (keys->stored)
		return keys;
	if (gsasl_scram_secrets_from_password(
		    hash, user->password, (unsigned int)users->iterations, users->salt,
		    SALT_BYTES, salted, client, server, stored) != GSASL_OK)
		return NULL;
	keys->stored = base64_of(stored, gsasl_hash_length(hash));
	keys->server = base64_of(server, gsasl_hash_length(hash));
	return keys;
}

const char *users_salt(const struct users *users)
{
	return users->salt_base64;
}

unsigned long users_iterations(const struct users *users)
{
	return users->iterations;
}
