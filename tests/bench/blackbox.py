# SPDX-License-Identifier: Apache-2.0
"""Debian's prometheus-blackbox-exporter, and a load for it."""

import base64
import http.client
import os
import pathlib
import socket
import subprocess
import threading
import time

START_SECONDS = 15
REQUEST_SECONDS = 60
TRIES = 3

MODULE = """\
  {name}:
    prober: tcp
    timeout: 30s
    tcp:
      preferred_ip_protocol: ip4
      tls_config:
        server_name: 127.0.0.1
{ca_file}      query_response:
        - expect: "^220 "
        - send: "EHLO bench.example\\r"
        - expect: "^250-STARTTLS"
        - expect: "^250 "
        - send: "STARTTLS\\r"
        - expect: "^220 "
        - starttls: true
        - send: "EHLO bench.example\\r"
        - expect: "^250-AUTH.* PLAIN"
        - expect: "^250 "
        - send: "AUTH PLAIN {plain}\\r"
        - expect: "^235 "
        - send: "QUIT\\r"
        - expect: "^221 "
"""


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def get(connection, path):
    connection.request("GET", path)
    return connection.getresponse().read().decode(errors="replace")


def configuration(user, password, bundle):
    plain = base64.b64encode(f"\0{user}\0{password}".encode()).decode()
    ca_file = f"        ca_file: {bundle}\n"
    return (
        "modules:\n"
        + MODULE.format(name="ca_file", plain=plain, ca_file=ca_file)
        + MODULE.format(name="system", plain=plain, ca_file="")
    )


class Blackbox:
    """The exporter, started on entering, stopped on leaving.

    Its two modules differ in where the trusted authorities come from: `ca_file` names the
    bundle, which the exporter then reads for every probe; `system` finds the same bundle
    as the system's, read once.
    """

    def __init__(self, folder, user, password, bundle):
        self.config = pathlib.Path(folder) / "blackbox.yml"
        self.config.write_text(configuration(user, password, bundle))
        self.environment = dict(
            os.environ, SSL_CERT_FILE=str(bundle), SSL_CERT_DIR=str(folder) + "/none"
        )
        self.log = pathlib.Path(folder) / "blackbox.log"

    def __enter__(self):
        # It does not tell the port that it was given, so one is chosen; another program
        # may take it meanwhile.
        for _ in range(TRIES):
            self.port = free_port()
            self._start()
            if self._answers():
                return self
            self.__exit__()
        raise RuntimeError(f"the exporter does not start: {self.log.read_text()}")

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()

    def _start(self):
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen(
                [
                    "prometheus-blackbox-exporter",
                    f"--config.file={self.config}",
                    f"--web.listen-address=127.0.0.1:{self.port}",
                    "--log.level=error",
                ],
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )

    def _answers(self):
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline and self.process.poll() is None:
            try:
                get(http.client.HTTPConnection("127.0.0.1", self.port), "/-/healthy")
                return True
            except OSError:
                time.sleep(0.05)
        return False

    def cpu_seconds(self):
        stat = pathlib.Path(f"/proc/{self.process.pid}/stat").read_text()
        fields = stat.rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def peak_kb(self):
        status = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
        return int(status.split("VmHWM:")[1].split()[0])

    def probe(self, module, port, count, in_flight):
        """Asks for COUNT probes; returns CPU seconds of the exporter, and wall seconds."""
        load = Load(self.port, f"/probe?module={module}&target=127.0.0.1:{port}", count)
        cpu, wall = self.cpu_seconds(), time.monotonic()
        load.run(in_flight)
        return self.cpu_seconds() - cpu, time.monotonic() - wall


class Load:
    """COUNT requests for one page, which must tell of a probe that succeeded."""

    def __init__(self, port, path, count):
        self.port, self.path, self.left = port, path, count
        self.lock = threading.Lock()
        self.failure = None

    def run(self, in_flight):
        threads = [threading.Thread(target=self._work) for _ in range(in_flight)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        if self.failure:
            raise RuntimeError(f"a probe of the exporter failed: {self.failure}")

    def _take(self):
        with self.lock:
            self.left -= 1
            return self.left >= 0 and not self.failure

    def _work(self):
        connection = http.client.HTTPConnection(
            "127.0.0.1", self.port, timeout=REQUEST_SECONDS
        )
        while self._take():
            try:
                page = get(connection, self.path)
            except (OSError, http.client.HTTPException) as error:
                page = repr(error)
            if "\nprobe_success 1\n" not in page:
                self.failure = page
        connection.close()
