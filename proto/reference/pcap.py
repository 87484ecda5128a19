#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""pcap.py FILE...: the datagrams of these vectors as a capture, on standard output.

For Wireshark: pcap.py ../vectors/*.json > vectors.pcap
"""
import json
import pathlib
import socket
import struct
import sys

PORT = 7112
LINKTYPE_RAW = 101  # IP without a link layer
SNAP_BYTES = 65535


def _checksum(header):
    total = sum(struct.unpack("!10H", header))
    total = (total & 0xFFFF) + (total >> 16)
    return ~((total & 0xFFFF) + (total >> 16)) & 0xFFFF


def _packet(source, target, data):
    """An IPv4 packet of one UDP datagram, without UDP's checksum."""
    udp = struct.pack("!HHHH", PORT, PORT, 8 + len(data), 0) + data
    ip = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(udp), 0, 0, 64, socket.IPPROTO_UDP, 0,
                     socket.inet_aton(source), socket.inet_aton(target))
    return ip[:10] + struct.pack("!H", _checksum(ip)) + ip[12:] + udp


def capture(datagrams):
    """`datagrams` are (source, target, bytes), one per second of the capture."""
    parts = [struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, SNAP_BYTES, LINKTYPE_RAW)]
    for second, (source, target, data) in enumerate(datagrams):
        packet = _packet(source, target, data)
        parts.append(struct.pack("<IIII", second, 0, len(packet), len(packet)) + packet)
    return b"".join(parts)


def of_vectors(paths):
    """Every datagram that the vectors receive or send."""
    found = []
    for path in paths:
        for vector in json.loads(pathlib.Path(path).read_text(encoding="ascii"))["vectors"]:
            for step in vector["steps"]:
                texts = [step["receive"]] if "receive" in step else step.get("datagrams", [])
                found += map(bytes.fromhex, texts)
    return found


if __name__ == "__main__":
    sys.stdout.buffer.write(capture([("192.0.2.1", "192.0.2.2", data)
                                     for data in of_vectors(sys.argv[1:])]))
