/* SPDX-License-Identifier: Apache-2.0 */
#include "probe/json.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "probe/timestamp.h"

static const char REPLACEMENT[] = "\xef\xbf\xbd"; /* U+FFFD */

/* JSON is UTF-8, a peer's words need not be: what is not becomes U+FFFD. */
static json_t *foreign_string(struct str text)
{
	char clean[3 * TRACE_NOTE_MAX];
	size_t len = 0;

	if (str_is_utf8(text))
		return json_stringn(text.at, text.len);
	for (size_t i = 0; i < text.len && len + 4 < sizeof(clean); i++) {
		if ((unsigned char)text.at[i] < 0x80) {
			clean[len++] = text.at[i];
		} else {
			memcpy(clean + len, REPLACEMENT, sizeof(REPLACEMENT) - 1);
			len += sizeof(REPLACEMENT) - 1;
		}
	}
	return json_stringn(clean, len);
}

static json_t *string_or_null(struct str text)
{
	return text.len ? foreign_string(text) : json_null();
}

/* Microseconds are as fine as the clock; more digits would only pretend. */
static json_t *seconds(usec time)
{
	return json_real((double)time / (double)USEC_PER_SEC);
}

static json_t *phase_of(const struct observation *seen, enum phase phase)
{
	json_t *object = json_object();
	usec server = observation_server_time(seen, phase);

	json_object_set_new(object, "seconds", seconds(seen->phases[phase].duration));
	if (server >= 0)
		json_object_set_new(object, "server_seconds", seconds(server));
	return object;
}

static json_t *phases_of(const struct observation *seen)
{
	json_t *phases = json_object();

	for (unsigned i = 0; i < PHASE_TIMED_COUNT; i++) {
		const struct phase_facts *facts = &seen->phases[i];

		if (facts->entered)
			json_object_set_new(phases, phase_word((enum phase)i),
			                    phase_of(seen, (enum phase)i));
	}
	return phases;
}

static json_t *enhanced_of(struct enhanced_status status, struct arena *arena)
{
	if (status.class == 0)
		return json_null();
	return json_string(arena_print(arena, "%d.%d.%d", status.class, status.subject,
	                               status.detail));
}

static json_t *reply_of(const struct observation *seen, struct arena *arena)
{
	const struct reply *reply = observation_reply(seen);

	/* What an old verdict rests on is not in this session. */
	if (reply->code == 0 || seen->ending == ENDING_SUSPENDED)
		return json_null();
	return json_pack("{s:i, s:o, s:o}", "code", reply->code, "enhanced",
	                 enhanced_of(reply->enhanced, arena), "text",
	                 foreign_string(reply->text));
}

static json_t *offered_of(const struct observation *seen)
{
	const struct capabilities *offer = observation_offer(seen);
	json_t *offered = json_array();

	for (size_t i = 0; i < offer->offered_count; i++)
		json_array_append_new(offered, foreign_string(offer->offered[i]));
	return offered;
}

static json_t *addresses_of(const struct observation *seen)
{
	json_t *addresses = json_array();

	for (size_t i = 0; i < seen->tried_count; i++) {
		const struct tried_address *tried = &seen->tried[i];
		const char *outcome = tried->ending == ENDING_NONE
		                              ? "connected"
		                              : ending_word(tried->ending);

		json_array_append_new(addresses,
		                      json_pack("{s:o, s:s}", "address",
		                                foreign_string(tried->endpoint),
		                                "outcome", outcome));
	}
	return addresses;
}

static json_t *certificate_of(const struct certificate_facts *facts)
{
	json_t *names = json_array();
	struct str rest = facts->names, name;

	while (str_take_word(&name, &rest, " "))
		json_array_append_new(names, foreign_string(name));
	return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "subject",
	                 foreign_string(facts->subject), "issuer",
	                 foreign_string(facts->issuer), "names", names, "not_before",
	                 foreign_string(facts->not_before), "not_after",
	                 foreign_string(facts->not_after), "sha256",
	                 foreign_string(facts->sha256), "key_sha256",
	                 string_or_null(facts->key_sha256));
}

static json_t *verify_of(const struct tls_facts *tls)
{
	if (!tls->judged)
		return json_null();
	return tls->fault_count ? foreign_string(tls->fault_text) : json_string("ok");
}

