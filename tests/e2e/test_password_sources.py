# SPDX-License-Identifier: Apache-2.0
"""Where a password may come from: a command, a credential of systemd, a .netrc, a file of
options. Each logs in, each failure is one sentence, and the password is nowhere else.
"""

import os
import pathlib
import resource
import signal
import subprocess

import pytest

from plugin import EHLO_NAME, USER, eventually, leaks
from plugin import probe  # noqa: F401 (a fixture)
from servers import tools

SECRET = "uNiQue-8m.Yw-Passw0rd"
OTHER = "aNoTher-3k.Rt-Passw0rd"
COMMAND_SECONDS = 5


@pytest.fixture(scope="module")
def server(probe):
    users = probe.secret_file("users-sources", f"{USER}:{SECRET}\nsecond@example.test:{OTHER}\n")
    with probe.login_server(users=users) as running:
        yield running


class Files:
    """What a test writes, each file readable by the user alone."""

    def __init__(self, directory):
        self.directory = directory

    def write(self, name, content, mode=0o600):
        path = self.directory / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        path.chmod(mode)
        return path

    def program(self, *lines):
        return self.write("program", "\n".join(["#!/bin/sh", *lines]) + "\n", 0o700)


@pytest.fixture
def files(tmp_path):
    return Files(tmp_path)


def words(probe, port, *more, user=("-U", USER), form="json"):
    return ["-H", "127.0.0.1", "-p", port, *user, "-F", EHLO_NAME,
            "--ca-file", probe.authority, "--output", form, *more]


def log_in(probe, server, *more, user=("-U", USER), **surroundings):
    """A run that is accepted."""
    run = probe.run(*words(probe, server.port, *more, user=user), **surroundings)
    assert run.exit_code == 0 and run.report["cause"] == "none", run
    assert_silent(run)
    return run


def assert_silent(run):
    assert run.stderr == "", run
    for secret in (SECRET, OTHER):
        assert not leaks(secret, run.stdout), run


def complain(probe, *more, expect=(), reason=None, user=("-U", USER), **surroundings):
    """A run that ends before it connects, with one sentence that holds the words."""
    for form in ("text", "json"):
        run = probe.run(*words(probe, 1, *more, user=user, form=form), **surroundings)
        assert run.exit_code == 3, run
        assert run.stdout.count("\n") == 1, run
        assert_silent(run)
        sentence = run.report["message"] if form == "json" else run.stdout[:-1]
        assert sentence.startswith("check_smtp_auth: "), run
        assert len(sentence) < 400 and "|" not in sentence, run
        for word in expect:
            assert word in sentence, f"no {word!r}\n{run}"
    if reason:
        assert (run.report["cause"], run.report["reason"]) == ("local", reason), run
    return run


# ---- a command -------------------------------------------------------------------------


def test_command_gives_the_password(probe, server, files):
    path = files.write("word", SECRET + "\n")
    log_in(probe, server, "--password-command", f"/bin/cat {path}")
    log_in(probe, server, "--password-command", f"'/bin/cat' \"{path}\"")
    log_in(probe, server, "--password-command", files.program(f"printf '%s\\r\\n' '{SECRET}'"))


def test_what_the_command_says_on_stderr_is_not_shown(probe, server, files):
    program = files.program(f"echo noise '{SECRET}' >&2", f"echo '{SECRET}'")
    log_in(probe, server, "--password-command", program, "-vvv", "--trace")


def test_command_is_no_shell(probe, server, files):
    marker = files.directory / "marker"
    program = files.program('[ "$#" = 3 ] && [ "$1" = "; touch" ] || exit 1', f"echo '{SECRET}'")
    log_in(probe, server, "--password-command", f"{program} '; touch' {marker} `touch`")
    assert not marker.exists()


