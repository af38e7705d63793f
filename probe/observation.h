/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PROBE_OBSERVATION_H
#define PROBE_OBSERVATION_H

#include "probe/capability.h"
#include "probe/connection_facts.h"
#include "probe/correlation.h"
#include "probe/ending.h"
#include "probe/guard_text.h"
#include "probe/look_facts.h"
#include "probe/memory.h"
#include "probe/phase.h"
#include "probe/reply.h"
#include "probe/tls_facts.h"
#include "probe/trace.h"

enum { TRIED_ADDRESS_MAX = 16, COMMAND_REPLY_MAX = 16 };

struct phase_facts {
	bool entered;
	bool done;
	usec started,
		duration;     /* until it was done, or until the session ended in it */
	struct reply reply;   /* the last complete one */
	unsigned round_trips; /* that the protocol needs here */
};

struct tried_address {
	struct str endpoint; /* "192.0.2.7:587" */
	enum ending ending;  /* ENDING_NONE: it took the connection */
};

/* An interception product's name in the chain. */
struct interceptor_facts {
	struct str kind, product; /* both empty: none */
	struct str place;         /* "certificate 1 issuer" */
};

/*
 * What is true of one session: facts folded from its trace, no opinion. Strings
 * live in the arena of the trace or in the one given to observe().
 */
struct observation {
	struct phase_facts phases[PHASE_COUNT];
	enum phase phase; /* the last one entered before the end */
	enum ending ending;
	struct str ending_detail;
	usec duration; /* from the start to the end, QUIT not counted */

	struct str host;    /* as asked for */
	struct str address; /* "192.0.2.7:587", empty when no connection stood */
	size_t tried_count;
	struct tried_address tried[TRIED_ADDRESS_MAX];
	struct str resolved; /* the addresses of the name, blanks between */
	bool host_is_own;    /* the name asked for is this machine's */
	struct str alias;    /* the name that DNS leads the host's to (CNAME) */
	struct connection_facts connection;
	struct str raw;   /* first bytes that are no SMTP, printable */
	struct str proxy; /* what the proxy answered */

	bool starttls_asked;
	struct capabilities before_tls,
		after_tls; /* one of them empty without STARTTLS */
	struct tls_facts tls;

	struct str mechanism; /* of the AUTH command */
	size_t command_count; /* answered, of those after AUTH */
	struct reply command_replies[COMMAND_REPLY_MAX];
	bool credential_sent;   /* at least one SASL message went out */
	bool authenticated;     /* the server said so, in reply to AUTH */
	bool own_name_answered; /* greeted by this machine's name, at another address */
	bool own_name_certified; /* the certificate is for it, not for the target */
	bool secret_has_blanks;
	bool truncated;

	usec begun; /* wall clock, 0 = unknown */
	struct interceptor_facts interceptor;
	bool has_last;
	struct memory_record last; /* what the last good login looked like */
	struct look_facts look;
	struct correlation_counts others; /* unrelated targets with the same trouble */
	struct str memory_damage, interceptors_damage; /* one sentence each */
	bool suspended; /* no login was wanted; the session ends before AUTH */
	struct guard_suspension suspension;
	struct str guard_remark; /* one sentence */
};

struct observation *observe(const struct trace *trace, struct arena *arena);

/* The reply that the session ended with; code 0 when there was none. */
const struct reply *observation_reply(const struct observation *seen);

/*
 * The time that the server itself took for a phase: its duration without the round
 * trips on the network; -1 when either is unknown.
 */
usec observation_server_time(const struct observation *seen, enum phase phase);

/* The capabilities that count for AUTH: after TLS when there was a STARTTLS. */
const struct capabilities *observation_offer(const struct observation *seen);

#endif
