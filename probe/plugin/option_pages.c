/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Part of the build, not of the plugin: copies a template from stdin to stdout and puts
 * the options in, where a line holds nothing but the name of a list such as %man%. So
 * manual page, completion and check commands know the options that the parser knows.
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum group {
#define OPTION_GROUP(id, name, title) GROUP_##id,
#include "probe/plugin/option_group.def"
	GROUP_COUNT
};

static const char *const group_titles[GROUP_COUNT] = {
#define OPTION_GROUP(id, name, title) [GROUP_##id] = (title),
#include "probe/plugin/option_group.def"
};

static const struct row {
	enum group group;
	char letter;
	const char *name, *argument, *help;
} rows[] = {
#define OPTION(group, id, short, long, argument, help) \
	{ GROUP_##group, short, long, argument, help },
#include "probe/plugin/option.def"
};

enum { ROW_COUNT = sizeof(rows) / sizeof(rows[0]), LINE_MAX_LEN = 512 };

static bool is_flag(const struct row *row)
{
	return row->argument[0] == '\0';
}

/* "[X]": only behind "=", or not at all. */
static bool is_optional(const struct row *row)
{
	return row->argument[0] == '[';
}

/* ---- the manual page ---- */

static void put_roff(const char *text)
{
	for (; *text; text++) {
		if (*text == '\\')
			fputs("\\e", stdout);
		else if (*text == '-')
			fputs("\\-", stdout);
		else
			putchar(*text);
	}
}

static void put_man_row(const struct row *row)
{
	fputs(".TP\n", stdout);
	if (row->letter)
		printf("\\fB\\-%c\\fR, ", row->letter);
	fputs("\\fB\\-\\-", stdout);
	put_roff(row->name);
	fputs("\\fR", stdout);
	if (!is_flag(row)) {
		fputs(is_optional(row) ? "\\fI" : " \\fI", stdout);
		put_roff(row->argument);
		fputs("\\fR", stdout);
	}
	/* Whatever the first character is, the line is no request. */
	fputs("\n\\&", stdout);
	put_roff(row->help);
	putchar('\n');
}

static void put_man(void)
{
	for (unsigned group = 0; group < GROUP_COUNT; group++) {
		printf(".SS %s\n", group_titles[group]);
		for (size_t i = 0; i < ROW_COUNT; i++)
			if (rows[i].group == group)
				put_man_row(&rows[i]);
	}
}

/* ---- completion ---- */

/* "-p PORT" and "--port PORT": a word and, unless it is a flag, what follows. */
static void put_completion(void)
{
	for (size_t i = 0; i < ROW_COUNT; i++) {
		const char *argument = is_optional(&rows[i]) ? "" : rows[i].argument;

		if (rows[i].letter)
			printf("-%c %s\n", rows[i].letter, argument);
		printf("--%s%s %s\n", rows[i].name, is_optional(&rows[i]) ? "=" : "",
		       argument);
	}
}

static void put_mechanisms(void)
{
#define MECHANISM(id, word, proof, flags) puts(word);
#include "probe/mechanism.def"
}

static void put_phases(void)
{
#define PHASE(id, word) puts(word);
#include "probe/phase.def"
}

/* ---- check commands ---- */

/* What a monitoring server has no use for: it logs in, and has no standard input. */
static bool is_for_servers(const struct row *row)
{
	static const char *const others[] = { "password-stdin", "version", "help" };

	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		if (strcmp(row->name, others[i]) == 0)
			return false;
	return row->group != GROUP_DECODE;
}

/* For JSON and for Icinga's language. */
static void put_quoted(const char *text)
{
	putchar('"');
	for (; *text; text++) {
		if (*text == '"' || *text == '\\')
			putchar('\\');
		putchar(*text);
	}
	putchar('"');
}

/* The custom variable: smtp_auth_ca_file. */
static void put_variable(const struct row *row)
{
	fputs("smtp_auth_", stdout);
	for (const char *c = row->name; *c; c++)
		putchar(*c == '-' ? '_' : *c);
}

/* set_if and value, after their keys and the string that opens them. */
static void put_macro(const struct row *row)
{
	putchar('"');
	if (is_optional(row))
		printf("--%s=", row->name);
	putchar('$');
	put_variable(row);
	fputs("$\"", stdout);
}

static void put_icinga_row(const struct row *row)
{
	printf("\t\t\"--%s\" = {\n\t\t\t%s = ", row->name,
	       is_flag(row) ? "set_if" : "value");
	put_macro(row);
	if (is_optional(row))
		fputs("\n\t\t\tskip_key = true", stdout);
	else if (!is_flag(row))
		fputs("\n\t\t\trepeat_key = true", stdout);
	fputs("\n\t\t\tdescription = ", stdout);
	put_quoted(row->help);
	fputs("\n\t\t}\n", stdout);
}

static void put_icinga(void)
{
	for (size_t i = 0; i < ROW_COUNT; i++)
		if (is_for_servers(&rows[i]))
			put_icinga_row(&rows[i]);
}

static void put_director_argument(const struct row *row)
{
	printf("        \"--%s\": {\n          \"%s\": ", row->name,
	       is_flag(row) ? "set_if" : "value");
	put_macro(row);
	if (is_flag(row))
		fputs(",\n          \"set_if_format\": \"string\"", stdout);
	else if (is_optional(row))
		fputs(",\n          \"skip_key\": true", stdout);
	else
		fputs(",\n          \"repeat_key\": true", stdout);
	fputs(",\n          \"description\": ", stdout);
	put_quoted(row->help);
	fputs("\n        }", stdout);
}

static void put_director_field(const struct row *row)
{
	printf("        { \"datafield_id\": %d, \"is_required\": \"n\", "
	       "\"var_filter\": null }",
	       (int)(row - rows) + 1);
}

static void put_director_datafield(const struct row *row)
{
	bool is_secret = strcmp(row->name, "authpass") == 0;

	printf("    \"%d\": {\n      \"varname\": \"", (int)(row - rows) + 1);
	put_variable(row);
	printf("\",\n      \"caption\": \"--%s\",\n      \"description\": ", row->name);
	put_quoted(row->help);
	printf(",\n      \"datatype\": "
	       "\"Icinga\\\\Module\\\\Director\\\\DataType\\\\DataType%s\",\n"
	       "      \"format\": null,\n      \"settings\": {%s}\n    }",
	       is_flag(row) ? "Boolean" : "String",
	       is_flag(row) ? ""
	       : is_secret  ? " \"visibility\": \"hidden\" "
	                    : " \"visibility\": \"visible\" ");
}

static void put_list(void (*put_row)(const struct row *row))
{
	bool is_first = true;

	for (size_t i = 0; i < ROW_COUNT; i++) {
		if (!is_for_servers(&rows[i]))
			continue;
		if (!is_first)
			fputs(",\n", stdout);
		is_first = false;
		put_row(&rows[i]);
	}
	putchar('\n');
}

static void put_director_arguments(void)
{
	put_list(put_director_argument);
}

static void put_director_fields(void)
{
	put_list(put_director_field);
}

static void put_director_datafields(void)
{
	put_list(put_director_datafield);
}

/* ---- templates ---- */

static const struct {
	const char *mark;
	void (*put)(void);
} lists[] = {
	{ "%man%\n", put_man },
	{ "%completion%\n", put_completion },
	{ "%mechanisms%\n", put_mechanisms },
	{ "%phases%\n", put_phases },
	{ "%icinga%\n", put_icinga },
	{ "%director-arguments%\n", put_director_arguments },
	{ "%director-fields%\n", put_director_fields },
	{ "%director-datafields%\n", put_director_datafields },
};

static void put_line(const char *line)
{
	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
		if (strcmp(line, lists[i].mark) == 0) {
			lists[i].put();
			return;
		}
	}
	fputs(line, stdout);
}

int main(void)
{
	char line[LINE_MAX_LEN];

	while (fgets(line, sizeof(line), stdin))
		put_line(line);
	if (ferror(stdin) || fflush(stdout) != 0 || ferror(stdout)) {
		perror("option_pages");
		return EXIT_FAILURE;
	}
	return EXIT_SUCCESS;
}
