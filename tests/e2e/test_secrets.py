# SPDX-License-Identifier: Apache-2.0
"""The password is nowhere but on its way to the server.

Neither the password nor eight characters of any base64 form of it may stand in what the
plugin prints, in its trace, in its command line or in a core dump, whatever the server
does: not even when it sends back what it was told.
"""

import base64
import os
import pathlib
import resource
import signal
import subprocess

import pytest

from plugin import USER, base64_runs, leaks, up_to
from plugin import probe  # noqa: F401 (a fixture)
from servers import tools

SECRET = "uNiQue-7k.Zq-Passw0rd"
PASSWORD_MECHANISMS = ["PLAIN", "LOGIN", "CRAM-MD5", "DIGEST-MD5", "SCRAM-SHA-1",
                       "SCRAM-SHA-256", "SCRAM-SHA-1-PLUS", "SCRAM-SHA-256-PLUS", "auto"]
FORMS = {
    "text": ["--output", "text"],
    "verbose": ["--output", "text", "-vvv"],
    "text_with_trace": ["--output", "text", "--trace"],
    "json_with_trace": ["--output", "json", "--trace"],
}


def test_the_needles_of_this_module_find_the_secret():
    """The proof that a search that finds nothing means something."""
    for before in ("", "a", "ab", "\0user\0"):
        for after in ("", "z", "zz"):
            encoded = base64.b64encode((before + SECRET + after).encode()).decode()
            assert leaks(SECRET, encoded), (before, after)
            assert leaks(SECRET, encoded.upper()), (before, after)
    assert leaks(SECRET, f"535 no: {SECRET.upper()}")
    assert len(base64_runs(SECRET)) > 50
    assert not leaks(SECRET, base64.b64encode(b"something else altogether").decode())


@pytest.fixture(scope="module")
def secret_file(probe):
    return probe.secret_file("unique", SECRET + "\n")


@pytest.fixture(scope="module")
def servers(probe):
    """Servers for whose user the secret is right, wrong, and out of reach."""
    right = probe.secret_file("users-right", f"{USER}:{SECRET}\n")
    wrong = probe.secret_file("users-wrong", f"{USER}:something else\n")
    with probe.login_server(users=right) as good, \
         probe.login_server(users=wrong) as refusing, \
         probe.login_server("--backend-down", users=right) as down:
        yield {"good": good, "refused": refusing, "backend_down": down}


def arguments(probe, port, secret_file, *more):
    return ["-H", "127.0.0.1", "-p", port, "-U", USER, "--password-file", secret_file,
            "--ca-file", probe.authority, "-F", "probe.example.test", *more]


def assert_silent(run):
    assert not leaks(SECRET, run.stdout + run.stderr), run
    assert run.stderr == "", run


EXITS = {"good": 0, "refused": 2, "backend_down": 2}


@pytest.mark.parametrize("outcome", EXITS)
@pytest.mark.parametrize("mechanism", PASSWORD_MECHANISMS)
def test_no_mechanism_shows_the_password(probe, servers, secret_file, mechanism, outcome):
    for form in ("verbose", "json_with_trace"):
        run = probe.run(*arguments(probe, servers[outcome].port, secret_file,
                                   "-A", mechanism, *FORMS[form]))
        assert run.exit_code == EXITS[outcome], run
        assert_silent(run)
        assert "<redacted>" in run.stdout, run


def test_external_does_not_use_the_password(probe, servers, secret_file):
    run = probe.run(*arguments(probe, servers["good"].port, secret_file, "-A", "EXTERNAL",
                               "--client-cert", probe.certificates / "client.pem",
                               "--client-key", probe.certificates / "client.key", "-vvv"))
    assert_silent(run)


