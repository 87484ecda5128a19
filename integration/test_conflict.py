# SPDX-License-Identifier: MIT
"""Hosts outside the cluster that use the address of a VIP."""
import json
import time

import pytest

from lab import frames, network
from test_hooks import Hook

VIP = "10.77.0.100"
VIP6 = "fd77::100"
FOREIGN = "foreign"


def add_foreign(cluster):
    return cluster.net.add_host(FOREIGN, 66)


def use(cluster, host, address):
    prefix = 128 if ":" in address else 32
    host.ns.ip(f"addr add {address}/{prefix} dev eth0" + (" nodad" if prefix == 128 else ""))
    speak(host, address)


def speak(host, address):
    """What a host sends that takes an address."""
    with host.ns.inside():
        sender = frames.open_raw("eth0")
    with sender:
        sender.send(frames.claim(host.mac, address))


def conflicts(cluster, name):
    lines = cluster[name].tool("events", "--json").stdout.splitlines()
    return [one for one in map(json.loads, lines) if one["kind"] == "conflict"]


def wait_named(cluster, host, names):
    def named():
        found = [(cluster[name].vip() or {}).get("conflict") for name in names]
        return all(one is not None and one["mac"] == host.mac for one in found)
    cluster.wait_until(named, f"{', '.join(names)} name {host.mac}")


@pytest.mark.parametrize("address", [VIP, VIP6])
def test_a_foreign_host_is_named_by_its_mac_on_every_node_and_the_holder_stays(make_cluster,
                                                                               address):
    cluster = make_cluster(3, vip={"web": {"address": [address]}})
    foreign = add_foreign(cluster)
    cluster.start()
    cluster.settle("n1", address)
    assert cluster["n1"].vip()["conflict"] is None
    since_ns = time.monotonic_ns()
    use(cluster, foreign, address)
    wait_named(cluster, foreign, ("n1", "n2", "n3"))
    assert time.monotonic_ns() - since_ns < 5e9
    for name in ("n1", "n2", "n3"):
        status = cluster[name].status()
        assert status["status"] == "critical"
        assert any(foreign.mac in problem for problem in status["problems"])
        conflict = cluster[name].vip()["conflict"]
        assert conflict["count"] >= 1 and 0 <= conflict["last_ms"] < 20000
        assert foreign.mac in [one["mac"] for one in conflicts(cluster, name)]
        assert foreign.mac in cluster[name].tool("events").stdout
        assert f'mac="{foreign.mac}"' in cluster[name].tool("metrics").stdout
        assert cluster[name].tool("status").returncode == 2
    assert cluster.holders(address) >= {"n1"}
    assert cluster.changes(address) == 1 or FOREIGN in cluster.watch.intervals(address)
    assert cluster["n1"].vip()["holder"] == "n1"


def test_the_hook_of_the_holder_hears_of_a_foreign_host(make_cluster):
    cluster = make_cluster(2)
    hooks = {name: Hook(node) for name, node in cluster.nodes.items()}
    for name, node in cluster.nodes.items():
        node.write_config({**cluster.config, "hook": str(hooks[name].program)})
    foreign = add_foreign(cluster)
    cluster.start()
    cluster.settle("n1")
    use(cluster, foreign, VIP)
    wait_named(cluster, foreign, ("n1", "n2"))
    cluster.wait_until(lambda: hooks["n1"].events() == ["holding", "conflict"], "n1 was told")
    call = hooks["n1"].calls()[1][1]
    assert call["vip"] == "web" and call["holder"] == "n1"
    assert call["reason"] == f"a host outside the cluster uses the address: {foreign.mac}"
    assert hooks["n2"].events() == []  # it holds nothing; one call says it all


def test_what_one_node_alone_sees_every_node_names(make_cluster):
    cluster = make_cluster(3)
    foreign = add_foreign(cluster)
    cluster.net.cut(FOREIGN, "n1")
    cluster.net.cut(FOREIGN, "n3")
    cluster.start()
    cluster.settle("n1")
    speak(foreign, VIP)
    wait_named(cluster, foreign, ("n1", "n2", "n3"))


