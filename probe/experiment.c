/* SPDX-License-Identifier: Apache-2.0 */
#include "probe/experiment.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uv.h>

#include "probe/address.h"
#include "probe/contact.h"
#include "probe/hop_count.h"
#include "probe/look_note.h"
#include "probe/own_name.h"
#include "probe/reply.h"
#include "probe/sinkhole.h"

enum { ADDRESSES_MAX = 2, SUBJECT_MAX = HOST_NAME_MAX_LEN + 8 };

/* One connection or look-up under way. */
struct attempt {
	struct second_look *look;
	struct experiment experiment;
	char subject[SUBJECT_MAX];
	struct contact *contact;
	struct resolve *resolve;
	int ttl;
	struct attempt *previous, *next;
};

struct second_look {
	struct second_look_params params;
	struct attempt *attempts;
	uv_timer_t timer;
	usec deadline;
	unsigned connections;
	bool over;
	struct hop_count hops;
};

/* ---- attempts ---- */

static struct attempt *begin_attempt(struct second_look *look,
                                     const struct experiment *experiment)
{
	struct attempt *attempt = memory_take(sizeof(*attempt));

	attempt->look = look;
	attempt->experiment = *experiment;
	attempt->next = look->attempts;
	if (look->attempts)
		look->attempts->previous = attempt;
	look->attempts = attempt;
	return attempt;
}

static void end_attempt(struct attempt *attempt)
{
	if (attempt->previous)
		attempt->previous->next = attempt->next;
	else
		attempt->look->attempts = attempt->next;
	if (attempt->next)
		attempt->next->previous = attempt->previous;
	free(attempt);
}

static void timer_is_closed(uv_handle_t *timer)
{
	struct second_look *look = timer->data;

	look->params.done(look->params.owner);
	free(look);
}

static void finish(struct second_look *look)
{
	if (look->over)
		return;
	look->over = true;
	while (look->attempts) {
		if (look->attempts->contact)
			contact_cancel(look->attempts->contact);
		resolve_cancel(look->attempts->resolve);
		end_attempt(look->attempts);
	}
	uv_close((uv_handle_t *)&look->timer, timer_is_closed);
}

void second_look_stop(struct second_look *look)
{
	finish(look);
}

static void count_hops(struct second_look *look);

/* The hops are counted last: only then is it known which other port answers. */
static void settle(struct second_look *look)
{
	if (!look->attempts && !look->over && look->params.plan.counts_hops)
		count_hops(look);
	if (!look->attempts)
		finish(look);
}

/* ---- connections ---- */

static const struct sockaddr_storage *last_address(const struct second_look *look)
{
	return &look->params.destination->addresses[look->params.address_index];
}

static bool greets_as_this_machine(const struct contact_report *report,
                                   const struct sockaddr_storage *address)
{
	struct reply_line greeting;
	struct str word;

	return reply_parse_line(&greeting, str_of(report->first)) &&
	       str_take_word(&word, &greeting.text, " ") && own_name_is(word) &&
	       !address_is_own(address);
}

static void say_finding(const struct attempt *attempt,
                        const struct contact_report *report)
{
	const struct second_look *look = attempt->look;
	char event[LOOK_NOTE_MAX];

	look_note_print(event, attempt->experiment.look, attempt->subject, report);
	look->params.note(look->params.owner, event);
	if (attempt->experiment.look == LOOK_UNVERIFIED &&
	    greets_as_this_machine(report, last_address(look)))
		look->params.note(look->params.owner, "own name answers");
}

static void on_report(void *owner, const struct contact_report *report)
{
	struct attempt *attempt = owner;
	struct second_look *look = attempt->look;
	struct contact_report told = *report;

	/* Where TLS is the question, what comes behind the handshake is not. */
	if (attempt->experiment.step == CONTACT_TLS && report->encrypted)
		told.outcome = CONTACT_ANSWERED;
	if (attempt->experiment.step == CONTACT_CONNECT && report->connected)
		told.outcome = CONTACT_TAKEN;
	if (attempt->experiment.look == LOOK_PORT)
		hop_count_consider(&look->hops, attempt->experiment.port, report);
	say_finding(attempt, &told);
	end_attempt(attempt);
	settle(look);
}

/* Everybody has reported before the look itself must end. */
static usec patience_of(const struct second_look *look, usec longest)
{
	usec left =
		look->deadline - clock_now() - SECOND_LOOK_MARGIN_MS * USEC_PER_MSEC;

	return left < longest ? (left > 0 ? left : 1) : longest;
}

