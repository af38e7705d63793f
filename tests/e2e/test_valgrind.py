# SPDX-License-Identifier: Apache-2.0
"""No leak and no error under valgrind, in a build without sanitizers.

The environment variable CHECK_SMTP_AUTH_PLAIN names that build.
"""

import os

import pytest

from plugin import USER, up_to
from plugin import probe  # noqa: F401 (a fixture)
from servers import tools

FOUND = 99


def under_valgrind(probe, log, *arguments):
    valgrind = tools.require("valgrind", "valgrind")
    run = probe.start(
        "--leak-check=full", "--show-leak-kinds=definite,indirect,possible",
        "--errors-for-leak-kinds=definite,indirect,possible", f"--error-exitcode={FOUND}",
        f"--log-file={log}", os.environ["CHECK_SMTP_AUTH_PLAIN"], *arguments,
        binary=valgrind,
    ).finish()
    said = log.read_text()
    assert run.exit_code != FOUND, said
    assert "ERROR SUMMARY: 0 errors" in said, said
    assert run.report, run
    return run


@pytest.mark.parametrize("mechanism", ["auto", "PLAIN"])
@pytest.mark.parametrize("outcome", ["good", "refused"])
def test_valgrind_finds_nothing(probe, tmp_path, outcome, mechanism):
    users = {"good": probe.users,
             "refused": probe.secret_file("users-valgrind", f"{USER}:other\n")}[outcome]
    with probe.login_server(users=users) as server:
        run = under_valgrind(probe, tmp_path / "log",
                             *probe.options(server.port, "-A", mechanism, "-t", "60"))
    expected = {"good": (0, "none"), "refused": (2, "credentials")}[outcome]
    assert (run.exit_code, run.report["cause"]) == expected, run


def test_valgrind_finds_nothing_in_a_session_cut_short(probe, tmp_path):
    with probe.replay_server(*up_to("ehlo_tls"), "# server: reset") as server:
        run = under_valgrind(probe, tmp_path / "log",
                             *probe.options(server.port, "-t", "60", "--trace"))
    assert run.exit_code == 2, run
