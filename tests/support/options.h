/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SUPPORT_OPTIONS_H
#define SUPPORT_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>

#include "tests/support/login.h"
#include "tests/support/pki.h"

enum mode { MODE_REPLAY = 1, MODE_LOGIN = 2 };

#define OPTIONS_NAMES_MAX 16

/* The command line, an option for each field; texts point into it. */
struct options {
	enum mode mode;
	const char *trace;        /* replay's file */
	const char *listen;       /* numeric address or /path of a Unix socket */
	unsigned long port;       /* 0 = one that is free */
	const char *certificates; /* directory of the PKI; NULL = kept in memory */
	const char *names[OPTIONS_NAMES_MAX]; /* --name: the server's, repeatable */
	size_t name_count;
	const char *client_name;      /* common name in client.pem */
	const char *client_authority; /* --client-ca: ask for client certificates */
	enum certificate certificate; /* shown where a script names none */
	/* --without-sni: instead of it, to who asks for none of its names; or DEFAULT
	 */
	enum certificate without_sni;
	int highest_tls;      /* --tls-max 1.0 to 1.3; 0 = the newest */
	bool quiet;           /* nothing on stderr about single connections */
	bool exit_with_stdin; /* end when standard input, a pipe, is closed */

	/* replay only */
	bool timing; /* answer as slowly as the recorded server */

	/* login only */
	const char *users;         /* file of lines "name:password" */
	const char *mechanisms;    /* separated by spaces or commas; NULL = all */
	unsigned long iterations;  /* of SCRAM; see USERS_ITERATIONS_MAX */
	enum tls_mode tls;         /* starttls, implicit or none */
	const char *greeting;      /* after the 220, lines with LF between; or NULL */
	const char *ehlo_name;     /* in replies to EHLO and HELO; NULL = first name */
	unsigned long reply_delay; /* milliseconds before each reply */
	bool backend_down;         /* every login ends in 454 */
	bool lower_case;           /* EHLO keywords */
	bool auth_equals;          /* AUTH=PLAIN, the form from before RFC 2554 */
	bool auth_before_tls;      /* announce and accept AUTH in clear text */
	bool reset_after_refusal;  /* RST behind the 535 */
	bool silent_quit;          /* never answer QUIT */
};

/* False after a message on stderr. */
bool options_read(struct options *out, int count, char *arguments[]);

#endif
