#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""check_vectors.py FILE...: does this implementation judge the vectors as they say it must?"""
import json
import pathlib
import sys

import keys
from judge import Judge

GIVEN = ("about", "knows", "record", "receive", "send", "to", "will")


def expected(step):
    return {key: value for key, value in step.items() if key not in GIVEN}


def failures(vector):
    """One sentence for each step that came out otherwise."""
    try:
        judge = Judge(vector["node"])
    except keys.Refused as reason:
        if not vector.get("refused"):
            yield f"{vector['name']}: refused: {reason}"
        return
    if vector.get("refused"):
        yield f"{vector['name']}: not refused"
        return
    for number, step in enumerate(vector["steps"]):
        found = judge.step(step)
        if found != expected(step):
            yield (f"{vector['name']}: step {number}: expected\n{json.dumps(expected(step))}\n"
                   f"but found\n{json.dumps(found)}")


def load(path):
    return json.loads(pathlib.Path(path).read_text(encoding="ascii"))["vectors"]


def main():
    wrong = 0
    vectors = [vector for path in sys.argv[1:] for vector in load(path)]
    for vector in vectors:
        for failure in failures(vector):
            print(failure)
            wrong += 1
    print(f"{len(vectors)} vectors, {wrong} failures")
    return 1 if wrong or not vectors else 0


if __name__ == "__main__":
    sys.exit(main())
