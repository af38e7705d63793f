# SPDX-License-Identifier: Apache-2.0
"""A private network and mount namespace, to run commands in.

    with Namespace(resolv_conf="nameserver 127.0.0.1\n", hosts="") as space:
        space.start_dns("--map", "mx.example=127.0.0.1")
        done = space.run(["check_smtp_auth", "-H", "mx.example"])

Inside there is the loopback interface and nothing else, port 53 is free, and the files
given stand in the place of the system's. Nothing outside changes and no root is needed.
All that was started inside ends with the `with` block.
"""

import contextlib
import fcntl
import os
import pathlib
import shutil
import socket
import struct
import subprocess
import sys
import tempfile
import time

from servers import tools

START_SECONDS = 20
STOP_SECONDS = 10
POLL_SECONDS = 0.01
DNS_SERVER = pathlib.Path(__file__).resolve().parent.parent / "support" / "dns_server.py"
PLACES = {
    "resolv_conf": "/etc/resolv.conf",
    "hosts": "/etc/hosts",
    "nsswitch_conf": "/etc/nsswitch.conf",
}
SIOCGIFFLAGS, SIOCSIFFLAGS, IFF_UP = 0x8913, 0x8914, 1


def network_of(pid):
    return os.readlink(f"/proc/{pid}/ns/net")


class Namespace:
    def __init__(self, resolv_conf=None, hosts=None, nsswitch_conf=None):
        self._files = {
            "resolv_conf": resolv_conf,
            "hosts": hosts,
            "nsswitch_conf": nsswitch_conf,
        }
        self._cleanup = contextlib.ExitStack()
        self._holder = None
        self.directory = None
        self._dns_logs = []

    def __enter__(self):
        with self._cleanup:
            self.directory = pathlib.Path(tempfile.mkdtemp(prefix="namespace-"))
            self._cleanup.callback(shutil.rmtree, self.directory, ignore_errors=True)
            self._start_holder(self._write_files())
            self._cleanup = self._cleanup.pop_all()
        return self

    def __exit__(self, *_):
        self._cleanup.close()

    def _write_files(self):
        """Returns the arguments FILE=PLACE of the holder."""
        mounts = []
        for name, content in self._files.items():
            if content is not None:
                path = self.directory / name
                path.write_text(content)
                mounts.append(f"{path}={PLACES[name]}")
        return mounts

    def _start_holder(self, mounts):
        flags = ["--mount", "--net"]
        if os.geteuid() != 0:
            flags.append("--map-root-user")
        self._holder = subprocess.Popen(
            [tools.require("unshare", "util-linux"), *flags]
            + [sys.executable, __file__, network_of("self"), *mounts],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self._cleanup.callback(self._stop, self._holder)
        if self._holder.stdout.readline() != "ready\n":
            raise RuntimeError("no private namespace could be made; see stderr")
        self._require_inside()

    def _require_inside(self):
        """Nothing may ever be sent from the network that the tests run in."""
        if network_of(self._holder.pid) == network_of("self"):
            raise RuntimeError("the namespace is not private")

    def _command(self, arguments):
        self._require_inside()
        flags = ["--target", str(self._holder.pid), "--mount", "--net", "--wd=" + os.getcwd()]
        if os.geteuid() != 0:
            flags += ["--user", "--preserve-credentials"]
        program = [str(argument) for argument in arguments]
        return [tools.require("nsenter", "util-linux"), *flags, "--", *program]

    def run(self, arguments, timeout=60, **options):
        """Runs a command to its end; stdout and stderr are captured as text."""
        return subprocess.run(
            self._command(arguments),
            stdin=options.pop("stdin", subprocess.DEVNULL),
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
            **options,
        )

    def start(self, arguments, **options):
        """Starts a command in the background; it ends with the namespace."""
        process = subprocess.Popen(self._command(arguments), **options)
        self._cleanup.callback(self._stop, process)
        return process

    def start_dns(self, *arguments):
        """Starts tests/support/dns_server.py, waits until it listens; returns its process."""
        log = self.directory / f"dns-{len(self._dns_logs)}"
        with open(log, "wb") as output:
            process = self.start(
                [sys.executable, DNS_SERVER, *arguments],
                stdin=subprocess.PIPE,
                stdout=output,
                stderr=subprocess.STDOUT,
            )
        self._dns_logs.append(log)
        deadline = time.monotonic() + START_SECONDS
        while "listening\n" not in log.read_text():
            if process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"the DNS server did not start:\n{log.read_text()}")
            time.sleep(POLL_SECONDS)
        return process

    def dns_questions(self):
        """What the DNS servers were asked, as lines like "udp A mx.example"."""
        lines = [line for log in self._dns_logs for line in log.read_text().splitlines()]
        return [line for line in lines if line != "listening"]

    @staticmethod
    def _stop(process):
        for stream in (process.stdin, process.stdout, process.stderr):
            if stream:
                stream.close()
        process.terminate()
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(STOP_SECONDS)


def bring_loopback_up():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
        request = struct.pack("16sH14x", b"lo", 0)
        flags = struct.unpack("16sH14x", fcntl.ioctl(control, SIOCGIFFLAGS, request))[1]
        fcntl.ioctl(control, SIOCSIFFLAGS, struct.pack("16sH14x", b"lo", flags | IFF_UP))


def hold(outer_network, mounts):
    """Inside: sets the namespace up, says so, and keeps it until stdin ends."""
    if network_of("self") == outer_network:
        sys.exit("namespace.py: still in the network of the tests")
    bring_loopback_up()
    for mount in mounts:
        source, place = mount.split("=", 1)
        # Where the place is a symbolic link the file that it names is covered.
        target = os.path.realpath(place)
        tools.require_file(target, f"what provides {place}")
        tools.run([tools.require("mount", "mount"), "--bind", source, target])
    print("ready", flush=True)
    sys.stdin.read()


if __name__ == "__main__":
    hold(sys.argv[1], sys.argv[2:])
