# SPDX-License-Identifier: Apache-2.0
"""A wrong password must not lock the account, however often the plugin runs.

The guard lives in the state file, so time passes there: `later()` moves all its times into
the past. What reached the server is counted by the server.
"""

import contextlib
import datetime
import fcntl
import re
import signal

import pytest

from plugin import PASSWORD, USER, eventually, leaks
from plugin import probe  # noqa: F401 (a fixture)

WRONG = "Wrong-Donkey-8-Capacitor"
MINUTE = 60
HOUR = 60 * MINUTE
SLACK = 5  # seconds: a refusal is kept to the second, rounded up, and a run takes time
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")
FORM = "%Y-%m-%dT%H:%M:%SZ"
REFUSED = "535 5.7.8 Authentication credentials invalid"
ACCEPTED = "235 2.7.0 ok"


class Guarded:
    """The plugin with a state file of its own."""

    def __init__(self, probe, directory):
        self.probe = probe
        self.path = directory / "state"
        self.wrong = probe.secret_file("wrong", WRONG + "\n")

    def options(self, port, *more, password=WRONG):
        path = self.wrong if password == WRONG else self.probe.password_file
        return self.probe.options(port, "--state-file", self.path, *more,
                                  password=("--password-file", path))

    def run(self, port, *more, **options):
        run = self.probe.run(*self.options(port, *more, **options))
        assert run.stderr == "" and run.report, run
        assert not leaks(PASSWORD, run) and not leaks(WRONG, run), run
        return run

    def log_in(self, port, **options):
        """A run that must have tried to."""
        run = self.run(port, **options)
        assert run.report["suspended"] is None and "auth" in run.report["phases"], run
        return run

    def stay_out(self, port, **options):
        """A run that must not have tried to, though it came as far as that."""
        run = self.run(port, **options)
        assert run.report["suspended"] and "auth" not in run.report["phases"], run
        assert "ehlo_tls" in run.report["phases"], run
        return run

    @property
    def text(self):
        return self.path.read_text()

    def guards(self):
        return [line for line in self.text.splitlines() if line.startswith("guard ")]

    def write(self, text):
        self.path.write_text(text)
        self.path.chmod(0o600)

    def later(self, seconds):
        """As if that much time had passed."""
        def moved(found):
            at = datetime.datetime.strptime(found[0], FORM)
            return (at - datetime.timedelta(seconds=seconds)).strftime(FORM)
        self.write(TIME.sub(moved, self.text))


@pytest.fixture
def guarded(probe, tmp_path):  # noqa: F811
    return Guarded(probe, tmp_path)


@pytest.fixture
def login_server(probe):  # noqa: F811
    with probe.login_server() as server:
        yield server


@contextlib.contextmanager
def answering(probe, *answers, hold=None):  # noqa: F811
    """A server that answers each AUTH with the next of these, the last one again and again."""
    left = list(answers)

    def converse(peer):
        peer.encrypted_session("AUTH PLAIN")
        if peer.line().startswith("AUTH"):
            if hold:
                hold()
            peer.send(left.pop(0) if len(left) > 1 else left[0])
        else:
            peer.send("221 2.0.0 bye")
        peer.drain()

    with probe.python_server(converse) as server:
        yield server


def logins(server):
    return sum(line.startswith("AUTH") for line in server.lines)


def evidence(run):
    return "\n".join(run.report["evidence"])


# ---- how often ---------------------------------------------------------------------------


def test_wrong_password_is_tried_twice_in_half_an_hour(guarded, login_server):
    run = guarded.log_in(login_server.port)
    assert run.verdict() == ("auth", "credentials", "bad_credentials"), run
    for _ in range(3):
        guarded.stay_out(login_server.port)
    guarded.later(MINUTE - SLACK)
    guarded.stay_out(login_server.port)
    guarded.later(SLACK + 1)
    guarded.log_in(login_server.port)
    for minutes in (0, 1, 14, 14):
        guarded.later(minutes * MINUTE)
        guarded.stay_out(login_server.port)
    guarded.later(MINUTE + 1)
    guarded.log_in(login_server.port)
    assert login_server.stop() == {"connections": 11, "accepted": 0, "refused": 3}


def test_rest_doubles_to_four_hours(guarded, login_server):
    for rest in (MINUTE, HOUR / 2, HOUR, 2 * HOUR, 4 * HOUR, 4 * HOUR):
        guarded.log_in(login_server.port)
        guarded.later(rest - SLACK)
        guarded.stay_out(login_server.port)
        guarded.later(SLACK + 1)
    assert login_server.stop()["refused"] == 6