static void connect_to(struct attempt *attempt, const struct sockaddr_storage *address,
                       contact_done *done)
{
	struct second_look *look = attempt->look;
	const struct target_settings *set = &look->params.target->set;
	const struct experiment *experiment = &attempt->experiment;
	char ehlo_name[OWN_NAME_MAX];
	struct contact_wish wish = {
		.address = *address,
		.port = experiment->port,
		.source_address = set->source_address,
		.step = experiment->step,
		.tls_first = experiment->tls_first,
		.small_hello = experiment->small_hello,
		.server_name = experiment->no_server_name ? NULL : set->server_name,
		.ehlo_name = ehlo_name,
		.mss = experiment->mss,
		.ttl = attempt->ttl,
	};

	own_name_for_ehlo(ehlo_name, set->ehlo_name, address);
	wish.patience = patience_of(
		look, USEC_PER_MSEC * (attempt->ttl ? SECOND_LOOK_HOP_PATIENCE_MS
	                                            : SECOND_LOOK_PATIENCE_MS));
	look->connections++;
	attempt->contact = contact_start(look->params.loop, &wish, done, attempt);
}

static bool may_connect(const struct second_look *look)
{
	return look->connections < SECOND_LOOK_CONNECTIONS_MAX;
}

static void start_experiment(struct second_look *look,
                             const struct experiment *experiment)
{
	struct attempt *attempt;

	if (!may_connect(look))
		return;
	attempt = begin_attempt(look, experiment);
	snprintf(attempt->subject, sizeof(attempt->subject), "%d", experiment->port);
	connect_to(attempt, last_address(look), on_report);
}

/* ---- other addresses ---- */

static void start_address(struct second_look *look,
                          const struct sockaddr_storage *address)
{
	struct experiment experiment = {
		.look = LOOK_ADDRESS,
		.port = look->params.target->set.port,
		.step = look->params.plan.address_step,
		.tls_first = look->params.target->set.tls == TLS_IMPLICIT,
	};
	struct attempt *attempt;

	if (!may_connect(look))
		return;
	if (experiment.tls_first)
		experiment.step = CONTACT_TLS;
	attempt = begin_attempt(look, &experiment);
	address_print_endpoint(attempt->subject, sizeof(attempt->subject), address,
	                       experiment.port);
	connect_to(attempt, address, on_report);
}

static void on_family_resolved(void *owner, const struct resolve_result *result)
{
	struct attempt *attempt = owner;
	struct second_look *look = attempt->look;

	end_attempt(attempt);
	if (result->status == RESOLVE_OK)
		start_address(look, &result->addresses[0]);
	settle(look);
}

static void ask_other_family(struct second_look *look)
{
	const struct target_settings *set = &look->params.target->set;
	struct experiment experiment = { .look = LOOK_ADDRESS };
	struct attempt *attempt;

	if (set->family == IP_ANY || address_is_literal(set->host) ||
	    sinkhole_is_local_name(str_of(set->host)))
		return;
	attempt = begin_attempt(look, &experiment);
	attempt->resolve = resolve_start(look->params.loop, set->host,
	                                 set->family == IP_V4 ? AF_INET6 : AF_INET,
	                                 on_family_resolved, attempt);
}

static void ask_addresses(struct second_look *look)
{
	const struct destination *destination = look->params.destination;
	size_t next = look->params.address_index + 1;

	for (size_t i = 0; i < ADDRESSES_MAX && next + i < destination->count; i++)
		start_address(look, &destination->addresses[next + i]);
	ask_other_family(look);
}

/* ---- the operator's control targets ---- */

/* "mx.example:587", checked when the target was made. */
static int split_control(char host[SUBJECT_MAX], const char *control)
{
	const char *colon = strrchr(control, ':');
	size_t len = (size_t)(colon - control);
	struct str digits = str_of(colon + 1);
	int port = 0;

	if (control[0] == '[' && len > 2) {
		control++;
		len -= 2;
	}
	snprintf(host, SUBJECT_MAX, "%.*s", (int)len, control);
	(void)str_take_number(&port, &digits);
	return port;
}

static void on_control_resolved(void *owner, const struct resolve_result *result)
{
	struct attempt *attempt = owner;
	struct second_look *look = attempt->look;
	const struct contact_report unknown = { .outcome = CONTACT_LOCAL };

	attempt->resolve = NULL;
	if (result->status == RESOLVE_OK && may_connect(look)) {
		connect_to(attempt, &result->addresses[0], on_report);
		return;
	}
	say_finding(attempt, &unknown);
	end_attempt(attempt);
	settle(look);
}

