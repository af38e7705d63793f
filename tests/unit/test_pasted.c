/* SPDX-License-Identifier: Apache-2.0 */
#include "probe/pasted.h"

#include <stdio.h>
#include <stdlib.h>

#include "tests/unit/row.h"

static void print_status(char *out, size_t size, const struct enhanced_status *status)
{
	out[0] = '\0';
	if (status->class)
		snprintf(out, size, "%d.%d.%d", status->class, status->subject,
		         status->detail);
}

struct form {
	const char *name, *raw;
	int code;
	const char *status, *text;
};

static void check_form(const struct form *form)
{
	char *raw = malloc(strlen(form->raw) + 1), status[32];
	struct pasted pasted;

	/* Its own memory, so that a sanitizer sees a step too far. */
	memcpy(raw, form->raw, strlen(form->raw));
	CHECK(form->name,
	      pasted_parse(&pasted, (struct str){ raw, strlen(form->raw) }));
	print_status(status, sizeof(status), &pasted.reply.enhanced);
	CHECK_INT(form->name, pasted.reply.code, form->code);
	CHECK_TEXT(form->name, status, form->status);
	CHECK_STR(form->name, pasted.reply.text, form->text);
	free(raw);
}

/* ---- as on the wire ---- */

static const struct form wire[] = {
	{ "one line", "535 5.7.8 Error: authentication failed", 535, "5.7.8",
	  "Error: authentication failed" },
	{ "bare code", "535", 535, "", "" },
	{ "code and blank", "535 ", 535, "", "" },
	{ "code and hyphen", "535-", 535, "", "" },
	{ "code and status", "535 5.7.8", 535, "5.7.8", "" },
	{ "lower case", "535 5.7.8 error: authentication failed", 535, "5.7.8",
	  "error: authentication failed" },
	{ "line end", "535 5.7.8 no\r\n", 535, "5.7.8", "no" },
	{ "blanks around", "  \t535 5.7.8 no \r\n\r\n", 535, "5.7.8", "no" },
	{ "tab", "535\tno", 535, "", "no" },
	{ "two lines",
	  "535-5.7.8 Not accepted. Go to\r\n535 5.7.8  https://x.example\r\n", 535,
	  "5.7.8", "Not accepted. Go to https://x.example" },
	{ "lone CR", "535-5.7.8 a\r535 5.7.8 b\r", 535, "5.7.8", "a b" },
	{ "status in the last line only", "535-a\n535 5.7.8 b", 535, "5.7.8", "a b" },
	{ "hyphen forgotten", "535 a\n535 b", 535, "", "a b" },
	{ "last line missing", "535-5.7.8 a", 535, "5.7.8", "a" },
	{ "EHLO", "250-mx.example\n250-SIZE 500 x\n250 STARTTLS", 250, "",
	  "mx.example SIZE 500 x STARTTLS" },
	{ "relay quotes another",
	  "530-5.7.57 Not authenticated. Error: 535 5.7.139\n530 5.7.57 Ask", 530,
	  "5.7.57", "Not authenticated. Error: 535 5.7.139 Ask" },
	{ "challenge", "334 VXNlcm5hbWU6", 334, "", "VXNlcm5hbWU6" },
	{ "quotes inside", "535 5.7.8 Invalid authentication mechanism: 'LOGIN'", 535,
	  "5.7.8", "Invalid authentication mechanism: 'LOGIN'" },
	{ "brackets inside", "450 4.7.1 Client host rejected, [192.0.2.10]", 450,
	  "4.7.1", "Client host rejected, [192.0.2.10]" },
	{ "8-bit", "535 5.7.8 Fehler: ung\xfcltig", 535, "5.7.8",
	  "Fehler: ung\xfcltig" },
	{ "amount", "552 messages too many", 552, "", "messages too many" },
	/* The status may stand elsewhere; its class must be that of the code. */
	{ "status in parentheses with #", "502 unimplemented (#5.5.1)", 502, "5.5.1",
	  "unimplemented (#5.5.1)" },
	{ "status in parentheses", "535 authentication failed (5.7.8)", 535, "5.7.8",
	  "authentication failed (5.7.8)" },
	{ "status in brackets", "535 no [5.7.8] sorry", 535, "5.7.8",
	  "no [5.7.8] sorry" },
	{ "status behind #", "535 no #5.7.8", 535, "5.7.8", "no #5.7.8" },
	{ "status of another class", "502 no (#4.5.1)", 502, "", "no (#4.5.1)" },
	{ "status of another class in front", "535 4.7.8 no", 535, "", "4.7.8 no" },
	{ "status of another class, then one of its own", "535 4.7.8 no (#5.7.8)", 535,
	  "5.7.8", "4.7.8 no (#5.7.8)" },
	{ "address is no status", "535 no [5.7.8.9]", 535, "", "no [5.7.8.9]" },
	{ "version is no status", "554 mx (Exim 5.9.1)", 554, "", "mx (Exim 5.9.1)" },
	{ "tag is no status", "535 (#AUTH005) no", 535, "", "(#AUTH005) no" },
	{ "four numbers behind #", "535 no #5.7.8.9", 535, "", "no #5.7.8.9" },
};

