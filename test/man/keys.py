#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""vipgossip.conf(5) against the tables of src/conf: the same keys in the same sections, the same
environment variables.

Usage: keys.py ROOT. One line per difference; exit 1 if there is one.
"""
import pathlib
import re
import sys

# Table of conf_section.c or conf_health.c, and the heading of its keys in the manual.
SECTIONS = {
    "conf_keys_top": "Top level",
    "conf_keys_node": "Section node",
    "conf_keys_vip": "Section vip",
    "conf_keys_vip_node": "Section node within a vip",
    "conf_keys_check": "Section check",
}


def keys_of_code(text):
    tables = re.findall(r"^const struct conf_key (\w+)\[\] = \{(.*?)^\};", text, re.M | re.S)
    return {name: set(re.findall(r'^    \{"(\w+)"', body, re.M)) for name, body in tables}


def keys_of_manual(text):
    parts = re.split(r"^\.S[hs] (.*)\n", text, flags=re.M)
    bodies = zip(parts[1::2], parts[2::2])
    return {heading: set(re.findall(r"^\.It Ic (\w+)", body, re.M)) for heading, body in bodies}


def differences(what, code, manual):
    for name in sorted(code - manual):
        yield f"{what}: {name} is not in the manual"
    for name in sorted(manual - code):
        yield f"{what}: {name} is in the manual, but not in the code"


def main():
    root = pathlib.Path(sys.argv[1])
    manual = (root / "src/man/vipgossip.conf.5").read_text(encoding="utf-8")
    environment = (root / "src/conf/conf_environment.c").read_text(encoding="utf-8")
    code = {}
    for source in ("conf_section.c", "conf_health.c"):
        code |= keys_of_code((root / "src/conf" / source).read_text(encoding="utf-8"))
    documented = keys_of_manual(manual)
    found = []
    if code.keys() != SECTIONS.keys() or not all(code.values()):
        found.append(f"the tables of src/conf are {sorted(code)}, not {sorted(SECTIONS)}")
    for table, heading in SECTIONS.items():
        found += differences(heading, code.get(table, set()), documented.get(heading, set()))
    variables = {"VIPGOSSIP_" + name for name in re.findall(r'\{PREFIX "(\w+)"', environment)}
    found += differences("environment", variables,
                         set(re.findall(r"^\.It Ev (\w+)", manual, re.M)))
    for line in found:
        print(line)
    return 1 if found or not variables else 0


if __name__ == "__main__":
    sys.exit(main())
