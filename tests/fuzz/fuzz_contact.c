/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The first byte says how far the contact goes and whether TLS comes at once, the
 * second how long the pieces are; the rest is what the peer sends.
 */
#include "probe/contact_dialogue.h"

#include "tests/fuzz/fuzz.h"

enum { HEAD = 2, STEPS = CONTACT_TLS + 1, COMMANDS_MAX = 4 };

static const struct str verbs[] = {
	{ "EHLO client.example\r\n", 21 },
	{ "HELO client.example\r\n", 21 },
	{ "NOOP\r\n", 6 },
	{ "STARTTLS\r\n", 10 },
};

static void check_command(const char *command)
{
	bool known = false;

	for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++)
		known = known || str_equal(str_of(command), verbs[i]);
	assert(known);
}

static void check_text(const char *text)
{
	size_t len = strlen(text);

	assert(len < CONTACT_TEXT_MAX);
	for (size_t i = 0; i < len; i++)
		assert(text[i] >= ' ' && text[i] <= '~');
}

static void check_report(const struct contact_dialogue *dialogue,
                         const struct contact_report *report, enum contact_need need)
{
	check_text(report->first);
	check_text(report->last);
	check_text(report->before);
	check_text(report->after);
	assert(dialogue->taken <= dialogue->used);
	assert(dialogue->used <= CONTACT_BYTES_MAX);
	if (need != CONTACT_NEED_NOTHING) {
		assert(report->outcome == CONTACT_OUTCOME_COUNT);
		assert(dialogue->line_count <= CONTACT_LINES_MAX);
		assert(!contact_dialogue_may_quit(dialogue));
		return;
	}
	assert(report->outcome == CONTACT_ANSWERED ||
	       report->outcome == CONTACT_REFUSED_COMMAND ||
	       report->outcome == CONTACT_STRANGE);
	assert((report->outcome == CONTACT_ANSWERED) ==
	       (report->reached == dialogue->goal));
}

/* Until it needs more bytes or nothing any more. */
static enum contact_need go_on(struct contact_dialogue *dialogue,
                               enum contact_need need, int *commands)
{
	while (need == CONTACT_NEED_SEND || need == CONTACT_NEED_HANDSHAKE) {
		if (need == CONTACT_NEED_SEND) {
			assert(++*commands <= COMMANDS_MAX);
			check_command(dialogue->command);
			need = contact_dialogue_next(dialogue);
		} else {
			need = contact_dialogue_encrypted(dialogue);
		}
	}
	return need;
}

static void talk(struct contact_report *report, enum contact_step goal, bool tls_first,
                 struct str bytes, size_t piece)
{
	static struct contact_dialogue dialogue;
	enum contact_need need;
	int commands = 0;

	*report = (struct contact_report){ .outcome = CONTACT_OUTCOME_COUNT };
	assert(contact_dialogue_begin(&dialogue, report, goal, tls_first,
	                              "client.example"));
	need = go_on(&dialogue, contact_dialogue_next(&dialogue), &commands);
	while (bytes.len && need == CONTACT_NEED_BYTES) {
		size_t len = piece < bytes.len ? piece : bytes.len;

		need = contact_dialogue_take(&dialogue, (struct str){ bytes.at, len });
		need = go_on(&dialogue, need, &commands);
		check_report(&dialogue, report, need);
		bytes = (struct str){ bytes.at + len, bytes.len - len };
	}
	if (need == CONTACT_NEED_BYTES)
		need = contact_dialogue_pause(&dialogue);
	check_report(&dialogue, report, need);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct contact_report whole, pieces;
	struct str bytes = fuzz_input(data, size);
	enum contact_step goal;
	bool tls_first;

	if (size < HEAD)
		return 0;
	goal = (enum contact_step)(data[0] % STEPS);
	tls_first = data[0] / STEPS % 2;
	bytes = (struct str){ bytes.at + HEAD, bytes.len - HEAD };
	talk(&whole, goal, tls_first, bytes, SIZE_MAX);
	talk(&pieces, goal, tls_first, bytes, data[1] + 1U);
	/* Where TLS is due the rest of a piece is no TLS. */
	if (goal != CONTACT_TLS) {
		assert(whole.outcome == pieces.outcome);
		assert(whole.reached == pieces.reached);
	}
	return 0;
}