static void reply_as_on_the_wire_is_read(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(wire); i++)
		check_form(&wire[i]);
}

/* ---- out of logs ---- */

static const struct form logs[] = {
	{ "PHPMailer",
	  "2024-01-02 10:11:12\tSERVER -> CLIENT: 535 5.7.8 Error: authentication "
	  "failed\n2024-01-02 10:11:12\tSMTP ERROR: Password command failed: 535 5.7.8 "
	  "Error: authentication failed\nSMTP Error: Could not authenticate.\n"
	  "2024-01-02 10:11:12\tCLIENT -> SERVER: QUIT\n"
	  "2024-01-02 10:11:13\tSERVER -> CLIENT: 221 2.0.0 Bye\n",
	  535, "5.7.8", "Error: authentication failed" },
	{ "PHPMailer, one line", "SMTP Error: Could not authenticate. 535 5.7.8 no",
	  535, "5.7.8", "no" },
	{ "PHPMailer, no status",
	  "SMTP ERROR: Password command failed: 535 Incorrect authentication data", 535,
	  "", "Incorrect authentication data" },
	{ "PHPMailer in HTML",
	  "SERVER -&gt; CLIENT: 535 Incorrect authentication data<br>", 535, "",
	  "Incorrect authentication data" },
	{ "S:", "C: AUTH LOGIN\nS: 334 VXNlcm5hbWU6\nC: x\nS: 535 5.7.8 no", 535,
	  "5.7.8", "no" },
	{ "swaks",
	  " -> AUTH LOGIN\n<-  334 VXNlcm5hbWU6\n -> cHJvYmU=\n<** 535 5.7.8 Error: "
	  "authentication failed\n*** No authentication type succeeded\n -> QUIT\n"
	  "<-  221 2.0.0 Bye\n=== Connection closed with remote host.\n",
	  535, "5.7.8", "Error: authentication failed" },
	{ "swaks inside TLS", " ~> AUTH PLAIN x\n<~* 535-5.7.8 a\n<~* 535 5.7.8 b\n",
	  535, "5.7.8", "a b" },
	{ "arrow", "<-- 535 5.7.8 no", 535, "5.7.8", "no" },
	{ "sendmail -v", ">>> AUTH PLAIN x\n<<< 535 5.7.8 no", 535, "5.7.8", "no" },
	{ "curl -v",
	  "> AUTH PLAIN\n< 334 \n> x\n< 535 5.7.8 no\n* Closing connection 0\n"
	  "curl: (67) Login denied\n",
	  535, "5.7.8", "no" },
	{ "mail quotes it", "> > 535 Authentication failed", 535, "",
	  "Authentication failed" },
	{ "smtplib",
	  "Traceback (most recent call last):\n  File "
	  "\"/usr/lib/python3.11/smtplib.py\", "
	  "line 750, in login\n    raise last_exception\nsmtplib."
	  "SMTPAuthenticationError: (535, b'5.7.8 Error: authentication failed')\n",
	  535, "5.7.8", "Error: authentication failed" },
	{ "smtplib, two lines",
	  "smtplib.SMTPAuthenticationError: (535, b'5.7.8 Not accepted. Go to\\n5.7.8  "
	  "https://x.example/?p=Bad - gsmtp')",
	  535, "5.7.8", "Not accepted. Go to https://x.example/?p=Bad - gsmtp" },
	{ "smtplib, no status", "(535, b'Incorrect authentication data')", 535, "",
	  "Incorrect authentication data" },
	{ "smtplib, Python 2", "SMTPAuthenticationError: (535, '5.7.3 no')", 535,
	  "5.7.3", "no" },
	{ "smtplib, debug",
	  "send: 'AUTH PLAIN x\\r\\n'\nreply: b'535 5.7.8 no\\r\\n'\nreply: retcode "
	  "(535); Msg: b'5.7.8 no'\n",
	  535, "5.7.8", "no" },
	{ "smtplib, the debug line alone", "reply: retcode (535); Msg: b'5.7.8 no'",
	  535, "5.7.8", "no" },
	{ "nodemailer",
	  "Error: Invalid login: 535-5.7.8 Username and Password not accepted. For "
	  "more "
	  "information, go to\n535 5.7.8  https://x.example/ 5b1f - gsmtp\n    at "
	  "SMTPConnection._formatError (/app/smtp-connection/index.js:784:19)\n    at "
	  "Socket.emit (node:events:519:28) {\n  code: 'EAUTH',\n  response: "
	  "'535-5.7.8 "
	  "Username and Password not accepted. For more information, go to\\n' +\n    "
	  "'535 5.7.8  https://x.example/ 5b1f - gsmtp',\n  responseCode: 535,\n  "
	  "command: 'AUTH PLAIN'\n}\n",
	  535, "5.7.8",
	  "Username and Password not accepted. For more information, go to "
	  "https://x.example/ 5b1f - gsmtp" },
	{ "quoted", "\"535 5.7.8 can't do\" they said", 535, "5.7.8", "can't do" },
	{ "single quotes", "it says '535 5.7.8 can't do', what now?", 535, "5.7.8",
	  "can't do" },
	{ "JSON", "{\"response\": \"535 5.7.8 no\\r\\n\", \"command\": \"AUTH\"}", 535,
	  "5.7.8", "no" },
	{ "JSON, code apart", "{\"code\":535,\"message\":\"5.7.8 no\",\"ms\":250}", 535,
	  "5.7.8", "no" },
	{ "Postfix client",
	  "Jan  2 03:04:05 mail postfix/smtp[1234]: ABC535DEF: to=<a@example.com>, "
	  "relay=mx.example[192.0.2.10]:587, delay=1.2, delays=0.1/0.02/1/0, "
	  "dsn=4.7.8, "
	  "status=deferred (SASL authentication failed; server mx.example[192.0.2.10] "
	  "said: 535 5.7.8 Error: authentication failed)",
	  535, "5.7.8", "Error: authentication failed" },
	{ "Postfix, in reply to",
	  "status=bounced (host mx.example[192.0.2.10] said: 554 5.7.1 "
	  "<a@example.com>: Relay access denied (in reply to RCPT TO command))",
	  554, "5.7.1", "<a@example.com>: Relay access denied" },
	{ "Postfix, verbose", "postfix/smtp[9]: < mx.example[192.0.2.1]:587: 535 no",
	  535, "", "no" },
	{ "Exim server",
	  "2024-01-02 03:04:05 login authenticator failed for (host) "
	  "[192.0.2.10]:54321: 535 Incorrect authentication data (set_id=probe)",
	  535, "", "Incorrect authentication data (set_id=probe)" },
	{ "Exim client",
	  "2024-01-02 03:04:05 1rKabc-000250-01 ** a@example.com R=smart T=smtp "
	  "H=mx.example [192.0.2.1]: SMTP error from remote mail server after AUTH "
	  "PLAIN "
	  "*****: 535 5.7.8 no",
	  535, "5.7.8", "no" },
	{ "Exim -d", "  SMTP>> AUTH PLAIN ****\n  SMTP<< 535 no", 535, "", "no" },
	{ "msmtp",
	  "msmtp: authentication failed (method PLAIN)\nmsmtp: server message: "
	  "535-5.7.8 "
	  "a\nmsmtp: server message: 535 5.7.8 b\nmsmtp: could not send mail (account "
	  "default from /etc/msmtprc)\n",
	  535, "5.7.8", "a b" },
	{ "msmtp log",
	  "Jan 02 03:04:05 host=mx.example tls=on auth=on user=probe smtpstatus=535 "
	  "smtpmsg='535 5.7.8 no' errormsg='authentication failed' exitcode=EX_NOPERM",
	  535, "5.7.8", "no" },
	{ "Exchange log",
	  "2024-01-02T10:11:12.123Z,MX\\Default,08D,12,192.0.2.1:587,192.0.2.2:250,>,"
	  "535 "
	  "5.7.3 Authentication unsuccessful,",
	  535, "5.7.3", "Authentication unsuccessful," },
	{ "Exchange log, no status",
	  "2024-01-02T10:11:12.123Z,MX\\Default,08D,12,192.0.2.1:587,192.0.2.2:25,<,"
	  "535 no",
	  535, "", "no" },
	{ "Exchange bounce", "Remote Server returned '550 5.7.1 Unable to relay'", 550,
	  "5.7.1", "Unable to relay" },
	{ "bounce", "Diagnostic-Code: smtp; 550 5.7.1 Relaying denied", 550, "5.7.1",
	  "Relaying denied" },
	{ "qmail",
	  "deferral: Connected_to_192.0.2.1_but_failed./Remote_host_said:_535_auth_"
	  "failed_(#5.7.8)/",
	  535, "5.7.8", "auth_failed_(#5.7.8)/" },
	{ "JavaMail",
	  "javax.mail.AuthenticationFailedException: 535-5.7.8 a\n535 5.7.8 b\n\n\tat "
	  "com.sun.mail.smtp.SMTPTransport$Authenticator.authenticate(Smtp.java:965)",
	  535, "5.7.8", "a b" },
	{ "MailKit", "MailKit.Security.AuthenticationException: 535: 5.7.8 no", 535,
	  "5.7.8", "no" },
	{ "lettre", "permanent error (535): 5.7.8 no", 535, "5.7.8", "no" },
	{ "Ruby", "535 5.7.8 no (Net::SMTPAuthenticationError)", 535, "5.7.8",
	  "no (Net::SMTPAuthenticationError)" },
	{ "Ruby, class first", "Net::SMTPAuthenticationError (535-5.7.8 Not accepted)",
	  535, "5.7.8", "Not accepted" },
	{ "Perl", "Net::SMTP=GLOB(0x250)<<< 535 5.7.8 no", 535, "5.7.8", "no" },
	{ "Symfony",
	  "Authenticator \"LOGIN\" returned \"Expected response code \"235\" but got "
	  "code \"535\", with message \"535 5.7.8 no\".\"",
	  535, "5.7.8", "no" },
	{ "SwiftMailer",
	  "Expected response code 250 but got code \"530\", with message \"530 5.7.1 "
	  "Authentication required\r\n\"",
	  530, "5.7.1", "Authentication required" },
	{ "Go", "panic: 535 5.7.8 Not accepted. Go to\n5.7.8  https://x.example\n", 535,
	  "5.7.8", "Not accepted. Go to https://x.example" },
	{ "Outlook",
	  "Protocol: SMTP, Server Response: '535 5.7.3 no', Port: 587, Secure(SSL): No",
	  535, "5.7.3", "no" },
	{ "Thunderbird",
	  "Login to server mx.example failed. The mail server responded: 535 no", 535,
	  "", "no" },
	{ "in a sentence", "the server answered 535 Authentication failed", 535, "",
	  "Authentication failed" },
	{ "container", "app_1  | 535 5.7.8 no", 535, "5.7.8", "no" },
	{ "colour", "\033[31m535 5.7.8 no\033[0m", 535, "5.7.8", "no" },
	{ "clock", "10:11:12 535 no", 535, "", "no" },
	{ "clock with a fraction that looks like a code", "10:11:12.535 535 no", 535,
	  "", "no" },
	{ "clock in brackets", "[10:11:12] 535 no", 535, "", "no" },
	{ "our own trace", "0.231 > AUTH PLAIN <redacted>\n0.250 < 535 5.7.8 no", 535,
	  "5.7.8", "no" },
	{ "port before", "connected to mx.example:587\n535 no", 535, "", "no" },
	{ "amount before", "after 250 ms: 535 no", 535, "", "no" },
	{ "amount behind", "S: 235 ok, 512 bytes", 235, "", "ok, 512 bytes" },
	{ "non-breaking blank",
	  "\xc2\xa0"
	  "535 no",
	  535, "", "no" },
	{ "folded by a mailer",
	  "535 5.7.8 Username and Password not accepted. For more information,\ngo to "
	  "https://x.example",
	  535, "5.7.8",
	  "Username and Password not accepted. For more information, go to "
	  "https://x.example" },
	{ "not folded",
	  "535 5.7.8 Username and Password not accepted. For more "
	  "information\ncommand: "
	  "'AUTH PLAIN'\nthe database is down",
	  535, "5.7.8", "Username and Password not accepted. For more information" },
	/* A whole session: the failure counts, and of failures the last that is no
	 * mere consequence. */
	{ "session",
	  "220 mx.example ESMTP\nEHLO x\n250-mx.example\n250 AUTH PLAIN\nAUTH PLAIN x\n"
	  "535 5.7.8 no\nMAIL FROM:<>\n530 5.7.0 Authentication required\nQUIT\n221 "
	  "Bye\n",
	  535, "5.7.8", "no" },
	{ "session with an old EHLO",
	  "220 mx\n502 what is EHLO\n250 mx\n454 4.7.0 later\n421 closing", 454,
	  "4.7.0", "later" },
	{ "session that succeeds",
	  "220 mx.example ESMTP\n250 mx.example\n235 2.7.0 ok\n221 2.0.0 Bye\n", 235,
	  "2.7.0", "ok" },
};

