# SPDX-License-Identifier: MIT
"""The addresses in the kernel: their marks, many of them, IPv6, and other programs' hands."""
import time

import pytest

VIP = "10.77.0.100"
VIP6 = "fd77::100"
SCOPE_HOST = 254


def own_event(cluster, address, name="n1"):
    return cluster.watch.latest(address)[name]


def test_ipv4_address_is_alone_in_its_prefix_never_a_source_and_ends_by_itself(two):
    event = own_event(two, VIP)
    assert event.prefix == 32
    assert event.scope == SCOPE_HOST
    assert 1 <= event.valid_s <= 3
    assert event.proto != 0


def test_kernel_lease_off_gives_the_address_no_end(make_cluster):
    cluster = make_cluster(1, vip={"web": {"kernel_lease": "off"}})
    cluster.start()
    cluster.wait_holder("n1")
    assert own_event(cluster, VIP).valid_s == -1


def test_address_is_renewed_without_a_gap(two):
    since_ns = time.monotonic_ns()
    two.quiet(5, lambda: two.holders() == {"n1"})
    renewals = [e for e in two.watch.of(VIP) if e.host == "n1" and e.at_ns > since_ns]
    assert len(renewals) >= 2
    assert all(event.added for event in renewals)


def test_ipv6_vip_between_ipv6_nodes(make_cluster):
    nodes = {f"n{i}": {"address": [f"fd77::{i}"]} for i in (1, 2, 3)}
    cluster = make_cluster(3, services=True, node=nodes, vip={"web": {"address": [VIP6]}})
    cluster.start()
    cluster.settle("n1", VIP6)
    assert own_event(cluster, VIP6).prefix == 128
    one = cluster.client(VIP6)
    time.sleep(0.3)  # the client has to know the holder's MAC
    cluster.net.isolate("n1")
    cluster["n1"].kill()
    cluster.wait_until(lambda: "n2" in cluster.holders(VIP6), "n2 takes over")
    time.sleep(1)
    report = one.stop()
    assert report.answered_by() == ["n1", "n2"]
    assert report.outage_ms < 2000


def test_addresses_of_one_vip_move_together(make_cluster):
    addresses = [VIP, "10.77.0.101", VIP6]
    cluster = make_cluster(3, vip={"web": {"address": addresses}})
    cluster.start()
    cluster.settle("n1")
    for address in addresses:
        cluster.wait_holder("n1", address)
    assert cluster["n1"].stop() == 0
    for address in addresses:
        cluster.wait_holder("n2", address)
        assert cluster.dual_ms(address) < 20


def test_node_with_two_addresses_lives_on_one_of_them(make_cluster):
    nodes = {f"n{i}": {"address": [f"10.77.0.{i}", f"fd77::{i}"]} for i in (1, 2)}
    cluster = make_cluster(2, node=nodes)
    cluster.start()
    cluster.settle("n1")
    cluster.net.rules.append("ip protocol udp drop")
    cluster.net.apply()
    cluster.quiet(3, lambda: cluster.holders() == {"n1"})
    assert cluster.changes() == 1
    assert cluster["n2"].sees("n1")["state"] == "alive"


def test_300_addresses_move(make_cluster):
    addresses = [f"10.77.{i // 200 + 1}.{i % 200 + 1}" for i in range(300)]
    cluster = make_cluster(2, vip={"web": None, "many": {"address": addresses}})
    cluster.start()

    def all_on(name):
        latest = {(e.host, e.address): e.added for e in cluster.watch.snapshot()}
        held = {key for key, added in latest.items() if added and key[1] in wanted}
        return held == {(name, address) for address in addresses}

    wanted = set(addresses)
    cluster.wait_until(lambda: all_on("n1"), "n1 has all 300")
    cluster.wait_agreed("n1", vip="many")
    assert cluster["n1"].stop() == 0
    cluster.wait_until(lambda: all_on("n2"), "n2 has all 300, n1 none")


@pytest.mark.parametrize("address", [VIP, VIP6])
def test_address_deleted_by_another_program_is_put_back_and_counted(make_cluster, address):
    cluster = make_cluster(2, vip={"web": {"address": [address]}})
    cluster.start()
    cluster.settle("n1", address)
    prefix = 128 if ":" in address else 32
    for _ in range(3):
        since_ns = time.monotonic_ns()
        cluster.net.hosts["n1"].ns.ip(f"addr del {address}/{prefix} dev eth0")
        cluster.wait_until(
            lambda: any(e.added for e in cluster.watch.of(address) if e.at_ns > since_ns)
            and cluster.holders(address) == {"n1"}, "n1 put it back", 5)
    assert cluster.max_gap_ms(address) < 1000
    assert cluster["n1"].vip()["foreign_removals"] == 3
    cluster.quiet(1, lambda: cluster.holders(address) == {"n1"})


def test_address_that_another_program_holds_is_a_fault_and_stays(make_cluster):
    """As keepalived would, still running after a migration that forgot it."""
    cluster = make_cluster(2)
    cluster.net.hosts["n1"].ns.ip(f"addr add {VIP}/32 dev eth0")
    cluster.start("n1")
    cluster.wait_until(lambda: (cluster["n1"].vip() or {}).get("state") == "fault",
                       "n1 is in fault")
    status = cluster["n1"].tool("status")
    assert status.returncode == 2
    assert VIP in status.stdout
    assert cluster["n1"].stop() == 0
    assert cluster.holders() == {"n1"}
    assert len(cluster.watch.of(VIP)) == 1  # never touched, not even renewed


def test_fault_of_the_best_node_lets_the_next_hold(make_cluster):
    cluster = make_cluster(3)
    cluster.net.hosts["n1"].ns.ip(f"addr add {VIP}/32 dev eth0")
    cluster.net.isolate("n1")  # its ARP answers must not be what keeps the others from claiming
    cluster.start()
    cluster.wait_until(lambda: "n2" in cluster.holders(), "n2 holds")
    cluster.net.heal()
    cluster.wait_until(lambda: (cluster["n1"].vip() or {}).get("state") == "fault",
                       "n1 is in fault")
    cluster.wait_agreed("n2", nodes=["n2", "n3"])


def test_fault_ends_when_the_other_program_removes_the_address(make_cluster):
    cluster = make_cluster(1)
    cluster.net.hosts["n1"].ns.ip(f"addr add {VIP}/32 dev eth0")
    cluster.start("n1")
    cluster.wait_until(lambda: (cluster["n1"].vip() or {}).get("state") == "fault",
                       "n1 is in fault")
    cluster.net.hosts["n1"].ns.ip(f"addr del {VIP}/32 dev eth0")
    cluster.wait_until(lambda: (cluster["n1"].vip() or {}).get("state") == "holding",
                       "n1 holds", 30)


def test_link_that_goes_and_comes_back_gives_the_node_its_address_back(two):
    two.net.link("n1", up=False)
    two.wait_until(lambda: "n2" in two.holders(), "n2 holds")
    two.net.link("n1", up=True)
    # `ip link set down` took n1's IPv6 address, which the cluster does not use.
    two.settle("n1", seconds=20)
