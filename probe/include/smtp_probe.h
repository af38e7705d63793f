/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SMTP_PROBE_H
#define SMTP_PROBE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * Logs in to an SMTP server for real, sends no mail, measures every phase, and says
 * which fault it is when the login fails.
 *
 * One run is one login attempt: nothing is repeated, no second mechanism is tried.
 * The library has no main, prints nothing, reads no environment variable and holds
 * no global state. All calls that share a loop belong to that loop's thread. Before
 * the first call the program must have called curl_global_init() and must ignore
 * SIGPIPE.
 *
 * Words (cause, reason, phase, confidence, mechanism) are static strings that never
 * change their meaning; README explains each.
 */

#define SMTP_PROBE_API __attribute__((visibility("default")))

struct uv_loop_s; /* libuv's uv_loop_t */

struct smtp_probe_target;   /* an account on a server, checked; counted */
struct smtp_probe_result;   /* a finished run; counted */
struct smtp_probe_engine;   /* runs on one loop */
struct smtp_probe_run;      /* one run under way */
struct smtp_probe_periodic; /* a target that is probed again and again */

/* One sentence about the caller's trouble: the thing, the place, the remedy. */
struct smtp_probe_error {
	char text[384];
};

enum smtp_probe_tls {
	SMTP_PROBE_STARTTLS, /* RFC 3207, required: never skipped; port 587 */
	SMTP_PROBE_IMPLICIT, /* RFC 8314; port 465 */
	SMTP_PROBE_CLEARTEXT /* refused unless `allow_cleartext` */
};

enum smtp_probe_family { SMTP_PROBE_ANY_IP, SMTP_PROBE_IPV4, SMTP_PROBE_IPV6 };

enum smtp_probe_tls_min {
	SMTP_PROBE_TLS_DEFAULT, /* what OpenSSL is set up to accept */
	SMTP_PROBE_TLS_1_2,
	SMTP_PROBE_TLS_1_3
};

/*
 * What to probe. NULL and 0 mean "not given". Everything is copied; initialise with
 * { .host = ... } so that members of later versions are 0.
 */
struct smtp_probe_settings {
	const char *host; /* name, IPv4 or IPv6 address, or path of a Unix socket */
	int port;         /* 0 = 587, or 465 with SMTP_PROBE_IMPLICIT */
	enum smtp_probe_tls tls;
	enum smtp_probe_family family;
	const char *user;
	const char *password;      /* UTF-8, one line; copied to protected memory */
	const char *password_file; /* instead: refused when others may read it */
	const char *authorization; /* SASL authorization identity; normally none */
	const char *mechanism;     /* SASL name, or NULL for the best of both sides */
	const char *ehlo_name;     /* NULL = gethostname(), or an address literal */
	const char *server_name;   /* SNI and certificate name; NULL = host */
	const char *ca_file, *ca_dir; /* PEM; NULL = the system's authorities */
	const char *client_certificate, *client_key; /* PEM, both or none */
	enum smtp_probe_tls_min tls_min;
	const char *source_address; /* local IPv4 or IPv6 address */
	const char *via; /* http://, socks4://, socks4a://, socks5:// or socks5h:// */
	bool insecure;   /* log in although the certificate does not verify */
	bool allow_cleartext; /* log in although nothing is encrypted */
	double timeout;       /* seconds from DNS to AUTH, at most 3600; 0 = 10 */

	/*
	 * After a failure that is not a clear reply, and beside a session that is
	 * silent for long, a second look of so many seconds (at most 5; 0 = none)
	 * finds out who is at fault: up to 11 connections that carry no credential,
	 * within `timeout`, once in five minutes for a target of an engine.
	 */
	double second_look;
	/* "HOST:PORT" of what should be in reach whenever the target is; at most two */
	const char *control, *second_control;
	const char *interceptors_file; /* names besides the built-in ones; see README */

	/*
	 * Said one after the other once the login is accepted, at most 16; NULL ends
	 * them. A reply past 3yz ends the run with phase "mail". DATA and what else
	 * sends mail, logs in or ends the session is refused.
	 */
	const char *const *commands;
};

/*
 * Checks the settings, files included. NULL and a sentence in `error` when one of
 * them is wrong. The caller owns one reference.
 */
SMTP_PROBE_API struct smtp_probe_target *
smtp_probe_target_create(const struct smtp_probe_settings *settings,
                         struct smtp_probe_error *error);
SMTP_PROBE_API void smtp_probe_target_release(struct smtp_probe_target *target);

/*
 * Probes once and blocks until it is done: at most `timeout`, and a second more for
 * QUIT; a Kerberos library that waits for its KDC can hold it longer. Runs a loop of
 * its own. NULL and a sentence only when the loop, libcurl or GNU SASL cannot be
 * started; a login that fails is a result. The caller releases it.
 */
SMTP_PROBE_API struct smtp_probe_result *
smtp_probe_once(struct smtp_probe_target *target, struct smtp_probe_error *error);

/*
 * Called on the loop with a finished run. The receiver owns the result and releases
 * it. Never called from inside the function that started the run.
 */
typedef void smtp_probe_done(void *owner, struct smtp_probe_result *result);

/* An engine for any number of runs on `loop`, which must outlive it. */
SMTP_PROBE_API struct smtp_probe_engine *
smtp_probe_engine_create(struct uv_loop_s *loop, struct smtp_probe_error *error);

