/* SPDX-License-Identifier: Apache-2.0 */
#include "probe/plugin/options.h"

#include <stdio.h>

#include "tests/unit/row.h"

enum { ARGUMENT_MAX = 24, LINE_MAX_LEN = 600, COLUMNS = 80 };

#define PREFIX "check_smtp_auth: "

/* A command line, cut at its blanks; "~" in a word stands for a blank, "''" for "". */
struct command {
	char line[LINE_MAX_LEN];
	int argc;
	char *argv[ARGUMENT_MAX];
	struct options options;
	struct error err;
};

static bool parse(struct command *command, const char *line)
{
	size_t len =
		(size_t)snprintf(command->line, sizeof(command->line), "x %s", line);
	bool in_word = false;

	command->argc = 0;
	command->err.text[0] = '\0';
	for (size_t i = 0; i < len; i++) {
		char *c = &command->line[i];

		if (*c == ' ')
			*c = '\0';
		else if (!in_word)
			command->argv[command->argc++] = c;
		in_word = *c != '\0';
		if (*c == '~')
			*c = ' ';
		else if (c[0] == '\'' && c[1] == '\'')
			c[0] = '\0';
	}
	command->argv[command->argc] = NULL;
	return options_parse(&command->options, command->argc, command->argv,
	                     &command->err);
}

static struct options good(struct command *command, const char *line)
{
	if (!parse(command, line))
		fail_msg("row \"%s\": %s", line, command->err.text);
	return command->options;
}

/* ---- every option ---- */

static const struct {
	const char *line;
	size_t offset; /* of a string in struct target_settings */
	const char *text;
} texts[] = {
#define TEXT(line, member, text) \
	{ \
		line, offsetof(struct target_settings, member), text \
	}
	TEXT("-H mx.example", host, "mx.example"),
	TEXT("--hostname mx.example", host, "mx.example"),
	TEXT("--hostname=mx.example", host, "mx.example"),
	TEXT("-Hmx.example", host, "mx.example"),
	TEXT("-H a -H b", host, "b"), /* the last wins */
	TEXT("-F probe.example", ehlo_name, "probe.example"),
	TEXT("--fqdn probe.example", ehlo_name, "probe.example"),
	TEXT("--source-address 192.0.2.1", source_address, "192.0.2.1"),
	TEXT("--via socks5://a:1", via, "socks5://a:1"),
	TEXT("--ca-file /a", ca_file, "/a"),
	TEXT("--ca-dir /a", ca_dir, "/a"),
	TEXT("--server-name mx.example", server_name, "mx.example"),
	TEXT("--client-cert /a", client_certificate, "/a"),
	TEXT("--client-key /a", client_key, "/a"),
	TEXT("-U probe", user, "probe"),
	TEXT("--authuser probe", user, "probe"),
	TEXT("-U -x", user, "-x"), /* a value may begin with a hyphen */
	TEXT("--authzid boss", authorization, "boss"),
#undef TEXT
};

static void texts_reach_the_target(void **state)
{
	struct command command;

	(void)state;
	for (size_t i = 0; i < COUNT(texts); i++) {
		struct options options = good(&command, texts[i].line);
		const char *text;

		memcpy(&text, (char *)&options.target + texts[i].offset, sizeof(text));
		CHECK_TEXT(texts[i].line, text ? text : "(none)", texts[i].text);
	}
}

static void nothing_given_is_the_default(void **state)
{
	struct command command;
	struct options options = good(&command, "");

	(void)state;
	assert_int_equal(options.wish, WISH_PROBE);
	assert_int_equal(options.target.tls, TLS_STARTTLS);
	assert_int_equal(options.target.mechanism, MECHANISM_AUTO);
	assert_int_equal(options.target.family, IP_ANY);
	assert_int_equal(options.target.port, 0);
	assert_int_equal(options.target.timeout, 0);
	assert_false(options.target.insecure || options.target.allow_cleartext);
	assert_false(options.trace);
	assert_null(options.rules.limits[FIGURE_TIME].warning.text);
	assert_int_equal(options.rules.expected, CAUSE_NONE);
	assert_false(options.rules.timeout.given);
	assert_int_equal(options.output, OUTPUT_TEXT);
	assert_int_equal(options.password_source, PASSWORD_NONE);
	assert_null(options.secret);
}

