# SPDX-License-Identifier: MIT
"""Who holds an address, as the kernels say: never as the daemons say."""
import subprocess
import threading
import time

from lab import paths

NS_PER_MS = 1e6


class Event:
    """An address came (or was renewed) or went on a host."""

    def __init__(self, line, names):
        fields = line.split()
        self.at_ns = int(fields[0])
        self.host = names[fields[1]]
        self.added = fields[2] == "add"
        self.address, _, prefix = fields[3].partition("/")
        self.prefix = int(prefix)
        self.valid_s, self.scope, self.proto = (int(f.partition("=")[2]) for f in fields[4:7])


class Watch:
    """Follows the addresses of all hosts through netlink, with times of one clock."""

    def __init__(self, network):
        names = {host.ns.name: name for name, host in network.hosts.items()}
        self.changed = threading.Condition()
        self.events = []
        self.process = subprocess.Popen([paths.tool("vg-watch"), *names], text=True,
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        for line in self.process.stdout:
            if line == "ready\n":
                break
            self.events.append(Event(line, names))
        self.thread = threading.Thread(target=self.follow, args=(names,), daemon=True)
        self.thread.start()

    def follow(self, names):
        for line in self.process.stdout:
            with self.changed:
                self.events.append(Event(line, names))
                self.changed.notify_all()

    def close(self):
        self.process.stdin.close()
        self.process.wait(5)
        self.thread.join(5)

    def wait(self, seconds):
        """Until something changed, or so long."""
        with self.changed:
            self.changed.wait(seconds)

    def snapshot(self):
        with self.changed:
            return list(self.events)

    def forget(self):
        """Only the newest event of each address on each host stays; for runs of hours."""
        with self.changed:
            newest = {(event.host, event.address): event for event in self.events}
            self.events = sorted(newest.values(), key=lambda event: event.at_ns)

    def of(self, address):
        return [event for event in self.snapshot() if event.address == address]

    def holders(self, address):
        """The hosts that have the address now."""
        return {event.host for event in self.latest(address).values() if event.added}

    def latest(self, address):
        """Host to its newest event of this address."""
        return {event.host: event for event in self.of(address)}

    def intervals(self, address):
        """Host to [start_ns, end_ns] spans in which it had the address; the last may end now."""
        spans = {}
        now = time.monotonic_ns()
        for event in self.of(address):
            own = spans.setdefault(event.host, [])
            is_open = bool(own) and own[-1][1] is None
            if event.added and not is_open:
                own.append([event.at_ns, None])
            elif not event.added and is_open:
                own[-1][1] = event.at_ns
        return {host: [(start, now if end is None else end) for start, end in own]
                for host, own in spans.items()}

    def levels(self, address, since_ns=0):
        """(start_ns, end_ns, number of holders) from the first holding to now, without a hole."""
        edges = []
        for own in self.intervals(address).values():
            for start, end in own:
                edges += [(start, 1), (end, -1)]
        edges.sort()
        level = 0
        for (at, step), (until, _) in zip(edges, edges[1:] + [(time.monotonic_ns(), 0)]):
            level += step
            if until > since_ns:
                yield max(at, since_ns), until, level

    def dual_ms(self, address, since_ns=0):
        """How long more than one host had the address, in all."""
        return sum(end - start for start, end, level in self.levels(address, since_ns)
                   if level > 1) / NS_PER_MS

    def max_gap_ms(self, address, since_ns=0):
        """The longest time in which no host had it, between two holdings or until now."""
        return max((end - start for start, end, level in self.levels(address, since_ns)
                    if level == 0), default=0) / NS_PER_MS

    def changes(self, address):
        """How often a host took the address."""
        return sum(len(own) for own in self.intervals(address).values())
