# SPDX-License-Identifier: Apache-2.0
"""What the plugin prints, read by strict readers: for every session of tests/corpus, and
for each option that judges a login. What check_smtp got wrong has a test of its name.
"""

import os
import re
import subprocess
import time

import pytest

import openmetrics
import perfdata
from namespace import Namespace
from plugin import EHLO_NAME, PASSWORD, RUN_SECONDS, USER, up_to
from plugin import probe  # noqa: F401 (a fixture)
from test_corpus_wire import FILES, PLAYED, SESSIONS, replay_server

STATES = {"none": "OK", "throttled": "WARNING", "local": "UNKNOWN"}  # the others CRITICAL
LONGEST_RANGE = "@~:-00000000000000000000"
PHASES = ["resolve", "connect", "banner", "ehlo", "starttls", "tls", "ehlo_tls", "auth", "quit"]
NOTICED = {"success-second-address"}  # a dead address before the good one


def options(probe, port, *more, password_file=None):
    return ["-H", "127.0.0.1", "-p", port, "-U", USER, "-F", EHLO_NAME, "--second-look", "0",
            "--password-file", password_file or probe.password_file,
            "--ca-file", probe.authority, *more]


def check(probe, port, *more, **settings):
    """One run with output for people, and its status."""
    run = probe.run(*options(probe, port, *more, **settings))
    assert run.stderr == "", run
    status = perfdata.read_status(run.stdout)
    assert run.exit_code == status.exit_code, run
    return run, status


@pytest.fixture(scope="module")
def server(probe):
    with probe.login_server("--mechanisms", "PLAIN,LOGIN") as running:
        yield running


@pytest.fixture(scope="module")
def wrong(probe):
    """Options with a password that is refused."""
    return {"password_file": probe.secret_file("wrong", "not-" + PASSWORD)}


def refusing(probe, reply):
    return probe.replay_server(*up_to("auth"), f"< {reply}", "# server: end-reply")


# ---- every session of the corpus -------------------------------------------------------


def printed(form, name):
    """What the plugin prints of a session as it is written down."""
    with open(FILES[name], "rb") as trace:
        done = subprocess.run([os.environ["OUTPUT_PROBE"], form], stdin=trace,
                              capture_output=True, timeout=RUN_SECONDS, check=False)
    assert done.returncode == 0 and not done.stderr, done
    return done.stdout.decode("ascii")


@pytest.mark.parametrize("name", FILES)
def test_first_line_of_every_session_keeps_the_grammar(name):
    cause, reason = SESSIONS[name].expected
    text, status = printed("text", name), printed("status", name)
    read = perfdata.read_status(text)
    assert text.partition("\n")[0] + "\n" == status
    assert reason == "none" or f"{cause.replace('_', ' ')}: {reason.replace('_', ' ')}" in status
    if name not in NOTICED:
        assert read.state == STATES.get(cause, "CRITICAL"), status


@pytest.mark.parametrize("name", FILES)
def test_metrics_of_every_session_are_well_formed(name):
    cause, reason = SESSIONS[name].expected
    families = openmetrics.read(printed("openmetrics", name))
    (info,) = families["probe_smtp_failure_info"]
    assert dict(info)["cause"] == cause and dict(info)["reason"] == reason
    failures = openmetrics.by_label(families, "probe_smtp_failure", "cause")
    assert [word for word, value in failures.items() if value] == [cause][: cause != "none"]
    assert openmetrics.only(families, "probe_success") == (cause == "none")
    assert list(openmetrics.by_label(families, "probe_smtp_duration_seconds",
                                     "phase")) == PHASES


@pytest.mark.parametrize("name", PLAYED)
def test_played_session_has_perfdata_of_each_phase(probe, name):
    with replay_server(probe, FILES[name]) as playing:
        run = probe.run(*options(probe, playing.port, *SESSIONS[name].options(),
                                 "--output", "nagios-only", "-w", "30", "-c", "~:60",
                                 "--warning-phase", "auth=20"))
    status = perfdata.read_status(run.stdout)
    assert run.exit_code == status.exit_code, run
    assert run.stdout.count("\n") == 1 and run.stderr == "", run
    assert (status.data["time"].warning, status.data["time"].critical) == ("30", "~:60"), run
    assert "connect" in status.data, run
    if "auth" in status.data:
        assert status.data["auth"].warning == "20", run


