# SPDX-License-Identifier: Apache-2.0
"""Bad options, and servers that send what no server should.

A bad option costs one sentence on stdout and exit 3, and nothing is connected. A bad
server costs bounded memory, never more time than the deadline, and gets a verdict.
"""

import resource
import socket

import pytest

from plugin import EHLO_NAME, PASSWORD, USER, up_to
from plugin import probe  # noqa: F401 (a fixture)

FORMS = ["text", "json"]
GARBAGE_PEM = "-----BEGIN CERTIFICATE-----\nbm8gY2VydGlmaWNhdGU=\n-----END CERTIFICATE-----\n"


class Wire:
    """A port that must never be connected to, and files to point at."""

    def __init__(self, probe, directory):
        self.probe = probe
        self.directory = directory
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._listener.setblocking(False)
        self.port = str(self._listener.getsockname()[1])

    def was_touched(self):
        try:
            self._listener.accept()[0].close()
        except BlockingIOError:
            return False
        return True

    def file(self, name, content, mode=0o600):
        path = self.directory / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        path.chmod(mode)
        return str(path)

    def directory_at(self, name):
        path = self.directory / name
        path.mkdir()
        return str(path)

    def certificate(self, name):
        return str(self.probe.certificates / name)


@pytest.fixture
def wire(probe, tmp_path):
    return Wire(probe, tmp_path)


# How each complaint is provoked: options, or a function of the wire that makes them.
# They come after -H, -p, -U and --password-file, so that the last of two wins.
ADDED = {
    "unknown_long_option": ["--no-such-option"],
    "unknown_short_option": ["-Z"],
    "ambiguous_option": ["--password"],
    "option_without_its_value": ["-t"],
    "value_for_a_flag": ["--tls=yes"],
    "stray_word": ["mx.example.test"],
    "port_zero": ["-p", "0"],
    "port_65536": ["-p", "65536"],
    "port_negative": ["-p", "-1"],
    "port_is_a_word": ["-p", "smtp"],
    "port_with_a_tail": ["-p", "587x"],
    "port_empty": ["-p", ""],
    "port_beyond_int": ["-p", "99999999999999999999"],
    "timeout_negative": ["-t", "-1"],
    "timeout_zero": ["-t", "0"],
    "timeout_is_a_word": ["-t", "soon"],
    "timeout_in_other_notation": ["-t", "1e3"],
    "timeout_nan": ["-t", "nan"],
    "timeout_infinite": ["-t", "inf"],
    "timeout_of_years": ["-t", "100000000"],
    "warning_is_no_range": ["-w", "soon"],
    "critical_is_no_range": ["-c", "5:1"],
    "mechanism_unknown": ["-A", "ROT13"],
    "minimum_tls_too_old": ["--min-tls", "1.0"],
    "tls_and_starttls": ["--tls", "--starttls"],
    "tls_and_no_tls": ["--tls", "--no-tls"],
    "no_tls_without_permission": ["--no-tls"],
    "ipv6_wanted_of_an_ipv4_address": ["-6"],
    "ipv4_wanted_of_an_ipv6_address": ["-H", "::1", "-4"],
    "host_empty": ["-H", ""],
    "host_with_a_blank": ["-H", "mx example.test"],
    "host_with_cr": ["-H", "127.0.0.1\rx"],
    "host_with_lf": ["-H", "127.0.0.1\nx"],
    "host_of_300_characters": ["-H", "x" * 300],
    "host_beyond_ascii": ["-H", "bücher.example"],
    "host_with_a_control_byte": ["-H", "mx\x1b[2J.example.test"],
    "socket_path_too_long": ["-H", "/" + "x" * 200],
    "user_with_cr": ["-U", "probe\rQUIT"],
    "user_with_lf": ["-U", "probe\nQUIT"],
    "user_empty": ["-U", ""],
    "user_is_no_utf8": ["-U", b"probe\xff"],
    "user_of_10000_characters": ["-U", "x" * 10000],
    "authzid_with_lf": ["--authzid", "probe\nQUIT"],
    "ehlo_name_with_crlf": ["-F", "a\r\nMAIL FROM:<x@y>"],
    "ehlo_name_empty": ["-F", ""],
    "ehlo_name_of_256_characters": ["-F", "x" * 256],
    "server_name_with_lf": ["--server-name", "mx\nexample"],
    "server_name_empty": ["--server-name", ""],
    "source_address_is_a_name": ["--source-address", "localhost"],
    "source_address_is_an_interface": ["--source-address", "lo"],
    "proxy_of_unknown_kind": ["--via", "ftp://127.0.0.1:1"],
    "proxy_is_no_url": ["--via", "127.0.0.1:1080"],
    "ca_file_missing": ["--ca-file", "/nonexistent/ca.pem"],
    "ca_file_is_no_pem": lambda wire: ["--ca-file", wire.file("ca", "no certificate\n")],
    "ca_file_empty": lambda wire: ["--ca-file", wire.file("ca", "")],
    "ca_file_is_a_directory": lambda wire: ["--ca-file", wire.directory_at("ca")],
    "ca_file_holds_garbage": lambda wire: ["--ca-file", wire.file("ca", GARBAGE_PEM)],
    "ca_file_holds_a_key": lambda wire: ["--ca-file", wire.certificate("good.key")],
    "ca_dir_missing": ["--ca-dir", "/nonexistent"],
    "ca_dir_is_a_file": lambda wire: ["--ca-dir", wire.certificate("ca.pem")],
    "client_key_without_certificate":
        lambda wire: ["--client-key", wire.certificate("client.key")],
    "client_certificate_without_key":
        lambda wire: ["--client-cert", wire.certificate("client.pem")],
    "client_key_missing": lambda wire: ["--client-cert", wire.certificate("client.pem"),
                                        "--client-key", "/nonexistent/client.key"],
    "client_key_is_no_pem": lambda wire: ["--client-cert", wire.certificate("client.pem"),
                                          "--client-key", wire.file("key", "no key\n")],
    "client_certificate_missing": lambda wire: ["--client-cert", "/nonexistent.pem",
                                                "--client-key",
                                                wire.certificate("client.key")],
    "external_without_certificate": ["-A", "EXTERNAL"],
    "password_from_file_and_environment": ["--password-env", "PATH"],
    "password_from_file_and_stdin": ["--password-stdin"],
    "password_from_file_and_argument": ["-P", "x"],
}