static void switches_and_words_are_taken(void **state)
{
	struct command command;

	(void)state;
	assert_int_equal(good(&command, "-4").target.family, IP_V4);
	assert_int_equal(good(&command, "--use-ipv6").target.family, IP_V6);
	assert_int_equal(good(&command, "-S").target.tls, TLS_STARTTLS);
	assert_int_equal(good(&command, "--starttls -S").target.tls, TLS_STARTTLS);
	assert_int_equal(good(&command, "--tls").target.tls, TLS_IMPLICIT);
	assert_int_equal(good(&command, "--no-tls").target.tls, TLS_NONE);
	assert_int_equal(good(&command, "--min-tls 1.2").target.tls_min,
	                 TLS_VERSION_1_2);
	assert_int_equal(good(&command, "--min-tls=1.3").target.tls_min,
	                 TLS_VERSION_1_3);
	assert_int_equal(good(&command, "-A plain").target.mechanism, MECHANISM_PLAIN);
	assert_int_equal(good(&command, "-A AUTO").target.mechanism, MECHANISM_AUTO);
	assert_int_equal(good(&command, "--authtype SCRAM-SHA-256").target.mechanism,
	                 MECHANISM_SCRAM_SHA_256);
	assert_true(good(&command, "--insecure").target.insecure);
	assert_true(good(&command, "--allow-cleartext").target.allow_cleartext);
	assert_int_equal(good(&command, "-vvv").verbosity, 3);
	assert_int_equal(good(&command, "-v --verbose").verbosity, 2);
	assert_int_equal(good(&command, "--output json").output, OUTPUT_JSON);
	assert_int_equal(good(&command, "--output openmetrics").output,
	                 OUTPUT_OPENMETRICS);
	assert_int_equal(good(&command, "--output nagios-only").output,
	                 OUTPUT_NAGIOS_ONLY);
	assert_int_equal(good(&command, "--output json --output text").output,
	                 OUTPUT_TEXT);
	assert_true(good(&command, "--trace").trace);
	assert_int_equal(good(&command, "-V").wish, WISH_VERSION);
	assert_int_equal(good(&command, "--version").wish, WISH_VERSION);
	assert_int_equal(good(&command, "-h").wish, WISH_HELP);
	assert_int_equal(good(&command, "--help").wish, WISH_HELP);
	assert_int_equal(good(&command, "--hostn a -h").wish, WISH_HELP);
}

static void numbers_are_taken_up_to_their_limits(void **state)
{
	struct command command;

	(void)state;
	assert_int_equal(good(&command, "-p 1").target.port, 1);
	assert_int_equal(good(&command, "--port 65535").target.port, 65535);
	assert_int_equal(good(&command, "-t 10").target.timeout, 10 * USEC_PER_SEC);
	assert_int_equal(good(&command, "-t 0.25").target.timeout, 250 * USEC_PER_MSEC);
	assert_int_equal(good(&command, "-t 0.001").target.timeout, USEC_PER_MSEC);
	assert_int_equal(good(&command, "--timeout 3600").target.timeout,
	                 3600 * USEC_PER_SEC);
}

/* ---- thresholds and states ---- */