def test_first_line_names_every_phase_that_was_entered(probe, server):
    _, status = check(probe, server.port)
    assert status.state == "OK"
    entered = PHASES[1:]  # an address is not looked up
    assert list(status.data) == ["time", *entered, "rtt", "cert_days", "server_time_auth"]
    assert 364 < status.data["cert_days"].value < 366
    assert status.data["time"].value >= status.data["auth"].value > 0


def test_longest_thresholds_leave_the_first_kilobyte(probe, server):
    each = [word for phase in PHASES for option in ("--warning-phase", "--critical-phase")
            for word in (option, f"{phase}={LONGEST_RANGE}")]
    run, status = check(probe, server.port, *each, "-w", LONGEST_RANGE, "-c", LONGEST_RANGE,
                        "--warning-rtt", LONGEST_RANGE, "--critical-rtt", LONGEST_RANGE,
                        "-D", "99,9")
    assert len(status.data) == 12, run
    assert len(run.stdout.partition("\n")[0]) > 700, "the test is not worth its name"
    too_long = probe.run(*options(probe, server.port, "-w", LONGEST_RANGE + "0"))
    assert too_long.exit_code == 3, too_long


@pytest.fixture(scope="module")
def german(tmp_path_factory):
    """Where a comma separates the decimals."""
    directory = tmp_path_factory.mktemp("locales")
    subprocess.run(["localedef", "-i", "de_DE", "-f", "UTF-8", directory / "de_DE.UTF-8"],
                   check=True, capture_output=True)
    environment = {"LOCPATH": str(directory), "LC_ALL": "de_DE.UTF-8"}
    shown = subprocess.run(["/usr/bin/printf", "%.1f", "1,5"], check=True, capture_output=True,
                           env={**os.environ, **environment})
    assert shown.stdout == b"1,5", "the locale does not work"
    return environment


def test_locale_changes_no_number(probe, server, german):
    """A library of a library leaks a locale that is not the C library's own, so this is
    the program without sanitizers."""
    plain = {"binary": os.environ["CHECK_SMTP_AUTH_PLAIN"], "environment": german}
    run = probe.run(*options(probe, server.port, "-w", "@0:0.5", "--critical-phase",
                             "auth=9.5"), **plain)
    status = perfdata.read_status(run.stdout)
    assert run.exit_code == status.exit_code == 1, run
    assert status.data["time"].warning == "@0:0.5" and status.data["auth"].critical == "9.5"
    openmetrics.read(probe.run(*options(probe, server.port, "--output", "openmetrics"),
                               **plain).stdout)


@pytest.mark.parametrize("bytes_between", ["|", "\\r", "\\x1b[31m", "\\0", "\\xff", "'|time=9s"])
def test_run_1_5_words_of_the_server_cannot_leave_their_place(probe, bytes_between):
    """check_smtp prints CR and control bytes as they come."""
    lines = [*up_to("auth"), f'# server: raw "535 5.7.8 a{bytes_between}b\\r\\n"',
             "# server: end-reply"]
    with probe.replay_server(*lines) as playing:
        run, status = check(probe, playing.port, "-vvv")
    assert status.state == "CRITICAL" and "(535 5.7.8)" in status.message, run
    assert status.data["time"].value < 9, run


# ---- thresholds ------------------------------------------------------------------------


def test_run_0_perfdata_is_there(probe, server, wrong):
    """check_smtp of Monitoring Plugins 3 has none at all, check_smtp 2 none with -D."""
    for more in ((), ("-D", "30,10")):
        assert check(probe, server.port, *more)[1].data["time"].value > 0
        assert check(probe, server.port, *more, **wrong)[1].data["time"].value > 0


def test_run_0_warning_and_critical_are_not_swapped(probe, server):
    """check_smtp of Monitoring Plugins 3 takes the one for the other."""
    run, status = check(probe, server.port, "-w", "0.0001", "-c", "9")
    assert status.state == "WARNING", run
    assert re.match(r"time \d\.\d+ s > 0\.0001: ", status.message), run
    run, status = check(probe, server.port, "-w", "9", "-c", "0.0001")
    assert status.state == "CRITICAL" and status.message.startswith("time "), run


def test_run_1_3_plain_numbers_stay_plain(probe, server):
    """Icinga 2 cannot parse the `~:5` that became of `-w 5`."""
    _, status = check(probe, server.port, "-w", "5", "-c", "9", "--warning-phase", "tls=2.50")
    assert (status.data["time"].warning, status.data["time"].critical) == ("5", "9")
    assert (status.data["tls"].warning, status.data["tls"].critical) == ("2.50", "")