static json_t *tls_of(const struct observation *seen)
{
	const struct tls_facts *tls = &seen->tls;
	json_t *certificates = json_array();

	if (!tls->started) {
		json_decref(certificates);
		return json_null();
	}
	for (size_t i = 0; i < tls->certificate_count; i++)
		json_array_append_new(certificates,
		                      certificate_of(&tls->certificates[i]));
	return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "version",
	                 string_or_null(tls->version), "cipher",
	                 string_or_null(tls->cipher), "group",
	                 string_or_null(tls->group), "verify", verify_of(tls), "staple",
	                 string_or_null(tls->staple), "alert",
	                 string_or_null(tls->alert), "certificates", certificates);
}

/* What the kernel counted; null when no connection stood. */
static json_t *tcp_of(const struct observation *seen)
{
	const struct tcp_fact *tcp = &seen->connection.tcp;
	json_t *object;

	if (!tcp->found)
		return json_null();
	object = json_pack("{s:o, s:o, s:I, s:I, s:I, s:I}", "rtt", seconds(tcp->rtt),
	                   "rttvar", seconds(tcp->rttvar), "retransmits",
	                   (json_int_t)tcp->retransmits, "unacked",
	                   (json_int_t)tcp->unacked, "sent", (json_int_t)tcp->sent,
	                   "received", (json_int_t)tcp->received);
	if (tcp->knows_order)
		json_object_set_new(object, "out_of_order",
		                    json_integer((json_int_t)tcp->out_of_order));
	return object;
}

/* The rejection that a failed connect met; null without one. */
static json_t *icmp_of(const struct observation *seen)
{
	static const char *const offenders[] = { "unknown", "self", "hop", "target" };
	const struct icmp_fact *icmp = &seen->connection.icmp;

	if (!icmp->found)
		return json_null();
	return json_pack("{s:i, s:i, s:i, s:o, s:s}", "version", icmp->is_v6 ? 6 : 4,
	                 "type", icmp->type, "code", icmp->code, "from",
	                 foreign_string(seen->connection.offender), "sender",
	                 offenders[icmp->who]);
}

static json_t *look_of(const struct observation *seen)
{
	json_t *findings = json_array();

	for (size_t i = 0; i < seen->look.count; i++) {
		const struct look_finding *finding = &seen->look.findings[i];
		const char *outcome = finding->look != LOOK_NAME
		                              ? contact_outcome_word(finding->outcome)
		                      : finding->name_ending == ENDING_NONE
		                              ? "found"
		                              : ending_word(finding->name_ending);

		json_array_append_new(findings,
		                      json_pack("{s:s, s:o, s:s, s:o}", "experiment",
		                                look_word(finding->look), "subject",
		                                string_or_null(finding->subject),
		                                "outcome", outcome, "greeting",
		                                string_or_null(finding->greeting)));
	}
	return findings;
}

static json_t *time_of(usec at)
{
	char time[TIMESTAMP_ROOM];

	timestamp_print(time, sizeof(time), at);
	return json_string(time);
}

/* Since when and until when no login is tried; null when it may be. */
static json_t *suspension_of(const struct observation *seen)
{
	const struct guard_suspension *suspension = &seen->suspension;
	const struct guard_refusal *last = &suspension->last;
	usec age = seen->begun - last->at;

	if (!seen->suspended)
		return json_null();
	return json_pack("{s:i, s:o, s:o, s:o}", "refusals", (int)last->times,
	                 "last_login", last->times ? time_of(last->at) : json_null(),
	                 "age", last->times ? seconds(age > 0 ? age : 0) : json_null(),
	                 "next_login", time_of(suspension->next));
}

static json_t *evidence_array(const struct evidence *evidence)
{
	json_t *lines = json_array();

	for (size_t i = 0; i < evidence->count; i++)
		json_array_append_new(lines,
		                      foreign_string(str_of(evidence->lines[i])));
	return lines;
}

static json_t *advice_array(const struct diagnosis *diagnosis)
{
	json_t *lines = json_array();

	for (size_t i = 0; i < diagnosis->advice.count; i++)
		json_array_append_new(lines, json_string(diagnosis->advice.lines[i]));
	return lines;
}