# These replace the password file; the second value is the plugin's surroundings.
PASSWORDS = {
    "file_world_readable": (
        lambda wire: ["--password-file", wire.file("p", "geheim\n", 0o604)], {}),
    "file_world_readable_through_a_link": (
        lambda wire: ["--password-file", link_to(wire, wire.file("p", "geheim\n", 0o644))],
        {}),
    "file_writable_by_the_group": (
        lambda wire: ["--password-file", wire.file("p", "geheim\n", 0o620)], {}),
    "file_missing": (lambda wire: ["--password-file", str(wire.directory / "p")], {}),
    "file_is_a_directory": (
        lambda wire: ["--password-file", wire.directory_at("p")], {}),
    "file_empty": (lambda wire: ["--password-file", wire.file("p", "")], {}),
    "file_holds_a_line_end_only": (
        lambda wire: ["--password-file", wire.file("p", "\r\n")], {}),
    "file_of_two_lines": (
        lambda wire: ["--password-file", wire.file("p", "geheim\nagain\n")], {}),
    "file_with_a_cr_inside": (
        lambda wire: ["--password-file", wire.file("p", "geh\reim\n")], {}),
    "file_with_a_nul": (
        lambda wire: ["--password-file", wire.file("p", "geh\0eim\n")], {}),
    "file_is_no_utf8": (
        lambda wire: ["--password-file", wire.file("p", b"geh\xffeim\n")], {}),
    "file_of_8193_bytes": (
        lambda wire: ["--password-file", wire.file("p", "x" * 8193)], {}),
    "file_without_end": (lambda wire: ["--password-file", "/dev/zero"], {}),
    "variable_missing": (lambda wire: ["--password-env", "NO_SUCH_VARIABLE"], {}),
    "variable_empty": (lambda wire: ["--password-env", "EMPTY"],
                       {"environment": {"EMPTY": ""}}),
    "variable_with_lf": (lambda wire: ["--password-env", "LINES"],
                         {"environment": {"LINES": "geheim\nagain"}}),
    "stdin_empty": (lambda wire: ["--password-stdin"], {"stdin": b""}),
    "stdin_line_end_only": (lambda wire: ["--password-stdin"], {"stdin": b"\n"}),
    "argument_empty": (lambda wire: ["-P", ""], {}),
    "argument_with_lf": (lambda wire: ["-P", "geheim\nagain"], {}),
    "environment_and_argument": (
        lambda wire: ["--password-env", "WORD", "-P", "x"], {"environment": {"WORD": "x"}}),
    "none_for_plain": (lambda wire: ["-A", "PLAIN"], {}),
}


