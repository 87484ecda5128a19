# SPDX-License-Identifier: MIT
"""Nodes that stop, crash, freeze or fall off the network."""
import signal
import time

import pytest

from lab import network

VIP = "10.77.0.100"
# Takeover at 100 ms is a fraction of this; a busy machine may stall, and no test is to fail for it.
TAKEOVER_MS = 2000
# The kernel's own lifetime of an address: kernel_lease + 1 s, and what the measurement needs.
KERNEL_SECONDS = 4.5


def takeover_ms(cluster, name, since_ns):
    """From that moment to the node's taking the address."""
    starts = [start for start, _ in cluster.watch.intervals(VIP).get(name, ()) if start > since_ns]
    return (starts[0] - since_ns) / 1e6 if starts else float("inf")


def wait_taken(cluster, name):
    cluster.wait_until(lambda: name in cluster.holders(), f"{name} has the address")


@pytest.mark.parametrize("nodes", [2, 3])
def test_next_node_takes_over_when_the_holders_host_dies(make_cluster, nodes):
    cluster = make_cluster(nodes)
    cluster.start()
    cluster.settle("n1")
    died_ns = time.monotonic_ns()
    cluster.net.isolate("n1")
    cluster["n1"].kill()
    wait_taken(cluster, "n2")
    assert takeover_ms(cluster, "n2", died_ns) < TAKEOVER_MS
    cluster.wait_holder("n2", seconds=KERNEL_SECONDS)
    cluster.wait_agreed("n2")
    cluster.wait_alive("n2", "n1", state="dead")


def test_third_node_takes_over_when_both_before_it_die_at_once(three):
    three.net.isolate("n1")
    three.net.isolate("n2")
    three["n1"].kill()
    three["n2"].kill()
    three.wait_holder("n3", seconds=KERNEL_SECONDS)
    assert three.dual_ms() < 3500


def test_next_node_takes_over_when_the_holders_link_goes_down(three):
    three.net.link("n1", up=False)
    wait_taken(three, "n2")
    three.wait_agreed("n2", nodes=["n2", "n3"])


@pytest.mark.parametrize("nodes", [2, 3])
def test_ordered_stop_exits_0_and_hands_over_without_two_holders(make_cluster, nodes):
    cluster = make_cluster(nodes)
    cluster.start()
    cluster.settle("n1")
    stopped_ns = time.monotonic_ns()
    assert cluster["n1"].stop() == 0
    cluster.wait_holder("n2")
    cluster.wait_agreed("n2")
    assert takeover_ms(cluster, "n2", stopped_ns) < TAKEOVER_MS
    assert cluster.dual_ms() < 5
    cluster.wait_alive("n2", "n1", state="left")
    assert not cluster.net.hosts["n1"].pids()


def test_interrupt_is_an_ordered_stop_too(two):
    two["n1"].process.send_signal(signal.SIGINT)
    assert two["n1"].wait_exit() == 0
    two.wait_holder("n2")


def test_last_node_that_stops_takes_the_address_with_it(two):
    assert two["n2"].stop() == 0
    assert two["n1"].stop() == 0
    two.wait_holder(None)


def test_engine_killed_takes_the_address_along_and_the_keeper_exits_1(three):
    killed_ns = time.monotonic_ns()
    network.kill([three["n1"].engine_pid()])
    three.wait_until(lambda: "n1" not in three.holders(), "n1 gave the address up", seconds=2)
    three.wait_holder("n2")
    assert takeover_ms(three, "n2", killed_ns) < TAKEOVER_MS
    assert three["n1"].wait_exit() == 1
    assert three.dual_ms() < 5


def test_engine_frozen_loses_the_address_and_another_node_holds(three):
    network.kill([three["n1"].engine_pid()], signal.SIGSTOP)
    three.wait_until(lambda: "n1" not in three.holders(), "n1 lost the address", seconds=3)
    three.wait_holder("n2")
    assert three.dual_ms() < 500


def test_engine_frozen_for_a_moment_gets_the_address_back(three):
    engine = three["n1"].engine_pid()
    network.kill([engine], signal.SIGSTOP)
    three.wait_holder("n2")
    network.kill([engine], signal.SIGCONT)
    three.settle("n1")


def test_both_processes_killed_the_kernel_removes_the_address(two):
    two["n2"].stop()
    two["n1"].kill()
    two.wait_holder(None, seconds=KERNEL_SECONDS)


def test_both_processes_frozen_the_kernel_removes_the_address(two):
    two["n1"].kill(signal.SIGSTOP)
    two.wait_holder("n2", seconds=KERNEL_SECONDS)


def test_keeper_killed_alone_ends_in_a_takeover_and_the_engine_ends_too(three):
    keeper = three["n1"].process
    engine = three["n1"].engine_pid()
    network.kill([keeper.pid])
    keeper.wait()
    three.wait_holder("n2", seconds=10)
    assert three.dual_ms() < KERNEL_SECONDS * 1000
    assert network.wait_gone([engine], 10)


def test_start_after_a_crash_removes_what_the_crash_left(two):
    two["n2"].stop()
    two["n1"].kill()
    assert two.holders() == {"n1"}
    # Only a daemon that cannot claim shows that it was the start which removed the address.
    two["n1"].write_config({**two.config, "vip": {"web": {"address": [VIP], "nodes": ["n2"]}}})
    killed_ns = time.monotonic_ns()
    two["n1"].start()
    two.wait_holder(None, seconds=KERNEL_SECONDS)
    removed_ns = two.watch.intervals(VIP)["n1"][-1][1]
    assert removed_ns - killed_ns < 1e9


def test_crashed_node_that_comes_back_takes_the_address_back(three):
    three["n1"].kill()
    three.wait_holder("n2", seconds=KERNEL_SECONDS)
    three.start("n1")
    three.settle("n1")


def test_client_is_served_again_soon_after_the_holders_host_died(make_cluster):
    cluster = make_cluster(3, services=True)
    cluster.start()
    cluster.settle("n1")
    one = cluster.client()
    time.sleep(0.3)  # the client has to know the holder's MAC
    cluster.net.isolate("n1")
    cluster["n1"].kill()
    wait_taken(cluster, "n2")
    time.sleep(1)
    report = one.stop()
    assert report.answered_by() == ["n1", "n2"]
    assert 50 < report.outage_ms < TAKEOVER_MS
