# SPDX-License-Identifier: Apache-2.0
"""A real Icinga 2 runs the check with contrib/icinga2, at shorter intervals.

States, output and performance data are read from its state file and its performance data
files, the notification from what its command wrote.
"""

import re

import pytest

import tables
from plugin import PASSWORD, USER
from plugin import probe  # noqa: F401 (a fixture)
from servers.daemon import wait_until
from servers.icinga import SERVICES, Icinga, quoted
from servers.ports import PortReservation

SECONDS = 30
# state, what the status line says, and what the performance data must have
EXPECTED = {
    "good": (0, "SMTP AUTH OK - ", "auth"),
    "from-icinga": (0, "SMTP AUTH OK - ", "auth"),
    "refused": (2, "SMTP AUTH CRITICAL - credentials: bad credentials (535 5.7.8) ", "auth"),
    "dead": (2, "SMTP AUTH CRITICAL - network: connection refused ", "connect"),
}
PERFDATA = re.compile(r"\w+=\d+\.\d+s(;[^ ;]*){0,4}")

# Commands that note how they are called, in the place of the plugin.
RECORDER = """#!/bin/sh
printf '%s\\0' "$@" >"$0.new"
printf %s "$SMTP_AUTH_PASSWORD" >"$0.password"
mv "$0.new" "$0.arguments"
"""
RECORDING = """
object CheckCommand "{path}" {{
	import "smtp_auth"
	command = [ "{path}" ]
}}
object Service "{name}" {{
	host_name = "mx"
	check_command = "{path}"
	check_interval = 3s
{variables}
}}
"""

# No password file: the password comes from the configuration.
FROM_ICINGA = """
object Service "smtp-auth-from-icinga" {{
	host_name = "mx"
	check_command = "smtp_auth"
	check_interval = 3s
	vars.smtp_auth_port = "{port}"
	vars.smtp_auth_authuser = "{user}"
	vars.smtp_auth_ca_file = "{authority}"
	vars.smtp_auth_warning = "2"
	vars.smtp_auth_critical = "5"
	vars.smtp_auth_password_env = "SMTP_AUTH_PASSWORD"
	vars.smtp_auth_password = "{password}"
}}
"""


def variable(name):
    return "smtp_auth_" + name.replace("-", "_")


def all_options():
    """The variables that set every option of the check command, and the words for it."""
    variables, words = {}, []
    for group, _, _, name, argument, _ in tables.options():
        if group == "DECODE" or name in ("password-stdin", "version", "help"):
            continue
        if argument.startswith("["):
            variables[variable(name)] = "a value"
            words.append([f"--{name}=a value"])
        elif argument:
            variables[variable(name)] = [f"the {name}", "'and' again"]
            words += [[f"--{name}", f"the {name}"], [f"--{name}", "'and' again"]]
        else:
            variables[variable(name)] = True
            words.append([f"--{name}"])
    return variables, words


class Recorder:
    """A service whose command notes how it is called."""

    def __init__(self, directory, name, variables):
        self.path = directory / name
        self.path.write_text(RECORDER)
        self.path.chmod(0o755)
        lines = (f"\tvars.{key} = {quoted(value)}" for key, value in variables.items())
        self.object = RECORDING.format(path=self.path, name=name, variables="\n".join(lines))

    def _file(self, suffix):
        return self.path.with_name(self.path.name + suffix)

    def was_called(self):
        return self._file(".arguments").exists()

    def arguments(self):
        return self._file(".arguments").read_text().split("\0")[:-1]

    def password(self):
        return self._file(".password").read_text()


@pytest.fixture(scope="module")
def recorders(tmp_path_factory):
    directory = tmp_path_factory.mktemp("recorders")
    all_variables = {**all_options()[0], "smtp_auth_password": "from Icinga"}
    return {"all": Recorder(directory, "all", all_variables),
            "none": Recorder(directory, "none", {})}


