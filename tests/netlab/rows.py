# SPDX-License-Identifier: Apache-2.0
"""What is expected of each row of the decision table: rows.tsv, as objects."""

import dataclasses
import pathlib

FILE = pathlib.Path(__file__).resolve().parent / "rows.tsv"
COLUMNS = ("row", "kind", "where", "phase", "cause", "reason", "confidence", "notice")
KINDS = ("netlab", "trace")


@dataclasses.dataclass(frozen=True)
class Row:
    row: str
    kind: str
    where: str
    phase: str
    cause: str
    reason: str
    confidence: str
    notice: str

    def verdict(self):
        return self.phase, self.cause, self.reason, self.confidence


def parse(line, number):
    fields = line.split("\t")
    if len(fields) != len(COLUMNS):
        raise ValueError(f"{FILE}:{number}: {len(fields)} fields, not {len(COLUMNS)}")
    row = Row(*fields)
    if row.kind not in KINDS:
        raise ValueError(f"{FILE}:{number}: {row.kind} is neither netlab nor trace")
    return row


def read():
    """Every row by its name, in the order of the file."""
    found = {}
    for number, line in enumerate(FILE.read_text().splitlines(), 1):
        if line and not line.startswith("#"):
            row = parse(line, number)
            if row.row in found:
                raise ValueError(f"{FILE}:{number}: {row.row} a second time")
            found[row.row] = row
    return found
