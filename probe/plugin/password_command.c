/* SPDX-License-Identifier: Apache-2.0 */
#include "probe/plugin/password_command.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "probe/clock.h"

/* With the CRLF that it may end with, and a byte to see that there is more. */
enum { OUTPUT_MAX = SECRET_SIZE_MAX + 3 };

enum outcome { GOING_ON, ENDED, TOO_LONG, LATE, INTERRUPTED };

struct command {
	pid_t pid;
	int output, signals; /* descriptors; output is -1 at its end */
	int status;          /* once it has ended */
	char *bytes;
	size_t len;
};

static const char origin[] = "--password-command";

/* ---- start ---- */

/* The pipe first: its end may have the number of one that is opened after it. */
static int spawn(struct command *command, int write_end, char *const *argv,
                 const sigset_t *mask)
{
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	sigset_t to_default;
	int failed;

	sigemptyset(&to_default);
	sigaddset(&to_default, SIGPIPE);
	posix_spawnattr_init(&attributes);
	posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP |
	                                              POSIX_SPAWN_SETSIGMASK |
	                                              POSIX_SPAWN_SETSIGDEF);
	posix_spawnattr_setpgroup(&attributes, 0);
	posix_spawnattr_setsigmask(&attributes, mask);
	posix_spawnattr_setsigdefault(&attributes, &to_default);
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, write_end, STDOUT_FILENO);
	posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY,
	                                 0);
	posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY,
	                                 0);
	failed = posix_spawn(&command->pid, argv[0], &actions, &attributes, argv,
	                     environ);
	posix_spawn_file_actions_destroy(&actions);
	posix_spawnattr_destroy(&attributes);
	return failed;
}

static int start(struct command *command, char *const *argv, const sigset_t *mask)
{
	int ends[2], failed;

	if (pipe2(ends, O_CLOEXEC) < 0)
		return errno;
	failed = spawn(command, ends[1], argv, mask);
	close(ends[1]);
	command->output = ends[0];
	(void)fcntl(ends[0], F_SETFL, O_NONBLOCK);
	return failed;
}

/* ---- what happens then ---- */

static enum outcome read_output(struct command *command)
{
	ssize_t got = 1;

	while (got > 0 && command->len < OUTPUT_MAX) {
		got = read(command->output, command->bytes + command->len,
		           OUTPUT_MAX - command->len);
		if (got > 0)
			command->len += (size_t)got;
	}
	if (command->len == OUTPUT_MAX)
		return TOO_LONG;
	if (got == 0) {
		close(command->output);
		command->output = -1;
	}
	return GOING_ON;
}

/* Others may keep the pipe open: the command's own end counts. */
static enum outcome read_signals(struct command *command)
{
	struct signalfd_siginfo signal;

	while (read(command->signals, &signal, sizeof(signal)) == sizeof(signal)) {
		if (signal.ssi_signo != SIGCHLD)
			return INTERRUPTED;
		if (waitpid(command->pid, &command->status, WNOHANG) == command->pid)
			return ENDED;
	}
	return GOING_ON;
}

static enum outcome watch(struct command *command, usec deadline)
{
	enum outcome outcome = GOING_ON;

	while (outcome == GOING_ON) {
		struct pollfd polled[] = { { command->output, POLLIN, 0 },
			                   { command->signals, POLLIN, 0 } };
		usec left = deadline - clock_now();

		if (left <= 0)
			return LATE;
		poll(polled, 2, (int)((left + USEC_PER_MSEC - 1) / USEC_PER_MSEC));
		outcome = read_signals(command);
		/* Also what was written just before the end. */
		if (command->output >= 0 && read_output(command) == TOO_LONG &&
		    outcome == GOING_ON)
			outcome = TOO_LONG;
	}
	return outcome;
}

/*
 * What may not be killed, such as sudo's child, is not waited for either: soon this
 * process ends, and then it is another's.
 */
static void kill_group(const struct command *command)
{
	(void)kill(-command->pid, SIGKILL);
	(void)waitpid(command->pid, NULL, WNOHANG);
}

static struct secret *judge_end(const struct command *command, const char *program,
                                struct error *err)
{
	struct str output = { command->bytes, command->len };

	if (WIFSIGNALED(command->status))
		error_set(err, "%s: %.200s was ended by signal %d", origin, program,
		          WTERMSIG(command->status));
	else if (WEXITSTATUS(command->status) != 0)
		error_set(err, "%s: %.200s ended with exit status %d", origin, program,
		          WEXITSTATUS(command->status));
	else
		return secret_create_line(output, origin, err);
	return NULL;
}

static struct secret *judge(const struct command *command, enum outcome outcome,
                            const char *program, struct error *err)
{
	switch (outcome) {
	case LATE:
		error_set(err,
		          "%s: %.200s did not end within %d seconds and was killed",
		          origin, program, PASSWORD_COMMAND_S);
		return NULL;
	case INTERRUPTED:
		error_set(err, "%s: stopped by a signal before %.200s ended", origin,
		          program);
		return NULL;
	case TOO_LONG:
	case GOING_ON:
		error_set(err, "%s: %.200s wrote more than %d bytes", origin, program,
		          SECRET_SIZE_MAX);
		return NULL;
	case ENDED:
		break;
	}
	return judge_end(command, program, err);
}

static struct secret *run(struct command *command, char *const *argv,
                          const sigset_t *mask, struct error *err)
{
	int failed = start(command, argv, mask);
	enum outcome outcome;

	if (failed) {
		error_set(err, "%s: cannot run %.200s: %s", origin, argv[0],
		          strerror(failed));
		return NULL;
	}
	outcome = watch(command, clock_now() + PASSWORD_COMMAND_S * USEC_PER_SEC);
	if (outcome != ENDED)
		kill_group(command);
	return judge(command, outcome, argv[0], err);
}

struct secret *password_command_run(const struct command_words *words,
                                    struct error *err)
{
	struct command command = { .output = -1 };
	struct secret *secret = NULL;
	sigset_t watched, before;

	/* Who starts us with SIGCHLD ignored would keep the exit status from us. */
	signal(SIGCHLD, SIG_DFL);
	sigemptyset(&watched);
	sigaddset(&watched, SIGCHLD);
	sigaddset(&watched, SIGTERM);
	sigaddset(&watched, SIGINT);
	sigprocmask(SIG_BLOCK, &watched, &before);
	command.signals = signalfd(-1, &watched, SFD_CLOEXEC | SFD_NONBLOCK);
	command.bytes = secret_memory_create(OUTPUT_MAX);
	if (command.signals >= 0)
		secret = run(&command, words->argv, &before, err);
	else
		error_set(err, "%s: cannot run %.200s: %s", origin, words->argv[0],
		          strerror(errno));
	secret_memory_destroy(command.bytes, OUTPUT_MAX);
	if (command.output >= 0)
		close(command.output);
	if (command.signals >= 0)
		close(command.signals);
	sigprocmask(SIG_SETMASK, &before, NULL);
	return secret;
}
