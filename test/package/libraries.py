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


def packages(paths):
    """The packages that have these files, also where /lib has become /usr/lib."""
    real = {path: str(pathlib.Path(path).resolve()) for path in paths}
    every = {path: {path, real[path], real[path].removeprefix("/usr")} for path in paths}
    done = subprocess.run(["dpkg", "-S", *set().union(*every.values())], capture_output=True,
                          text=True, timeout=200, check=False)
    owners = {line.partition(": ")[2]: line.split(":")[0] for line in done.stdout.splitlines()}
    return {next((owners[one] for one in every[path] if one in owners), path) for path in paths}


def main():
    if shutil.which("dpkg") is None:
        return SKIPPED
    listed = set(output(sys.argv[1] + "/scripts/install-deps", "--list", "run").split())
    wanted = packages(set().union(*(needed(program) for program in sys.argv[2:])))
    for name in sorted(wanted - listed - BASE):
        print(f"{name} is not in scripts/install-deps run")
    return 1 if wanted - listed - BASE or not wanted else 0


if __name__ == "__main__":
    sys.exit(main())