def test_command_reads_nothing_and_inherits_nothing(probe, server, files):
    shown = files.directory / "shown"
    program = files.program(
        f"exec 3>{shown}", "cat >&3 && echo end-of-stdin >&3",
        "cat /proc/self/environ /proc/$$/cmdline >&3", "ls /proc/self/fd | tr '\\n' ' ' >&3",
        f"cat {files.write('word', SECRET)}")
    log_in(probe, server, "--password-command", program, stdin=b"not for the command",
           environment={"PROBE_GIVEN": "as-it-was"})
    said = shown.read_bytes()
    assert b"end-of-stdin" in said and b"not for the command" not in said
    assert b"PROBE_GIVEN=as-it-was" in said
    assert not leaks(SECRET, said), said
    # ls reads the directory through one of its own; 3 is the program's.
    assert said.endswith(b"0 1 2 3 4 "), said


@pytest.mark.parametrize("lines,expect", [
    (["exit 7"], ["exit status 7"]),
    ([f"echo '{SECRET}'", "exit 1"], ["exit status 1"]),
    ([f"echo '{SECRET}' >&2", "exit 1"], ["exit status 1"]),
    ([f"echo '{SECRET}'", "kill -9 $$"], ["signal 9"]),
    (["exit 0"], ["empty"]),
    ([f"echo '{SECRET}'", "echo more"], ["CR or LF"]),
    ([f"printf '{SECRET}\\377'"], ["UTF-8"]),
    ([f"printf '{SECRET}\\0'"], ["NUL"]),
    (["head -c 8193 /dev/zero | tr '\\0' x"], ["8192 bytes"]),
    (["cat /dev/zero"], ["8192 bytes"]),
], ids=["status", "status_and_output", "status_and_noise", "signal", "nothing", "two_lines",
        "no_utf8", "nul", "too_long", "endless"])
def test_command_that_fails_is_one_sentence(probe, files, lines, expect):
    complain(probe, "--password-command", files.program(*lines),
             expect=["--password-command", *expect], reason="secret_unreadable")


def test_command_that_cannot_run_is_one_sentence(probe, files):
    complain(probe, "--password-command", files.directory / "none", reason="secret_unreadable",
             expect=["cannot run", "No such file"])
    complain(probe, "--password-command", files.write("plain", "x"), reason="secret_unreadable",
             expect=["cannot run", "Permission denied"])
    complain(probe, "--password-command", SECRET, expect=["full path"])
    complain(probe, "--password-command", f"/bin/echo '{SECRET}", expect=["quote"])


def processes_of(group):
    """Those that are not only waited for."""
    found = []
    for path in pathlib.Path("/proc").glob("[0-9]*/stat"):
        try:
            state, _, process_group = path.read_text().rpartition(")")[2].split()[:3]
        except (FileNotFoundError, ProcessLookupError):
            continue
        if int(process_group) == group and state != "Z":
            found.append(path.parent.name)
    return found


def hanging(files):
    """A program with two children that hold its output open, all of one group."""
    started = files.directory / "started"
    program = files.program("trap '' TERM INT HUP", "sleep 600 &", "(sleep 600; true) &",
                            f"echo '{SECRET}'", f"echo $$ >{started}.new",
                            f"mv {started}.new {started}", "wait")
    return program, started


def test_command_that_hangs_is_killed_with_its_children(probe, files):
    program, started = hanging(files)
    run = probe.run(*words(probe, 1, "--password-command", program))
    assert run.exit_code == 3, run
    assert "5 seconds" in run.report["message"], run
    assert run.report["reason"] == "secret_unreadable", run
    assert COMMAND_SECONDS <= run.elapsed < 7, run
    assert_silent(run)
    group = int(started.read_text())
    eventually(lambda: not processes_of(group), "the children are gone")


def test_command_that_closed_its_output_and_hangs_is_killed(probe, files):
    run = probe.run(*words(probe, 1, "--password-command",
                           files.program(f"echo '{SECRET}'", "exec >&-", "sleep 600")))
    assert run.exit_code == 3 and COMMAND_SECONDS <= run.elapsed < 7, run
    assert "5 seconds" in run.report["message"], run


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_signal_ends_the_command(probe, files, number):
    program, started = hanging(files)
    running = probe.start(*words(probe, 1, "--password-command", program))
    eventually(started.exists, "the command runs")
    running.process.send_signal(number)
    run = running.finish()
    assert run.exit_code == 3 and run.elapsed < COMMAND_SECONDS, run
    assert "signal" in run.report["message"], run
    assert_silent(run)
    group = int(started.read_text())
    eventually(lambda: not processes_of(group), "the children are gone")


