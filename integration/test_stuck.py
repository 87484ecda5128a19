# SPDX-License-Identifier: MIT
"""An engine that does not do its work: stopped, stuck in a loop, or run only now and then.

The interval is long here, so that "not later, not earlier" can be told on a busy machine too."""
import signal
import time

import pytest

from lab import network, stuck

VIP = "10.77.0.100"
T_MS = 500
DETECTION_MS = 2 * T_MS
BUSY_MS = 500           # a busy machine is no failure
EARLY_MS = 50           # two clocks, and the time that stopping it takes
DUAL_MS = 100

pytestmark = pytest.mark.skipif(not stuck.is_possible(), reason="no loop for this processor")


class Stop:
    """As stuck.Loop, by a signal."""

    def __init__(self, pid):
        self.pid = pid
        network.kill([pid], signal.SIGSTOP)

    def end(self):
        network.kill([self.pid], signal.SIGCONT)


WAYS = {"stopped": Stop, "in a loop": stuck.Loop}


@pytest.fixture
def slow(make_cluster):
    cluster = make_cluster(3, interval=f"{T_MS}ms")
    cluster.start()
    cluster.settle("n1", seconds=20)
    return cluster


def disable(cluster, way, name="n1"):
    """The engine of that node; when, and how to end it."""
    before_ns = time.monotonic_ns()
    one = WAYS[way](cluster[name].engine_pid())
    return before_ns, time.monotonic_ns(), one


@pytest.mark.parametrize("way", WAYS)
def test_address_goes_when_the_peers_take_over_not_later_not_earlier(slow, way):
    """Its last heartbeat was at most one interval before, and they wait two from that on."""
    for pause in (0, 0.25):
        time.sleep(pause)  # another moment of the interval
        before_ns, after_ns, one = disable(slow, way)
        slow.wait_holder("n2")
        gone_ns = slow.watch.intervals(VIP)["n1"][-1][1]
        taken_ns = slow.watch.intervals(VIP)["n2"][-1][0]
        one.end()
        assert (gone_ns - before_ns) / 1e6 > DETECTION_MS - T_MS - EARLY_MS
        assert (gone_ns - after_ns) / 1e6 < DETECTION_MS + BUSY_MS
        assert -DUAL_MS < (taken_ns - gone_ns) / 1e6 < BUSY_MS
        slow.settle("n1", seconds=20)


@pytest.mark.parametrize("way", WAYS)
def test_engine_that_runs_again_takes_over_once(slow, way):
    _, _, one = disable(slow, way)
    slow.wait_holder("n2")
    before = slow.changes()
    one.end()
    slow.settle("n1", seconds=20)
    assert "runs again" in slow["n1"].log_text()
    slow.quiet(1.5, lambda: slow.holders() == {"n1"})
    assert slow.changes() == before + 1


def test_engine_that_stays_in_a_loop_is_killed_and_then_its_will_is_sent(slow):
    engine = slow["n1"].engine_pid()
    _, _, one = disable(slow, "in a loop")
    slow.wait_holder("n2")
    assert slow["n1"].wait_exit() == 1
    one.end()
    assert network.gone(engine)
    slow.wait_alive("n2", "n1", state="left")
    assert slow.dual_ms() < DUAL_MS
    before = slow.changes()
    slow.start("n1")
    slow.settle("n1", seconds=20)
    assert slow.changes() == before + 1


def pulse(cluster, way, stopped_s, runs_s, times):
    for _ in range(times):
        _, _, one = disable(cluster, way)
        time.sleep(stopped_s)
        one.end()
        time.sleep(runs_s)


@pytest.mark.parametrize("way", WAYS)
def test_engine_that_stands_still_for_less_than_an_interval_keeps_the_address(slow, way):
    pulse(slow, way, 0.25, 0.05, 10)
    assert slow.holders() == {"n1"}
    assert slow.changes() == 1


def test_engine_that_is_swapped_in_and_out_never_makes_two_holders(slow):
    """It stands still for longer than the peers wait, and runs for less than it takes to settle."""
    for _ in range(3):
        since_ns = time.monotonic_ns()
        pulse(slow, "stopped", 1.3, 0.3, 1)
        assert slow.dual_ms(since_ns=since_ns) < DUAL_MS
    slow.settle("n1", seconds=20)
    assert "n1" in slow.running()