@pytest.mark.parametrize("address", [VIP, VIP6])
def test_neighbours_that_were_misled_find_the_holder_again_within_a_second(make_cluster, address):
    cluster = make_cluster(2, vip={"web": {"address": [address]}})
    foreign = add_foreign(cluster)
    client = cluster.net.hosts[network.CLIENT]
    n1 = cluster.net.hosts["n1"]
    cluster.start()
    cluster.settle("n1", address)
    time.sleep(5.5)  # the series of the takeover is over

    def ask():
        frames.ping(client.ns, address)
        return frames.cached_mac(client.ns, address)

    cluster.wait_until(lambda: ask() == n1.mac, "the client knows n1")
    speak(foreign, address)
    since_ns = time.monotonic_ns()
    cluster.wait_until(lambda: frames.cached_mac(client.ns, address) == foreign.mac
                       or time.monotonic_ns() - since_ns > 1e9, "the client is misled")
    cluster.wait_until(lambda: frames.cached_mac(client.ns, address) == n1.mac,
                       "the client knows n1 again", 3)
    assert time.monotonic_ns() - since_ns < 1.5e9


def test_defence_is_rate_limited_however_often_the_foreign_host_speaks(make_cluster):
    cluster = make_cluster(1)
    foreign = add_foreign(cluster)
    n1 = cluster.net.hosts["n1"]
    cluster.start()
    cluster.wait_holder("n1")
    time.sleep(5.5)
    tap = frames.Tap(cluster.net, network.CLIENT)
    end = time.monotonic() + 5
    with foreign.ns.inside():
        sender = frames.open_raw("eth0")
    with sender:
        while time.monotonic() < end:
            sender.send(frames.claim(foreign.mac, VIP))
            time.sleep(0.002)
    sent = [frame for frame in tap.stop().read() if frame.source == n1.mac
            and frame.address == VIP and frame.target == frames.BROADCAST]
    rounds = frames.rounds(sent)
    assert 5 <= len(rounds) <= 5 + 6, rounds
    conflict = cluster["n1"].vip()["conflict"]
    assert conflict["mac"] == foreign.mac and conflict["count"] > 10
    assert cluster.holders() == {"n1"}


def test_before_the_first_claim_the_wire_is_asked_and_a_foreign_host_is_left_alone(make_cluster):
    cluster = make_cluster(2)
    foreign = add_foreign(cluster)
    foreign.ns.ip(f"addr add {VIP}/32 dev eth0")
    cluster.start()
    cluster.wait_until(lambda: (cluster["n1"].vip() or {}).get("state") == "fault",
                       "n1 is in fault")
    wait_named(cluster, foreign, ("n1", "n2"))
    cluster.quiet(3, lambda: not {"n1", "n2"} & cluster.holders())
    status = cluster["n1"].tool("status")
    assert status.returncode == 2 and foreign.mac in status.stdout
    foreign.ns.ip(f"addr del {VIP}/32 dev eth0")
    cluster.wait_until(lambda: cluster.holders() == {"n1"}, "n1 holds", 20)


def test_no_node_takes_another_for_a_stranger_whoever_holds(three):
    for name in ("n1", "n2"):
        assert three[name].stop() == 0
        three.wait_until(lambda name=name: len(three.holders()) == 1, "another one holds")
    for name in ("n2", "n1"):
        three.start(name)
    three.settle("n1")
    three.net.isolate("n1")
    three.wait_until(lambda: "n2" in three.holders(), "n2 holds too")
    three.net.heal()
    three.settle("n1")
    time.sleep(0.5)
    for name in ("n1", "n2", "n3"):
        assert three[name].vip()["conflict"] is None
        assert not [one for one in conflicts(three, name) if one["mac"] is not None]


def test_a_node_behind_a_firewall_is_told_by_its_name_and_not_as_a_stranger(make_cluster):
    vip = {"address": [VIP], "announce_refresh": "1s"}
    cluster = make_cluster(2, vip={"web": vip})
    cluster.start()
    cluster.settle("n1")
    cluster.net.rules.append("meta l4proto udp drop")  # the rest of the link is as it was
    cluster.net.apply()
    cluster.wait_until(lambda: cluster.holders() == {"n1", "n2"}, "both hold")

    def told():
        return [(cluster[name].vip() or {}).get("conflict") for name in ("n1", "n2")]
    cluster.wait_until(lambda: None not in told(), "both name the other one", 30)
    assert [one["node"] for one in told()] == ["n2", "n1"]
    status = cluster["n1"].tool("status")
    assert status.returncode == 2 and "firewall" in status.stdout
    assert "n2" in [one["node"] for one in conflicts(cluster, "n1")]
    cluster.net.heal()
    cluster.settle("n1")
    cluster.wait_until(lambda: told() == [None, None], "nobody names anybody any more")
