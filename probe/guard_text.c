/* SPDX-License-Identifier: Apache-2.0 */
#include "probe/guard_text.h"

#include <string.h>

#include "probe/note.h"
#include "probe/timestamp.h"

/* ---- to text ---- */

static void add_hex(struct text *out, const char *name, const unsigned char *bytes,
                    size_t count)
{
	text_add(out, "%s=", name);
	for (size_t i = 0; i < count; i++)
		text_add(out, "%02x", bytes[i]);
}

static void add_time(struct text *out, const char *name, usec at)
{
	char time[TIMESTAMP_ROOM];

	timestamp_print(time, sizeof(time), at);
	text_add(out, " %s=%s", name, time);
}

static void add_refusal(struct text *out, const struct guard_refusal *refusal)
{
	if (refusal->times == 0)
		return;
	text_add(out, " times=%u", refusal->times);
	add_time(out, "at", refusal->at);
	text_add(out, " reason=%s confidence=%s", reason_word(refusal->reason),
	         confidence_word(refusal->confidence));
}

void guard_text_print(const struct guard_record *record, struct text *out)
{
	const struct guard *guard = &record->guard;

	add_hex(out, "salt", record->key.salt, GUARD_SALT_SIZE);
	add_hex(out, " digest", record->key.digest, GUARD_DIGEST_SIZE);
	add_refusal(out, &guard->last);
	for (size_t i = 0; i < guard->count; i++)
		add_time(out, guard->attempts[i].under_way ? "under_way" : "refused",
		         guard->attempts[i].at);
}

void guard_text_print_suspension(const struct guard_suspension *suspension,
                                 struct text *out)
{
	text_add(out, "suspended");
	add_time(out, "next", suspension->next);
	add_refusal(out, &suspension->last);
}

/* ---- from text ---- */

/* The next fact, if it has this name; else `rest` stays as it is. */
static bool take_value(struct str *value, struct str *rest, const char *name)
{
	struct str ahead = *rest, key;

	if (!note_take_fact(&key, value, &ahead) || !str_equal(key, str_of(name)))
		return false;
	*rest = ahead;
	return true;
}

static int digit_of(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool take_hex(unsigned char *out, size_t count, struct str *rest,
                     const char *name)
{
	struct str hex;

	if (!take_value(&hex, rest, name) || hex.len != 2 * count)
		return false;
	for (size_t i = 0; i < count; i++) {
		int high = digit_of(hex.at[2 * i]), low = digit_of(hex.at[2 * i + 1]);

		if (high < 0 || low < 0)
			return false;
		out[i] = (unsigned char)(high << 4 | low);
	}
	return true;
}

static bool take_time(usec *out, struct str *rest, const char *name)
{
	struct str value;

	return take_value(&value, rest, name) && timestamp_take(out, &value) &&
	       value.len == 0;
}

static bool take_confidence(enum confidence *out, struct str *rest)
{
	struct str value;

	if (!take_value(&value, rest, "confidence"))
		return false;
	for (unsigned i = CONFIDENCE_POSSIBLE; i <= CONFIDENCE_CERTAIN; i++) {
		*out = (enum confidence)i;
		if (str_equal(value, str_of(confidence_word(*out))))
			return true;
	}
	return false;
}

/* All four of them, or none. */
static bool take_refusal(struct guard_refusal *out, struct str *rest)
{
	unsigned long long times;
	struct str value;

	if (!take_value(&value, rest, "times"))
		return true;
	if (!note_take_count(&times, value) || times < 1 || times > GUARD_TIMES_MAX)
		return false;
	out->times = (unsigned)times;
	return take_time(&out->at, rest, "at") && take_value(&value, rest, "reason") &&
	       reason_from_word(&out->reason, value) && out->reason != REASON_NONE &&
	       take_confidence(&out->confidence, rest);
}

static bool take_attempt(struct guard *guard, struct str *rest)
{
	struct guard_attempt attempt = { 0 };

	if (guard->count == GUARD_REFUSALS_MAX)
		return false;
	attempt.under_way = !take_time(&attempt.at, rest, "refused");
	if (attempt.under_way && !take_time(&attempt.at, rest, "under_way"))
		return false;
	guard->attempts[guard->count++] = attempt;
	return true;
}

bool guard_text_parse(struct guard_record *out, struct str text, struct error *err)
{
	struct guard_record record = { 0 };
	struct guard *guard = &record.guard;

	if (!take_hex(record.key.salt, GUARD_SALT_SIZE, &text, "salt") ||
	    !take_hex(record.key.digest, GUARD_DIGEST_SIZE, &text, "digest"))
		return error_set(err, "no salt and digest of a guarded login");
	if (!take_refusal(&guard->last, &text))
		return error_set(err, "no refusal in \"times\", \"at\", \"reason\" and "
		                      "\"confidence\"");
	while (text.len)
		if (!take_attempt(guard, &text))
			return error_set(err,
			                 "something that is no time of a login, or one "
			                 "too many");
	*out = record;
	return true;
}

bool guard_text_parse_suspension(struct guard_suspension *out, struct str note)
{
	struct guard_suspension read = { 0 };
	struct str word;

	if (!str_take_word(&word, &note, " ") || !str_equal(word, STR("suspended")) ||
	    !take_time(&read.next, &note, "next") || !take_refusal(&read.last, &note) ||
	    str_trim(note).len)
		return false;
	*out = read;
	return true;
}
