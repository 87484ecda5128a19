#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The manual pages of the programs against what the programs say of themselves: the same commands
and options.

Usage: options.py MAN-DIRECTORY VIPGOSSIPD VIPGOSSIP. One line per difference; exit 1 if there is
one.
"""
import pathlib
import re
import subprocess
import sys

LONG = re.compile(r"(?<![\w-])--([a-z][a-z-]+)")
FLAG = re.compile(r"\bFl -([a-z][a-z-]+)")
# "-t , -test" after one Fl.
SECOND_FLAG = re.compile(r"^\.It Fl \w , -([a-z][a-z-]+)", re.M)


def helped(*command):
    return subprocess.run(command, capture_output=True, text=True, timeout=20, check=True).stdout


def differences(page, said, written):
    yield from (f"{page}: {name} is not in the manual" for name in sorted(said - written))
    yield from (f"{page}: {name} is in the manual alone" for name in sorted(written - said))


def daemon(text, program):
    said = set(LONG.findall(helped(program, "--help")))
    yield from differences("vipgossipd.8", said,
                           set(FLAG.findall(text) + SECOND_FLAG.findall(text)))


def commands(text, program):
    overview = helped(program, "--help")
    names = set(re.findall(r"^  ([a-z]+)", overview, re.M))
    headings = re.split(r"^\.Sh ", text, flags=re.M)
    body = next(part for part in headings if part.startswith("DESCRIPTION"))
    written = set(re.findall(r"^\.It Cm ([a-z]+)", nested(body), re.M))
    yield from differences("vipgossip.8", names, written)
    synopsis = next(part for part in headings if part.startswith("SYNOPSIS"))
    for name in sorted(names & written):
        usage = helped(program, "help", name).splitlines()[0]
        part = next((one for one in synopsis.split("\n.Nm\n") if f".Cm {name}\n" in f"{one}\n"), "")
        yield from differences(f"vipgossip.8, SYNOPSIS of {name}",
                               set(LONG.findall(usage)) - {"socket"},
                               set(FLAG.findall(part)) - {"socket"})


def nested(body):
    """The lines of the outermost list."""
    depth, kept = 0, []
    for line in body.splitlines():
        depth += line.startswith(".Bl") - line.startswith(".El")
        if depth == 1:
            kept.append(line)
    return "\n".join(kept)


def main():
    directory = pathlib.Path(sys.argv[1])
    found = [*daemon((directory / "vipgossipd.8").read_text(encoding="utf-8"), sys.argv[2]),
             *commands((directory / "vipgossip.8").read_text(encoding="utf-8"), sys.argv[3])]
    for line in found:
        print(line)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