static const struct {
	const char *line;
	enum figure figure;
	const char *warning, *critical; /* as given; "" = none */
} thresholds[] = {
	{ "-w 2", FIGURE_TIME, "2", "" },
	{ "--warning 2 --critical 1:5", FIGURE_TIME, "2", "1:5" },
	{ "-w 2 -w 3", FIGURE_TIME, "3", "" }, /* the last wins */
	{ "--warning-rtt 0.1 --critical-rtt 0.2", FIGURE_RTT, "0.1", "0.2" },
	{ "--warning-phase auth=2", FIGURE_PHASES + PHASE_AUTH, "2", "" },
	{ "--critical-phase tls=@1:2", FIGURE_PHASES + PHASE_TLS, "", "@1:2" },
	{ "--warning-phase resolve=1 --warning-phase quit=9",
	  FIGURE_PHASES + PHASE_QUIT, "9", "" },
	{ "--warning-phase ehlo_tls=1 --critical-phase ehlo_tls=2",
	  FIGURE_PHASES + PHASE_EHLO_TLS, "1", "2" },
	{ "--warning-phase auth=1 --warning-phase auth=2", FIGURE_PHASES + PHASE_AUTH,
	  "2", "" },
	{ "-D 30,7", FIGURE_CERT_DAYS, "30,7", "7" },
	{ "--certificate 30", FIGURE_CERT_DAYS, "30", "" },
	{ "-D 30,7 -D 20", FIGURE_CERT_DAYS, "20", "" },
};

static void thresholds_reach_their_figure(void **state)
{
	struct command command;

	(void)state;
	for (size_t i = 0; i < COUNT(thresholds); i++) {
		const char *row = thresholds[i].line;
		struct options options = good(&command, row);
		const struct limits *limits =
			&options.rules.limits[thresholds[i].figure];

		CHECK_STR(row, str_of(limits->warning.text), thresholds[i].warning);
		CHECK_STR(row, str_of(limits->critical.text), thresholds[i].critical);
	}
	assert_true(good(&command, "-D 30,7")
	                    .rules.limits[FIGURE_CERT_DAYS]
	                    .critical.start == 7);
}

static void states_are_taken_as_words_or_numbers(void **state)
{
	struct command command;

	(void)state;
	assert_int_equal(good(&command, "-t 2:unknown").rules.timeout.state,
	                 SEVERITY_UNKNOWN);
	assert_int_equal(good(&command, "-t 2:unknown").target.timeout,
	                 2 * USEC_PER_SEC);
	assert_int_equal(good(&command, "-t 10:1").rules.timeout.state,
	                 SEVERITY_WARNING);
	assert_true(good(&command, "--timeout-result OK").rules.timeout.given);
	assert_int_equal(
		good(&command, "-t 2:0 --timeout-result 2").rules.timeout.state,
		SEVERITY_CRITICAL);
	assert_int_equal(good(&command, "--state throttled=ok")
	                         .rules.states[CAUSE_THROTTLED]
	                         .given,
	                 true);
	assert_int_equal(good(&command, "--state local=2 --state network=Unknown")
	                         .rules.states[CAUSE_LOCAL]
	                         .state,
	                 SEVERITY_CRITICAL);
	assert_int_equal(good(&command, "--state local=2 --state network=Unknown")
	                         .rules.states[CAUSE_NETWORK]
	                         .state,
	                 SEVERITY_UNKNOWN);
}

static void what_is_wanted_besides_is_taken(void **state)
{
	struct command command;
	struct rules rules =
		good(&command, "--expect-cause credentials/account_disabled "
	                       "--require-mechanism scram-sha-256 --forbid-mechanism "
	                       "LOGIN --forbid-mechanism X-OLD --forbid-cleartext-auth")
			.rules;

	(void)state;
	assert_int_equal(rules.expected, CAUSE_CREDENTIALS);
	assert_int_equal(rules.expected_reason, REASON_ACCOUNT_DISABLED);
	assert_int_equal(rules.required.count, 1);
	assert_string_equal(rules.required.names[0], "scram-sha-256");
	assert_int_equal(rules.forbidden.count, 2);
	assert_string_equal(rules.forbidden.names[1], "X-OLD");
	assert_true(rules.forbid_cleartext_auth);
	rules = good(&command, "--expect-cause credentials/account_disabled "
	                       "--expect-cause policy")
	                .rules;
	assert_int_equal(rules.expected, CAUSE_POLICY);
	assert_int_equal(rules.expected_reason, REASON_NONE);
}

