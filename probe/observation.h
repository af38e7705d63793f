/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PROBE_OBSERVATION_H
#define PROBE_OBSERVATION_H

#include "probe/capability.h"
#include "probe/ending.h"
#include "probe/phase.h"
#include "probe/reply.h"
#include "probe/trace.h"

enum { TRIED_ADDRESS_MAX = 16, CERTIFICATE_MAX = 8, VERIFY_FAULT_MAX = 4 };

struct phase_facts {
	bool entered;
	bool done;
	usec started,
		duration;   /* until it was done, or until the session ended in it */
	struct reply reply; /* the last complete one */
};

struct tried_address {
	struct str endpoint; /* "192.0.2.7:587" */
	enum ending ending;  /* ENDING_NONE: it took the connection */
};

struct certificate_facts {
	struct str subject, issuer;       /* RFC 4514 */
	struct str names;                 /* alternative names, with blanks between */
	struct str not_before, not_after; /* RFC 3339 */
	struct str sha256;
	bool names_issuer_url; /* as the leaf of a public authority does */
};

struct tls_facts {
	bool started, done;
	struct str version, cipher;
	bool judged; /* a certificate was looked at */
	size_t fault_count;
	int faults[VERIFY_FAULT_MAX]; /* X509_V_ERR_*; none = verified */
	struct str fault_text;        /* of the first */
	size_t certificate_count;
	struct certificate_facts certificates[CERTIFICATE_MAX]; /* leaf first */
	struct str alert;
	bool alert_received;
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
	struct str raw;   /* first bytes that are no SMTP, printable */
	struct str proxy; /* what the proxy answered */

	bool starttls_asked;
	struct capabilities before_tls,
		after_tls; /* one of them empty without STARTTLS */
	struct tls_facts tls;

	struct str mechanism;   /* of the AUTH command */
	bool credential_sent;   /* at least one SASL message went out */
	bool authenticated;     /* the server said so, in reply to AUTH */
	bool own_name_answered; /* greeted by this machine's name, at another address */
	bool secret_has_blanks;
	bool truncated;
};

struct observation *observe(const struct trace *trace, struct arena *arena);

/* The reply that the session ended with; code 0 when there was none. */
const struct reply *observation_reply(const struct observation *seen);

/* The capabilities that count for AUTH: after TLS when there was a STARTTLS. */
const struct capabilities *observation_offer(const struct observation *seen);

#endif
