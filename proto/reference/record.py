# SPDX-License-Identifier: MIT
"""Records: SPEC.md, F1 to F8. A record is a dict; its keys stand in the tables below."""
from packing import U64_MAX, Malformed, Reader, pack

ID_MAX = 2**32 - 1
ELEMENTS_MAX = 64
UNHEARD_MAX = 16
VIPS_MAX = 32
EXCEPTIONS_MAX = 64
MAC_MAX = 2**48 - 1
MAC_GROUP = 2**40

# (key, least, most), in the order of the elements.
RECORD_NUMBERS = (
    ("node", 1, ID_MAX),
    ("incarnation", 1, U64_MAX),
    ("seq", 1, U64_MAX),
    ("interval_ms", 10, 10_000),
    ("next_ms", 0, 100_000),
    ("config", 0, ID_MAX),
    ("flags", 0, 31),
)
VIP_NUMBERS = (
    ("vip", 1, ID_MAX),
    ("addresses", 0, ID_MAX),
    ("conduct", 0, 255),
    ("priority", 1, 255),
    ("lease_ms", 0, 60_000),
    ("elects", 0, ID_MAX),
    ("released_to", 0, ID_MAX),
)
STATES = ("standby", "claiming", "holding", "releasing", "fault")
READINESS = ("no", "only if vacant", "yes")
MODES = ("available", "quorum")


AVAILABILITIES = ("unknown", "active", "pause", "drain")
WORDS = ("none", "part", "whole")


def _numbers(reader, table):
    return {key: reader.integer(least, most) for key, least, most in table}


def _split_conduct(vip):
    """[SPEC F4]"""
    conduct = vip.pop("conduct")
    vip["state"], vip["ready"] = conduct & 7, conduct >> 3 & 3
    vip["mode"], vip["unhealthy"] = conduct >> 5 & 1, conduct >> 6 & 1
    vip["drained"] = conduct >> 7
    if vip["state"] >= len(STATES) or vip["ready"] >= len(READINESS):
        raise Malformed(f"no such conduct: {conduct}")
    return vip


def _decode_unheard(reader):
    count = reader.array(3, ELEMENTS_MAX)
    unheard = {"node": reader.integer(1, ID_MAX),
               "relays": [reader.integer(0, ID_MAX), reader.integer(0, ID_MAX)]}
    reader.skip(count - 3)
    return unheard


def _decode_vip(reader):
    count = reader.array(len(VIP_NUMBERS), ELEMENTS_MAX)
    vip = _split_conduct(_numbers(reader, VIP_NUMBERS))
    reader.skip(count - len(VIP_NUMBERS))
    return vip


def _decode_swarm(reader):
    """[SPEC F7] None if it says nothing."""
    count = reader.array(3, ELEMENTS_MAX)
    conduct = reader.integer(0, 4 * (len(WORDS) - 1) + len(AVAILABILITIES) - 1)
    swarm = {"availability": conduct & 3, "word": conduct >> 2, "index": reader.integer(0, ID_MAX)}
    swarm["exceptions"] = [reader.integer(1, U64_MAX)
                           for _ in range(reader.array(0, EXCEPTIONS_MAX))]
    reader.skip(count - 3)
    if any(exception & 3 < 2 for exception in swarm["exceptions"]):
        raise Malformed("an exception that is none")
    if swarm["exceptions"] and not swarm["word"]:
        raise Malformed("exceptions without a word")
    return swarm if conduct else None


def _decode_link(reader):
    """[SPEC F8] None if it says nothing."""
    count = reader.array(3, ELEMENTS_MAX)
    link = {"vip": reader.integer(0, ID_MAX), "own": reader.integer(0, MAC_MAX),
            "seen": reader.integer(0, MAC_MAX), "verifies": 0, "misses": 0}
    for key in ("verifies", "misses")[:count - 3]:
        link[key] = reader.integer(0, ID_MAX)
    reader.skip(max(count - 5, 0))
    if (link["own"] | link["seen"]) & MAC_GROUP:
        raise Malformed("the MAC address of a group")
    return link if link["vip"] else None


def decode(data):
    """[SPEC F3] to [SPEC F8]. Raises Malformed."""
    reader = Reader(data)
    listed = len(RECORD_NUMBERS) + 2
    count = reader.array(listed, ELEMENTS_MAX)
    record = _numbers(reader, RECORD_NUMBERS)
    record["unheard"] = [_decode_unheard(reader) for _ in range(reader.array(0, UNHEARD_MAX))]
    record["vips"] = [_decode_vip(reader) for _ in range(reader.array(0, VIPS_MAX))]
    if count > listed:
        swarm = _decode_swarm(reader)
        record.update({"swarm": swarm} if swarm else {})
    if count > listed + 1:
        link = _decode_link(reader)
        record.update({"link": link} if link else {})
        reader.skip(count - listed - 2)
    if not reader.at_end():
        raise Malformed("something follows the record")
    if len({vip["vip"] for vip in record["vips"]}) != len(record["vips"]):
        raise Malformed("a VIP twice")
    return record


def elements(record):
    """The record as the nested lists that are packed; tests change them before they pack."""
    numbers = [record[key] for key, _, _ in RECORD_NUMBERS]
    unheard = [[entry["node"], *entry["relays"]] for entry in record["unheard"]]
    vips = []
    for vip in record["vips"]:
        values = dict(vip, conduct=vip["state"] + 8 * vip["ready"] + 32 * vip["mode"]
                      + 64 * vip["unhealthy"] + 128 * vip["drained"])
        vips.append([values[key] for key, _, _ in VIP_NUMBERS])
    swarm, link = record.get("swarm"), record.get("link")
    appended = [[0, 0, []]]
    if swarm:
        appended = [[swarm["availability"] + 4 * swarm["word"], swarm["index"],
                     list(swarm["exceptions"])]]
    if link:
        said = [link["verifies"], link["misses"]]
        while said and said[-1] == 0:
            said.pop()
        appended.append([link["vip"], link["own"], link["seen"], *said])
    return [*numbers, unheard, vips, *(appended if swarm or link else [])]


def encode(record):
    return pack(elements(record))
