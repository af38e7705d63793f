/* SPDX-License-Identifier: Apache-2.0 */
#include "probe/experiment_plan.h"

#include "probe/verdict.h"

enum {
	PORT_SMTP = 25,
	PORT_SMTPS = 465,
	PORT_SUBMISSION = 587,
	PORT_OTHER = 2525,
	PORT_WEB = 443
};

/* How many sibling ports are tried besides the one that failed. */
enum { SIBLINGS = 3 };

enum contact_step experiment_step_for_port(int port)
{
	switch (port) {
	case PORT_SMTP:
	case PORT_SUBMISSION:
	case PORT_OTHER:
		return CONTACT_GREETING;
	case PORT_SMTPS:
		return CONTACT_TLS;
	default:
		return CONTACT_CONNECT;
	}
}

static struct experiment *add(struct experiment_plan *plan, enum look look, int port,
                              enum contact_step step)
{
	struct experiment *experiment = &plan->experiments[plan->count++];

	*experiment = (struct experiment){ .look = look, .port = port, .step = step };
	return experiment;
}

/* Greeting is enough to know that a port lives; for STARTTLS it takes EHLO. */
static void add_siblings(struct experiment_plan *plan, int own, enum contact_step step)
{
	static const int ports[] = { PORT_SUBMISSION, PORT_SMTPS, PORT_SMTP,
		                     PORT_OTHER };
	int added = 0;

	for (size_t i = 0; i < sizeof(ports) / sizeof(ports[0]) && added < SIBLINGS;
	     i++) {
		if (ports[i] == own)
			continue;
		if (ports[i] == PORT_SMTPS)
			add(plan, LOOK_PORT, ports[i], CONTACT_TLS)->tls_first = true;
		else
			add(plan, LOOK_PORT, ports[i], step);
		added++;
	}
}

/* Whether the host lives at all, and something to compare the way with. */
static void add_web(struct experiment_plan *plan)
{
	add(plan, LOOK_PORT, PORT_WEB, CONTACT_CONNECT);
}

static void plan_connect(struct experiment_plan *plan, const struct observation *seen,
                         const struct target *target)
{
	int port = target->set.port;

	if (seen->connection.at_once || seen->connection.icmp.who == OFFENDER_SELF)
		return;
	add_siblings(plan, port, CONTACT_GREETING);
	add_web(plan);
	add(plan, LOOK_REPEAT, port, CONTACT_CONNECT);
	plan->asks_controls = true;
	plan->port_resets = seen->ending == ENDING_REFUSED;
	plan->counts_hops = plan->port_resets;
	/* Whoever sends an RST is there, so that other addresses prove nothing. */
	plan->asks_addresses = !plan->port_resets;
	plan->address_step = CONTACT_GREETING;
}

/* The step that ends in the phase, as an experiment. */
static enum contact_step step_of(enum phase phase)
{
	static const enum contact_step steps[PHASE_COUNT] = {
		[PHASE_BANNER] = CONTACT_GREETING,
		[PHASE_EHLO] = CONTACT_EHLO,
		[PHASE_STARTTLS] = CONTACT_STARTTLS,
		[PHASE_TLS] = CONTACT_TLS,
	};

	return steps[phase];
}

static void add_repeat(struct experiment_plan *plan, const struct observation *seen,
                       const struct target *target)
{
	bool implicit = target->set.tls == TLS_IMPLICIT;

	add(plan, LOOK_REPEAT, target->set.port,
	    implicit ? CONTACT_TLS : step_of(seen->phase))
		->tls_first = implicit;
}

static void plan_banner(struct experiment_plan *plan, const struct observation *seen,
                        const struct target *target)
{
	add_repeat(plan, seen, target);
	if (target->set.tls != TLS_IMPLICIT && seen->raw.len == 0)
		add(plan, LOOK_TLS_FIRST, target->set.port, CONTACT_TLS)->tls_first =
			true;
	add_siblings(plan, target->set.port, CONTACT_GREETING);
	add_web(plan);
	plan->asks_controls = true;
	plan->counts_hops = true;
}

/* EHLO is a command itself. Inside TLS, nobody on the path tells one from another. */
static void add_other_command(struct experiment_plan *plan,
                              const struct observation *seen,
                              const struct target *target)
{
	if (target->set.tls == TLS_IMPLICIT)
		return;
	if (seen->phase == PHASE_EHLO)
		add(plan, LOOK_HELO, target->set.port, CONTACT_HELO);
	else
		add(plan, LOOK_NOOP, target->set.port, CONTACT_NOOP);
}

/* A command that was not answered: do others pass? */
static void plan_command(struct experiment_plan *plan, const struct observation *seen,
                         const struct target *target)
{
	add_repeat(plan, seen, target);
	add_other_command(plan, seen, target);
	add_siblings(plan, target->set.port, CONTACT_EHLO);
	add_web(plan);
	plan->counts_hops = true;
}