def link_to(wire, target):
    link = wire.directory / "link"
    link.symlink_to(target)
    return str(link)


def assert_complaint(run, form, wire):
    assert run.exit_code == 3, run
    assert run.stderr == "", run
    assert not wire.was_touched(), f"it connected\n{run}"
    assert run.stdout.count("\n") == 1 and run.stdout.endswith("\n"), run
    sentence = run.stdout[:-1]
    if form == "json":
        assert run.report, run
        assert run.report["success"] is False, run
        assert run.report["cause"] == "local", run
        sentence = run.report["message"]
    assert sentence.startswith("check_smtp_auth: "), run
    assert all(" " <= char <= "~" for char in sentence), run
    assert "|" not in sentence, run
    assert 30 < len(sentence) < 400, run


def complain(wire, form, arguments, **surroundings):
    first = ["-H", "127.0.0.1", "-p", wire.port, "-F", EHLO_NAME,
             "--ca-file", wire.certificate("ca.pem"), "--output", form, "-t", "3"]
    run = wire.probe.run(*first, *arguments, **surroundings)
    assert_complaint(run, form, wire)
    return run


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("case", ADDED)
def test_bad_option_is_one_sentence(wire, case, form):
    made = ADDED[case]
    options = made(wire) if callable(made) else made
    complain(wire, form,
             ["-U", USER, "--password-file", wire.probe.password_file, *options])


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("case", PASSWORDS)
def test_bad_password_source_is_one_sentence(wire, case, form):
    options, surroundings = PASSWORDS[case]
    run = complain(wire, form, ["-U", USER, *options(wire)], **surroundings)
    assert "geh" not in run.stdout, run


@pytest.mark.parametrize("form", FORMS)
def test_no_host_is_one_sentence(wire, form):
    run = wire.probe.run("-U", USER, "--password-file", wire.probe.password_file,
                         "--output", form)
    assert_complaint(run, form, wire)


@pytest.mark.parametrize("form", FORMS)
def test_no_user_is_one_sentence(wire, form):
    complain(wire, form, [])
    complain(wire, form, ["--password-file", wire.probe.password_file])


def test_unknown_form_of_output_is_plain_text(wire):
    complain(wire, "xml", ["-U", USER])


def test_complaint_takes_the_form_that_comes_after_the_fault(wire):
    run = wire.probe.run("-H", "127.0.0.1", "-p", "0", "--output=json")
    assert_complaint(run, "json", wire)


@pytest.mark.parametrize("wanted", ["file", "environment", "stdin"])
def test_password_reaches_the_server_from_every_source(probe, wanted):
    surroundings = {"environment": {"environment": {"WORD": PASSWORD}},
                    "stdin": {"stdin": PASSWORD.encode() + b"\r\n"}}.get(wanted, {})
    source = {"file": ("--password-file", probe.password_file),
              "environment": ("--password-env", "WORD"),
              "stdin": ("--password-stdin",)}[wanted]
    with probe.login_server() as server:
        run = probe.run(*probe.options(server.port, password=source), **surroundings)
    assert run.exit_code == 0, run
    assert server.counters["accepted"] == 1, run


def test_group_readable_password_file_is_fine(probe):
    path = probe.secret_file("group-readable", PASSWORD, 0o640)
    with probe.login_server() as server:
        run = probe.log_in(server.port, password=("--password-file", path))
    assert run.exit_code == 0, run


