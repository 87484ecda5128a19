# SPDX-License-Identifier: MIT
"""Nothing stays behind: an engine or a keeper that is killed, frozen, or both, whatever the moment.

Figures are for scripts/bench; here the limits are those that no machine may break: who tells the
peers, in which order things happen, and that never two nodes hold."""
import json
import os
import signal
import time

import pytest

from lab import network

VIP = "10.77.0.100"
ENDED = "without being stopped"


def events(node):
    """What this node remembers, oldest first."""
    return [json.loads(line) for line in node.tool("events", "--json").stdout.splitlines()]


def node_events(node, name):
    return [(one["to"], one["reason"]) for one in events(node)
            if one["kind"] == "node" and one["node"] == name]


# The last will.


@pytest.mark.parametrize("nodes", [2, 3])
def test_killed_engine_is_followed_by_its_will_and_no_suspicion(make_cluster, nodes):
    cluster = make_cluster(nodes)
    cluster.start()
    cluster.settle("n1")
    network.kill([cluster["n1"].engine_pid()])
    cluster.wait_holder("n2")
    assert cluster["n1"].wait_exit() == 1
    cluster.wait_agreed("n2")
    for name in cluster.running():
        seen = node_events(cluster[name], "n1")
        assert "suspect" not in [to for to, _ in seen]
        assert seen[-1][0] == "left" and ENDED in seen[-1][1]
    reason = next(one["reason"] for one in reversed(events(cluster["n2"]))
                  if one["kind"] == "state" and one["to"] == "holding")
    assert ENDED in reason
    assert cluster.dual_ms() == 0
    problems = cluster["n2"].status()["problems"]
    assert any("n1 ended" in problem for problem in problems)


@pytest.mark.parametrize("number", [signal.SIGSEGV, signal.SIGABRT, signal.SIGKILL])
def test_will_is_sent_in_whatever_way_the_engine_ends(two, number):
    network.kill([two["n1"].engine_pid()], number)
    two.wait_holder("n2")
    assert two["n1"].wait_exit() == 1
    assert node_events(two["n2"], "n1")[-1][0] == "left"
    assert two.dual_ms() == 0


def test_standby_whose_engine_is_killed_leaves_too(two):
    network.kill([two["n2"].engine_pid()])
    assert two["n2"].wait_exit() == 1
    two.wait_alive("n1", "n2", state="left")
    assert two.holders() == {"n1"}
    assert two.changes() == 1


def test_node_comes_back_after_its_will_as_a_new_incarnation(three):
    for _ in range(3):
        network.kill([three["n1"].engine_pid()])
        assert three["n1"].wait_exit() == 1
        three.wait_holder("n2")
        three.start("n1")
        three.settle("n1")
    assert three.dual_ms() == 0


def test_addresses_of_all_vips_go_before_the_will(make_cluster):
    many = [f"10.77.{i // 200 + 1}.{i % 200 + 1}" for i in range(500)]
    cluster = make_cluster(3, vip={"web": {"address": [VIP, *many], "interface": "eth0"}})
    cluster.start()
    cluster.settle("n1", many[-1])
    network.kill([cluster["n1"].engine_pid()])
    cluster.wait_holder("n2", many[-1])
    assert sum(cluster.dual_ms(address) for address in many) == 0
    gone_ns = max(cluster.watch.intervals(address)["n1"][-1][1] for address in many)
    taken_ns = min(cluster.watch.intervals(address)["n2"][0][0] for address in many)
    assert gone_ns < taken_ns
    assert node_events(cluster["n2"], "n1")[-1][0] == "left"


def test_will_travels_every_path(make_cluster):
    """Two addresses per node, the first of them dead between all: the will comes by the second."""
    cluster = make_cluster(2)
    for number, name in enumerate(("n1", "n2"), 1):
        cluster.net.hosts[name].add_address(f"10.78.0.{number}/24")
        cluster.config["node"][name]["address"].append(f"10.78.0.{number}")
    for node in cluster.nodes.values():
        node.write_config(cluster.config)
    cluster.start()
    cluster.settle("n1")
    cluster.net.rules.append("ip daddr 10.77.0.2 meta l4proto udp drop")
    cluster.net.apply()
    network.kill([cluster["n1"].engine_pid()])
    cluster.wait_holder("n2")
    assert node_events(cluster["n2"], "n1")[-1][0] == "left"


