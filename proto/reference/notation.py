# SPDX-License-Identifier: MIT
"""How vectors write things down as JSON, see ../README.md.

Ids have 8 hexadecimal digits, numbers of 64 bits 16 of them (JSON's own numbers end at 53 bits),
bytes two each; nodes of the configuration stand by name; everything else is a plain number.
"""
_IDS = {"node", "vip", "addresses", "config", "elects", "released_to", "verifies", "misses",
        "relays", "about", "target", "asker", "holder", "voters"}
_LONG = {"incarnation", "seq", "dead", "id", "answer", "challenge", "age_ns", "exceptions",
         "own", "seen"}
_BYTES = {"signature"}


def write(value, key=None):
    """The JSON form of a message, a record or a part of them."""
    if isinstance(value, dict):
        return {name: write(part, name) for name, part in value.items()}
    if isinstance(value, list):
        return [write(part, key) for part in value]
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, int) and key in _IDS | _LONG:
        return f"{value:0{8 if key in _IDS else 16}x}"
    return value


def read(value, key=None):
    """The inverse of write()."""
    if isinstance(value, dict):
        return {name: read(part, name) for name, part in value.items()}
    if isinstance(value, list):
        return [read(part, key) for part in value]
    if isinstance(value, str) and key in _BYTES:
        return bytes.fromhex(value)
    if isinstance(value, str) and key in _IDS | _LONG:
        return int(value, 16)
    return value


def write_message(message):
    """What receive() returned, with what a vector shows of it."""
    if message is None:
        return None
    records = [{"age_us": item["age_us"], "record": item["record"]}
               for item in message["records"]]
    return write(dict(message, records=records))


def read_message(message):
    """A message to send: its relays name nodes by their names, which are no ids."""
    if not message.get("relays"):
        return read(message)
    relays = [{"node": relay["node"], "age_ns": int(relay["age_ns"], 16)}
              for relay in message["relays"]]
    return dict(read(dict(message, relays=[])), relays=relays)
