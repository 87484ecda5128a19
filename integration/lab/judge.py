# SPDX-License-Identifier: MIT
"""The rules that hold whatever happens to a cluster, judged by what the kernels said.

    quorum     never two holders, as long as the keeper runs; else as long as the kernel keeps an
               address, and never if `lease` is longer than that
    available  while some path joins all live nodes, at most one; nobody only for a moment
"""
import time

NS_PER_MS = 1_000_000
NS_PER_S = 1_000_000_000
KERNEL_NS = 3 * NS_PER_S      # kernel_lease and a second
PATIENCE_NS = NS_PER_S        # two holders that hear each other again
FROZEN_MS = 100               # of an engine
HANDOVER_MS = 2
VACANT_MS = 5000
# Faults by which an address outlives its claim until the kernel removes it.
OF_BOTH = ("kill both", "freeze both")
OF_KEEPER = (*OF_BOTH, "kill keeper", "freeze keeper")


def minus(spans, others):
    """What of the spans is in none of the others."""
    for start, end in spans:
        for a, b in sorted(others):
            if b <= start or a >= end:
                continue
            if a > start:
                yield start, a
            start = b
            if start >= end:
                break
        if start < end:
            yield start, end


def spans_ms(spans):
    return sum(end - start for start, end in spans) / NS_PER_MS


class Judge:
    """Looks at what happened since it looked last."""

    def __init__(self, cluster, weather, stalls):
        self.cluster = cluster
        self.weather = weather
        self.stalls = stalls
        self.since_ns = time.monotonic_ns()
        self.breaches = []
        self.excused = []
        self.dual_ms = {}
        self.vacant_ms_max = {}

    def look(self):
        """Judges up to now; everything has to be well at this moment."""
        now = time.monotonic_ns()
        for name, vip in self.cluster.config["vip"].items():
            quorum = vip.get("mode") == "quorum"
            for start, end, holders in self.levels(vip["address"][0]):
                if len(holders) > 1:
                    self.two(name, (start, end, holders), quorum, vip.get("lease") is not None)
                elif not holders and not quorum:
                    self.nobody(name, start, end)
        self.since_ns = now
        self.cluster.watch.forget()
        self.weather.forget(now - 10 * NS_PER_S)
        self.stalls.forget(now - 10 * NS_PER_S)

    def levels(self, address):
        """(start, end, holders) since the last look."""
        now = time.monotonic_ns()
        edges = []
        for host, own in self.cluster.watch.intervals(address).items():
            for start, end in own:
                edges += [(start, 1, host), (end, 0, host)]
        edges.sort()
        holders = set()
        for (at, added, host), (until, _, _) in zip(edges, edges[1:] + [(now, 0, "")]):
            holders = holders | {host} if added else holders - {host}
            if until > max(at, self.since_ns):
                yield max(at, self.since_ns), until, frozenset(holders)

    def late_ms(self, start, end):
        return self.stalls.ms(start - NS_PER_S, end + NS_PER_S // 10)

    def spans_of(self, kinds, holders, length_ns):
        return [(at, at + length_ns) for at, kind, node in self.weather.deeds
                if kind in kinds and node in holders]

    def two(self, name, span, quorum, long_lease):
        start, end, holders = span
        self.dual_ms[name] = self.dual_ms.get(name, 0) + (end - start) / NS_PER_MS
        if quorum:
            spans = [(start, end)]
            excuses = [] if long_lease else self.spans_of(OF_KEEPER, holders, KERNEL_NS)
        else:
            spans = list(self.weather.settled(start, end, PATIENCE_NS))
            excuses = self.spans_of(OF_BOTH, holders, KERNEL_NS)
        left_ms = spans_ms(minus(spans, excuses))
        allowed_ms = 0 if quorum else HANDOVER_MS
        if not quorum and self.spans_of(("freeze engine",), holders, 1) and left_ms <= FROZEN_MS:
            allowed_ms = FROZEN_MS
        self.verdict(f"{name}: two holders {sorted(holders)}", span, left_ms, allowed_ms)

    def nobody(self, name, start, end):
        length_ms = (end - start) / NS_PER_MS
        self.vacant_ms_max[name] = max(self.vacant_ms_max.get(name, 0), length_ms)
        left_ms = spans_ms(self.weather.settled(start, end, 0))
        self.verdict(f"{name}: nobody holds", (start, end), left_ms, VACANT_MS)

    def verdict(self, what, span, left_ms, allowed_ms):
        start, end = span[:2]
        if left_ms <= allowed_ms:
            return
        late_ms = self.late_ms(start, end)
        text = (f"{what} for {(end - start) / NS_PER_MS:.3f} ms from {start}, {left_ms:.3f} ms "
                f"without excuse; the machine stood still for {late_ms:.1f} ms")
        if left_ms <= allowed_ms + late_ms:
            self.excused.append(text)
        else:
            self.breaches.append(text)
