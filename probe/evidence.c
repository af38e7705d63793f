/* SPDX-License-Identifier: Apache-2.0 */
#include "probe/evidence.h"

#include "probe/circumstance.h"

enum { LINE_MAX = 600 };

/* How far the session came when the server answered. */
static const char *const progress[PHASE_COUNT + 1] = {
	[PHASE_RESOLVE] = "the server",
	[PHASE_CONNECT] = "the server",
	[PHASE_BANNER] = "the server accepted the connection, then greeted with",
	[PHASE_EHLO] = "the server greeted, then answered EHLO with",
	[PHASE_STARTTLS] = "the server offered STARTTLS, then answered it with",
	[PHASE_TLS] = "the server",
	[PHASE_EHLO_TLS] =
		"the session was encrypted, then the server answered EHLO with",
	[PHASE_AUTH] = "the server offered AUTH, then answered",
	[PHASE_QUIT] = "the server answered QUIT with",
	[PHASE_MAIL] = "after AUTH the server answered",
	[PHASE_NONE] = "the server answered",
};

/* What was being waited for when the session ended without an answer. */
static const char *const waiting[PHASE_COUNT + 1] = {
	[PHASE_RESOLVE] = "while the name was looked up",
	[PHASE_CONNECT] = "while connecting",
	[PHASE_BANNER] = "while waiting for the greeting",
	[PHASE_EHLO] = "while waiting for the answer to EHLO",
	[PHASE_STARTTLS] = "while waiting for the answer to STARTTLS",
	[PHASE_TLS] = "during the TLS handshake",
	[PHASE_EHLO_TLS] = "while waiting for the answer to EHLO inside TLS",
	[PHASE_AUTH] = "while waiting for the answer to AUTH",
	[PHASE_QUIT] = "while waiting for the answer to QUIT",
	[PHASE_MAIL] = "after AUTH",
	[PHASE_NONE] = "before anything was sent",
};

static void add_reply(struct text *line, const struct reply *reply)
{
	text_add(line, "\"%d", reply->code);
	if (reply->enhanced.class)
		text_add(line, " %d.%d.%d", reply->enhanced.class,
		         reply->enhanced.subject, reply->enhanced.detail);
	if (reply->text.len)
		text_add(line, " ");
	text_add_foreign(line, reply->text);
	text_add(line, "\"");
}

static void add_detail(struct text *line, const struct observation *seen)
{
	/* strerror() often says what our own words say already. */
	if (seen->ending_detail.len == 0 ||
	    str_find_nocase(str_of(ending_meaning(seen->ending)),
	                    seen->ending_detail) >= 0)
		return;
	text_add(line, " (");
	text_add_foreign(line, seen->ending_detail);
	text_add(line, ")");
}

static void add_place(struct text *line, const struct observation *seen)
{
	if (seen->tried_count == 0)
		return;
	text_add(line, " to ");
	text_add_foreign(line, seen->tried[seen->tried_count - 1].endpoint);
}

static void tell_not_offered(struct text *line, const struct observation *seen)
{
	const struct capabilities *offer = observation_offer(seen);

	if (str_equal(seen->ending_detail, STR("mechanism")))
		text_add(line,
		         "the server answered EHLO, but none of its mechanisms works "
		         "with the credentials given");
	else
		text_add(line, "the server answered EHLO, but does not offer %.*s",
		         (int)seen->ending_detail.len, seen->ending_detail.at);
	if (offer->offered_count)
		text_add(line, "; it offers");
	for (size_t i = 0; i < offer->offered_count; i++) {
		text_add(line, i ? ", " : " ");
		text_add_foreign(line, offer->offered[i]);
	}
}

static void tell_reply(struct text *line, const struct observation *seen)
{
	const struct reply *reply = observation_reply(seen);

	text_add(line, "%s ", progress[seen->phase]);
	add_reply(line, reply);
}

