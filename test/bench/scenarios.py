# SPDX-License-Identifier: MIT
"""What is done to each program, and what is measured. A scenario gets the class of a subject, runs
one round, and returns a dictionary of figures; those that begin with an underscore tell of the
machine, not of the program."""
import contextlib
import os
import signal
import subprocess
import sys
import time

import subject
from lab import network

NS_PER_MS = 1e6
WARM_UP_SECONDS = 0.3  # the client learns the holder's MAC
AFTER_SECONDS = 1.0
CUT_SECONDS = 0.25
FALSE_TAKEOVER_SECONDS = 12  # keepalived's clients wait for their ARP cache
FOR_EVER_SECONDS = 5  # that two holders for so long will not end by itself
IDLE_SECONDS = 10
MANY = [f"10.77.{i // 200 + 1}.{i % 200 + 1}" for i in range(500)]
LOSS_SECONDS = 60


def machine(report):
    return {"_stalls": report.stalls, "_stall_ms_max": report.stall_ms_max}


def running(subject_class, **options):
    subject = subject_class(**options)
    try:
        subject.start()
        subject.settle()
    except BaseException:
        subject.close()
        raise
    return subject


def node_dies(subject_class, phase):
    """The holder's host dies: all its traffic stops, then its processes."""
    with running(subject_class) as subject:
        client = subject.client()
        time.sleep(WARM_UP_SECONDS)
        subject.wait_phase(phase)
        died_ns = time.monotonic_ns()
        subject.net.isolate("n1")
        subject.nodes["n1"].kill()
        subject.wait(lambda: subject.taken_ns("n2", died_ns), "n2 takes over")
        time.sleep(AFTER_SECONDS)
        report = client.stop()
        return {"outage_ms": report.outage_ms_in(died_ns), **machine(report)}


def node_dies_quorum(subject_class, phase):
    """The same, with vipgossip in mode quorum."""
    if subject_class is subject.Vipgossip:
        subject_class = subject.VipgossipQuorum
    return node_dies(subject_class, phase)


def ordered_stop(subject_class, phase):
    """SIGTERM to the holder's daemon."""
    with running(subject_class) as subject:
        client = subject.client()
        time.sleep(WARM_UP_SECONDS)
        subject.wait_phase(phase)
        stopped_ns = time.monotonic_ns()
        subject.nodes["n1"].stop()
        subject.wait(lambda: subject.taken_ns("n2", stopped_ns), "n2 takes over")
        time.sleep(AFTER_SECONDS)
        report = client.stop()
        return {"outage_ms": report.outage_ms_in(stopped_ns), **machine(report)}


def false_takeover(subject_class, phase):
    """The holder's link is cut for 250 ms and healed: did another take over, and how long after the
    heal is the client served again?"""
    with running(subject_class) as subject:
        client = subject.client()
        time.sleep(WARM_UP_SECONDS)
        subject.wait_phase(phase)
        cut_ns = time.monotonic_ns()
        subject.net.isolate("n1")
        time.sleep(max(0, CUT_SECONDS - (time.monotonic_ns() - cut_ns) / 1e9))
        subject.net.heal()
        healed_ns = time.monotonic_ns()
        subject.wait(lambda: subject.holds("n1"), "n1 holds alone again")
        time.sleep(AFTER_SECONDS)
        taken = subject.taken_ns("n2", cut_ns) is not None
        if taken:
            wait_served(subject, healed_ns)
        report = client.stop()
        figures = {"takeovers_percent": 100.0 if taken else 0.0, **machine(report)}
        if taken:
            figures["served_after_ms"] = report.served_after_ms(healed_ns)
        return figures


def wait_served(subject, healed_ns):
    """Until the client's own kernel knows n1's MAC again, or it has waited long enough."""
    host = subject.net.hosts[network.CLIENT]
    mac = subject.net.hosts["n1"].mac

    def knows():
        waited = time.monotonic_ns() - healed_ns > FALSE_TAKEOVER_SECONDS * 1e9
        return waited or mac in host.ns.run("ip", "neigh", "show", subject.addresses[0])

    subject.wait(knows, "the client finds n1", FALSE_TAKEOVER_SECONDS + 2)
    time.sleep(AFTER_SECONDS)


def preferred_returns(subject_class, _phase):
    """The preferred node's daemon starts again and takes the address back."""
    with running(subject_class) as subject:
        subject.nodes["n1"].stop()
        subject.settle("n2")
        client = subject.client()
        time.sleep(WARM_UP_SECONDS)
        started_ns = time.monotonic_ns()
        subject.nodes["n1"].start()
        subject.wait(lambda: subject.taken_ns("n1", started_ns), "n1 takes it back")
        time.sleep(AFTER_SECONDS)
        report = client.stop()
        return {"lost": report.lost_in(started_ns), "dual_ms": subject.dual_ms(started_ns),
                **machine(report)}


