# SPDX-License-Identifier: Apache-2.0
"""The NRPE daemon in a private directory, on a port of loopback, as the user nagios."""

import shutil

from servers import tools
from servers.daemon import Daemon, accepts
from servers.ports import LOOPBACK

CONFIGURATION = """
server_address=127.0.0.1
server_port={port}
allowed_hosts=127.0.0.1
nrpe_user=nagios
nrpe_group=nagios
pid_file={directory}/nrpe.pid
log_file={directory}/nrpe.log
dont_blame_nrpe=0
command_timeout=60
{commands}
"""


class Nrpe:
    def __init__(self):
        self._program = tools.require("nrpe", "nagios-nrpe-server")
        self.daemon = Daemon("nrpe")
        self.port = self.daemon.ports.take()

    def copy(self, path, mode):
        """A file of ours for the user nagios: root:nagios with that mode."""
        copied = self.daemon.directory / path.name
        shutil.copyfile(path, copied)
        shutil.chown(copied, "root", "nagios")
        copied.chmod(mode)
        return copied

    def start(self, commands):
        """commands: the text of a file of /etc/nagios/nrpe.d."""
        configuration = self.daemon.directory / "nrpe.cfg"
        configuration.write_text(CONFIGURATION.format(
            port=self.port, directory=self.daemon.directory, commands=commands))
        self.daemon.start([self._program, "--no-ssl", "-f", "-c", configuration],
                          ready=lambda: accepts(self.port))

    def question(self, command):
        """The command line that asks it for a check."""
        program = tools.require_file("/usr/lib/nagios/plugins/check_nrpe",
                                     "nagios-nrpe-plugin")
        return [program, "--no-ssl", "-H", LOOPBACK, "-p", str(self.port), "-c", command]

    def stop(self):
        self.daemon.stop()
