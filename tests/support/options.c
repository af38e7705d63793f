/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/options.h"

#include <getopt.h>
#include <openssl/ssl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PROGRAM "smtp_script_server"

enum kind {
	KIND_FLAG,
	KIND_TEXT,
	KIND_NUMBER, /* up to the row's limit */
	KIND_NAME,
	KIND_CERTIFICATE,
	KIND_TLS_MODE,
	KIND_TLS_VERSION
};

#define MODE_BOTH   (MODE_REPLAY | MODE_LOGIN)
#define FIELD(name) offsetof(struct options, name)

static const struct row {
	const char *name;
	enum kind kind;
	int modes;
	size_t field;
	unsigned long limit;
} rows[] = {
	{ "listen", KIND_TEXT, MODE_BOTH, FIELD(listen), 0 },
	{ "port", KIND_NUMBER, MODE_BOTH, FIELD(port), 65535 },
	{ "certificates", KIND_TEXT, MODE_BOTH, FIELD(certificates), 0 },
	{ "name", KIND_NAME, MODE_BOTH, FIELD(names), 0 },
	{ "client-name", KIND_TEXT, MODE_BOTH, FIELD(client_name), 0 },
	{ "client-ca", KIND_TEXT, MODE_BOTH, FIELD(client_authority), 0 },
	{ "certificate", KIND_CERTIFICATE, MODE_BOTH, FIELD(certificate), 0 },
	{ "without-sni", KIND_CERTIFICATE, MODE_BOTH, FIELD(without_sni), 0 },
	{ "tls-max", KIND_TLS_VERSION, MODE_BOTH, FIELD(highest_tls), 0 },
	{ "quiet", KIND_FLAG, MODE_BOTH, FIELD(quiet), 0 },
	{ "exit-with-stdin", KIND_FLAG, MODE_BOTH, FIELD(exit_with_stdin), 0 },
	{ "timing", KIND_FLAG, MODE_REPLAY, FIELD(timing), 0 },
	{ "users", KIND_TEXT, MODE_LOGIN, FIELD(users), 0 },
	{ "mechanisms", KIND_TEXT, MODE_LOGIN, FIELD(mechanisms), 0 },
	{ "iterations", KIND_NUMBER, MODE_LOGIN, FIELD(iterations), 4294967295 },
	{ "tls", KIND_TLS_MODE, MODE_LOGIN, FIELD(tls), 0 },
	{ "greeting", KIND_TEXT, MODE_LOGIN, FIELD(greeting), 0 },
	{ "ehlo-name", KIND_TEXT, MODE_LOGIN, FIELD(ehlo_name), 0 },
	{ "reply-delay", KIND_NUMBER, MODE_LOGIN, FIELD(reply_delay), 86400000 },
	{ "backend-down", KIND_FLAG, MODE_LOGIN, FIELD(backend_down), 0 },
	{ "lower-case", KIND_FLAG, MODE_LOGIN, FIELD(lower_case), 0 },
	{ "auth-equals", KIND_FLAG, MODE_LOGIN, FIELD(auth_equals), 0 },
	{ "auth-before-tls", KIND_FLAG, MODE_LOGIN, FIELD(auth_before_tls), 0 },
	{ "reset-after-refusal", KIND_FLAG, MODE_LOGIN, FIELD(reset_after_refusal), 0 },
	{ "silent-quit", KIND_FLAG, MODE_LOGIN, FIELD(silent_quit), 0 },
};

#define ROW_COUNT (sizeof(rows) / sizeof(rows[0]))

static const struct {
	const char *word;
	int version;
} tls_versions[] = {
	{ "1.0", TLS1_VERSION },
	{ "1.1", TLS1_1_VERSION },
	{ "1.2", TLS1_2_VERSION },
	{ "1.3", TLS1_3_VERSION },
};

static const struct {
	const char *word;
	enum tls_mode mode;
} tls_modes[] = {
	{ "starttls", TLS_STARTTLS },
	{ "implicit", TLS_IMPLICIT },
	{ "none", TLS_NONE },
};

static bool complain(const char *option, const char *value)
{
	fprintf(stderr, PROGRAM ": --%s does not take '%s'\n", option, value);
	return false;
}

static bool read_number(unsigned long *out, const char *text, unsigned long limit)
{
	char *end;
	unsigned long number;

	if (*text < '0' || *text > '9')
		return false;
	number = strtoul(text, &end, 10);
	if (*end != '\0' || number > limit)
		return false;
	*out = number;
	return true;
}

