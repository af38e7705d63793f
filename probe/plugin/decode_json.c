/* SPDX-License-Identifier: Apache-2.0 */
#include "probe/plugin/decode_json.h"

#include <jansson.h>
#include <stdlib.h>

/* ---- reading ---- */

static bool take_string(struct str *out, const json_t *object, const char *key,
                        struct arena *arena, struct error *err)
{
	const json_t *value = json_object_get(object, key);
	struct str text;

	if (!value || json_is_null(value))
		return true;
	if (!json_is_string(value))
		return error_set(err, "'%s' is not a string", key);
	text = (struct str){ json_string_value(value), json_string_length(value) };
	*out = (struct str){ arena_copy(arena, text), text.len };
	return true;
}

static bool take_phase(enum phase *out, const json_t *object, struct arena *arena,
                       struct error *err)
{
	struct str word = { 0 };

	if (!take_string(&word, object, "phase", arena, err))
		return false;
	if (!word.at || phase_from_word(out, word))
		return true;
	return error_set(err, "'%.24s' is not a phase known here", word.at);
}

static bool take_question(struct decode_question *out, const json_t *object,
                          struct arena *arena, struct error *err)
{
	struct decode_question question = *out;

	if (!json_is_object(object))
		return error_set(err, "not a JSON object");
	question.reply = (struct str){ 0 };
	if (!take_string(&question.reply, object, "reply", arena, err) ||
	    !take_phase(&question.phase, object, arena, err) ||
	    !take_string(&question.mechanism, object, "mechanism", arena, err) ||
	    !take_string(&question.target, object, "target", arena, err) ||
	    !take_string(&question.banner, object, "banner", arena, err))
		return false;
	if (!question.reply.at)
		return error_set(err, "'reply' is missing");
	*out = question;
	return true;
}

bool decode_json_read(struct decode_question *out, struct str line, struct arena *arena,
                      struct error *err)
{
	json_error_t mistake;
	json_t *object = json_loadb(line.at, line.len, JSON_ALLOW_NUL, &mistake);
	bool good;

	if (!object)
		return error_set(err, "not JSON: %.60s at byte %d", mistake.text,
		                 mistake.position);
	good = take_question(out, object, arena, err);
	json_decref(object);
	return good;
}

/* ---- writing ---- */

static json_t *strings(const char *const *lines, size_t count)
{
	json_t *array = json_array();

	for (size_t i = 0; i < count; i++)
		json_array_append_new(array, json_string(lines[i]));
	return array;
}

const char *decode_json_print(const struct decoded *decoded, struct arena *arena)
{
	enum reason reason = decoded->reading.reason;
	json_t *object = json_pack(
		"{s:s, s:s, s:s, s:o, s:o}", "cause", cause_word(reason_cause(reason)),
		"reason", reason_word(reason), "confidence",
		confidence_word(decoded->reading.confidence), "evidence",
		strings(decoded->evidence, decoded->evidence_count), "advice",
		strings(decoded->advice, decoded->advice_count));
	char *text = json_dumps(object, JSON_COMPACT);
	const char *copy = arena_copy(arena, str_of(text));

	free(text);
	json_decref(object);
	return copy;
}
