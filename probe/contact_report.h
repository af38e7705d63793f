/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PROBE_CONTACT_REPORT_H
#define PROBE_CONTACT_REPORT_H

#include "probe/contact_outcome.h"
#include "probe/socket_facts.h"
#include "probe/str.h"

/* How far a contact goes; each step begins with those that it needs. */
enum contact_step {
	CONTACT_CONNECT,  /* the connection stands */
	CONTACT_GREETING, /* the first line of the peer came; nothing is sent */
	CONTACT_EHLO,     /* EHLO is answered */
	CONTACT_NOOP,     /* and NOOP behind it */
	CONTACT_HELO,     /* HELO, said instead of EHLO, is answered */
	CONTACT_STARTTLS, /* EHLO, then STARTTLS is answered, whether offered or not */
	CONTACT_TLS       /* EHLO, STARTTLS, handshake, EHLO; with `tls_first` the
	                     handshake comes at once, then greeting and EHLO */
};

enum { CONTACT_TEXT_MAX = 512, CONTACT_ALERT_MAX = 64 };

/* What one connection of the second look met. */
struct contact_report {
	enum contact_outcome outcome;
	enum contact_step reached; /* the last step that was answered */
	bool connected;
	bool encrypted; /* the handshake is complete */
	bool is_tls;    /* what was no SMTP began like a TLS record */
	int error;      /* errno of the attempt to connect, 0 = none */
	bool at_once;   /* it was connect() itself, or what comes before, that failed */
	usec took;
	struct socket_facts socket;
	/* Of the peer, printable ASCII, everything else as '?', cut to fit: */
	char first[CONTACT_TEXT_MAX];  /* its first line, or first bytes when no SMTP */
	char last[CONTACT_TEXT_MAX];   /* its last line */
	char before[CONTACT_TEXT_MAX]; /* what EHLO offered before TLS */
	char after[CONTACT_TEXT_MAX];  /* and after it */
	char issuer[CONTACT_TEXT_MAX], subject[CONTACT_TEXT_MAX]; /* leaf, RFC 4514 */
	char names[CONTACT_TEXT_MAX];  /* its alternative names, blanks between */
	char alert[CONTACT_ALERT_MAX]; /* TLS alert that was received */
};

/* Copies what a peer wrote, printable ASCII as it is, every other byte as '?'. */
void contact_report_copy(char *out, size_t room, struct str foreign);

#endif
