# SPDX-License-Identifier: MIT
"""What happens to the interface of a VIP while the daemon runs, and what becomes of the VIP."""
import pytest

from lab import frames, network

VIP = "10.77.0.100"
VIP6 = "fd77::100"


def by_name(interface="eth0"):
    return {"vip": {"web": {"interface": interface}}}


@pytest.fixture
def make(make_cluster):
    """Two nodes, n1 holds the VIP."""

    def made(nodes=2, **changes):
        cluster = make_cluster(nodes, **changes)
        cluster.start()
        cluster.settle("n1", seconds=20)
        return cluster

    return made


def problem(cluster, text, name="n1"):
    """Until `vipgossip status` on that node says so."""
    cluster.wait_until(lambda: text in cluster[name].tool("status").stdout, f"{name} says: {text}")


def wait_no_problem(cluster, name="n1"):
    cluster.wait_until(lambda: (cluster[name].status() or {}).get("problems") == [],
                       f"{name} has no problem")


def event(cluster, text, name="n1"):
    return text in cluster[name].tool("events").stdout


def vip_places(ns, address=VIP):
    """The interfaces that have it."""
    return [link["ifname"] for link in ns.json("addr", "show")
            if any(one.get("local") == address for one in link["addr_info"])]


def reaches(cluster, name, address=VIP, interface="eth0"):
    """The client reaches the VIP, and at that node."""
    client, mac = cluster.net.hosts[network.CLIENT], cluster.net.hosts[name].ns.mac(interface)

    def ask():
        frames.ping(client.ns, address)
        return frames.cached_mac(client.ns, address) == mac

    return cluster.wait_until(ask, f"the client reaches {address} at {name}")


def test_an_interface_found_by_route_may_be_renamed_and_keeps_the_vip(make):
    cluster = make()
    ns = cluster.net.hosts["n1"].ns
    ns.ip("link set eth0 name lan0")
    cluster.wait_until(lambda: cluster["n1"].vip()["interface"] == "lan0", "n1 knows the new name")
    cluster.quiet(3, lambda: cluster.holders() == {"n1"})
    assert cluster.changes() == 1
    wait_no_problem(cluster)


@pytest.mark.parametrize("kernel_lease", ("2s", "off"))
def test_an_interface_chosen_by_name_takes_no_address_along_when_it_is_renamed(make, kernel_lease):
    cluster = make(vip={"web": {"interface": "eth0", "kernel_lease": kernel_lease}})
    ns = cluster.net.hosts["n1"].ns
    ns.ip("link set eth0 name lan0")
    cluster.wait_holder("n2")
    assert cluster.dual_ms() < 5
    problem(cluster, "there is no interface eth0: bring it back")
    assert event(cluster, "the interface went down (n2) (eth0 is missing)")
    ns.ip("link set lan0 name eth0")
    cluster.wait_holder("n1")
    wait_no_problem(cluster)
    assert cluster.dual_ms() < 5


def test_a_renamed_interface_makes_no_second_holder_in_mode_quorum(make):
    cluster = make(3, vip={"web": {"interface": "eth0", "mode": "quorum"}})
    cluster.net.hosts["n1"].ns.ip("link set eth0 name lan0")
    cluster.wait_holder("n2")
    assert cluster.dual_ms() == 0


def test_two_interfaces_that_swap_their_names_leave_the_vip_on_neither_of_them_twice(make):
    cluster = make(**by_name())
    ns = cluster.net.hosts["n1"].ns
    ns.ip("link add eth1 type veth peer name eth1p", "link set eth1p up", "link set eth1 up",
          "link set eth0 name spare", "link set eth1 name eth0", "link set spare name eth1")
    cluster.wait_until(lambda: len(vip_places(ns)) <= 1 and "eth1" not in vip_places(ns),
                       "the former eth0 has no VIP any more")
    cluster.quiet(1, lambda: "eth1" not in vip_places(ns))


def test_a_standby_whose_interface_is_down_says_so_and_is_ready_again_when_it_is_up(make):
    cluster = make()
    cluster.net.link("n2", up=False)
    problem(cluster, "interface eth0 is down: type 'ip link set eth0 up'", "n2")
    cluster.net.link("n2", up=True)
    cluster.wait_alive("n2", "n1")
    wait_no_problem(cluster, "n2")
    assert cluster.changes() == 1


@pytest.mark.parametrize("mode", ("available", "quorum"))
def test_an_interface_that_is_downed_hands_over_and_takes_back(make, mode):
    cluster = make(3, vip={"web": {"mode": mode}})
    cluster.net.link("n1", up=False)
    cluster.wait_holder("n2")
    problem(cluster, "interface eth0 is down: type 'ip link set eth0 up'")
    assert event(cluster, "(eth0 is down)")
    cluster.net.link("n1", up=True)
    cluster.wait_holder("n1", seconds=20)
    wait_no_problem(cluster)
    assert not event(cluster, "did not take it")
    reaches(cluster, "n1")
    # In mode available n1 cannot tell anybody before it is gone.
    assert cluster.dual_ms() < 5