static void reply_and_its_circumstances_are_taken(void **state)
{
	struct command command;
	struct options options = good(
		&command, "--decode 535~no --phase mail --mechanism X --target mx:25 "
			  "--banner 220~mx");

	(void)state;
	assert_int_equal(options.wish, WISH_DECODE);
	assert_int_equal(options.question.phase, PHASE_MAIL);
	CHECK_STR("reply", options.question.reply, "535 no");
	CHECK_STR("mechanism", options.question.mechanism, "X");
	CHECK_STR("target", options.question.target, "mx:25");
	CHECK_STR("banner", options.question.banner, "220 mx");
	assert_false(options.jsonl);
	assert_int_equal(good(&command, "--decode 535").question.phase, PHASE_NONE);
	assert_true(good(&command, "--decode - --input jsonl").jsonl);
	assert_int_equal(good(&command, "--decode 535 -t 5 -v --output json").output,
	                 OUTPUT_JSON);
	assert_int_equal(good(&command, "--decode 535 -H a --help").wish, WISH_HELP);
}

static void sources_of_the_password_are_told_apart(void **state)
{
	struct command command;
	struct options options = good(&command, "--password-file /a");

	(void)state;
	assert_int_equal(options.password_source, PASSWORD_FILE);
	assert_string_equal(options.password_place, "/a");
	options = good(&command, "--password-env VAR");
	assert_int_equal(options.password_source, PASSWORD_ENVIRONMENT);
	assert_string_equal(options.password_place, "VAR");
	options = good(&command, "--password-stdin");
	assert_int_equal(options.password_source, PASSWORD_STDIN);
	options = good(&command, "--password-file /a --password-file /b");
	assert_string_equal(options.password_place, "/b");
	options = good(&command, "--password-command /bin/pass~a");
	assert_int_equal(options.password_source, PASSWORD_COMMAND);
	assert_string_equal(options.password_place, "/bin/pass a");
	options = good(&command, "--password-credential a.b");
	assert_int_equal(options.password_source, PASSWORD_CREDENTIAL);
	assert_string_equal(options.password_place, "a.b");
	options = good(&command, "--netrc /a");
	assert_int_equal(options.password_source, PASSWORD_NETRC);
	assert_string_equal(options.password_place, "/a");
}

/* ---- the password on the command line ---- */

static const char *const argument_forms[] = { "-P geheim99",
	                                      "-Pgeheim99",
	                                      "--authpass geheim99",
	                                      "--authpass=geheim99",
	                                      "-P geheim99 -U probe -H mx.example",
	                                      "-P geheim98 -P geheim99" };

static bool holds(const struct command *command, const char *part)
{
	return memmem(command->line, sizeof(command->line), part, strlen(part)) != NULL;
}

static void argument_is_kept_and_wiped_from_the_command_line(void **state)
{
	struct command command = { 0 };

	(void)state;
	for (size_t i = 0; i < COUNT(argument_forms); i++) {
		struct options options = good(&command, argument_forms[i]);

		CHECK_INT(argument_forms[i], options.password_source,
		          PASSWORD_ARGUMENT);
		CHECK_STR(argument_forms[i], secret_reveal(options.secret), "geheim99");
		CHECK(argument_forms[i], !holds(&command, "eheim"));
		secret_destroy(options.secret);
	}
}

static void argument_is_wiped_though_another_option_is_wrong(void **state)
{
	static const char *const lines[] = {
		"-P geheim99 -p x",
		"-p x -P geheim99",
		"-Pgeheim99 --extra-opts=@/x",
		"--extra-opts=@/x --authpass=geheim99",
		"--password-stdin -P geheim99",
	};
	struct command command = { 0 };

	(void)state;
	for (size_t i = 0; i < COUNT(lines); i++) {
		CHECK(lines[i], !parse(&command, lines[i]));
		CHECK(lines[i], !command.options.secret);
		CHECK(lines[i], !holds(&command, "eheim"));
		options_release(&command.options);
	}
}

