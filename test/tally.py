#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Sums up JUnit files of ctest and pytest: tally.py FILE...

Prints each test that failed, each that was skipped with its reason, then `N passed, N failed, N
skipped`. A file that is missing or
unreadable counts as one failure: the run that should have written it broke. Exit 1 if a test
failed, or if none passed.
"""
import sys
import xml.etree.ElementTree


def outcomes(path):
    """(name, outcome, reason of a skip) of every test case in the file."""
    try:
        tree = xml.etree.ElementTree.parse(path)
    except (OSError, xml.etree.ElementTree.ParseError) as error:
        yield f"{path}: {error}", "failed", ""
        return
    for case in tree.iter("testcase"):
        kinds = {child.tag for child in case}
        if kinds & {"failure", "error"} or case.get("status") == "fail":
            outcome = "failed"
        elif "skipped" in kinds:
            outcome = "skipped"
        else:
            outcome = "passed"
        skipped = case.find("skipped")
        reason = skipped.get("message") or "" if skipped is not None else ""
        yield f"{case.get('classname')}: {case.get('name')}", outcome, reason


def main():
    counts = {"passed": 0, "failed": 0, "skipped": 0}
    for path in sys.argv[1:]:
        for name, outcome, reason in outcomes(path):
            counts[outcome] += 1
            if outcome == "failed":
                print(f"FAILED {name}")
            elif outcome == "skipped":
                print(f"SKIPPED {name}{': ' if reason else ''}{reason}")
    print(", ".join(f"{count} {outcome}" for outcome, count in counts.items()))
    return 1 if counts["failed"] > 0 or counts["passed"] == 0 else 0


if __name__ == "__main__":
    sys.exit(main())
