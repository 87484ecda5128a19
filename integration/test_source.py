# SPDX-License-Identifier: MIT
"""The addresses of VIPs are never the source of what a host sends of itself."""
import json
import socket

import pytest

from lab import network

VIP = "10.77.0.100"
VIP6 = "fd77::100"
FAMILIES = {"ipv4": (VIP, "10.77.0.1/16", "10.77.0.200", "192.0.2.1", socket.AF_INET),
            "ipv6": (VIP6, "fd77::1/64", "fd77::200", "2001:db8::1", socket.AF_INET6)}
# With an address of its own on the link, without a gateway in its subnet, and with one that is
# reached only because the route says so.
DEFAULTS = {"none": None, "device": "default dev eth0", "gateway": "default via {client}",
            "onlink": "default via {onlink} dev eth0 onlink"}
ONLINK = {"ipv4": "203.0.113.1", "ipv6": "2001:db8:ffff::1"}


def chosen(host, target):
    """What the kernel would take as source, or None where there is no way."""
    text = host.ns.run("ip", "-j", "route", "get", target, check=False)
    return json.loads(text)[0].get("prefsrc") if text.strip() else None


def said(cluster, host, family, target):
    """The source that a client sees in a datagram of the host."""
    with cluster.net.hosts[network.CLIENT].ns.inside():
        listener = socket.socket(family, socket.SOCK_DGRAM)
    with host.ns.inside():
        sender = socket.socket(family, socket.SOCK_DGRAM)
    with listener, sender:
        listener.bind((target, 0))
        listener.settimeout(5)
        sender.sendto(b"hello", (target, listener.getsockname()[1]))
        return listener.recvfrom(16)[1][0]


def change_route(host, family, change):
    host.ns.run("ip", "-6" if family == "ipv6" else "-4", "route", *change.split())


def lists_vip_first(host, own, vip):
    """In the order in which the kernel looks through them; IPv4 only, IPv6 goes by rules."""
    shown = json.loads(host.ns.run("ip", "-j", "addr", "show", "eth0"))[0]["addr_info"]
    order = [one["local"] for one in shown if one["local"] in (own, vip)]
    return order == [vip, own]


@pytest.mark.parametrize("first", ["own", "vip"])
@pytest.mark.parametrize("family", FAMILIES)
def test_a_host_speaks_with_its_own_address(make_cluster, family, first):
    vip, own, client, far, number = FAMILIES[family]
    cluster = make_cluster(1, vip={"web": {"address": [vip]}})
    host = cluster.net.hosts["n1"]
    address = own.partition("/")[0]
    cluster.start()
    cluster.wait_holder("n1", vip)
    if first == "vip":  # the VIP was there before the node's own address
        host.ns.ip(f"addr del {own} dev eth0")
        host.ns.ip(f"addr add {own} dev eth0" + (" nodad" if ":" in own else ""))
        cluster.wait_until(lambda: cluster.holders(vip) == {"n1"}, "n1 holds")
        assert family == "ipv6" or lists_vip_first(host, address, vip)
    for name, route in DEFAULTS.items():
        if route is not None:
            route = route.format(client=client, onlink=ONLINK[family])
            change_route(host, family, f"replace {route}")
        assert chosen(host, client) == address, name
        assert said(cluster, host, number, client) == address, name
        if route is not None:
            assert chosen(host, far) == address, name
            change_route(host, family, f"del {route}")
    assert cluster.holders(vip) == {"n1"}


def test_a_host_without_an_ipv4_address_of_its_own_does_not_take_the_vip_instead(make_cluster):
    """For IPv6 there is no such thing: rather than one of the link alone the kernel takes a
    deprecated one [RFC 6724 5, rules 2 and 3]."""
    vip, own, client, far, _ = FAMILIES["ipv4"]
    cluster = make_cluster(1, vip={"web": {"address": [vip]}})
    host = cluster.net.hosts["n1"]
    cluster.start()
    cluster.wait_holder("n1", vip)
    host.ns.ip(f"addr del {own} dev eth0")
    change_route(host, "ipv4", "replace default dev eth0")
    assert cluster.holders(vip) == {"n1"}
    assert chosen(host, far) != vip
    assert chosen(host, client) != vip