static void reply_is_found_in_a_log(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(logs); i++)
		check_form(&logs[i]);
}

/* ---- refused ---- */

static const struct {
	const char *name;
	struct str raw;
} refused[] = {
	{ "nothing", RUN("") },
	{ "blanks", RUN(" \r\n\t\r\n") },
	{ "NUL", RUN("\0\0\0") },
	{ "words", RUN("SMTP Error: Could not authenticate.") },
	{ "status alone", RUN("5.7.8 Error: authentication failed") },
	{ "two digits", RUN("53 no") },
	{ "four digits", RUN("5355 no") },
	{ "below the range", RUN("199 no") },
	{ "above the range", RUN("600 no") },
	{ "no separator", RUN("535no") },
	{ "NUL in the code", RUN("5\00035 no") },
	{ "NUL after the code", RUN("535\0no") },
	{ "port", RUN("Trying mx.example:587 ...") },
	{ "port in words", RUN("could not connect to port 587 of mx.example") },
	{ "port behind a colon", RUN("Port: 587 Secure(SSL): No") },
	{ "port alone", RUN("587 is the port") },
	{ "address", RUN("connected to 192.0.2.250 from here") },
	{ "clock", RUN("2024-01-02 10:11:12.535 authentication failed") },
	{ "clock with a comma", RUN("10:11:12,535 DEBUG authentication failed") },
	{ "year", RUN("Wed, 04 Jan 2023 09:01:33 +0000 no") },
	{ "process", RUN("postfix/smtpd[535]: warning: SASL LOGIN failed") },
	{ "queue id", RUN("ABC535 removed") },
	{ "size", RUN("size=535 nrcpt=1 (queue active)") },
	{ "size in words", RUN("size: 535 octets") },
	{ "amount", RUN("it took 250 ms") },
	{ "amount in a sentence", RUN("I have 500 users and none can log in") },
	{ "HTTP", RUN("HTTP/1.1 502 Bad Gateway") },
	{ "HTTP log", RUN("\"GET / HTTP/1.1\" 502 157") },
	{ "telephone", RUN("call +1-212-555-0100 x") },
	{ "money", RUN("it costs $250 a year") },
	{ "base64", RUN("> AHByb2JlADUzNSBubw==") },
	{ "code with a comma", RUN("responseCode: 535,") },
	{ "line number", RUN("File \"smtplib.py\", line 250, in login") },
	{ "IMAP", RUN("a1 NO [AUTHENTICATIONFAILED] Authentication failed.") },
};