def test_without_a_state_file_nothing_is_guarded(probe, login_server):  # noqa: F811
    wrong = probe.secret_file("wrong", WRONG + "\n")
    for _ in range(3):
        run = probe.log_in(login_server.port, password=("--password-file", wrong))
        assert run.report["suspended"] is None, run
    assert login_server.stop()["refused"] == 3


# ---- what is said meanwhile --------------------------------------------------------------


def test_old_verdict_is_repeated_with_its_age(guarded, login_server):
    guarded.log_in(login_server.port)
    guarded.later(MINUTE + 1)
    guarded.log_in(login_server.port)
    guarded.later(14 * MINUTE + 7)
    run = guarded.stay_out(login_server.port)
    assert run.exit_code == 2 and run.verdict() == ("auth", "credentials", "bad_credentials")
    assert run.report["message"] == (
        "SMTP AUTH CRITICAL - credentials: bad credentials, 14 min ago (login suspended)"
    )
    suspended = run.report["suspended"]
    assert suspended["refusals"] == 2 and 14 * MINUTE <= suspended["age"] <= 15 * MINUTE, run
    assert suspended["next_login"] in evidence(run), run
    assert "the last 2 logins were refused" in evidence(run), run
    assert f'delete the line "guard 127.0.0.1:{login_server.port} ..." from {guarded.path}' \
        in evidence(run), run
    assert not run.report["success"] and run.report["second_look"] == [], run


def test_text_has_perfdata_but_no_phase_that_was_not_entered(guarded, login_server):
    guarded.log_in(login_server.port)
    run = guarded.probe.run(*guarded.options(login_server.port, "--output", "text"))
    first = run.stdout.splitlines()[0]
    assert first.startswith("SMTP AUTH CRITICAL - credentials: bad credentials, "), run
    assert "(login suspended)|time=" in first and " ehlo_tls=" in first, run
    assert " auth=" not in first and run.exit_code == 2, run


def test_next_login_is_told_by_the_refused_one(guarded, login_server):
    run = guarded.log_in(login_server.port)
    assert "the next login with this password is tried at " in evidence(run), run
    told = TIME.findall(evidence(run))[-1]
    assert guarded.stay_out(login_server.port).report["suspended"]["next_login"] == told


def test_earlier_fault_is_told_instead(guarded, probe):  # noqa: F811
    with probe.login_server() as server:
        guarded.log_in(server.port)
    run = guarded.run(server.port, "--second-look", "0")
    assert run.verdict() == ("connect", "network", "connection_refused"), run
    assert run.report["suspended"] and "the last login was refused" in evidence(run), run


def test_auth_that_is_gone_is_told_instead(guarded, probe):  # noqa: F811
    with answering(probe, REFUSED) as server:
        guarded.log_in(server.port)
    guard = guarded.guards()[0]

    def without_auth(peer):
        peer.encrypted_session("SIZE")
        peer.drain()

    with probe.python_server(without_auth) as other:
        guarded.write(f"check_smtp_auth state 1\n{guard}\n".replace(
            f":{server.port} ", f":{other.port} "))
        run = guarded.run(other.port)
    assert run.verdict()[1:] == ("server_config", "auth_not_offered"), run
    assert run.report["suspended"], run


# ---- what triggers -----------------------------------------------------------------------


@pytest.mark.parametrize("answer", [
    REFUSED,
    "554 5.7.1 relaying denied",
    "504 5.5.4 mechanism disabled",
    "550 5.7.1 your address is on a list",
    "454 4.7.0 too many login attempts, try later",
    "421 4.7.0 too many failed logins",
])
def test_refusals_and_throttling_trigger(guarded, probe, answer):  # noqa: F811
    with answering(probe, answer) as server:
        first = guarded.log_in(server.port)
        run = guarded.stay_out(server.port)
        assert run.verdict() == first.verdict() and run.exit_code == first.exit_code, run
        assert logins(server) == 1


@pytest.mark.parametrize("answer", ["454 4.7.0 Temporary authentication failure",
                                    "451 4.3.0 later"])
def test_temporary_trouble_does_not_trigger(guarded, probe, answer):  # noqa: F811
    with answering(probe, answer) as server:
        for _ in range(3):
            guarded.log_in(server.port)
        assert logins(server) == 3
    assert guarded.guards() == []


