/* SPDX-License-Identifier: Apache-2.0 */
#include "probe/remember.h"

#include <stdlib.h>
#include <string.h>

#include "probe/fact.h"

/* X509_V_ERR_CERT_NOT_YET_VALID and X509_V_ERR_CERT_HAS_EXPIRED */
enum { CERTIFICATE_NOT_YET_VALID = 9, CERTIFICATE_EXPIRED = 10 };

static int compare(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static const char *mechanisms_of(const struct capabilities *caps, struct arena *arena)
{
	struct text word = text_create(arena, MEMORY_CAPABILITIES_MAX);

	text_add(&word, "AUTH");
	for (size_t i = 0; i < caps->offered_count; i++) {
		text_add(&word, i ? "," : "=");
		text_add_foreign(&word, caps->offered[i]);
	}
	return word.at;
}

/* The first words of the keywords, sorted: parameters such as a SIZE may change. */
static struct str list_of(const struct capabilities *caps, struct arena *arena)
{
	struct text list = text_create(arena, 2 * MEMORY_CAPABILITIES_MAX);
	const char *words[CAPABILITY_MAX]; /* AUTH is a keyword, too */
	size_t count = 0;

	for (size_t i = 0; i < caps->keyword_count; i++) {
		struct str rest = caps->keywords[i], head;

		if (str_take_word(&head, &rest, " =") &&
		    !str_equal_nocase(head, STR("AUTH")))
			words[count++] = arena_copy(arena, head);
	}
	if (caps->auth)
		words[count++] = mechanisms_of(caps, arena);
	qsort(words, count, sizeof(words[0]), compare);
	for (size_t i = 0; i < count; i++)
		text_add(&list, "%s%s", i ? " " : "", words[i]);
	return text_view(&list);
}

static int hops_of(const struct look_facts *look)
{
	const struct look_finding *finding = look_facts_find(look, LOOK_HOPS);

	return finding ? finding->near : 0;
}

bool remember_login(struct memory_record *out, const struct observation *seen,
                    usec started, struct arena *arena)
{
	const struct tls_facts *tls = &seen->tls;

	if (!seen->authenticated)
		return false;
	*out = (struct memory_record){
		.at = started,
		.addresses = seen->resolved,
		.banner = str_first_word(seen->phases[PHASE_BANNER].reply.text),
		.before = list_of(&seen->before_tls, arena),
		.after = list_of(&seen->after_tls, arena),
		.mechanism = seen->mechanism,
		.verified = tls_facts_verified(tls),
		.rtt = seen->connection.tcp.rtt,
		.hops = hops_of(&seen->look),
	};
	if (tls->certificate_count > 0) {
		out->key = tls->certificates[0].key_sha256;
		out->issuer = tls->certificates[0].issuer;
	}
	return true;
}

enum guard_outcome remember_guard(const struct observation *seen, enum cause cause)
{
	bool judged = seen->phase == PHASE_AUTH && seen->ending == ENDING_REPLY &&
	              seen->credential_sent;

	if (seen->authenticated)
		return GUARD_ACCEPTED;
	if (judged &&
	    (observation_reply(seen)->code / 100 == 5 || cause == CAUSE_THROTTLED))
		return GUARD_REFUSED;
	return GUARD_UNJUDGED;
}

/* "192.0.2.7:587" and "[2001:db8::7]:587" without the port. */
static const char *address_of(const struct observation *seen, struct arena *arena)
{
	struct str address = seen->tried_count
	                             ? seen->tried[seen->tried_count - 1].endpoint
	                             : STR("");

	while (address.len && address.at[address.len - 1] != ':')
		address.len--;
	if (address.len)
		address.len--;
	if (address.len > 2 && address.at[0] == '[')
		address = (struct str){ address.at + 1, address.len - 2 };
	return arena_copy(arena, address);
}

static bool is_outside_validity(const struct tls_facts *tls)
{
	return tls_facts_has_fault(tls, CERTIFICATE_EXPIRED) ||
	       tls_facts_has_fault(tls, CERTIFICATE_NOT_YET_VALID);
}

struct correlation_outcome remember_outcome(const struct observation *seen,
                                            const struct target *target,
                                            struct arena *arena)
{
	const struct reply *reply = observation_reply(seen);
	const struct tls_facts *tls = &seen->tls;

	return (struct correlation_outcome){
		.host = target->set.host,
		.port = target->set.port,
		.address = address_of(seen, arena),
		.phase = seen->phase,
		.ending = seen->ending,
		.greeting = seen->phases[PHASE_BANNER].reply.text,
		.deferral = reply->code / 100 == 4 ? reply->text : STR(""),
		.issuer =
			tls->certificate_count ? tls->certificates[0].issuer : STR(""),
		.issuer_verified = tls->judged && tls->fault_count == 0,
		.http = fact_is_http(seen->raw),
		.expired = is_outside_validity(tls),
	};
}
