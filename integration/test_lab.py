# SPDX-License-Identifier: MIT
"""The laboratory itself: an instrument that errs would make every other test worthless."""
import mmap
import os
import subprocess
import time
import types

import pytest

from lab import client, growth, judge, network, watch, weather

ADDRESS = "10.77.0.100"


@pytest.fixture
def lab():
    net = network.Network(2)
    try:
        yield net
    finally:
        net.close()


@pytest.fixture
def watched(lab):
    one = watch.Watch(lab)
    yield one
    one.close()


def add(lab, name, address=ADDRESS):
    lab.hosts[name].ns.ip(f"addr add {address}/32 dev eth0")


def remove(lab, name, address=ADDRESS):
    lab.hosts[name].ns.ip(f"addr del {address}/32 dev eth0")


def wait_holders(watched, names):
    deadline = time.monotonic() + 5
    while watched.holders(ADDRESS) != names:
        assert time.monotonic() < deadline, watched.holders(ADDRESS)
        watched.wait(0.05)


def reaches(lab, source, target):
    return "1 received" in lab.hosts[source].ns.run(
        "ping", "-c", "1", "-W", "1", lab.hosts[target].v4, check=False)


def test_watch_measures_two_holders_and_the_gap_between_holders(lab, watched):
    add(lab, "n1")
    add(lab, "n2")
    time.sleep(0.1)
    remove(lab, "n1")
    remove(lab, "n2")
    time.sleep(0.2)
    add(lab, "n1")
    wait_holders(watched, {"n1"})
    assert 90 < watched.dual_ms(ADDRESS) < 1000
    assert 190 < watched.max_gap_ms(ADDRESS) < 1500
    assert watched.changes(ADDRESS) == 3


def test_watch_sees_an_address_that_was_there_before_it(lab):
    add(lab, "n2")
    one = watch.Watch(lab)
    assert one.holders(ADDRESS) == {"n2"}
    one.close()


def test_cut_in_one_direction_lets_the_other_pass(lab):
    assert reaches(lab, "n1", "n2")
    lab.cut("n1", "n2")
    assert not reaches(lab, "n1", "n2")
    lab.heal()
    assert reaches(lab, "n1", "n2")
    lab.cut("n1", "n2", both=False)
    assert not reaches(lab, "n2", "n1")
    assert reaches(lab, "client", "n2")


def test_loss_drops_about_the_part_asked_for(lab):
    services = client.Services(lab)
    lab.loss(20)
    one = client.Client(lab, lab.hosts["n1"].v4)
    time.sleep(1)
    report = one.stop()
    services.close()
    # Question and answer both run the risk: 1 - 0.8 * 0.8 = 36 %.
    assert 0.2 < report.lost / report.sent < 0.5


@pytest.mark.parametrize("address", ["10.77.0.100", "fd77::100"])
def test_client_measures_an_outage_and_who_answers(lab, address):
    def nodad(name):
        return f"addr add {address} dev eth0" + (" nodad" if ":" in address else "")

    services = client.Services(lab)
    lab.hosts["n1"].ns.ip(nodad("n1"))
    one = client.Client(lab, address)
    time.sleep(0.5)
    lab.hosts["n1"].ns.ip(f"addr del {address} dev eth0")
    time.sleep(0.3)
    lab.hosts["n1"].ns.ip(nodad("n1"))
    time.sleep(0.5)
    report = one.stop()
    services.close()
    assert 250 < report.outage_ms < 2000
    assert report.answered_by() == ["n1"]
    assert report.lost <= report.sent // 2


# The judge of the long runs.


ADDRESSES = {"web": "a", "vote": "b", "hard": "c"}
STALLED = (3.0, 3.1)


