/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_UNIT_RECORDED_H
#define TESTS_UNIT_RECORDED_H

#include "probe/result.h"

/*
 * A whole session, written down as a trace, becomes the result of probing `target`;
 * NULL: probe@example.com at mx.example:587. The test fails when `text` is no trace.
 * Given back with result_release().
 */
struct result *recorded(const char *text, struct target *target);

/* A target with a password; the other settings as given. */
struct target *recorded_target(const struct target_settings *settings);

/* The session up to where AUTH is possible: STARTTLS, verified. */
#define RECORDED_GREETING \
	"0.000 * resolve mx.example\n" \
	"0.010 * resolved 192.0.2.7\n" \
	"0.010 * connect 192.0.2.7:587\n" \
	"0.020 * connected\n" \
	"0.040 < 220 mx.example ESMTP\n" \
	"0.040 > EHLO probe.example\n"
#define RECORDED_STARTTLS \
	RECORDED_GREETING \
	"0.050 < 250-mx.example\n" \
	"0.050 < 250 STARTTLS\n" \
	"0.050 > STARTTLS\n" \
	"0.060 < 220 2.0.0 Go ahead\n"
#define RECORDED_CERTIFICATE \
	"0.080 * certificate 0 subject=\"CN=mx.example\" issuer=\"CN=Example " \
	"CA\" names=\"mx.example www.mx.example\" " \
	"not_before=2024-01-01T00:00:00Z not_after=2034-01-01T00:00:00Z " \
	"issuer_url=no sha256=00ff\n"
#define RECORDED_ENCRYPTED \
	RECORDED_STARTTLS \
	"0.060 * tls start\n" RECORDED_CERTIFICATE "0.080 * verify 0 ok\n" \
	"0.090 * tls done TLSv1.3 TLS_AES_256_GCM_SHA384\n" \
	"0.090 > EHLO probe.example\n" \
	"0.100 < 250-mx.example\n" \
	"0.100 < 250 AUTH PLAIN LOGIN\n"
#define RECORDED_LOGIN RECORDED_ENCRYPTED "0.100 > AUTH PLAIN <redacted>\n"
#define RECORDED_SUCCESS \
	RECORDED_LOGIN \
	"0.150 < 235 2.7.0 Authentication successful\n" \
	"0.150 * end reply\n" \
	"0.150 > QUIT\n" \
	"0.170 < 221 2.0.0 Bye\n"
#define RECORDED_REFUSAL \
	RECORDED_LOGIN \
	"0.150 < 535 5.7.8 Bad credentials\n" \
	"0.150 * end reply\n"
/* The second of two refusals was 14 minutes and 7 seconds ago. */
#define RECORDED_SUSPENSION(reason) \
	"0.000 * begin 2026-11-24T08:17:10Z\n" \
	"0.000 * suspended next=2026-11-24T08:33:03Z times=2 " \
	"at=2026-11-24T08:03:03Z reason=" reason " confidence=likely\n"
#define RECORDED_SUSPENDED(reason) \
	RECORDED_SUSPENSION(reason) RECORDED_ENCRYPTED "0.100 * end suspended\n"
#define RECORDED_CLEARTEXT \
	RECORDED_GREETING \
	"0.050 < 250-mx.example\n" \
	"0.050 < 250 AUTH PLAIN LOGIN\n"

#endif
