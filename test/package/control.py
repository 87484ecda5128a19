#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The Debian package is built with what `scripts/install-deps build` installs.

Usage: control.py ROOT. Exit 1 with what differs.
"""
import pathlib
import re
import subprocess
import sys

# What every Debian package is built with, what the generator of its build needs, and debhelper.
ESSENTIAL = {"build-essential", "ninja-build"}
DEBHELPER = {"debhelper-compat", "dh-sequence-installsysusers"}


def main():
    root = pathlib.Path(sys.argv[1])
    listed = subprocess.run([root / "scripts/install-deps", "--list", "build"], text=True,
                            capture_output=True, timeout=20, check=True).stdout.split()
    control = (root / "scripts/deb/control").read_text(encoding="utf-8")
    field = re.search(r"^Build-Depends:((?:.*\n)(?: .*\n)*)", control, re.M).group(1)
    wanted = {item.split()[0] for item in field.split(",")}
    difference = (wanted - DEBHELPER) ^ (set(listed) - ESSENTIAL)
    if difference:
        print(f"only in one of scripts/deb/control and scripts/install-deps: {sorted(difference)}")
    return 1 if difference else 0


if __name__ == "__main__":
    sys.exit(main())
