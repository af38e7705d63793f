# SPDX-License-Identifier: Apache-2.0
"""Icinga 2 in a private directory. It has no API and listens nowhere."""

import json
import os
import pathlib

from servers import tools
from servers.daemon import Daemon

CONTRIB = pathlib.Path(__file__).resolve().parents[3] / "contrib" / "icinga2"
SERVICES = (CONTRIB / "services.conf").read_text()
PAGES = pathlib.Path(os.environ["CONTRIB_PAGES"]) / "icinga2"

# A notification is a line of a file; the plugin's output comes in the environment.
CONFIGURATION = r"""
const PluginDir = "{plugins}"
const NodeName = "probe"

include <itl>
include <plugins>

object IcingaApplication "app" {{ }}
object CheckerComponent "checker" {{ }}
object NotificationComponent "notification" {{ }}
object PerfdataWriter "perfdata" {{
	rotation_interval = 1s
	host_perfdata_path = "{directory}/perfdata/host"
	host_temp_path = "{directory}/host"
	service_perfdata_path = "{directory}/perfdata/service"
	service_temp_path = "{directory}/service"
	service_format_template = "$service.name$ $service.perfdata$"
}}
object User "probe" {{ }}
object NotificationCommand "note" {{
	command = [ "/bin/sh", "-c", "printf '%s\n' \"$$LINE\" | head -n 1 >>{directory}/notifications" ]
	env.LINE = "$notification.type$ $service.name$ $service.state$ $service.output$"
}}
apply Notification "note" to Service {{
	command = "note"
	users = [ "probe" ]
	types = [ Problem, Recovery ]
	interval = 0
	assign where service.check_command == "smtp_auth"
}}
object Host "mx" {{
	check_command = "dummy"
	address = "127.0.0.1"
{host}
}}

include "{directory}/check_smtp_auth.conf"
include "{directory}/services.conf"
"""


FOLDERS = {"CacheDir": "cache", "DataDir": "data", "LogDir": "log", "InitRunDir": "run",
           "SpoolDir": "spool"}
ENVIRONMENT = {"ICINGA2_USER": "root", "ICINGA2_GROUP": "root"}


def quoted(value):
    """A value in Icinga's language, which its strings and arrays share with JSON."""
    return json.dumps(value)


def sped_up(text):
    """services.conf for a test; the first checks are spread over the check interval."""
    for there, here in (("= 60s", "= 1s"), ("= 30m", "= 3s")):
        assert text.count(there) == 1
        text = text.replace(there, here)
    return text


class Icinga:
    """host: attributes of the host mx; more: other objects, in Icinga's language."""

    def __init__(self, plugins, host, more=""):
        self._program = tools.require("icinga2", "icinga2-bin")
        self.daemon = Daemon("icinga")
        self.directory = self.daemon.directory
        for name in (*FOLDERS.values(), "perfdata"):
            (self.directory / name).mkdir()
        self._write("check_smtp_auth.conf", (PAGES / "check_smtp_auth.conf").read_text())
        self._write("services.conf", sped_up(SERVICES))
        self._write("icinga2.conf", CONFIGURATION.format(
            directory=self.directory, plugins=plugins, host=host) + more)

    def _write(self, name, text):
        path = self.directory / name
        path.write_text(text)
        path.chmod(0o600)

    def _command(self, *more):
        # -D counts behind "daemon" only.
        return [self._program, "daemon", "-c", self.directory / "icinga2.conf", *more,
                *(f"-DConfiguration.{name}={self.directory / folder}"
                  for name, folder in FOLDERS.items())]

    def verify(self):
        """What icinga2 daemon -C says of the files as they are; a mistake is an error."""
        self._write("services.conf", SERVICES)
        try:
            return tools.run(self._command("-C"),
                             env={"PATH": tools.SEARCH_PATH, **ENVIRONMENT})
        finally:
            self._write("services.conf", sped_up(SERVICES))

    def start(self):
        self.daemon.start(self._command(), ENVIRONMENT,
                          ready=lambda: (self.directory / "run/icinga2.pid").exists())

    def end(self):
        """Icinga writes its state file when it ends."""
        self.daemon.end()

    def stop(self):
        self.daemon.stop()

    def lines(self, name):
        """Of the notifications, or of all files of performance data."""
        return [line for path in sorted(self.directory.glob(name))
                for line in path.read_text().splitlines()]

    def services(self):
        """Name of a service -> what the state file says of it."""
        rest = (self.directory / "data/icinga2.state").read_bytes()
        found = {}
        while rest:
            # A netstring: length, colon, that many bytes, comma.
            length, _, rest = rest.partition(b":")
            entry, rest = json.loads(rest[: int(length)]), rest[int(length) + 1:]
            if entry["type"] == "Service":
                found[entry["name"].removeprefix("mx!")] = entry["update"]
        return found