def test_scheduler_that_ignores_its_children_is_no_fault(probe, server, files):
    path = files.write("word", SECRET)
    log_in(probe, server, "--password-command", f"/bin/cat {path}",
           preexec_fn=lambda: signal.signal(signal.SIGCHLD, signal.SIG_IGN))


def test_no_descriptor_for_the_command_is_one_sentence(probe):
    for limit in range(4, 10):
        run = probe.run(*words(probe, 1, "--password-command", "/bin/true"),
                        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE,
                                                              (limit, limit)))
        assert run.exit_code == 3 and run.report["cause"] == "local", run


# ---- a credential of systemd -----------------------------------------------------------


def test_credential_gives_the_password(probe, server, files):
    files.write("smtp.word", SECRET)
    log_in(probe, server, "--password-credential", "smtp.word",
           environment={"CREDENTIALS_DIRECTORY": str(files.directory)})


def test_credential_that_is_not_there_is_one_sentence(probe, files):
    surroundings = {"environment": {"CREDENTIALS_DIRECTORY": str(files.directory)}}
    complain(probe, "--password-credential", "none", **surroundings,
             expect=["none", "No such file"], reason="secret_unreadable")
    files.write("open", SECRET, 0o644)
    complain(probe, "--password-credential", "open", **surroundings,
             expect=["everybody may read"], reason="secret_unreadable")
    for name in ("a/b", "/etc/passwd", "..", ".", "../x", ""):
        complain(probe, "--password-credential", name, **surroundings,
                 expect=["--password-credential", "is not a name"])


@pytest.mark.parametrize("directory", ["", "relative"])
def test_credential_without_a_directory_is_one_sentence(probe, directory):
    complain(probe, "--password-credential", "word", reason="secret_unreadable",
             environment={"CREDENTIALS_DIRECTORY": directory},
             expect=["--password-credential", "CREDENTIALS_DIRECTORY", "LoadCredential="])


# ---- a .netrc --------------------------------------------------------------------------

NETRC = f"""# of the monitoring
machine other.example.test login nobody password wrong
machine 127.0.0.1
    login {USER}
    password {SECRET}
macdef init
    password wrong

machine 127.0.0.1 login second@example.test password "{OTHER}"
default login nobody password wrong
"""


def test_netrc_gives_user_and_password(probe, server, files):
    path = files.write("netrc", NETRC)
    log_in(probe, server, "--netrc", path, user=())


@pytest.mark.parametrize("user", [USER, "second@example.test"])
def test_netrc_gives_the_password_of_the_user(probe, server, files, user):
    path = files.write("netrc", NETRC)
    log_in(probe, server, "--netrc", path, user=("-U", user))


def test_netrc_default_is_for_every_machine(probe, server, files):
    path = files.write("netrc", f"default login {USER} password {SECRET}\n", 0o640)
    log_in(probe, server, "--netrc", path, user=())


def test_netrc_without_an_answer_is_one_sentence(probe, files):
    def fail(content, *expect, mode=0o600, **more):
        complain(probe, "--netrc", files.write("netrc", content, mode), **more,
                 expect=[str(files.directory), *expect], reason="secret_unreadable")

    fail(NETRC, "everybody may read", mode=0o644)
    fail(NETRC, "others may write", mode=0o660)
    fail(f"machine x password {SECRET}", "no entry for machine 127.0.0.1")
    fail(f"machine 127.0.0.1 login x password {SECRET}", "no entry", USER)
    fail("machine 127.0.0.1", "has no password")
    fail(f'machine 127.0.0.1\npassword "{SECRET}', "line 2", "quote")
    fail(f"machine 127.0.0.1 password a {SECRET}", "line 1", "double quotes")
    fail(SECRET * 4000, "larger than 65536 bytes")
    complain(probe, "--netrc", files.directory / "none", reason="secret_unreadable",
             expect=["none", "No such file"])
    complain(probe, "--netrc", files.directory, reason="secret_unreadable",
             expect=["directory"])


def test_netrc_without_a_login_needs_the_user(probe, files):
    path = files.write("netrc", f"machine 127.0.0.1 password {SECRET}\n")
    complain(probe, "--netrc", path, user=(), expect=["-U"])


