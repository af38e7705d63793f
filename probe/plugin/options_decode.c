/* SPDX-License-Identifier: Apache-2.0 */
#include "probe/plugin/command_line.h"
#include "probe/plugin/options.h"

static bool take_phase(enum phase *out, const char *word, struct error *err)
{
	if (phase_from_word(out, str_of(word)))
		return true;
	return error_set(err, "--phase: '%.24s' is not a phase known here", word);
}

static bool take_input(bool *out, const char *word, struct error *err)
{
	*out = str_equal(str_of(word), STR("jsonl"));
	return *out || error_set(err, "--input: '%.24s' is not jsonl", word);
}

bool take_decode_option(struct command_line *line, int id, char *value,
                        struct error *err)
{
	struct options *options = line->options;
	struct decode_question *question = &options->question;

	switch (id) {
	case ID_DECODE:
		options->wish = WISH_DECODE;
		question->reply = str_of(value);
		return true;
	case ID_PHASE:
		return take_phase(&question->phase, value, err);
	case ID_MECHANISM:
		question->mechanism = str_of(value);
		return true;
	case ID_TARGET:
		question->target = str_of(value);
		return true;
	case ID_BANNER:
		question->banner = str_of(value);
		return true;
	default:
		return take_input(&options->jsonl, value, err);
	}
}
