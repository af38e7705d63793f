/* SPDX-License-Identifier: Apache-2.0 */
#include "probe/plugin/decode_input.h"

#include "probe/json.h"
#include "probe/plugin/decode_json.h"

/* Lines of a stream, one at a time, in a buffer of fixed size. */
struct input {
	FILE *stream;
	size_t number, len; /* of the line */
	bool too_long;      /* its end was thrown away */
	char *line;
};

bool decode_input_read(struct str *out, FILE *in, struct arena *arena,
                       struct error *err)
{
	char *all = arena_take(arena, DECODE_INPUT_MAX + 1);
	size_t len = fread(all, 1, DECODE_INPUT_MAX + 1, in);

	if (ferror(in))
		return error_set(err, "--decode -: standard input cannot be read");
	if (len > DECODE_INPUT_MAX)
		return error_set(err, "--decode -: the reply is longer than 1 MB");
	*out = (struct str){ all, len };
	return true;
}

static bool next_line(struct input *input)
{
	int c = getc_unlocked(input->stream);

	if (c == EOF)
		return false;
	input->number++;
	input->len = 0;
	input->too_long = false;
	for (; c != EOF && c != '\n'; c = getc_unlocked(input->stream)) {
		if (input->len < DECODE_INPUT_MAX)
			input->line[input->len++] = (char)c;
		else
			input->too_long = true;
	}
	return true;
}

static bool answer_question(const char **out, const struct input *input,
                            const struct decode_question *common, struct arena *arena,
                            struct error *err)
{
	struct decode_question question = *common;
	struct str line = { input->line, input->len };
	struct decoded decoded;

	if (input->too_long)
		return error_set(err, "longer than 1 MB");
	if (!decode_json_read(&question, line, arena, err) ||
	    !decode(&decoded, &question, arena, err))
		return false;
	*out = decode_json_print(&decoded, arena);
	return true;
}

static bool answer_line(const struct input *input, FILE *out,
                        const struct decode_question *common)
{
	struct arena *arena = arena_create();
	struct error err, named;
	const char *answer = "";
	bool good = answer_question(&answer, input, common, arena, &err);

	if (!good) {
		error_set(&named, "line %zu: %s", input->number, err.text);
		answer = json_of_trouble(REASON_BAD_TARGET, named.text, arena);
	}
	fprintf(out, "%s\n", answer);
	fflush(out); /* somebody may wait for this answer before the next question */
	arena_destroy(arena);
	return good;
}

bool decode_input_answer(FILE *in, FILE *out, const struct decode_question *common)
{
	struct arena *arena = arena_create();
	struct input input = { .stream = in,
		               .line = arena_take(arena, DECODE_INPUT_MAX) };
	bool good = true;

	while (next_line(&input))
		if (!answer_line(&input, out, common))
			good = false;
	arena_destroy(arena);
	return good && !ferror(in);
}