def test_will_reaches_through_a_relay_who_does_not_hear_the_node(three):
    three.net.cut("n1", "n2")
    three.wait_until(lambda: three["n2"].sees("n1")["path"].startswith("relayed"), "relayed")
    network.kill([three["n1"].engine_pid()])
    three.wait_holder("n2")
    assert node_events(three["n2"], "n1")[-1][0] == "left"
    assert three.dual_ms() == 0


def test_ordered_stop_sends_no_will(two):
    assert two["n1"].stop() == 0
    two.wait_holder("n2")
    assert "in order" in node_events(two["n2"], "n1")[-1][1]
    assert "told" not in two["n1"].log_text()


# A frozen engine.


def freeze(node):
    network.kill([node.engine_pid()], signal.SIGSTOP)


def wake(node):
    network.kill([node.engine_pid()], signal.SIGCONT)


def test_frozen_engine_loses_the_address_when_its_peers_take_over(three):
    """Several rounds, so that it falls on different moments of the interval."""
    for _ in range(4):
        since_ns = time.monotonic_ns()
        freeze(three["n1"])
        three.wait_holder("n2")
        assert three.dual_ms(since_ns=since_ns) < 100
        wake(three["n1"])
        three.settle("n1")


def test_engine_that_wakes_says_what_happened_and_takes_over_once(three):
    freeze(three["n1"])
    three.wait_holder("n2")
    time.sleep(0.5)
    before = three.changes()
    wake(three["n1"])
    three.settle("n1")
    assert three.changes() == before + 1
    here = [(one["to"], one["reason"]) for one in events(three["n1"]) if one["kind"] == "state"]
    assert any("missed its own deadline" in reason for _, reason in here)
    assert "runs again" in three["n1"].log_text()
    # Longer than the keeper's patience with a silent engine: it is not silent.
    three.quiet(2.5, lambda: three["n1"].engine_pid() is not None)
    assert three.holders() == {"n1"}


def test_engine_that_wakes_leaves_the_address_where_it_is_without_preempt(make_cluster):
    cluster = make_cluster(3, vip={"web": {"preempt": False}})
    cluster.start()
    cluster.wait_stable()
    name = next(iter(cluster.holders()))
    freeze(cluster[name])
    cluster.wait_until(lambda: cluster.holders() and name not in cluster.holders(), "taken over")
    wake(cluster[name])
    cluster.wait_stable()
    assert cluster.changes() == 2


def test_engine_that_stays_silent_is_killed_and_then_its_will_is_sent(three):
    engine = three["n1"].engine_pid()
    freeze(three["n1"])
    three.wait_holder("n2")
    three.wait_alive("n2", "n1", state="dead")
    assert not network.gone(engine)  # a will now would be a lie
    assert three["n1"].wait_exit() == 1
    assert network.gone(engine)
    assert "silent" in three["n1"].log_text()
    three.wait_alive("n2", "n1", state="left")
    assert three.dual_ms() < 100
    three.start("n1")
    three.settle("n1")


def test_frozen_standby_costs_nothing(three):
    freeze(three["n2"])
    three.wait_alive("n1", "n2", state="dead", seconds=20)
    wake(three["n2"])
    three.wait_alive("n1", "n2")
    assert three.changes() == 1


# A keeper that dies alone.


def test_engine_whose_keeper_was_killed_claims_until_the_kernel_lets_go(three):
    engine = three["n1"].engine_pid()
    network.kill([three["n1"].process.pid])
    three["n1"].process.wait()
    three.quiet(1, lambda: three.holders() == {"n1"})
    assert three["n2"].vip()["holder"] == "n1"
    three.wait_holder("n2")
    assert three.dual_ms() == 0
    assert network.wait_gone([engine], 5)
    three.wait_alive("n2", "n1", state="left")


