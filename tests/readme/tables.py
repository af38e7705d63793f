# SPDX-License-Identifier: Apache-2.0
"""The parts of the README that are made from probe/*.def and tests/floors.txt.

    tests/readme/tables.py            exits 1 when the README's differ
    tests/readme/tables.py --write    writes them into the README

Each stands between <!-- NAME --> and <!-- /NAME -->.
"""

import difflib
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
README = ROOT / "README.md"
TOKEN = re.compile(r'"((?:[^"\\]|\\.)*)"|\'(.)\'|([A-Za-z_][A-Za-z_0-9 |]*|\d+)|([(),])|\s+')
ESCAPES = {r"\n": "\n", r"\"": '"', r"\\": "\\"}


def rows_of(name, macro):
    """The arguments of each MACRO(...) in probe/NAME.def; adjacent strings are joined."""
    text = (ROOT / "probe" / f"{name}.def").read_text()
    text = re.sub(r"/\*.*?\*/", "", text, flags=re.DOTALL)
    for match in re.finditer(rf"^{macro}\(", text, flags=re.MULTILINE):
        yield arguments(text, match.end())


def arguments(text, at):
    values = [""]
    while True:
        token = TOKEN.match(text, at)
        if not token:
            raise ValueError(f"not understood: {text[at:at + 40]!r}")
        at = token.end()
        string, letter, word, mark = token.groups()
        if mark == ")":
            return values
        if mark == ",":
            values.append("")
        elif string is not None:
            values[-1] += re.sub(r"\\.", lambda found: ESCAPES[found[0]], string)
        elif letter or word:
            values[-1] += letter or word.strip()


def causes():
    """(id, state, word, meaning, actor) of each cause, in order."""
    return list(rows_of("cause", "CAUSE"))


def reasons():
    """(id, id of the cause, word, meaning, advice) of each reason, in order."""
    return list(rows_of("reason", "REASON"))


def cell(text):
    return text.replace("|", r"\|").replace("\n", "<br>")


def cause_table():
    lines = ["| cause | meaning | who acts | state |", "| --- | --- | --- | --- |"]
    for _, state, word, meaning, actor in causes():
        link = f"[`{word}`](#cause-{word})"
        if word == "none":
            link = '<a id="cause-none"></a><a id="reason-none"></a>`none`'
        lines.append(f"| {link} | {cell(meaning)} | {cell(actor)} | {state} |")
    return lines


def reason_tables():
    lines = []
    for cause, _, cause_word, meaning, actor in causes():
        if cause_word == "none":
            continue
        lines += [
            "",
            f'<a id="cause-{cause_word}"></a>',
            f"#### `{cause_word}`: {meaning}",
            "",
            f"Who acts: {actor}.",
            "",
            "| reason | meaning | what to do |",
            "| --- | --- | --- |",
        ]
        lines += [
            f'| <a id="reason-{word}"></a>`{word}` | {cell(meaning)} | {cell(advice)} |'
            for _, owner, word, meaning, advice in reasons()
            if owner == cause
        ]
    return lines[1:]


def mechanism_list():
    words = [word for _, word, *_ in rows_of("mechanism", "MECHANISM")]
    return [", ".join(words) + "."]


def floor_list():
    lines = (ROOT / "tests" / "floors.txt").read_text().splitlines()
    floors = [line for line in lines if line and not line.startswith("#")]
    return ["```text", *reversed(floors), "```"]


def look_table():
    """The comment behind each row says what the experiment asks."""
    text = (ROOT / "probe" / "look.def").read_text()
    rows = re.findall(r'^LOOK\(\w+, "(\w+)", \w+\) /\* (.+) \*/$', text, re.MULTILINE)
    return ["| experiment | what it asks |", "| --- | --- |"] + [
        f"| `{word}` | {cell(question)} |" for word, question in rows]


def outcome_table():
    return ["| outcome | meaning |", "| --- | --- |"] + [
        f"| `{word}` | {cell(meaning)} |"
        for _, word, meaning in rows_of("contact_outcome", "CONTACT_OUTCOME")]


def option_groups():
    """(id, name, title) of each group of options, in order."""
    return list(rows_of("plugin/option_group", "OPTION_GROUP"))


def options():
    """(id of the group, id, letter or "", name, argument or "", help) of each, in order."""
    for group, word, letter, *rest in rows_of("plugin/option", "OPTION"):
        yield group, word, "" if letter == "0" else letter, *rest


def option_table():
    lines = ["| option | value | what it does |", "| --- | --- | --- |"]
    for group, _, title in option_groups():
        lines.append(f"| **{cell(title)}** | | |")
        for owner, _, letter, name, argument, help_text in options():
            if owner == group:
                short = f"`-{letter}`, " if letter else ""
                value = f" `{cell(argument)}`" if argument else ""
                lines.append(f"| {short}`--{name}` |{value} | {cell(help_text)} |")
    return lines


TABLES = {
    "options": option_table,
    "mechanisms": mechanism_list,
    "look": look_table,
    "outcomes": outcome_table,
    "causes": cause_table,
    "reasons": reason_tables,
    "floors": floor_list,
}


def with_tables(text):
    for name, table in TABLES.items():
        pattern = rf"(<!-- {name} -->\n).*?(<!-- /{name} -->)"
        body = "\n".join(table()) + "\n\n"
        text, count = re.subn(
            pattern, lambda found: found[1] + "\n" + body + found[2], text, flags=re.DOTALL
        )
        if count != 1:
            raise ValueError(f"README.md holds <!-- {name} --> {count} times")
    return text


def main():
    old = README.read_text()
    new = with_tables(old)
    if sys.argv[1:] == ["--write"]:
        README.write_text(new)
    elif new != old:
        print(*difflib.unified_diff(old.splitlines(), new.splitlines(), lineterm=""), sep="\n")
        sys.exit("run tests/readme/tables.py --write")


if __name__ == "__main__":
    main()
