/* SPDX-License-Identifier: Apache-2.0 */
#include "probe/look_verdict.h"

#include "probe/hop_count.h"

/* ---- subjects ---- */

bool is_any(const struct observation *seen, const struct look_finding *finding)
{
	(void)seen, (void)finding;
	return true;
}

/* The ports that mail is submitted or relayed on. */
static bool is_mail_port_text(struct str port)
{
	static const char *const ports[] = { "25", "465", "587", "2525" };

	for (size_t i = 0; i < sizeof(ports) / sizeof(ports[0]); i++)
		if (str_equal(port, str_of(ports[i])))
			return true;
	return false;
}

bool is_mail_port(const struct observation *seen, const struct look_finding *finding)
{
	(void)seen;
	return is_mail_port_text(finding->subject);
}

bool is_other_port(const struct observation *seen, const struct look_finding *finding)
{
	return !is_mail_port(seen, finding);
}

bool is_port_465(const struct observation *seen, const struct look_finding *finding)
{
	(void)seen;
	return str_equal(finding->subject, STR("465"));
}

static bool is_v6_endpoint(struct str endpoint)
{
	return str_starts(endpoint, STR("["));
}

static struct str last_endpoint(const struct observation *seen)
{
	return seen->tried_count ? seen->tried[seen->tried_count - 1].endpoint
	                         : STR("");
}

bool is_same_family(const struct observation *seen, const struct look_finding *finding)
{
	return is_v6_endpoint(finding->subject) == is_v6_endpoint(last_endpoint(seen));
}

bool is_other_family(const struct observation *seen, const struct look_finding *finding)
{
	return !is_same_family(seen, finding);
}

static struct str port_of(struct str endpoint)
{
	for (size_t i = endpoint.len; i > 0; i--)
		if (endpoint.at[i - 1] == ':')
			return (struct str){ endpoint.at + i, endpoint.len - i };
	return STR("");
}

bool is_mail_endpoint(const struct observation *seen,
                      const struct look_finding *finding)
{
	(void)seen;
	return is_mail_port_text(port_of(finding->subject)) ||
	       finding->greeting.len > 0;
}

bool is_other_endpoint(const struct observation *seen,
                       const struct look_finding *finding)
{
	return !is_mail_endpoint(seen, finding);
}

/* ---- answers ---- */

bool answers(enum contact_outcome outcome)
{
	return outcome == CONTACT_ANSWERED || outcome == CONTACT_REFUSED_COMMAND;
}

bool is_there(enum contact_outcome outcome)
{
	return outcome != CONTACT_SILENT && outcome != CONTACT_UNREACHABLE &&
	       outcome != CONTACT_FORBIDDEN && outcome != CONTACT_LOCAL;
}

bool is_silent(enum contact_outcome outcome)
{
	return outcome == CONTACT_SILENT;
}

bool refuses(enum contact_outcome outcome)
{
	return outcome == CONTACT_REFUSED;
}

bool is_out_of_reach(enum contact_outcome outcome)
{
	return outcome == CONTACT_SILENT || outcome == CONTACT_UNREACHABLE;
}

bool any_look(const struct observation *seen, enum look look, look_subject *subject,
              look_answer *answer)
{
	for (size_t i = 0; i < seen->look.count; i++) {
		const struct look_finding *finding = &seen->look.findings[i];

		if (finding->look == look && subject(seen, finding) &&
		    answer(finding->outcome))
			return true;
	}
	return false;
}

bool all_looks(const struct observation *seen, enum look look, look_subject *subject,
               look_answer *answer)
{
	bool found = false;

	for (size_t i = 0; i < seen->look.count; i++) {
		const struct look_finding *finding = &seen->look.findings[i];

		if (finding->look != look || !subject(seen, finding))
			continue;
		if (!answer(finding->outcome))
			return false;
		found = true;
	}
	return found;
}

bool has_look(const struct observation *seen, enum look look,
              enum contact_outcome outcome)
{
	const struct look_finding *finding = look_facts_find(&seen->look, look);

	return finding && finding->outcome == outcome;
}

bool has_look_but(const struct observation *seen, enum look look,
                  enum contact_outcome outcome)
{
	const struct look_finding *finding = look_facts_find(&seen->look, look);

	return finding && finding->outcome != outcome &&
	       finding->outcome != CONTACT_LOCAL;
}

/* ---- comparisons ---- */

static const struct {
	enum ending ending;
	enum contact_outcome outcome;
} same[] = {
	{ ENDING_CLOSED, CONTACT_CLOSED },
	{ ENDING_RESET, CONTACT_RESET },
	{ ENDING_REFUSED, CONTACT_REFUSED },
	{ ENDING_TIMEOUT, CONTACT_SILENT },
	{ ENDING_TIMEOUT, CONTACT_MUTE },
	{ ENDING_TIMEOUT, CONTACT_LOST },
	{ ENDING_TIMEOUT, CONTACT_GAP },
	{ ENDING_UNREACHABLE, CONTACT_UNREACHABLE },
	{ ENDING_TLS, CONTACT_ALERT },
	{ ENDING_TLS, CONTACT_HANDSHAKE },
};

bool is_again(const struct observation *seen)
{
	for (size_t i = 0; i < sizeof(same) / sizeof(same[0]); i++)
		if (seen->ending == same[i].ending &&
		    has_look(seen, LOOK_REPEAT, same[i].outcome))
			return true;
	return false;
}

bool is_starttls_elsewhere(const struct observation *seen)
{
	for (size_t i = 0; i < seen->look.count; i++) {
		const struct look_finding *finding = &seen->look.findings[i];

		if (finding->offers_starttls &&
		    (finding->look == LOOK_PORT || finding->look == LOOK_ADDRESS))
			return true;
	}
	return false;
}

bool is_control_name_dead(const struct observation *seen)
{
	const struct look_finding *finding = look_facts_find(&seen->look, LOOK_NAME);

	return finding && finding->name_ending == seen->ending;
}

static const struct look_finding *find_hops(const struct look_facts *look,
                                            enum contact_outcome outcome)
{
	const struct look_finding *finding = look_facts_find(look, LOOK_HOPS);
	bool complete = finding && finding->near > 0 && finding->far > finding->near;

	return complete && finding->outcome == outcome ? finding : NULL;
}

bool is_answered_from_near(const struct look_facts *look)
{
	const struct look_finding *finding = find_hops(look, CONTACT_ANSWERED);

	return finding && (finding->near <= HOPS_NEAR ||
	                   finding->far - finding->near >= HOPS_APART);
}

bool is_answered_from_nearer(const struct look_facts *look)
{
	return find_hops(look, CONTACT_ANSWERED) != NULL;
}

bool is_rejected_from_nearer(const struct look_facts *look)
{
	const struct look_finding *finding = find_hops(look, CONTACT_REFUSED);

	return finding && (finding->near <= HOPS_NEAR ||
	                   finding->far - finding->near >= HOPS_APART);
}
