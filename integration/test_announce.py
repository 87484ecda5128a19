# SPDX-License-Identifier: MIT
"""Announcements, as frames on the wire and in the caches of those who read them."""
import shutil
import signal
import time

import pytest

from lab import frames, netns, network, wire

VIP = "10.77.0.100"
VIP6 = "fd77::100"
SERIES_MS = (0, 50, 200, 1000, 5000)
GATEWAY = "gateway"
BEHIND = "behind"
pytestmark = pytest.mark.skipif(shutil.which("tshark") is None, reason="tshark is not installed")


def add_gateway(net):
    """A router on the bridge, and a client behind it; the router is everybody's way there."""
    gateway = net.add_host(GATEWAY, 254)
    behind = netns.Netns(f"{net.prefix}-{BEHIND}")
    gateway.ns.ip(f"link add eth1 type veth peer name eth0 netns {behind.name}",
                  "link set eth1 up", "addr add 10.88.0.254/24 dev eth1",
                  "addr add fd88::254/64 dev eth1 nodad")
    behind.ip("link set lo up", "link set eth0 up", "addr add 10.88.0.1/24 dev eth0",
              "addr add fd88::1/64 dev eth0 nodad")
    behind.run("ip", "-4", "route", "add", "default", "via", "10.88.0.254")
    behind.run("ip", "-6", "route", "add", "default", "via", "fd88::254")
    gateway.ns.sysctl(net__ipv4__ip_forward=1, net__ipv6__conf__all__forwarding=1)
    for name, host in net.hosts.items():
        if name != GATEWAY:
            host.ns.run("ip", "-4", "route", "add", "default", "via", gateway.v4)
            host.ns.run("ip", "-6", "route", "add", "default", "via", gateway.v6)
    return gateway, behind


@pytest.fixture
def with_gateway(make_cluster):
    """make(...) as make_cluster, and the gateway and the namespace behind it."""
    spaces = []

    def make(*arguments, **changes):
        cluster = make_cluster(*arguments, **changes)
        gateway, behind = add_gateway(cluster.net)
        spaces.append(behind)
        for host in cluster.net.hosts.values():
            frames.ping(host.ns, gateway.v4)
            frames.ping(host.ns, gateway.v6)
        return cluster, gateway, behind

    yield make
    for space in spaces:
        space.remove()


def announcements(tap, host, address=VIP):
    """Frames of that host that say where the address is, and nothing that was asked for."""
    found = [frame for frame in tap.read() if frame.address == address
             and frame.source == host.mac]
    if ":" in address:
        return [frame for frame in found if frame.fields["icmpv6.nd.na.flag.s"] in ("0", "False")]
    return [frame for frame in found if frame.arp[2] == frame.arp[4]]


def assert_series(groups, start_ms, expected=SERIES_MS):
    """Never early; late as a busy machine may be."""
    offsets = [group[0].at_ms - start_ms for group in groups]
    assert len(offsets) >= len(expected), offsets
    for offset, wanted in zip(offsets, expected):
        assert wanted - 15 <= offset <= wanted + 500, (offsets, expected)


def is_set(text):
    return text in ("1", "True")


def test_takeover_is_announced_five_times_by_arp_request_and_reply_also_to_the_gateway(
        with_gateway):
    cluster, gateway, _ = with_gateway(1)
    n1 = cluster.net.hosts["n1"]
    tap = frames.Tap(cluster.net, network.CLIENT)
    direct = frames.Tap(cluster.net, GATEWAY)
    cluster.start()
    cluster.wait_holder("n1")
    time.sleep(6)
    groups = frames.rounds(announcements(tap.stop(), n1))
    assert_series(groups, groups[0][0].at_ms)
    assert len(groups) == len(SERIES_MS)
    for group in groups:
        assert sorted(frame.arp[0] for frame in group) == ["1", "2"]
        for frame in group:
            assert frame.target == frames.BROADCAST
            operation, sender_mac, sender, target_mac, target = frame.arp
            assert (sender_mac, sender, target) == (n1.mac, VIP, VIP)
            # Of replies Linux takes only those with the sender in place of the target at once.
            assert operation == "1" or target_mac == n1.mac
    alone = [frame for frame in announcements(direct.stop(), n1) if frame.target == gateway.mac]
    assert [sorted(frame.arp[0] for frame in group) for group in frames.rounds(alone)] \
        == [["1", "2"]] * len(SERIES_MS)


def test_takeover_of_ipv6_is_announced_to_all_nodes_and_to_the_gateway(with_gateway):
    cluster, gateway, _ = with_gateway(1, vip={"web": {"address": [VIP6]}})
    n1 = cluster.net.hosts["n1"]
    tap = frames.Tap(cluster.net, GATEWAY)
    cluster.start()
    cluster.wait_holder("n1", VIP6)
    time.sleep(6)
    found = announcements(tap.stop(), n1, VIP6)
    alone = [frame for frame in found if frame.target == gateway.mac]
    to_all = [frame for frame in found if frame.target != gateway.mac]
    groups = frames.rounds(to_all)
    assert_series(groups, groups[0][0].at_ms)
    assert len(to_all) == len(alone) == len(SERIES_MS)
    for frame in found:
        fields = frame.fields
        assert fields["icmpv6.opt.linkaddr"] == n1.mac
        assert fields["ipv6.src"] == VIP6 and fields["ipv6.hlim"] == "255"
        assert is_set(fields["icmpv6.nd.na.flag.o"]) and not is_set(fields["icmpv6.nd.na.flag.r"])
        assert fields["icmpv6.checksum.status"] in ("1", "Good")
    for frame in to_all:
        assert (frame.target, frame.fields["ipv6.dst"]) == frames.ALL_NODES


