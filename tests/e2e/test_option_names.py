# SPDX-License-Identifier: Apache-2.0
"""Parser, help, manual page, completion, README and Icinga's commands know the same options.

What the options are is read from probe/plugin/option.def.
"""

import json
import os
import pathlib
import re
import string
import subprocess

import pytest

import tables
from plugin import probe  # noqa: F401 (a fixture)
from servers import tools

PAGES = pathlib.Path(os.environ["CONTRIB_PAGES"])
COMPLETION = PAGES / "bash-completion" / "check_smtp_auth"
MANUAL = PAGES / "check_smtp_auth.8"
CHECK_COMMAND = PAGES / "icinga2" / "check_smtp_auth.conf"
BASKET = PAGES / "icinga2" / "director-basket.json"
OPTIONS = list(tables.options())
# What people read: letter, name, value, help.
SHOWN = {tuple(option[2:]) for option in OPTIONS}
NOT_FOR_SERVERS = {"password-stdin", "version", "help"}
FOR_SERVERS = [option[2:] for option in OPTIONS
               if option[0] != "DECODE" and option[3] not in NOT_FOR_SERVERS]


def test_the_table_is_read_whole():
    source = (tables.ROOT / "probe" / "plugin" / "option.def").read_text()
    assert len(OPTIONS) == len(SHOWN) == len(re.findall(r"^OPTION\(", source, re.MULTILINE))
    assert len(OPTIONS) > 40


def test_help(probe):
    shown = probe.run("--help").stdout
    lines = [line for line in shown.splitlines() if re.match(r" +-", line)]
    assert len(lines) == len(OPTIONS)
    for line, (letter, name, argument, text) in zip(lines, in_order()):
        first = f" -{letter}, --{name}" if letter else f"     --{name}"
        assert line.startswith(first), line
        assert line.removeprefix(first).lstrip().startswith(argument), line
        assert line.endswith(f" {text}"), line
    for _, _, title in tables.option_groups():
        assert f"\n{title}:\n" in shown


def in_order():
    """The options as they are shown: group by group."""
    for group, _, _ in tables.option_groups():
        yield from (option[2:] for option in OPTIONS if option[0] == group)


def plain(roff):
    return re.sub(r"\\f.|\\&", "", roff).replace("\\-", "-").replace("\\e", "\\")


def test_manual():
    section = MANUAL.read_text().split("\n.SH OPTIONS\n")[1].split("\n.SH ")[0]
    found = []
    for head, text in re.findall(r"^\.TP\n(.+)\n(.+)$", section, re.MULTILINE):
        words = re.fullmatch(r"(?:-(.), )?--([\w-]+) ?(.*)", plain(head))
        assert words, head
        found.append((words[1] or "", words[2], words[3], plain(text)))
    assert found == list(in_order())
    titles = re.findall(r"^\.SS (.+)$", section, re.MULTILINE)
    assert titles == [title for _, _, title in tables.option_groups()]



@pytest.mark.parametrize("command, package", [
    (["mandoc", "-Tlint", "-Wwarning"], "mandoc"),
    (["groff", "-man", "-ww", "-z", "-Tutf8"], "groff-base"),
], ids=["mandoc", "groff"])
def test_manual_has_no_mistake(command, package):
    command[0] = tools.require(command[0], package)
    assert tools.run([*command, MANUAL]) == ""


def test_manual_has_its_sections():
    sections = re.findall(r"^\.SH (.+)$", MANUAL.read_text(), re.MULTILINE)
    assert sections == ["NAME", "SYNOPSIS", "DESCRIPTION", "OPTIONS", "EXIT STATUS", "OUTPUT",
                        "EXAMPLES", "FILES", "SECURITY", "SEE ALSO"]


def test_manual_names_options_that_exist():
    names = set(re.findall(r"(?<![\w-])--([a-z][\w-]+)", plain(MANUAL.read_text())))
    assert names == {name for _, name, *_ in SHOWN}


def test_manual_names_every_cause():
    section = plain(MANUAL.read_text()).split("\n.SH EXIT STATUS\n")[1].split("\n.SH ")[0]
    for _, _, word, *_ in tables.causes():
        assert word == "none" or re.search(rf"\b{word}\b", section), word


def complete(*words, directory="/"):
    """What bash offers for the last word; "=" is a word of its own there."""
    script = (
        'compopt() { echo "compopt $*"; }\n'
        f". '{COMPLETION}'\n"
        'COMP_WORDS=(check_smtp_auth "$@")\n'
        "COMP_CWORD=$#\n"
        '_check_smtp_auth check_smtp_auth "${COMP_WORDS[-1]}" "${COMP_WORDS[-2]}"\n'
        'printf "%s\\n" "${COMPREPLY[@]}"'
    )
    done = subprocess.run(
        [tools.require("bash", "bash"), "--norc", "-euc", script, "bash", *words],
        capture_output=True, text=True, check=True, cwd=directory,
        env={"PATH": tools.SEARCH_PATH, "SMTP_PASSWORD_OF_TEST": ""})
    assert done.stderr == ""
    return [line for line in done.stdout.splitlines() if line]


