# SPDX-License-Identifier: MIT
"""Keys, forged and broken datagrams, cloned machines, privileges."""
import re

import pytest

from lab import cluster as lab_cluster
from lab import network, paths, wire

VIP = "10.77.0.100"


def total_drops(node):
    return sum(node.drops().values())


def test_node_with_a_wrong_key_disturbs_nobody_and_claims_nothing(make_cluster):
    cluster = make_cluster(2)
    cluster["n2"].write_key(lab_cluster.keygen())
    cluster.start("n1")
    cluster.wait_holder("n1")
    cluster.start("n2")
    cluster.wait_until(lambda: cluster["n2"].tool("status").returncode == 2,
                       "status of n2 is CRITICAL")
    cluster.wait_until(lambda: cluster["n2"].vip()["answered_by"] == cluster.net.hosts["n1"].mac,
                       "n2 names the MAC that answers")
    cluster.quiet(3, lambda: cluster.holders() == {"n1"})
    assert cluster.changes() == 1
    assert cluster["n1"].vip()["holder"] == "n1"
    assert "key" in " ".join(cluster["n2"].status()["problems"])


def test_wrong_key_among_three_leaves_the_other_two_a_working_cluster(make_cluster):
    cluster = make_cluster(3)
    cluster["n1"].write_key(lab_cluster.keygen())
    cluster.start("n2", "n3")
    cluster.wait_holder("n2")
    cluster.start("n1")
    cluster.quiet(3, lambda: cluster.holders() == {"n2"})
    cluster.net.isolate("n2")
    cluster["n2"].kill()
    cluster.wait_until(lambda: "n3" in cluster.holders(), "n3 takes over")


def test_noise_changes_nothing_and_is_counted(three):
    target = three["n1"].host
    before = total_drops(three["n1"])
    datagrams = wire.noise(1000)
    wire.send(three.net.hosts[network.CLIENT], target.v4, datagrams)
    wire.send(three.net.hosts["n2"], target.v4, datagrams)
    three.wait_until(lambda: total_drops(three["n1"]) - before >= 1000, "drops are counted")
    assert three.changes() == 1
    three.settle("n1")


def test_broken_copies_of_real_datagrams_change_nothing_and_are_counted(three):
    captured = wire.capture(three.net, "n2", 12)
    assert captured
    datagrams = [mutant for _, _, real in captured[:3] for mutant in wire.mutants(real)]
    before = total_drops(three["n1"])
    wire.send(three.net.hosts["n2"], three["n1"].host.v4, datagrams)
    wire.send(three.net.hosts[network.CLIENT], three["n1"].host.v4, datagrams)
    three.wait_until(lambda: total_drops(three["n1"]) - before >= len(datagrams),
                     "drops are counted")
    assert three.changes() == 1
    three.settle("n1")


def test_replayed_datagrams_change_nothing(three):
    captured = wire.capture(three.net, "n1", 30)
    assert three["n1"].stop() == 0
    three.wait_holder("n2")
    three.wait_agreed("n2")
    before = total_drops(three["n2"])
    # Beats in which n1 holds the VIP, after n1 left: to those they were meant for, and others.
    for name in ("n2", "n3"):
        wire.send(three.net.hosts[network.CLIENT], three[name].host.v4,
                  [real for _, _, real in captured])
    three.wait_until(lambda: total_drops(three["n2"]) > before, "replays are counted as drops")
    three.quiet(2, lambda: three.holders() == {"n2"})
    assert three["n2"].sees("n1")["state"] == "left"


def test_node_that_restarts_is_believed_although_replays_are_not(three):
    assert three["n1"].stop() == 0
    three.wait_holder("n2")
    three.start("n1")
    three.settle("n1")


def test_key_that_others_can_read_is_refused_with_the_remedy(make_cluster):
    cluster = make_cluster(2)
    cluster["n1"].key.chmod(0o644)
    cluster.start("n1")
    assert cluster["n1"].wait_exit() == 2
    log = cluster["n1"].log_text()
    assert str(cluster["n1"].key) in log
    assert "chmod" in log


def test_missing_key_is_refused_and_the_message_names_keygen(make_cluster):
    cluster = make_cluster(2)
    cluster["n1"].key.unlink()
    cluster.start("n1")
    assert cluster["n1"].wait_exit() == 2
    assert "keygen" in cluster["n1"].log_text()


def test_cloned_machine_stops_one_of_the_two_with_a_message(make_cluster):
    """n1 has two addresses in the file; the original has the first, its clone the second."""
    cluster = make_cluster(2, node={"n1": {"address": ["10.77.0.1", "10.77.0.11"]},
                                    "n2": {"address": ["10.77.0.2", "10.77.0.12"]}})
    cluster.net.hosts["n2"].add_address("10.77.0.12/16")
    cluster.start()
    cluster.wait_holder("n1")
    cluster.wait_agreed("n1")
    clone = cluster.add_node("clone", cluster.net.add_host("clone", 11))
    clone.start()
    cluster.wait_until(lambda: len(cluster.running()) == 2, "one of the twins stopped", 20)
    stopped = cluster["n1"] if cluster["n1"].process.poll() is not None else clone
    assert stopped.wait_exit() == 1
    assert "n1" in stopped.log_text()
    assert cluster["n2"].process.poll() is None


def test_engine_has_no_capability_and_cannot_gain_one(two):
    status = {}
    with open(f"/proc/{two['n1'].engine_pid()}/status", encoding="ascii") as file:
        for line in file:
            name, _, rest = line.partition(":")
            status[name] = rest.strip()
    assert int(status["CapEff"], 16) == 0
    assert int(status["CapPrm"], 16) == 0
    assert int(status["CapAmb"], 16) == 0
    assert status["NoNewPrivs"] == "1"


def test_control_socket_is_closed_to_others(two):
    assert two["n1"].socket.stat().st_mode & 0o777 == 0o660


def test_security_document_names_tests_that_exist():
    document = (paths.ROOT / "docs" / "SECURITY.md").read_text(encoding="utf-8")
    sources = [*(paths.ROOT / "integration").glob("test_*.py"),
               *(paths.ROOT / "test" / "unit").glob("*.c")]
    known = set()
    for source in sources:
        known |= set(re.findall(r"(?:def|void) (test_\w+)\(", source.read_text(encoding="utf-8")))
    named = set(re.findall(r"`(test_\w+)`", document))
    assert len(named) > 30
    assert not named - known
