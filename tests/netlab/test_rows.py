# SPDX-License-Identifier: Apache-2.0
"""rows.tsv names every row of the decision table, and what it names exists."""

import importlib.machinery
import importlib.util
import os
import pathlib
import re
import subprocess
import sys

import pytest

import rows

HERE = pathlib.Path(__file__).resolve().parent
CORPUS = HERE.parent / "corpus"
# Group and last number; letters beside.
NUMBERS = {"L": 8, "D": 6, "C": 20, "G": 19, "S": 15, "T": 21, "A": 5, "F": 3}
BESIDE = {"G3b", "G12b", "T4b", "T4c"}
TABLE_ROWS = 101


@pytest.fixture(scope="module")
def listed():
    return rows.read()


@pytest.fixture(scope="module")
def tests():
    """FILE::FUNCTION of everything that is collected here."""
    done = subprocess.run([sys.executable, "-m", "pytest", "-q", "--collect-only", "-p",
                           "no:cacheprovider", "-p", "no:xdist", str(HERE)],
                          capture_output=True, text=True, check=False, env=dict(os.environ))
    assert done.returncode == 0, done.stdout + done.stderr
    found = re.findall(r"(test_\w+\.py::\w+)", done.stdout)
    assert found, done.stdout
    return set(found)


def test_every_row_is_listed_once(listed):
    every = {f"{group}{number}" for group, last in NUMBERS.items()
             for number in range(1, last + 1)} | BESIDE
    assert len(every) == TABLE_ROWS
    assert set(listed) == every


def test_every_test_exists(listed, tests):
    named = {row.where for row in listed.values() if row.kind == "netlab"}
    assert named - tests == set()


def test_every_test_of_a_row_is_a_netlab_row(listed, tests):
    """A test is judged by the row in its name."""
    for test in tests:
        name = re.match(r"test_\w+\.py::test_([A-Z]\d+[a-z]?)_", test)
        assert not name or listed[name[1]].kind == "netlab", test
    for row in listed.values():
        assert row.kind == "trace" or f"::test_{row.row}_" in row.where, row


def test_every_fixture_exists_and_expects_the_same(listed):
    for row in listed.values():
        if row.kind == "trace":
            text = (CORPUS / row.where).read_text()
            wanted = re.search(r"^# expect: (\S+)", text, re.M)
            assert wanted and wanted[1] == f"{row.cause}/{row.reason}", row


@pytest.mark.parametrize("kind,word", [("CAUSE", "cause"), ("REASON", "reason")])
def test_only_known_words(listed, kind, word):
    text = (HERE.parent.parent / "probe" / f"{word}.def").read_text()
    known = set(re.findall(rf'^{kind}\([^"]*"(\w+)"', text, re.M))
    assert {getattr(row, word) for row in listed.values()} <= known
    assert {row.confidence for row in listed.values()} <= {"certain", "likely", "possible"}


@pytest.mark.parametrize("line,complaint", [
    ("L1\tnetlab\tx", "3 fields"),
    ("L1\telsewhere\tx\tconnect\tnetwork\tno_route\tcertain\t-", "neither"),
])
def test_damaged_line_is_refused(line, complaint):
    with pytest.raises(ValueError, match=complaint):
        rows.parse(line, 1)


@pytest.fixture(scope="module")
def repetition():
    path = str(HERE.parent / "long" / "netlab-200")
    loader = importlib.machinery.SourceFileLoader("netlab_200", path)
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader(
        loader.name, loader))
    loader.exec_module(module)
    return module


def test_repetition_notices_what_differs(repetition):
    same, other = {"a": "x", "b": "y"}, {"a": "x", "b": "z"}
    assert repetition.compare([same, same, same]) == []
    assert repetition.compare([same, other, same]) == [
        "b", "    2 times y", "    1 times z"]
    assert repetition.compare([same, {"a": "x"}]) == [
        "b", "    1 times y", "    1 times no verdict"]