static void number_of_option_files_is_limited(void **state)
{
	struct command command;

	(void)state;
	/* The first is read only when all have been noted. */
	assert_false(parse(&command, "--extra-opts=1@/x --extra-opts=2@/x "
	                             "--extra-opts=3@/x --extra-opts=4@/x "
	                             "--extra-opts=5@/x --extra-opts=6@/x "
	                             "--extra-opts=7@/x --extra-opts=8@/x"));
	assert_non_null(strstr(command.err.text, "cannot be opened"));
	options_release(&command.options);
	assert_false(parse(&command, "--extra-opts=1@/x --extra-opts=2@/x "
	                             "--extra-opts=3@/x --extra-opts=4@/x "
	                             "--extra-opts=5@/x --extra-opts=6@/x "
	                             "--extra-opts=7@/x --extra-opts=8@/x "
	                             "--extra-opts=9@/x"));
	assert_non_null(strstr(command.err.text, "more than 8 times"));
}

/* ---- mistakes ---- */

/* `words`: what the sentence must name, with blanks between. */
static const struct {
	const char *line, *words;
} mistakes[] = {
	{ "-x", "-x unknown --help" },
	{ "--xyz", "--xyz unknown --help" },
	{ "-4x", "-x unknown" },
	{ "--password", "--password ambiguous" },
	{ "-H", "-H value" },
	{ "--hostname", "--hostname value" },
	{ "-v -p", "-p value" },
	{ "mx.example", "-H" },
	{ "-H a mx.example", "-H" },
	{ "-p x", "-p 65535" },
	{ "-p 0", "-p 65535" },
	{ "-p 65536", "-p 65535" },
	{ "-p -1", "-p 65535" },
	{ "-p 0x19", "-p 65535" },
	{ "-p 25,26", "-p 65535" },
	{ "-p ''", "-p" },
	{ "-p 99999999999999999999", "-p 65535" },
	{ "-t 0", "-t 0 3600" },
	{ "-t -1", "-t -1" },
	{ "-t 1e3", "-t 1e3" },
	{ "-t inf", "-t inf" },
	{ "-t nan", "-t nan" },
	{ "-t 3600.1", "-t 3600" },
	{ "-t ''", "-t" },
	{ "-t 1s", "-t 1s" },
	{ "-t .", "-t" },
	{ "-w x", "-w x range" },
	{ "-c 5:1", "-c 5:1 range" },
	{ "-w ''", "-w range" },
	{ "-A x", "-A x mechanism" },
	{ "-A ''", "-A mechanism" },
	{ "-t 1:", "-t state --help" },
	{ "-t 1:4", "-t 4 state" },
	{ "-t 1:2:3", "-t 2:3 state" },
	{ "-t :2", "-t :2" },
	{ "-t 00000000000000000000000000001", "-t" },
	{ "--timeout-result bad", "--timeout-result bad state" },
	{ "-w 0x10", "-w 0x10 range" },
	{ "-w 5x", "-w 5x range --help" },
	{ "-w 1.0000000000000000000000001", "-w long" },
	{ "--warning-phase auth", "--warning-phase auth PHASE=RANGE" },
	{ "--warning-phase 2", "--warning-phase 2 PHASE=RANGE" },
	{ "--critical-phase login=2", "--critical-phase login phase" },
	{ "--critical-phase mail=2", "--critical-phase mail phase" },
	{ "--critical-phase AUTH=2", "--critical-phase AUTH phase" },
	{ "--critical-phase =2", "--critical-phase phase" },
	{ "--critical-phase auth=", "--critical-phase range" },
	{ "--critical-phase auth=5x", "--critical-phase 5x range" },
	{ "--warning-rtt 5ms", "--warning-rtt 5ms range" },
	{ "--critical-rtt x", "--critical-rtt x range" },
	{ "-D ''", "-D days" },
	{ "-D -1", "-D -1 days" },
	{ "-D 30,", "-D 30, days" },
	{ "-D ,7", "-D ,7 days" },
	{ "-D 30,7,1", "-D 30,7,1 days" },
	{ "-D 1.5", "-D 1.5 days" },
	{ "-D 30d", "-D 30d days" },
	{ "--state throttled", "--state throttled CAUSE=STATE" },
	{ "--state slow=OK", "--state slow cause" },
	{ "--state tls=fine", "--state fine state" },
	{ "--state tls=", "--state is no state" },
	{ "--expect-cause none", "--expect-cause none" },
	{ "--expect-cause local", "--expect-cause local" },
	{ "--expect-cause bad_credentials", "--expect-cause bad_credentials" },
	{ "--expect-cause credentials/", "--expect-cause reason" },
	{ "--expect-cause credentials/wrong", "--expect-cause wrong reason" },
	{ "--expect-cause network/bad_credentials",
	  "--expect-cause credentials network" },
	{ "--require-mechanism ''", "--require-mechanism SASL" },
	{ "--require-mechanism PLAIN,LOGIN", "--require-mechanism PLAIN,LOGIN" },
	{ "--forbid-mechanism ABCDEFGHIJKLMNOPQRSTU", "--forbid-mechanism SASL" },
	{ "--output xml", "--output xml --help" },
	{ "--output JSON", "--output JSON" },
	{ "--phase AUTH --decode 535", "--phase AUTH" },
	{ "--input json --decode -", "--input json jsonl" },
	{ "--min-tls 1.1", "--min-tls 1.1 1.2 1.3" },
	{ "--min-tls TLSv1.2", "--min-tls TLSv1.2" },
	{ "-P ''", "-P empty" },
	{ "-P \xff", "-P UTF-8" },
	/* Contradictions name both. */
	{ "-S --tls", "--starttls --tls" },
	{ "--tls -S", "--tls --starttls" },
	{ "--tls --no-tls", "--tls --no-tls" },
	{ "--no-tls --starttls", "--no-tls --starttls" },
	{ "--password-file a --password-env b", "--password-file --password-env" },
	{ "--password-file a --password-stdin", "--password-file --password-stdin" },
	{ "--password-stdin -P x", "--password-stdin -P" },
	{ "--decode 535 -H a", "--decode --hostname" },
	{ "-U a -H a --phase auth --decode 535", "--decode --hostname" },
	{ "--decode 535 --tls", "--decode --tls" },
	{ "--decode 535 -P x", "--decode --authpass" },
	{ "--decode 535 --insecure", "--decode --insecure" },
	{ "-H a --target b", "--target --decode" },
	{ "--input jsonl", "--input --decode" },
	{ "--decode 535 --input jsonl", "--input jsonl --decode -" },
	{ "-P x --password-env b", "-P --password-env" },
	{ "--expect-cause tls --state tls=OK", "--expect-cause --state" },
	{ "--require-mechanism plain --forbid-mechanism PLAIN",
	  "--require-mechanism --forbid-mechanism" },
	{ "--tls --forbid-cleartext-auth", "--tls --forbid-cleartext-auth" },
	{ "--decode 535 --output openmetrics", "--decode --output openmetrics" },
	{ "--decode 535 -w 5", "--decode --warning" },
	{ "--netrc a --password-command /b", "--netrc --password-command" },
	{ "--password-command /b -P x", "--password-command -P" },
	{ "--password-credential a --netrc b", "--password-credential --netrc" },
	{ "--password-file b --password-credential a",
	  "--password-file --password-credential" },
	{ "--password-command pass", "--password-command full path" },
	{ "--password-command /a~'b", "--password-command quote" },
	{ "--password-credential a/b", "--password-credential a/b name" },
	{ "--password-credential ..", "--password-credential .. name" },
	{ "--password-credential ''", "--password-credential name" },
	{ "--extra-opts=a@", "--extra-opts file @" },
	{ "--extra-opts=@/x.ini", "/x.ini cannot be opened" },
	{ "--extra-opts @/x.ini", "/x.ini cannot be opened" },
	{ "-H a --extra-opts=@/dev/null -p 1", "/dev/null options [check_smtp_auth]" },
	{ "--extra-opts a@/dev/null", "/dev/null options [a]" },
	{ "--extra-opts=@/x -P geheim -H", "/x" },
};