static void ask_control(struct second_look *look, const char *control)
{
	char host[SUBJECT_MAX];
	struct experiment experiment = { .look = LOOK_CONTROL };
	struct attempt *attempt;

	experiment.port = split_control(host, control);
	experiment.step = experiment_step_for_port(experiment.port);
	experiment.tls_first = experiment.step == CONTACT_TLS;
	attempt = begin_attempt(look, &experiment);
	snprintf(attempt->subject, sizeof(attempt->subject), "%s", control);
	attempt->resolve = resolve_start(look->params.loop, host, AF_UNSPEC,
	                                 on_control_resolved, attempt);
}

static void on_name_resolved(void *owner, const struct resolve_result *result)
{
	struct attempt *attempt = owner;
	struct second_look *look = attempt->look;
	char event[LOOK_NOTE_MAX];

	look_note_print_name(event, attempt->subject,
	                     destination_ending_of(result->status));
	look->params.note(look->params.owner, event);
	end_attempt(attempt);
	settle(look);
}

static void ask_name(struct second_look *look, const char *control)
{
	struct experiment experiment = { .look = LOOK_NAME };
	struct attempt *attempt = begin_attempt(look, &experiment);

	split_control(attempt->subject, control);
	attempt->resolve = resolve_start(look->params.loop, attempt->subject, AF_UNSPEC,
	                                 on_name_resolved, attempt);
}

static void ask_controls(struct second_look *look)
{
	const struct target_settings *set = &look->params.target->set;
	const struct experiment_plan *plan = &look->params.plan;

	for (size_t i = 0; i < CONTROL_MAX && set->controls[i]; i++) {
		if (plan->asks_controls)
			ask_control(look, set->controls[i]);
		else if (plan->asks_name)
			ask_name(look, set->controls[i]);
	}
}

/* ---- hops ---- */

static void on_hop(void *owner, const struct contact_report *report)
{
	struct attempt *attempt = owner;
	struct second_look *look = attempt->look;
	char event[LOOK_NOTE_MAX];

	if (hop_count_take(&look->hops, attempt->experiment.port, attempt->ttl,
	                   report)) {
		look_note_print_hops(event, &look->hops);
		look->params.note(look->params.owner, event);
	}
	end_attempt(attempt);
	settle(look);
}

static void count_hops(struct second_look *look)
{
	struct experiment experiment = { .look = LOOK_HOPS, .step = CONTACT_CONNECT };
	struct hop_question questions[HOP_QUESTION_MAX];
	size_t count = hop_count_ask(&look->hops, questions,
	                             SECOND_LOOK_CONNECTIONS_MAX - look->connections);

	for (size_t i = 0; i < count; i++) {
		struct attempt *attempt;

		experiment.port = questions[i].port;
		attempt = begin_attempt(look, &experiment);
		attempt->ttl = questions[i].ttl;
		connect_to(attempt, last_address(look), on_hop);
	}
}

/* ---- beginning and end ---- */

/* What a look-up has not said by now is silence. */
static void on_deadline(uv_timer_t *timer)
{
	struct second_look *look = timer->data;
	char event[LOOK_NOTE_MAX];

	for (struct attempt *at = look->attempts; at; at = at->next) {
		if (at->experiment.look != LOOK_NAME)
			continue;
		look_note_print_name(event, at->subject, ENDING_DNS_TIMEOUT);
		look->params.note(look->params.owner, event);
	}
	finish(look);
}

/* Outside of the caller's stack, so that `done` cannot come too early. */
static void on_start(uv_timer_t *timer)
{
	struct second_look *look = timer->data;
	const struct experiment_plan *plan = &look->params.plan;
	usec left = look->deadline - clock_now();

	uv_timer_start(timer, on_deadline,
	               (uint64_t)(left > 0 ? left / USEC_PER_MSEC : 0), 0);
	for (size_t i = 0; i < plan->count; i++)
		start_experiment(look, &plan->experiments[i]);
	if (plan->asks_addresses)
		ask_addresses(look);
	ask_controls(look);
	settle(look);
}

struct second_look *second_look_start(const struct second_look_params *params)
{
	struct second_look *look = memory_take(sizeof(*look));

	look->params = *params;
	look->deadline = clock_now() + params->patience;
	look->hops.port = params->target->set.port;
	look->hops.resets = params->plan.port_resets;
	uv_timer_init(params->loop, &look->timer);
	look->timer.data = look;
	uv_timer_start(&look->timer, on_start, 0, 0);
	return look;
}
