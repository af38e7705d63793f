/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SUPPORT_LOGIN_H
#define SUPPORT_LOGIN_H

#include <stdbool.h>

#include "tests/support/connection.h"
#include "tests/support/sasl_server.h"

/*
 * A submission server that lets people log in (RFC 5321, 3207, 4954) and takes no mail.
 * The server's plan is a login_plan.
 */
enum tls_mode { TLS_STARTTLS, TLS_IMPLICIT, TLS_NONE };

#define LOGIN_MECHANISMS_MAX  32
#define LOGIN_MECHANISM_BYTES 20 /* RFC 4422 */

struct login_plan {
	struct sasl_server *sasl;
	const char *host;     /* how the server calls itself in replies to EHLO */
	const char *greeting; /* after the 220; lines with LF between */
	const char *mechanisms[LOGIN_MECHANISMS_MAX]; /* in the order announced; NULL */
	bool external_always; /* EXTERNAL also to clients without a certificate */
	enum tls_mode tls;
	unsigned long reply_delay; /* milliseconds */
	bool auth_before_tls;
	bool backend_down;
	bool lower_case;
	bool auth_equals;
	bool reset_after_refusal;
	bool silent_quit;
};

extern const struct dialogue login_dialogue;

#endif