def worker_killed(subject_class, phase):
    """kill -9 of the process that speaks on the network (engine; vrrp child)."""
    with running(subject_class) as subject:
        client = subject.client()
        time.sleep(WARM_UP_SECONDS)
        subject.wait_phase(phase)
        killed_ns = time.monotonic_ns()
        subject.kill_worker("n1")
        time.sleep(AFTER_SECONDS)
        report = client.stop()
        return {"outage_ms": report.outage_ms_in(killed_ns), "dual_ms": subject.dual_ms(killed_ns),
                **machine(report)}


def worker_killed_busy(subject_class, phase):
    """The same, with twice as many busy programs as there are processors."""
    with contextlib.ExitStack() as stack:
        for _ in range(2 * os.cpu_count()):
            hog = subprocess.Popen([sys.executable, "-c", "while True: pass"])
            stack.callback(hog.wait)
            stack.callback(hog.kill)
        return worker_killed(subject_class, phase)


def all_killed(subject_class, phase):
    """kill -9 of all processes of the holder; its host lives on."""
    return two_holders(subject_class, phase, lambda subject: subject.nodes["n1"].kill())


def worker_frozen(subject_class, phase):
    """SIGSTOP to the process that speaks on the network: two holders, or nobody between them?"""
    with running(subject_class) as subject:
        subject.wait_phase(phase)
        since_ns = time.monotonic_ns()
        subject.kill_worker("n1", signal.SIGSTOP)
        time.sleep(FOR_EVER_SECONDS)
        spans = subject.watch.intervals(subject.addresses[0])
        gone_ns = spans["n1"][-1][1]
        early_ms = (subject.taken_ns("n2", since_ns) - gone_ns) / NS_PER_MS
        return {"dual_ms": subject.dual_ms(since_ns), "nobody_ms": max(0.0, early_ms)}


def all_frozen(subject_class, phase):
    """SIGSTOP to all processes of the holder."""
    return two_holders(subject_class, phase,
                       lambda subject: subject.nodes["n1"].kill(signal.SIGSTOP))


def two_holders(subject_class, phase, fault):
    with running(subject_class) as subject:
        subject.wait_phase(phase)
        since_ns = time.monotonic_ns()
        fault(subject)
        time.sleep(FOR_EVER_SECONDS)
        return {"dual_ms": subject.dual_ms(since_ns)}


def cut_from_second(subject_class, phase):
    """No datagram passes between holder and second; the third hears both."""
    def fault(subject):
        subject.net.cut("n1", "n2")
    return two_holders(subject_class, phase, fault)


def many_addresses(subject_class, _phase):
    """500 IPv4 addresses: from the first to the last on the node that takes over."""
    with running(subject_class, addresses=MANY) as subject:
        since_ns = time.monotonic_ns()
        subject.net.isolate("n1")
        subject.nodes["n1"].kill()
        wanted = set(MANY)

        def taken():
            return {e.address: e.at_ns for e in reversed(subject.watch.snapshot())
                    if e.host == "n2" and e.added and e.at_ns > since_ns and e.address in wanted}

        subject.wait(lambda: len(taken()) == len(MANY), "n2 has all addresses")
        times = taken().values()
        return {"span_ms": (max(times) - min(times)) / NS_PER_MS}


def idle(subject_class, nodes):
    """What a quiet cluster costs: one second of holder and of second, and memory."""
    with running(subject_class, nodes=nodes) as subject:
        names = list(subject.nodes)
        before = {name: (subject.cpu_ms(name), subject.sent_bytes(name)) for name in names}
        time.sleep(IDLE_SECONDS)
        after = {name: (subject.cpu_ms(name), subject.sent_bytes(name)) for name in names}
        cpu = {n: (after[n][0] - before[n][0]) / IDLE_SECONDS for n in names}
        sent = {n: (after[n][1] - before[n][1]) / IDLE_SECONDS for n in names}
        return {"cpu_holder_ms_per_s": cpu["n1"], "cpu_second_ms_per_s": cpu["n2"],
                "cpu_all_ms_per_s": sum(cpu.values()), "bytes_all_per_s": sum(sent.values()),
                "pss_holder_kb": subject.pss_kb("n1"), "pss_second_kb": subject.pss_kb("n2")}


def idle_3(subject_class, _phase):
    """Three nodes, nothing happens."""
    return idle(subject_class, 3)


def idle_5(subject_class, _phase):
    """Five nodes, nothing happens."""
    return idle(subject_class, 5)


def loss(subject_class, percent):
    with running(subject_class) as subject:
        before = subject.watch.changes(subject.addresses[0])
        subject.net.loss(percent)
        client = subject.client()
        time.sleep(LOSS_SECONDS)
        report = client.stop()
        return {"takeovers": subject.watch.changes(subject.addresses[0]) - before,
                **machine(report)}


def loss_20(subject_class, _phase):
    """20 % of all datagrams between nodes lost for 60 s."""
    return loss(subject_class, 20)


def loss_30(subject_class, _phase):
    """30 % of all datagrams between nodes lost for 60 s."""
    return loss(subject_class, 30)


def loss_40(subject_class, _phase):
    """40 % of all datagrams between nodes lost for 60 s."""
    return loss(subject_class, 40)
