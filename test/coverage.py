#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""coverage.py RESULT EXCUSED: sums up what gcovr counted, for scripts/coverage.

RESULT is gcovr's JSON. Prints lines and branches per file, each branch that was not taken and is
not excused, and each excuse that nobody needs. Exit 1 if a folder is below LEAST of its branches;
what is excused counts as not taken. A line of EXCUSED is

    FILE:FUNCTION | BRANCHES | TEXT | REASON

for so many branches of a line of that function in which TEXT stands; # begins a comment.
"""
import collections
import json
import pathlib
import sys

LEAST = 95.0
Missed = collections.namedtuple("Missed", "file function line branches of text")


class Excuse:
    def __init__(self, line):
        parts = [part.strip() for part in line.split(" | ")]
        if len(parts) != 4 or not all(parts):
            raise ValueError(f"not FILE:FUNCTION | BRANCHES | TEXT | REASON: {line}")
        self.place, self.branches, self.text = parts[0], int(parts[1]), parts[2]
        self.used = False

    def covers(self, missed):
        if self.place == f"{missed.file}:{missed.function}" and self.text in missed.text:
            self.used = True
            return missed.branches <= self.branches
        return False


def read_excuses(path):
    lines = pathlib.Path(path).read_text(encoding="utf-8").splitlines()
    return [Excuse(line) for line in lines if line.strip() and not line.startswith("#")]


def function_of(functions, line):
    before = [function for function in functions if function["lineno"] <= line]
    return max(before, key=lambda function: function["lineno"])["name"] if before else "?"


def missed_of(file):
    """The lines of a file that have branches which were not taken."""
    source = pathlib.Path(file["file"]).read_text(encoding="utf-8").splitlines()
    for line in file["lines"]:
        not_taken = sum(branch["count"] == 0 for branch in line["branches"])
        if not_taken > 0:
            number = line["line_number"]
            yield Missed(file["file"], function_of(file["functions"], number), number, not_taken,
                         len(line["branches"]), source[number - 1].strip())


def count(file):
    """(lines executed, lines, branches taken, branches)"""
    lines = [line for line in file["lines"] if not line["gcovr/noncode"]]
    branches = [branch for line in file["lines"] for branch in line["branches"]]
    return (sum(line["count"] > 0 for line in lines), len(lines),
            sum(branch["count"] > 0 for branch in branches), len(branches))


def percent(part, whole):
    return 100.0 * part / whole if whole else 100.0


def print_row(name, counts):
    lines, branches = percent(*counts[:2]), percent(*counts[2:])
    print(f"{name:<34} {counts[1]:>5} {lines:6.1f} % {counts[3]:>6} {branches:6.1f} %")


def main():
    files = json.loads(pathlib.Path(sys.argv[1]).read_text(encoding="utf-8"))["files"]
    excuses = read_excuses(sys.argv[2])
    folders = collections.defaultdict(lambda: (0, 0, 0, 0))
    print(f"{'':<34} {'lines':>5} {'run':>8} {'branches':>8} {'taken':>6}")
    for file in files:
        folder = "/".join(file["file"].split("/")[:2])
        folders[folder] = tuple(a + b for a, b in zip(folders[folder], count(file)))
        print_row(file["file"], count(file))
    for folder, counts in folders.items():
        print_row(folder, counts)
    total = tuple(sum(column) for column in zip(*folders.values()))
    print_row("both", total)

    missed = [entry for file in files for entry in missed_of(file)]
    unnamed = [entry for entry in missed
               if not any([excuse.covers(entry) for excuse in excuses])]
    excused = sum(entry.branches for entry in missed) - sum(entry.branches for entry in unnamed)
    print(f"{total[3] - total[2]} branches are not taken, {excused} of them excused by name")
    for entry in unnamed:
        print(f"{entry.file}:{entry.line}: {entry.function}: {entry.branches} of {entry.of} "
              f"branches not taken: {entry.text}")
    for excuse in excuses:
        if not excuse.used:
            print(f"nobody needs this excuse any more: {excuse.place}: {excuse.text}")
    low = [folder for folder, counts in folders.items() if percent(*counts[2:]) < LEAST]
    for folder in low:
        print(f"{folder} is below {LEAST} % of its branches")
    return 1 if low or not files else 0


if __name__ == "__main__":
    sys.exit(main())
