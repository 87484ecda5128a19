# SPDX-License-Identifier: MIT
"""Long runs of real daemons, for scripts/test --long faults: a fault every few seconds, judged by
netlink all the while; thousands of starts and stops. VG_MINUTES says how long, VG_SEED repeats the
choice of the faults (not their moments)."""
import json
import os
import random
import time

import pytest

from lab import chaos, growth, judge, leftovers, netns, stalls, weather

MINUTES = int(os.environ.get("VG_MINUTES", "10"))
ROUNDS = int(os.environ.get("VG_ROUNDS", "1000"))
PAUSE_SECONDS = (0.2, 3.0)
FAULTS_MAX = 4
STABLE_SECONDS = 40
SPARED = "n3"
# AddressSanitizer keeps what is freed until it has a megabyte of it, which looks like growth for
# as long as that takes. Not where memory is measured; the other nodes find what is used after that.
KEEPS_NOTHING = "quarantine_size_mb=0:thread_local_quarantine_size_kb=0"
ETH0 = {"interface": "eth0"}
VIPS = {
    "web": {"address": ["10.77.0.100"], **ETH0},
    "vote": {"address": ["10.77.0.101"], "mode": "quorum", "node": {"n2": {"priority": 250}},
             **ETH0},
    # As long as the kernel keeps an address: never two, even if both processes are killed.
    "hard": {"address": ["10.77.0.102"], "mode": "quorum", "lease": "3s",
             "node": {"n4": {"priority": 250}}, **ETH0},
}


def unexplained(cluster):
    """Changes of state of which the node does not say why."""
    for name in cluster.running():
        for line in cluster[name].tool("events", "--json").stdout.splitlines():
            one = json.loads(line)
            if one["kind"] == "state" and not one["reason"]:
                yield f"{name}: no reason: {line}"


def wait_stable(cluster, doer, seconds=STABLE_SECONDS):
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        doer.mend()
        if not doer.drained and cluster.stable(states=("alive",)) is not None:
            return True
        time.sleep(0.2)
    return False


class Run:
    """Episodes of a few faults each, after which everything is repaired and has to be well."""

    def __init__(self, cluster, seed):
        self.cluster = cluster
        self.sky = weather.Weather(cluster.nodes)
        self.stalls = stalls.Stalls()
        cluster.closers.append(self.stalls.close)
        self.chaos = chaos.Chaos(cluster, self.sky, random.Random(seed), SPARED)
        self.growth = growth.Growth(cluster[SPARED])
        self.judge = None
        self.episodes = 0
        self.log_read = {}
        self.addresses = []
        self.breaches = []

    def begin(self):
        options = f"{os.environ.get('ASAN_OPTIONS', '')}:{KEEPS_NOTHING}"
        self.cluster[SPARED].start(env={**os.environ, "ASAN_OPTIONS": options})
        self.cluster.start(*(name for name in self.cluster.nodes if name != SPARED))
        assert wait_stable(self.cluster, self.chaos), self.cluster.report()
        self.sky.note()
        self.judge = judge.Judge(self.cluster, self.sky, self.stalls)

    def episode(self):
        generator = self.chaos.random
        for _ in range(generator.randint(1, FAULTS_MAX)):
            self.chaos.fault()
            until = time.monotonic() + generator.uniform(*PAUSE_SECONDS)
            while time.monotonic() < until:
                time.sleep(0.02)
                self.chaos.wake_due()
        self.chaos.repair()
        self.episodes += 1
        if not wait_stable(self.cluster, self.chaos):
            self.breach(f"not well {STABLE_SECONDS} s after all was repaired")
            assert wait_stable(self.cluster, self.chaos), "never well again"
        self.addresses = [f"{event.at_ns / 1e6:.1f} ms {event.host} "
                          f"{'add' if event.added else 'del'} {event.address}"
                          for event in self.cluster.watch.snapshot()]
        self.judge.look()
        while self.judge.breaches:
            self.breach(self.judge.breaches.pop())
        while self.chaos.breaches:
            self.breach(self.chaos.breaches.pop())
        self.chaos.calm()
        self.log_read = {name: len(node.log_text()) for name, node in self.cluster.nodes.items()}
        self.growth.sample()
        self.breaches += unexplained(self.cluster)

    def breach(self, what):
        """With all that happened in this episode."""
        parts = [f"episode {self.episodes}: {what}", *self.chaos.story]
        for name, node in self.cluster.nodes.items():
            parts += [f"--- {name}, log", node.log_text()[self.log_read.get(name, 0):]]
        parts += ["--- addresses", *self.addresses]
        text = "\n".join(parts)
        print(text, flush=True)
        self.breaches.append(text)

    def end(self):
        """All stopped in order; the sanitizers have had their say."""
        for name in self.cluster.running():
            self.chaos.end_in_order(name)
        self.breaches += self.chaos.breaches
        for name, node in self.cluster.nodes.items():
            text = node.log_text()
            if "Sanitizer" in text or "runtime error" in text:
                self.breaches.append(f"{name}: a sanitizer has something to say\n{text}")

    def summary(self):
        duals = {name: round(ms, 1) for name, ms in self.judge.dual_ms.items()}
        vacant = {name: round(ms) for name, ms in self.judge.vacant_ms_max.items()}
        excused = {"count": len(self.judge.excused), "ms": round(self.judge.excused_ms, 1),
                   "each": self.judge.excused}
        return json.dumps({"faults": sum(self.chaos.counts.values()), "episodes": self.episodes,
                           "kinds": self.chaos.counts, "two_holders_ms": duals,
                           "nobody_ms_max": vacant, "excused_by_stalls": excused,
                           "growth_kb_fds_own_samples": self.growth.found(),
                           "breaches": len(self.breaches)}, indent=1, sort_keys=True)