@pytest.fixture(scope="module")
def icinga(probe, recorders, tmp_path_factory):
    plugins = tmp_path_factory.mktemp("plugins")
    (plugins / "check_smtp_auth").symlink_to(probe.binary)
    closed = PortReservation()

    def check(name, port, **more):
        config = {"smtp_auth_authuser": USER, "smtp_auth_port": str(port),
                  "smtp_auth_password_file": str(probe.password_file),
                  "smtp_auth_ca_file": str(probe.authority), **more}
        return f"\tvars.smtp_auth[{quoted(name)}] = " + "{" + ", ".join(
            f"{key} = {quoted(value)}" for key, value in config.items()) + "}"

    with probe.login_server() as server:
        host = "\n".join([
            check("good", server.port),
            check("refused", server.port, smtp_auth_password_file=str(
                probe.secret_file("wrong", "not " + PASSWORD))),
            check("dead", closed.take()),
        ])
        objects = [each.object for each in recorders.values()]
        objects.append(FROM_ICINGA.format(port=server.port, user=USER, password=PASSWORD,
                                          authority=probe.authority))
        made = Icinga(plugins, host, "".join(objects))
        try:
            yield made
        finally:
            made.stop()
            closed.release()


@pytest.fixture(scope="module")
def services(icinga, recorders):
    """What Icinga has noted at its end, once it has told of the failures."""
    icinga.start()

    def settled():
        told = len(icinga.lines("notifications")) == 2
        measured = {line.split()[0].removeprefix("smtp-auth-")
                    for line in icinga.lines("perfdata/service*")}
        called = all(recorder.was_called() for recorder in recorders.values())
        return told and called and set(EXPECTED) <= measured

    wait_until(settled, SECONDS, "notifications and performance data")
    icinga.end()
    return icinga.services()


def test_the_configuration_is_accepted(icinga):
    said = icinga.verify()
    assert "warning/" not in said and "critical/" not in said
    assert f"Instantiated {len(EXPECTED) + 2} Services." in said


@pytest.mark.parametrize("name", EXPECTED)
def test_state_output_and_perfdata(name, services):
    state, output, last_phase = EXPECTED[name]
    service = services[f"smtp-auth-{name}"]
    checked = service["last_check_result"]
    assert service["state_raw"] == service["last_hard_state_raw"] == state
    assert service["state_type"] == 1
    line, *more = checked["output"].splitlines()
    assert line.startswith(output) and "127.0.0.1:" in line and len(line) < 80
    assert any(each.startswith("do:") for each in more) == (state != 0)
    assert checked["exit_status"] == state
    for value in checked["performance_data"]:
        assert PERFDATA.fullmatch(value), value
    labels = [value.partition("=")[0] for value in checked["performance_data"]]
    assert labels[0] == "time" and last_phase in labels
    assert checked["performance_data"][0].endswith("s;2;5;0")


def test_the_password_is_on_no_command_line(services):
    for service in services.values():
        assert PASSWORD not in str(service["last_check_result"])


def test_one_confirming_login_then_a_notification(icinga, services):
    assert services["smtp-auth-refused"]["state_type"] == 1
    for line, name in zip(sorted(icinga.lines("notifications")), ("dead", "refused")):
        assert line.startswith(f"PROBLEM smtp-auth-{name} CRITICAL {EXPECTED[name][1]}")


def test_perfdata_files(icinga, services):
    for line in icinga.lines("perfdata/service*"):
        name, *values = line.split()
        if name.startswith("smtp-auth-"):
            assert values and all(PERFDATA.fullmatch(value) for value in values), line


def test_every_option_reaches_the_plugin(recorders, services):
    words = recorders["all"].arguments()
    for option in all_options()[1]:
        at = next((i for i in range(len(words)) if words[i:i + len(option)] == option), None)
        assert at is not None, f"{option} is not in {words}"
        del words[at:at + len(option)]
    assert words == []
    assert recorders["all"].password() == "from Icinga"


def test_what_is_not_set_is_left_out(recorders, services):
    assert recorders["none"].arguments() == ["--hostname", "127.0.0.1"]
    assert recorders["none"].password() == ""


def test_the_intervals_fit_the_lock_out_rule():
    for line in ("max_check_attempts = 2", "retry_interval = 60s", "check_interval = 30m"):
        assert f"\t{line}\n" in SERVICES
