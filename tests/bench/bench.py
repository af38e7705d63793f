# SPDX-License-Identifier: Apache-2.0
"""Measures, and prints one table. Started by tests/bench/run.

Every comparison is made in rounds: each round measures all sides one after the other, the
table shows medians, and ratios are those of the rounds, not of the medians. So a machine
that is busy for a while spoils a round, not the comparison.
"""

import argparse
import os
import pathlib
import re
import statistics
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "support")]

from blackbox import Blackbox  # noqa: E402
from smtp_script_server import ScriptServer  # noqa: E402

USER, PASSWORD = "bench", "correct horse"
DEBIAN_BUNDLE = pathlib.Path("/etc/ssl/certs/ca-certificates.crt")
CHECK_SMTP = "/usr/lib/nagios/plugins/check_smtp"
RUN_SECONDS = 300
SECOND_LOOK = 5

SILENT_IN_AUTH = """\
0.000 < 220 bench ESMTP
0.000 > EHLO client
0.000 < 250-bench
0.000 < 250 STARTTLS
0.000 > STARTTLS
0.000 < 220 2.0.0 Ready to start TLS
# server: tls
0.000 > EHLO client
0.000 < 250-bench
0.000 < 250 AUTH PLAIN
0.000 > AUTH PLAIN <redacted>
# server: silence
"""

WHOLE = {
    "rounds": 5, "probes": 2000, "runs": 200, "s_time": 4, "held": 500,
    "targets": 1000, "interval": 10, "seconds": 60, "failures": 1000,
}
QUICK = {
    "rounds": 1, "probes": 500, "runs": 20, "s_time": 2, "held": 500,
    "targets": 200, "interval": 2, "seconds": 8, "failures": 200,
}


