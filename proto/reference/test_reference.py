#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Tests of the reference by itself: against the text of SPEC.md, and against python3-msgpack."""
import pathlib
import random
import re
import unittest

import msgpack

import datagram
import items
import keys
import notation
import packing
import receiver
import record as records
import sender
import stories
from packing import Malformed, Reader, pack
from replay import Window

SPEC = (pathlib.Path(__file__).resolve().parent.parent / "SPEC.md").read_text(encoding="utf-8")
EDGES = (0, 1, 127, 128, 255, 256, 65_535, 65_536, 2**32 - 1, 2**32, 2**63, 2**64 - 1)


def some_value(rng, depth=4):
    kind = rng.randrange(5)
    if kind == 0:
        return rng.choice(EDGES)
    if kind == 1:
        return rng.choice((None, True, False))
    if kind == 2:
        return bytes(rng.choice((0, 1, 255, 256, 400)))
    if depth == 0:
        return []
    return [some_value(rng, depth - 1) for _ in range(rng.choice((0, 1, 2, 15, 16)))]


def skips_all(data):
    reader = Reader(data)
    try:
        reader.skip(1)
    except Malformed:
        return False
    return reader.at_end()


def is_shortest_form(data):
    """What msgpack reads, if it is of the types of D7 and msgpack would write the same bytes."""
    try:
        value = msgpack.unpackb(data, raw=True, strict_map_key=False)
    except (ValueError, TypeError, msgpack.exceptions.UnpackException):
        return False
    return is_allowed(value) and pack(value) == data


def is_allowed(value):
    if isinstance(value, list):
        return all(map(is_allowed, value))
    return value is None or isinstance(value, (bool, bytes)) or (
        isinstance(value, int) and value >= 0)


class Packing(unittest.TestCase):
    def test_what_msgpack_writes_is_read(self):
        rng = random.Random(1)
        for _ in range(2000):
            self.assertTrue(skips_all(pack(some_value(rng))))

    def test_nothing_else_is_read(self):
        rng = random.Random(2)
        read = 0
        for _ in range(60_000):
            data = bytearray(pack(some_value(rng, 1))[:12])
            data[rng.randrange(len(data))] = rng.randrange(256)
            self.assertEqual(skips_all(bytes(data)), is_shortest_form(bytes(data)), data.hex())
            read += skips_all(bytes(data))
        self.assertGreater(read, 1000)

    def test_every_first_byte_is_read_as_the_table_says(self):
        for first in range(256):
            data = bytes([first]) + bytes(400)
            allowed = first < 0x80 or 0x90 <= first <= 0x9F or first in (0xC0, 0xC2, 0xC3, 0xC4)
            reader = Reader(data)
            if allowed:
                reader.skip(1)
            else:
                self.assertRaises(Malformed, reader.skip, 1)

    def test_numbers_are_read_as_they_were_written(self):
        for number in EDGES:
            self.assertEqual(Reader(pack(number)).integer(), number)
        for length in (0, 1, 255, 256, 1000):
            self.assertEqual(Reader(pack(bytes(length))).string(0, 2000), bytes(length))
            self.assertEqual(Reader(pack([0] * length)).array(0, 2000), length)

    def test_deep_arrays_need_no_recursion(self):
        self.assertTrue(skips_all(b"\x91" * 100_000 + b"\x90"))


class Records(unittest.TestCase):
    def test_a_record_is_decoded_to_what_was_encoded(self):
        for record in (stories.own_record("swarm-1", vips=[stories.vip()]),
                       stories.largest_record("swarm-1")):
            self.assertEqual(records.decode(records.encode(record)), record)

    def test_the_largest_record_has_the_size_that_the_spec_states(self):
        largest = dict(stories.largest_record("swarm-1"), node=2**32 - 1,
                       incarnation=packing.U64_MAX)
        stated = re.search(r"largest record of this version has (\d+) bytes", SPEC)
        self.assertEqual(len(records.encode(largest)), int(stated.group(1)))

    def test_every_truncation_is_malformed(self):
        data = records.encode(stories.own_record("swarm-1", vips=[stories.vip()]))
        for cut in range(len(data)):
            self.assertRaises(Malformed, records.decode, data[:cut])


