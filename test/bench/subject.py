# SPDX-License-Identifier: MIT
"""The two programs under measurement, behind the same verbs, each in a network of its own."""
import contextlib
import json
import pathlib
import shutil
import signal
import tempfile
import time

from lab import client, config, daemon, network, watch, wire
from lab import cluster as lab_cluster

VIP = "10.77.0.100"
INTERVAL_MS = 100
PRIORITIES = (200, 100, 90, 80, 70)
SETTLE_SECONDS = 20
NS_PER_MS = 1e6


class Subject:
    """N nodes of one program; n1 has the highest priority, then n2 and so on."""

    def __init__(self, nodes=3, addresses=(VIP,)):
        self.addresses = list(addresses)
        self.directory = pathlib.Path(tempfile.mkdtemp(prefix="vg-bench-"))
        self.stack = contextlib.ExitStack()
        self.stack.callback(shutil.rmtree, self.directory, ignore_errors=True)
        with contextlib.ExitStack() as failing:
            failing.callback(self.close)
            self.net = network.Network(nodes)
            self.stack.callback(self.net.close)
            self.watch = watch.Watch(self.net)
            self.stack.callback(self.watch.close)
            self.stack.callback(client.Services(self.net).close)
            self.nodes = {f"n{i}": self.make_node(f"n{i}", i - 1, nodes)
                          for i in range(1, nodes + 1)}
            for node in self.nodes.values():
                self.stack.callback(node.close)
            failing.pop_all()

    def make_node(self, name, index, count):
        raise NotImplementedError

    def __enter__(self):
        return self

    def __exit__(self, *_error):
        self.close()

    def close(self):
        self.stack.close()

    def client(self):
        one = client.Client(self.net, self.addresses[0])
        self.stack.callback(one.close)
        return one

    def start(self, *names):
        for name in names or self.nodes:
            self.nodes[name].start()

    def wait(self, predicate, what, seconds=SETTLE_SECONDS):
        deadline = time.monotonic() + seconds
        while not predicate():
            if time.monotonic() > deadline:
                logs = "\n".join(node.log_text()[-1500:] for node in self.nodes.values())
                raise TimeoutError(f"{type(self).__name__}: not after {seconds} s: {what}\n{logs}")
            self.watch.wait(0.02)

    def holds(self, name):
        """This node, and nobody else, has the last address: they are added in order."""
        return self.watch.holders(self.addresses[-1]) == {name}

    def settle(self, name="n1"):
        """Held by this node alone, and quiet for ten beats: no announcement is on its way."""
        self.wait(lambda: self.holds(name), f"{name} holds")
        time.sleep(10 * INTERVAL_MS / 1000)

    def wait_phase(self, phase):
        """Until that part (0 to 1) of an interval after a heartbeat of n1. Where in the interval a
        fault falls decides over up to one interval of outage: rounds are to spread evenly."""
        wire.wait_beat(self.net, "n1")
        time.sleep(phase * INTERVAL_MS / 1000)

    def taken_ns(self, name, since_ns, address=VIP):
        """When this node took the address, after that moment; None if it did not."""
        return next((start for start, _ in self.watch.intervals(address).get(name, ())
                     if start > since_ns), None)

    def dual_ms(self, since_ns):
        return self.watch.dual_ms(self.addresses[0], since_ns)

    def pss_kb(self, name):
        """Memory of all processes of one node, shared pages divided among their users."""
        total = 0
        for pid in self.nodes[name].pids():
            text = pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii")
            total += int(next(line.split()[1] for line in text.splitlines()
                              if line.startswith("Pss:")))
        return total

    def cpu_ms(self, name):
        """Processor time of all processes of one node so far."""
        texts = [pathlib.Path(f"/proc/{pid}/schedstat").read_text(encoding="ascii")
                 for pid in self.nodes[name].pids()]
        return sum(int(text.split()[0]) for text in texts) / NS_PER_MS

    def sent_bytes(self, name):
        """Bytes that left the node's interface so far, Ethernet header included."""
        statistics = self.net.hosts[name].ns.run("ip", "-s", "-s", "-j", "link", "show", "eth0")
        return json.loads(statistics)[0]["stats64"]["tx"]["bytes"]

    def worker_pid(self, name):
        """The process that speaks on the network."""
        return self.nodes[name].pids()[-1]

    def kill_worker(self, name, number=signal.SIGKILL):
        network.kill([self.worker_pid(name)], number)


class Keepalived(Subject):
    """Debian's keepalived: VRRPv3, unicast, advert_int 0.1."""

    label = "keepalived"

    def make_node(self, name, index, count):
        node = daemon.Keepalived(self.net.hosts[name], self.directory / name)
        peers = [self.net.hosts[f"n{i}"].v4 for i in range(1, count + 1) if f"n{i}" != name]
        node.write_config(PRIORITIES[index], self.addresses, peers, INTERVAL_MS)
        return node


class Vipgossip(Subject):
    """vipgossip at interval 100ms, mode available."""

    label = "vipgossip"

    def make_node(self, name, index, count):
        if index == 0:
            self.key = lab_cluster.keygen()
        node = daemon.Vipgossip(self.net.hosts[name], self.directory / name)
        node.write_key(self.key)
        node.write_config(config.merge(lab_cluster.base_config(self.net, count), {
            "interval": f"{INTERVAL_MS}ms", "vip": {"web": {"address": self.addresses}},
            "node": {f"n{i + 1}": {"priority": PRIORITIES[i]} for i in range(count)}}))
        return node

    def worker_pid(self, name):
        return self.nodes[name].engine_pid()


class VipgossipQuorum(Vipgossip):
    """The same in mode quorum, with the default lease."""

    def make_node(self, name, index, count):
        node = super().make_node(name, index, count)
        node.write_config(config.merge(lab_cluster.base_config(self.net, count), {
            "interval": f"{INTERVAL_MS}ms",
            "vip": {"web": {"address": self.addresses, "mode": "quorum"}},
            "node": {f"n{i + 1}": {"priority": PRIORITIES[i]} for i in range(count)}}))
        return node


BOTH = (Keepalived, Vipgossip)
