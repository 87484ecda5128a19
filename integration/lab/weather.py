# SPDX-License-Identifier: MIT
"""What works in a cluster at each moment, as whoever breaks it knows: the judge's excuse."""
import time

LOSS_JUDGED_PERCENT = 20


class Weather:
    """Hosts, links between them, and a history of whether all live nodes reach each other."""

    def __init__(self, names):
        self.cuts = set()
        self.apart = set()     # isolated, or its interface is down
        self.dead = set()      # its engine does not run, or is frozen
        self.silent = set()    # lives, but may pass nothing on: it has just begun, or is to end
        self.loss = 0
        self.names = list(names)
        self.history = [(time.monotonic_ns(), False, False)]
        self.deeds = []        # (when, kind, node): faults of processes

    def links(self, name):
        """The nodes that this one hears and is heard by."""
        return {other for other in self.names
                if other != name and other not in self.apart | self.dead
                and name not in self.apart | self.dead
                and (name, other) not in self.cuts and (other, name) not in self.cuts}

    def is_joined(self):
        """Every live node reaches every other, directly or through one more, with little loss."""
        live = [name for name in self.names if name not in self.dead]
        if self.loss > LOSS_JUDGED_PERCENT or (self.loss and (self.cuts or self.apart)):
            return False
        return all(b in self.links(a) or (self.links(a) & self.links(b)) - self.silent
                   for a in live for b in live if a != b)

    def is_direct(self):
        """Every live node hears every other one itself, and they are a majority: votes are asked
        for and given, and none of them has just begun."""
        live = [name for name in self.names if name not in self.dead | self.silent]
        return (2 * len(live) > len(self.names) and self.is_joined()
                and all(b in self.links(a) for a in live for b in live if a != b))

    def note(self):
        """After every change for the better; before one for the worse comes to pass."""
        self.history.append((time.monotonic_ns(), self.is_joined(), self.is_direct()))

    def deed(self, kind, node):
        self.deeds.append((time.monotonic_ns(), kind, node))

    def settled(self, since_ns, until_ns, patience_ns, direct=False):
        """Spans within these times in which all had been joined, or heard each other directly, for
        that long already."""
        begun = None
        for at, *found in [*self.history, (until_ns, False, False)]:
            joined = found[direct]
            if joined and begun is None:
                begun = at
            elif not joined and begun is not None:
                start, end = max(begun + patience_ns, since_ns), min(at, until_ns)
                if start < end:
                    yield start, end
                begun = None

    def forget(self, before_ns):
        """What is older counts no more."""
        while len(self.history) > 1 and self.history[1][0] <= before_ns:
            self.history.pop(0)
        self.deeds = [deed for deed in self.deeds if deed[0] > before_ns]
