# SPDX-License-Identifier: MIT
"""The configuration file, from a dictionary: what the tests vary, and defaults for the rest.

    {"interval": "100ms",
     "node": {"n1": {"address": ["10.77.0.1"], "priority": 200}},
     "vip": {"web": {"address": ["10.77.0.100"], "node": {"n1": {"priority": 7}}}}}
"""

SECTIONS = ("node", "vip", "check")


def value(thing):
    if isinstance(thing, bool):
        return "true" if thing else "false"
    if isinstance(thing, int):
        return str(thing)
    if isinstance(thing, (list, tuple)):
        return "{" + ", ".join(value(item) for item in thing) + "}"
    return f'"{thing}"'


def lines(data, indent=""):
    for key, thing in data.items():
        if key in SECTIONS and isinstance(thing, dict):
            for name, inner in thing.items():
                yield f'{indent}{key} "{name}" {{'
                yield from lines(inner, indent + "    ")
                yield f"{indent}}}"
        else:
            yield f"{indent}{key} = {value(thing)}"


def text(data):
    return "\n".join(lines(data)) + "\n"


def merge(base, changes):
    """`base` with `changes` laid over it, section by section; None takes a key away."""
    result = dict(base)
    for key, thing in changes.items():
        if thing is None:
            result.pop(key, None)
        elif isinstance(thing, dict) and isinstance(result.get(key), dict):
            result[key] = merge(result[key], thing)
        else:
            result[key] = thing
    return result
