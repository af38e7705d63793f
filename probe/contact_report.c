/* SPDX-License-Identifier: Apache-2.0 */
#include "probe/contact_report.h"

static char printable(char byte)
{
	return byte < ' ' || byte > '~' ? '?' : byte;
}

void contact_report_copy(char *out, size_t room, struct str foreign)
{
	size_t len = foreign.len < room ? foreign.len : room - 1;

	for (size_t i = 0; i < len; i++)
		out[i] = printable(foreign.at[i]);
	out[len] = '\0';
}
