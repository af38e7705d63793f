/* SPDX-License-Identifier: Apache-2.0 */
#include "probe/look_note.h"

#include <stdio.h>
#include <string.h>

#include "probe/memory.h"

enum { GREETING_MAX = 160 };

/* A value ends at the next quote, so it holds none. */
static void add_quoted(char *out, size_t room, const char *key, const char *value)
{
	size_t len = strlen(out);
	int written =
		snprintf(out + len, room - len, " %s=\"%.*s", key, GREETING_MAX, value);

	for (char *c = out + len + strlen(key) + 3; *c; c++)
		if (*c == '"')
			*c = '\'';
	if (written > 0)
		len += (size_t)written;
	if (len + 1 < room)
		memcpy(out + len, "\"", 2);
}

static void add_icmp(char *out, size_t room, const struct icmp_fact *icmp)
{
	char text[SOCKET_FACTS_TEXT_MAX];

	socket_facts_print_icmp(text, sizeof(text), icmp);
	add_quoted(out, room, "why", text);
}

void look_note_print(char out[LOOK_NOTE_MAX], enum look look, const char *subject,
                     const struct contact_report *report)
{
	size_t len;

	snprintf(out, LOOK_NOTE_MAX, "look %s %s%s%s", look_word(look),
	         look_has_subject(look) ? subject : "",
	         look_has_subject(look) ? " " : "",
	         contact_outcome_word(report->outcome));
	if (report->first[0])
		add_quoted(out, LOOK_NOTE_MAX, "greeting", report->first);
	if (report->issuer[0])
		add_quoted(out, LOOK_NOTE_MAX, "issuer", report->issuer);
	if (report->socket.icmp.found)
		add_icmp(out, LOOK_NOTE_MAX, &report->socket.icmp);
	len = strlen(out);
	if (report->before[0])
		snprintf(out + len, LOOK_NOTE_MAX - len, " starttls=%s",
		         memory_lists(str_of(report->before), STR("STARTTLS")) ? "yes"
		                                                               : "no");
}

void look_note_print_name(char out[LOOK_NOTE_MAX], const char *name, enum ending ending)
{
	snprintf(out, LOOK_NOTE_MAX, "look name %s %s", name,
	         ending == ENDING_NONE ? "found" : ending_word(ending));
}

void look_note_print_hops(char out[LOOK_NOTE_MAX], const struct hop_count *hops)
{
	snprintf(
		out, LOOK_NOTE_MAX, "look hops %d %s near=%d far=%d", hops->other,
		contact_outcome_word(hops->resets ? CONTACT_REFUSED : CONTACT_ANSWERED),
		hops->near, hops->far);
}
