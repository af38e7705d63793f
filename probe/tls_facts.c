/* SPDX-License-Identifier: Apache-2.0 */
#include "probe/tls_facts.h"

#include "probe/note.h"
#include "probe/timestamp.h"

static void set_fact(struct certificate_facts *facts, struct str key, struct str value)
{
	const struct {
		struct str key;
		struct str *place;
	} places[] = {
		{ STR("subject"), &facts->subject },
		{ STR("issuer"), &facts->issuer },
		{ STR("names"), &facts->names },
		{ STR("not_before"), &facts->not_before },
		{ STR("not_after"), &facts->not_after },
		{ STR("sha256"), &facts->sha256 },
		{ STR("key_sha256"), &facts->key_sha256 },
	};

	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++)
		if (str_equal(key, places[i].key))
			*places[i].place = value;
	if (str_equal(key, STR("issuer_url")))
		facts->names_issuer_url = str_equal(value, STR("yes"));
}

bool tls_facts_take_certificate(struct tls_facts *tls, struct str rest)
{
	struct certificate_facts facts = { 0 };
	struct str number, key, value;

	if (tls->certificate_count == CERTIFICATE_MAX)
		return false;
	str_take_word(&number, &rest, " ");
	while (note_take_fact(&key, &value, &rest))
		set_fact(&facts, key, value);
	tls->certificates[tls->certificate_count++] = facts;
	return true;
}

void tls_facts_take_verify(struct tls_facts *tls, struct str rest)
{
	struct str word;
	int code;

	if (!str_take_word(&word, &rest, " ") || !str_take_number(&code, &word))
		return;
	tls->judged = true;
	if (code == 0 || tls->fault_count == VERIFY_FAULT_MAX)
		return;
	if (tls->fault_count == 0)
		tls->fault_text = str_trim(rest);
	tls->faults[tls->fault_count++] = code;
}

void tls_facts_take_alert(struct tls_facts *tls, struct str rest)
{
	struct str word = STR("");

	str_take_word(&word, &rest, " ");
	tls->alert_received = str_equal(word, STR("received"));
	tls->alert = str_trim(rest);
}

void tls_facts_take_done(struct tls_facts *tls, struct str rest)
{
	tls->done = true;
	str_take_word(&tls->version, &rest, " ");
	str_take_word(&tls->cipher, &rest, " ");
	str_take_word(&tls->group, &rest, " ");
}

bool tls_facts_has_fault(const struct tls_facts *tls, int code)
{
	for (size_t i = 0; i < tls->fault_count; i++)
		if (tls->faults[i] == code)
			return true;
	return false;
}

bool tls_facts_verified(const struct tls_facts *tls)
{
	return tls->done && tls->judged && tls->fault_count == 0;
}

static bool take_time(usec *out, struct str text)
{
	struct str rest = text;

	return timestamp_take(out, &rest) && rest.len == 0;
}

bool tls_facts_first_end(const struct tls_facts *tls, usec *from, usec *until)
{
	bool found = false;
	usec begin, end;

	for (size_t i = 0; i < tls->certificate_count; i++) {
		if (!take_time(&end, tls->certificates[i].not_after) ||
		    !take_time(&begin, tls->certificates[i].not_before) ||
		    (found && end >= *until))
			continue;
		*from = begin;
		*until = end;
		found = true;
	}
	return found;
}
