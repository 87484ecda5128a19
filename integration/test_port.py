# SPDX-License-Identifier: MIT
"""A switch port that passes nothing for a while after its link came up, as spanning tree has it:
the node behind it hears nobody, and cannot tell that from everybody's death."""
import time


def come_back_behind_a_silent_port(cluster):
    """n1's link goes down and up, and its port forwards nothing yet."""
    cluster.net.link("n1", False)
    cluster.wait_holder("n2")
    cluster.net.isolate_from("n1", ["n2", "n3", "client"])
    cluster.net.link("n1", True)


def test_port_that_forwards_late_makes_two_holders_until_it_does(three):
    come_back_behind_a_silent_port(three)
    three.wait_until(lambda: three.holders() == {"n1", "n2"}, "n1 claims, too")
    since_ns = time.monotonic_ns()
    three.net.heal()
    three.settle("n1")
    assert three.dual_ms(since_ns=since_ns) < 2000
    assert three.changes() <= 5  # n1, n2, both, n1 again


def test_port_that_forwards_late_makes_no_holder_in_mode_quorum(make_cluster):
    cluster = make_cluster(3, vip={"web": {"mode": "quorum"}})
    cluster.start()
    cluster.settle("n1", seconds=20)
    come_back_behind_a_silent_port(cluster)
    cluster.quiet(2, lambda: cluster.holders() == {"n2"})
    cluster.net.heal()
    cluster.settle("n1", seconds=20)
    assert cluster.dual_ms() == 0
