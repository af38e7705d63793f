/* SPDX-License-Identifier: Apache-2.0 */
#include "probe/memory.h"

#include <stdlib.h>
#include <string.h>

#include "probe/hash.h"
#include "probe/timestamp.h"

enum fact {
	FACT_ADDRESSES,
	FACT_BANNER,
	FACT_BEFORE,
	FACT_AFTER,
	FACT_MECHANISM,
	FACT_KEY,
	FACT_ISSUER,
	FACT_VERIFIED,
	FACT_RTT,
	FACT_HOPS,
	FACT_COUNT,
	FACT_TEXT_COUNT = FACT_VERIFIED
};

#define AT(member) offsetof(struct memory_record, member)

static const struct {
	const char *name;
	size_t max, place; /* of a text */
} facts[FACT_COUNT] = {
	[FACT_ADDRESSES] = { "addresses", MEMORY_ADDRESSES_MAX, AT(addresses) },
	[FACT_BANNER] = { "banner", MEMORY_BANNER_MAX, AT(banner) },
	[FACT_BEFORE] = { "before", MEMORY_CAPABILITIES_MAX, AT(before) },
	[FACT_AFTER] = { "after", MEMORY_CAPABILITIES_MAX, AT(after) },
	[FACT_MECHANISM] = { "mechanism", MEMORY_MECHANISM_MAX, AT(mechanism) },
	[FACT_KEY] = { "key", MEMORY_KEY_LEN, AT(key) },
	[FACT_ISSUER] = { "issuer", MEMORY_ISSUER_MAX, AT(issuer) },
	[FACT_VERIFIED] = { .name = "verified" },
	[FACT_RTT] = { .name = "rtt" },
	[FACT_HOPS] = { .name = "hops" },
};

/* ---- record to text ---- */

static bool is_key(struct str text)
{
	for (size_t i = 0; i < text.len; i++)
		if (!strchr("0123456789abcdef", text.at[i]) || text.at[i] == '\0')
			return false;
	return text.len == MEMORY_KEY_LEN;
}

static struct str cut_on_blank(struct str value, size_t max)
{
	if (value.len <= max)
		return value;
	value.len = max;
	while (value.len && value.at[value.len] != ' ')
		value.len--;
	return str_trim(value);
}

static void print_quoted(enum fact fact, struct str value, struct text *out)
{
	size_t from;

	value = cut_on_blank(value, facts[fact].max);
	if (value.len == 0)
		return;
	text_add(out, " %s=\"", facts[fact].name);
	from = out->len;
	text_add_foreign(out, value);
	for (size_t i = from; i < out->len; i++)
		if (out->at[i] == '"')
			out->at[i] = '\'';
	text_add(out, "\"");
}

void memory_print(const struct memory_record *record, struct text *out)
{
	usec rtt_max = MEMORY_RTT_MAX_S * USEC_PER_SEC, rtt = record->rtt;
	char at[TIMESTAMP_ROOM];

	timestamp_print(at, sizeof(at), record->at);
	text_add(out, "last good %s", at);
	for (int fact = 0; fact < FACT_TEXT_COUNT; fact++) {
		struct str value;

		memcpy(&value, (const char *)record + facts[fact].place, sizeof(value));
		if (fact != FACT_KEY)
			print_quoted(fact, value, out);
		else if (is_key(value))
			text_add(out, " key=%.*s", (int)value.len, value.at);
	}
	text_add(out, " verified=%s", record->verified ? "yes" : "no");
	rtt = rtt > rtt_max ? rtt_max : rtt;
	if (rtt > 0)
		text_add(out, " rtt=%lld.%06lld", (long long)(rtt / USEC_PER_SEC),
		         (long long)(rtt % USEC_PER_SEC));
	if (record->hops > 0 && record->hops <= MEMORY_HOPS_MAX)
		text_add(out, " hops=%d", record->hops);
}

/* ---- text to record ---- */

static bool check_bytes(struct str text, struct error *err)
{
	for (size_t i = 0; i < text.len; i++)
		if (text.at[i] < ' ' || text.at[i] > '~')
			return error_set(err, "byte %zu is not printable ASCII", i + 1);
	return true;
}