def test_announcements_are_refreshed(make_cluster):
    cluster = make_cluster(1, vip={"web": {"announce_refresh": "1s"}})
    tap = frames.Tap(cluster.net, network.CLIENT)
    cluster.start()
    cluster.wait_holder("n1")
    time.sleep(8.5)
    groups = frames.rounds(announcements(tap.stop(), cluster.net.hosts["n1"]))
    assert_series(groups, groups[0][0].at_ms, (*SERIES_MS, 6000, 7000, 8000))


def test_a_holder_that_was_not_run_for_a_while_announces_itself_again(make_cluster):
    """Stalled for more than T/2, and not for so long that it loses the address."""
    cluster = make_cluster(2, interval="1s")
    cluster.start()
    cluster.settle("n1")
    time.sleep(5.5)
    engine = cluster["n1"].engine_pid()
    tap = frames.Tap(cluster.net, network.CLIENT)
    wire.wait_beat(cluster.net, "n1")
    time.sleep(0.8)
    network.kill([engine], signal.SIGSTOP)
    time.sleep(0.95)
    network.kill([engine], signal.SIGCONT)
    time.sleep(0.5)
    assert cluster.holders() == {"n1"}
    assert len(frames.rounds(announcements(tap.stop(), cluster.net.hosts["n1"]))) >= 2


def test_a_link_that_comes_back_is_announced_on(make_cluster):
    cluster = make_cluster(1)
    cluster.start()
    cluster.wait_holder("n1")
    cluster.net.link("n1", up=False)
    cluster.wait_holder(None)
    tap = frames.Tap(cluster.net, network.CLIENT)
    cluster.net.link("n1", up=True)
    cluster.wait_holder("n1")
    time.sleep(1.5)
    # The bridge may not have opened its port yet when the first one comes.
    assert len(frames.rounds(announcements(tap.stop(), cluster.net.hosts["n1"]))) >= 3


@pytest.mark.parametrize("address", [VIP, VIP6])
def test_caches_of_client_and_gateway_have_the_holder_within_a_second_of_two_holders(
        with_gateway, address):
    cluster, gateway, behind = with_gateway(2, vip={"web": {"address": [address]}})
    client = cluster.net.hosts[network.CLIENT]
    n1, n2 = cluster.net.hosts["n1"], cluster.net.hosts["n2"]
    cluster.start()
    cluster.settle("n1", address)

    def caches():
        return {frames.cached_mac(client.ns, address), frames.cached_mac(gateway.ns, address)}

    def ask():
        frames.ping(client.ns, address)
        frames.ping(behind, address)
        return caches()

    cluster.wait_until(lambda: ask() == {n1.mac}, "both have learnt n1")
    cluster.net.cut("n1", "n2")
    cluster.wait_until(lambda: cluster.holders(address) == {"n1", "n2"}, "both hold")
    cluster.wait_until(lambda: caches() == {n2.mac}, "both caches have the one that came last")
    cluster.net.heal()
    cluster.wait_holder("n1", address)
    single_ns = time.monotonic_ns()
    cluster.wait_until(lambda: caches() == {n1.mac}, "both caches have the holder", 5)
    assert time.monotonic_ns() - single_ns < 1e9
    cluster.quiet(1, lambda: caches() == {n1.mac})


@pytest.mark.parametrize("family", ["ipv4", "ipv6"])
def test_500_addresses_are_all_announced_and_no_heartbeat_starves(make_cluster, family):
    if family == "ipv4":
        addresses = [f"10.77.{i // 200 + 1}.{i % 200 + 1}" for i in range(500)]
    else:
        addresses = [f"fd77::1:{i:x}" for i in range(1, 501)]
    # Longer than the kernel of a busy machine takes for so many of IPv6.
    cluster = make_cluster(2, interval="300ms", vip={"web": {"address": addresses}})
    tap = frames.Tap(cluster.net, "n2")
    cluster.start()
    cluster.settle("n1", addresses[-1], seconds=30)
    time.sleep(1.5)
    beats = tap.stop().beats_ms(cluster.net.hosts["n1"])
    found = {}
    for frame in tap.read():
        if frame.source == cluster.net.hosts["n1"].mac:
            found[frame.address] = found.get(frame.address, 0) + 1
    assert all(found.get(address, 0) >= 4 for address in addresses)
    # No more than the others' patience, and nobody was ever suspected of being dead.
    assert max(after - before for before, after in zip(beats, beats[1:])) < 600
    assert cluster["n2"].status()["counters"]["deaths"] == 0
    assert cluster.changes(addresses[0]) == 1