# ---- a file of options -----------------------------------------------------------------


def options_file(files, *lines, section="check_smtp_auth", name="options.ini", mode=0o600):
    return files.write(name, f"[{section}]\n" + "".join(f"{line}\n" for line in lines), mode)


def test_options_of_a_file_log_in(probe, server, files):
    path = options_file(files, "; a comment", "hostname = 127.0.0.1", f"p={server.port}",
                        f"U = {USER}", f"authpass = {SECRET}", f"ca-file={probe.authority}",
                        "# another", f"fqdn={EHLO_NAME}", "output=json", "trace=")
    for value in (f"--extra-opts=@{path}", f"--extra-opts=check_smtp_auth@{path}"):
        run = probe.run(value)
        assert run.exit_code == 0 and run.report["cause"] == "none", run
        assert "trace" in run.report, run
        assert_silent(run)
    run = probe.run("--extra-opts", f"@{path}", "--output", "text")
    assert run.exit_code == 0 and "SMTP AUTH OK" in run.stdout, run
    assert "the password stood on the command line" not in run.stdout, run


def closed(probe, *more, **surroundings):
    """The port that a run was for when nobody serves it."""
    run = probe.run("-H", "127.0.0.1", "-U", "x", "-t", "2", "--second-look", "0",
                    "--output", "json", *more, **surroundings)
    assert run.report and run.exit_code == 2, run
    return run.report["port"]


def test_later_counts_and_the_command_line_counts_last(probe, files):
    """As check_smtp 2.3.3 does it: files first, in their order, then the command line."""
    word = files.write("word", "x")
    first = options_file(files, "port=1", f"password-file={word}")
    again = options_file(files, "port=2", "[x]", "port=9", "[check_smtp_auth]", "port=3",
                         name="again.ini")
    assert closed(probe, f"--extra-opts=@{first}") == 1
    assert closed(probe, f"--extra-opts=@{first}", f"--extra-opts=@{again}") == 3
    assert closed(probe, f"--extra-opts=@{again}", f"--extra-opts=@{first}") == 1
    assert closed(probe, "-p", "4", f"--extra-opts=@{first}") == 4
    assert closed(probe, f"--extra-opts=x@{again}", "--extra-opts", f"@{first}", "-p", "4") == 4


def test_section_is_the_programs_or_the_one_that_is_named(probe, files):
    content = "".join(f"[{name}]\nport={port}\npassword-file={files.write('word', 'x')}\n"
                      for port, name in enumerate(["check_smtp", "check_smtp_auth", "a b"], 1))
    path = files.write("options.ini", content)
    assert closed(probe, f"--extra-opts=@{path}") == 2
    assert closed(probe, f"--extra-opts=a b@{path}") == 3
    alias = files.directory / "check_smtp"
    alias.symlink_to(probe.binary)
    assert closed(probe, f"--extra-opts=@{path}", binary=alias) == 1


def test_file_is_searched_for(probe, files):
    path = options_file(files, "port=1", f"password-file={files.write('word', 'x')}",
                        name="nagios-plugins.ini")
    searched = {"NAGIOS_CONFIG_PATH": f":/nonexistent::{files.directory}"}
    assert closed(probe, "--extra-opts", environment=searched) == 1
    assert closed(probe, "--extra-opts", "-4", environment=searched) == 1
    assert closed(probe, "--extra-opts", "check_smtp_auth", environment=searched) == 1
    assert closed(probe, "--extra-opts=", environment={"MP_CONFIG_FILE": str(path)}) == 1
    complain(probe, "--extra-opts", environment={"MP_CONFIG_FILE": "/nonexistent.ini"},
             expect=["/nonexistent.ini", "No such file"])


def test_standard_input_may_be_the_file(probe, server):
    given = f"[check_smtp_auth]\nauthpass={SECRET}\n".encode()
    log_in(probe, server, "--extra-opts=@-", stdin=given)
    complain(probe, "--extra-opts=@-", "--password-stdin", stdin=given,
             expect=["--extra-opts=@-", "--password-stdin"])


