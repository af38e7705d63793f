# SPDX-License-Identifier: Apache-2.0
"""Where TLS verifies, nothing else about a mail host is held against it.

Each row of hosted_rows.py is a way in which mail is really hosted. The right password is
accepted without any notice and a wrong one is a wrong password, never interference: at first
sight, and again by what the state file remembers, when the host has moved to another node
with a new certificate and a new banner.
"""

import collections

import pytest

from hosted_rows import ROWS
from hosting import Certificates, Network, Node, notices
from plugin import probe  # noqa: F401 (a fixture)

FEWEST = 50
GOOD = (0, "none", "none")
BAD_PASSWORD = (2, "credentials", "bad_credentials")
REMEMBERED = "* last good "


@pytest.fixture(scope="module")
def certificates(probe, tmp_path_factory):
    return Certificates(tmp_path_factory.mktemp("certificates"), like=probe.certificates)


@pytest.fixture
def network(probe):
    with Network(probe) as made:
        yield made


def name_it(network, row, addresses):
    """The target is an alias of the next name and so on; the last has the addresses."""
    chain = [row.target.rstrip(".").lower(), *row.aliases]
    network.names({chain[-1]: addresses}, dict(zip(chain, chain[1:])))


def judged(run):
    return run.exit_code, run.report["cause"], run.report["reason"]


def remembered(run):
    return [line for line in run.report["trace"] if REMEMBERED in line]


def log_in(network, certificates, row, **more):
    return network.log_in(row.target, "--state-file", network.state_file, *row.options,
                          trust=[certificates.root], tls=row.tls, machine=row.machine, **more)


def assert_no_interference(network, certificates, row):
    """The wrong password first: a good login afterwards must not wipe anything away."""
    for wrong, wanted in ((True, BAD_PASSWORD), (False, GOOD)):
        run = log_in(network, certificates, row, wrong=wrong)
        assert judged(run) == wanted, run
        assert notices(run) == [], run
        yield run


@pytest.mark.parametrize("row", ROWS, ids=[row.id for row in ROWS])
def test_hosted_mail_is_no_interference(network, certificates, row):
    for at in range(2):
        now = row.at(at)
        place = certificates.issue(now.names, now.subject, renewed=at, key=now.key)
        name_it(network, now, now.addresses[at])
        node = Node(place, now.addresses[at][-1], now.banner, now.ehlo, now.tls,
                    now.certificate)
        with network.serve(node):
            runs = list(assert_no_interference(network, certificates, now))
        assert [bool(remembered(run)) for run in runs] == [at > 0] * 2, runs


def test_there_are_enough_rows():
    assert len(ROWS) >= FEWEST
    ids = collections.Counter(row.id for row in ROWS)
    assert max(ids.values()) == 1, ids
