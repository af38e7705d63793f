/* SPDX-License-Identifier: Apache-2.0 */
#include "probe/plugin/password_command.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#include "probe/clock.h"
#include "tests/unit/row.h"

static struct secret *run(const char *command, struct error *err)
{
	struct command_words words;

	err->text[0] = '\0';
	if (!command_words_split(&words, command, err))
		fail_msg("\"%s\": %s", command, err->text);
	return password_command_run(&words, err);
}

static const struct {
	const char *command, *password;
} good[] = {
	{ "/bin/echo geheim", "geheim" },
	{ "/usr/bin/printf geheim", "geheim" },
	{ "/usr/bin/printf 'geheim\\r\\n'", "geheim" },
	{ "/bin/echo '  $HOME ; a|b '", "  $HOME ; a|b " }, /* no shell */
	{ "/bin/sh -c 'echo geheim; echo noise >&2'", "geheim" },
	{ "/bin/sh -c 'exec /bin/echo \"$(/bin/cat)geheim\"'", "geheim" }, /* stdin */
	{ "/bin/sh -c 'printf ge; printf heim; exec >&-; exit 0'", "geheim" },
	/* Its own end counts, not that of who inherited the pipe. */
	{ "/bin/sh -c 'echo geheim; sleep 30 & exit 0'", "geheim" },
};

static void output_is_the_password(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(good); i++) {
		struct error err;
		usec start = clock_now();
		struct secret *secret = run(good[i].command, &err);

		if (!secret)
			fail_msg("row \"%s\": %s", good[i].command, err.text);
		CHECK_STR(good[i].command, secret_reveal(secret), good[i].password);
		CHECK(good[i].command, clock_now() - start < 4 * USEC_PER_SEC);
		secret_destroy(secret);
	}
}

static const struct {
	const char *command, *words;
} failures[] = {
	{ "/bin/false", "/bin/false ended with exit status 1" },
	{ "/bin/sh -c 'echo geheim; exit 77'", "/bin/sh ended with exit status 77" },
	{ "/bin/sh -c 'echo geheim; echo geheim >&2; kill -9 $$'", "signal 9" },
	{ "/nonexistent/geh", "cannot run /nonexistent/geh: No such file" },
	{ "/etc/passwd", "cannot run /etc/passwd: Permission denied" },
	{ "/bin/true", "--password-command: the password is empty" },
	{ "/bin/echo", "--password-command: the password is empty" },
	{ "/bin/echo \"geheim\ngeheim\"", "holds a NUL, CR or LF" },
};

static void failure_is_told_without_the_output(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(failures); i++) {
		struct error err;

		CHECK(failures[i].command, !run(failures[i].command, &err));
		if (!strstr(err.text, failures[i].words))
			fail_msg("row \"%s\": \"%s\"", failures[i].command, err.text);
		CHECK(failures[i].command, !strstr(err.text, "geheim"));
	}
}

static void output_is_limited(void **state)
{
	struct error err;
	struct secret *secret;

	(void)state;
	secret = run("/bin/sh -c 'printf %08192d 7; printf \"\\r\\n\"'", &err);
	assert_non_null(secret);
	assert_int_equal(secret_reveal(secret).len, SECRET_SIZE_MAX);
	secret_destroy(secret);
	assert_null(run("/usr/bin/printf %08193d 7", &err));
	assert_non_null(strstr(err.text, "longer than 8192 bytes"));
}

static void endless_output_is_not_waited_for(void **state)
{
	struct error err;
	usec start = clock_now();

	(void)state;
	assert_null(run("/bin/cat /dev/zero", &err));
	assert_non_null(strstr(err.text, "wrote more than 8192 bytes"));
	assert_true(clock_now() - start < 4 * USEC_PER_SEC);
}

/* Who ignores SIGCHLD or blocks SIGTERM gets both back as they were. */
static void signals_are_as_before(void **state)
{
	struct secret *secret;
	struct error err;
	sigset_t mask;

	(void)state;
	signal(SIGCHLD, SIG_IGN);
	secret = run("/bin/echo geheim", &err);
	assert_non_null(secret);
	secret_destroy(secret);
	sigprocmask(SIG_SETMASK, NULL, &mask);
	assert_false(sigismember(&mask, SIGTERM) || sigismember(&mask, SIGCHLD));
}

/* SIGPIPE is ignored here; a program rarely expects that. */
static void command_has_the_usual_signals(void **state)
{
	struct secret *secret;
	struct error err;

	(void)state;
	signal(SIGPIPE, SIG_IGN);
	secret = run("/bin/sed -n 's/^SigIgn:.*\\(....\\)$/\\1/p' /proc/self/status",
	             &err);
	assert_non_null(secret);
	CHECK_STR("SigIgn", secret_reveal(secret),
	          "0000"); /* the C library has its own */
	secret_destroy(secret);
	secret = run("/bin/sed -n s/^SigBlk:.//p /proc/self/status", &err);
	assert_non_null(secret);
	CHECK_STR("SigBlk", secret_reveal(secret), "0000000000000000");
	secret_destroy(secret);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(output_is_the_password),
		cmocka_unit_test(failure_is_told_without_the_output),
		cmocka_unit_test(output_is_limited),
		cmocka_unit_test(endless_output_is_not_waited_for),
		cmocka_unit_test(signals_are_as_before),
		cmocka_unit_test(command_has_the_usual_signals),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