def test_empty_value_does_not_take_the_next_option(probe, files):
    """check_smtp 2.3.3 loses the port behind "authuser=" in a file."""
    path = options_file(files, "authuser=", "port=1")
    complain(probe, f"--extra-opts=@{path}", expect=["line 2", "--authuser needs a value"])


def test_letter_takes_its_value_without_the_equals_sign(probe, files):
    """check_smtp 2.3.3 takes "H=127.0.0.1" in a file for the host =127.0.0.1."""
    path = options_file(files, "H=127.0.0.1", "p=1", f"password-file={files.write('w', 'x')}")
    run = probe.run(f"--extra-opts=@{path}", "-U", "x", "-t", "2", "--second-look", "0",
                    "--output", "json")
    assert run.report["addresses_tried"][0]["address"] == "127.0.0.1:1", run


def test_command_line_names_another_password_than_the_file(probe, server, files):
    wrong = options_file(files, "authpass=wrong")
    log_in(probe, server, f"--extra-opts=@{wrong}",
           "--password-file", files.write("word", SECRET))
    elsewhere = options_file(files, "password-file=/nonexistent", "tls=")
    run = probe.run(*words(probe, server.port, f"--extra-opts=@{elsewhere}", "-S",
                           "-P", SECRET))
    assert run.exit_code == 0, run
    assert_silent(run)


@pytest.mark.parametrize("line", [f"authpass={SECRET}", f"P={SECRET}", f"authp={SECRET}"])
def test_file_with_a_password_must_be_kept_from_others(probe, server, files, line):
    path = options_file(files, "port=1", line, mode=0o644)
    complain(probe, f"--extra-opts=@{path}", expect=["everybody may read", str(path)])
    path.chmod(0o640)
    log_in(probe, server, f"--extra-opts=@{path}")


def test_file_without_a_password_may_be_open(probe, files):
    path = options_file(files, "port=1", f"password-file={files.write('word', 'x')}",
                        "[check_smtp]", f"authpass={SECRET}", mode=0o644)
    assert closed(probe, f"--extra-opts=@{path}") == 1


@pytest.mark.parametrize("content,expect", [
    ("", ["no options in a section [check_smtp_auth]"]),
    ("[check_smtp_auth]\n[x]\nport=1\n", ["no options in a section"]),
    ("port=1\n[check_smtp_auth]\n", ["line 1", "first [section]"]),
    (f"[check_smtp_auth]\nauthpass {SECRET}\n", ["line 2", "NAME="]),
    (f"[check_smtp_auth]\nauthpass:{SECRET}=\n", ["line 2", "unknown"]),
    (f"[check_smtp_auth]\npasswort={SECRET}\n", ["line 2", "unknown"]),
    (f"[check_smtp_auth]\n4={SECRET}\n", ["line 2", "-4 takes no value"]),
    (f"[check_smtp_auth]\n={SECRET}\n", ["line 2", "no name"]),
    ("[check_smtp_auth]\n\nwarning=5x\n", ["line 3", "-w", "5x"]),
    ("[check_smtp_auth]\nextra-opts=x\n", ["line 2", "extra-opts does not belong"]),
    ("[check_smtp_auth]\nstarttls=\ntls=\n", ["line 3", "--starttls", "--tls"]),
    (f"[check_smtp_auth]\nauthpass={SECRET}\nnetrc=x\n", ["line 3", "-P", "--netrc"]),
    (b"[check_smtp_auth]\nauthpass=a\0b\n", ["line 2", "NUL"]),
    ("[check_smtp_auth]\n" + "trace=\n" * 129, ["more than 128 options"]),
    ("#" * 65537, ["larger than 65536 bytes"]),
], ids=range(15))
def test_damaged_file_is_one_sentence(probe, files, content, expect):
    path = files.write("options.ini", content)
    complain(probe, f"--extra-opts=@{path}", expect=[str(path), *expect])


def test_missing_file_is_one_sentence(probe, files):
    complain(probe, "--extra-opts=@/nonexistent.ini", expect=["/nonexistent.ini", "No such"])
    complain(probe, f"--extra-opts=@{files.directory}", expect=["directory"])
    complain(probe, "--extra-opts=@", expect=["no file after"])


