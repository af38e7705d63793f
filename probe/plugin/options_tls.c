/* SPDX-License-Identifier: Apache-2.0 */
#include "probe/plugin/command_line.h"
#include "probe/plugin/options.h"

static bool take_tls_minimum(enum tls_version *out, const char *word, struct error *err)
{
	if (str_equal(str_of(word), STR("1.2")))
		*out = TLS_VERSION_1_2;
	else if (str_equal(str_of(word), STR("1.3")))
		*out = TLS_VERSION_1_3;
	else
		return error_set(err, "--min-tls: '%.24s' is neither 1.2 nor 1.3",
		                 word);
	return true;
}

static const char *const tls_options[] = {
	[TLS_STARTTLS] = "--starttls",
	[TLS_IMPLICIT] = "--tls",
	[TLS_NONE] = "--no-tls",
};

static bool take_tls(struct command_line *line, enum tls_mode mode, struct error *err)
{
	struct target_settings *target = &line->options->target;

	if (line->tls_given && target->tls != mode)
		return error_set(err, "%s and %s contradict each other",
		                 tls_options[target->tls], tls_options[mode]);
	line->tls_given = true;
	target->tls = mode;
	return true;
}

bool take_tls_option(struct command_line *line, int id, char *value, struct error *err)
{
	struct target_settings *target = &line->options->target;

	switch (id) {
	case ID_STARTTLS:
		return take_tls(line, TLS_STARTTLS, err);
	case ID_TLS:
		return take_tls(line, TLS_IMPLICIT, err);
	case ID_NO_TLS:
		return take_tls(line, TLS_NONE, err);
	case ID_CA_FILE:
		target->ca_file = value;
		return true;
	case ID_CA_DIR:
		target->ca_dir = value;
		return true;
	case ID_SERVER_NAME:
		target->server_name = value;
		return true;
	case ID_MIN_TLS:
		return take_tls_minimum(&target->tls_min, value, err);
	case ID_CLIENT_CERT:
		target->client_certificate = value;
		return true;
	default:
		target->client_key = value;
		return true;
	}
}