static void check_mistake(struct command *command, const char *line, const char *words)
{
	struct str rest = str_of(words), word;

	if (parse(command, line))
		fail_msg("row \"%s\": accepted", line);
	while (str_take_word(&word, &rest, " "))
		if (str_find_nocase(str_of(command->err.text), word) < 0)
			fail_msg("row \"%s\": no \"%.*s\" in \"%s\"", line,
			         (int)word.len, word.at, command->err.text);
	CHECK(line, !command->options.secret);
	options_release(&command->options);
}

static void mistake_is_named_in_one_line(void **state)
{
	struct command command;

	(void)state;
	for (size_t i = 0; i < COUNT(mistakes); i++) {
		check_mistake(&command, mistakes[i].line, mistakes[i].words);
		CHECK(mistakes[i].line,
		      strlen(PREFIX) + strlen(command.err.text) <= COLUMNS);
	}
}

/* Pasted by mistake: a whole file, a second password. */
static void long_value_is_cut_to_fit_the_line(void **state)
{
	static const char *const options[] = { "-p",
		                               "-t",
		                               "-t 1:",
		                               "-w",
		                               "-c",
		                               "-A",
		                               "--output",
		                               "--min-tls",
		                               "--phase",
		                               "--input",
		                               "--warning-phase",
		                               "--critical-phase",
		                               "--critical-phase auth=",
		                               "--critical-phase x=",
		                               "--critical-rtt",
		                               "-D",
		                               "-D 7,",
		                               "--timeout-result",
		                               "--state",
		                               "--state tls=",
		                               "--state x=",
		                               "--expect-cause",
		                               "--expect-cause tls/",
		                               "--require-mechanism",
		                               "--forbid-mechanism",
		                               "--password-command" };
	struct command command;
	char line[256];

	(void)state;
	for (size_t i = 0; i < COUNT(options); i++) {
		bool open = strchr("=:,/", options[i][strlen(options[i]) - 1]);

		snprintf(line, sizeof(line), "%s%s%0200d", options[i], open ? "" : " ",
		         7);
		line[strlen(line) - 1] = 'x';
		if (parse(&command, line))
			fail_msg("row \"%s\": accepted", line);
		if (strlen(PREFIX) + strlen(command.err.text) > COLUMNS)
			fail_msg("%zu columns: " PREFIX "%s",
			         strlen(PREFIX) + strlen(command.err.text),
			         command.err.text);
	}
	snprintf(line, sizeof(line), "%0200d", 7);
	check_mistake(&command, line, "-H");
	assert_true(strlen(PREFIX) + strlen(command.err.text) <= COLUMNS);
}

