#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Every configuration in the manual's examples passes `vipgossipd -t`.

Usage: examples.py MANUAL VIPGOSSIPD. Exit 1 if one does not, or none is found.
"""
import pathlib
import re
import subprocess
import sys
import tempfile


def blocks(text):
    return re.findall(r"^\.Bd -literal.*?\n(.*?)^\.Ed", text, re.M | re.S)


def check_file(program, block):
    with tempfile.NamedTemporaryFile("w", suffix=".conf", encoding="utf-8") as file:
        file.write(block)
        file.flush()
        return subprocess.run([program, "-t", "-c", file.name], env={}, timeout=20,
                              capture_output=True, text=True, check=False)


def check_environment(program, block):
    variables = dict(line.strip().split("=", 1) for line in block.splitlines())
    return subprocess.run([program, "-t"], env=variables, timeout=20, capture_output=True,
                          text=True, check=False)


def main():
    text = pathlib.Path(sys.argv[1]).read_text(encoding="utf-8")
    checked = failed = 0
    for block in blocks(text):
        if re.match(r"cluster\s*=", block):
            done = check_file(sys.argv[2], block)
        elif block.startswith("VIPGOSSIP_"):
            done = check_environment(sys.argv[2], block)
        else:
            continue
        checked += 1
        if done.returncode != 0:
            failed += 1
            print(f"{block}\n{done.stderr}")
    print(f"{checked} examples, {failed} refused")
    return 1 if failed or checked < 3 else 0


if __name__ == "__main__":
    sys.exit(main())