# ---- servers that send what no server should ------------------------------------------

DEADLINE = 3.0
LATE = 1.5  # start, QUIT and a busy machine
MORE_KIB = 40 * 1024


@pytest.fixture(scope="module")
def usual_peak(probe):
    with probe.login_server() as server:
        run = probe.log_in(server.port)
    assert run.exit_code == 0, run
    return run.peak_kib


def meet(probe, usual_peak, lines, *more, deadline=DEADLINE):
    """A run against the script; memory and time are bounded whatever the server does."""
    with probe.replay_server(*lines) as server:
        run = probe.log_in(server.port, "-t", str(deadline), *more)
    assert run.exit_code == 2, run
    assert run.elapsed < deadline + LATE, run
    assert run.peak_kib < usual_peak + MORE_KIB, f"{run.peak_kib} KiB\n{run}"
    assert run.report["cause"] not in ("none", "credentials", "local"), run
    assert len(run.stdout) < 64 * 1024, run
    return run


GIGABYTE = 1_000_000_000


@pytest.mark.parametrize("phase,start", [
    ("banner", "220-"), ("ehlo", "250-"), ("starttls", "220-"),
    ("ehlo_tls", "250-"), ("auth", "334 "), ("auth", "535-"),
], ids=lambda value: value.strip(" -"))
def test_gigabyte_without_a_newline(probe, usual_peak, phase, start):
    lines = [*up_to(phase), f'# server: raw "{start}"',
             f"# server: flood-bytes {GIGABYTE} x"]
    run = meet(probe, usual_peak, lines)
    assert run.verdict()[0] == phase, run
    assert run.report["cause"] in ("server_config", "unavailable"), run


def test_gigabyte_that_is_no_reply_at_all(probe, usual_peak):
    run = meet(probe, usual_peak, [f"# server: flood-bytes {GIGABYTE} x"])
    assert run.verdict() == ("banner", "interference", "not_smtp"), run


@pytest.mark.parametrize("phase", ["banner", "ehlo", "starttls", "ehlo_tls", "auth"])
def test_flood_of_reply_lines(probe, usual_peak, phase):
    code = {"banner": 220, "starttls": 220, "auth": 334}.get(phase, 250)
    lines = [*up_to(phase), f"# server: flood-lines 100000 {code}-X-CAPABILITY-OF-NOBODY"]
    run = meet(probe, usual_peak, lines)
    assert run.verdict() == (phase, "server_config", "protocol_error"), run
    assert run.elapsed < DEADLINE, run


def test_flood_of_greetings_after_the_first(probe, usual_peak):
    lines = ["# server: flood-lines 100000 220 mx.example.test ESMTP"]
    run = meet(probe, usual_peak, lines)
    assert run.report["cause"] in ("server_config", "unexplained"), run


def test_flood_of_challenges(probe, usual_peak):
    lines = [*up_to("auth"), "# server: flood-lines 100000 334 "]
    run = meet(probe, usual_peak, lines, "-A", "PLAIN")
    assert run.verdict() == ("auth", "server_config", "protocol_error"), run


def test_flood_of_lines_after_the_refusal_changes_nothing(probe):
    lines = [*up_to("auth"), "< 535 5.7.8 no", "# server: flood-lines 100000 250 and on"]
    with probe.replay_server(*lines) as server:
        run = probe.log_in(server.port, "-t", str(DEADLINE))
    assert run.verdict() == ("auth", "credentials", "bad_credentials"), run
    assert run.elapsed < DEADLINE, run