@pytest.mark.long
def test_rules_hold_while_faults_come_every_few_seconds(make_cluster):
    seed = int(os.environ.get("VG_SEED", str(int.from_bytes(os.urandom(4), "big"))))
    print(f"seed {seed}, {MINUTES} minutes")
    cluster = make_cluster(5, vip=VIPS, node={"n5": {"witness": True, "priority": None}},
                           hook=["/bin/true"], check={"link": {"interface": "eth0"}})
    run = Run(cluster, seed)
    before = {name: leftovers.of(node) for name, node in cluster.nodes.items()}
    run.begin()
    try:
        end = time.monotonic() + MINUTES * 60
        while time.monotonic() < end:
            run.episode()
        run.end()
        for name, node in cluster.nodes.items():
            left = leftovers.wait_none(node, before[name])
            if left:
                run.breaches.append(f"{name}: left behind: {left}")
        run.breaches += run.growth.complaints()
    finally:
        print(run.summary(), flush=True)
    assert not run.breaches, "\n\n".join(run.breaches)


@pytest.mark.long
def test_a_thousand_starts_and_stops_leave_nothing(make_cluster):
    """n1 comes and goes, at whatever moment, while n2 is there to take over."""
    seed = int.from_bytes(os.urandom(4), "big")
    print(f"seed {seed}, {ROUNDS} rounds")
    generator = random.Random(seed)
    cluster = make_cluster(2, vip={"web": ETH0}, hook=["/bin/true"],
                           check={"link": {"interface": "eth0"}})
    cluster.start("n2")
    cluster.wait_holder("n2")
    node = cluster["n1"]
    node.start()
    cluster.settle("n1")
    assert node.stop() == 0
    before = leftovers.of(node)
    codes = {}
    for number in range(ROUNDS):
        cluster.start("n1")
        if generator.random() < 0.5:
            cluster.wait_holder("n1")
        else:
            time.sleep(generator.uniform(0, 0.5))
        code = node.stop()
        codes[code] = codes.get(code, 0) + 1
        left = leftovers.wait_none(node, before)
        assert not left, f"round {number}: {left}"
        cluster.wait_holder("n2")
        cluster.watch.forget()
    print(codes)
    # A signal that comes before it is waited for ends the program at once; nothing is there yet.
    assert set(codes) <= {0, -15}
    log = node.log_text()
    assert "Sanitizer" not in log and "runtime error" not in log, log
    netns.collect_orphans()


@pytest.mark.long
@pytest.mark.parametrize("percent", [20, 30])
def test_loss_for_a_minute_moves_nothing(make_cluster, percent):
    cluster = make_cluster(3)
    cluster.start()
    cluster.settle("n1")
    cluster.net.loss(percent)
    cluster.quiet(60, lambda: len(cluster.holders()) == 1)
    assert cluster.changes() == 1