@pytest.mark.parametrize("text", ["5x", "0x10", "1e3", "5 ", "5;6", "1,5", "inf", ""])
@pytest.mark.parametrize("option", ["-w", "-c", "--warning-phase", "--critical-rtt"])
def test_run_1_4_threshold_is_decimal_without_a_tail(probe, server, option, text):
    """check_smtp takes `5x` for 5 and `0x10` for 16."""
    value = f"auth={text}" if option.endswith("phase") else text
    run = probe.run(*options(probe, server.port, option, value))
    assert run.exit_code == 3, run
    assert run.stdout.startswith(f"check_smtp_auth: {option}: "), run
    assert len(run.stdout) <= 81 and "is not a range" in run.stdout, run


def test_run_1_4_leading_zero_is_no_octal(probe, server):
    """check_smtp takes `010` for 8."""
    with probe.login_server("--reply-delay", "10") as slow:
        _, status = check(probe, slow.port, "-w", "010", "--critical-phase", "auth=0.0010")
    assert status.message.startswith("auth ") and "> 0.001:" in status.message, status
    assert status.data["time"].warning == "010"


def test_slow_phase_is_named(probe):
    with probe.login_server("--reply-delay", "300") as slow:
        run, status = check(probe, slow.port, "--warning-phase", "auth=0.2",
                            "--critical-phase", "auth=20", "--warning-phase", "ehlo=30")
    assert status.state == "WARNING", run
    assert re.match(r"auth \d+\.\d\d s > 0\.2: ", status.message), run
    assert (status.data["auth"].warning, status.data["auth"].critical) == ("0.2", "20")


def test_round_trip_has_thresholds(probe, server):
    run, status = check(probe, server.port, "--warning-rtt", "30", "--critical-rtt", "@0:30")
    assert status.state == "CRITICAL" and status.message.startswith("rtt "), run
    assert (status.data["rtt"].warning, status.data["rtt"].critical) == ("30", "@0:30")


def test_run_1_2_worst_and_not_the_last_problem_leads(probe, server, wrong):
    """A slow and failed login is headed "connection time" by check_smtp."""
    run, status = check(probe, server.port, "-w", "0.0001", "-c", "0.0001", "-D", "9999", **wrong)
    assert status.message.startswith("credentials: bad credentials (535"), run


# ---- certificates ----------------------------------------------------------------------


def test_run_1_5_certificate_days_do_not_end_the_run(probe, server, wrong):
    """check_smtp 2 never reaches AUTH with -D."""
    run, status = check(probe, server.port, "-D", "30,10", **wrong)
    assert status.state == "CRITICAL" and "credentials" in status.message, run
    run, status = check(probe, server.port, "-D", "30,10")
    assert status.state == "OK" and "auth" in status.data, run
    assert (status.data["cert_days"].warning, status.data["cert_days"].critical) == ("30:", "10:")


@pytest.mark.parametrize("days,state", [("300", "OK"), ("400", "WARNING"), ("400,300", "WARNING"),
                                        ("500,400", "CRITICAL")])
def test_certificate_that_ends_soon_is_told(probe, server, days, state):
    run, status = check(probe, server.port, "-D", days)
    assert status.state == state, run
    assert status.message.startswith("certificate 36") == (state != "OK"), run


@pytest.mark.parametrize("more", [(), ("-D", "30,10"), ("-D", "0")])
def test_run_0_expired_certificate_is_not_ok(probe, more):
    """check_smtp of Monitoring Plugins 3: "-660 days", OK, since its days are unsigned."""
    with probe.login_server("--certificate", "expired") as expired:
        verified = check(probe, expired.port, *more)[1]
        run, status = check(probe, expired.port, "--insecure", *more)
    assert verified.state == "CRITICAL" and "cert expired" in verified.message
    assert status.state == "CRITICAL", run
    assert status.message.startswith("certificate expired 1 days ago: "), run
    assert -2 < status.data["cert_days"].value < 0, run


# ---- states ----------------------------------------------------------------------------


def silent(probe):
    return probe.replay_server(*up_to("auth"), "# server: silence")