static void name_of_a_credential_is_limited(void **state)
{
	struct command command;
	char line[512];

	(void)state;
	snprintf(line, sizeof(line), "--password-credential %0255d", 7);
	good(&command, line);
	snprintf(line, sizeof(line), "--password-credential %0256d", 7);
	check_mistake(&command, line, "--password-credential name");
	assert_true(strlen(PREFIX) + strlen(command.err.text) <= COLUMNS);
}

static void list_of_mechanisms_has_an_end(void **state)
{
	static const char *const options[] = { " --require-mechanism=X",
		                               " --forbid-mechanism=X" };
	struct command command;

	(void)state;
	for (size_t i = 0; i < COUNT(options); i++) {
		char line[LINE_MAX_LEN] = "-v";
		size_t len = strlen(options[i]);

		for (size_t k = 0; k < RULED_MECHANISM_MAX; k++)
			memcpy(line + strlen(line), options[i], len);
		good(&command, line);
		memcpy(line + strlen(line), options[i], len);
		check_mistake(&command, line, "mechanism 16 times");
	}
}

/* It is known: only its value is one too many. */
static void value_for_a_switch_is_not_called_unknown(void **state)
{
	struct command command;

	(void)state;
	check_mistake(&command, "--trace=yes", "--trace value");
	assert_null(strstr(command.err.text, "unknown"));
}

