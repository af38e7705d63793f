# SPDX-License-Identifier: Apache-2.0
"""A strict reader of a plugin's first line, after the Monitoring Plugins guidelines.

    status = perfdata.read_status(stdout)
    assert status.state == "OK" and status.data["time"].value < 2

Anything that the grammar does not allow is an AssertionError: Nagios, Icinga 2 and the
graphers behind them each forgive something else.
"""

import dataclasses
import re

FIRST_LINE_MAX = 80
KILOBYTE = 1024
LABEL = r"[a-z][a-z_]{0,18}"  # RRDtool takes 19 characters
NUMBER = r"-?(?:\d+(?:\.\d+)?|\.\d+)"
RANGE = rf"@?(?:(?:~|{NUMBER})?:)?(?:{NUMBER})?"
DATUM = re.compile(
    rf"(?P<label>{LABEL})=(?P<value>{NUMBER})(?P<unit>s?)"
    rf";(?P<warning>{RANGE});(?P<critical>{RANGE})(?:;(?P<least>{NUMBER}))?"
)
STATES = {"OK": 0, "WARNING": 1, "CRITICAL": 2, "UNKNOWN": 3}


@dataclasses.dataclass(frozen=True)
class Datum:
    value: float
    unit: str
    warning: str
    critical: str
    least: str


@dataclasses.dataclass(frozen=True)
class Status:
    state: str
    message: str  # without "SMTP AUTH STATE - "
    data: dict  # Datum by label, in order

    @property
    def exit_code(self):
        return STATES[self.state]


def read_datum(text):
    found = DATUM.fullmatch(text)
    assert found, f"no perfdatum: {text!r}"
    parts = found.groupdict()
    label = parts.pop("label")
    datum = Datum(**{**parts, "value": float(parts["value"])})
    if label == "cert_days":
        assert datum.unit == "" and datum.least is None, text
    else:
        assert datum.unit == "s" and datum.least == "0" and datum.value >= 0, text
    return label, datum


def read_data(text):
    data = {}
    for word in text.split(" "):
        label, datum = read_datum(word)
        assert label not in data, f"{label} stands twice in {text!r}"
        data[label] = datum
    assert next(iter(data)) == "time", text
    return data


def read_status(stdout):
    """The first line of an output; nothing after it may be taken for perfdata."""
    line, end, rest = stdout.partition("\n")
    assert end, f"the first line does not end: {line!r}"
    assert len(line) + 1 <= KILOBYTE, f"{len(line)} bytes: {line!r}"
    assert all(" " <= char <= "~" for char in line), repr(line)
    assert all(char == "\n" or " " <= char <= "~" for char in rest), repr(rest)
    assert line.count("|") == 1 and "|" not in rest, stdout
    words, data = line.split("|")
    assert len(words) < FIRST_LINE_MAX, f"{len(words)} characters: {words!r}"
    found = re.fullmatch(r"SMTP AUTH (OK|WARNING|CRITICAL|UNKNOWN) - (\S.*\S)", words)
    assert found, repr(words)
    return Status(found[1], found[2], read_data(data))