@pytest.mark.parametrize("more,state", [
    (("-t", "0.6"), "CRITICAL"),
    (("-t", "0.6:unknown"), "UNKNOWN"),
    (("-t", "0.6:1"), "WARNING"),
    (("-t", "0.6", "--timeout-result", "OK"), "OK"),
    (("-t", "0.6", "--timeout-result", "OK", "--state", "unavailable=WARNING"), "OK"),
    (("-t", "0.6", "--state", "unavailable=WARNING"), "WARNING"),
])
def test_run_1_5_state_of_a_timeout_is_chosen(probe, more, state):
    """`-t 10:1` is an error for check_smtp of Monitoring Plugins 3."""
    with silent(probe) as playing:
        run, status = check(probe, playing.port, *more)
    assert status.state == state, run
    assert "no answer" in status.message, run


def test_run_1_2_timeout_names_the_phase(probe):
    """check_smtp: "Socket timeout after N seconds", whatever took so long."""
    with silent(probe) as playing:
        run, status = check(probe, playing.port, "-t", "0.6", "--explain")
    assert list(status.data)[-1] in ("auth", "rtt", "cert_days"), run
    assert re.search(r"^auth .* failed$", run.stdout, re.M), run


def test_run_1_5_deadline_bounds_the_lookup_of_the_name(probe):
    """A dead resolver held check_smtp for 10 s in spite of `-t 2`."""
    resolver = "nameserver 127.0.0.1\noptions timeout:30 attempts:3\n"
    with Namespace(resolv_conf=resolver, hosts="") as space:
        space.start_dns("--silent", "127.0.0.1")
        begun = time.monotonic()
        run = space.run([probe.binary, "-H", "mx.example", "-U", USER, "-F", EHLO_NAME,
                         "--password-file", probe.password_file, "-t", "1:unknown"],
                        timeout=RUN_SECONDS)
        elapsed = time.monotonic() - begun
    status = perfdata.read_status(run.stdout)
    assert run.returncode == 3 and status.state == "UNKNOWN", run
    assert "dns timeout" in status.message and list(status.data) == ["time", "resolve"], run
    assert 0.9 < elapsed < 1.5 + 1, run


def test_cause_has_the_state_that_was_chosen(probe, server, wrong):
    run, status = check(probe, server.port, "--state", "credentials=WARNING", **wrong)
    assert status.state == "WARNING" and "credentials" in status.message, run
    run, status = check(probe, server.port, "--state", "network=OK", **wrong)
    assert status.state == "CRITICAL", run


def test_run_1_6_backend_that_is_down_is_no_wrong_password(probe):
    """check_smtp prints the same words for 454 and 535; a good password is changed."""
    said = {}
    for reply in ("454 4.7.0 Temporary authentication failure: generic failure",
                  "535 5.7.8 Error: authentication failed"):
        with refusing(probe, reply) as playing:
            said[reply[:3]] = check(probe, playing.port)[1].message
    assert said["454"].startswith("unavailable: auth backend down (454 4.7.0)"), said
    assert said["535"].startswith("credentials: bad credentials (535 5.7.8)"), said


# ---- expected failures -----------------------------------------------------------------


def test_refusal_that_is_expected_is_ok(probe):
    with refusing(probe, "525 5.7.13 User account is disabled") as playing:
        run, status = check(probe, playing.port, "--expect-cause",
                            "credentials/account_disabled")
    assert status.state == "OK", run
    assert status.message.startswith("refused as expected: account disabled (525"), run
    assert "\nexpected:       credentials: account disabled\n" in run.stdout, run
    assert "\ndo:" not in run.stdout, run


@pytest.mark.parametrize("reply,words", [
    ("535 5.7.8 no", "expected account disabled, got bad credentials"),
    ("454 4.7.0 no", "expected account disabled, got auth backend down"),
    ("454 4.7.0 too many logins", "expected account disabled, got too many attempts"),
    ("235 2.7.0 yes", "expected account disabled, but accepted: "),
])
def test_anything_else_than_expected_is_critical(probe, reply, words):
    with refusing(probe, reply) as playing:
        run, status = check(probe, playing.port, "--expect-cause",
                            "credentials/account_disabled")
    assert status.state == "CRITICAL" and status.message.startswith(words), run
    assert "\nexpected:       credentials: account disabled\n" in run.stdout, run


def test_wrong_password_must_be_refused(probe, server, wrong):
    expected = ("--expect-cause", "credentials")
    assert check(probe, server.port, *expected, **wrong)[1].state == "OK"
    run, status = check(probe, server.port, *expected)
    assert status.state == "CRITICAL" and "but accepted" in status.message, run