static void add_handshake(struct experiment_plan *plan, enum look look,
                          const struct target *target)
{
	add(plan, look, target->set.port, CONTACT_TLS)->tls_first =
		target->set.tls == TLS_IMPLICIT;
}

static void plan_handshake(struct experiment_plan *plan, const struct target *target)
{
	add_handshake(plan, LOOK_REPEAT, target);
	add_handshake(plan, LOOK_MSS, target);
	plan->experiments[plan->count - 1].mss = EXPERIMENT_MSS;
	add_handshake(plan, LOOK_SMALL_HELLO, target);
	plan->experiments[plan->count - 1].small_hello = true;
	add_handshake(plan, LOOK_NO_SNI, target);
	plan->experiments[plan->count - 1].no_server_name = true;
}

/* The login itself is never repeated: a second session goes as far as NOOP. */
static void plan_auth(struct experiment_plan *plan, const struct observation *seen,
                      const struct target *target)
{
	if (tls_facts_verified(&seen->tls))
		return;
	if (!seen->tls.done && seen->ending != ENDING_REPLY)
		add(plan, LOOK_NOOP, target->set.port, CONTACT_NOOP);
	add_siblings(plan, target->set.port, CONTACT_GREETING);
	add_web(plan);
	plan->counts_hops = true;
}

static void plan_not_offered(struct experiment_plan *plan, const struct target *target)
{
	add_siblings(plan, target->set.port, CONTACT_EHLO);
	plan->asks_addresses = true;
	plan->address_step = CONTACT_EHLO;
}

static void plan_tls(struct experiment_plan *plan, const struct observation *seen,
                     const struct target *target)
{
	if (seen->ending == ENDING_TLS && seen->tls.fault_count) {
		add_handshake(plan, LOOK_UNVERIFIED, target);
		add_siblings(plan, target->set.port, CONTACT_GREETING);
		add_web(plan);
		plan->counts_hops = true;
	} else if (seen->ending != ENDING_TLS) {
		plan_handshake(plan, target);
	}
}

/* A certificate for another name is the server's or somebody else's. */
static bool leaves_open_who(enum reason reason)
{
	return reason_cause(reason) == CAUSE_CREDENTIALS ||
	       reason == REASON_CERT_NAME_MISMATCH;
}

/*
 * A reply speaks for itself, but not who said it: a refused login that nothing proves
 * to be the server's word is looked at again, and so is a refused EHLO.
 */
static bool reply_is_clear(const struct observation *seen)
{
	if (seen->ending != ENDING_REPLY)
		return false;
	if (seen->phase == PHASE_EHLO)
		return observation_reply(seen)->code / 100 != 5;
	return seen->phase != PHASE_AUTH || !leaves_open_who(verdict_of(seen).reason);
}

static bool is_out_of_question(const struct observation *seen,
                               const struct target *target)
{
	return seen->authenticated || target->set.via || target->is_unix_socket ||
	       seen->ending == ENDING_LOCAL || seen->ending == ENDING_CANCELLED ||
	       seen->ending == ENDING_PROXY || seen->ending == ENDING_SUSPENDED ||
	       reply_is_clear(seen);
}

static void plan_resolve(struct experiment_plan *plan, const struct observation *seen,
                         const struct target *target)
{
	(void)seen, (void)target;
	plan->asks_name = true;
}

static void plan_early(struct experiment_plan *plan, const struct observation *seen,
                       const struct target *target)
{
	if (seen->ending == ENDING_REPLY)
		add_other_command(plan, seen, target);
	else
		plan_command(plan, seen, target);
}

typedef void plan_one(struct experiment_plan *plan, const struct observation *seen,
                      const struct target *target);

static plan_one *const planners[PHASE_COUNT] = {
	[PHASE_RESOLVE] = plan_resolve, [PHASE_CONNECT] = plan_connect,
	[PHASE_BANNER] = plan_banner,   [PHASE_EHLO] = plan_early,
	[PHASE_STARTTLS] = plan_early,  [PHASE_TLS] = plan_tls,
	[PHASE_AUTH] = plan_auth,
};

struct experiment_plan experiment_plan(const struct observation *seen,
                                       const struct target *target)
{
	struct experiment_plan plan = { 0 };

	if (is_out_of_question(seen, target))
		return plan;
	if (seen->ending == ENDING_NOT_OFFERED) {
		if (str_equal(seen->ending_detail, STR("STARTTLS")))
			plan_not_offered(&plan, target);
	} else if (seen->phase < PHASE_COUNT && planners[seen->phase]) {
		planners[seen->phase](&plan, seen, target);
	}
	return plan;
}

bool experiment_plan_is_empty(const struct experiment_plan *plan)
{
	return plan->count == 0 && !plan->asks_name && !plan->asks_controls &&
	       !plan->asks_addresses;
}