@pytest.mark.parametrize("form", ["verbose", "json_with_trace"])
@pytest.mark.parametrize("phase", ["banner", "ehlo", "starttls", "tls", "ehlo_tls", "auth"])
@pytest.mark.parametrize("how", ["close", "reset", "silence"])
def test_no_ending_shows_the_password(probe, secret_file, phase, how, form):
    with probe.replay_server(*up_to(phase), f"# server: {how}") as server:
        run = probe.run(*arguments(probe, server.port, secret_file, "-t", "0.3",
                                   *FORMS[form]))
    assert run.exit_code == 2, run
    assert_silent(run)


@pytest.mark.parametrize("case", ["refused_connection", "unknown_name", "cleartext_forbidden",
                                  "no_such_option", "bad_ca", "wrong_server_name"])
def test_no_failure_of_another_kind_shows_the_password(probe, servers, secret_file, case):
    more = {
        "refused_connection": ["-p", "1"],
        "unknown_name": ["-H", "no-such-name.invalid", "-t", "0.5"],
        "cleartext_forbidden": ["--no-tls"],
        "no_such_option": ["--passwort-file", secret_file],
        "bad_ca": ["--ca-file", probe.certificates / "untrusted.pem"],
        "wrong_server_name": ["--server-name", "other.example.test"],
    }[case]
    for form in ("verbose", "json_with_trace"):
        run = probe.run(*arguments(probe, servers["good"].port, secret_file, *FORMS[form],
                                   *more))
        assert run.exit_code in (2, 3), run
        assert_silent(run)


# ---- servers that send back what they were told ----------------------------------------


def decoded(line):
    """What a curious server makes of the base64 in a line."""
    word = line.split()[-1] if line.split() else ""
    try:
        return base64.b64decode(word).decode(errors="replace").replace("\0", " ")
    except ValueError:
        return line


