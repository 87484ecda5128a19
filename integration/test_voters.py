# SPDX-License-Identifier: MIT
"""The voters of a VIP in mode quorum change while it is held: by reload, one node at a time. Never
two holders, by what netlink said in every host from the first moment to the last."""
import copy
import itertools

import pytest
from test_quorum import remember

VIP = "10.77.0.100"
LEASE_MS = 400
CHANGE_SECONDS = 40  # a change lasts for as long as any voter's promise may, 10 s


def write(cluster, *names):
    for name in names:
        cluster[name].write_config(cluster.config)


def apply(cluster, name):
    """That node takes the file of the cluster, as soon as the change before is done."""
    write(cluster, name)
    cluster.wait_until(lambda: cluster[name].tool("reload").returncode == 0,
                       f"{name} takes its file", CHANGE_SECONDS)


def refused(cluster, name, reason):
    write(cluster, name)
    done = cluster[name].tool("reload")
    assert done.returncode == 1 and reason in done.stderr, done.stderr
    assert "the running configuration stays" in done.stderr


def removals(cluster):
    return sum(1 for event in cluster.watch.of(VIP) if not event.added)


def same_everywhere(cluster):
    views = [cluster[name].status() for name in cluster.running()]
    return all(view and all(node["config"] != "differs" for node in view["nodes"])
               for view in views)


@pytest.fixture
def make_voters(make_cluster):
    """So many nodes in the files and running; the others of five are not known to them yet."""
    def make(count):
        cluster = make_cluster(5, services=True, vip={"web": {"mode": "quorum"}})
        cluster.all_nodes = copy.deepcopy(cluster.config["node"])
        remember(cluster, LEASE_MS)
        keep(cluster, count)
        names = [f"n{i}" for i in range(1, count + 1)]
        write(cluster, *names)
        cluster.start(*names)
        cluster.settle("n1", seconds=30)
        return cluster
    return make


def keep(cluster, count):
    """The file has these nodes from now on."""
    cluster.config["node"] = dict(itertools.islice(cluster.all_nodes.items(), count))


def add(cluster, number, order):
    keep(cluster, number)
    write(cluster, f"n{number}")
    cluster.start(f"n{number}")
    for name in order:
        apply(cluster, name)


def take_out(cluster, number, order):
    keep(cluster, number - 1)
    assert cluster[f"n{number}"].stop() == 0
    for name in order:
        apply(cluster, name)


@pytest.mark.parametrize("most", [4, pytest.param(5, marks=pytest.mark.long)])
def test_three_voters_become_more_and_three_again_while_the_vip_is_held(make_voters, most):
    cluster = make_voters(3)
    client = cluster.client()
    before = removals(cluster)
    add(cluster, 4, ("n1", "n2", "n3"))
    if most == 5:
        add(cluster, 5, ("n4", "n3", "n2", "n1"))  # the holder last
    cluster.wait_until(lambda: same_everywhere(cluster), "all have the same file")
    cluster.settle("n1", seconds=30)
    cluster.wait_until(lambda: cluster["n1"].vip()["votes"]["needed"] == 3, "it is done")
    if most == 5:
        take_out(cluster, 5, ("n2", "n1", "n3", "n4"))
    take_out(cluster, 4, ("n3", "n2", "n1"))
    cluster.settle("n1", seconds=30)
    cluster.wait_until(lambda: cluster["n1"].vip()["votes"]["needed"] == 2, "it is done",
                       CHANGE_SECONDS)
    assert removals(cluster) == before and cluster.holders() == {"n1"}
    assert client.stop().answered_by() == ["n1"]
    assert cluster.dual_ms() == 0


@pytest.mark.parametrize("new", [("n2",), ("n1",), ("n2", "n3"), ("n1", "n2")])
def test_holder_is_cut_off_while_some_nodes_have_the_new_voters(make_voters, new):
    cluster = make_voters(3)
    add(cluster, 4, new)
    cluster.quiet(1, lambda: cluster.holders() == {"n1"})
    cluster.net.isolate("n1")
    cluster.wait_holder("n2", seconds=30)
    for name in sorted({"n2", "n3"} - set(new)):
        apply(cluster, name)
    cluster.quiet(1, lambda: cluster.holders() == {"n2"})
    cluster.net.heal()
    if "n1" not in new:
        apply(cluster, "n1")
    cluster.settle("n1", seconds=30)
    assert cluster.dual_ms() == 0


def test_two_voters_at_once_are_refused_with_what_to_do(make_voters):
    cluster = make_voters(3)
    keep(cluster, 5)
    refused(cluster, "n1", "only one voter may be added or removed at a time: here 2 came")
    keep(cluster, 4)
    cluster.config["node"]["n5"] = cluster.config["node"].pop("n3")
    refused(cluster, "n1", "at a time")
    keep(cluster, 3)
    write(cluster, "n1")
    assert cluster["n1"].tool("reload").returncode == 0
    assert removals(cluster) == 0 and cluster.holders() == {"n1"}


def test_next_change_waits_until_the_former_one_is_everywhere_or_is_taken_back(make_voters):
    cluster = make_voters(3)
    keep(cluster, 4)
    apply(cluster, "n1")
    keep(cluster, 5)
    refused(cluster, "n1", "majorities of the former and of the new ones have to have that change")
    keep(cluster, 3)
    apply(cluster, "n1")  # back
    add(cluster, 4, ("n1", "n2"))
    keep(cluster, 5)
    write(cluster, "n1")
    cluster.quiet(2, lambda: cluster["n1"].tool("reload").returncode == 1)
    keep(cluster, 4)
    apply(cluster, "n3")
    add(cluster, 5, ("n1", "n2", "n3", "n4"))
    cluster.settle("n1", seconds=30)
    assert removals(cluster) == 0
    assert cluster.dual_ms() == 0


def test_voter_that_is_dead_is_taken_out(make_voters):
    cluster = make_voters(4)
    cluster["n4"].kill()
    keep(cluster, 3)
    for name in ("n3", "n1", "n2"):
        apply(cluster, name)
    cluster.wait_until(lambda: all(cluster[name].vip()["votes"]["needed"] == 2
                                   for name in ("n1", "n2", "n3")), "the change is done",
                       CHANGE_SECONDS)
    cluster["n3"].kill()
    cluster.quiet(2, lambda: cluster.holders() == {"n1"})  # two of three, not two of four
    assert removals(cluster) == 0
    assert cluster.dual_ms() == 0


def test_node_that_restarts_with_the_new_file_in_between_votes_again(make_voters):
    cluster = make_voters(3)
    add(cluster, 4, ("n1",))
    write(cluster, "n2")
    assert cluster["n2"].stop() == 0
    cluster.start("n2")
    cluster.quiet(2, lambda: len(cluster.holders()) <= 1)
    apply(cluster, "n3")
    cluster.settle("n1", seconds=30)
    cluster.wait_until(lambda: same_everywhere(cluster), "all four have the same file")
    assert cluster.dual_ms() == 0
