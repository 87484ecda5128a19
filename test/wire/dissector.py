#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""dissector.py: proto/vipgossip.lua against the reference, by tshark.

Every datagram of the golden vectors and some thousand drawn ones go through both: the same are
malformed, and of the others tshark shows the fields that the reference decodes. Exit 77 where
tshark is not installed.
"""
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "proto/reference"), str(pathlib.Path(__file__).parent)]
import datagram
import differential
import items
import pcap
import record as records
import stories
from packing import Malformed

DRAWN = 2500
RECORD_KEYS = ("node", "incarnation", "seq", "config", "flags")
VIP_KEYS = ("addresses", "state", "ready", "mode", "unhealthy", "drained", "priority", "elects",
            "released_to")
FIELDS = [f"vipgossip.{name}" for name in (
    "sender", "receiver", "incarnation", "counter", "item.age",
    *(f"record.{key}" for key in RECORD_KEYS), "record.interval", "record.next",
    "unheard.node", "unheard.relay", "vip.id", *(f"vip.{key}" for key in VIP_KEYS), "vip.lease",
    "question.id", "question.about", "answer.id", "ask.target", "ask.asker", "ask.challenge",
    "echo.node", "echo.incarnation", "echo.seq", "echo.asker", "echo.challenge",
    "grant.incarnation", "grant.seq", "grant.voters", "vote.vip", "vote.verdict", "vote.holder",
    "vote.rest", "swarm.availability", "swarm.word", "swarm.index", "swarm.exception",
    "item.signature")]


def tshark(datagrams, *options):
    """What tshark prints of a capture of these."""
    with tempfile.TemporaryDirectory() as home:
        path = pathlib.Path(home) / "capture.pcap"
        path.write_bytes(pcap.capture([("192.0.2.1", "192.0.2.2", data) for data in datagrams]))
        done = subprocess.run(
            ["tshark", "-n", "-X", f"lua_script:{ROOT}/proto/vipgossip.lua", "-r", path, *options],
            env={"PATH": "/usr/bin:/bin", "HOME": home, "LC_ALL": "C.UTF-8"},
            capture_output=True, text=True, timeout=100, check=True)
    if "Lua Error" in done.stdout + done.stderr:
        raise AssertionError(done.stdout + done.stderr)
    return done.stdout


def decoded(data):
    """Header and items of a datagram, or None if it is malformed."""
    header, *parts = datagram.parse(data)
    try:
        carried = items.decode(parts[2])
    except Malformed:
        return None
    direct = [item["record"]["incarnation"] for item in carried["records"]
              if item["record"]["node"] == header["sender"]]
    if header["incarnation"] == 0 or any(each != header["incarnation"] for each in direct):
        return None
    return header, carried


def values(header, carried):
    """The numbers of each of FIELDS, in the order in which they stand in their kind of item."""
    found = {name: [] for name in FIELDS}

    def add(prefix, source, keys):
        for key in keys:
            value = source[key]
            found[f"vipgossip.{prefix}{key}"] += value if isinstance(value, list) else [value]

    add("", header, ("sender", "receiver", "incarnation", "counter"))
    for item in carried["records"]:
        record = item["record"]
        found["vipgossip.item.age"].append(item["age_us"])
        found["vipgossip.record.interval"].append(record["interval_ms"])
        found["vipgossip.record.next"].append(record["next_ms"])
        add("record.", record, RECORD_KEYS)
        for unheard in record["unheard"]:
            found["vipgossip.unheard.node"].append(unheard["node"])
            found["vipgossip.unheard.relay"] += unheard["relays"]
        for vip in record["vips"]:
            found["vipgossip.vip.id"].append(vip["vip"])
            found["vipgossip.vip.lease"].append(vip["lease_ms"])
            add("vip.", vip, VIP_KEYS)
        swarm = record.get("swarm")
        if swarm:
            add("swarm.", swarm, ("availability", "word", "index"))
            found["vipgossip.swarm.exception"] += swarm["exceptions"]
    if carried["question"]:
        add("question.", carried["question"], ("id", "about"))
    if carried["answer"]:
        found["vipgossip.answer.id"].append(carried["answer"])
    for ask in carried["asks"]:
        add("ask.", ask, ("target", "asker", "challenge"))
    for echo in carried["echoes"]:
        add("echo.", echo, ("node", "incarnation", "seq", "asker", "challenge"))
    if "grant" in carried:
        add("grant.", carried["grant"], ("incarnation", "seq", "voters"))
        for vote in carried["grant"]["votes"]:
            found["vipgossip.vote.rest"].append(vote["rest_ms"])
            add("vote.", vote, ("vip", "verdict", "holder"))
    signed = carried["records"] + carried["echoes"]
    found["vipgossip.item.signature"] = [int.from_bytes(each["signature"], "big")
                                         for each in signed]
    return found


def shown(line):
    """The same of a line of tshark -T fields, and whether it says malformed."""
    expert, *columns = line.split("\t")
    found = {name: [int(text, 16 if name.endswith("signature") else 0)
                    for text in column.split(",") if text]
             for name, column in zip(FIELDS, columns)}
    return found, "Malformed" in expert


class Dissector(unittest.TestCase):
    def check(self, datagrams):
        options = [option for name in ("_ws.expert.message", *FIELDS)
                   for option in ("-e", name)]
        lines = tshark(datagrams, "-T", "fields", *options).splitlines()
        self.assertEqual(len(lines), len(datagrams))
        good = 0
        for data, line in zip(datagrams, lines):
            found, is_malformed = shown(line)
            expected = decoded(data)
            self.assertEqual(is_malformed, expected is None, f"{data.hex()}\n{line}")
            if expected is None:
                continue
            good += 1
            # Signatures are of records and of echoes, which may stand in any order.
            wanted = values(*expected)
            for each in (found, wanted):
                each["vipgossip.item.signature"].sort()
            self.assertEqual(found, wanted, data.hex())
        return good

    def test_golden_vectors_are_shown_as_they_are_decoded(self):
        found = [data for data in pcap.of_vectors(sorted((ROOT / "proto/vectors").glob("*.json")))
                 if len(data) >= 48 and data[:3] == b"vg\1"]
        self.assertGreater(self.check(found), 200)

    def test_drawn_and_changed_datagrams_are_shown_as_they_are_decoded(self):
        draw = differential.Draw(7112)
        found = [data for data in (draw.datagram() for _ in range(DRAWN))
                 if len(data) >= 48 and data[:3] == b"vg\1"]
        self.assertGreater(self.check(found), DRAWN // 4)

    def test_a_person_can_read_it(self):
        unheard = [{"node": 0xB2ED2D31, "relays": [0xE116C9CB, 0]}]
        peer = stories.Peer()
        data = peer.seal(peer.record(flags=31, unheard=unheard,
                                     vips=[stories.vip(), stories.vip(vip=7, state=0, ready=1)]),
                         items.question_item({"id": 9, "about": [7]}), b"\x92\x09\xc0")
        text = tshark([data], "-V")
        for line in (
                "Sender: 0xd1462cc0", "Counter: 1", "MAC (not verified): ", "Item: record of",
                "Record of d1462cc0, seq 10, standby 1, holding 1",
                "Flags: 0x1f (healthy, drained, witness, leaving, sees a majority)",
                "...1 .... = sees a majority: True", "Not heard directly: b2ed2d31",
                "Relay that it chose: 0xe116c9cb", f"VIP {stories.VIP:08x}: holding, priority 100",
                "State: holding (2)", "Readiness: only if vacant (1)", "Mode: available (0)",
                "Elects: 0xd1462cc0", "Item: question about 1", "Item: unknown item",
                "Element of a later version: c0"):
            self.assertIn(line, text)
        self.assertIn("d1462cc0 > e116c9cb #1  record of d1462cc0, seq 10, standby 1, holding 1; "
                      "question about 1; unknown item", tshark([data]))

    def test_other_traffic_of_the_port_is_left_alone(self):
        self.assertNotIn("vipgossip", tshark([b"", b"vg", bytes(100)]))
        version = b"vg\2" + bytes(60)
        self.assertIn("version 2", tshark([version]))

    def test_names_of_the_dissector_are_those_of_the_reference(self):
        text = (ROOT / "proto/vipgossip.lua").read_text(encoding="ascii")
        for names in (records.STATES, records.READINESS, records.MODES, items.VERDICTS):
            quoted = ", ".join(f'"{name}"' for name in names)
            self.assertIn("{[0] = " + quoted + "}", text)


if __name__ == "__main__":
    if shutil.which("tshark") is None:
        print("tshark is not installed: scripts/install-deps test")
        sys.exit(77)
    unittest.main()
