/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The input is a mechanism's name, then the server's challenges (raw), one a line. In
 * them \x01 stands for the nonce that the client has chosen. GSSAPI asks the machine's
 * Kerberos library and is looked at, but not played.
 */
#include "probe/challenge.h"

#include <uv.h>

#include "probe/sasl.h"
#include "tests/fuzz/fuzz.h"

enum {
	NONCE_MARK = 1,
	CHALLENGE_MAX = 2048,
	NONCE_MAX = 256,
	CHEAP_DIGITS = 3,
	CHALLENGES_MAX = 4 /* no mechanism asks so often */
};

struct exchange {
	struct sasl *sasl;
	enum mechanism mechanism;
	char nonce[NONCE_MAX];
	size_t nonce_len;
	enum sasl_status status;
	bool answered;
};

/* ---- what our own functions promise ---- */

/* Written anew from RFC 5802: the value of any attribute `i`, without leading zeros. */
static size_t most_digits_of_i(struct str challenge, bool *past)
{
	struct str word;
	size_t most = 0;

	*past = false;
	while (str_take_word(&word, &challenge, ",")) {
		unsigned long long value = 0;
		size_t digits = 0;

		if (!str_starts(word, STR("i=")))
			continue;
		for (size_t i = 2;
		     i < word.len && word.at[i] >= '0' && word.at[i] <= '9';
		     i++, digits++)
			if (value <= CHALLENGE_ITERATIONS_MAX)
				value = value * 10 + (unsigned)(word.at[i] - '0');
		*past |= value > CHALLENGE_ITERATIONS_MAX;
		most = digits > most ? digits : most;
	}
	return most;
}

static bool is_scram(enum mechanism mechanism)
{
	return str_starts(str_of(mechanism_word(mechanism)), STR("SCRAM-"));
}

/* True when the challenge may be handed to GNU SASL and is cheap. */
static bool look_at(enum mechanism mechanism, struct str challenge, unsigned number)
{
	const char *flaw = challenge_flaw(mechanism, challenge);
	bool refused = challenge_asks_too_many_iterations(mechanism, challenge), past;
	size_t digits = most_digits_of_i(challenge, &past);

	assert(!flaw || *flaw);
	assert(is_scram(mechanism) || !refused);
	assert(!is_scram(mechanism) || refused || !past);
	assert(!challenge_is_server_error(mechanism, number, challenge) ||
	       is_scram(mechanism));
	return digits <= CHEAP_DIGITS || refused;
}

/* ---- the exchange ---- */

static void take_nonce(struct exchange *exchange, struct str message)
{
	struct str word;

	while (str_take_word(&word, &message, ",")) {
		if (!str_starts(word, STR("r=")) || word.len - 2 > NONCE_MAX)
			continue;
		exchange->nonce_len = word.len - 2;
		memcpy(exchange->nonce, word.at + 2, exchange->nonce_len);
		return;
	}
}

static void take_answer(void *owner, enum sasl_status status, struct str message)
{
	struct exchange *exchange = owner;

	exchange->answered = true;
	exchange->status = status;
	assert(status <= SASL_DONE || message.len);
	if (status == SASL_CONTINUE && exchange->nonce_len == 0)
		take_nonce(exchange, message);
}

static void step(struct exchange *exchange, struct str challenge)
{
	exchange->answered = false;
	sasl_step(exchange->sasl, challenge, take_answer, exchange);
	while (!exchange->answered)
		uv_run(uv_default_loop(), UV_RUN_ONCE);
}

static size_t expand(const struct exchange *exchange, char *out, struct str line)
{
	size_t len = 0;

	for (size_t i = 0; i < line.len && len + NONCE_MAX < CHALLENGE_MAX; i++) {
		if (line.at[i] != NONCE_MARK) {
			out[len++] = line.at[i];
			continue;
		}
		memcpy(out + len, exchange->nonce, exchange->nonce_len);
		len += exchange->nonce_len;
	}
	return len;
}

static void play(struct exchange *exchange, struct str rest)
{
	char challenge[CHALLENGE_MAX];
	unsigned number = 1;

	if (sasl_client_first(exchange->sasl))
		step(exchange, STR(""));
	while (rest.len && exchange->status <= SASL_DONE) {
		struct str line = fuzz_take_line(&rest);
		size_t len = expand(exchange, challenge, line);

		line = (struct str){ challenge, len };
		if (!look_at(exchange->mechanism, line, number))
			return;
		step(exchange, line);
		/* A SCRAM server may repeat its error: the session counts the lines. */
		if (!challenge_is_server_error(exchange->mechanism, 2, line))
			number++;
		assert(exchange->status != SASL_CONTINUE || number <= CHALLENGES_MAX);
	}
}

static struct sasl *start(enum mechanism mechanism)
{
	static struct sasl_library *library;
	struct sasl_params params = {
		.host = "mx.example",
		.user = "probe@example.com",
		.secret = STR("geheim99"),
		.binding = STR("0123456789abcdef0123456789abcdef"),
	};
	struct error err;

	if (!library)
		library = sasl_library_create(uv_default_loop(), &err);
	assert(library);
	return sasl_start(library, mechanism, &params, &err);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str rest = fuzz_input(data, size), word = fuzz_take_line(&rest);
	struct exchange exchange = { .status = SASL_CONTINUE };

	if (!mechanism_from_word(&exchange.mechanism, word))
		return 0;
	look_at(exchange.mechanism, rest, 1);
	look_at(exchange.mechanism, rest, 2);
	if (exchange.mechanism == MECHANISM_GSSAPI)
		return 0;
	exchange.sasl = start(exchange.mechanism);
	assert(exchange.sasl);
	play(&exchange, rest);
	sasl_destroy(exchange.sasl);
	return 0;
}