static void text_without_a_reply_is_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(refused); i++) {
		struct pasted pasted;

		if (pasted_parse(&pasted, refused[i].raw))
			fail_msg("row \"%s\": found %d \"%.*s\"", refused[i].name,
			         pasted.reply.code, (int)pasted.reply.text.len,
			         pasted.reply.text.at);
	}
}

/* ---- bytes and limits ---- */

static void nul_in_the_text_is_a_byte(void **state)
{
	struct pasted pasted;

	(void)state;
	assert_true(pasted_parse(&pasted, STR("535 a\0b\n")));
	assert_int_equal(pasted.reply.text.len, 3);
}

static void check_length(size_t len, size_t kept)
{
	char *raw = malloc(len + 4);
	struct pasted pasted;

	memcpy(raw, "535 ", 4);
	memset(raw + 4, 'x', len);
	assert_true(pasted_parse(&pasted, (struct str){ raw, len + 4 }));
	assert_int_equal(pasted.reply.text.len, kept);
	free(raw);
}

static void text_is_cut_at_the_limit(void **state)
{
	(void)state;
	check_length(PASTED_TEXT_MAX, PASTED_TEXT_MAX);
	check_length(PASTED_TEXT_MAX + 1, PASTED_TEXT_MAX);
	check_length((size_t)1 << 20, PASTED_TEXT_MAX);
}