def test_own_trouble_is_never_expected(probe, server):
    run = probe.run(*options(probe, server.port, "--expect-cause", "credentials",
                             "--password-file", "/nonexistent"))
    assert run.exit_code == 3, run


# ---- mechanisms ------------------------------------------------------------------------


@pytest.mark.parametrize("more,words", [
    (("--require-mechanism", "PLAIN"), None),
    (("--require-mechanism", "SCRAM-SHA-256"), "SCRAM-SHA-256 not offered: "),
    (("--require-mechanism", "PLAIN", "--require-mechanism", "X-A"), "X-A not offered: "),
    (("--forbid-mechanism", "CRAM-MD5"), None),
    (("--forbid-mechanism", "login"), "login offered: "),
    (("--forbid-mechanism", "CRAM-MD5", "--forbid-mechanism", "PLAIN"), "PLAIN offered: "),
])
def test_downgrade_is_an_alarm(probe, server, more, words):
    run, status = check(probe, server.port, *more)
    assert status.state == ("CRITICAL" if words else "OK"), run
    assert not words or status.message.startswith(words), run


def test_auth_before_tls_is_an_alarm(probe, server):
    run, status = check(probe, server.port, "--forbid-cleartext-auth")
    assert status.state == "OK", run
    with probe.login_server("--auth-before-tls") as clear:
        run, status = check(probe, clear.port, "--forbid-cleartext-auth")
    assert status.state == "CRITICAL", run
    assert status.message.startswith("AUTH offered before TLS: "), run


# ---- forms of output -------------------------------------------------------------------


def test_message_of_json_is_the_first_line(probe, server):
    run = probe.log_in(server.port, "--warning-phase", "auth=0")
    assert run.exit_code == 1, run
    assert run.report["message"].startswith("SMTP AUTH WARNING - auth "), run
    assert run.report["success"] is True, run


def test_status_line_can_stand_alone(probe, server, wrong):
    run = probe.run(*options(probe, server.port, "--output", "nagios-only", "-vvv", **wrong))
    assert perfdata.read_status(run.stdout).exit_code == run.exit_code == 2, run
    assert run.stdout.count("\n") == 1, run


def test_metrics_tell_the_login(probe, server):
    run = probe.run(*options(probe, server.port, "--output", "openmetrics"))
    assert run.exit_code == 0 and run.stderr == "", run
    families = openmetrics.read(run.stdout)
    assert families["probe_success"] == {(("target", f"127.0.0.1:{server.port}"),): 1.0}
    assert openmetrics.only(families, "probe_smtp_status_code") == 235
    assert openmetrics.only(families, "probe_smtp_tls") == 1
    assert openmetrics.only(families, "probe_ssl_verify_result") == 0
    assert openmetrics.only(families, "probe_ip_protocol") == 4
    left = openmetrics.only(families, "probe_ssl_earliest_cert_expiry") - time.time()
    assert 364 < left / 86400 < 366
    phases = openmetrics.by_label(families, "probe_smtp_duration_seconds", "phase")
    assert phases["auth"] > 0 and phases["starttls"] > 0
    assert openmetrics.by_label(families, "probe_smtp_auth_offered", "mechanism") == {
        "PLAIN": 1, "LOGIN": 1}


@pytest.mark.parametrize("more,success", [
    ((), 0),
    (("--expect-cause", "credentials"), 1),
    (("--expect-cause", "credentials", "-c", "0"), 0),
    (("--expect-cause", "credentials", "-w", "0"), 1),
])
def test_metrics_follow_what_is_wanted(probe, server, wrong, more, success):
    run = probe.run(*options(probe, server.port, "--output", "openmetrics", *more, **wrong))
    families = openmetrics.read(run.stdout)
    assert openmetrics.only(families, "probe_success") == success, run
    (info,) = families["probe_smtp_failure_info"]
    assert dict(info)["reason"] == "bad_credentials" and dict(info)["phase"] == "auth", run


def test_trouble_of_our_own_is_metrics_too(probe):
    run = probe.run("-H", "mx.example", "-p", "0", "--output", "openmetrics")
    assert run.exit_code == 3, run
    assert run.stderr.startswith("check_smtp_auth: -p: ") and run.stderr.count("\n") == 1, run
    families = openmetrics.read(run.stdout)
    assert openmetrics.only(families, "probe_success") == 0, run
    assert openmetrics.by_label(families, "probe_smtp_failure", "cause")["local"] == 1, run