def test_a_node_whose_own_address_goes_says_that_it_can_send_to_nobody(make):
    cluster = make()
    host = cluster.net.hosts["n1"]
    host.ns.ip(f"addr del {host.v4}/16 dev eth0")
    cluster.wait_holder("n2")
    problem(cluster, "n1 can send no heartbeat to any node: see to it that its address")
    host.add_address(f"{host.v4}/16")
    cluster.wait_holder("n1", seconds=20)
    wait_no_problem(cluster)


def test_an_interface_that_was_downed_and_upped_at_once_leaves_no_second_holder(make):
    cluster = make()
    cluster.net.hosts["n1"].ns.ip("link set eth0 down", "link set eth0 up")
    cluster.wait_stable()
    reaches(cluster, next(iter(cluster.holders())))
    assert cluster.dual_ms() < 5


def test_carrier_that_is_lost_moves_ipv4_and_ipv6_and_its_return_brings_both_back(make):
    cluster = make(vip={"web": {"address": [VIP, VIP6]}})
    for address in (VIP, VIP6):
        cluster.wait_holder("n1", address)
    cluster.net.switch.ip("link set n1 down")
    for address in (VIP, VIP6):
        cluster.wait_holder("n2", address)
    problem(cluster, "interface eth0 has no carrier: look at its cable")
    assert event(cluster, "(eth0 has no carrier)")
    assert cluster["n1"].vip()["foreign_removals"] == 0
    cluster.net.switch.ip("link set n1 up")
    for address in (VIP, VIP6):
        cluster.wait_holder("n1", address)
        reaches(cluster, "n1", address)
    wait_no_problem(cluster)


def recreate(cluster, name):
    """Deletes the interface of a host. What is returned makes another one of the same name: another
    index, and another MAC."""
    host = cluster.net.hosts[name]
    host.ns.ip("link del eth0")

    def again():
        cluster.net.switch.ip(f"link add {name} type veth peer name eth0 netns {host.ns.name}",
                              f"link set {name} master br0 up")
        host.ns.ip("link set eth0 up", f"addr add {host.v4}/16 dev eth0",
                   f"addr add {host.v6}/64 dev eth0 nodad")

    return again


@pytest.mark.parametrize("interface", ({}, by_name()))
def test_an_interface_that_is_deleted_and_made_anew_is_the_same_to_the_vip(make, interface):
    cluster = make(**interface)
    again = recreate(cluster, "n1")
    cluster.wait_holder("n2")
    problem(cluster, "there is no interface eth0: bring it back")
    again()
    cluster.wait_holder("n1", seconds=20)
    reaches(cluster, "n1")
    wait_no_problem(cluster)
    assert cluster["n1"].vip()["conflict"] is None
    assert cluster["n2"].vip()["conflict"] is None


def test_a_standby_whose_interface_was_made_anew_takes_over_as_ever(make):
    cluster = make()
    again = recreate(cluster, "n2")
    problem(cluster, "there is no interface eth0", "n2")
    again()
    cluster.settle("n1")
    cluster["n1"].kill()
    cluster.wait_holder("n2")
    reaches(cluster, "n2")


def other_bridge(cluster, *names):
    """Their ports leave the bridge and join another one; the carrier stays."""
    cluster.net.switch.ip("link add br1 type bridge mcast_snooping 0 forward_delay 0",
                          "link set br1 up", *(f"link set {name} master br1" for name in names))


def back(cluster, *names):
    cluster.net.switch.ip(*(f"link set {name} master br0" for name in names))


def test_a_holder_that_was_moved_to_another_bridge_keeps_the_vip_there_until_it_is_back(make):
    """As any cut: in mode available each side has its holder. One of them goes when they meet."""
    cluster = make()
    other_bridge(cluster, "n1")
    cluster.wait_until(lambda: cluster.holders() == {"n1", "n2"}, "each side has its holder")
    back(cluster, "n1")
    cluster.wait_holder("n1")
    reaches(cluster, "n1")


def test_a_holder_that_was_moved_away_from_the_majority_lets_go_first(make):
    cluster = make(3, vip={"web": {"mode": "quorum"}})
    other_bridge(cluster, "n1")
    cluster.wait_holder("n2")
    problem(cluster, "do not hear each other, so it can neither hold it nor take it")
    back(cluster, "n1")
    cluster.wait_holder("n1", seconds=20)
    assert cluster.dual_ms() == 0