def test_form_of_output_in_the_file_is_for_mistakes_too(probe, files):
    path = options_file(files, "port=0", "output=json")
    run = probe.run(f"--extra-opts=@{path}")
    assert run.exit_code == 3 and run.report["cause"] == "local", run


# ---- two sources -----------------------------------------------------------------------


@pytest.mark.parametrize("first,second", [
    (("--password-command", "/bin/true"), ("--password-credential", "a")),
    (("--password-credential", "a"), ("--netrc", "a")),
    (("--netrc", "a"), ("--password-file", "a")),
    (("--password-command", "/bin/true"), ("-P", SECRET)),
])
def test_two_sources_are_both_named(probe, first, second):
    for words_ in ((*first, *second), (*second, *first)):
        run = probe.run("-H", "a", *words_)
        assert run.exit_code == 3, run
        assert first[0] in run.stdout and second[0] in run.stdout, run
        assert len(run.stdout) <= 81, run
        assert_silent(run)


# ---- the process -----------------------------------------------------------------------


def silent_after_auth(peer):
    peer.encrypted_session("AUTH PLAIN")
    peer.line()
    peer.server.note("ALL SAID")
    peer.drain()


def source(name, probe, files):
    """Options and environment that give the password."""
    if name == "command":
        return ["--password-command", f"/bin/cat {files.write('word', SECRET)}"], {}
    if name == "credential":
        files.write("word", SECRET)
        return ["--password-credential", "word"], {"CREDENTIALS_DIRECTORY":
                                                   str(files.directory)}
    if name == "netrc":
        content = f'machine x password "{SECRET}"\nmachine 127.0.0.1 password "{SECRET}"\n'
        return ["--netrc", files.write("netrc", content)], {}
    path = options_file(files, f"authpass={SECRET}", "[other]", f"authpass={SECRET}")
    return [f"--extra-opts=@{path}"], {}


@pytest.fixture(params=["as_tested", "without_sanitizers"])
def any_build(request, probe):
    if request.param == "as_tested":
        return probe.binary
    return pathlib.Path(os.environ["CHECK_SMTP_AUTH_PLAIN"])


@pytest.mark.parametrize("name", ["command", "credential", "netrc", "extra_opts"])
def test_process_does_not_hold_the_password(probe, files, tmp_path, any_build, name):
    """Neither its command line nor its environment nor what a debugger takes of it."""
    gcore = tools.require("gcore", "gdb")
    given, environment = source(name, probe, files)
    with probe.python_server(silent_after_auth) as server:
        running = probe.start(*words(probe, server.port, *given, "-A", "PLAIN", "-t", "60"),
                              binary=any_build, environment=environment)
        server.wait_for("ALL SAID")
        own = pathlib.Path(f"/proc/{running.pid}")
        shown = (own / "cmdline").read_bytes() + (own / "environ").read_bytes()
        done = subprocess.run([gcore, "-o", tmp_path / "core", str(running.pid)],
                              capture_output=True, text=True, timeout=60, check=False)
        running.process.terminate()
        run = running.finish()
    assert b"127.0.0.1" in shown and not leaks(SECRET, shown), shown
    assert_silent(run)
    cores = list(tmp_path.glob("core*"))
    assert cores or done.returncode != 0, done.stdout + done.stderr
    for core in cores:
        assert not leaks(SECRET, core.read_bytes()), "the core holds the password"


def test_argument_is_wiped_while_a_file_is_waited_for(probe, files):
    """The options come through a pipe that nobody has written to yet."""
    pipe = files.directory / "pipe"
    os.mkfifo(pipe, 0o600)
    running = probe.start("-H", "127.0.0.1", "-p", "1", "-U", USER, f"-P{SECRET}",
                          f"--extra-opts=@{pipe}", "--output", "json")
    with open(pipe, "wb") as writer:  # it opens when the other end does
        cmdline = pathlib.Path(f"/proc/{running.pid}/cmdline").read_bytes()
        writer.write(b"[check_smtp_auth]\nsecond-look=0\n")
    run = running.finish()
    assert b"--extra-opts" in cmdline and not leaks(SECRET, cmdline), cmdline
    assert run.report["port"] == 1, run.stdout
    assert not leaks(SECRET, run.stdout + run.stderr), run.stdout
