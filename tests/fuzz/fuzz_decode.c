/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The input is a pasted reply and its circumstances: four lines, then the reply.
 *
 *   PHASE MECHANISM FACT...     facts: nothing_sent unverified verified advertised
 *   TARGET
 *   BANNER
 *   EHLO-NAME
 *   535 5.7.8 ...
 */
#include "probe/pasted.h"
#include "probe/reading.h"

#include "tests/fuzz/fuzz.h"

static void take_facts(struct said *said, struct str line)
{
	struct str word;

	said->phase = PHASE_NONE;
	if (str_take_word(&word, &line, " "))
		phase_from_word(&said->phase, word);
	str_take_word(&said->mechanism, &line, " ");
	while (str_take_word(&word, &line, " ")) {
		said->nothing_sent |= str_equal(word, STR("nothing_sent"));
		said->unverified |= str_equal(word, STR("unverified"));
		said->verified |= str_equal(word, STR("verified"));
		said->advertised |= str_equal(word, STR("advertised"));
	}
}

static void check_pasted(const struct pasted *pasted)
{
	const struct reply *reply = &pasted->reply;

	assert(reply->code >= 200 && reply->code <= 599);
	assert(reply->enhanced.class == 0 ||
	       reply->enhanced.class == reply->code / 100);
	assert(fuzz_is_inside(reply->text,
	                      (struct str){ pasted->text, sizeof(pasted->text) }));
}

static void check_reading(const struct reading *reading)
{
	assert(reading->rule < reading_rule_count());
	assert(reading->reason < REASON_COUNT);
	assert(reading->confidence <= CONFIDENCE_CERTAIN);
	assert(reading->source);
	assert(*reason_word(reading->reason) && *reason_meaning(reading->reason) &&
	       *reason_advice(reading->reason));
}

/*
 * The verdict that costs most when it is wrong: a password is changed, or an account is
 * locked. Only a refusal may carry it, or a challenge with the error of a token.
 */
static void check_blame(const struct reading *reading, int code)
{
	if (reason_cause(reading->reason) != CAUSE_CREDENTIALS)
		return;
	assert(code / 100 == 4 || code / 100 == 5 ||
	       (code == 334 && reading->reason == REASON_TOKEN_INVALID));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str rest = fuzz_input(data, size);
	struct said said = { .phase = PHASE_NONE };
	struct pasted pasted;
	struct reading reading;

	take_facts(&said, fuzz_take_line(&rest));
	said.target = fuzz_take_line(&rest);
	said.banner = fuzz_take_line(&rest);
	said.ehlo_name = fuzz_take_line(&rest);
	if (pasted_parse(&pasted, rest)) {
		check_pasted(&pasted);
		said.reply = pasted.reply;
	} else {
		said.reply.text =
			rest; /* no reply: nobody asks, and no rule stumbles */
	}
	reading = reading_of(&said);
	check_reading(&reading);
	if (said.reply.code)
		check_blame(&reading, said.reply.code);
	return 0;
}
