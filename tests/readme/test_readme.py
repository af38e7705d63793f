# SPDX-License-Identifier: Apache-2.0
"""README.md says what is so.

Its commands are run in a private network name space, where mx.example and
mx2.example (whose authentication backend is down) are scripted servers on ports 587
and 465 that the system trusts. A fenced block begins with its language and may go on with
what the test has to know:

    sh                commands, which must succeed
    console           "$ command" and its output; "..." stands for what was left out, and
                      times and ports may differ
    c FILE            written to FILE, for the blocks that follow
    text              only shown
    exit N            the exit state to expect
    stdin: TEXT       what is typed
    one command       only the first "$" is a command, the others are output
    not-run: WHY      an exception

Blocks with cmake or contrib/ run in the repository, the others in a scratch directory; sudo
and ldconfig are replaced, and DESTDIR keeps the installation out of the system.
"""

import json
import os
import pathlib
import re
import select
import subprocess
import sys
import time

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "e2e"))

import tables
from namespace import Namespace

ROOT = tables.ROOT
TEXT = tables.README.read_text()
HOSTS = "127.0.0.1 localhost mx.example\n127.0.0.2 mx2.example\n"
USER = "probe@example.com"
PASSWORD = "correct horse"
START_SECONDS = 30
RUN_SECONDS = 500
FENCE = re.compile(r"^```([^\n]*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
NUMBER = re.compile(r"\d+\.\d{3,}|\d{5}")
LANGUAGES = {"sh", "console", "c", "text"}


def program(variable):
    path = os.environ.get(variable)
    if not path or not os.access(path, os.X_OK):
        pytest.exit(f"{variable} must name the program that the build made", 2)
    return pathlib.Path(path).resolve()


class Block:
    def __init__(self, info, body):
        self.language, _, self.rest = info.partition(" ")
        self.body = body
        self.not_run = self.take(r"not-run: (.+)")
        self.stdin = self.take(r"stdin: (.+)")
        self.exit = int(self.take(r"exit (\d)") or 0)
        self.one_command = self.take(r"(one command)") is not None
        self.file = self.take(r"(\S+)") if self.language == "c" else None
        self.in_repository = re.search(r"cmake|contrib/", body) is not None

    def take(self, pattern):
        found = re.fullmatch(pattern, self.rest)
        if found:
            self.rest = ""
        return found and found[1]

    def commands(self):
        """(command, expected output or None) of each."""
        if self.language == "sh":
            return [("set -e\n" + self.body, None)]
        if self.one_command:
            parts = [self.body.removeprefix("$ ")]
        else:
            parts = re.split(r"^\$ ", self.body, flags=re.MULTILINE)[1:]
        return [tuple(part.split("\n", 1)) for part in parts]


# What builds and installs comes first: the C program wants the library.
BLOCKS = sorted(
    (Block(*found) for found in FENCE.findall(TEXT)), key=lambda block: not block.in_repository
)


class Reader:
    """Somebody who types the README's commands."""

    def __init__(self, space, directory):
        self.space = space
        self.scratch = directory / "scratch"
        self.root = directory / "root"
        tools = directory / "bin"
        for path in (self.scratch, self.root, tools):
            path.mkdir()
        (tools / "check_smtp_auth").symlink_to(program("CHECK_SMTP_AUTH"))
        self.write_tool(tools / "sudo", 'exec "$@"')
        self.write_tool(tools / "ldconfig", "exit 0")
        libraries = self.root / "usr/local/lib"
        self.builder = {
            **os.environ,
            "PATH": f"{tools}:{os.environ['PATH']}",
            "DESTDIR": str(self.root),
        }
        self.user = {
            **self.builder,
            "PKG_CONFIG_SYSROOT_DIR": str(self.root),
            "PKG_CONFIG_PATH": str(libraries / "pkgconfig"),
            "LD_LIBRARY_PATH": str(libraries),
        }

    @staticmethod
    def write_tool(path, line):
        path.write_text(f"#!/bin/sh\n{line}\n")
        path.chmod(0o755)

    def type(self, command, stdin=None, in_repository=False):
        """Returns exit state and all that is printed."""
        place = ROOT if in_repository else self.scratch
        script = f"exec 2>&1; cd '{place}' || exit\n{command}"
        if stdin:
            script = f"exec <<<'{stdin}'; {script}"
        done = self.space.run(
            ["bash", "-c", script],
            timeout=RUN_SECONDS,
            env=self.builder if in_repository else self.user,
        )
        return done.returncode, done.stdout.replace(str(self.root), "")


def start_server(space, directory, *options):
    """Starts a scripted server and waits until it listens."""
    server = space.start(
        [program("SMTP_SCRIPT_SERVER"), "login", "--users", directory / "users"]
        + ["--certificates", directory / "certificates", "--exit-with-stdin"]
        + ["--name", "mx.example", "--name", "mx2.example"]
        + ["--mechanisms", "SCRAM-SHA-256,PLAIN,LOGIN", *options],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    deadline = time.monotonic() + START_SECONDS
    line = b""
    while not line.endswith(b"\n"):
        left = max(0, deadline - time.monotonic())
        assert select.select([server.stdout], [], [], left)[0], "the server does not start"
        byte = os.read(server.stdout.fileno(), 1)
        assert byte, "the server ended at once"
        line += byte
    assert line.startswith(b"listening"), line


def trust(space, authority, directory):
    """Inside the name space the throw-away authority is the only one."""
    directory.mkdir()
    (directory / "ca-certificates.crt").write_bytes(authority.read_bytes())
    (directory / "throw-away.pem").write_bytes(authority.read_bytes())
    subprocess.run(["openssl", "rehash", directory], check=True, capture_output=True)
    done = space.run(["mount", "--bind", directory, os.path.realpath("/etc/ssl/certs")])
    assert done.returncode == 0, done.stderr


@pytest.fixture(scope="module")
def reader(tmp_path_factory):
    directory = tmp_path_factory.mktemp("readme")
    (directory / "users").write_text(f"{USER}:{PASSWORD}\n")
    with Namespace(hosts=HOSTS) as space:
        start_server(space, directory, "--port", "587")
        start_server(space, directory, "--port", "465", "--tls", "implicit")
        start_server(space, directory, "--port", "587", "--listen", "127.0.0.2",
                     "--backend-down")
        trust(space, directory / "certificates" / "ca.pem", directory / "trusted")
        reader = Reader(space, directory)
        (directory / "scratch" / "smtp-password").touch(mode=0o600)
        (directory / "scratch" / "smtp-password").write_text(PASSWORD)
        yield reader


def pattern_of(shown):
    """A regular expression for the output of which `shown` is a shortened form."""
    parts = []
    for line in shown.splitlines():
        if line == "...":
            parts.append(r"(?:.*\n)*?")
            continue
        pieces = [NUMBER.split(piece) for piece in line.split("...")]
        escaped = [r"[0-9.e-]+".join(map(re.escape, piece)) for piece in pieces]
        parts.append(".*".join(escaped) + r"\n")
    return "".join(parts)


def title(block):
    return re.sub(r"\W+", "_", block.body[:40]).strip("_")


@pytest.mark.parametrize("block", BLOCKS, ids=title)
def test_block(block, reader):
    assert block.language in LANGUAGES, f"what is '{block.language}'?"
    assert not block.rest, f"what does '{block.rest}' mean?"
    if block.not_run or block.language == "text":
        return
    if block.file:
        (reader.scratch / block.file).write_text(block.body)
        return
    commands = block.commands()
    assert commands, "no command in it"
    for command, shown in commands:
        state, printed = reader.type(command, block.stdin, block.in_repository)
        assert state == block.exit, f"{command}\nexit {state}\n{printed}"
        if shown is not None:
            assert re.fullmatch(pattern_of(shown), printed), (
                f"{command}\nprinted:\n{printed}\nREADME:\n{shown}"
            )


def test_password_file_is_as_promised(reader):
    block = next(block for block in BLOCKS if "smtp-password)" in block.body)
    (reader.scratch / "smtp-password").unlink()
    reader.type(block.body, PASSWORD)
    stored = reader.scratch / "smtp-password"
    assert stored.read_text() == PASSWORD
    assert stored.stat().st_mode & 0o777 == 0o600


def test_installed_files(reader):
    """The table of the README against what its install block left behind."""
    rows = re.findall(r"^\| [\w -]+ \| `((?:lib|include)/\S+)` \|$", TEXT, re.MULTILINE)
    assert len(rows) == 4
    for path in rows:
        assert (reader.root / "usr/local" / path).exists(), path


def test_tables_are_current():
    assert tables.with_tables(TEXT) == TEXT, "run tests/readme/tables.py --write"


@pytest.mark.parametrize("word", [row[2] for row in tables.causes()])
def test_cause_is_an_anchor(word):
    assert TEXT.count(f'<a id="cause-{word}"></a>') == 1


@pytest.mark.parametrize("word", [row[2] for row in tables.reasons()])
def test_reason_is_an_anchor(word):
    assert TEXT.count(f'<a id="reason-{word}"></a>') == 1


def slug(heading):
    return re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-")


def test_links_lead_somewhere():
    headings = re.findall(r"^#+ (.+)$", FENCE.sub("", TEXT), re.MULTILINE)
    anchors = set(map(slug, headings)) | set(re.findall(r'<a id="([^"]+)">', TEXT))
    links = re.findall(r"\]\(([^)]+)\)", TEXT)
    assert links
    for link in links:
        if link.startswith("#"):
            assert link[1:] in anchors, link
        else:
            assert (ROOT / link).exists(), link


def test_options_exist():
    done = subprocess.run(
        [program("CHECK_SMTP_AUTH"), "--help"], capture_output=True, text=True, check=False
    )
    known = set(re.findall(r"(?<![\w-])--?\w[\w-]*", done.stdout))
    plugin_part = TEXT.split("## The C library")[0]
    spans = re.findall(r"`(-[^`\n]+)`", plugin_part)
    commands = re.findall(r"check_smtp_auth (-[^`\n]*)", plugin_part)
    words = " ".join(spans + commands).split()
    used = {word for word in words if re.match(r"--?[a-zA-Z46]", word)}
    assert len(used) > 20
    assert sorted(used - known - {"--list"}) == []


def documented_keys():
    section = TEXT.split("\n## JSON\n")[1].split("\n## ")[0]
    rows = re.findall(r"^\| (`[^|]+) \|", section, re.MULTILINE)
    return {key for row in rows for key in re.findall(r"`([^`]+)`", row)}


def printed_keys(value, path=""):
    """Each key with its place, in the notation of the README's table."""
    if isinstance(value, list):
        for item in value:
            yield from printed_keys(item, path)
    if not isinstance(value, dict):
        return
    for key, inner in value.items():
        name = f"{path}.{key}" if path else key
        if path == "phases":
            yield from printed_keys(inner, "phases.<phase>")
            continue
        name += "[]" if isinstance(inner, list) else ""
        yield name
        yield from printed_keys(inner, name)


def test_json_keys_are_those_of_the_table(reader):
    printed, account = set(), f"-U {USER} --password-file smtp-password"
    for host, options in (
        ("mx.example", "--trace"),
        ("mx2.example", ""),
        ("127.0.0.3", ""),
        ("", ""),
    ):
        _, text = reader.type(
            f"check_smtp_auth -H '{host}' {account} {options} --output json"
        )
        printed |= set(printed_keys(json.loads(text)))
    documented = documented_keys()
    assert printed - documented == set()
    # No notice is made yet: their shape is a promise that nothing here can print.
    assert documented - printed <= {"notices[].reason", "notices[].text"}
