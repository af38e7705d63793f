/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "probe/plugin/command_line.h"
#include "probe/plugin/options.h"

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
	[PASSWORD_ARGUMENT] = "-P",
};

static bool take_password_source(struct options *options, enum password_source source,
                                 const char *place, struct error *err)
{
	if (options->password_source != PASSWORD_NONE &&
	    options->password_source != source)
		return error_set(err, "%s and %s: give only one password",
		                 source_options[options->password_source],
		                 source_options[source]);
	options->password_source = source;
	options->password_place = place;
	return true;
}

/* The command line is world-readable: the argument is wiped as soon as it is copied. */
static bool take_argument_password(struct options *options, char *text,
                                   struct error *err)
{
	struct secret *secret;

	if (!take_password_source(options, PASSWORD_ARGUMENT, NULL, err))
		return false;
	secret = secret_create(str_of(text), "-P", err);
	explicit_bzero(text, strlen(text));
	secret_destroy(options->secret);
	options->secret = secret;
	return secret != NULL;
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
		return take_password_source(options, PASSWORD_FILE, value, err);
	case ID_PASSWORD_ENV:
		return take_password_source(options, PASSWORD_ENVIRONMENT, value, err);
	case ID_PASSWORD_STDIN:
		return take_password_source(options, PASSWORD_STDIN, NULL, err);
	default:
		return take_argument_password(options, value, err);
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
