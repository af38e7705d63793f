/* SPDX-License-Identifier: Apache-2.0 */
#include "probe/own_name.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "probe/address.h"

void own_name_get(char out[OWN_NAME_MAX])
{
	memset(out, 0, OWN_NAME_MAX);
	(void)gethostname(out, OWN_NAME_MAX - 1);
	if (!strchr(out, '.'))
		out[0] = '\0';
}

bool own_name_is(struct str name)
{
	char own[OWN_NAME_MAX];

	own_name_get(own);
	return own[0] && str_equal_nocase(name, str_of(own));
}

void own_name_for_ehlo(char out[OWN_NAME_MAX], const char *wanted,
                       const struct sockaddr_storage *peer)
{
	if (wanted)
		snprintf(out, OWN_NAME_MAX, "%s", wanted);
	else
		own_name_get(out);
	if (!out[0])
		address_print_own_literal(out, OWN_NAME_MAX, peer);
}
