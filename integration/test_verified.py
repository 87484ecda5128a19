# SPDX-License-Identifier: MIT
"""Is the VIP where its holder says that it is? Standbys ask the wire."""
import ipaddress
import json

import pytest

from lab import frames, network

VIP = "10.77.0.100"
VIP6 = "fd77::100"
# Neighbour advertisements with that target, as bytes: nft learnt the name `taddr` after Debian 12.
VIP6_BYTES = int(ipaddress.ip_address(VIP6))
ADVERTISES_VIP6 = f"icmpv6 type nd-neighbor-advert @th,64,128 0x{VIP6_BYTES:032x}"


def wait_verified(cluster, asked, verified, unverified=(), timeout=40):
    def told():
        vip = cluster[asked].vip() or {}
        return (set(vip.get("verified_by", [])) == set(verified) and
                set(vip.get("unverified_by", [])) == set(unverified))
    cluster.wait_until(told, f"{asked}: verified by {verified}, not by {unverified}", timeout)


def swallow(cluster, name):
    """Port security, as an OpenStack port has it: what speaks for an address that the port was not
    given is dropped where it leaves, ARP, neighbour advertisements and IP alike."""
    cluster.net.rules += [
        f'iifname "{name}" arp saddr ip {VIP} drop',
        f'iifname "{name}" ip saddr {VIP} drop',
        f'iifname "{name}" ip6 saddr {VIP6} drop',
        f'iifname "{name}" {ADVERTISES_VIP6} drop']
    cluster.net.apply()


def events(cluster, name):
    lines = cluster[name].tool("events", "--json").stdout.splitlines()
    return [one for one in map(json.loads, lines) if one["kind"] == "verified"]


@pytest.mark.parametrize("address", [VIP, VIP6])
def test_every_standby_verifies_the_holder_and_every_node_knows(make_cluster, address):
    cluster = make_cluster(3, vip={"web": {"address": [address]}})
    cluster.start()
    cluster.settle("n1", address)
    for name in ("n1", "n2", "n3"):
        wait_verified(cluster, name, {"n2", "n3"})
        assert cluster[name].status()["status"] == "ok"
    assert "by 2" in cluster["n1"].tool("status").stdout
    assert events(cluster, "n2") == []  # what is as it should be is no news


@pytest.mark.parametrize("address", [VIP, VIP6])
def test_an_address_that_the_network_swallows_is_critical_on_every_node(make_cluster, address):
    cluster = make_cluster(3, vip={"web": {"address": [address]}})
    for name in ("n1", "n2", "n3"):
        swallow(cluster, name)
    cluster.start()
    cluster.settle("n1", address)
    for name in ("n1", "n2", "n3"):
        wait_verified(cluster, name, (), {"n2", "n3"})
        status = cluster[name].tool("status")
        assert status.returncode == 2
        problem, = cluster[name].status()["problems"]
        assert problem.startswith("VIP web is held by n1 and reached by nobody: n2 and n3 asked")
        assert "allowed-address-pairs" in problem and "source/destination" in problem
    assert [one["to"] for one in events(cluster, "n2")] == ["unverified"]
    assert cluster.holders(address) == {"n1"}  # nothing is decided by it
    cluster.net.heal()
    for name in ("n1", "n2", "n3"):
        wait_verified(cluster, name, {"n2", "n3"})
        assert cluster[name].tool("status").returncode == 0
    assert [one["to"] for one in events(cluster, "n2")] == ["unverified", "verified"]


def test_one_of_two_addresses_that_is_swallowed_is_found(make_cluster):
    cluster = make_cluster(2, vip={"web": {"address": [VIP, VIP6]}})
    cluster.net.rules.append(f'iifname "n1" {ADVERTISES_VIP6} drop')
    cluster.net.apply()
    cluster.start()
    cluster.settle("n1")
    wait_verified(cluster, "n1", (), {"n2"}, timeout=60)


def test_a_standby_that_alone_does_not_reach_the_holder_is_a_note(make_cluster):
    cluster = make_cluster(3)
    cluster.net.rules.append(f'oifname "n3" arp saddr ip {VIP} drop')
    cluster.net.apply()
    cluster.start()
    cluster.settle("n1")
    wait_verified(cluster, "n1", {"n2"}, {"n3"})
    status = cluster["n1"].tool("status")
    assert status.returncode == 0
    assert "n3 asked on the wire who has VIP web and gets no answer from n1" in status.stdout
    assert "by 1, not by 1" in status.stdout


def test_the_next_holder_is_asked_for_anew(make_cluster):
    cluster = make_cluster(3)
    cluster.start()
    cluster.settle("n1")
    wait_verified(cluster, "n3", {"n2", "n3"})
    cluster["n1"].tool("drain", "--wait", "10s")
    cluster.wait_holder("n2")
    wait_verified(cluster, "n3", {"n1", "n3"})


def test_a_question_says_nothing_of_the_one_who_asks(make_cluster):
    """An ARP probe has no sender's address: it changes nobody's table, and is no conflict."""
    cluster = make_cluster(2)
    tap = frames.Tap(cluster.net, network.CLIENT)
    cluster.start()
    cluster.settle("n1")
    wait_verified(cluster, "n2", {"n2"})
    standby = cluster.net.hosts["n2"]
    asked = [frame for frame in tap.stop().read(f"arp && eth.src == {standby.mac}")
             if frame.arp[4] == VIP]
    assert asked
    for frame in asked:
        assert frame.target == frames.BROADCAST
        assert frame.arp[:3] == ("1", standby.mac, "0.0.0.0")
    assert cluster["n1"].vip()["conflict"] is None


def test_a_holder_that_is_the_gateway_of_its_standby_is_verified(make_cluster):
    """A router's VIP is the default route of many; that the gateway may answer for others is no
    reason not to hear it when it answers for itself."""
    cluster = make_cluster(2)
    standby, holder = cluster.net.hosts["n2"], cluster.net.hosts["n1"]
    standby.ns.ip(f"route add default via {holder.v4}")
    cluster.start()
    cluster.settle("n1")
    frames.ping(standby.ns, holder.v4)  # the kernel knows its MAC address
    wait_verified(cluster, "n1", {"n2"})
    cluster["n2"].stop()
    cluster.start("n2")
    frames.ping(standby.ns, holder.v4)
    wait_verified(cluster, "n1", {"n2"})
    cluster.quiet(4, lambda: cluster["n1"].tool("status").returncode == 0)


def test_a_reload_that_adds_an_address_node_by_node_is_no_alarm(make_cluster):
    cluster = make_cluster(3)
    cluster.start()
    cluster.settle("n1")
    wait_verified(cluster, "n1", {"n2", "n3"})
    cluster.config["vip"]["web"]["address"] = [VIP, "10.77.0.102"]
    for name in ("n2", "n3"):
        cluster[name].write_config(cluster.config)
        assert cluster[name].tool("reload").returncode == 0
    cluster.quiet(12, lambda: cluster["n2"].status()["status"] != "critical")
    cluster["n1"].write_config(cluster.config)
    assert cluster["n1"].tool("reload").returncode == 0
    wait_verified(cluster, "n1", {"n2", "n3"})
    assert [one for name in ("n2", "n3") for one in events(cluster, name)] == []