def test_failure_before_auth_does_not_trigger(guarded, probe):  # noqa: F811
    def busy(peer):
        peer.send("554 5.7.1 go away")
        peer.drain()

    with probe.python_server(busy) as server:
        for _ in range(3):
            run = guarded.run(server.port)
            assert run.report["phase"] == "banner" and run.report["suspended"] is None, run
    assert guarded.guards() == []


# ---- what releases -----------------------------------------------------------------------


def test_another_password_is_tried_at_once(guarded, login_server):
    guarded.log_in(login_server.port)
    run = guarded.log_in(login_server.port, password=PASSWORD)
    assert run.exit_code == 0 and run.report["success"], run
    guarded.stay_out(login_server.port)
    guarded.log_in(login_server.port, password=PASSWORD)
    assert login_server.stop() == {"connections": 4, "accepted": 2, "refused": 1}


def test_success_releases(guarded, probe):  # noqa: F811
    with answering(probe, REFUSED, ACCEPTED) as server:
        guarded.log_in(server.port)
        guarded.later(MINUTE + 1)
        for _ in range(3):
            assert guarded.log_in(server.port).report["success"]
        # It still counts for the half hour, but nothing is awaited.
        assert len(guarded.guards()) == 1 and "times=" not in guarded.guards()[0]
        guarded.later(30 * MINUTE + 1)
        guarded.log_in(server.port)
    assert guarded.guards() == []


def test_refusals_around_a_success_are_two_in_half_an_hour(guarded, probe):  # noqa: F811
    with answering(probe, REFUSED, ACCEPTED, REFUSED) as server:
        guarded.log_in(server.port)
        guarded.later(MINUTE + 1)
        guarded.log_in(server.port)
        guarded.log_in(server.port)
        guarded.later(2 * MINUTE)
        guarded.stay_out(server.port)
        guarded.later(27 * MINUTE)
        guarded.log_in(server.port)


def test_deleted_line_releases(guarded, login_server):
    guarded.log_in(login_server.port)
    guarded.write("".join(line + "\n" for line in guarded.text.splitlines()
                          if not line.startswith("guard ")))
    guarded.log_in(login_server.port)
    assert login_server.stop()["refused"] == 2


def test_another_server_or_user_is_another_login(guarded, probe, login_server):  # noqa: F811
    guarded.log_in(login_server.port)
    with probe.login_server() as other:
        guarded.log_in(other.port)
    run = guarded.run(login_server.port, "-U", "other@example.test")
    assert run.report["suspended"] is None, run
    assert len(guarded.guards()) == 3


# ---- many at once ------------------------------------------------------------------------


def all_at_once(guarded, port, count, password):
    return [guarded.probe.start(*guarded.options(port, password=password))
            for _ in range(count)]


def test_many_at_once_are_refused_twice(guarded, login_server):
    started = all_at_once(guarded, login_server.port, 6, WRONG)
    runs = [run.finish() for run in started]
    assert all(run.exit_code in (2, 3) for run in runs), runs
    guarded.stay_out(login_server.port)
    assert login_server.stop()["refused"] <= 2


def test_many_at_once_with_the_right_password_all_log_in(guarded, login_server):
    started = all_at_once(guarded, login_server.port, 5, PASSWORD)
    for run in [run.finish() for run in started]:
        assert run.exit_code == 0, run
    assert guarded.guards() == []
    assert login_server.stop()["accepted"] == 5


def test_login_stands_in_the_file_before_it_begins(guarded, probe):  # noqa: F811
    seen = []
    with answering(probe, ACCEPTED, hold=lambda: seen.extend(guarded.guards())) as server:
        guarded.log_in(server.port)
    assert len(seen) == 1 and " under_way=" in seen[0], seen
    assert guarded.guards() == []


def test_killed_logins_count_as_refused(guarded, probe):  # noqa: F811
    def silent(peer):
        peer.encrypted_session("AUTH PLAIN")
        peer.line()
        peer.drain()

    with probe.python_server(silent) as server:
        for count in (1, 2):
            running = guarded.probe.start(*guarded.options(server.port))
            eventually(lambda: logins(server) == count, "an AUTH")  # noqa: B023
            running.process.kill()
            running.finish()
        run = guarded.stay_out(server.port)
        assert run.exit_code == 3 and run.verdict()[1:] == ("local", "internal"), run
        assert run.report["message"] == "SMTP AUTH UNKNOWN - local: internal (login suspended)"
        assert "may have been refused" in evidence(run), run
        guarded.later(31 * MINUTE)
        assert guarded.run(server.port, "-t", "1").report["suspended"] is None
        assert logins(server) == 3