def run(command, environment=None):
    """Runs it to its end; returns output, CPU seconds and wall seconds."""
    begun = time.monotonic()
    process = subprocess.Popen(
        [str(word) for word in command],
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    output = process.stdout.read().decode(errors="replace")
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        raise RuntimeError(f"{command[0]}: exit {process.returncode}\n{output}")
    return output, used.ru_utime + used.ru_stime, time.monotonic() - begun


class Bench:
    """The servers, the authorities, and each measurement as a method."""

    def __init__(self, build, size, folder):
        self.build, self.size, self.folder = build, size, pathlib.Path(folder)
        self.bundle = self.folder / "bundle.pem"
        self.ca_dir = self.folder / "authorities"
        self.users = self.folder / "users"
        self.users.write_text(f"{USER}:{PASSWORD}\n")
        self.silent_trace = self.folder / "silent.trace"
        self.silent_trace.write_text(SILENT_IN_AUTH)

    def server(self, mode, *arguments):
        return ScriptServer(
            mode,
            *arguments,
            "--quiet",
            binary=str(self.build / "smtp_script_server"),
            certificates=self.folder / "pki",
        )

    def login_server(self, *arguments):
        return self.server(
            "login", "--users", self.users, "--mechanisms", "PLAIN LOGIN", *arguments
        )

    def collect_authorities(self):
        """Debian's whole bundle and the throw-away root: as a file, and as the hashed
        directory that /etc/ssl/certs is."""
        root = (self.folder / "pki" / "ca.pem").read_text()
        text = DEBIAN_BUNDLE.read_text() + root
        self.bundle.write_text(text)
        self.ca_dir.mkdir()
        blocks = re.findall(r"-----BEGIN.*?-----END CERTIFICATE-----\n", text, re.S)
        for number, block in enumerate(blocks):
            (self.ca_dir / f"{number:03}.pem").write_text(block)
        run(["openssl", "rehash", self.ca_dir])
        return len(blocks)

    def engine(self, measurement, port, *arguments):
        output, _, _ = run(
            [
                "timeout", RUN_SECONDS, self.build / "bench_engine", measurement,
                "--port", port, "--user", USER, "--password", PASSWORD,
                "--ca-file", self.bundle, *arguments,
            ]
        )
        return {
            name: float(value)
            for name, value in (line.split() for line in output.splitlines())
        }

    def burst(self, port):
        count = self.size["probes"]
        figures = self.engine("burst", port, "--count", count)
        return {
            "cpu": (figures["user"] + figures["system"]) / count,
            "wall": figures["wall"],
            "peak_kb": figures["peak_kb"],
        }

    def blackbox(self, exporter, module, port):
        count = self.size["probes"]
        cpu, wall = exporter.probe(module, port, count, 50)
        return {"cpu": cpu / count, "wall": wall, "peak_kb": exporter.peak_kb()}

    def s_time(self, port):
        output, cpu, wall = run(
            [
                "timeout", RUN_SECONDS, "openssl", "s_time", "-new", "-verify", "4",
                "-connect", f"127.0.0.1:{port}", "-CAfile", self.bundle,
                "-time", self.size["s_time"],
            ]
        )
        if "verify error" in output:
            raise RuntimeError(f"s_time does not trust the server: {output}")
        count = int(re.findall(r"(\d+) connections in \d+ real", output)[-1])
        return {"cpu": cpu / count, "wall": wall, "connections": count}

    def one_shots(self, port):
        """check_smtp and the plugin in turn; CPU and wall seconds of one run each."""
        plugin = [
            self.build / "check_smtp_auth", "-H", "127.0.0.1", "-p", port, "-U", USER,
            "--password-env", "BENCH_PASSWORD", "--ca-dir", self.ca_dir,
        ]
        commands = {
            "check_smtp": [
                CHECK_SMTP, "-H", "127.0.0.1", "-p", port, "-S", "-A", "LOGIN",
                "-U", USER, "-P", PASSWORD,
            ],
            "PLAIN": plugin + ["-A", "PLAIN"],
            "LOGIN": plugin + ["-A", "LOGIN"],
        }
        environment = dict(os.environ, BENCH_PASSWORD=PASSWORD)
        totals = {name: {"cpu": 0, "wall": 0} for name in commands}
        for _ in range(self.size["runs"]):
            for name, command in commands.items():
                _, cpu, wall = run(["timeout", "30", *command], environment)
                totals[name]["cpu"] += cpu / self.size["runs"]
                totals[name]["wall"] += wall / self.size["runs"]
        return totals

    def failures(self, port, second_look):
        """Probes of servers whose certificate nobody trusts, each target once."""
        count = self.size["failures"]
        figures = self.engine(
            "failures", port, "--count", count, "--second-look", second_look
        )
        return {name: figures[name] / count for name in ("cpu", "connections")}

    def hold(self, port, silent_port):
        figures = self.engine(
            "hold", port, "--silent-port", silent_port, "--in-flight", self.size["held"]
        )
        return (figures["holding_kb"] - figures["idle_kb"]) / self.size["held"]

    def turns(self, port):
        return self.engine("turns", port, "--count", self.size["probes"])

    def periodic(self, port):
        return self.engine(
            "periodic", port, "--count", self.size["targets"],
            "--interval", self.size["interval"], "--seconds", self.size["seconds"],
        )


def say(text):
    print(text, file=sys.stderr, flush=True)


def median(rounds, side, figure):
    return statistics.median(one[side][figure] for one in rounds)


def ratio(rounds, side, other):
    return statistics.median(one[side]["cpu"] / one[other]["cpu"] for one in rounds)


def measure_rounds(bench, login, implicit, untrusted):
    rounds = []
    for number in range(bench.size["rounds"]):
        say(f"round {number + 1} of {bench.size['rounds']}")
        with Blackbox(bench.folder, USER, PASSWORD, bench.bundle) as exporter:
            system = bench.blackbox(exporter, "system", login.port)
        with Blackbox(bench.folder, USER, PASSWORD, bench.bundle) as exporter:
            ca_file = bench.blackbox(exporter, "ca_file", login.port)
        rounds.append(
            {
                "engine": bench.burst(login.port),
                "system": system,
                "s_time": bench.s_time(implicit.port),
                "ca_file": ca_file,
                "turns": bench.turns(login.port),
                "one_look": bench.failures(untrusted.port, 0),
                "second_look": bench.failures(untrusted.port, SECOND_LOOK),
            }
        )
    return rounds


def print_sides(bench, rounds, shots):
    size = bench.size
    print(
        f"{size['probes']} probes, 50 in flight: STARTTLS, TLS 1.3, chain verified, AUTH"
        f" PLAIN; medians of {size['rounds']}\n"
    )
    print(f"{'':46}{'CPU each':>10}{'wall':>10}{'peak memory':>14}")
    for side, name in [
        ("engine", "engine"),
        ("system", "blackbox_exporter, authorities read once"),
        ("ca_file", "blackbox_exporter, with ca_file"),
    ]:
        print(
            f"{name:46}{median(rounds, side, 'cpu') * 1e3:7.2f} ms"
            f"{median(rounds, side, 'wall'):8.2f} s"
            f"{median(rounds, side, 'peak_kb') / 1024:11.1f} MB"
        )
    print(
        f"{'openssl s_time -new, TLS only, one at a time':46}"
        f"{median(rounds, 's_time', 'cpu') * 1e3:7.2f} ms"
    )
    for side, name in [
        ("check_smtp", f"check_smtp, nothing verified, {size['runs']} runs"),
        ("PLAIN", "check_smtp_auth -A PLAIN, verified"),
        ("LOGIN", "check_smtp_auth -A LOGIN, verified"),
    ]:
        print(
            f"{name:46}{shots[side]['cpu'] * 1e3:7.2f} ms"
            f"{shots[side]['wall'] * 1e3:7.1f} ms"
        )


def print_limits(rows):
    print(f"\n{'':46}{'measured':>10}{'limit':>10}")
    for name, value, *limit in rows:
        words = [f"{name:46}{value:10.2f}"]
        if limit:
            words.append(f"{limit[0]:10g}  {'pass' if value <= limit[0] else 'miss'}")
        print("".join(words))


def limits(rounds, shots, hold, periodic):
    """Name, value, and where there is one the limit."""
    plain, login = (
        shots[side]["cpu"] / shots["check_smtp"]["cpu"] for side in ("PLAIN", "LOGIN")
    )
    gaps = {
        side: periodic[f"{side}_gap_max"] / periodic[f"{side}_gap_mean"]
        for side in ("slot", "start")
    }
    def connections(side):
        return median(rounds, side, "connections")

    looking = ratio(rounds, "second_look", "one_look")
    longest = [one["turns"]["callback_max"] * 1e3 for one in rounds]
    return [
        ("engine / blackbox_exporter, read once", ratio(rounds, "engine", "system"), 0.65),
        ("engine / blackbox_exporter, ca_file", ratio(rounds, "engine", "ca_file"), 0.65),
        ("engine / openssl s_time", ratio(rounds, "engine", "s_time"), 1.7),
        ("check_smtp_auth -A PLAIN / check_smtp", plain, 2.2),
        ("check_smtp_auth -A LOGIN / check_smtp", login, 2.2),
        ("failed probe, with / without second look", looking, 3),
        ("connections of a failed probe, without", connections("one_look"), 1),
        ("connections of a failed probe, with", connections("second_look"), 12),
        ("memory of a probe in flight, kB", hold, 110),
        ("longest callback, CPU ms", statistics.median(longest), 5),
        ("longest callback in any round, CPU ms", max(longest)),
        ("loop iteration, CPU ms, median", median(rounds, "turns", "turn_p50") * 1e3),
        ("loop iteration, CPU ms, p99", median(rounds, "turns", "turn_p99") * 1e3, 10),
        ("the same by the wall clock", median(rounds, "turns", "busy_p99") * 1e3),
        ("periodic start after its slot, ms, median", periodic["late_p50"] * 1e3),
        ("periodic start after its slot, ms, p99", periodic["late_p99"] * 1e3, 10),
        ("periodic start after its slot, ms, longest", periodic["late_max"] * 1e3),
        ("periodic slots, largest gap / mean gap", gaps["slot"]),
        ("periodic starts, largest gap / mean gap", gaps["start"]),
        ("starts in a hundredth of it, fewest", periodic["bucket_min"]),
        ("starts in a hundredth of it, most", periodic["bucket_max"]),
        ("runs that overlap one of the same target", periodic["overlaps"], 0),
        ("slots skipped", periodic["skipped"], 0),
    ]


def measure(bench):
    with bench.login_server() as login, bench.login_server(
        "--tls", "implicit"
    ) as implicit, bench.login_server(
        "--certificate", "untrusted", "--listen", "0.0.0.0"
    ) as untrusted, bench.server("replay", bench.silent_trace) as silent:
        count = bench.collect_authorities()
        say(f"{count} authorities in the bundle")
        rounds = measure_rounds(bench, login, implicit, untrusted)
        say(f"the plugins, {bench.size['runs']} runs each")
        shots = bench.one_shots(login.port)
        say(f"{bench.size['held']} probes in flight")
        hold = bench.hold(login.port, silent.port)
        say(f"{bench.size['targets']} periodic targets, {bench.size['seconds']} s")
        periodic = bench.periodic(login.port)
    print_sides(bench, rounds, shots)
    print_limits(limits(rounds, shots, hold, periodic))


def main():
    parser = argparse.ArgumentParser(prog="tests/bench/run", description=__doc__)
    parser.add_argument("--build", type=pathlib.Path, required=True)
    parser.add_argument("--quick", action="store_true", help="a short try-out")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="smtp-probe-bench-") as folder:
        measure(Bench(options.build.resolve(), QUICK if options.quick else WHOLE, folder))


if __name__ == "__main__":
    try:
        main()
    except RuntimeError as error:
        sys.exit(f"bench: {error}")
