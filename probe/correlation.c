/* SPDX-License-Identifier: Apache-2.0 */
#include "probe/correlation.h"

#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "probe/address.h"
#include "probe/hash.h"

enum kind {
	KIND_ISSUER,
	KIND_GREETING,
	KIND_TEXT,
	KIND_COMPARED, /* the kinds above are alike when their texts are */
	KIND_SILENT = KIND_COMPARED,
	KIND_REFUSED,
	KIND_NOT_SMTP,
	KIND_EXPIRED,
	KIND_COUNT
};

static const struct {
	const char *word;
	size_t place;
	bool needs_other_network;
} kinds[KIND_COUNT] = {
#define AT(member) offsetof(struct correlation_counts, member)
	[KIND_ISSUER] = { "same_issuer", AT(same_issuer), false },
	[KIND_GREETING] = { "same_greeting", AT(same_greeting), true },
	[KIND_TEXT] = { "same_text", AT(same_text), true },
	[KIND_SILENT] = { "silent", AT(silent), false },
	[KIND_REFUSED] = { "refused", AT(refused), false },
	[KIND_NOT_SMTP] = { "not_smtp", AT(not_smtp), false },
	[KIND_EXPIRED] = { "expired", AT(expired), false },
#undef AT
};

struct network {
	sa_family_t family; /* not known: 0, and prefix 0 */
	uint32_t prefix;
};

/* Equality is all that is ever asked, so hashes stand for texts. */
struct entry {
	usec at;
	uint64_t target, domain;
	struct network network;
	bool is_literal;
	unsigned kinds; /* set of 1 << KIND_*; none once the target has a newer entry */
	uint64_t texts[KIND_COMPARED];
};

struct correlation {
	size_t count, next; /* a ring */
	struct entry entries[CORRELATION_ENTRIES_MAX];
};

struct correlation *correlation_create(void)
{
	return memory_take(sizeof(struct correlation));
}

void correlation_destroy(struct correlation *correlation)
{
	free(correlation);
}

/* ---- who belongs together ---- */

static bool parse_network(struct network *out, const char *text)
{
	struct sockaddr_storage address;
	const struct sockaddr_in *v4 = (const void *)&address;
	const struct sockaddr_in6 *v6 = (const void *)&address;

	if (!text || !address_parse(&address, text))
		return false;
	out->family = address.ss_family;
	if (address.ss_family == AF_INET)
		out->prefix = ntohl(v4->sin_addr.s_addr) >> 16;
	else
		memcpy(&out->prefix, &v6->sin6_addr, sizeof(out->prefix));
	return true;
}

/* The last so many labels, or all. */
static struct str last_labels(struct str name, int labels)
{
	size_t from = name.len;

	while (from > 0 && (name.at[from - 1] != '.' || --labels > 0))
		from--;
	return (struct str){ name.at + from, name.len - from };
}

/* "co.uk": anybody may have a name below it. */
static bool is_public_pair(struct str pair)
{
	static const char *const second_levels[] = { "co", "com", "net", "org",
		                                     "ac", "gov", "edu" };
	struct str label;

	if (!str_take_word(&label, &pair, ".") || pair.len != sizeof(".uk") - 1)
		return false;
	for (size_t i = 0; i < sizeof(second_levels) / sizeof(second_levels[0]); i++)
		if (str_equal(label, str_of(second_levels[i])))
			return true;
	return false;
}

/*
 * The part of a lower-case name that somebody registered. Empty for names without a
 * dot and paths of sockets: they are of our own network.
 */
static struct str registrable(struct str name)
{
	struct str pair;

	if (name.len && name.at[name.len - 1] == '.')
		name.len--;
	if (str_starts(name, STR("/")) || !memchr(name.at, '.', name.len))
		return STR("");
	pair = last_labels(name, 2);
	return is_public_pair(pair) ? last_labels(name, 3) : pair;
}

enum { NAME_ROOM = 256 }; /* RFC 1035 §2.3.4 */

static struct str lower(char out[NAME_ROOM], const char *name)
{
	size_t len = 0;

	for (; name[len] && len < NAME_ROOM; len++)
		out[len] = name[len] >= 'A' && name[len] <= 'Z'
		                   ? (char)(name[len] - 'A' + 'a')
		                   : name[len];
	return (struct str){ out, len };
}

static bool networks_differ(struct network a, struct network b)
{
	return a.family == b.family && a.prefix != b.prefix;
}

static bool are_unrelated(const struct entry *a, const struct entry *b)
{
	if (a->is_literal || b->is_literal)
		return networks_differ(a->network, b->network);
	return a->domain != b->domain;
}

/* ---- one run ---- */

static unsigned kinds_of(const struct correlation_outcome *outcome)
{
	bool connecting = outcome->phase == PHASE_CONNECT;
	const bool has[KIND_COUNT] = {
		[KIND_ISSUER] = outcome->issuer.len && !outcome->issuer_verified,
		[KIND_GREETING] = outcome->greeting.len > 0,
		[KIND_TEXT] = outcome->deferral.len > 0,
		[KIND_SILENT] = connecting && outcome->ending == ENDING_TIMEOUT,
		[KIND_REFUSED] = connecting && outcome->ending == ENDING_REFUSED,
		[KIND_NOT_SMTP] = outcome->http,
		[KIND_EXPIRED] = outcome->expired,
	};
	unsigned set = 0;

	for (unsigned kind = 0; kind < KIND_COUNT; kind++)
		set |= has[kind] ? 1u << kind : 0;
	return set;
}

