/* SPDX-License-Identifier: Apache-2.0 */
#include "probe/plugin/command_line.h"
#include "probe/plugin/options.h"

static bool take_port(int *out, const char *text, struct error *err)
{
	struct str rest = str_of(text);
	int port;

	if (str_take_number(&port, &rest) && rest.len == 0 && port >= 1 &&
	    port <= 65535) {
		*out = port;
		return true;
	}
	/* Not repeated: whoever meant -P has just typed a password. */
	return error_set(err, "-p: the value is not a port from 1 to 65535");
}

bool take_server_option(struct command_line *line, int id, char *value,
                        struct error *err)
{
	struct target_settings *target = &line->options->target;

	switch (id) {
	case ID_HOSTNAME:
		target->host = value;
		return true;
	case ID_PORT:
		return take_port(&target->port, value, err);
	case ID_IPV4:
		target->family = IP_V4;
		return true;
	case ID_IPV6:
		target->family = IP_V6;
		return true;
	case ID_FQDN:
		target->ehlo_name = value;
		return true;
	case ID_SOURCE_ADDRESS:
		target->source_address = value;
		return true;
	default:
		target->via = value;
		return true;
	}
}
