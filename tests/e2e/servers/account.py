# SPDX-License-Identifier: Apache-2.0
"""The one user that every server knows."""

import dataclasses
import secrets


@dataclasses.dataclass(frozen=True)
class Account:
    """A user name and a password that exists only in this test run."""

    user: str = "probe"
    password: str = dataclasses.field(default_factory=lambda: secrets.token_urlsafe(18))
