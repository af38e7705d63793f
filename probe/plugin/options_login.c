/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "probe/plugin/command_line.h"
#include "probe/plugin/command_words.h"
#include "probe/plugin/options.h"

/* What systemd takes as a name, and a directory as an entry. */
enum { CREDENTIAL_NAME_MAX = 255 };

static bool take_mechanism(enum mechanism *out, const char *word, struct error *err)
{
	*out = MECHANISM_AUTO;
	if (str_equal_nocase(str_of(word), STR("auto")) ||
	    mechanism_from_word(out, str_of(word)))
		return true;
	return error_set(err, "-A: '%.24s' is not a mechanism known here", word);
}

static const char *const source_options[] = {
	[PASSWORD_NONE] = "",
	[PASSWORD_FILE] = "--password-file",
	[PASSWORD_ENVIRONMENT] = "--password-env",
	[PASSWORD_STDIN] = "--password-stdin",
	[PASSWORD_COMMAND] = "--password-command",
	[PASSWORD_CREDENTIAL] = "--password-credential",
	[PASSWORD_NETRC] = "--netrc",
	[PASSWORD_ARGUMENT] = "-P",
	[PASSWORD_EXTRA_OPTS] = "-P",
};

static bool take_password_source(struct command_line *line, enum password_source source,
                                 const char *place, struct error *err)
{
	struct options *options = line->options;

	if (line->password_given && options->password_source != source)
		return error_set(err, "%s and %s: give only one",
		                 source_options[options->password_source],
		                 source_options[source]);
	if (!line->password_given) {
		/* One that a file gave. */
		secret_destroy(options->secret);
		options->secret = NULL;
	}
	line->password_given = true;
	options->password_source = source;
	options->password_place = place;
	return true;
}

/* Where it stood it is wiped as soon as it is copied. */
static bool copy_password(struct secret **out, char *text, struct error *err)
{
	struct secret *secret = secret_create(str_of(text), "-P", err);

	explicit_bzero(text, strlen(text));
	secret_destroy(*out);
	*out = secret;
	return secret != NULL;
}

bool take_typed_password(struct command_line *line, char *value, struct error *err)
{
	if (!copy_password(&line->typed, value, err))
		return false;
	/* Or "-Psecret" would become "-P", which takes the next word. */
	*value = '*';
	return true;
}

static bool take_argument_password(struct command_line *line, char *text,
                                   struct error *err)
{
	struct options *options = line->options;

	if (line->in_file)
		return take_password_source(line, PASSWORD_EXTRA_OPTS, NULL, err) &&
		       copy_password(&options->secret, text, err);
	if (!take_password_source(line, PASSWORD_ARGUMENT, NULL, err))
		return false;
	explicit_bzero(text, strlen(text));
	/* Given twice, it is taken the first time: the last was kept then. */
	if (line->typed) {
		options->secret = line->typed;
		line->typed = NULL;
	}
	return true;
}

static bool take_command(struct command_line *line, const char *command,
                         struct error *err)
{
	struct command_words words;
	struct error why;

	if (!command_words_split(&words, command, &why))
		return error_set(err, "--password-command: %s", why.text);
	return take_password_source(line, PASSWORD_COMMAND, command, err);
}

/* A name in a directory, and nothing that leads out of it. */
static bool take_credential(struct command_line *line, const char *name,
                            struct error *err)
{
	if (*name == '\0' || *name == '.' || strchr(name, '/') ||
	    strlen(name) > CREDENTIAL_NAME_MAX)
		return error_set(err, "--password-credential: '%.12s' is not a name",
		                 name);
	return take_password_source(line, PASSWORD_CREDENTIAL, name, err);
}

bool take_login_option(struct command_line *line, int id, char *value,
                       struct error *err)
{
	struct options *options = line->options;

	switch (id) {
	case ID_AUTHTYPE:
		return take_mechanism(&options->target.mechanism, value, err);
	case ID_AUTHUSER:
		options->target.user = value;
		return true;
	case ID_AUTHZID:
		options->target.authorization = value;
		return true;
	case ID_PASSWORD_FILE:
		return take_password_source(line, PASSWORD_FILE, value, err);
	case ID_PASSWORD_ENV:
		return take_password_source(line, PASSWORD_ENVIRONMENT, value, err);
	case ID_PASSWORD_STDIN:
		return take_password_source(line, PASSWORD_STDIN, NULL, err);
	case ID_PASSWORD_COMMAND:
		return take_command(line, value, err);
	case ID_PASSWORD_CREDENTIAL:
		return take_credential(line, value, err);
	case ID_NETRC:
		return take_password_source(line, PASSWORD_NETRC, value, err);
	default:
		return take_argument_password(line, value, err);
	}
}

bool take_safety_option(struct command_line *line, int id, char *value,
                        struct error *err)
{
	struct target_settings *target = &line->options->target;

	(void)value, (void)err;
	if (id == ID_INSECURE)
		target->insecure = true;
	else
		target->allow_cleartext = true;
	return true;
}
