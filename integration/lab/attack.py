# SPDX-License-Identifier: MIT
"""An attacker and his means: floods, replays, a history of a cluster that he might have recorded, a
node that lies; and what his victim makes of it."""
import base64
import json
import random
import socket
import struct
import subprocess
import sys
import threading
import time

from lab import paths, wire

sys.path.insert(0, str(paths.ROOT / "proto" / "reference"))
import datagram as datagrams  # noqa: E402
import items  # noqa: E402
import keys  # noqa: E402
import record as records  # noqa: E402

SO_TIMESTAMPNS = 35
NS_PER_MS = 1e6
CORPUS_COUNT = 4000


class Flood:
    """vg-flood on that host, until its time is over; result() waits for that."""

    def __init__(self, host, target, corpus, rate=0, seconds=0, source="-"):
        self.process = subprocess.Popen(
            host.ns.command(paths.tool("vg-flood"), source, target, str(wire.PORT), str(rate),
                            str(seconds)), stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.process.stdin.write(b"".join(struct.pack("!H", len(one)) + one for one in corpus))
        self.process.stdin.close()

    def result(self):
        text = self.process.stdout.read()
        self.process.stdout.close()
        if self.process.wait(10) != 0:
            raise RuntimeError("vg-flood failed")
        return json.loads(text)


class Sink:
    """What a flood costs whoever does nothing with it."""

    def __init__(self, host, priority=()):
        self.process = subprocess.Popen(
            host.ns.command(*priority, paths.tool("vg-flood"), "sink", str(wire.PORT)), text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        if self.process.stdout.readline() != "ready\n":
            raise RuntimeError("the sink does not start")

    def us_per_datagram(self):
        """Ends it."""
        text, _ = self.process.communicate(timeout=10)
        data = json.loads(text)
        return data["cpu_s"] * 1e6 / data["received"]


class Beats:
    """When the datagrams of one node went through the port of another, by the kernel's clock."""

    def __init__(self, net, source, port):
        self.source = net.hosts[source].v4
        self.times_ns = []
        self.tap = wire.open_tap(net, port)
        self.tap.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
        self.running = True
        self.thread = threading.Thread(target=self.follow, daemon=True)
        self.thread.start()

    def follow(self):
        while self.running:
            try:
                frame, control, _, _ = self.tap.recvmsg(2048, 64)
            except TimeoutError:
                continue
            one = wire.payload(frame)
            if one is not None and one[0] == self.source:
                stamp = struct.unpack("qq", control[0][2])
                self.times_ns.append(stamp[0] * 1_000_000_000 + stamp[1])

    def close(self):
        """The longest time without one, in ms, and how many there were."""
        self.running = False
        self.thread.join()
        self.tap.close()
        gaps = [b - a for a, b in zip(self.times_ns, self.times_ns[1:])]
        return max(gaps) / NS_PER_MS, len(self.times_ns)


def cpu_s(pid):
    """How long it ran, and how long it could have run and had no processor."""
    with open(f"/proc/{pid}/schedstat", encoding="ascii") as file:
        return tuple(int(word) / 1e9 for word in file.read().split()[:2])


def rss_kb(pid):
    """Not the proportional set: that changes with whoever else runs the same program."""
    with open(f"/proc/{pid}/smaps_rollup", encoding="ascii") as file:
        return next(int(line.split()[1]) for line in file if line.startswith("Rss:"))


def socket_drops(host):
    """Datagrams for which the kernel had no room."""
    lines = host.ns.run("cat", "/proc/net/udp").splitlines()[1:]
    return sum(int(line.split()[12]) for line in lines)


def forgeries(real, seed=7112):
    """Of a few real datagrams: forged, cut short, with turned bits, too long, of another sender or
    receiver; and noise."""
    generator = random.Random(seed)
    made = []
    while len(made) < CORPUS_COUNT:
        one = bytearray(generator.choice(real))
        kind = generator.randrange(7)
        if kind == 0:
            one = generator.randbytes(generator.choice((0, 1, 31, 47, 48, 200, 1400)))
        elif kind == 1:
            one = one[:generator.randrange(len(one))]
        elif kind == 2:
            one[generator.randrange(len(one))] ^= 1 << generator.randrange(8)
        elif kind == 3:
            one += generator.randbytes(generator.choice((1, 1000, 1401 - len(one), 4000)))
        elif kind == 4:
            one[32:48] = generator.randbytes(16)    # a MAC that was guessed
        elif kind == 5:
            one[8:12], one[12:16] = one[12:16], one[8:12]
        else:
            one[16:32] = generator.randbytes(16)    # another incarnation, another counter
        made.append(bytes(one))
    return made


class Speaker:
    """Has the keys of one node, and says with them what it likes."""

    def __init__(self, cluster, name, **keyring):
        self.name = name
        nodes = dict.fromkeys(cluster.config["node"])
        key = base64.b64decode(cluster.key.split()[0])
        nodes.update(keyring.pop("nodes", {}))
        self.keyring = keys.Keyring(cluster.config["cluster"], nodes,
                                    name, [key], **keyring)
        self.counter = 0

    def record_item(self, record, age_us=0, purpose=keys.PURPOSE_RECORD):
        data = records.encode(record)
        return items.record_item(age_us, *self.keyring.sign(purpose, data), data)

    def echo_item(self, echo):
        number, signature = self.keyring.sign(keys.PURPOSE_ECHO, items.echo_bytes(echo))
        return items.echo_item({**echo, "key_id": number, "signature": signature})

    def seal(self, receiver, incarnation, *body, counter=None):
        self.counter += 1
        header = {"incarnation": incarnation, "counter": counter or self.counter}
        return datagrams.seal(self.keyring, receiver, header, b"".join(body))


def own_record(data):
    """The record that the sender of a captured datagram says of itself, and its incarnation."""
    header, _, _, body = datagrams.parse(data)
    for item in items.decode(body)["records"]:
        if item["record"]["node"] == header["sender"]:
            return item["record"]
    return None


def history(cluster, record, to, hours, restarts=12, seed=7112):
    """What that node would have said to `to` in that time before: a heartbeat each interval of
    200 ms, restarted so many times, in the order in which it was said."""
    generator = random.Random(seed)
    names = {keys.name_id(name): name for name in cluster.config["node"]}
    speaker = Speaker(cluster, names[record["node"]])
    each = max(1, int(hours * 3600 * 5) // (restarts + 1))
    said = []
    for _ in range(restarts + 1):
        incarnation = generator.getrandbits(63) + 1
        speaker.counter = 0
        for seq in range(1, each + 1):
            old = dict(record, incarnation=incarnation, seq=seq)
            said.append(speaker.seal(to, incarnation, speaker.record_item(old)))
    return said


def collect(net, host, seconds):
    """All gossip through this host's port in that time, as (source, target, payload)."""
    found = []
    deadline = time.monotonic() + seconds
    with wire.open_tap(net, host) as tap:
        tap.settimeout(0.2)
        while time.monotonic() < deadline:
            try:
                one = wire.payload(tap.recv(2048))
            except TimeoutError:
                continue
            if one is not None:
                found.append(one)
    return found