static json_t *notices_array(const struct diagnosis *diagnosis)
{
	json_t *notices = json_array();

	for (size_t i = 0; i < diagnosis->notices.count; i++) {
		const struct notice *notice = &diagnosis->notices.list[i];

		json_array_append_new(notices,
		                      json_pack("{s:s, s:o}", "reason", notice->reason,
		                                "text",
		                                foreign_string(str_of(notice->text))));
	}
	return notices;
}

static json_t *checks_array(const struct diagnosis *diagnosis)
{
	json_t *checks = json_array();

	for (unsigned i = 0; i < CHECK_COUNT; i++) {
		const struct check_answer *answer = &diagnosis->checks[i];

		json_array_append_new(
			checks,
			json_pack("{s:s, s:s, s:o}", "check", check_word((enum check)i),
		                  "state", check_state_word(answer->state), "proof",
		                  foreign_string(str_of(answer->proof))));
	}
	return checks;
}

static json_t *trace_array(const struct trace *trace, struct arena *arena)
{
	json_t *lines = json_array();

	for (size_t i = 0; i < trace_count(trace); i++) {
		struct text line = text_create(arena, 2 * TRACE_NOTE_MAX);

		trace_print_event(trace_event(trace, i), &line);
		json_array_append_new(lines, foreign_string(text_view(&line)));
	}
	return lines;
}

static void add_verdict(json_t *object, const struct diagnosis *diagnosis)
{
	json_object_set_new(object, "success",
	                    json_boolean(diagnosis->cause == CAUSE_NONE));
	json_object_set_new(object, "cause", json_string(cause_word(diagnosis->cause)));
	json_object_set_new(object, "reason",
	                    json_string(reason_word(diagnosis->reason)));
	json_object_set_new(object, "phase", json_string(phase_word(diagnosis->phase)));
	json_object_set_new(object, "confidence",
	                    json_string(confidence_word(diagnosis->confidence)));
}

static void add_session(json_t *object, const struct result *result,
                        struct arena *arena)
{
	const struct observation *seen = result->seen;

	json_object_set_new(object, "duration", seconds(seen->duration));
	json_object_set_new(object, "phases", phases_of(seen));
	json_object_set_new(object, "reply", reply_of(seen, arena));
	json_object_set_new(object, "mechanism", string_or_null(seen->mechanism));
	json_object_set_new(object, "offered", offered_of(seen));
	json_object_set_new(object, "address", string_or_null(seen->address));
	json_object_set_new(object, "addresses_tried", addresses_of(seen));
	json_object_set_new(object, "port", json_integer(result->target->set.port));
	json_object_set_new(object, "errno", string_or_null(seen->connection.error));
	json_object_set_new(object, "icmp", icmp_of(seen));
	json_object_set_new(object, "tcp", tcp_of(seen));
	json_object_set_new(object, "tls", tls_of(seen));
	json_object_set_new(object, "second_look", look_of(seen));
	json_object_set_new(object, "suspended", suspension_of(seen));
}

static const char *dump(json_t *object, struct arena *arena)
{
	char *text = json_dumps(object, JSON_COMPACT | JSON_REAL_PRECISION(12));
	const char *copy = arena_copy(arena, str_of(text));

	free(text);
	json_decref(object);
	return copy;
}

const char *json_of_result(const struct result *result, const char *message,
                           bool with_trace, struct arena *arena)
{
	const struct diagnosis *diagnosis = &result->diagnosis;
	json_t *object = json_object();

	add_verdict(object, diagnosis);
	add_session(object, result, arena);
	json_object_set_new(object, "evidence", evidence_array(&diagnosis->evidence));
	json_object_set_new(object, "advice", advice_array(diagnosis));
	json_object_set_new(object, "notices", notices_array(diagnosis));
	json_object_set_new(object, "checks", checks_array(diagnosis));
	json_object_set_new(object, "message", foreign_string(str_of(message)));
	if (with_trace)
		json_object_set_new(object, "trace", trace_array(result->trace, arena));
	return dump(object, arena);
}

const char *json_of_trouble(enum reason reason, const char *message,
                            struct arena *arena)
{
	return dump(json_pack("{s:b, s:s, s:s, s:o}", "success", 0, "cause",
	                      cause_word(CAUSE_LOCAL), "reason", reason_word(reason),
	                      "message", foreign_string(str_of(message))),
	            arena);
}
