# SPDX-License-Identifier: MIT
"""The rules that hold whatever happens to a cluster, judged by what the kernels said.

    quorum     never two holders, as long as the keeper runs; else as long as the kernel keeps an
               address, and never if `lease` is longer than that: then nothing is an excuse, not
               even that the machine stood still
    available  while some path joins all live nodes, at most one
    both       nobody only for as long as promises and the kernel's lifetimes last

Where the keeper has to be run in time, the time in which the machine ran nothing (lab/stalls.py)
excuses as much as that, and no more; each such case is counted and shown.
"""
import time

NS_PER_MS = 1_000_000
NS_PER_S = 1_000_000_000
KERNEL_NS = 3 * NS_PER_S      # kernel_lease and a second
PATIENCE_NS = NS_PER_S        # two holders that hear each other again
FROZEN_MS = 100               # of an engine
HANDOVER_MS = 2
VACANT_MS = 5000
LEASES_MAX = 4                # of a VIP in mode quorum until it is held again
NOTICE_NS = 200_000_000       # from a deadline's being given to its end, at the interval here
# Faults by which an address outlives its claim until the kernel removes it.
OF_BOTH = ("kill both", "freeze both")
OF_KEEPER = (*OF_BOTH, "kill keeper", "freeze keeper")


AVAILABLE, QUORUM, HARD = "available", "quorum", "hard"


def milliseconds(text):
    return int(text[:-2]) if text.endswith("ms") else 1000 * int(text.removesuffix("s"))


def lease_of(config, name):
    """Of a VIP in mode quorum, in ms."""
    return milliseconds(config["vip"][name].get("lease", "")
                        or f"{4 * milliseconds(config['interval'])}ms")


def rule_of(vip):
    """With a lease that is longer than the kernel keeps an address nothing is an excuse."""
    if vip.get("mode") != "quorum":
        return AVAILABLE
    return HARD if milliseconds(vip.get("lease", "0s")) * NS_PER_MS >= KERNEL_NS else QUORUM


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
        self.excused = []             # texts
        self.excused_ms = 0.0
        self.dual_ms = {}
        self.vacant_ms_max = {}

    def look(self):
        """Judges up to now; everything has to be well at this moment."""
        now = time.monotonic_ns()
        for name, vip in self.cluster.config["vip"].items():
            rule = rule_of(vip)
            for start, end, holders in self.levels(vip["address"][0]):
                if len(holders) > 1:
                    self.two(name, (start, end, holders), rule)
                elif not holders:
                    self.nobody(name, (start, end), rule)
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
                if start < end:  # added and removed in one breath is seen as one moment
                    edges += [(start, 1, host), (end, 0, host)]
        edges.sort()
        holders = set()
        for (at, added, host), (until, _, _) in zip(edges, edges[1:] + [(now, 0, "")]):
            holders = holders | {host} if added else holders - {host}
            if until > max(at, self.since_ns):
                yield max(at, self.since_ns), until, frozenset(holders)

    def late_ms(self, start, end):
        """What a keeper whose deadline ended at the start may have missed of its time."""
        return self.stalls.ms(start - NOTICE_NS, end)

    def spans_of(self, kinds, holders, length_ns):
        return [(at, at + length_ns) for at, kind, node in self.weather.deeds
                if kind in kinds and node in holders]

    def two(self, name, span, rule):
        start, end, holders = span
        self.dual_ms[name] = self.dual_ms.get(name, 0) + (end - start) / NS_PER_MS
        if rule == HARD:
            left_ms, allowed_ms, late_ms = (end - start) / NS_PER_MS, 0, 0
        elif rule == QUORUM:
            excuses = self.spans_of(OF_KEEPER, holders, KERNEL_NS)
            left_ms, allowed_ms = spans_ms(minus([(start, end)], excuses)), 0
            late_ms = self.late_ms(start, end)
        else:
            excuses = self.spans_of(OF_BOTH, holders, KERNEL_NS)
            left_ms = spans_ms(minus(self.weather.settled(start, end, PATIENCE_NS), excuses))
            froze = self.spans_of(("freeze engine",), holders, 1)
            allowed_ms, late_ms = FROZEN_MS if froze else HANDOVER_MS, self.late_ms(start, end)
        self.verdict(f"{name}: two holders {sorted(holders)}", span,
                     (left_ms, allowed_ms, late_ms))

    def nobody(self, name, span, rule):
        start, end = span
        length_ms = (end - start) / NS_PER_MS
        self.vacant_ms_max[name] = max(self.vacant_ms_max.get(name, 0), length_ms)
        allowed_ms = VACANT_MS
        if rule != AVAILABLE:
            lease_ms = lease_of(self.cluster.config, name)
            # Promises, and the voter that started anew: as long as it may have promised.
            allowed_ms += (LEASES_MAX + 1) * lease_ms
        settled = self.weather.settled(start, end, 0, direct=rule != AVAILABLE)
        gone = self.spans_of(("unconfigure",), {name}, 0)
        if any(start - NOTICE_NS < at < end for at, _ in gone):
            return  # a reload took it away and, as it is judged, another one brought it back
        self.verdict(f"{name}: nobody holds", span,
                     (spans_ms(settled), allowed_ms, self.late_ms(start, end)))

    def verdict(self, what, span, figures):
        start, end = span[:2]
        left_ms, allowed_ms, late_ms = figures
        if left_ms <= allowed_ms:
            return
        text = (f"{what} for {(end - start) / NS_PER_MS:.3f} ms from {start}, {left_ms:.3f} ms "
                f"without excuse, {allowed_ms} ms allowed; the machine stood still for "
                f"{late_ms:.1f} ms")
        if left_ms <= allowed_ms + late_ms:
            self.excused.append(text)
            self.excused_ms += left_ms - allowed_ms
        else:
            self.breaches.append(text)
