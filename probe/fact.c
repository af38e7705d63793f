/* SPDX-License-Identifier: Apache-2.0 */
#include "probe/fact.h"

#include "probe/built.h"
#include "probe/look_verdict.h"
#include "probe/mask.h"
#include "probe/provider.h"
#include "probe/sinkhole.h"

enum {
	WRONG_NAME_HOST = 62,    /* X509_V_ERR_HOSTNAME_MISMATCH */
	WRONG_NAME_ADDRESS = 64, /* X509_V_ERR_IP_ADDRESS_MISMATCH */
	CODE_UNKNOWN = 500,
	CODE_NOT_IMPLEMENTED = 502,
	NEARER_FACTOR = 5
};

/* Below that, round trips differ by chance: a busy machine is as slow as a wire. */
#define NEARER_LEAST (10 * USEC_PER_MSEC)

/* A neighbour that does not answer ARP or ND is given up by Linux after three seconds.
 */
#define NEIGHBOUR_PATIENCE (5 * USEC_PER_SEC / 2)

/* ---- what answers ---- */

/* First bytes of what else listens on ports; a trace shows them in quotes. */
static const char *const http[] = { "\"HTTP/", "\"<html", "\"<!DOC" };
static const char *const services[] = { "\"SSH-", "\"* OK", "\"* BYE", "\"+OK",
	                                "\"RFB " };

static bool starts_with_any(struct str raw, const char *const *words, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (str_starts_nocase(raw, str_of(words[i])))
			return true;
	return false;
}

bool fact_is_http(struct str raw)
{
	return starts_with_any(raw, http, sizeof(http) / sizeof(http[0]));
}

static bool is_known_service(struct str raw)
{
	return starts_with_any(raw, services, sizeof(services) / sizeof(services[0]));
}

/* RFC 8446 §5.1: content type 21 (alert) or 22 (handshake), then version 3. */
static bool is_tls_record(struct str raw)
{
	return str_starts(raw, STR("\"\\x15\\x03")) ||
	       str_starts(raw, STR("\"\\x16\\x03"));
}

static bool is_refused_login(const struct observation *seen)
{
	const struct reply *reply = observation_reply(seen);

	return seen->phase == PHASE_AUTH && seen->credential_sent &&
	       reply->code / 100 == 5;
}

static bool is_unknown_command(const struct observation *seen)
{
	int code = observation_reply(seen)->code;

	return code == CODE_UNKNOWN || code == CODE_NOT_IMPLEMENTED;
}

static bool is_somebody_else(const struct observation *seen)
{
	return provider_is_somebody_else(seen->host,
	                                 seen->phases[PHASE_BANNER].reply.text);
}

/* ---- TLS ---- */

static bool is_leaf_only(const struct tls_facts *tls)
{
	return tls->certificate_count == 1 && tls->certificates[0].names_issuer_url;
}

static bool is_for_another_name(const struct tls_facts *tls)
{
	return tls_facts_has_fault(tls, WRONG_NAME_HOST) ||
	       tls_facts_has_fault(tls, WRONG_NAME_ADDRESS);
}

static bool is_version_alert(const struct tls_facts *tls)
{
	return tls->alert_received &&
	       str_find_nocase(tls->alert, STR("protocol version")) >= 0;
}

static bool is_interceptor(const struct observation *seen)
{
	return seen->interceptor.kind.len &&
	       !str_equal(seen->interceptor.kind, STR("firewall"));
}

static bool is_firewall_authority(const struct observation *seen)
{
	return str_equal(seen->interceptor.kind, STR("firewall"));
}

/* No clock can be right that is behind the day this program was made. */
static bool is_before_this_program(const struct observation *seen)
{
	return seen->begun > 0 && seen->begun < (usec)PROBE_BUILT * USEC_PER_SEC;
}

/* RFC 6125 §6.4.3: the wildcard stands for one label, the leftmost. */
static bool name_covers(struct str pattern, struct str name)
{
	struct str label;

	if (str_equal_nocase(pattern, name))
		return true;
	if (!str_starts(pattern, STR("*.")) || !str_take_word(&label, &name, "."))
		return false;
	pattern.at += 1;
	pattern.len -= 1;
	return str_equal_nocase(pattern, name);
}

static bool is_alias_covered(const struct observation *seen)
{
	struct str rest = seen->tls.certificates[0].names, name;

	if (seen->alias.len == 0 || seen->tls.certificate_count == 0)
		return false;
	while (str_take_word(&name, &rest, " "))
		if (name_covers(name, seen->alias))
			return true;
	return false;
}

/* ---- the connection ---- */

static bool has_errno(const struct observation *seen, const char *name)
{
	return str_equal(seen->connection.error, str_of(name));
}

static bool has_icmp(const struct observation *seen, enum icmp_meaning meaning)
{
	return seen->connection.icmp.found &&
	       icmp_meaning_of(&seen->connection.icmp) == meaning;
}

static bool is_lost(const struct tcp_fact *tcp)
{
	return tcp->found && tcp->unacked > 0 && tcp->retrying > 0;
}

static bool is_gap(const struct tcp_fact *tcp)
{
	return tcp->found && tcp->unacked == 0 && tcp->out_of_order > 0;
}

static bool is_acknowledged(const struct tcp_fact *tcp)
{
	return tcp->found && tcp->unacked == 0 && tcp->out_of_order == 0;
}

/* A reset that came before the server can have seen the command. */
static bool is_faster_than_light(const struct observation *seen)
{
	const struct tcp_fact *tcp = &seen->connection.tcp;

	return tcp->found && tcp->min_rtt > 0 && seen->phase != PHASE_NONE &&
	       seen->phases[seen->phase].duration < tcp->min_rtt / 2;
}

/* ---- the last good login ---- */

static bool is_same_key(const struct observation *seen)
{
	return seen->has_last && seen->last.key.len &&
	       seen->tls.certificate_count > 0 &&
	       str_equal(seen->last.key, seen->tls.certificates[0].key_sha256);
}

static bool is_other_issuer(const struct observation *seen)
{
	return seen->has_last && seen->last.issuer.len &&
	       seen->tls.certificate_count > 0 &&
	       !str_equal(seen->last.issuer, seen->tls.certificates[0].issuer);
}

static bool is_other_greeting(const struct observation *seen)
{
	struct str now = str_first_word(seen->phases[PHASE_BANNER].reply.text);

	return seen->has_last && seen->last.banner.len && now.len &&
	       !str_equal_nocase(now, seen->last.banner);
}

static bool is_much_nearer(const struct observation *seen)
{
	const struct tcp_fact *tcp = &seen->connection.tcp;

	return seen->has_last && tcp->found && tcp->min_rtt > 0 &&
	       seen->last.rtt >= NEARER_LEAST &&
	       seen->last.rtt > NEARER_FACTOR * tcp->min_rtt;
}

struct fact_set facts_of(const struct observation *seen)
{
	return (struct fact_set){ .holds = {
#define FACT(id, holds) [FACT_##id] = (holds),
#include "probe/fact.def"
				  } };
}