static const char *story(const struct observation *seen, struct arena *arena)
{
	struct text line = text_create(arena, LINE_MAX);

	if (seen->ending == ENDING_NOT_OFFERED) {
		tell_not_offered(&line, seen);
	} else if (seen->ending == ENDING_SUSPENDED) {
		text_add(&line, "the server offered AUTH, but %s",
		         ending_meaning(seen->ending));
	} else if (seen->ending == ENDING_REPLY && observation_reply(seen)->code) {
		tell_reply(&line, seen);
	} else if (seen->ending == ENDING_LOCAL || seen->ending == ENDING_CANCELLED) {
		text_add(&line, "%s", ending_meaning(seen->ending));
		add_detail(&line, seen);
	} else if (seen->ending == ENDING_TLS && seen->tls.fault_count) {
		text_add(&line,
		         "the server showed a certificate that does not verify: ");
		text_add_foreign(&line, seen->tls.fault_text);
	} else if (seen->ending == ENDING_TLS) {
		text_add(&line, "the TLS handshake failed");
		add_detail(&line, seen);
	} else {
		text_add(&line, "%s", waiting[seen->phase]);
		if (seen->phase == PHASE_CONNECT)
			add_place(&line, seen);
		text_add(&line, ", %s", ending_meaning(seen->ending));
		add_detail(&line, seen);
	}
	return line.at;
}

static void add(struct evidence *evidence, const char *line)
{
	if (evidence->count < EVIDENCE_MAX)
		evidence->lines[evidence->count++] = line;
}

static void add_addresses(struct evidence *evidence, const struct observation *seen,
                          struct arena *arena)
{
	for (size_t i = 0; i < seen->tried_count && seen->tried_count > 1; i++) {
		const struct tried_address *tried = &seen->tried[i];

		if (tried->ending != ENDING_NONE)
			add(evidence,
			    arena_print(arena, "%.*s: %s", (int)tried->endpoint.len,
			                tried->endpoint.at,
			                ending_meaning(tried->ending)));
	}
}

static void add_certificate(struct evidence *evidence, const struct tls_facts *tls,
                            struct arena *arena)
{
	const struct certificate_facts *leaf = &tls->certificates[0];

	if (tls->fault_count && tls->done)
		add(evidence,
		    arena_print(arena, "the certificate does not verify: %.*s",
		                (int)tls->fault_text.len, tls->fault_text.at));
	if (tls->fault_count && tls->certificate_count) {
		add(evidence,
		    arena_print(arena, "it is for %.*s (names: %.*s), signed by %.*s",
		                (int)leaf->subject.len, leaf->subject.at,
		                (int)leaf->names.len, leaf->names.at,
		                (int)leaf->issuer.len, leaf->issuer.at));
		add(evidence,
		    arena_print(arena, "it is valid from %.*s to %.*s",
		                (int)leaf->not_before.len, leaf->not_before.at,
		                (int)leaf->not_after.len, leaf->not_after.at));
	}
	if (tls->alert.len)
		add(evidence, arena_print(arena, "TLS alert %s: %.*s",
		                          tls->alert_received ? "received" : "sent",
		                          (int)tls->alert.len, tls->alert.at));
}

static void add_circumstances(struct evidence *evidence, const struct observation *seen,
                              struct arena *arena)
{
	struct circumstances all = circumstances_of(seen, arena);

	for (size_t i = 0; i < all.count; i++)
		add(evidence, all.lines[i]);
}

static void add_authentication(struct evidence *evidence,
                               const struct observation *seen)
{
	if (!seen->credential_sent)
		return;
	if (!seen->tls.done)
		add(evidence,
		    "the session was not encrypted, so anybody on the path can have "
		    "answered");
	else if (seen->tls.fault_count)
		add(evidence, "the server's identity was not verified");
	else
		add(evidence,
		    "the session was encrypted and the server's certificate verified");
	if (seen->secret_has_blanks)
		add(evidence, "the password begins or ends with a blank");
}

struct evidence evidence_of(const struct observation *seen, struct arena *arena)
{
	struct evidence evidence = { 0 };

	add(&evidence, story(seen, arena));
	if (seen->proxy.len)
		add(&evidence, arena_print(arena, "the proxy answered \"%.*s\"",
		                           (int)seen->proxy.len, seen->proxy.at));
	if (seen->raw.len)
		add(&evidence, arena_print(arena, "the first bytes were %.*s",
		                           (int)seen->raw.len, seen->raw.at));
	if (seen->own_name_answered)
		add(&evidence,
		    "the greeting gives this machine's own name, but the address "
		    "is not this machine's");
	add_addresses(&evidence, seen, arena);
	add_certificate(&evidence, &seen->tls, arena);
	add_authentication(&evidence, seen);
	add_circumstances(&evidence, seen, arena);
	if (seen->truncated)
		add(&evidence,
		    "the server sent more than a session needs; the rest is not kept");
	return evidence;
}