# ---- the readers themselves ------------------------------------------------------------

LINE = "SMTP AUTH OK - a b|time=0.1s;;;0 auth=0.1s;2;~:5;0 cert_days=-1.5;30:;7:\n"
BAD_LINES = {
    "no perfdata": "SMTP AUTH OK - a b\n",
    "no end": LINE[:-1],
    "empty": "\n",
    "another state": LINE.replace("OK", "FINE"),
    "comma": LINE.replace("0.1s", "0,1s"),
    "no unit": LINE.replace("time=0.1s", "time=0.1"),
    "another unit": LINE.replace("time=0.1s", "time=100ms"),
    "no number": LINE.replace("time=0.1s", "time=nans"),
    "two bars": LINE.replace("a b", "a|b"),
    "bar below": LINE + "a|b=1\n",
    "twice": LINE.replace("auth", "time"),
    "two blanks": LINE.replace(" auth", "  auth"),
    "trailing blank": LINE.replace("\n", " \n"),
    "time is not first": LINE.replace("time", "tls"),
    "threshold with a tail": LINE.replace(";2;", ";2x;"),
    "no least value": LINE.replace(";;;0", ";;"),
    "negative time": LINE.replace("time=0.1", "time=-0.1"),
    "capital label": LINE.replace("auth", "Auth"),
    "carriage return": LINE.replace("\n", "\r\n"),
    "80 characters": LINE.replace("a b", "a" * 65),
    "a kilobyte": LINE.replace("auth=0.1s", "auth=0.1" + "0" * 1000 + "s"),
}


def test_reader_of_perfdata_takes_what_is_right():
    status = perfdata.read_status(LINE)
    assert status.data["auth"] == perfdata.Datum(0.1, "s", "2", "~:5", "0")
    assert status.data["cert_days"].value == -1.5
    perfdata.read_status(LINE.replace("a b", "a" * 64))


@pytest.mark.parametrize("fault", BAD_LINES)
def test_reader_of_perfdata_is_strict(fault):
    with pytest.raises((AssertionError, ValueError)):
        perfdata.read_status(BAD_LINES[fault])


PAGE = ('# HELP a_b Text\n# TYPE a_b gauge\na_b{c="d\\"\\\\",e="f"} 1\na_b{c="g"} 0.5\n'
        "# HELP a_c Text\n# TYPE a_c gauge\na_c 1e-06\n# EOF\n")
BAD_PAGES = {
    "no end": PAGE.replace("# EOF\n", ""),
    "something behind": PAGE + "a_d 1\n",
    "two ends": PAGE.replace("# EOF\n", "# EOF\n# EOF\n"),
    "blank line": PAGE.replace("# EOF", "\n# EOF"),
    "no help": PAGE.replace("# HELP a_c Text\n", ""),
    "no type": PAGE.replace("# TYPE a_c gauge\n", ""),
    "another type": PAGE.replace("a_c gauge", "a_c info"),
    "in two parts": PAGE.replace("a_c", "a_b"),
    "of another family": PAGE.replace("a_c 1e", "a_d 1e"),
    "series twice": PAGE.replace('"g"} 0.5', '"g"} 0.5\na_b{c="g"} 1'),
    "label twice": PAGE.replace("e=", "c="),
    "bare quote": PAGE.replace('\\"', '"'),
    "bare backslash": PAGE.replace("\\\\", "\\x"),
    "comma too many": PAGE.replace('"g"}', '"g",}'),
    "empty braces": PAGE.replace("a_c 1", "a_c{} 1"),
    "no number": PAGE.replace("0.5", "half"),
    "comma in a number": PAGE.replace("0.5", "0,5"),
    "no series": PAGE.replace("a_c 1e-06\n", ""),
    "capital letters": PAGE.replace("a_c", "A_c"),
}


def test_reader_of_metrics_takes_what_is_right():
    families = openmetrics.read(PAGE)
    assert families["a_b"][(("c", 'd"\\'), ("e", "f"))] == 1
    assert openmetrics.only(families, "a_c") == 1e-06


@pytest.mark.parametrize("fault", BAD_PAGES)
def test_reader_of_metrics_is_strict(fault):
    with pytest.raises((AssertionError, ValueError)):
        openmetrics.read(BAD_PAGES[fault])