/* Whatever fills a megabyte must not take seconds: the work grows with the length. */
static void megabyte_of_traps_ends(void **state)
{
	static const char *const traps[] = { "535 ",     "x 535 ",  ": 535 '",
		                             "535\n",    "535-)))", "x 535)))\n",
		                             "535 '\n",  "\\r\\n",  "(#5.7.8",
		                             "535,    ", "5.7.8 ",  "\033[31m535 " };
	size_t size = (size_t)1 << 20;
	char *raw = malloc(size);

	(void)state;
	for (size_t i = 0; i < COUNT(traps); i++) {
		size_t len = strlen(traps[i]);
		struct pasted pasted;

		for (size_t at = 0; at < size; at++)
			raw[at] = traps[i][at % len];
		if (pasted_parse(&pasted, (struct str){ raw, size }))
			CHECK(traps[i], pasted.reply.text.len <= PASTED_TEXT_MAX);
	}
	free(raw);
}

/* Every start and every end of every form, as a clipboard may cut it. */
static void cut_forms_do_no_harm(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(logs); i++) {
		size_t len = strlen(logs[i].raw);

		for (size_t at = 0; at <= len; at++) {
			char *part = malloc(len + 1);
			struct pasted pasted;

			memcpy(part, logs[i].raw, at);
			pasted_parse(&pasted, (struct str){ part, at });
			part = realloc(part, len - at + 1);
			memcpy(part, logs[i].raw + at, len - at);
			pasted_parse(&pasted, (struct str){ part, len - at });
			free(part);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reply_as_on_the_wire_is_read),
		cmocka_unit_test(reply_is_found_in_a_log),
		cmocka_unit_test(text_without_a_reply_is_refused),
		cmocka_unit_test(nul_in_the_text_is_a_byte),
		cmocka_unit_test(text_is_cut_at_the_limit),
		cmocka_unit_test(megabyte_of_traps_ends),
		cmocka_unit_test(cut_forms_do_no_harm),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