def test_a_cluster_that_moves_to_another_bridge_together_goes_on(make):
    cluster = make()
    other_bridge(cluster, "n1", "n2", network.CLIENT)
    cluster.wait_stable()
    cluster.quiet(1, lambda: cluster.holders() == {"n1"})
    reaches(cluster, "n1")


def into_a_bridge(cluster, name="n1"):
    """The host's interface becomes a port of a bridge of its own."""
    cluster.net.hosts[name].ns.ip("link add br0 type bridge forward_delay 0", "link set br0 up",
                                  "link set eth0 master br0")


def test_the_vip_follows_its_network_into_a_bridge_of_the_host(make):
    cluster = make()
    host = cluster.net.hosts["n1"]
    into_a_bridge(cluster)
    cluster.wait_holder("n2")
    problem(cluster, "interface eth0 is a port of br0, where nobody reaches an address: give br0 "
                     "the host's address")
    host.ns.ip(f"addr del {host.v4}/16 dev eth0", f"addr add {host.v4}/16 dev br0")
    cluster.wait_holder("n1", seconds=20)
    assert vip_places(host.ns) == ["br0"]
    assert cluster["n1"].vip()["interface"] == "br0"
    wait_no_problem(cluster)
    reaches(cluster, "n1", interface="br0")
    assert cluster["n1"].vip()["conflict"] is None


def test_the_vip_follows_its_network_back_out_of_a_bridge_that_is_deleted(make):
    cluster = make()
    host = cluster.net.hosts["n1"]
    into_a_bridge(cluster)
    host.ns.ip(f"addr del {host.v4}/16 dev eth0", f"addr add {host.v4}/16 dev br0")
    cluster.wait_holder("n1", seconds=20)
    host.ns.ip("link del br0", f"addr add {host.v4}/16 dev eth0")
    cluster.wait_until(lambda: vip_places(host.ns) == ["eth0"], "the VIP is on eth0", 20)
    cluster.wait_holder("n1")
    reaches(cluster, "n1")


def test_a_vip_whose_interface_is_named_waits_while_that_is_a_port_of_a_bridge(make):
    cluster = make(**by_name())
    host = cluster.net.hosts["n1"]
    into_a_bridge(cluster)
    host.ns.ip(f"addr del {host.v4}/16 dev eth0", f"addr add {host.v4}/16 dev br0")
    cluster.wait_holder("n2")
    cluster.wait_alive("n1", "n2")
    problem(cluster, 'or set interface = "br0" in the vip section')
    cluster.quiet(2, lambda: cluster.holders() == {"n2"})
    host.ns.ip("link set eth0 nomaster", f"addr del {host.v4}/16 dev br0",
               f"addr add {host.v4}/16 dev eth0")
    cluster.wait_holder("n1", seconds=20)


def test_a_daemon_that_starts_while_its_interface_is_a_port_waits_for_a_better_one(make_cluster):
    cluster = make_cluster(2, **by_name())
    into_a_bridge(cluster)
    cluster.start()
    cluster.wait_holder("n2")
    problem(cluster, "interface eth0 is a port of br0")
    cluster.net.hosts["n1"].ns.ip("link set eth0 nomaster")
    cluster.wait_holder("n1", seconds=20)


def test_a_vip_on_a_macvlan_is_held_as_on_any_interface_and_goes_with_it(make_cluster):
    cluster = make_cluster(2)
    host = cluster.net.hosts["n1"]
    host.ns.ip(f"addr del {host.v4}/16 dev eth0",
               "link add mv0 link eth0 type macvlan mode bridge", "link set mv0 up",
               f"addr add {host.v4}/16 dev mv0")
    cluster.start()
    cluster.settle("n1")
    assert vip_places(host.ns) == ["mv0"]
    reaches(cluster, "n1", interface="mv0")
    host.ns.ip("link del mv0")
    cluster.wait_holder("n2")
    host.ns.ip(f"addr add {host.v4}/16 dev eth0")
    cluster.wait_until(lambda: vip_places(host.ns) == ["eth0"], "the VIP is on eth0", 20)
    cluster.wait_holder("n1")


def test_a_frame_for_another_interface_on_the_same_card_is_no_sign_of_a_foreign_host(make_cluster):
    """As on a VLAN beside the VIP's network: the card is the same, the network is another one."""
    cluster = make_cluster(2, **by_name())
    ns = cluster.net.hosts["n1"].ns
    ns.ip("link add mv0 link eth0 type macvlan mode private", "link set mv0 up")
    foreign = cluster.net.add_host("foreign", 66)
    cluster.start()
    cluster.settle("n1")
    frame = frames.mac_bytes(ns.mac("mv0")) + frames.claim(foreign.mac, VIP)[6:]
    with foreign.ns.inside(), frames.open_raw("eth0") as sender:
        for _ in range(10):
            sender.send(frame)
    cluster.quiet(1, lambda: cluster["n1"].vip()["conflict"] is None)
