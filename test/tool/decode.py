#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""decode.py VIPGOSSIP: `vipgossip decode` over every golden vector, in every form of capture.

What it must say of a datagram is what the vectors in proto/vectors say becomes of it.
"""
import base64
import json
import os
import pathlib
import random
import struct
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "proto/reference"))
import pcap  # noqa: E402

VECTORS = sorted((ROOT / "proto/vectors").glob("*.json"))
PROGRAM = None
PORT = 7112
SEED = 20261122
BAD_HEADERS = ("too_short", "too_long", "magic", "version")
# Of another cluster, or between nodes of which one is unknown: nobody here has the key.
BETWEEN_OTHERS = ("unknown_cluster", "unknown_sender", "reflected", "wrong_receiver")


def vectors():
    for path in VECTORS:
        for vector in json.loads(path.read_text(encoding="ascii"))["vectors"]:
            if not vector.get("refused"):
                yield vector


def decode(arguments, data=b""):
    environment = {"PATH": os.environ["PATH"], "TZ": "UTC"}
    return subprocess.run([PROGRAM, "decode", *arguments], input=data, env=environment,
                          capture_output=True, timeout=60, check=False)


def shown(result):
    """What is said of each datagram, without the line that says where it came from."""
    text = result.stdout.decode()
    parts = ("\n" + text).split("\ndatagram ")[1:]
    return [part.split("\n", 1)[1].strip("\n") for part in parts]


def base64_of(digits):
    return base64.b64encode(bytes.fromhex(digits)).decode()


class Files:
    """A configuration and its keys, as a vector's node has them."""

    def __init__(self, directory, node):
        self._directory = pathlib.Path(directory)
        keys = self._secret("cluster.key", "\n".join(map(base64_of, node["cluster_keys"])))
        lines = [f'cluster = "{node["cluster"]}"', f'key_file = "{keys}"']
        if "node_key" in node:
            own = self._secret("node.key", base64_of(node["node_key"]))
            lines.append(f'node_key_file = "{own}"')
        for number, other in enumerate(node["nodes"], 1):
            public = other.get("public_key")
            lines.append(f'node "{other["name"]}" {{ address = {{"192.0.2.{number}"}}'
                         + (f' public_key = "{base64_of(public)}"' if public else "") + " }")
        lines.append('vip "ingress" { address = {"192.0.2.100"} }')
        self.config = self._directory / "vipgossip.conf"
        self.config.write_text("\n".join(lines) + "\n", encoding="ascii")

    def _secret(self, name, text):
        path = self._directory / name
        path.write_text(text + "\n", encoding="ascii")
        path.chmod(0o600)
        return path

    def decode(self, data, *arguments):
        return decode(["--config", str(self.config), *arguments], data)


# --- forms of captures ---

def udp4(data):
    packet = pcap.capture([("192.0.2.1", "192.0.2.2", data)])
    return packet[24 + 16:]


def udp6(data):
    source, target = b"\x20\x01\x0d\xb8" + bytes(11) + b"\x01", b"\x20\x01\x0d\xb8" + bytes(12)
    udp = struct.pack("!HHHH", PORT, PORT, 8 + len(data), 0) + data
    return struct.pack("!IHBB", 0x60000000, len(udp), 17, 64) + source + target + udp


def ethernet(packet, vlans=0):
    kind = b"\x08\x00" if packet[0] >> 4 == 4 else b"\x86\xdd"
    return bytes(12) + b"\x81\x00\x00\x07" * vlans + kind + packet + bytes(4)


def old(packets, link, order="<", magic=0xA1B2C3D4):
    parts = [struct.pack(order + "IHHiIII", magic, 2, 4, 0, 0, 65535, link)]
    for packet in packets:
        parts.append(struct.pack(order + "IIII", 7, 5, len(packet), len(packet)) + packet)
    return b"".join(parts)


def block(kind, body, order):
    body += bytes(-len(body) % 4)
    length = struct.pack(order + "I", len(body) + 12)
    return struct.pack(order + "I", kind) + length + body + length


def new(packets, link, order="<"):
    parts = [block(0x0A0D0D0A, struct.pack(order + "IHHq", 0x1A2B3C4D, 1, 0, -1), order),
             block(1, struct.pack(order + "HHIHHIHH", link, 0, 0, 9, 1, 9, 0, 0), order),
             block(5, bytes(12), order)]
    for packet in packets:
        head = struct.pack(order + "IIIII", 0, 1, 2, len(packet), len(packet))
        parts.append(block(6, head + packet, order))
    return b"".join(parts)


