/* SPDX-License-Identifier: Apache-2.0 */
#include "probe/mechanism.h"

static const struct {
	const char *word;
	enum proof proof;
	unsigned flags;
} mechanisms[MECHANISM_COUNT] = {
#define SLOW           MECHANISM_SLOW
#define BINDING        MECHANISM_BINDING
#define SENDS_PASSWORD MECHANISM_SENDS_PASSWORD
#define PROVES_SERVER  MECHANISM_PROVES_SERVER
#define MECHANISM(id, word, proof, flags) \
	[MECHANISM_##id] = { word, PROOF_##proof, flags },
#include "probe/mechanism.def"
#undef SLOW
#undef BINDING
#undef SENDS_PASSWORD
#undef PROVES_SERVER
};

const char *mechanism_word(enum mechanism mechanism)
{
	return mechanism == MECHANISM_AUTO ? "auto" : mechanisms[mechanism].word;
}

bool mechanism_from_word(enum mechanism *out, struct str word)
{
	for (unsigned i = 0; i < MECHANISM_COUNT; i++) {
		if (str_equal_nocase(word, str_of(mechanisms[i].word))) {
			*out = (enum mechanism)i;
			return true;
		}
	}
	return false;
}

enum proof mechanism_proof(enum mechanism mechanism)
{
	return mechanisms[mechanism].proof;
}

unsigned mechanism_flags(enum mechanism mechanism)
{
	return mechanisms[mechanism].flags;
}

static bool choose_among(enum mechanism *out, mechanism_set offered, unsigned proofs,
                         unsigned avoided)
{
	for (unsigned i = 0; i < MECHANISM_COUNT; i++) {
		if (!(offered & mechanism_bit((enum mechanism)i)))
			continue;
		if (!(proofs & 1u << mechanisms[i].proof) ||
		    mechanisms[i].flags & avoided)
			continue;
		*out = (enum mechanism)i;
		return true;
	}
	return false;
}

bool mechanism_choose(enum mechanism *out, mechanism_set offered, unsigned proofs,
                      bool encrypted)
{
	if (encrypted)
		return choose_among(out, offered, proofs, 0);
	return choose_among(out, offered, proofs,
	                    MECHANISM_BINDING | MECHANISM_SENDS_PASSWORD) ||
	       choose_among(out, offered, proofs, MECHANISM_BINDING);
}