def test_standby_whose_keeper_was_killed_leaves_at_once(three):
    engine = three["n2"].engine_pid()
    network.kill([three["n2"].process.pid])
    three["n2"].process.wait()
    three.wait_alive("n1", "n2", state="left")
    assert network.wait_gone([engine], 2)


def test_node_whose_keeper_is_frozen_leaves_when_the_kernel_has_let_go(three):
    """Alone it renews nothing: the address goes, and who still claimed it would be believed."""
    since_ns = time.monotonic_ns()
    network.kill([three["n1"].process.pid], signal.SIGSTOP)
    three.wait_holder("n2", seconds=15)
    assert three.dual_ms(since_ns=since_ns) == 0
    three.wait_alive("n2", "n1", state="left")
    assert "stands still" in three["n1"].log_text()
    network.kill([three["n1"].process.pid], signal.SIGCONT)
    assert three["n1"].wait_exit() == 1
    three.quiet(1, lambda: three.holders() == {"n2"})


def test_frozen_keeper_of_a_standby_is_noticed_too(three):
    """Else it would claim after the holder's end, and never hold."""
    network.kill([three["n2"].process.pid], signal.SIGSTOP)
    three.wait_alive("n1", "n2", state="left", seconds=10)
    assert three["n1"].stop() == 0
    three.wait_holder("n3")


def test_keeper_that_stands_still_for_a_moment_costs_a_moment(three):
    network.kill([three["n1"].process.pid], signal.SIGSTOP)
    time.sleep(1.5)
    network.kill([three["n1"].process.pid], signal.SIGCONT)
    three.settle("n1")
    three.quiet(3, lambda: three.holders() == {"n1"})


def is_engine(pid):
    return os.readlink(f"/proc/{pid}/exe").endswith("vipgossip-engine")


def test_node_whose_keeper_was_killed_can_be_started_again_at_once(three):
    network.kill([three["n1"].process.pid])
    three["n1"].process.wait()
    orphan = next(pid for pid in three["n1"].host.pids() if is_engine(pid))
    three.start("n1")
    assert network.wait_gone([orphan], 5)
    three.settle("n1", seconds=15)
    assert three["n1"].process.poll() is None
    assert three.dual_ms() == 0


def test_without_a_kernel_lease_the_address_stays_until_the_next_start(make_cluster):
    cluster = make_cluster(2, vip={"web": {"kernel_lease": "off"}})
    cluster.start()
    cluster.settle("n1")
    network.kill([cluster["n1"].process.pid])
    cluster["n1"].process.wait()
    cluster.wait_until(lambda: "n2" in cluster.holders(), "n2 takes over")
    assert "off" in cluster["n1"].log_text()
    time.sleep(3)
    assert cluster.holders() == {"n1", "n2"}
    cluster.start("n1")
    cluster.settle("n1")


# A log that nobody reads.


def test_log_that_nobody_reads_stops_neither_process(make_cluster):
    """A full pipe, as a container's log driver or a journal that hangs leaves it: who waited for
    its reader would miss deadlines, and what it holds would stay."""
    cluster = make_cluster(2, log_level="debug")
    node = cluster["n1"]
    plain, full = node.command(), node.directory / "full"
    os.mkfifo(full)
    pipe = os.open(full, os.O_RDWR | os.O_NONBLOCK)
    try:
        while True:
            os.write(pipe, b"x")
    except BlockingIOError:
        pass
    node.command = lambda: ["sh", "-c", 'exec "$@" 2>"$0"', str(full), *plain]
    cluster.start()
    cluster.settle("n1")
    cluster.quiet(3, lambda: cluster.holders() == {"n1"})
    network.kill([node.engine_pid()])
    assert node.wait_exit() == 1
    cluster.wait_holder("n2")
    assert node_events(cluster["n2"], "n1")[-1][0] == "left"
    os.close(pipe)
