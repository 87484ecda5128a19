#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""make_vectors.py [DIRECTORY]: writes every file of golden vectors, the same bytes each time.

DIRECTORY is ../vectors unless given. With --check nothing is written: exit 1 if a file differs.
"""
import json
import pathlib
import sys

import cases_body
import cases_header
import cases_order
from stories import Story

FILES = {
    "header": cases_header.header,
    "mac": cases_header.mac,
    "rotation": cases_header.rotation,
    "public_key": cases_header.public_key,
    "messages": cases_body.messages,
    "growth": cases_body.growth,
    "msgpack": cases_body.msgpack,
    "items": cases_body.bad_items,
    "records": cases_body.bad_records,
    "replay": cases_order.replay,
    "freshness": cases_order.freshness,
    "relay": cases_order.relay,
    "sending": cases_order.sending,
    "will": cases_order.will,
}


def text_of(cases):
    """One vector per paragraph, one step per line: differences stay readable."""
    parts = []
    for case in cases():
        vector = case.vector if isinstance(case, Story) else case
        head = json.dumps({key: part for key, part in vector.items() if key != "steps"})
        steps = ",\n  ".join(json.dumps(step) for step in vector["steps"])
        parts.append(f'{head[:-1]}, "steps": [\n  {steps}]}}')
    about = json.dumps(" ".join(cases.__doc__.split()))
    return f'{{"about": {about}, "vectors": [\n' + ",\n".join(parts) + "\n]}\n"


def main():
    arguments = [argument for argument in sys.argv[1:] if argument != "--check"]
    beside = pathlib.Path(__file__).resolve().parent.parent / "vectors"
    directory = pathlib.Path(arguments[0]) if arguments else beside
    differ = 0
    for name, cases in FILES.items():
        path, text = directory / f"{name}.json", text_of(cases)
        if "--check" not in sys.argv:
            path.write_text(text, encoding="ascii")
        elif path.read_text(encoding="ascii") != text:
            print(f"{path} is not what make_vectors.py makes")
            differ = 1
    return differ


if __name__ == "__main__":
    sys.exit(main())
