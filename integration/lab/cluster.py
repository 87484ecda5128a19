# SPDX-License-Identifier: MIT
"""A cluster of vipgossip nodes in a network of its own."""
import pathlib
import shutil
import subprocess
import tempfile
import time

from lab import client, config, daemon, network, paths, watch

VIP = "10.77.0.100"
PRIORITIES = (200, 150, 100, 80, 60)
POLL_SECONDS = 0.05
# A well-formed key that no cluster uses.
KEY_EXAMPLE = "dmlwZ29zc2lwIHRlc3Qga2V5LCBub3QgYSBzZWNyZXQ="


def keygen():
    return subprocess.run([paths.TOOL, "keygen"], capture_output=True, text=True, timeout=10,
                          check=True).stdout


def base_config(net, nodes):
    """The file of a plain cluster: priorities 200, 150, 100..., one VIP named web."""
    return {
        "cluster": "lab",
        "interval": "100ms",
        "node": {f"n{i}": {"address": [net.hosts[f"n{i}"].v4], "priority": PRIORITIES[i - 1]}
                 for i in range(1, nodes + 1)},
        "vip": {"web": {"address": [VIP]}},
    }


class Cluster:
    """Nodes n1..nN with the same file. Nothing runs before start()."""

    def __init__(self, nodes=3, services=False, **changes):
        self.directory = pathlib.Path(tempfile.mkdtemp(prefix="vg-lab-"))
        self.closers = [lambda: shutil.rmtree(self.directory, ignore_errors=True)]
        try:
            self.net = network.Network(nodes)
            self.closers.append(self.net.close)
            self.watch = watch.Watch(self.net)
            self.closers.append(self.watch.close)
            if services:
                self.closers.append(client.Services(self.net).close)
            self.config = config.merge(base_config(self.net, nodes), changes)
            self.key = keygen()
            self.nodes = {}
            for number in range(1, nodes + 1):
                self.add_node(f"n{number}")
        except BaseException:
            self.close()
            raise

    def add_node(self, name, host=None):
        node = daemon.Vipgossip(host or self.net.hosts[name], self.directory / name)
        node.write_key(self.key)
        node.write_config(self.config)
        self.nodes[name] = node
        self.closers.append(node.close)
        return node

    def __getitem__(self, name):
        return self.nodes[name]

    def close(self):
        """Takes everything away, whatever happened; the last thing made goes first."""
        while self.closers:
            try:
                self.closers.pop()()
            except Exception as error:  # the rest has to go all the same
                print(f"cluster: closing: {error}")

    def client(self, address=VIP):
        one = client.Client(self.net, address)
        self.closers.append(one.close)
        return one

    def start(self, *names):
        """Starts these nodes, or all."""
        for name in names or self.nodes:
            self.nodes[name].start()
        return self

    # Waiting. Every wait ends with an event or a failure that says what was waited for.

    def wait_until(self, predicate, what, seconds=10):
        """Until the predicate is true; looks again at each change of an address, or soon."""
        deadline = time.monotonic() + seconds
        while True:
            result = predicate()
            if result:
                return result
            if time.monotonic() > deadline:
                raise AssertionError(f"after {seconds} s still not: {what}\n{self.report()}")
            self.watch.wait(POLL_SECONDS)

    def wait_holder(self, name, address=VIP, seconds=10):
        """Until that node, and nobody else, has the address in its kernel; None: nobody has."""
        wanted = set() if name is None else {name}
        return self.wait_until(lambda: self.holders(address) == wanted,
                               f"{address} held by {name or 'nobody'}", seconds)

    def wait_agreed(self, name, vip="web", nodes=None, seconds=10):
        """Until every node says that this one holds the VIP."""
        def agreed():
            views = [self.nodes[node].vip(vip) for node in nodes or self.running()]
            return bool(views) and all(view and view["holder"] == name for view in views)
        return self.wait_until(agreed, f"every node says that {name} holds {vip}", seconds) or True

    def wait_alive(self, observer, name, state="alive", seconds=10):
        def seen():
            node = self.nodes[observer].sees(name)
            return node is not None and node["state"] == state
        return self.wait_until(seen, f"{observer} says that {name} is {state}", seconds)

    def settle(self, name="n1", address=VIP, seconds=10):
        """Until this node holds, all agree, and all know each other alive."""
        self.wait_holder(name, address, seconds)
        running = self.running()
        self.wait_agreed(name, nodes=running, seconds=seconds)
        for observer in running:
            for other in running:
                self.wait_alive(observer, other, seconds=seconds)

    def stable(self, states=("alive", "left")):
        """VIP to holder, if each has one, the one that every node elects and names, and all nodes
        are in one of these states; else None."""
        views = [self.nodes[name].status() for name in self.running()]
        if not views or None in views:
            return None
        result = {}
        for name, vip in self.config["vip"].items():
            holders = self.holders(vip["address"][0])
            elected = {node["elects"].get(name) for view in views for node in view["nodes"]
                       if node["state"] == "alive"}
            named = {one["holder"] for view in views for one in view["vips"]
                     if one["name"] == name}
            if len(holders) != 1 or elected != holders or named != holders:
                return None
            result[name] = next(iter(holders))
        if any(node["state"] not in states for view in views
               for node in view["nodes"]):
            return None
        return result

    def wait_stable(self, seconds=15):
        return self.wait_until(self.stable, "each VIP has the one holder that all elect", seconds)

    def quiet(self, seconds, check):
        """For so long, at every look, the check holds: for what must not happen."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            assert check(), self.report()
            self.watch.wait(POLL_SECONDS)

    # Measuring.

    def running(self):
        return [name for name, node in self.nodes.items() if node.pids()]

    def holders(self, address=VIP):
        return self.watch.holders(address)

    def dual_ms(self, address=VIP, since_ns=0):
        return self.watch.dual_ms(address, since_ns)

    def max_gap_ms(self, address=VIP, since_ns=0):
        return self.watch.max_gap_ms(address, since_ns)

    def changes(self, address=VIP):
        return self.watch.changes(address)

    def report(self):
        """The last lines of every log and the last events, for a failure's text."""
        parts = []
        for name, node in self.nodes.items():
            tail = node.log_text().splitlines()[-25:]
            parts.append(f"--- {name}, log\n" + "\n".join(tail))
        virtual = {address for vip in self.config["vip"].values() for address in vip["address"]}
        parts.append("--- addresses\n" + "\n".join(
            f"{event.at_ns / 1e6:.1f} ms {event.host} {'add' if event.added else 'del'} "
            f"{event.address}" for event in self.watch.snapshot()[-200:]
            if event.address in virtual))
        return "\n".join(parts)
