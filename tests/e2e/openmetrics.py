# SPDX-License-Identifier: Apache-2.0
"""A strict reader of metrics: what both OpenMetrics 1.0 and the text format of Prometheus
allow, and no more.

    families = openmetrics.read(text)
    assert families["probe_success"] == {(("target", "mx.example:587"),): 1.0}
"""

import re

NAME = r"[a-z][a-z0-9_]*"
COMMENT = re.compile(rf"# (HELP|TYPE) ({NAME}) (\S.*)")
SAMPLE = re.compile(rf"({NAME})(?:\{{(.*)\}})? (-?\d+(?:\.\d+)?(?:e[-+]\d+)?)")
LABEL = re.compile(rf'({NAME})="((?:[^"\\\n]|\\["\\n])*)"(,|$)')
END = "# EOF\n"


def read_labels(text):
    labels, at = [], 0
    while at < len(text):
        found = LABEL.match(text, at)
        assert found, f"no label at {at} of {text!r}"
        at = found.end()
        assert bool(found[3]) == (at < len(text)), f"a comma too many: {text!r}"
        value = re.sub(r"\\(.)", lambda escape: {"n": "\n"}.get(escape[1], escape[1]), found[2])
        labels.append((found[1], value))
    names = [name for name, _ in labels]
    assert len(set(names)) == len(names), text
    return tuple(labels)


class Reader:
    def __init__(self):
        self.families = {}
        self._helped = self._typed = None

    def _take_comment(self, kind, name, rest):
        if kind == "HELP":
            assert name not in self.families, f"{name} is in two parts"
            self._helped = name
        else:
            assert rest == "gauge" and name == self._helped, (name, rest)
            assert name not in self.families, f"{name} is in two parts"
            self._typed = name
            self.families[name] = {}

    def _take_sample(self, name, labels, value):
        assert name == self._typed, f"{name} in the family of {self._typed}"
        assert labels is None or labels, f"empty braces of {name}"
        series = read_labels(labels or "")
        assert series not in self.families[name], f"{name} {series} stands twice"
        self.families[name][series] = float(value)

    def take(self, line):
        comment, sample = COMMENT.fullmatch(line), SAMPLE.fullmatch(line)
        assert comment or sample, f"no line of metrics: {line!r}"
        if comment:
            self._take_comment(*comment.groups())
        else:
            self._take_sample(*sample.groups())


def read(text):
    """Value by labels by name."""
    assert text.endswith(END) and text.count(END) == 1, text
    assert all(char == "\n" or " " <= char <= "~" for char in text), text
    reader = Reader()
    for line in text[: -len(END)].splitlines():
        reader.take(line)
    for name, series in reader.families.items():
        assert series, f"{name} has no series"
        if name.endswith("_info"):
            assert set(series.values()) == {1.0}, name
    return reader.families


def only(families, name):
    """The value of a family with one series."""
    (value,) = families[name].values()
    return value


def by_label(families, name, label):
    return {dict(series)[label]: value for series, value in families[name].items()}
