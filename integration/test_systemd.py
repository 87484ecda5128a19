# SPDX-License-Identifier: MIT
"""What systemd's other parts do to a VIP and to the daemon, on hosts with a systemd of their own.
Run by `scripts/test --long systemd`."""
import os
import signal

import pytest

from lab import cluster as lab_cluster
from lab import config, paths, roots, systemd

pytestmark = pytest.mark.long
EXAMPLES = paths.ROOT / "scripts" / "systemd"
NETWORK = """[Match]
Name=eth0

[Network]
Address={}/16
LinkLocalAddressing=no
IPv6AcceptRA=no
"""
CONNECTION = """[connection]
id=eth0
type=ethernet
interface-name=eth0

[ipv4]
method=manual
address1=10.77.0.1/16

[ipv6]
method=disabled
"""
MANAGER = ["systemd", "systemd-sysv", "dbus", "libpam-systemd", "network-manager", "udev"]
WATCHDOG_SECONDS = 30
DROP_IN = """[Unit]
ConditionFileNotEmpty=
[Service]
Environment=VIPGOSSIP_PEERS=10.77.0.1=200,10.77.0.2=100
Environment=VIPGOSSIP_VIRTUAL_IPS=10.77.0.100
Environment=VIPGOSSIP_KEY_FILE=/etc/vipgossip/cluster.key
"""


@pytest.fixture
def make_machine(make_cluster):
    """n1 runs under a systemd that starts these units too, which give it its address; n2 as ever.
    Files by their path."""
    if systemd.missing():
        pytest.skip(systemd.missing())

    def make(*units, files=None, lower="/"):
        cluster = make_cluster(2)
        machine = systemd.Machine(cluster["n1"].host, *units, lower=lower)
        if units:
            cluster["n1"].host.ns.ip("addr flush dev eth0")
        cluster.closers.append(machine.close)
        machine.cluster = cluster
        for path, text in (files or {}).items():
            (machine.root / path).parent.mkdir(parents=True, exist_ok=True)
            (machine.root / path).write_text(text)
            (machine.root / path).chmod(0o600 if "system-connections" in path else 0o644)
        machine.write("cluster.key", cluster.key)
        machine.write("vipgossip.conf", config.text(config.merge(
            cluster.config, {"key_file": "/etc/vipgossip/cluster.key"})), 0o644)
        machine.boot()
        cluster.start("n2")
        cluster.wait_holder("n1")
        return machine

    return make


def networkd(make_machine, keep):
    address = "10.77.0.1"
    files = {"etc/systemd/network/10-eth0.network": NETWORK.format(address)}
    if keep:
        files["etc/systemd/network/10-eth0.network.d/vipgossip.conf"] = (
            EXAMPLES / "networkd.conf").read_text()
    machine = make_machine("dbus.service", "systemd-networkd.service",
                           "systemd-networkd-wait-online.service", files=files)
    machine.cluster.wait_until(
        lambda: "configured" in machine.run("list", "eth0", program="networkctl"),
        "networkd has configured eth0", seconds=30)
    return machine


def test_networkd_with_the_drop_in_leaves_the_vip_alone(make_machine):
    machine = networkd(make_machine, keep=True)
    before = machine.cluster.changes(lab_cluster.VIP)
    for order in (("reconfigure", "eth0"), ("reload",)):
        machine.run(*order, program="networkctl")
        machine.cluster.quiet(3, lambda: machine.cluster.holders() == {"n1"})
    assert machine.cluster.changes(lab_cluster.VIP) == before


def test_networkd_without_it_takes_the_vip_away_and_the_daemon_puts_it_back(make_machine):
    machine = networkd(make_machine, keep=False)
    before = machine.cluster.changes(lab_cluster.VIP)
    machine.run("reconfigure", "eth0", program="networkctl")
    machine.cluster.wait_until(lambda: machine.cluster.changes(lab_cluster.VIP) > before,
                               "the VIP was put back")
    machine.cluster.wait_holder("n1")


@pytest.mark.parametrize("keep", (True, False))
def test_networkd_that_is_restarted_leaves_the_vip_alone(make_machine, keep):
    machine = networkd(make_machine, keep)
    cluster = machine.cluster
    before = cluster.changes(lab_cluster.VIP)
    machine.run("restart", "systemd-networkd")
    cluster.wait_until(lambda: "configured" in machine.run("list", "eth0", program="networkctl"),
                       "networkd has configured eth0 again", seconds=30)
    cluster.quiet(3, lambda: cluster.holders() == {"n1"})
    assert cluster.changes(lab_cluster.VIP) == before


@pytest.mark.parametrize("keep", (True, False))
def test_networkd_that_takes_its_own_address_when_the_cable_is_pulled_gives_the_vip_back(
        make_machine, keep):
    """The address of the node goes and comes; the daemon's sockets outlive that."""
    machine = networkd(make_machine, keep)
    lose_carrier(machine, seconds=5)
    assert machine.show("NRestarts") == "0"


def test_networkd_that_sets_the_interface_down_and_up_moves_the_vip_away_and_back(make_machine):
    machine = networkd(make_machine, keep=True)
    machine.run("down", "eth0", program="networkctl")
    machine.cluster.wait_holder("n2")
    machine.run("up", "eth0", program="networkctl")
    machine.cluster.wait_holder("n1", seconds=30)


