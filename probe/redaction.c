/* SPDX-License-Identifier: Apache-2.0 */
#include "probe/redaction.h"

#include <string.h>

#include "probe/base64.h"
#include "probe/secret.h"

static const char MARK[] = "<redacted>";

enum {
	NEEDLE_MAX = 48,
	MEMORY_MIN = 7168, /* two pages with a secret of up to 64 bytes */
	MEMORY_MAX = 262144,
	MEMORY_PER_SECRET_BYTE = 16, /* raw, three alignments, messages in both forms */
	WHOLE = 0,
	PART_OF_BASE64 = 8, /* encodes six bytes: enough to be no coincidence */
	FILTER_BITS = 4096
};

struct needle {
	size_t at, len;
	size_t part; /* WHOLE, or how long a run of it counts as a hit */
};

struct redaction {
	size_t size, first_size, needle_count, used;
	bool overfull; /* not every needle is known: nothing may be shown */
	struct needle needles[NEEDLE_MAX];
	/* Which three characters a hit can begin with: most places fail here. */
	unsigned char filter[FILTER_BITS / 8];
	char *bytes; /* in lower case; `first` until that is too small */
	char first[];
};

struct redaction *redaction_create(size_t secret_len)
{
	size_t size = MEMORY_MIN + MEMORY_PER_SECRET_BYTE * secret_len;
	struct redaction *redaction = secret_memory_create(size);

	redaction->bytes = redaction->first;
	redaction->size = redaction->first_size = size - sizeof(*redaction);
	return redaction;
}

static void drop_grown(struct redaction *redaction)
{
	if (redaction->bytes != redaction->first)
		secret_memory_destroy(redaction->bytes, redaction->size);
}

void redaction_destroy(struct redaction *redaction)
{
	if (!redaction)
		return;
	drop_grown(redaction);
	secret_memory_destroy(redaction, sizeof(*redaction) + redaction->first_size);
}