def test_cancelled_login_does_not_count(guarded, probe):  # noqa: F811
    def silent(peer):
        peer.encrypted_session("AUTH PLAIN")
        peer.line()
        peer.drain()

    with probe.python_server(silent) as server:
        running = guarded.probe.start(*guarded.options(server.port))
        eventually(lambda: logins(server) == 1, "an AUTH")
        running.process.send_signal(signal.SIGTERM)
        assert running.finish().exit_code == 3
    assert guarded.guards() == []


# ---- the file ----------------------------------------------------------------------------


def test_file_names_nobody(guarded, login_server):
    guarded.log_in(login_server.port)
    guarded.log_in(login_server.port, password=PASSWORD)
    for word in (USER, USER.split("@", maxsplit=1)[0] + "@", PASSWORD, WRONG):
        assert not leaks(word, guarded.text)
    assert guarded.path.stat().st_mode & 0o777 == 0o600


def test_two_files_do_not_show_that_the_password_is_the_same(guarded, login_server):
    guarded.log_in(login_server.port)
    first = guarded.guards()[0].split()[2:4]
    guarded.path.unlink()
    guarded.log_in(login_server.port)
    assert not set(first) & set(guarded.guards()[0].split())


@pytest.mark.parametrize("damage", [
    lambda line: line.replace("salt=", "salt=x"),
    lambda line: line.replace("times=1", "times=many"),
    lambda line: line[:-10],
])
def test_damaged_guard_costs_its_line(guarded, login_server, damage):
    guarded.log_in(login_server.port)
    guard = guarded.guards()[0]
    guarded.write(f"check_smtp_auth state 1\n{damage(guard)}\n")
    run = guarded.log_in(login_server.port)
    # The run mends the file, but reads it before.
    assert f"{guarded.path}:2: " in evidence(run) and "dropped" in evidence(run), run
    assert len(guarded.guards()) == 1
    guarded.stay_out(login_server.port)


def unwritable(guarded):
    """Nothing can be put in place of the file, not even by root."""
    (guarded.path.parent / "state.check_smtp_auth-new").mkdir()


def test_unwritable_file_still_keeps_out(guarded, login_server):
    guarded.log_in(login_server.port)
    guarded.later(MINUTE + 1)
    guarded.log_in(login_server.port)
    unwritable(guarded)
    run = guarded.stay_out(login_server.port)
    # To begin a login it would have to write; to refuse one it need not.
    guarded.later(31 * MINUTE)
    run = guarded.log_in(login_server.port)
    assert "cannot write the state file" in evidence(run), run
    assert "logins are not counted" in evidence(run), run
    assert "this login is not counted" in evidence(run), run


def test_file_that_others_keep_still_keeps_out(guarded, login_server):
    guarded.log_in(login_server.port)
    with guarded.path.open() as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        run = guarded.stay_out(login_server.port)
        assert "kept the state file locked" in evidence(run), run
        run = guarded.log_in(login_server.port, password=PASSWORD)
        assert "logins are not counted" in evidence(run), run
    assert login_server.stop() == {"connections": 3, "accepted": 1, "refused": 1}


def test_who_stays_out_writes_nothing(guarded, login_server):
    guarded.log_in(login_server.port)
    before = guarded.path.stat().st_ino
    guarded.stay_out(login_server.port)
    assert guarded.path.stat().st_ino == before, "the file was replaced"


def test_without_a_guard_in_reach_it_logs_in_and_says_so(guarded, login_server):
    guarded.path = guarded.path / "no-such-directory" / "state"
    run = guarded.log_in(login_server.port)
    assert run.verdict() == ("auth", "credentials", "bad_credentials"), run
    assert evidence(run).count("logins are not counted, so they can lock the account") == 1


def test_file_of_a_later_version_is_left_alone(guarded, login_server):
    text = "check_smtp_auth state 2\nguard something else\n"
    guarded.write(text)
    run = guarded.log_in(login_server.port)
    assert "is newer than this program understands" in evidence(run), run
    assert "logins are not counted" in evidence(run), run
    assert guarded.text == text


def test_clock_that_was_ahead_suspends_no_longer_than_others(guarded, login_server):
    guarded.log_in(login_server.port)
    guarded.later(-365 * 24 * HOUR)
    guarded.stay_out(login_server.port)
    guarded.later(MINUTE + 1)
    guarded.log_in(login_server.port)