def test_completion():
    names = {f"--{name}" + ("=" if argument.startswith("[") else "")
             for _, name, argument, _ in SHOWN}
    assert set(complete("--")) - {"compopt -o nospace"} == names
    assert set(complete("")) - {"compopt -o nospace"} == names | {
        f"-{letter}" for letter, *_ in SHOWN if letter}
    assert complete("--host") == ["--hostname"]


def test_completion_of_values(tmp_path):
    (tmp_path / "some file").touch()
    (tmp_path / "some folder").mkdir()
    files = {"compopt -o filenames", "some file", "some folder"}
    assert set(complete("--password-file", "so", directory=tmp_path)) == files
    assert set(complete("--password-file", "=", directory=tmp_path)) == files
    assert set(complete("--password-file", "=", "so", directory=tmp_path)) == files
    assert complete("--ca-dir", "so", directory=tmp_path) == [
        "compopt -o filenames", "some folder"]
    assert complete("--password-env", "SMTP_PASS") == ["SMTP_PASSWORD_OF_TEST"]
    words = {"auto"} | {row[1] for row in tables.rows_of("mechanism", "MECHANISM")}
    assert set(complete("-A", "")) == set(complete("--authtype", "")) == words
    assert complete("--phase", "ehlo") == ["ehlo", "ehlo_tls"]
    assert complete("-p", "") == []


def test_readme():
    part = tables.README.read_text().split("<!-- options -->")[1].split("<!-- /options -->")[0]
    rows = re.findall(r"^\| (?:`-(.)`, )?`--([\w-]+)` \|(?: `(.+?)`)? \| (.+) \|$", part,
                      re.MULTILINE)
    assert [tuple(cell.replace(r"\|", "|") for cell in row) for row in rows] == list(in_order())


def variable(name):
    return "smtp_auth_" + name.replace("-", "_")


def expected_argument(name, argument):
    """Key and macro of the option in a check command."""
    if argument.startswith("["):
        return "value", f"--{name}=${variable(name)}$"
    return "value" if argument else "set_if", f"${variable(name)}$"


def test_check_command():
    found = re.findall(
        r'^\t\t"--([\w-]+)" = \{\n\t\t\t(\w+) = "(.+)"\n(?:\t\t\t(?:skip|repeat)_key = true\n)?'
        r'\t\t\tdescription = "(.*)"\n\t\t\}$', CHECK_COMMAND.read_text(), re.MULTILINE)
    assert found == [
        (name, *expected_argument(name, argument), escaped(text))
        for _, name, argument, text in FOR_SERVERS]


def escaped(text):
    return text.replace("\\", "\\\\").replace('"', '\\"')


def test_basket():
    basket = json.loads(BASKET.read_text())
    command = basket["Command"]["smtp_auth"]
    for _, name, argument, text in FOR_SERVERS:
        key, macro = expected_argument(name, argument)
        assert command["arguments"][f"--{name}"][key] == macro
        assert command["arguments"][f"--{name}"]["description"] == text
    assert len(command["arguments"]) == len(FOR_SERVERS)
    fields = [str(field["datafield_id"]) for field in command["fields"]]
    assert fields == list(basket["Datafield"])
    assert [basket["Datafield"][field]["varname"] for field in fields] == [
        variable(name) for _, name, *_ in FOR_SERVERS]
    hidden = [field["varname"] for field in basket["Datafield"].values()
              if field["settings"].get("visibility") == "hidden"]
    assert hidden == ["smtp_auth_authpass"]
    template = basket["ServiceTemplate"]["smtp-auth-service"]
    assert template["check_command"] == "smtp_auth"


# ---- the parser, from outside: how it complains tells what it knows ----


@pytest.mark.parametrize("option", OPTIONS, ids=lambda option: option[3])
def test_parser_knows(option, probe):
    _, _, letter, name, argument, _ = option
    words = [f"--{name}"] + ([f"-{letter}"] if letter else [])
    for word in words:
        if argument.startswith("["):
            said = probe.run(word).stdout
            assert "unknown" not in said and "needs a value" not in said
        elif argument:
            assert f": {word} needs a value " in probe.run(word).stdout
        elif word.startswith("--"):
            assert f": {word} takes no value " in probe.run(f"{word}=x").stdout
        else:
            assert "-~: unknown option" in probe.run(word, "-~").stdout


def test_parser_knows_no_other_letter(probe):
    letters = {letter for letter, *_ in SHOWN if letter}
    for letter in sorted(set(string.ascii_letters + string.digits) - letters):
        assert f": -{letter}: unknown option " in probe.run(f"-{letter}").stdout
