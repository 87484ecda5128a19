# SPDX-License-Identifier: MIT
"""Hosts on one bridge, and faults of the network between them.

    n1 --.              10.77.0.1, fd77::1
    n2 --+-- bridge     10.77.0.2, fd77::2    each host: eth0, /16 and /64
    n3 --'     |        10.77.0.3, fd77::3
             client     10.77.0.200, fd77::200

Loss and cuts are nftables rules on the bridge: netem is missing from many kernels, and carrier
stays up as it does behind a switch.
"""
import contextlib
import itertools
import os
import signal
import time

from lab import netns

CLIENT = "client"
CLIENT_NUMBER = 200
V4 = "10.77.0.{}"
V6 = "fd77::{}"
COUNTER = itertools.count()


class Host:
    """A namespace with one interface, eth0, whose other end is a port of the bridge."""

    def __init__(self, switch, prefix, name, number):
        self.name = name
        self.v4 = V4.format(number)
        self.v6 = V6.format(number)
        self.ns = netns.Netns(f"{prefix}-{name}")
        self.ns.sysctl(net__ipv6__conf__default__accept_dad=0,
                       net__ipv6__conf__default__router_solicitations=0)
        switch.ip(f"link add {name} type veth peer name eth0 netns {self.ns.name}",
                  f"link set {name} master br0 up")
        self.ns.ip("link set lo up", "link set eth0 up", f"addr add {self.v4}/16 dev eth0",
                   f"addr add {self.v6}/64 dev eth0 nodad")
        self.mac = self.ns.mac()

    def add_address(self, address):
        self.ns.ip(f"addr add {address} dev eth0")

    def pids(self):
        return [int(pid) for pid in netns.run("ip", "netns", "pids", self.ns.name).split()]


class Network:
    """A bridge with hosts n1..nN and, unless told otherwise, a client."""

    def __init__(self, nodes, client=True):
        netns.adopt_orphans()
        self.prefix = f"vg-{os.getpid()}-{next(COUNTER)}"
        self.hosts = {}
        self.rules = []
        self.isolated = set()
        self.switch = netns.Netns(f"{self.prefix}-sw")
        self.switch.ip("link add br0 type bridge mcast_snooping 0 forward_delay 0",
                       "link set br0 up")
        for number in range(1, nodes + 1):
            self.add_host(f"n{number}", number)
        if client:
            self.add_host(CLIENT, CLIENT_NUMBER)

    def add_host(self, name, number):
        self.hosts[name] = Host(self.switch, self.prefix, name, number)
        return self.hosts[name]

    def close(self):
        for host in self.hosts.values():
            host.ns.remove()
        self.switch.remove()
        netns.collect_orphans()

    # Faults, until heal() takes them all away.

    def cut(self, a, b, both=True):
        """Nothing from a reaches b; with `both`, nor the other way."""
        self.rules.append(f'iifname "{a}" oifname "{b}" drop')
        if both:
            self.rules.append(f'iifname "{b}" oifname "{a}" drop')
        self.apply()

    def isolate(self, name):
        """Nothing from or to this host: a dead switch port whose carrier is still there. The state
        of the port takes effect at once; a change of rules waits tens of milliseconds."""
        self.isolated.add(name)
        self.set_port(name, "0")

    def isolate_from(self, name, others):
        for other in others:
            self.cut(name, other)

    def loss(self, percent, match="meta l4proto { udp, 112 }"):
        """Drops that part of the datagrams between hosts, at random."""
        self.rules.append(f"{match} numgen random mod 100 < {percent} drop")
        self.apply()

    def set_port(self, name, state):
        """0 is disabled, 3 is forwarding. (`ip link set ... state 0` is taken and does nothing.)"""
        netns.run("bridge", "-n", self.switch.name, "link", "set", "dev", name, "state", state)

    def heal(self):
        for name in self.isolated:
            self.set_port(name, "3")
        self.isolated.clear()
        if self.rules:
            self.rules = []
            self.apply()

    def apply(self):
        rules = "".join(f"add rule bridge vg forward {rule}\n" for rule in self.rules)
        self.switch.run("nft", "-f", "-", stdin=(
            "add table bridge vg\n"
            "add chain bridge vg forward { type filter hook forward priority 0; }\n"
            "flush chain bridge vg forward\n" + rules))

    def link(self, name, up):
        """The host's own interface, as `ip link set eth0 down` on it."""
        self.hosts[name].ns.ip(f"link set eth0 {'up' if up else 'down'}")

    def flush_neighbours(self, name=CLIENT):
        """The host has not spoken to anybody yet."""
        self.hosts[name].ns.ip("neigh flush all")


def children(pid):
    """Every process below `pid`."""
    with contextlib.suppress(OSError), \
            open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as file:
        for child in file.read().split():
            yield int(child)
            yield from children(int(child))


def kill(pids, number=signal.SIGKILL):
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)


def reap(pids):
    """Collects what a killed parent left to this process (see netns.adopt_orphans)."""
    for pid in pids:
        with contextlib.suppress(ChildProcessError):
            os.waitpid(pid, 0)


def gone(pid):
    """True once the process is a zombie or less."""
    try:
        with open(f"/proc/{pid}/stat", encoding="ascii", errors="replace") as file:
            return file.read().rpartition(")")[2].split()[0] in ("Z", "X")
    except OSError:
        return True


def wait_gone(pids, timeout=5):
    deadline = time.monotonic() + timeout
    while time.monotonic() < deadline:
        if all(gone(pid) for pid in pids):
            return True
        time.sleep(0.002)
    return False
