/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PROBE_TARGET_H
#define PROBE_TARGET_H

#include "probe/arena.h"
#include "probe/clock.h"
#include "probe/interceptor_file.h"
#include "probe/mechanism.h"
#include "probe/secret.h"

enum tls_mode { TLS_STARTTLS, TLS_IMPLICIT, TLS_NONE };
enum ip_family { IP_ANY, IP_V4, IP_V6 };
enum tls_version { TLS_VERSION_DEFAULT, TLS_VERSION_1_2, TLS_VERSION_1_3 };

enum { CONTROL_MAX = 2, SECOND_LOOK_MAX_S = 5, COMMAND_MAX = 16 };

/*
 * One account on one server and how to reach it. Plain data to fill in; NULL and
 * 0 mean "not given". Strings are borrowed.
 */
struct target_settings {
	const char *host; /* name, address literal, or the path of a Unix socket */
	int port;         /* 0 = 587, or 465 with TLS_IMPLICIT */
	enum tls_mode tls;
	enum ip_family family;
	const char *user;             /* NULL: only EXTERNAL and GSSAPI can log in */
	const char *authorization;    /* identity to act as; normally not given */
	enum mechanism mechanism;     /* MECHANISM_AUTO or the only one to use */
	const char *ehlo_name;        /* NULL = the name of this machine */
	const char *server_name;      /* SNI and certificate name; NULL = host */
	const char *ca_file, *ca_dir; /* NULL = the system's */
	const char *client_certificate, *client_key; /* PEM */
	enum tls_version tls_min;
	const char *source_address;
	const char *via; /* http://, socks4://, socks4a://, socks5:// or socks5h:// */
	bool insecure;   /* log in although the certificate does not verify */
	bool allow_cleartext; /* log in although the session is not encrypted */
	usec timeout;         /* from DNS to AUTH; 0 = 10 s */
	usec second_look;     /* how long one may take; 0 = none is taken */
	/* "HOST:PORT" of what should be in reach when this target is; NULL ends them */
	const char *controls[CONTROL_MAX + 1];
	const char *interceptors_file; /* names besides the built-in ones */
	/* Said after a login that was accepted, each once the one before is; NULL ends
	 */
	const char *commands[COMMAND_MAX + 1];
};

/* A checked copy of the settings with every default filled in; counted. */
struct target {
	struct target_settings set;
	const char *address; /* "mx.example:587", "[::1]:587" or the socket path */
	const struct secret *secret;                  /* NULL: no password */
	const struct interceptor_table *interceptors; /* the user's own; NULL: none */
	struct error interceptors_damage; /* what is wrong with them; may be empty */
	bool is_unix_socket;
	/* private: */
	struct arena *arena;
	struct secret *owned;
	unsigned references;
};

enum {
	HOST_NAME_MAX_LEN = 253, /* RFC 1035 §2.3.4, as text */
	USER_NAME_MAX_LEN = 1024,
	COMMAND_MAX_LEN = 510, /* RFC 5321 §4.5.3.1.4, CRLF not counted */
	TARGET_TIMEOUT_MAX_S = 3600
};

/*
 * Checks the settings, files included, and copies them. Takes over `secret` (may
 * be NULL) in every case. NULL with one sentence that names the wrong value and
 * what would be right.
 */
struct target *target_create(const struct target_settings *settings,
                             struct secret *secret, struct error *err);

struct target *target_keep(struct target *target);
void target_release(struct target *target); /* NULL is fine */

/* 587 or 465 (RFC 6409, RFC 8314). */
int target_usual_port(enum tls_mode tls);

/* The set of 1 << PROOF_* that the target can show a server. */
unsigned target_proofs(const struct target *target);

#endif