static struct entry entry_of(usec now, const struct correlation_outcome *outcome)
{
	char name[NAME_ROOM];
	struct str host = lower(name, outcome->host);
	struct entry entry = {
		.at = now,
		.target = hash_of(host) + (unsigned)outcome->port,
		.domain = hash_of(registrable(host)),
		.kinds = kinds_of(outcome),
		.texts = {
			[KIND_ISSUER] = hash_of(outcome->issuer),
			[KIND_GREETING] = hash_of(outcome->greeting),
			[KIND_TEXT] = hash_of(outcome->deferral),
		},
	};

	entry.is_literal = parse_network(&entry.network, outcome->host);
	if (!entry.is_literal)
		parse_network(&entry.network, outcome->address);
	return entry;
}

/* Only the newest entry of a target can count: what is before it was left out already.
 */
static void leave_out(struct correlation *correlation, uint64_t target)
{
	size_t at = correlation->next;

	for (size_t left = correlation->count; left; left--) {
		at = (at ? at : CORRELATION_ENTRIES_MAX) - 1;
		if (correlation->entries[at].target == target) {
			correlation->entries[at].kinds = 0;
			return;
		}
	}
}

void correlation_add(struct correlation *correlation, usec now,
                     const struct correlation_outcome *outcome)
{
	struct entry added = entry_of(now, outcome);

	leave_out(correlation, added.target);
	correlation->entries[correlation->next] = added;
	correlation->next = (correlation->next + 1) % CORRELATION_ENTRIES_MAX;
	if (correlation->count < CORRELATION_ENTRIES_MAX)
		correlation->count++;
}

/* ---- who met the same ---- */

struct tally {
	int count[KIND_COUNT];
	const struct entry *counted[KIND_COUNT][CORRELATION_COUNT_MAX];
	unsigned wanted; /* set of 1 << KIND_*, those that can still grow */
	int compared;
};

static bool are_alike(const struct entry *a, const struct entry *b, unsigned kind)
{
	if (kind < KIND_COMPARED && a->texts[kind] != b->texts[kind])
		return false;
	return !kinds[kind].needs_other_network ||
	       networks_differ(a->network, b->network);
}

static void tally_add(struct tally *tally, unsigned kind, const struct entry *entry)
{
	int *count = &tally->count[kind];

	for (int i = 0; i < *count; i++)
		if (!are_unrelated(tally->counted[kind][i], entry))
			return;
	tally->counted[kind][(*count)++] = entry;
	if (*count == CORRELATION_COUNT_MAX)
		tally->wanted &= ~(1u << kind);
}

static void compare(struct tally *tally, const struct entry *asked,
                    const struct entry *entry)
{
	unsigned shared = entry->kinds & tally->wanted;

	if (!are_unrelated(asked, entry))
		return;
	if (++tally->compared == CORRELATION_COMPARED_MAX)
		tally->wanted = 0;
	for (unsigned kind = 0; kind < KIND_COUNT; kind++)
		if (shared & 1u << kind && are_alike(asked, entry, kind))
			tally_add(tally, kind, entry);
}

static int *count_at(struct correlation_counts *counts, unsigned kind)
{
	return (void *)((char *)counts + kinds[kind].place);
}

static void compare_all(struct tally *tally, const struct correlation *correlation,
                        const struct entry *asked)
{
	usec oldest = asked->at - CORRELATION_WINDOW_S * USEC_PER_SEC;
	size_t at = correlation->next;

	for (size_t left = correlation->count; left && tally->wanted; left--) {
		at = (at ? at : CORRELATION_ENTRIES_MAX) - 1;
		if (correlation->entries[at].at < oldest)
			return;
		if (correlation->entries[at].kinds & tally->wanted)
			compare(tally, asked, &correlation->entries[at]);
	}
}

struct correlation_counts correlation_count(const struct correlation *correlation,
                                            usec now,
                                            const struct correlation_outcome *outcome)
{
	struct entry asked = entry_of(now, outcome);
	struct tally tally = { .wanted = asked.kinds };
	struct correlation_counts counts = { 0 };

	compare_all(&tally, correlation, &asked);
	for (unsigned kind = 0; kind < KIND_COUNT; kind++)
		*count_at(&counts, kind) = tally.count[kind];
	return counts;
}

/* ---- text ---- */

void correlation_print(const struct correlation_counts *counts, struct text *out)
{
	struct correlation_counts shown = *counts;

	text_add(out, "others");
	for (unsigned kind = 0; kind < KIND_COUNT; kind++)
		text_add(out, " %s=%d", kinds[kind].word, *count_at(&shown, kind));
}

static unsigned kind_of(struct str word)
{
	unsigned kind = 0;

	while (kind < KIND_COUNT && !str_equal(word, str_of(kinds[kind].word)))
		kind++;
	return kind;
}

bool correlation_parse(struct correlation_counts *out, struct str text,
                       struct error *err)
{
	struct correlation_counts counts = { 0 };
	struct str fact, word;
	unsigned seen = 0;

	if (!str_take_word(&fact, &text, " ") || !str_equal(fact, STR("others")))
		return error_set(err, "does not begin with \"others\"");
	while (str_take_word(&fact, &text, " ")) {
		int *count, shown = fact.len < 32 ? (int)fact.len : 32;
		const char *whole = fact.at;
		unsigned kind =
			str_take_word(&word, &fact, "=") ? kind_of(word) : KIND_COUNT;

		if (kind == KIND_COUNT || seen & 1u << kind)
			return error_set(err, "\"%.*s\" is no count, or stands twice",
			                 shown, whole);
		seen |= 1u << kind;
		count = count_at(&counts, kind);
		if (!str_take_char(&fact, '=') || !str_take_number(count, &fact) ||
		    fact.len || *count > CORRELATION_COUNT_MAX)
			return error_set(err, "\"%.*s\": a count is 0 to %d", shown,
			                 whole, CORRELATION_COUNT_MAX);
	}
	*out = counts;
	return true;
}