/*
 * Cancels what still runs without telling, and is gone when the loop has no more to
 * do for it: a second later at most, unless a SASL step still computes. May be called
 * inside `done`. NULL is fine.
 */
SMTP_PROBE_API void smtp_probe_engine_destroy(struct smtp_probe_engine *engine);

/* The handle is valid until `done` is called. */
SMTP_PROBE_API struct smtp_probe_run *smtp_probe_start(struct smtp_probe_engine *engine,
                                                       struct smtp_probe_target *target,
                                                       smtp_probe_done *done,
                                                       void *owner);

/* Ends a run early: QUIT is tried, then `done` comes with cause "local". */
SMTP_PROBE_API void smtp_probe_cancel(struct smtp_probe_run *run);

/* Runs under way. */
SMTP_PROBE_API size_t smtp_probe_in_flight(const struct smtp_probe_engine *engine);

/*
 * Probes `target` every `interval` seconds (at least 0.1), at slots that are spread
 * evenly over the interval among all targets of the engine and never move. A run
 * that is not over at its next slot lets it pass.
 */
SMTP_PROBE_API struct smtp_probe_periodic *
smtp_probe_add(struct smtp_probe_engine *engine, struct smtp_probe_target *target,
               double interval, smtp_probe_done *done, void *owner);
SMTP_PROBE_API void smtp_probe_remove(struct smtp_probe_engine *engine,
                                      struct smtp_probe_periodic *periodic);

/* When the latest run was due, in seconds since 1970 UTC. */
SMTP_PROBE_API double
smtp_probe_periodic_slot(const struct smtp_probe_periodic *periodic);

/* Slots that passed because the run before was not over. */
SMTP_PROBE_API size_t
smtp_probe_periodic_skipped(const struct smtp_probe_periodic *periodic);

SMTP_PROBE_API void smtp_probe_result_release(struct smtp_probe_result *result);

/* True when the server accepted the login (RFC 4954 §6, 235). */
SMTP_PROBE_API bool smtp_probe_success(const struct smtp_probe_result *result);

/* "none" after a success. */
SMTP_PROBE_API const char *smtp_probe_cause(const struct smtp_probe_result *result);
SMTP_PROBE_API const char *smtp_probe_reason(const struct smtp_probe_result *result);

/* "certain", "likely" or "possible". */
SMTP_PROBE_API const char *
smtp_probe_confidence(const struct smtp_probe_result *result);

/* The phase in which it failed, "none" after a success. */
SMTP_PROBE_API const char *smtp_probe_phase(const struct smtp_probe_result *result);

/* The n-th sentence of evidence or advice; NULL past the last. Live with the result. */
SMTP_PROBE_API const char *smtp_probe_evidence(const struct smtp_probe_result *result,
                                               size_t n);
SMTP_PROBE_API const char *smtp_probe_advice(const struct smtp_probe_result *result,
                                             size_t n);

/* Code and enhanced status of the deciding reply; 0 and "" when there was none. */
SMTP_PROBE_API int smtp_probe_reply_code(const struct smtp_probe_result *result);

/* The SASL mechanism that was used; "" when AUTH was not reached. */
SMTP_PROBE_API const char *smtp_probe_mechanism(const struct smtp_probe_result *result);

/* When the run began, in seconds since 1970 UTC. */
SMTP_PROBE_API double smtp_probe_started(const struct smtp_probe_result *result);

/* Seconds from the start to the verdict; QUIT is not counted. */
SMTP_PROBE_API double smtp_probe_duration(const struct smtp_probe_result *result);

/*
 * Seconds spent in "resolve", "connect", "banner", "ehlo", "starttls", "tls",
 * "ehlo_tls", "auth" or "quit"; -1 when the phase was not entered or the word is
 * another.
 */
SMTP_PROBE_API double smtp_probe_phase_duration(const struct smtp_probe_result *result,
                                                const char *phase);

/*
 * Seconds of a phase that the server itself took: the duration without the round
 * trips on the network; -1 when that is not known.
 */
SMTP_PROBE_API double smtp_probe_server_time(const struct smtp_probe_result *result,
                                             const char *phase);

/* Smoothed round-trip time in seconds (TCP_INFO); -1 when no connection stood. */
SMTP_PROBE_API double smtp_probe_rtt(const struct smtp_probe_result *result);

/* Segments that TCP had to send again; 0 when that is not known. */
SMTP_PROBE_API unsigned smtp_probe_retransmits(const struct smtp_probe_result *result);

/*
 * The n-th notice, what did not stop the login but deserves a word: its reason
 * ("tls_intercepted", "cert_expires_soon", "mechanism_downgrade", "slow_greeting" or
 * "packets_lost") and, in `text` unless that is NULL, a sentence. NULL past the last.
 */
SMTP_PROBE_API const char *smtp_probe_notice(const struct smtp_probe_result *result,
                                             size_t n, const char **text);

/*
 * The whole result as one JSON object (schema in README), optionally with the
 * redacted trace. From malloc(); the caller frees it.
 */
SMTP_PROBE_API char *smtp_probe_json(const struct smtp_probe_result *result,
                                     bool with_trace);

/* The redacted trace, one line an event. From malloc(); the caller frees it. */
SMTP_PROBE_API char *smtp_probe_trace(const struct smtp_probe_result *result);

#ifdef __cplusplus
}
#endif

#endif
