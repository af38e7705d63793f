/* SPDX-License-Identifier: Apache-2.0 */
#include "probe/plugin/password.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "probe/plugin/netrc.h"
#include "probe/plugin/password_command.h"
#include "probe/plugin/private_file.h"

static struct secret *from_environment(const char *name, struct error *err)
{
	char *value = getenv(name);
	struct secret *secret;

	if (!value) {
		error_set(err, "--password-env: the variable %.60s is not set", name);
		return NULL;
	}
	secret = secret_create(str_of(value), name, err);
	explicit_bzero(value, strlen(value));
	return secret;
}

static struct secret *from_command(const char *command, struct error *err)
{
	struct command_words words;

	return command_words_split(&words, command, err)
	               ? password_command_run(&words, err)
	               : NULL;
}

static struct secret *from_credential(const char *name, struct arena *arena,
                                      struct error *err)
{
	const char *directory = getenv("CREDENTIALS_DIRECTORY");

	if (!directory || directory[0] != '/') {
		error_set(err, "--password-credential: CREDENTIALS_DIRECTORY is not "
		               "set; systemd does it for a unit with LoadCredential=");
		return NULL;
	}
	return secret_read_file(arena_print(arena, "%s/%s", directory, name), err);
}

static struct secret *from_entry(struct options *options, char *text, size_t len,
                                 struct arena *arena, struct error *err)
{
	struct target_settings *target = &options->target;
	const char *path = options->password_place;
	struct netrc_wish wish = { str_of(target->host), str_of(target->user) };
	struct netrc_entry entry;
	struct error why;

	if (!netrc_find(&entry, text, len, &wish, &why)) {
		error_set(err, "%s: %s", path, why.text);
		return NULL;
	}
	if (!target->user && entry.login.len)
		target->user = arena_copy(arena, entry.login);
	return secret_create(entry.password, path, err);
}

static struct secret *from_netrc(struct options *options, struct arena *arena,
                                 struct error *err)
{
	struct private_file file;
	struct secret *secret = NULL;

	if (!options->target.host) {
		error_set(err, "--netrc: there is no machine to look for; give -H");
		return NULL;
	}
	if (!private_file_read(&file, options->password_place, err))
		return NULL;
	if (file.fit_for_secrets)
		secret = from_entry(options, file.bytes, file.len, arena, err);
	else
		*err = file.objection;
	private_file_forget(&file);
	return secret;
}

static struct secret *from_argument(struct options *options)
{
	struct secret *secret = options->secret;

	options->secret = NULL;
	return secret;
}

bool password_take(struct secret **out, struct options *options, struct arena *arena,
                   struct error *err)
{
	const char *place = options->password_place;

	*out = NULL;
	switch (options->password_source) {
	case PASSWORD_NONE:
		return true;
	case PASSWORD_FILE:
		*out = secret_read_file(place, err);
		break;
	case PASSWORD_ENVIRONMENT:
		*out = from_environment(place, err);
		break;
	case PASSWORD_STDIN:
		*out = secret_read_descriptor(STDIN_FILENO, "standard input", err);
		break;
	case PASSWORD_COMMAND:
		*out = from_command(place, err);
		break;
	case PASSWORD_CREDENTIAL:
		*out = from_credential(place, arena, err);
		break;
	case PASSWORD_NETRC:
		*out = from_netrc(options, arena, err);
		break;
	case PASSWORD_ARGUMENT:
	case PASSWORD_EXTRA_OPTS:
		*out = from_argument(options);
		break;
	}
	return *out != NULL;
}