static unsigned lower(char c)
{
	return (unsigned char)(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
}

static unsigned filter_bit(const char *three)
{
	unsigned hash = lower(three[0]) * 961 + lower(three[1]) * 31 + lower(three[2]);

	return (hash * 2654435761u >> 16) % FILTER_BITS;
}

static void index_needle(struct redaction *redaction, const struct needle *needle)
{
	char *bytes = redaction->bytes + needle->at;
	size_t starts = needle->part == WHOLE ? 1 : needle->len - 2;

	for (size_t i = 0; i < needle->len; i++)
		bytes[i] = (char)lower(bytes[i]);
	for (size_t i = 0; i < starts; i++) {
		unsigned bit = filter_bit(bytes + i);

		redaction->filter[bit / 8] |= (unsigned char)(1u << bit % 8);
	}
}

static bool may_begin_here(const struct redaction *redaction, struct str text)
{
	unsigned bit;

	if (text.len < REDACTION_SHORTEST)
		return false;
	bit = filter_bit(text.at);
	return redaction->filter[bit / 8] & 1u << bit % 8;
}

/* Claims what has been written at the end of `bytes`. */
static void claim(struct redaction *redaction, size_t skip, size_t len, size_t part)
{
	struct needle *needle = &redaction->needles[redaction->needle_count];

	if (len >= REDACTION_SHORTEST) {
		*needle = (struct needle){ redaction->used + skip, len, part };
		redaction->needle_count++;
		index_needle(redaction, needle);
	}
	redaction->used += skip + len;
}

/* Kerberos tickets grow with the user's groups: kilobytes are usual. */
static void grow(struct redaction *redaction, size_t size)
{
	char *larger = secret_memory_create(size);

	memcpy(larger, redaction->bytes, redaction->used);
	drop_grown(redaction);
	redaction->bytes = larger;
	redaction->size = size;
}

static bool has_room(struct redaction *redaction, size_t len)
{
	bool room = redaction->needle_count < NEEDLE_MAX &&
	            redaction->used + len < MEMORY_MAX;

	if (room && redaction->used + len >= redaction->size)
		grow(redaction, redaction->used + len + MEMORY_MIN);

	redaction->overfull |= !room;
	return room;
}

static void add_raw(struct redaction *redaction, struct str bytes)
{
	if (!has_room(redaction, bytes.len))
		return;
	memcpy(redaction->bytes + redaction->used, bytes.at, bytes.len);
	claim(redaction, 0, bytes.len, WHOLE);
}

/*
 * Inside a longer message a secret starts at byte 0, 1 or 2 of a base64 group.
 * The characters that its neighbours share are left out: what remains is the
 * same whatever stands around it.
 */
static void add_alignment(struct redaction *redaction, struct str secret, size_t shift)
{
	char *place;
	size_t shared_head = shift == 0 ? 0 : shift + 1;
	size_t bits = (shift + secret.len) * 8;

	if (!has_room(redaction, 3 * secret.len + 16))
		return;
	place = redaction->bytes + redaction->used;
	/* The shifted copy is written behind the encoded one and wiped again. */
	char *copy = place + base64_encoded_size(shift + secret.len) + 1;
	memset(copy, 0, shift);
	memcpy(copy + shift, secret.at, secret.len);
	base64_encode(place, (struct str){ copy, shift + secret.len });
	explicit_bzero(copy, shift + secret.len);
	if (bits / 6 > shared_head)
		claim(redaction, shared_head, bits / 6 - shared_head, WHOLE);
}

void redaction_add_secret(struct redaction *redaction, struct str secret)
{
	add_raw(redaction, secret);
	for (size_t shift = 0; shift < 3; shift++)
		add_alignment(redaction, secret, shift);
}

void redaction_add_message(struct redaction *redaction, struct str message)
{
	size_t encoded = base64_encoded_size(message.len);

	add_raw(redaction, message);
	if (!has_room(redaction, encoded + 1))
		return;
	base64_encode(redaction->bytes + redaction->used, message);
	claim(redaction, 0, encoded, PART_OF_BASE64);
}

/* `needle` is in lower case already. */
static size_t common_run(struct str needle, struct str text)
{
	size_t most = needle.len < text.len ? needle.len : text.len, len = 0;

	while (len < most && lower(text.at[len]) == (unsigned char)needle.at[len])
		len++;
	return len;
}

/* Length of the needle, or of the part of it, that stands at the start of `text`. */
static size_t hit_of(struct str bytes, size_t part, struct str text)
{
	size_t longest = 0;

	if (part == WHOLE || bytes.len <= part)
		return common_run(bytes, text) == bytes.len ? bytes.len : 0;
	for (size_t from = 0; from + part <= bytes.len; from++) {
		struct str tail = { bytes.at + from, bytes.len - from };
		size_t run = common_run(tail, text);

		if (run >= part && run > longest)
			longest = run;
	}
	return longest;
}

/*
 * `known` bytes from here on are covered already. A run that reaches beyond them is
 * found again `part` bytes before their end, so the search stays linear.
 */
static size_t longest_hit(const struct redaction *redaction, struct str text,
                          size_t known)
{
	size_t longest = 0;

	if (!may_begin_here(redaction, text))
		return 0;
	for (size_t i = 0; i < redaction->needle_count; i++) {
		const struct needle *needle = &redaction->needles[i];
		struct str bytes = { redaction->bytes + needle->at, needle->len };
		size_t hit = 0;

		if (needle->part == WHOLE || known < needle->part)
			hit = hit_of(bytes, needle->part, text);

		if (hit > longest)
			longest = hit;
	}
	return longest;
}

static size_t put(char *out, size_t room, size_t len, struct str piece)
{
	size_t fits = piece.len < room - len ? piece.len : room - len;

	memcpy(out + len, piece.at, fits);
	return len + fits;
}

size_t redaction_apply(const struct redaction *redaction, char *out, size_t room,
                       struct str line)
{
	size_t len = 0, covered = 0; /* up to where hits reach */

	if (redaction->overfull)
		return put(out, room, 0, (struct str){ MARK, sizeof(MARK) - 1 });

	for (size_t i = 0; i < line.len && len < room; i++) {
		size_t hit = longest_hit(redaction,
		                         (struct str){ line.at + i, line.len - i },
		                         covered > i ? covered - i : 0);
		bool in_hit = i < covered;

		if (i + hit > covered)
			covered = i + hit;
		if (i >= covered)
			len = put(out, room, len, (struct str){ line.at + i, 1 });
		else if (!in_hit)
			len = put(out, room, len,
			          (struct str){ MARK, sizeof(MARK) - 1 });
	}
	return len;
}
