# SPDX-License-Identifier: MIT
"""What others do to the interface of a VIP, and what becomes of the VIP."""
from lab import frames, network

VIP = "10.77.0.100"


def test_all_addresses_flushed_are_put_back_at_once_and_counted(make_cluster):
    """ip(8) flushes in rounds until nothing is left; it may find the VIP again, and give up."""
    cluster = make_cluster(1)
    host = cluster.net.hosts["n1"]
    cluster.start()
    cluster.wait_holder("n1")
    host.ns.run("ip", "addr", "flush", "dev", "eth0", check=False)
    host.add_address(f"{host.v4}/16")
    cluster.wait_until(lambda: (cluster["n1"].vip() or {}).get("foreign_removals", 0) >= 1,
                       "the removal is counted")
    cluster.wait_holder("n1")
    assert "another program removed" in cluster["n1"].tool("status").stdout


def test_another_mac_of_the_interface_is_announced_and_is_no_strangers(make_cluster):
    cluster = make_cluster(2)
    host = cluster.net.hosts["n1"]
    client = cluster.net.hosts[network.CLIENT]
    cluster.start()
    cluster.settle("n1")

    def ask():
        frames.ping(client.ns, VIP)
        return frames.cached_mac(client.ns, VIP)

    cluster.wait_until(lambda: ask() == host.mac, "the client knows n1")
    host.ns.ip("link set eth0 address 02:00:00:00:77:01")
    cluster.wait_until(lambda: frames.cached_mac(client.ns, VIP) == "02:00:00:00:77:01",
                       "the client is told of the new MAC address", 5)
    assert cluster.holders() == {"n1"}
    cluster.quiet(1, lambda: all(cluster[name].vip()["conflict"] is None for name in ("n1", "n2")))
    assert cluster.changes() == 1