def forms(datagrams):
    four = [udp4(data) for data in datagrams]
    six = [udp6(data) for data in datagrams]
    yield "pcap, bare IP", old(four, 101)
    yield "pcap, the other order of bytes", old(four, 101, ">")
    yield "pcap, nanoseconds", old(four, 101, magic=0xA1B23C4D)
    yield "Ethernet", old(map(ethernet, four), 1)
    yield "two VLANs", old([ethernet(packet, 2) for packet in four], 1)
    yield "IPv6", old(map(ethernet, six), 1)
    yield "any", old([bytes(14) + b"\x08\x00" + packet for packet in four], 113)
    yield "any, second form", old([b"\x86\xdd" + bytes(18) + packet for packet in six], 276)
    yield "loopback", old([b"\x02\0\0\0" + packet for packet in four], 0)
    yield "pcapng", new(map(ethernet, four), 1)
    yield "pcapng, the other order of bytes", new(map(ethernet, six), 1, ">")
    lines = [data.hex() for data in datagrams]
    yield "hexadecimal, a line each", "\n".join(lines).encode()
    yield "hexadecimal, CR and no empty line", ("# all\r\n" + "\r\n".join(lines)).encode()
    dumps = ["\n".join(data[at:at + 16].hex(":") for at in range(0, len(data), 16))
             for data in datagrams]
    yield "hexadecimal, many lines each", "\n\n".join(dumps).encode()