static bool read_certificate(enum certificate *out, const char *word)
{
	enum certificate certificate = certificate_named(word);

	if (certificate == CERTIFICATE_COUNT)
		return false;
	*out = certificate;
	return true;
}

static bool read_tls_mode(enum tls_mode *out, const char *word)
{
	for (size_t i = 0; i < sizeof(tls_modes) / sizeof(tls_modes[0]); i++) {
		if (strcmp(tls_modes[i].word, word) == 0) {
			*out = tls_modes[i].mode;
			return true;
		}
	}
	return false;
}

static bool read_tls_version(int *out, const char *word)
{
	for (size_t i = 0; i < sizeof(tls_versions) / sizeof(tls_versions[0]); i++) {
		if (strcmp(tls_versions[i].word, word) == 0) {
			*out = tls_versions[i].version;
			return true;
		}
	}
	return false;
}

static bool add_name(struct options *options, const char *name)
{
	if (options->name_count == OPTIONS_NAMES_MAX)
		return false;
	options->names[options->name_count++] = name;
	return true;
}

static bool set(struct options *options, const struct row *row, const char *value)
{
	void *field = (char *)options + row->field;

	switch (row->kind) {
	case KIND_FLAG:
		*(bool *)field = true;
		return true;
	case KIND_TEXT:
		*(const char **)field = value;
		return true;
	case KIND_NUMBER:
		return read_number(field, value, row->limit);
	case KIND_NAME:
		return add_name(options, value);
	case KIND_CERTIFICATE:
		return read_certificate(field, value);
	case KIND_TLS_MODE:
		return read_tls_mode(field, value);
	case KIND_TLS_VERSION:
		return read_tls_version(field, value);
	}
	return false;
}

static bool take_row(struct options *options, const struct row *row, const char *value)
{
	if (!(row->modes & (int)options->mode)) {
		fprintf(stderr, PROGRAM ": --%s does not go with this mode\n",
		        row->name);
		return false;
	}
	return set(options, row, value) || complain(row->name, value);
}

static bool read_rows(struct options *options, int count, char *arguments[])
{
	struct option known[ROW_COUNT + 1] = { 0 };
	int index;

	for (size_t i = 0; i < ROW_COUNT; i++) {
		known[i].name = rows[i].name;
		known[i].has_arg =
			rows[i].kind == KIND_FLAG ? no_argument : required_argument;
		known[i].val = (int)i;
	}
	optind = 1;
	while ((index = getopt_long(count, arguments, "", known, NULL)) >= 0) {
		if (index == '?')
			return false;
		if (!take_row(options, &rows[index], optarg))
			return false;
	}
	return true;
}

static bool read_operands(struct options *options, int count, char *operands[])
{
	bool replay = options->mode == MODE_REPLAY;

	if (count != (replay ? 1 : 0)) {
		fputs(replay ? PROGRAM ": replay wants one trace file\n"
		             : PROGRAM ": login takes options only\n",
		      stderr);
		return false;
	}
	if (replay)
		options->trace = operands[0];
	if (!replay && !options->users) {
		fputs(PROGRAM ": login wants --users FILE\n", stderr);
		return false;
	}
	return true;
}

static void name_itself(struct options *options)
{
	if (options->name_count > 0)
		return;
	add_name(options, "localhost");
	add_name(options, "127.0.0.1");
	add_name(options, "::1");
}

bool options_read(struct options *out, int count, char *arguments[])
{
	struct options options = {
		.listen = "127.0.0.1",
		.client_name = "probe",
		.without_sni = CERTIFICATE_DEFAULT,
		.iterations = 4096,
	};

	if (count > 1 && strcmp(arguments[1], "replay") == 0)
		options.mode = MODE_REPLAY;
	if (count > 1 && strcmp(arguments[1], "login") == 0)
		options.mode = MODE_LOGIN;
	if (!options.mode) {
		fputs("usage: " PROGRAM " replay FILE.trace [options]\n"
		      "       " PROGRAM " login --users FILE [options]\n",
		      stderr);
		return false;
	}
	arguments[1] = arguments[0]; /* the name in getopt's own messages */
	if (!read_rows(&options, count - 1, arguments + 1) ||
	    !read_operands(&options, count - 1 - optind, arguments + 1 + optind))
		return false;
	name_itself(&options);
	*out = options;
	return true;
}
