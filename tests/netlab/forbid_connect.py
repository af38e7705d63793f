# SPDX-License-Identifier: Apache-2.0
"""Runs a program that may not connect anywhere by TCP (landlock(7)).

    forbid_connect.py PROGRAM [ARGUMENT]...
"""

import ctypes
import os
import struct
import sys

CREATE_RULESET, RESTRICT_SELF = 444, 446
PR_SET_NO_NEW_PRIVS = 38
ACCESS_NET_CONNECT_TCP = 2


def call(what, result):
    if result < 0:
        sys.exit(f"forbid_connect.py: {what}: {os.strerror(ctypes.get_errno())}")
    return result


def main():
    libc = ctypes.CDLL(None, use_errno=True)
    handled = struct.pack("QQ", 0, ACCESS_NET_CONNECT_TCP)
    ruleset = call("landlock", libc.syscall(CREATE_RULESET, handled, len(handled), 0))
    call("prctl", libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
    call("landlock", libc.syscall(RESTRICT_SELF, ruleset, 0))
    os.execv(sys.argv[1], sys.argv[1:])


if __name__ == "__main__":
    main()