class Keys(unittest.TestCase):
    def test_golden_numbers_of_the_spec(self):
        ring = stories.Peer("swarm-1").keyring
        number, signature = ring.sign(keys.PURPOSE_RECORD, b"a record")
        _, pair = ring.mac_key("swarm-2")
        for golden in (*(f"{keys.name_id(name):08x}" for name in ("swarm", "swarm-1", "swarm-2")),
                       f"{number:02x}", pair.hex(), signature[:32].hex(), signature[32:].hex(),
                       keys.node_seed(stories.CLUSTER_KEY, "swarm", "swarm-1").hex(),
                       keys.mac(pair, b"a header", b"and items").hex()):
            self.assertIn(f"`{golden}`", SPEC)

    def test_both_sides_have_one_pair_key(self):
        self.assertEqual(stories.Peer("swarm-1").keyring.mac_key("swarm-2"),
                         stories.Peer("swarm-2").keyring.mac_key("swarm-1"))

    def test_a_signature_is_good_for_its_purpose_and_its_node_only(self):
        ring = stories.Peer("swarm-1").keyring
        made = ring.sign(keys.PURPOSE_RECORD, b"x")
        self.assertTrue(ring.verify("swarm-1", keys.PURPOSE_RECORD, b"x", *made))
        self.assertFalse(ring.verify("swarm-1", keys.PURPOSE_ECHO, b"x", *made))
        self.assertFalse(ring.verify("swarm-2", keys.PURPOSE_RECORD, b"x", *made))
        self.assertFalse(ring.verify("swarm-1", keys.PURPOSE_RECORD, b"y", *made))


class Datagrams(unittest.TestCase):
    def test_the_labels_are_those_of_the_spec(self):
        tables = "\n".join(line for line in SPEC.splitlines() if line.startswith("|"))
        named = set(re.findall(r"`([a-z]+(?:_[a-z]+)*)`", tables)) & set(receiver.DROPS)
        self.assertEqual(named, set(receiver.DROPS))

    def test_a_header_has_the_bytes_of_the_table(self):
        peer = stories.Peer()
        data = peer.seal(b"items", counter=2**64 - 2)
        self.assertEqual(data[:32].hex(), "7667018f" "d13f0a21" "d1462cc0" "e116c9cb"
                         + "11" * 8 + "ff" * 7 + "fe")
        self.assertEqual(data[48:], b"items")
        self.assertEqual(datagram.parse(data)[0]["counter"], 2**64 - 2)

    def test_what_an_echo_signs_has_32_bytes(self):
        self.assertEqual(len(items.echo_bytes(stories.Peer().echo("swarm-2", 5))), 32)

    def test_ages_are_rounded_up(self):
        for age_ns, age_us in ((0, 0), (1, 1), (1000, 1), (1001, 2), (2**64 - 1, 2**32 - 1)):
            self.assertEqual(sender.age_us(age_ns), age_us)

    def test_a_counter_is_new_once_whatever_the_order(self):
        rng = random.Random(3)
        for _ in range(200):
            window, newest, taken = Window(1), 0, set()
            for _ in range(100):
                counter = max(0, newest + rng.randint(-70, 10))
                new = counter > 0 and counter not in taken and newest - counter < 64
                self.assertEqual(window.is_new(counter), new)
                if new:
                    window.remember(counter)
                    taken.add(counter)
                    newest = max(newest, counter)

    def test_the_notation_is_read_as_it_was_written(self):
        message = {"answer": 2**64 - 1, "question": {"id": 1, "about": [5]}, "echoes": [
            stories.Peer().echo("swarm-2", 2**63)], "asks": []}
        self.assertEqual(notation.read(notation.write(message)), message)


if __name__ == "__main__":
    unittest.main()
