# SPDX-License-Identifier: MIT
"""Records: SPEC.md, F1 to F6. A record is a dict; its keys stand in the tables below."""
from packing import U64_MAX, Malformed, Reader, pack

ID_MAX = 2**32 - 1
ELEMENTS_MAX = 64
UNHEARD_MAX = 16
VIPS_MAX = 32

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


def decode(data):
    """[SPEC F3] to [SPEC F6]. Raises Malformed."""
    reader = Reader(data)
    listed = len(RECORD_NUMBERS) + 2
    count = reader.array(listed, ELEMENTS_MAX)
    record = _numbers(reader, RECORD_NUMBERS)
    record["unheard"] = [_decode_unheard(reader) for _ in range(reader.array(0, UNHEARD_MAX))]
    record["vips"] = [_decode_vip(reader) for _ in range(reader.array(0, VIPS_MAX))]
    reader.skip(count - listed)
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
    return [*numbers, unheard, vips]


def encode(record):
    return pack(elements(record))