static bool take_opening(usec *out, struct str *rest, struct error *err)
{
	static const struct str opening = { "last good ", sizeof("last good ") - 1 };

	if (!str_starts(*rest, opening))
		return error_set(err, "does not begin with \"last good\"");
	rest->at += opening.len;
	rest->len -= opening.len;
	if (!timestamp_take(out, rest))
		return error_set(err, "no time like 2026-11-24T08:03:03Z behind "
		                      "\"last good\"");
	return true;
}

/* The value of a fact: between quotes where it is a text, else up to a blank. */
static bool take_value(struct str *out, struct str *rest, bool quoted)
{
	struct str value = { rest->at, 0 };

	if (quoted && !str_take_char(rest, '"'))
		return false;
	value.at = rest->at;
	while (value.len < rest->len && rest->at[value.len] != (quoted ? '"' : ' '))
		value.len++;
	*rest = (struct str){ rest->at + value.len, rest->len - value.len };
	*out = value;
	return !quoted || str_take_char(rest, '"');
}

/* Takes the next fact's name; it must not stand before `from` in the order. */
static bool take_name(enum fact *out, struct str *rest, int from, struct error *err)
{
	struct str name;
	int fact = 0;

	if (!str_take_word(&name, rest, "= ") || !str_take_char(rest, '='))
		return error_set(err, "something that is no KEY=VALUE stands there");
	while (fact < FACT_COUNT && !str_equal(name, str_of(facts[fact].name)))
		fact++;
	if (fact == FACT_COUNT)
		return error_set(err, "\"%.*s\" is no fact of a last good login",
		                 (int)(name.len < 32 ? name.len : 32), name.at);
	if (fact < from)
		return error_set(err, "\"%s\" stands twice or in the wrong place",
		                 facts[fact].name);
	*out = (enum fact)fact;
	return true;
}

/* Seconds with six decimals. */
static bool parse_rtt(usec *out, struct str value)
{
	int whole, part;

	if (!str_take_number(&whole, &value) || !str_take_char(&value, '.') ||
	    value.len != 6 || !str_take_number(&part, &value) || value.len ||
	    whole > MEMORY_RTT_MAX_S || (whole == MEMORY_RTT_MAX_S && part > 0))
		return false;
	*out = whole * USEC_PER_SEC + part;
	return true;
}

static bool parse_hops(int *out, struct str value)
{
	return str_take_number(out, &value) && value.len == 0 && *out >= 1 &&
	       *out <= MEMORY_HOPS_MAX;
}

static bool set_text(struct memory_record *record, struct arena *arena, enum fact fact,
                     struct str value, struct error *err)
{
	if (fact == FACT_KEY && !is_key(value))
		return error_set(err, "\"key\" is not %d hexadecimal digits",
		                 MEMORY_KEY_LEN);
	if (value.len > facts[fact].max)
		return error_set(err, "\"%s\" is longer than %zu bytes",
		                 facts[fact].name, facts[fact].max);
	value.at = arena_copy(arena, value);
	memcpy((char *)record + facts[fact].place, &value, sizeof(value));
	return true;
}

static bool set_fact(struct memory_record *record, struct arena *arena, enum fact fact,
                     struct str value, struct error *err)
{
	bool yes = str_equal(value, STR("yes")), right = true;

	if (fact < FACT_TEXT_COUNT)
		return set_text(record, arena, fact, value, err);
	if (fact == FACT_VERIFIED)
		right = yes || str_equal(value, STR("no"));
	else if (fact == FACT_RTT)
		right = parse_rtt(&record->rtt, value);
	else
		right = parse_hops(&record->hops, value);
	if (fact == FACT_VERIFIED)
		record->verified = yes;
	return right ||
	       error_set(err, "\"%s\" has no value that it can have", facts[fact].name);
}

bool memory_parse(struct memory_record *out, struct arena *arena, struct str text,
                  struct error *err)
{
	struct memory_record record = { 0 };
	struct str value;
	enum fact fact = FACT_COUNT;
	int from = 0;

	if (!check_bytes(text, err) || !take_opening(&record.at, &text, err))
		return false;
	while (text.len) {
		if (!str_take_char(&text, ' '))
			return error_set(err, "no blank where a fact ends");
		if (!take_name(&fact, &text, from, err))
			return false;
		if (!take_value(&value, &text,
		                fact < FACT_TEXT_COUNT && fact != FACT_KEY))
			return error_set(err, "\"%s\" has no complete value",
			                 facts[fact].name);
		if (!set_fact(&record, arena, fact, value, err))
			return false;
		from = (int)fact + 1;
	}
	*out = record;
	return true;
}

