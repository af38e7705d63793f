/* SPDX-License-Identifier: Apache-2.0 */
#include "probe/challenge.h"

#include <string.h>

enum grammar {
	GRAMMAR_FREE,       /* whatever it says, or the library looks closely enough */
	GRAMMAR_TEXT,       /* something, and no NUL in it */
	GRAMMAR_SCRAM,      /* RFC 5802 §7: text, of which we read `i=` and `e=` */
	GRAMMAR_DIRECTIVES, /* RFC 2831 §7.1: text, `name=value` between commas */
	GRAMMAR_NTLM        /* a CHALLENGE_MESSAGE, [MS-NLMP] §2.2.1.2 */
};

static const enum grammar grammars[MECHANISM_COUNT] = {
	[MECHANISM_SCRAM_SHA_256_PLUS] = GRAMMAR_SCRAM,
	[MECHANISM_SCRAM_SHA_1_PLUS] = GRAMMAR_SCRAM,
	[MECHANISM_SCRAM_SHA_256] = GRAMMAR_SCRAM,
	[MECHANISM_SCRAM_SHA_1] = GRAMMAR_SCRAM,
	[MECHANISM_PLAIN] = GRAMMAR_FREE,
	/* Prompts are free text: the first asks for the user, the second for the
	 * password, whatever they say. */
	[MECHANISM_LOGIN] = GRAMMAR_FREE,
	[MECHANISM_CRAM_MD5] = GRAMMAR_TEXT,
	[MECHANISM_DIGEST_MD5] = GRAMMAR_DIRECTIVES,
	[MECHANISM_NTLM] = GRAMMAR_NTLM,
	[MECHANISM_EXTERNAL] = GRAMMAR_FREE,
	[MECHANISM_GSSAPI] = GRAMMAR_FREE,
};

/*
 * Commas inside quotes belong to the value. GNU SASL before its fixes of 2026
 * crashes on a directive without a value.
 */
static bool has_only_directives(struct str challenge)
{
	bool quoted = false, valued = false;

	for (size_t i = 0; i < challenge.len; i++) {
		char c = challenge.at[i];

		if (quoted && c == '\\')
			i++;
		else if (c == '"')
			quoted = !quoted;
		else if (c == '=' && !quoted)
			valued = true;
		else if (c == ',' && !quoted && !valued)
			return false;
		else if (c == ',' && !quoted)
			valued = false;
	}
	return valued && !quoted;
}

static size_t little_endian(const char *at, size_t len)
{
	size_t value = 0;

	while (len--)
		value = value << 8 | (unsigned char)at[len];
	return value;
}

/*
 * libntlm reads the fixed part and the target name without looking whether the
 * message holds them.
 */
static bool is_ntlm_challenge(struct str message)
{
	enum { NAME_LEN = 12, NAME_OFFSET = 16, FIXED = 32 };
	size_t offset, len;

	if (message.len < FIXED || !str_starts(message, STR("NTLMSSP\0\2\0\0\0")))
		return false;
	len = little_endian(message.at + NAME_LEN, 2);
	offset = little_endian(message.at + NAME_OFFSET, 4);
	return len == 0 || (offset <= message.len && len <= message.len - offset);
}

const char *challenge_flaw(enum mechanism mechanism, struct str challenge)
{
	enum grammar grammar = grammars[mechanism];

	if (grammar == GRAMMAR_FREE)
		return NULL;
	if (challenge.len == 0)
		return "is empty";
	if (grammar == GRAMMAR_NTLM)
		return is_ntlm_challenge(challenge) ? NULL : "is malformed";
	if (memchr(challenge.at, '\0', challenge.len))
		return "holds a NUL";
	if (grammar == GRAMMAR_DIRECTIVES && !has_only_directives(challenge))
		return "is malformed";
	return NULL;
}

static bool is_past_maximum(struct str digits)
{
	int iterations;

	if (digits.len == 0 || digits.at[0] < '0' || digits.at[0] > '9')
		return false;
	/* No number: it has more digits than we read. */
	return !str_take_number(&iterations, &digits) ||
	       iterations > CHALLENGE_ITERATIONS_MAX;
}

/* Any `i=` counts: which of them GNU SASL takes is its own affair. */
bool challenge_asks_too_many_iterations(enum mechanism mechanism, struct str challenge)
{
	struct str attribute;

	if (grammars[mechanism] != GRAMMAR_SCRAM)
		return false;
	while (str_take_word(&attribute, &challenge, ","))
		if (str_take_char(&attribute, 'i') && str_take_char(&attribute, '=') &&
		    is_past_maximum(attribute))
			return true;
	return false;
}

bool challenge_is_server_error(enum mechanism mechanism, unsigned number,
                               struct str challenge)
{
	return grammars[mechanism] == GRAMMAR_SCRAM && number == 2 &&
	       str_starts(challenge, STR("e="));
}
