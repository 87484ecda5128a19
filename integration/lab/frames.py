# SPDX-License-Identifier: MIT
"""ARP and neighbour advertisements on the wire, taken apart by tshark: a parser of others."""
import contextlib
import ipaddress
import json
import pathlib
import socket
import struct
import subprocess
import tempfile
import threading
import time

from lab import wire

LINKTYPE_ETHERNET = 1
SNAP_BYTES = 65535
NS_PER_S = 10**9
FIELDS = ("frame.time_epoch", "eth.src", "eth.dst", "arp.opcode", "arp.src.hw_mac",
          "arp.src.proto_ipv4", "arp.dst.hw_mac", "arp.dst.proto_ipv4", "ipv6.src", "ipv6.dst",
          "ipv6.hlim", "icmpv6.type", "icmpv6.nd.na.target_address", "icmpv6.nd.na.flag.o",
          "icmpv6.nd.na.flag.s", "icmpv6.nd.na.flag.r", "icmpv6.opt.linkaddr",
          "icmpv6.checksum.status")
BROADCAST = "ff:ff:ff:ff:ff:ff"
ALL_NODES = ("33:33:00:00:00:01", "ff02::1")


class Frame:
    """What one line of tshark says; what a frame does not have is an empty string."""

    def __init__(self, line):
        values = dict(zip(FIELDS, line.split("|")))
        self.at_ms = float(values.pop("frame.time_epoch")) * 1000
        self.fields = values
        self.source, self.target = values["eth.src"], values["eth.dst"]

    def __repr__(self):
        said = " ".join(f"{key}={value}" for key, value in self.fields.items() if value)
        return f"<{self.at_ms:.1f} ms {said}>"

    @property
    def arp(self):
        """(operation, sender's MAC, sender, target's MAC, target) of an ARP frame."""
        return tuple(self.fields[key] for key in FIELDS[3:8])

    @property
    def address(self):
        """Of whom it says where he is; an ARP probe says nothing."""
        return self.fields["arp.src.proto_ipv4"] or self.fields["icmpv6.nd.na.target_address"]


class Tap:
    """Everything through one port of the bridge, from start to stop()."""

    def __init__(self, net, host):
        self.tap = wire.open_tap(net, host)
        self.tap.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8 << 20)
        self.tap.settimeout(0.1)
        self.frames = []
        self.running = True
        self.thread = threading.Thread(target=self.follow, daemon=True)
        self.thread.start()

    def follow(self):
        while self.running:
            with contextlib.suppress(TimeoutError):
                frame = self.tap.recv(2048)
                self.frames.append((time.monotonic_ns(), frame))

    def stop(self):
        self.running = False
        self.thread.join(5)
        self.tap.close()
        return self

    def now_ms(self):
        """On the clock of the frames."""
        return time.monotonic_ns() / 1e6

    def pcap(self):
        parts = [struct.pack("<IHHiIII", 0xA1B23C4D, 2, 4, 0, 0, SNAP_BYTES, LINKTYPE_ETHERNET)]
        for at_ns, frame in list(self.frames):
            parts.append(struct.pack("<IIII", *divmod(at_ns, NS_PER_S), len(frame), len(frame)))
            parts.append(frame)
        return b"".join(parts)

    def read(self, wanted="arp || icmpv6.type == 136"):
        """The frames so far that this display filter lets through."""
        with tempfile.TemporaryDirectory(prefix="vg-tap-") as directory:
            path = pathlib.Path(directory, "tap.pcap")
            path.write_bytes(self.pcap())
            command = ["tshark", "-n", "-r", path, "-Y", wanted, "-T", "fields", "-E",
                       "separator=|", "-E", "occurrence=f"]
            command += [part for field in FIELDS for part in ("-e", field)]
            done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
        return [Frame(line) for line in done.stdout.splitlines()]

    def beats_ms(self, host):
        """When gossip datagrams left that host."""
        return [at_ns / 1e6 for at_ns, frame in list(self.frames)
                if (found := wire.payload(frame)) is not None and found[0] == host.v4]


def rounds(frames, gap_ms=25):
    """The frames in groups: those that come within that of each other are one round."""
    groups = []
    for frame in sorted(frames, key=lambda one: one.at_ms):
        if not groups or frame.at_ms - groups[-1][-1].at_ms > gap_ms:
            groups.append([])
        groups[-1].append(frame)
    return groups


def mac_bytes(mac):
    return bytes.fromhex(mac.replace(":", ""))


def open_raw(interface):
    """A socket that sends frames; to be called inside the namespace."""
    raw = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
    raw.bind((interface, 0))
    return raw


def checksum(data):
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def claim(mac, address):
    """"That address is here": a gratuitous ARP request, or an advertisement to all nodes."""
    own, packed = mac_bytes(mac), ipaddress.ip_address(address).packed
    if len(packed) == 4:
        return (b"\xff" * 6 + own + struct.pack("!HHHBBH", 0x0806, 1, 0x0800, 6, 4, 1)
                + own + packed + bytes(6) + packed)
    all_nodes = ipaddress.ip_address(ALL_NODES[1]).packed
    body = bytes([0x20, 0, 0, 0]) + packed + bytes([2, 1]) + own
    pseudo = packed + all_nodes + struct.pack("!II", 4 + len(body), socket.IPPROTO_ICMPV6)
    head = bytes([136, 0])
    total = checksum(pseudo + head + bytes(2) + body)
    return (mac_bytes(ALL_NODES[0]) + own + struct.pack("!HIHBB", 0x86DD, 0x60000000,
                                                       4 + len(body), socket.IPPROTO_ICMPV6, 255)
            + packed + all_nodes + head + struct.pack("!H", total) + body)


def ping(ns, address):
    """One datagram to a port that nobody listens on: the way there is looked up."""
    with ns.inside():
        sender = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET,
                               socket.SOCK_DGRAM)
    with sender, contextlib.suppress(OSError):
        sender.sendto(b".", (address, 9))


def cached_mac(ns, address):
    """What that host believes, or None."""
    entries = json.loads(ns.run("ip", "-j", "neigh", "show", "to", address) or "[]")
    return next((entry.get("lladdr") for entry in entries), None)