ECHOES = {
    "as_it_came": lambda line: line,
    "upper_case": str.upper,
    "lower_case": str.lower,
    "first_half": lambda line: line[: len(line) // 2 + 1],
    "last_half": lambda line: line[len(line) // 2 :],
    "without_its_ends": lambda line: line[3:-3],
    "cut_at_40": lambda line: line[:40],
    "decoded": decoded,
    "decoded_upper_case": lambda line: decoded(line).upper(),
    "twice": lambda line: line + line,
    "in_quotes": lambda line: f'unknown command "{line}" (ignored)',
}


@pytest.mark.parametrize("form", ["verbose", "json_with_trace"])
@pytest.mark.parametrize("mechanism", ["PLAIN", "LOGIN"])
@pytest.mark.parametrize("echo", ECHOES)
def test_echo_of_a_command_is_redacted(probe, secret_file, echo, mechanism, form):
    def conversation(peer):
        peer.encrypted_session(f"AUTH {mechanism}")
        line = peer.line()
        if mechanism == "LOGIN":
            for prompt in ("VXNlcm5hbWU6", "UGFzc3dvcmQ6"):
                peer.send("334 " + prompt)
                line = peer.line()
        peer.send(f"500-5.5.1 Command unrecognized: {ECHOES[echo](line)}",
                  f"500 {ECHOES[echo](line)}")
        line = peer.line()  # QUIT; once more what came before
        peer.send(f"221 {line}")
        peer.drain()

    with probe.python_server(conversation) as server:
        run = probe.run(*arguments(probe, server.port, secret_file, "-A", mechanism,
                                   "-t", "5", *FORMS[form]))
    assert run.exit_code == 2, run
    assert_silent(run)
    sent = " ".join(server.lines)
    assert leaks(SECRET, sent), "the password never reached the server"


@pytest.mark.parametrize("mechanism", PASSWORD_MECHANISMS)
def test_server_that_echoes_every_line_learns_nothing_for_us(probe, secret_file, mechanism):
    """The scripted server answers each line with itself in a 500."""
    offered = mechanism if mechanism != "auto" else "PLAIN SCRAM-SHA-1"
    lines = [*up_to("ehlo_tls"), "< 250-mx", f"< 250 AUTH {offered}", "# server: echo-back"]
    with probe.replay_server(*lines) as server:
        for form in ("verbose", "json_with_trace"):
            run = probe.run(*arguments(probe, server.port, secret_file, "-A", mechanism,
                                       "-t", "5", *FORMS[form]))
            assert run.exit_code == 2, run
            assert_silent(run)


def test_echo_in_a_challenge_is_redacted(probe, secret_file):
    """What the server makes of the password comes as a 334, again in base64."""

    def conversation(peer):
        peer.encrypted_session("AUTH LOGIN")
        peer.line()
        peer.send("334 VXNlcm5hbWU6")
        peer.line()
        peer.send("334 UGFzc3dvcmQ6")
        line = peer.line()
        again = base64.b64encode(b"no: " + base64.b64decode(line)).decode()
        peer.send(f"334 {again}")
        peer.drain()

    with probe.python_server(conversation) as server:
        run = probe.run(*arguments(probe, server.port, secret_file, "-A", "LOGIN", "-t", "5",
                                   *FORMS["json_with_trace"]))
    assert run.exit_code == 2, run
    assert_silent(run)


@pytest.mark.parametrize("phase", ["banner", "ehlo", "ehlo_tls"])
def test_server_that_knows_the_password_before_it_was_sent_is_redacted(probe, secret_file,
                                                                       phase):
    code = {"banner": 554}.get(phase, 550)
    coded = base64.b64encode(f"\0{USER}\0{SECRET}".encode()).decode()
    lines = [*up_to(phase), f"< {code}-hello {SECRET}", f"< {code} hello {coded}",
             "# server: end-reply"]
    with probe.replay_server(*lines) as server:
        for form in FORMS:
            run = probe.run(*arguments(probe, server.port, secret_file, "-t", "2",
                                       *FORMS[form]))
            assert_silent(run)


def test_password_as_a_capability_is_redacted(probe, secret_file):
    lines = [*up_to("ehlo_tls"), "< 250-mx", f"< 250-{SECRET}", f"< 250 AUTH {SECRET} XPLAIN",
             "# server: end-reply"]
    with probe.replay_server(*lines) as server:
        for form in FORMS:
            run = probe.run(*arguments(probe, server.port, secret_file, "-t", "2",
                                       *FORMS[form]))
            assert_silent(run)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("secret", ["short", "p|w|x;y", "Grüße-aus-Köln-44", "x" * 700,
                                    "spaces in it"],
                         ids=["five_letters", "bars", "beyond_ascii", "long", "blanks"])
def test_echo_of_an_unusual_password_is_redacted(probe, secret, form):
    """The raw form of each, and of the base64 whatever eight characters give it away."""
    path = probe.secret_file("unusual", secret)

    def conversation(peer):
        peer.encrypted_session("AUTH PLAIN")
        line = peer.plain_response()
        peer.send(f"535-5.7.8 {line}", f"535 5.7.8 {decoded(line)}")
        peer.drain()

    with probe.python_server(conversation) as server:
        run = probe.run(*arguments(probe, server.port, path, "-A", "PLAIN", "-t", "5",
                                   *FORMS[form]))
    assert run.exit_code == 2, run
    shown = run.stdout.lower()
    if secret != "x" * 700:
        assert secret.lower() not in shown, run
        assert not [run8 for run8 in base64_runs(secret) if run8 in shown], run
    else:
        assert "xxxxxxxx" not in shown, run


# ---- the process -----------------------------------------------------------------------


def wait_until_in_auth(server):
    server.wait_for("AUTH")


def silent_after_auth(peer):
    peer.encrypted_session("AUTH PLAIN")
    peer.line()
    peer.drain()


def test_argument_is_wiped_from_the_command_line(probe):
    with probe.python_server(silent_after_auth) as server:
        running = probe.start("-H", "127.0.0.1", "-p", server.port, "-U", USER, "-P", SECRET,
                              "--ca-file", probe.authority, "-F", "a.b", "-t", "20")
        wait_until_in_auth(server)
        cmdline = pathlib.Path(f"/proc/{running.pid}/cmdline").read_bytes()
        running.process.terminate()
        run = running.finish()
    assert b"check_smtp_auth" in cmdline
    assert not leaks(SECRET, cmdline), cmdline
    # The test itself gave the secret away in the first line of the run.
    assert not leaks(SECRET, run.stdout + run.stderr), run.stdout
    assert "--password-file" in run.stdout, "no warning about -P"


def test_variable_is_wiped_from_the_environment(probe):
    with probe.python_server(silent_after_auth) as server:
        running = probe.start("-H", "127.0.0.1", "-p", server.port, "-U", USER,
                              "--password-env", "PROBE_WORD", "--ca-file", probe.authority,
                              "-F", "a.b", "-t", "20", environment={"PROBE_WORD": SECRET})
        wait_until_in_auth(server)
        environment = pathlib.Path(f"/proc/{running.pid}/environ").read_bytes()
        running.process.terminate()
        running.finish()
    assert b"PROBE_WORD=" in environment
    assert not leaks(SECRET, environment)


def unlimited_core():
    resource.setrlimit(resource.RLIMIT_CORE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))


@pytest.fixture(params=["as_tested", "without_sanitizers"])
def any_build(request, probe):
    """Sanitizers have their own ways with memory, so both builds are looked into."""
    if request.param == "as_tested":
        return probe.binary
    return pathlib.Path(os.environ["CHECK_SMTP_AUTH_PLAIN"])


def start_in_auth(probe, binary, server, secret_file, directory, mechanism="PLAIN"):
    running = probe.start(
        *arguments(probe, server.port, secret_file, "-A", mechanism, "-t", "60"),
        binary=binary, cwd=directory, preexec_fn=unlimited_core)
    wait_until_in_auth(server)
    return running


def test_abort_leaves_no_core(probe, secret_file, tmp_path, any_build):
    with probe.python_server(silent_after_auth) as server:
        running = start_in_auth(probe, any_build, server, secret_file, tmp_path)
        os.kill(running.pid, signal.SIGABRT)
        run = running.finish()
    assert run.exit_code == -signal.SIGABRT, run
    assert list(tmp_path.iterdir()) == []
    assert_silent(run)


def silent_after(mechanism):
    def conversation(peer):
        peer.encrypted_session(f"AUTH {mechanism}")
        peer.line()
        if mechanism == "LOGIN":
            peer.send("334 VXNlcm5hbWU6")
            peer.line()
            peer.send("334 UGFzc3dvcmQ6")
            peer.line()
        if mechanism == "CRAM-MD5":
            peer.send("334 PDEuMkBteD4=")
            peer.line()
        peer.server.note("ALL SAID")
        peer.drain()
    return conversation


@pytest.mark.parametrize("mechanism", ["PLAIN", "LOGIN", "CRAM-MD5", "SCRAM-SHA-256"])
def test_forced_core_does_not_hold_the_password(probe, secret_file, tmp_path, any_build,
                                                mechanism):
    gcore = tools.require("gcore", "gdb")
    with probe.python_server(silent_after(mechanism)) as server:
        running = start_in_auth(probe, any_build, server, secret_file, tmp_path, mechanism)
        server.wait_for("ALL SAID")
        done = subprocess.run([gcore, "-o", tmp_path / "core", str(running.pid)],
                              capture_output=True, text=True, timeout=60, check=False)
        running.process.kill()
        running.finish()
    cores = list(tmp_path.glob("core*"))
    assert cores or done.returncode != 0, done.stdout + done.stderr
    for core in cores:
        assert_core_is_clean(core)


def assert_core_is_clean(core):
    """Piece by piece, pieces overlapping: cores can be large."""
    overlap = b""
    with open(core, "rb") as file:
        while piece := file.read(1 << 24):
            assert not leaks(SECRET, overlap + piece), "the core holds the password"
            overlap = piece[-256:]
