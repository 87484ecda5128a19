#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Every library that a program is linked with is in a package of `scripts/install-deps run`, which
is what the container's image gets.

Usage: libraries.py ROOT PROGRAM... Exit 1 with what is missing, 77 (ctest: skipped) where there is
no dpkg.
"""
import pathlib
import re
import shutil
import subprocess
import sys

# Part of every Debian.
BASE = {"libc6"}
SKIPPED = 77


def output(*command):
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=True).stdout


def needed(program):
    """The libraries that it names itself, with their paths here."""
    names = set(re.findall(r"\(NEEDED\).*\[(.*)\]", output("readelf", "-d", program)))
    found = re.findall(r"^\s*(\S+) => (\S+) \(", output("ldd", program), re.M)
    return {path for name, path in found if name in names}


def package(path):
    """The package that has the file, also where /lib has become /usr/lib."""
    real = pathlib.Path(path).resolve()
    for one in (path, str(real), str(real).removeprefix("/usr")):
        done = subprocess.run(["dpkg", "-S", one], capture_output=True, text=True, timeout=60,
                              check=False)
        if done.returncode == 0:
            return done.stdout.split(":")[0]
    return path


def main():
    if shutil.which("dpkg") is None:
        return SKIPPED
    listed = set(output(sys.argv[1] + "/scripts/install-deps", "--list", "run").split())
    wanted = {package(path) for program in sys.argv[2:] for path in needed(program)}
    for name in sorted(wanted - listed - BASE):
        print(f"{name} is not in scripts/install-deps run")
    return 1 if wanted - listed - BASE or not wanted else 0


if __name__ == "__main__":
    sys.exit(main())
