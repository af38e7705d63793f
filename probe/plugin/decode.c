/* SPDX-License-Identifier: Apache-2.0 */
#include "probe/plugin/decode.h"

enum { LINE_MAX = PASTED_TEXT_MAX + 256, OUTPUT_MAX = 16 * 1024 };

static const char *const openings[PHASE_COUNT + 1] = {
	[PHASE_RESOLVE] = "the server said",
	[PHASE_CONNECT] = "on connecting the server said",
	[PHASE_BANNER] = "as its greeting the server said",
	[PHASE_EHLO] = "to EHLO the server answered",
	[PHASE_STARTTLS] = "to STARTTLS the server answered",
	[PHASE_TLS] = "where TLS was to begin the server said",
	[PHASE_EHLO_TLS] = "to EHLO inside TLS the server answered",
	[PHASE_AUTH] = "to AUTH the server answered",
	[PHASE_QUIT] = "to QUIT the server answered",
	[PHASE_MAIL] = "after AUTH the server answered",
	[PHASE_NONE] = "the server answered",
};

static const char *const certainties[] = {
	[CONFIDENCE_POSSIBLE] =
		"possible: the reply fits other faults as well, so look "
		"for more before you act",
	[CONFIDENCE_LIKELY] = "likely",
	[CONFIDENCE_CERTAIN] = "certain",
};

/* ---- evidence ---- */

static void add_evidence(struct decoded *decoded, const char *sentence)
{
	if (decoded->evidence_count < DECODED_EVIDENCE_MAX)
		decoded->evidence[decoded->evidence_count++] = sentence;
}

/* The reply in its own words; a status that stands in them is not said twice. */
static const char *quote_reply(const struct reply *reply, enum phase phase,
                               struct arena *arena)
{
	const struct enhanced_status *status = &reply->enhanced;
	const char *number = arena_print(arena, "%d.%d.%d", status->class,
	                                 status->subject, status->detail);
	struct text line = text_create(arena, LINE_MAX);

	text_add(&line, "%s \"%d", openings[phase], reply->code);
	if (status->class && str_find_nocase(reply->text, str_of(number)) < 0)
		text_add(&line, " %s", number);
	if (reply->text.len)
		text_add(&line, " ");
	text_add_foreign(&line, reply->text);
	text_add(&line, "\"");
	return line.at;
}

static const char *quote(const char *before, struct str words, const char *after,
                         struct arena *arena)
{
	struct text line = text_create(arena, LINE_MAX);

	text_add(&line, "%s", before);
	text_add_foreign(&line, words);
	text_add(&line, "%s", after);
	return line.at;
}

/* What made a difference: without it another row would have fitted. */
static bool counts(const struct said *less, const struct reading *reading)
{
	return reading_of(less).rule != reading->rule;
}

static void add_server(struct decoded *decoded, const struct said *said,
                       struct arena *arena)
{
	struct said less = *said;

	less.target = less.banner = STR("");
	if ((!said->target.len && !said->banner.len) ||
	    !counts(&less, &decoded->reading))
		return;
	if (said->target.len)
		add_evidence(decoded, quote("the server that was asked is ",
		                            said->target, "", arena));
	if (said->banner.len)
		add_evidence(decoded, quote("the one that answered greeted with \"",
		                            said->banner, "\"", arena));
}

static void add_mechanism(struct decoded *decoded, const struct said *said,
                          struct arena *arena)
{
	struct said less = *said;

	less.mechanism = STR("");
	if (said->mechanism.len && counts(&less, &decoded->reading))
		add_evidence(decoded,
		             quote("the mechanism was ", said->mechanism, "", arena));
}

/* ---- meaning ---- */

/* Not every reply that is no failure says that the login is over. */
static const char *meaning_of(const struct said *said, enum reason reason)
{
	int class = said->reply.code / 100;

	if (reason != REASON_NONE)
		return reason_meaning(reason);
	if (class == 3)
		return "no failure: the server asks the client to go on";
	if (said->reply.code == 235)
		return reason_meaning(reason);
	return "no failure: the server agrees";
}

static void split_advice(struct decoded *decoded, struct arena *arena)
{
	struct str rest = str_of(reason_advice(decoded->reading.reason)), line;

	while (decoded->advice_count < DECODED_ADVICE_MAX &&
	       str_take_word(&line, &rest, "\n"))
		decoded->advice[decoded->advice_count++] = arena_copy(arena, line);
}

bool decode(struct decoded *out, const struct decode_question *question,
            struct arena *arena, struct error *err)
{
	struct said said = {
		.phase = question->phase,
		.mechanism = question->mechanism,
		.target = question->target,
		.banner = question->banner,
	};

	if (!pasted_parse(&out->pasted, question->reply))
		return error_set(err, "no reply in it: a reply begins with a code from "
		                      "200 to 599");
	said.reply = out->pasted.reply;
	out->reading = reading_of(&said);
	out->meaning = meaning_of(&said, out->reading.reason);
	out->evidence_count = out->advice_count = 0;
	add_evidence(out, quote_reply(&said.reply, said.phase, arena));
	add_server(out, &said, arena);
	add_mechanism(out, &said, arena);
	if (said.phase == PHASE_NONE)
		add_evidence(out, "where it was said is not known: taken for an answer "
		                  "to AUTH");
	split_advice(out, arena);
	return true;
}

/* ---- text ---- */

static void add_labelled(struct text *out, const char *label, const char *line)
{
	text_add(out, "%-15s %s\n", label, line);
}

const char *decode_print(const struct decoded *decoded, struct arena *arena)
{
	const struct reading *reading = &decoded->reading;
	enum cause cause = reason_cause(reading->reason);
	struct text out = text_create(arena, OUTPUT_MAX);

	for (size_t i = 0; i < decoded->evidence_count; i++)
		add_labelled(&out, i ? "" : "what it says:", decoded->evidence[i]);
	add_labelled(&out, "what it means:", decoded->meaning);
	if (cause != CAUSE_NONE) {
		add_labelled(&out, "cause:",
		             arena_print(arena, "%s / %s: %s", cause_word(cause),
		                         reason_word(reading->reason),
		                         cause_meaning(cause)));
		add_labelled(&out, "who can act:", cause_actor(cause));
	}
	add_labelled(&out, "how sure:", certainties[reading->confidence]);
	for (size_t i = 0; i < decoded->advice_count; i++)
		add_labelled(&out, i ? "" : "do:", decoded->advice[i]);
	if (reading->source[0])
		add_labelled(&out, "source:", reading->source);
	return out.at;
}