def test_the_vip_follows_the_hosts_address_into_a_bridge_that_networkd_makes(make_machine):
    machine = networkd(make_machine, keep=True)
    cluster, directory = machine.cluster, machine.root / "etc/systemd/network"
    (directory / "10-eth0.network").write_text("[Match]\nName=eth0\n\n[Network]\nBridge=br0\n")
    (directory / "20-br0.netdev").write_text("[NetDev]\nName=br0\nKind=bridge\n\n"
                                             "[Bridge]\nForwardDelaySec=0\n")
    (directory / "20-br0.network").write_text(
        NETWORK.format("10.77.0.1").replace("Name=eth0", "Name=br0"))
    machine.run("reload", program="networkctl")
    cluster.wait_until(lambda: "br0" in machine.run("-o", "addr", "show", "to", lab_cluster.VIP,
                                                    program="ip"), "the VIP is on br0", seconds=30)
    cluster.wait_holder("n1")
    assert machine.show("NRestarts") == "0"


@pytest.fixture
def network_manager(make_machine):
    if roots.missing():
        pytest.skip(roots.missing())

    def make(example):
        files = {"etc/NetworkManager/system-connections/eth0.nmconnection": CONNECTION}
        if example:
            files["etc/NetworkManager/conf.d/vipgossip.conf"] = (
                EXAMPLES / "NetworkManager.conf").read_text()
        machine = make_machine("dbus.service", "NetworkManager.service",
                               "NetworkManager-wait-online.service", files=files,
                               lower=roots.debian([*MANAGER, *roots.group("run")]))
        machine.cluster.wait_until(lambda: "eth0:connected" in machine.run(
            "-t", "-f", "DEVICE,STATE", "device", program="nmcli"), "NetworkManager has eth0")
        return machine

    return make


def lose_carrier(machine, seconds):
    """As a cable that is pulled for so long; whether the host kept its own address."""
    switch, watch = machine.cluster.net.switch, machine.cluster.watch
    before = len(watch.of("10.77.0.1"))
    switch.ip("link set n1 down")
    machine.cluster.wait_holder("n2")
    machine.cluster.quiet(seconds, lambda: machine.cluster.holders() == {"n2"})
    switch.ip("link set n1 up")
    machine.cluster.wait_holder("n1", seconds=30)
    machine.cluster.quiet(3, lambda: machine.cluster.holders() == {"n1"})
    return all(event.added for event in watch.of("10.77.0.1")[before:])


@pytest.mark.parametrize("example", (True, False))
def test_network_manager_with_the_example_lets_the_interface_be_when_the_cable_comes_back(
        network_manager, example):
    assert lose_carrier(network_manager(example), seconds=10) is example


@pytest.mark.parametrize("order", (("device", "reapply", "eth0"), ("connection", "up", "eth0")))
def test_network_manager_that_takes_the_vip_away_gets_it_put_back(network_manager, order):
    machine = network_manager(True)
    cluster = machine.cluster
    before = cluster.changes(lab_cluster.VIP)
    machine.run(*order, program="nmcli")
    cluster.wait_until(lambda: cluster.changes(lab_cluster.VIP) > before, "it was taken away")
    cluster.wait_holder("n1")


def test_services_may_bind_to_the_vip_on_a_standby(make_machine):
    machine = make_machine()
    for family in ("ipv4", "ipv6"):
        name = f"net.{family}.ip_nonlocal_bind"
        assert machine.run("-n", name, program="sysctl").strip() == "1", name


def test_a_key_that_is_for_root_alone_is_opened_to_the_daemon_at_the_next_start(make_machine):
    machine = make_machine()
    machine.write("cluster.key", machine.cluster.key, 0o600)
    machine.run("restart", "vipgossipd")
    machine.cluster.wait_holder("n1")
    status = (machine.root / "etc/vipgossip/cluster.key").stat()
    assert (status.st_uid, status.st_mode & 0o777) == (0, 0o640)


def test_a_drop_in_with_the_environment_is_configuration_enough(make_cluster):
    if systemd.missing():
        pytest.skip(systemd.missing())
    cluster = make_cluster(2)
    machine = systemd.Machine(cluster["n1"].host)
    cluster.closers.append(machine.close)
    drop_in = machine.root / "etc/systemd/system/vipgossipd.service.d/override.conf"
    drop_in.parent.mkdir()
    drop_in.write_text(DROP_IN)
    machine.write("cluster.key", cluster.key)
    machine.boot()
    cluster.wait_holder("n1")


def test_watchdog_ends_a_daemon_that_stands_still_and_starts_it_again(make_machine):
    machine = make_machine()
    os.kill(machine.pids()[0], signal.SIGSTOP)
    machine.cluster.wait_holder("n2", seconds=WATCHDOG_SECONDS)
    machine.cluster.wait_holder("n1", seconds=2 * WATCHDOG_SECONDS)
    assert machine.show("NRestarts") == "1"
    assert "Watchdog timeout" in machine.run("-u", "vipgossipd", "--no-pager",
                                             program="journalctl")
