# SPDX-License-Identifier: Apache-2.0
"""README.md says what is so.

Its commands are run in a private network name space, where mx.example and
mx2.example (whose authentication backend is down) are scripted servers on ports 587
and 465 that the system trusts. A fenced block begins with its language and may go on with
what the test has to know, with commas between:

    sh                commands, which must succeed
    console           "$ command" and its output; "..." stands for what was left out, and
                      times and ports may differ
    c FILE            written to FILE, for the blocks that follow
    text              only shown
    exit N            the exit state to expect
    stdin: TEXT       what is typed
    one command       only the first "$" is a command, the others are output
    in SITUATION      run in the network lab, where situations.py makes the situation; the
                      lines shown may come in any order, for what is tried side by side is
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

TESTS = pathlib.Path(__file__).resolve().parents[1]
sys.path[:0] = [str(TESTS / folder) for folder in ("e2e", "support", "netlab")]

import situations
import tables
from authority import Authority
from lab import HOST, Lab
from namespace import Namespace
from world import World

ROOT = tables.ROOT
TEXT = tables.README.read_text()
HOSTS = "127.0.0.1 localhost mx.example\n127.0.0.2 mx2.example\n"
USER = "probe@example.com"
PASSWORD = "correct horse"
START_SECONDS = 30
RUN_SECONDS = 500
FENCE = re.compile(r"^```([^\n]*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
DATE = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ"
NUMBER = re.compile(rf"{DATE}|\b[0-9a-f]{{64}}\b|\d+\.\d{{3,}}|\d{{5}}")
LANGUAGES = {"sh", "console", "c", "text"}


def program(variable):
    path = os.environ.get(variable)
    if not path or not os.access(path, os.X_OK):
        pytest.exit(f"{variable} must name the program that the build made", 2)
    return pathlib.Path(path).resolve()


class Block:
    def __init__(self, info, body):
        self.language, _, rest = info.partition(" ")
        self.words = rest.split(", ") if rest else []
        self.body = body
        self.not_run = self.take(r"not-run: (.+)")
        self.stdin = self.take(r"stdin: (.+)")
        self.exit = int(self.take(r"exit (\d)") or 0)
        self.one_command = self.take(r"(one command)") is not None
        self.situation = self.take(r"in (\w+)")
        self.file = self.take(r"(\S+)") if self.language == "c" else None
        self.in_repository = re.search(r"cmake|contrib/", body) is not None

    def take(self, pattern):
        for word in self.words:
            found = re.fullmatch(pattern, word)
            if found:
                self.words.remove(word)
                return found[1]
        return None

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
        escaped = [r"[0-9a-fTZ:.-]+".join(map(re.escape, piece)) for piece in pieces]
        parts.append(".*".join(escaped) + r"\n")
    return "".join(parts)


def title(block):
    return re.sub(r"\W+", "_", block.body[:40]).strip("_")


@pytest.mark.parametrize("block", BLOCKS, ids=title)
def test_block(block, reader):
    assert block.language in LANGUAGES, f"what is '{block.language}'?"
    assert not block.words, f"what does '{block.words}' mean?"
    if block.not_run or block.language == "text" or block.situation:
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


class LabReader:
    """Somebody who types them in the network lab, on the client's machine."""

    def __init__(self, lab, authority, directory):
        self.lab, self.authority, self.directory = lab, authority, directory
        password = directory / "smtp-password"
        password.touch(mode=0o600)
        password.write_text(PASSWORD)
        tools = directory / "bin"
        tools.mkdir()
        (tools / "check_smtp_auth").symlink_to(program("CHECK_SMTP_AUTH"))

    def type(self, command):
        """Returns exit state and all that is printed."""
        script = f"exec 2>&1; cd '{self.directory}' && PATH=$PWD/bin:$PATH; {command}"
        done = self.lab.run("client", ["bash", "-c", script])
        return done.returncode, done.stdout

    def login(self, *options):
        words = " ".join(options)
        state, printed = self.type(f"check_smtp_auth -H {HOST} -4 -U {USER} --password-file"
                                   f" smtp-password --ca-file {self.authority.bundle} {words}")
        assert state == 0, printed


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.mark.parametrize("block", [each for each in BLOCKS if each.situation], ids=title)
def test_block_in_the_lab(block, authority, tmp_path):
    with Lab() as lab:
        reader = LabReader(lab, authority, tmp_path)
        situations.make(block.situation, lab, World(lab, authority), tmp_path, reader.login)
        for command, shown in block.commands():
            state, printed = reader.type(command)
            assert state == block.exit, f"{command}\nexit {state}\n{printed}"
            for line in shown.splitlines():
                assert re.search(f"^{pattern_of(line)}", printed, re.MULTILINE), (
                    f"{command}\nprinted:\n{printed}\nREADME:\n{line}")


def test_every_situation_is_shown():
    assert {block.situation for block in BLOCKS} - {None} == set(situations.SITUATIONS)


def test_password_file_is_as_promised(reader):
    block = next(block for block in BLOCKS if "smtp-password)" in block.body)
    (reader.scratch / "smtp-password").unlink()
    reader.type(block.body, PASSWORD)
    stored = reader.scratch / "smtp-password"
    assert stored.read_text() == PASSWORD
    assert stored.stat().st_mode & 0o777 == 0o600


def test_installed_files(reader):
    """The table of the README against what its install block left behind."""
    rows = re.findall(r"^\| [\w -]+ \| `((?:lib|include|share)/\S+)` \|$", TEXT, re.MULTILINE)
    assert len(rows) == 7
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


def in_the_lab(situation, options, authority, directory):
    """The JSON of one run there."""
    with Lab() as lab:
        reader = LabReader(lab, authority, directory)
        situations.make(situation, lab, World(lab, authority), directory, reader.login)
        _, text = reader.type(f"check_smtp_auth -H {HOST} -4 -U {USER} --password-file"
                              f" smtp-password {options} --output json")
    return text


def test_json_keys_are_those_of_the_table(reader, authority, tmp_path_factory):
    account = f"-U {USER} --password-file smtp-password"
    texts = [
        reader.type(f"check_smtp_auth -H '{host}' {account} {options} --output json")[1]
        for host, options in (("mx.example", "--trace"), ("mx2.example", ""),
                              ("127.0.0.3", ""), ("", ""))
    ]
    refused = f"{account} -U nobody@example.com --state-file guarded --output json"
    texts += [reader.type(f"check_smtp_auth -H mx.example {refused}")[1] for _ in range(2)]
    texts += [
        in_the_lab(situation, options, authority, tmp_path_factory.mktemp(situation))
        for situation, options in (("port_rejected", ""), ("inspected", "--ca-file avast.pem"))
    ]
    printed = {key for text in texts for key in printed_keys(json.loads(text))}
    assert printed == documented_keys()


def test_trace_events_are_those_of_the_table():
    """The reader of traces knows them all: the first words that it tells apart."""
    words = set()
    for module in ("observation", "connection_facts"):
        source = (ROOT / "probe" / f"{module}.c").read_text()
        words |= set(re.findall(r'str_equal\(word, STR\("(\w+)"\)\)', source))
    inner = {"start", "done", "alert", "sync"}
    assert inner < words
    section = TEXT.split("\n## Reading a trace\n")[1].split("\n## ")[0]
    rows = re.findall(r"^\| (`.+?) \| ", section, re.MULTILINE)
    shown = {span.split()[0] for row in rows for span in re.findall(r"`([^`]+)`", row)}
    assert shown == words - inner