OTHER_PROTOCOLS = {
    "http": ('"HTTP/1.1 400 Bad Request\\r\\nServer: x\\r\\n\\r\\n<html>no</html>"',
             "server_config", "wrong_port_kind"),
    "ssh": ('"SSH-2.0-OpenSSH_9.2p1\\r\\n"', "server_config", "wrong_port_kind"),
    "imap": ('"* OK [CAPABILITY IMAP4rev1] ready\\r\\n"', "server_config", "wrong_port_kind"),
    "pop3": ('"+OK ready\\r\\n"', "server_config", "wrong_port_kind"),
    "tls_alert": ('"\\x15\\x03\\x01\\0\\x02\\x02\\x46"', "server_config", "wrong_port_kind"),
    "tls_handshake": ('"\\x16\\x03\\x03\\0\\x05\\x01\\0\\0\\x01\\0"', "server_config",
                      "wrong_port_kind"),
    "nuls": ('"\\0\\0\\0\\0\\0\\0\\0\\0\\r\\n"', "interference", "not_smtp"),
    "bytes_over_127": ('"\\xff\\xfe\\x80\\x81\\xc3\\x28\\r\\n"', "interference", "not_smtp"),
    "one_byte": ('"x"', "interference", "not_smtp"),
    "words_without_a_newline": ('"Hello there"', "interference", "not_smtp"),
}


@pytest.mark.parametrize("protocol", OTHER_PROTOCOLS)
def test_another_protocol_is_told_at_once(probe, usual_peak, protocol):
    raw, cause, reason = OTHER_PROTOCOLS[protocol]
    run = meet(probe, usual_peak, [f"# server: raw {raw}", "# server: silence"])
    assert run.verdict() == ("banner", cause, reason), run
    assert run.elapsed < DEADLINE, run


def test_nothing_at_all_is_no_answer(probe, usual_peak):
    run = meet(probe, usual_peak, ["# server: silence"], deadline=0.7)
    assert run.verdict() == ("banner", "unavailable", "no_answer"), run
    assert run.elapsed >= 0.7, run


@pytest.mark.parametrize("phase", ["banner", "ehlo", "starttls", "ehlo_tls", "auth"])
@pytest.mark.parametrize("bytes_in_between", ["\\0", "\\xff\\xfe", "\\x1b[2J", "\\x7f\\x01"],
                         ids=["nul", "over_127", "escape", "control"])
def test_strange_bytes_in_a_reply_are_shown_harmless(probe, phase, bytes_in_between):
    lines = [*up_to(phase), f'# server: raw "421 4.3.2 a{bytes_in_between}b\\r\\n"']
    with probe.replay_server(*lines) as server:
        run = probe.log_in(server.port, "-t", "0.7", "--trace")
        text = probe.run("-H", "127.0.0.1", "-p", server.port, "-U", USER, "-vvv",
                         "--password-file", probe.password_file, "-t", "0.7",
                         "--ca-file", probe.authority, "-F", EHLO_NAME)
    for done in (run, text):
        assert done.exit_code == 2, done
        assert "credentials:" not in done.stdout.splitlines()[0], done
        shown = done.stdout.replace("\n", "").encode(errors="surrogateescape")
        assert not [byte for byte in shown if byte < 32 or byte == 127], done
        shown.decode("utf-8")
    assert run.verdict()[:2] == (phase, "unavailable"), run


def test_strange_bytes_in_capabilities_do_no_harm(probe):
    lines = [*up_to("ehlo_tls"), "< 250-mx.example.test",
             '# server: raw "250-AUTH \\0 PL\\0AIN \\xff\\xfe PLAIN\\r\\n"',
             "< 250 SIZE", "> AUTH", "< 235 2.7.0 ok"]
    with probe.replay_server(*lines) as server:
        run = probe.log_in(server.port, "-A", "PLAIN")
    assert run.exit_code == 0, run


def test_hundred_thousand_mechanisms_are_cut(probe, usual_peak):
    words = "".join(f" M{number}" for number in range(400))
    lines = [*up_to("ehlo_tls"), "< 250-mx.example.test", f"< 250-AUTH{words}",
             f"# server: flood-lines 100000 250-AUTH{words}"]
    meet(probe, usual_peak, lines)


@pytest.mark.parametrize("limit", [4, 5, 6, 7, 8, 9])
def test_no_descriptor_left_is_said_not_died_of(probe, limit):
    """Bad surroundings are the probe's own fault, and it says so."""

    def few_descriptors():
        resource.setrlimit(resource.RLIMIT_NOFILE, (limit, limit))

    with probe.login_server() as server:
        run = probe.run(*probe.options(server.port), preexec_fn=few_descriptors)
    assert run.exit_code == 3, run
    assert run.report["cause"] == "local", run
