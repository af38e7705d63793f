/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PROBE_CONTACT_H
#define PROBE_CONTACT_H

#include "probe/contact_outcome.h"
#include "probe/socket_facts.h"
#include "probe/str.h"

struct uv_loop_s;

/*
 * One connection of the second look: a socket of our own that goes as far as one
 * question needs and reports what it met. It never sends a credential or a user name:
 * the only lines that it knows are EHLO, HELO, NOOP, STARTTLS and QUIT.
 */
struct contact;

/* How far it goes; each step begins with those that it needs. */
enum contact_step {
	CONTACT_CONNECT,  /* the connection stands */
	CONTACT_GREETING, /* the first bytes of the peer came; nothing is sent */
	CONTACT_EHLO,     /* EHLO is answered */
	CONTACT_NOOP,     /* and NOOP behind it */
	CONTACT_HELO,     /* HELO, said instead of EHLO, is answered */
	CONTACT_STARTTLS, /* EHLO, then STARTTLS is answered */
	CONTACT_TLS       /* EHLO, STARTTLS, handshake, EHLO; with `tls_first` the
	                     handshake comes at once, then greeting and EHLO */
};

enum { CONTACT_TEXT_MAX = 512, CONTACT_BYTES_MAX = 16384, CONTACT_LINES_MAX = 128 };

struct contact_wish {
	struct sockaddr_storage address;
	int port;
	const char *source_address; /* NULL = any */
	enum contact_step step;
	bool tls_first;
	bool small_hello;        /* TLS 1.2 at most, one key exchange group */
	const char *server_name; /* SNI; NULL = none is sent */
	const char *ehlo_name;
	int mss; /* TCP_MAXSEG; 0 = the kernel's choice */
	int ttl; /* IP_TTL, IPV6_UNICAST_HOPS; 0 = the kernel's choice */
	usec patience;
};

struct contact_report {
	enum contact_outcome outcome;
	enum contact_step reached; /* the last step that was answered */
	bool connected;
	int error;    /* errno of the connect, 0 = none */
	bool at_once; /* it was connect() itself that failed */
	usec took;
	struct socket_facts socket;
	/* Of the peer, printable ASCII, cut to fit: */
	char first[CONTACT_TEXT_MAX];  /* its first line, or first bytes when no SMTP */
	char last[CONTACT_TEXT_MAX];   /* its last complete reply line */
	char before[CONTACT_TEXT_MAX]; /* keywords of EHLO before TLS, blanks between */
	char after[CONTACT_TEXT_MAX];  /* and after it */
	char issuer[CONTACT_TEXT_MAX], subject[CONTACT_TEXT_MAX]; /* leaf, RFC 4514 */
	char names[CONTACT_TEXT_MAX]; /* its alternative names */
	char alert[64];               /* TLS alert that was received */
};

/* Called once, on the loop, never inside contact_start(). */
typedef void contact_done(void *owner, const struct contact_report *report);

/* Strings of the wish are copied. Never NULL: trouble on our side is CONTACT_LOCAL. */
struct contact *contact_start(struct uv_loop_s *loop, const struct contact_wish *wish,
                              contact_done *done, void *owner);

/* Closes the connection; `done` will not be called. Not once it has been. */
void contact_cancel(struct contact *contact);

#endif