static void output_form_is_right_after_any_mistake(void **state)
{
	static const struct {
		const char *line;
		enum output_form form;
	} rows[] = {
		{ "-p x --output json", OUTPUT_JSON },
		{ "-p x --output=json", OUTPUT_JSON },
		{ "--output json -p x", OUTPUT_JSON },
		{ "-x --output json", OUTPUT_JSON },
		{ "--output json mx.example", OUTPUT_JSON },
		{ "-p x --output openmetrics", OUTPUT_OPENMETRICS },
		{ "-p x --output=nagios-only", OUTPUT_NAGIOS_ONLY },
		{ "-p x --output xml", OUTPUT_TEXT },
		{ "-p x", OUTPUT_TEXT },
		{ "-p x --output text", OUTPUT_TEXT },
		{ "--output json --output text -p x", OUTPUT_TEXT },
		{ "-p x --output json --output text", OUTPUT_TEXT },
	};
	struct command command;

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		CHECK(rows[i].line, !parse(&command, rows[i].line));
		CHECK_INT(rows[i].line, command.options.output, rows[i].form);
	}
}

/* ---- help ---- */

static void help_fits_the_terminal_and_names_every_option(void **state)
{
	static const char *const names[] = {
#define OPTION(group, id, short, long, argument, help) "--" long,
#include "probe/plugin/option.def"
	};
	struct arena *arena = arena_create();
	const char *help = options_help(arena);
	struct str rest = str_of(help), line;

	(void)state;
	while (str_take_word(&line, &rest, "\n"))
		if (line.len > COLUMNS)
			fail_msg("%zu columns: %.*s", line.len, (int)line.len, line.at);
	for (size_t i = 0; i < COUNT(names); i++)
		CHECK(names[i], strstr(help, names[i]));
	assert_int_equal(help[strlen(help) - 1], '\n');
	arena_destroy(arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(texts_reach_the_target),
		cmocka_unit_test(nothing_given_is_the_default),
		cmocka_unit_test(switches_and_words_are_taken),
		cmocka_unit_test(numbers_are_taken_up_to_their_limits),
		cmocka_unit_test(thresholds_reach_their_figure),
		cmocka_unit_test(states_are_taken_as_words_or_numbers),
		cmocka_unit_test(what_is_wanted_besides_is_taken),
		cmocka_unit_test(reply_and_its_circumstances_are_taken),
		cmocka_unit_test(sources_of_the_password_are_told_apart),
		cmocka_unit_test(argument_is_kept_and_wiped_from_the_command_line),
		cmocka_unit_test(argument_is_wiped_though_another_option_is_wrong),
		cmocka_unit_test(number_of_option_files_is_limited),
		cmocka_unit_test(mistake_is_named_in_one_line),
		cmocka_unit_test(long_value_is_cut_to_fit_the_line),
		cmocka_unit_test(list_of_mechanisms_has_an_end),
		cmocka_unit_test(name_of_a_credential_is_limited),
		cmocka_unit_test(value_for_a_switch_is_not_called_unknown),
		cmocka_unit_test(output_form_is_right_after_any_mistake),
		cmocka_unit_test(help_fits_the_terminal_and_names_every_option),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