class Past:
    """Addresses as they came and went, in seconds of a time of its own."""

    def __init__(self, **held):
        self.begun_ns = time.monotonic_ns() - 60 * judge.NS_PER_S
        self.held = {ADDRESSES[vip]: spans for vip, spans in held.items()}
        vip = {name: {"address": [address]} for name, address in ADDRESSES.items()}
        vip["vote"].update(mode="quorum")
        vip["hard"].update(mode="quorum", lease="3s")
        self.config = {"interval": "100ms", "vip": vip}
        self.watch = types.SimpleNamespace(intervals=self.intervals, forget=lambda: None)

    def at_ns(self, seconds):
        return self.begun_ns + round(seconds * judge.NS_PER_S)

    def intervals(self, address):
        always = {"n1": [(0, 60)]}
        return {host: [tuple(map(self.at_ns, span)) for span in spans]
                for host, spans in self.held.get(address, always).items()}

    def ms(self, since_ns, until_ns):
        start, end = map(self.at_ns, STALLED)
        return max(0, min(end, until_ns) - max(start, since_ns)) / judge.NS_PER_MS

    def forget(self, _):
        pass

    def judged(self, joined=True, deeds=()):
        sky = weather.Weather(["n1", "n2", "n3"])
        sky.deeds = [(self.at_ns(at), *rest) for at, *rest in deeds]
        sky.history = [(self.begun_ns - judge.NS_PER_S, joined, joined)]
        one = judge.Judge(self, sky, self)
        one.since_ns = self.begun_ns
        one.look()
        return one


def overlap(seconds, start=3.0):
    return {"n1": [(0, start + seconds)], "n2": [(start, 60)]}


def test_judge_finds_nothing_where_there_is_nothing():
    one = Past().judged()
    assert not one.breaches and not one.excused


@pytest.mark.parametrize("vip", ADDRESSES)
def test_judge_sees_two_holders(vip):
    one = Past(**{vip: overlap(0.2, start=9.0)}).judged()
    assert len(one.breaches) == 1 and f"{vip}: two holders" in one.breaches[0]
    assert one.dual_ms[vip] == pytest.approx(200)


@pytest.mark.parametrize("vip", ["web", "vote"])
def test_judge_excuses_as_much_as_the_machine_stood_still_and_counts_it(vip):
    one = Past(**{vip: overlap(0.099)}).judged()
    assert not one.breaches and len(one.excused) == 1
    assert one.excused_ms == pytest.approx(99 - (judge.HANDOVER_MS if vip == "web" else 0))
    assert Past(**{vip: overlap(0.103)}).judged().breaches
    assert Past(**{vip: overlap(0.05, start=3.4)}).judged().breaches  # it was over by then


@pytest.mark.parametrize("vip", ["web", "vote", "hard"])
def test_judge_takes_nobody_for_a_holder_who_had_the_address_for_no_time(vip):
    past = Past(**{vip: {"n1": [(0, 60)], "n2": [(20, 20)]}})
    assert not past.judged().breaches


def test_judge_excuses_nothing_where_the_lease_outlives_the_kernels_lifetime():
    assert Past(hard=overlap(0.001)).judged().breaches
    assert not Past(hard=overlap(0.0)).judged().breaches


@pytest.mark.parametrize("vip,seconds", [("web", 5), ("vote", 7), ("hard", 20)])
def test_judge_sees_that_nobody_holds_for_too_long_in_every_mode(vip, seconds):
    def gap(length):
        return Past(**{vip: {"n1": [(0, 20)], "n2": [(20 + length, 60)]}})

    assert "nobody holds" in gap(seconds + 0.1).judged().breaches[0]
    assert not gap(seconds - 0.1).judged().breaches
    assert not gap(seconds + 0.1).judged(joined=False).breaches


def test_judge_does_not_miss_a_vip_that_was_not_configured_meanwhile():
    past = Past(web={"n1": [(0, 20)], "n2": [(30, 60)]})
    assert not past.judged(deeds=[(19.95, "unconfigure", "web")]).breaches
    assert past.judged(deeds=[(10, "unconfigure", "web")]).breaches
    assert past.judged(deeds=[(19.95, "unconfigure", "vote")]).breaches


@pytest.mark.parametrize("grown_kb", [0, 32])
def test_growth_of_a_process_is_told_and_one_that_has_ended_is_left_out(grown_kb):
    ended = subprocess.Popen(["true"])
    ended.wait()
    node = types.SimpleNamespace(pids=lambda: [os.getpid(), ended.pid],
                                 host=types.SimpleNamespace(name="n1"))
    found, kept = growth.Growth(node), []
    for _ in range(2 * growth.SAMPLES_MIN):
        if grown_kb > 0:  # of the kernel: what a Python has lying about would do for an object
            kept.append(mmap.mmap(-1, 1024 * grown_kb, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS))
            kept[-1].write(b"1" * 1024 * grown_kb)
        found.sample()
    assert [name.split()[1] for name in found.found()] == [str(os.getpid())]
    grew = [text for text in found.complaints() if "grew" in text]
    assert len(grew) == (1 if grown_kb > 0 else 0), found.found()
