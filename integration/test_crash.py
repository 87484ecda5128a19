# SPDX-License-Identifier: MIT
"""Nothing stays behind: an engine or a keeper that is killed, frozen, or both, whatever the moment.

Figures are for scripts/bench; here the limits are those that no machine may break: who tells the
peers, in which order things happen, and that never two nodes hold."""
import json
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
