# SPDX-License-Identifier: Apache-2.0
"""Nagios 4 in a private directory. It listens nowhere; a second counts as a minute."""

import pathlib
import re

from servers import tools
from servers.daemon import Daemon

EXAMPLE = pathlib.Path(__file__).resolve().parents[3] / "contrib/nagios/check_smtp_auth.cfg"

# The contact that the example names, the host that Debian's own files have, and what a
# notification and the performance data of a check end in: a line of a file.
OBJECTS = r"""
define timeperiod {{
    timeperiod_name 24x7
    alias always
    sunday 00:00-24:00
    monday 00:00-24:00
    tuesday 00:00-24:00
    wednesday 00:00-24:00
    thursday 00:00-24:00
    friday 00:00-24:00
    saturday 00:00-24:00
}}
define command {{
    command_name always-up
    command_line /bin/true
}}
define command {{
    command_name note
    command_line /usr/bin/printf "%s\n" "$NOTIFICATIONTYPE$ $SERVICEDESC$ $SERVICESTATE$ $SERVICEOUTPUT$" >>{directory}/notifications
}}
define contact {{
    contact_name probe
    service_notification_commands note
    host_notification_commands note
    service_notification_period 24x7
    host_notification_period 24x7
    service_notification_options w,u,c,r
    host_notification_options n
}}
define contactgroup {{
    contactgroup_name admins
    members probe
}}
define host {{
    host_name localhost
    address 127.0.0.1
    check_command always-up
    max_check_attempts 1
    contact_groups admins
}}
"""

SETTINGS = r"""
cfg_file={directory}/objects.cfg
cfg_file={directory}/services.cfg
resource_file={directory}/resource.cfg
nagios_user=root
nagios_group=root
log_file={directory}/nagios.log
use_syslog=0
object_cache_file={directory}/objects.cache
precached_object_file={directory}/objects.precache
status_file={directory}/status.dat
status_update_interval=1
state_retention_file={directory}/retention.dat
lock_file={directory}/nagios.pid
temp_file={directory}/nagios.tmp
temp_path={directory}
check_result_path={directory}/results
query_socket={directory}/nagios.qh
command_file={directory}/nagios.cmd
check_external_commands=0
check_for_updates=0
interval_length=1
check_result_reaper_frequency=1
service_inter_check_delay_method=n
host_inter_check_delay_method=n
enable_notifications=1
process_performance_data=1
service_perfdata_file={directory}/perfdata
service_perfdata_file_mode=a
service_perfdata_file_template=$SERVICEDESC$ $SERVICEPERFDATA$
illegal_macro_output_chars=`~$&|'"<>
"""

SERVICE = """
define service {{
    use smtp-auth-service
    host_name localhost
    service_description {name}
    _SMTP_HOST 127.0.0.1
    _SMTP_USER {user}
    _SMTP_PASSWORD_FILE {password_file}
    check_command check_smtp_auth!{options}
}}
"""


def command_and_template():
    """The example without its services, whose mail server is somebody else's."""
    return EXAMPLE.read_text().split("define service {\n    use ")[0]


class Nagios:
    """services: a list of {name, user, password_file, options}."""

    def __init__(self, plugins, services):
        self._program = tools.require("nagios4", "nagios4-core")
        self.daemon = Daemon("nagios")
        self.directory = self.daemon.directory
        (self.directory / "results").mkdir()
        self._write("nagios.cfg", SETTINGS.format(directory=self.directory))
        self._write("objects.cfg", OBJECTS.format(directory=self.directory))
        self._write("resource.cfg", f"$USER1$={plugins}\n")
        self._write("services.cfg", command_and_template() + "".join(
            SERVICE.format(**service) for service in services))

    def _write(self, name, text):
        path = self.directory / name
        path.write_text(text)
        path.chmod(0o600)

    def use(self, services):
        """Another file in the place of the services."""
        self._write("services.cfg", services)

    def verify(self):
        """What nagios -v says; a mistake is an error."""
        return tools.run([self._program, "-v", self.directory / "nagios.cfg"])

    def start(self):
        self.daemon.start([self._program, self.directory / "nagios.cfg"],
                          ready=lambda: (self.directory / "status.dat").exists())

    def stop(self):
        self.daemon.stop()

    def lines(self, name):
        """Of one of its files: notifications or perfdata."""
        path = self.directory / name
        return path.read_text().splitlines() if path.exists() else []

    def statuses(self):
        """Name of a service -> its keys and values in the status file."""
        text = (self.directory / "status.dat").read_text()
        blocks = re.findall(r"^servicestatus \{\n(.*?)^\t\}", text, re.MULTILINE | re.DOTALL)
        found = [dict(re.findall(r"^\t(\w+)=(.*)$", block, re.MULTILINE)) for block in blocks]
        return {status["service_description"]: status for status in found}