/* ---- the store ---- */

enum { BUCKET_COUNT = 8192 };

struct entry {
	struct entry *next_in_bucket;
	struct entry *older, *newer;
	uint64_t hash;
	char *target,
		*text; /* the record as text: small, and what a trace would tell */
	bool looked;
	usec last_look;
};

struct memory {
	size_t count;
	struct entry *oldest, *newest; /* by use */
	struct entry *buckets[BUCKET_COUNT];
};

static char *copy_of(struct str text)
{
	char *copy = memory_take(text.len + 1);

	memcpy(copy, text.at, text.len);
	return copy;
}

static struct entry **bucket_of(struct memory *memory, uint64_t hash)
{
	return &memory->buckets[hash % BUCKET_COUNT];
}

static struct entry *find(struct memory *memory, const char *target)
{
	uint64_t hash = hash_of(str_of(target));
	struct entry *entry = *bucket_of(memory, hash);

	while (entry && (entry->hash != hash || strcmp(entry->target, target) != 0))
		entry = entry->next_in_bucket;
	return entry;
}

static void take_out_of_order(struct memory *memory, struct entry *entry)
{
	*(entry->older ? &entry->older->newer : &memory->oldest) = entry->newer;
	*(entry->newer ? &entry->newer->older : &memory->newest) = entry->older;
}

static void put_newest(struct memory *memory, struct entry *entry)
{
	entry->older = memory->newest;
	entry->newer = NULL;
	*(memory->newest ? &memory->newest->newer : &memory->oldest) = entry;
	memory->newest = entry;
}

static void forget(struct memory *memory, struct entry *entry)
{
	struct entry **at = bucket_of(memory, entry->hash);

	while (*at != entry)
		at = &(*at)->next_in_bucket;
	*at = entry->next_in_bucket;
	take_out_of_order(memory, entry);
	memory->count--;
	free(entry->target);
	free(entry->text);
	free(entry);
}

static void add(struct memory *memory, const char *target)
{
	struct entry *entry = memory_take(sizeof(*entry)), **bucket;

	if (memory->count == MEMORY_TARGETS_MAX)
		forget(memory, memory->oldest);
	entry->hash = hash_of(str_of(target));
	entry->target = copy_of(str_of(target));
	bucket = bucket_of(memory, entry->hash);
	entry->next_in_bucket = *bucket;
	*bucket = entry;
	put_newest(memory, entry);
	memory->count++;
}

/* The target's entry, as the newest; NULL when there is none. */
static struct entry *use(struct memory *memory, const char *target)
{
	struct entry *entry = find(memory, target);

	if (!entry)
		return NULL;
	take_out_of_order(memory, entry);
	put_newest(memory, entry);
	return entry;
}

static struct entry *use_or_add(struct memory *memory, const char *target)
{
	if (!use(memory, target))
		add(memory, target);
	return memory->newest;
}

struct memory *memory_create(void)
{
	return memory_take(sizeof(struct memory));
}

void memory_destroy(struct memory *memory)
{
	while (memory && memory->oldest)
		forget(memory, memory->oldest);
	free(memory);
}

void memory_put(struct memory *memory, const char *target,
                const struct memory_record *record)
{
	struct entry *entry = use_or_add(memory, target);
	struct arena *arena = arena_create();
	struct text text = text_create(arena, MEMORY_TEXT_MAX);

	memory_print(record, &text);
	free(entry->text);
	entry->text = copy_of(text_view(&text));
	arena_destroy(arena);
}

bool memory_get(struct memory_record *out, struct memory *memory, struct arena *arena,
                const char *target)
{
	const struct entry *entry = use(memory, target);
	struct error err;

	return entry && entry->text &&
	       memory_parse(out, arena, str_of(entry->text), &err);
}

bool memory_may_look(struct memory *memory, const char *target, usec now, usec interval)
{
	struct entry *entry = use_or_add(memory, target);

	if (entry->looked && now - entry->last_look < interval)
		return false;
	entry->looked = true;
	entry->last_look = now;
	return true;
}

size_t memory_count(const struct memory *memory)
{
	return memory->count;
}

bool memory_lists(struct str keywords, struct str keyword)
{
	struct str word, head;

	while (str_take_word(&word, &keywords, " "))
		if (str_take_word(&head, &word, "=") && str_equal_nocase(head, keyword))
			return true;
	return false;
}
