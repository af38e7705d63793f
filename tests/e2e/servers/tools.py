# SPDX-License-Identifier: Apache-2.0
"""Programs from Debian packages: a missing one is an error that names its package."""

import os
import shutil
import subprocess

SEARCH_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


def require(program, package):
    found = shutil.which(program, path=SEARCH_PATH)
    if not found:
        raise FileNotFoundError(f"{program} is missing: install {package}")
    return found


def require_file(path, package):
    if not os.path.exists(path):
        raise FileNotFoundError(f"{path} is missing: install {package}")
    return path


def require_root():
    if os.geteuid() != 0:
        raise PermissionError("mail servers change their user: run these tests as root")


def run(arguments, **options):
    """Runs a program to its end; its output is shown only when it fails."""
    done = subprocess.run(
        [str(argument) for argument in arguments],
        stdin=options.pop("stdin", subprocess.DEVNULL),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=60,
        check=False,
        **options,
    )
    if done.returncode != 0:
        how = f"{arguments[0]} ended with {done.returncode}"
        raise RuntimeError(f"{how}:\n{done.stdout}")
    return done.stdout
