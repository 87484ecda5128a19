# SPDX-License-Identifier: MIT
"""The header and its MAC: SPEC.md, D1."""
import struct

import keys

MAGIC = b"vg"
VERSION = 1
HEADER_BYTES = 48
DATAGRAM_MAX = 1400
MAC_OFFSET = 32
_HEADER = struct.Struct(">2sBBIIIQQ")
FIELDS = ("magic", "version", "key_id", "cluster", "sender", "receiver", "incarnation", "counter")


def parse(data):
    """The header as a dict, and the three parts: header without MAC, MAC, items."""
    header = dict(zip(FIELDS, _HEADER.unpack_from(data)))
    return header, data[:MAC_OFFSET], data[MAC_OFFSET:HEADER_BYTES], data[HEADER_BYTES:]


def seal(keyring, receiver, header, items):
    """The datagram to `receiver` (a name). What `header` does not say is as it should be."""
    number, key = keyring.mac_key(receiver)
    fields = {"magic": MAGIC, "version": VERSION, "key_id": number,
              "cluster": keyring.cluster_id, "sender": keyring.ids[keyring.self_name],
              "receiver": keyring.ids[receiver], **header}
    head = _HEADER.pack(*(fields[name] for name in FIELDS))
    return head + keys.mac(key, head, items) + items