class Decode(unittest.TestCase):
    def setUp(self):
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.directory = pathlib.Path(scratch.name)
        self.good = [vector for vector in vectors() if "public_key" not in json.dumps(vector)
                     and len(vector["node"]["cluster_keys"]) == 1]

    def messages(self, count):
        """Some datagrams that are whole, and the files to read them with."""
        found = [bytes.fromhex(step["receive"]) for vector in self.good
                 for step in vector["steps"] if step.get("message")]
        self.assertGreater(len(found), count)
        return Files(self.directory, self.good[0]["node"]), found[:count]

    def test_every_vector_becomes_what_a_receiver_makes_of_it(self):
        seen = 0
        for vector in vectors():
            steps = [step for step in vector["steps"] if step.get("receive")]
            if not steps:
                continue
            data = [bytes.fromhex(step["receive"]) for step in steps]
            files = Files(self.directory, vector["node"])
            result = files.decode(old([udp4(one) for one in data], 101))
            said = shown(result)
            self.assertEqual(len(said), len(steps), vector["name"])
            for step, text in zip(steps, said):
                with self.subTest(vector["name"], about=step.get("about")):
                    self.judge(step, text)
                    seen += 1
        self.assertGreater(seen, 300)

    def judge(self, step, text):
        counts = step.get("counts", {})
        if any(drop in counts for drop in BAD_HEADERS):
            self.assertTrue(text.lstrip().startswith("dropped"), text)
        elif "mac" in counts:
            self.assertIn("MAC WRONG", text)
        elif "malformed" in counts:
            self.assertIn("malformed", text)
        elif not any(drop in counts for drop in BETWEEN_OTHERS):
            self.assertIn("MAC       good", text)
        if step.get("message"):
            self.assertNotIn("malformed", text)
        for record in (step.get("message") or {}).get("records", []):
            self.assertIn(f"seq {int(record['record']['seq'], 16)}", text)

    def test_every_form_of_a_capture_says_the_same(self):
        files, datagrams = self.messages(12)
        expected = None
        for name, data in forms(datagrams):
            with self.subTest(name):
                result = files.decode(data)
                self.assertEqual(result.returncode, 0, result.stderr)
                said = shown(result)
                self.assertEqual(len(said), len(datagrams))
                expected = expected or said
                self.assertEqual(said, expected)

    def test_a_file_says_the_same_as_standard_input(self):
        files, datagrams = self.messages(3)
        path = self.directory / "capture"
        path.write_bytes(old([udp4(data) for data in datagrams], 101))
        expected = files.decode(path.read_bytes()).stdout
        self.assertEqual(files.decode(b"", str(path)).stdout, expected)
        self.assertEqual(files.decode(path.read_bytes(), "-").stdout, expected)

    def test_names_and_times_are_told(self):
        files, datagrams = self.messages(1)
        text = files.decode(old([udp4(datagrams[0])], 101)).stdout.decode()
        self.assertIn("192.0.2.1 port 7112 to 192.0.2.2 port 7112", text)
        self.assertIn(", 1970-01-01 00:00:07.000005\n", text)
        self.assertIn("cluster swarm, from swarm-1 to swarm-2", text)

    def test_without_a_key_there_is_the_header_and_why(self):
        files, datagrams = self.messages(1)
        (self.directory / "cluster.key").chmod(0o644)
        result = files.decode(datagrams[0].hex().encode())
        self.assertEqual(result.returncode, 0)
        text = result.stdout.decode()
        self.assertIn("cluster swarm, from swarm-1 to swarm-2", text)
        self.assertIn("without the key nobody knows who wrote it", text)
        self.assertIn("cluster.key", text)
        self.assertNotIn("record", text)
        if not pathlib.Path("/etc/vipgossip/vipgossip.conf").exists():
            text = decode([], datagrams[0].hex().encode()).stdout.decode()
            self.assertIn("cluster d13f0a21, from d1462cc0 to e116c9cb", text)
            self.assertIn("--config FILE names the configuration", text)

    def test_another_cluster_is_named_and_a_wrong_mac_too(self):
        files, datagrams = self.messages(1)
        other = bytearray(datagrams[0])
        other[4] ^= 1
        result = files.decode(bytes(other).hex().encode())
        self.assertEqual(result.returncode, 0)
        self.assertIn(b"between others than nodes of cluster swarm", result.stdout)
        wrong = bytearray(datagrams[0])
        wrong[-1] ^= 1
        result = files.decode(bytes(wrong).hex().encode())
        self.assertEqual(result.returncode, 1)
        self.assertIn(b"MAC WRONG", result.stdout)

    def test_what_was_cut_off_is_not_guessed(self):
        files, datagrams = self.messages(1)
        packet = udp4(datagrams[0])[:-5]
        result = files.decode(old([packet], 101))
        self.assertIn(b"tcpdump -s 0", result.stdout)

    def test_other_traffic_is_counted_and_no_datagram_at_all_is_a_failure(self):
        files, datagrams = self.messages(1)
        web = bytearray(udp4(datagrams[0]))
        web[20:24] = struct.pack("!HH", 53, 53)
        arp = bytes(12) + b"\x08\x06" + bytes(28)
        noise = [ethernet(bytes(web)), arp, b""]
        result = files.decode(old([*noise, ethernet(udp4(datagrams[0]))], 1))
        self.assertEqual(result.returncode, 0)
        self.assertIn(b"3 other packets", result.stdout)
        result = files.decode(old(noise, 1))
        self.assertEqual((result.returncode, result.stdout), (1, b""))
        self.assertIn(b"no datagram from or to port 7112", result.stderr)

    def test_what_is_no_capture_is_refused_with_its_place(self):
        files, _ = self.messages(1)
        for data, said in ((b"76 67\nxx", b"line 2"), (b"7", b"half a byte"), (b"", b"no datagram"),
                           (b"76\x00", b"line 1"), (b"76" * 65536, b"more bytes than"),
                           (b"\xd4\xc3\xb2\xa1\x02", b"ends within its header"),
                           (b"\x0a\x0d\x0d\x0a" + bytes(20), b"no order of bytes")):
            with self.subTest(said):
                result = files.decode(data)
                self.assertEqual((result.returncode, result.stdout), (1, b""))
                self.assertIn(said, result.stderr)
        result = decode(["--config", str(self.directory / "nothing.conf")], b"76")
        self.assertEqual((result.returncode, result.stdout), (1, b""))
        self.assertIn(b"nothing.conf", result.stderr)

    def test_broken_captures_end_with_a_word_and_never_with_a_signal(self):
        files, datagrams = self.messages(4)
        rng = random.Random(SEED)
        print(f"seed {SEED}", file=sys.stderr)
        whole = [data for _, data in forms(datagrams)]
        for _ in range(300):
            data = bytearray(rng.choice(whole))
            for _ in range(rng.choice((0, 1, 4))):
                at = rng.randrange(min(len(data), 160) if rng.random() < 0.7 else len(data))
                data[at] = rng.choice((0, 1, 0x7F, 0x80, 0xFF, rng.randrange(256)))
            if rng.random() < 0.5:
                del data[rng.randrange(len(data)):]
            result = files.decode(bytes(data))
            self.assertIn(result.returncode, (0, 1), bytes(data).hex())
            self.assertNotIn(b"Sanitizer", result.stderr)
            if result.returncode == 1 and not result.stdout:
                self.assertTrue(result.stderr)


if __name__ == "__main__":
    PROGRAM = sys.argv.pop(1)
    unittest.main()
