# SPDX-License-Identifier: MIT
"""vipgossip doctor on real hosts: healthy ones, and each way in which one is not."""
import json
import os
import shutil
import socket
import struct
import subprocess
import threading

import pytest

from lab import cluster as lab
from lab import config, paths

VIP = lab.VIP
VRRP = 112
KEEPALIVED = """vrrp_instance web {{
    state MASTER
    interface eth0
    virtual_router_id 51
    priority 100
    advert_int 1
    virtual_ipaddress {{
        {vip}/32 dev eth0
    }}
}}
"""


def run_doctor(node, *arguments, before=(), env=None):
    """The finished process of `vipgossip doctor` on that node's host."""
    command = node.host.ns.command(*before, str(paths.TOOL), "doctor", *arguments)
    return subprocess.run(command, capture_output=True, text=True, timeout=30, check=False,
                          env={**os.environ, **env} if env else None)


def doctor(node, *arguments, **options):
    """Check name to its line of the JSON; "result" is that of the whole, "self" the node."""
    if not options.get("env"):
        arguments = ("-c", str(node.file), *arguments)
    done = run_doctor(node, "--json", *arguments, **options)
    answer = json.loads(done.stdout)
    assert done.returncode == {"ok": 0, "warn": 1, "fail": 2}[answer["result"]], done.stderr
    lines = {line["name"]: line for line in answer["checks"]}
    assert len(lines) == len(answer["checks"]) >= 15
    return {**lines, "result": answer["result"], "self": answer["node"]}


def named(found, result):
    """The names of the checks with that result."""
    return {name for name, line in found.items()
            if isinstance(line, dict) and line["result"] == result}


def assert_line(line, result, *words):
    text = f"{line['detail']} | {line['remedy']}"
    assert line["result"] == result, text
    for word in words:
        assert word in text, text
    if result in ("warn", "fail"):
        assert line["remedy"], text


class Speaker:
    """Sends one packet of protocol 112 to the group of VRRP, several times a second."""

    def __init__(self, host, payload):
        self.ends = threading.Event()
        with host.ns.inside():
            self.socket = socket.socket(socket.AF_INET, socket.SOCK_RAW, VRRP)
        self.socket.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF,
                               socket.inet_aton(host.v4))
        self.socket.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_TTL, 255)
        self.thread = threading.Thread(target=self.speak, args=(payload,))

    def speak(self, payload):
        while not self.ends.wait(0.2):
            self.socket.sendto(payload, ("224.0.0.18", 0))

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.ends.set()
        self.thread.join()
        self.socket.close()


def vrrp(version, *addresses, router=51, priority=100):
    head = struct.pack("!BBBBBBH", version << 4 | 1, router, priority, len(addresses), 0, 1, 0)
    return head + b"".join(socket.inet_aton(address) for address in addresses)


# Healthy hosts.


def test_healthy_cluster_is_well_on_every_node(three):
    for name in ("n1", "n2"):
        found = doctor(three[name])
        assert found["result"] == "ok", found
        assert found["self"] == name
        assert named(found, "skip") <= {"service", "cloud"}
        assert all(line["remedy"] is None for line in found.values() if isinstance(line, dict)
                   and line["result"] == "ok")
    assert_line(found["duplicate"], "ok", "n1 (", VIP)


def test_before_the_first_start_only_the_daemon_is_missing(make_cluster):
    cluster = make_cluster(2)
    found = doctor(cluster["n1"])
    assert not named(found, "fail"), [found[name] for name in named(found, "fail")]
    assert found["result"] == "warn"
    assert named(found, "warn") == {"daemon"}
    assert_line(found["daemon"], "warn", "does not run", "type 'vipgossipd'")
    assert_line(found["reachable"], "ok", "n2", "refuses port 7112")
    assert_line(found["node"], "ok", "n1")
    assert {"peers", "agreement"} <= named(found, "skip")


def test_text_has_a_line_for_each_check_and_a_summary(make_cluster):
    cluster = make_cluster(2)
    done = run_doctor(cluster["n1"], "-c", cluster["n1"].file)
    lines = done.stdout.splitlines()
    assert done.returncode == 1
    assert all(line.split()[0] in ("ok", "warn", "fail", "skip") for line in lines[:-2])
    assert lines[-1].startswith("warn: 0 fail, 1 warn, ")


def test_file_of_the_running_daemon_needs_not_be_named(three):
    done = run_doctor(three["n2"], "--json", "--socket", str(three["n2"].socket))
    answer = json.loads(done.stdout)
    assert (done.returncode, answer["node"]) == (0, "n2"), done.stdout
    assert str(three["n2"].file) in answer["checks"][0]["detail"]


def test_doctor_changes_nothing(three):
    def state():
        ns = three.net.hosts["n2"].ns
        return (ns.run("ip", "-o", "addr"), ns.run("ip", "route"),
                ns.run("sysctl", "-a", "-r", "net.ipv[46].conf.*(arp|rp_f|promote|forwarding)"),
                sorted(path.name for path in three["n2"].directory.rglob("*")))

    before = state()
    changes = three.changes()
    assert run_doctor(three["n2"], "-c", three["n2"].file).returncode == 0
    assert state() == before
    assert three.changes() == changes
    assert three["n1"].drops()["too_short"] == 0  # nobody that is heard is probed


def test_environment_alone_is_a_configuration(make_cluster):
    cluster = make_cluster(2)
    env = {"VIPGOSSIP_PEERS": "10.77.0.1=200,10.77.0.2", "VIPGOSSIP_VIRTUAL_IPS": VIP,
           "VIPGOSSIP_KEY": cluster.key.strip()}
    found = doctor(cluster["n1"], env=env)
    assert_line(found["configuration"], "ok", "the environment")
    assert_line(found["key"], "ok", "VIPGOSSIP_KEY")
    assert found["self"] == "10.77.0.1"
    del env["VIPGOSSIP_VIRTUAL_IPS"]
    env["VIPGOSSIP_VIP"] = VIP
    assert_line(doctor(cluster["n1"], env=env)["configuration"], "fail", "VIPGOSSIP_VIP")


def test_witness_is_not_asked_for_what_it_never_needs(make_cluster):
    cluster = make_cluster(3, node={"n3": {"witness": True}})
    found = doctor(cluster["n3"])
    assert_line(found["node"], "ok", "a witness")
    assert_line(found["capabilities"], "ok", "witness")
    assert {"interface", "arp_ignore", "duplicate"} <= named(found, "skip")


def test_who_is_not_root_is_told_what_root_would_see(make_cluster):
    cluster = make_cluster(2)
    env = {"VIPGOSSIP_PEERS": "10.77.0.1,10.77.0.2", "VIPGOSSIP_VIRTUAL_IPS": VIP,
           "VIPGOSSIP_KEY_FILE": str(cluster["n1"].key)}
    nobody = ("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups")
    found = doctor(cluster["n1"], before=nobody, env=env)
    for name in ("key", "vrrp", "duplicate"):
        assert_line(found[name], "skip", "sudo vipgossip doctor")
    assert_line(found["reachable"], "ok", "refuses port 7112")


# Configuration, keys, identity.


def test_bad_configuration_is_named_with_its_line_and_the_rest_is_skipped(make_cluster):
    node = make_cluster(1)["n1"]
    node.file.write_text('cluster = "lab"\nintervall = 100ms\n')
    found = doctor(node)
    assert_line(found["configuration"], "fail", f"{node.file}:2", "vipgossipd -t -c")
    assert named(found, "fail") == {"configuration"}
    assert_line(found["key"], "skip", "needs a valid configuration")


def test_directory_or_nothing_in_place_of_the_file_is_a_failure_that_says_so(make_cluster):
    node = make_cluster(1)["n1"]
    assert_line(doctor(node, "-c", str(node.directory))["configuration"], "fail",
                str(node.directory))
    assert_line(doctor(node, "-c", "/nonexistent")["configuration"], "fail", "Write it")


def test_key_that_others_can_read_fails_also_while_the_daemon_runs(make_cluster):
    cluster = make_cluster(1)
    node = cluster["n1"]
    node.key.chmod(0o644)
    assert_line(doctor(node)["key"], "fail", "0644", f"Run: chmod 600 {node.key}")
    node.key.unlink()
    assert_line(doctor(node)["key"], "fail", "no such file", "vipgossip keygen")
    node.write_key("this is no key\n")
    assert_line(doctor(node)["key"], "fail", "no key", "vipgossip keygen")
    node.write_key(cluster.key)
    cluster.start()
    cluster.settle("n1")
    node.key.chmod(0o644)
    found = doctor(node)
    assert named(found, "fail") == {"key"}


def test_host_that_is_no_node_is_told_both_lists(make_cluster):
    cluster = make_cluster(2)
    cluster.net.hosts["n1"].ns.ip("addr del 10.77.0.1/16 dev eth0",
                                  "addr add 10.77.0.9/16 dev eth0")
    found = doctor(cluster["n1"])
    assert_line(found["node"], "fail", "10.77.0.1, 10.77.0.2", "10.77.0.9", "vipgossipd -n NODE")


# The host.


def test_interface_that_is_missing_down_or_without_a_network_fails(make_cluster):
    cluster = make_cluster(2)
    node = cluster["n1"]
    host = cluster.net.hosts["n1"]
    node.write_config(config.merge(cluster.config, {"vip": {"web": {"interface": "eth9"}}}))
    assert_line(doctor(node)["interface"], "fail", "no interface eth9", "ip link")
    node.write_config(config.merge(cluster.config, {"vip": {"web": {"address": ["192.0.2.1"]}}}))
    assert_line(doctor(node)["interface"], "fail", "contains 192.0.2.1", 'interface = "eth0"')
    node.write_config(config.merge(cluster.config, {"vip": {"web": {
        "address": ["192.0.2.1"], "interface": "eth0"}}}))
    found = doctor(node)
    assert_line(found["route"], "warn", "192.0.2.1", "ip route get")
    host.ns.ip("link set eth0 down")
    assert_line(doctor(node)["interface"], "fail", "eth0 is down", "ip link set eth0 up")


def test_interface_without_carrier_or_inside_a_bridge_fails(make_cluster):
    cluster = make_cluster(2)
    node = cluster["n1"]
    node.write_config(config.merge(cluster.config, {"vip": {"web": {"interface": "eth0"}}}))
    cluster.net.hosts["n1"].ns.ip("link add br0 type bridge", "link set eth0 master br0")
    assert_line(doctor(node)["interface"], "fail", "a port of br0", 'interface = "br0"')
    cluster.net.hosts["n1"].ns.ip("link set eth0 nomaster")
    cluster.net.switch.ip("link set n1 down")
    assert_line(doctor(node)["interface"], "fail", "no carrier", "cable")


def test_address_of_unknown_origin_fails_before_and_while_the_daemon_runs(make_cluster):
    cluster = make_cluster(2)
    cluster.net.hosts["n1"].ns.ip(f"addr add {VIP}/32 dev eth0")
    remedy = f"ip addr del {VIP}/32 dev eth0"
    assert_line(doctor(cluster["n1"])["address"], "fail", VIP, remedy)
    cluster.start("n1")
    cluster.wait_until(lambda: (cluster["n1"].vip() or {}).get("state") == "fault", "fault")
    found = doctor(cluster["n1"])
    assert_line(found["address"], "fail", VIP, remedy)
    assert_line(found["daemon"], "fail", "fault", "vipgossip status")


@pytest.mark.skipif(not shutil.which("keepalived"), reason="keepalived is not installed")
def test_keepalived_is_named_on_its_host_and_on_the_others(make_cluster):
    cluster = make_cluster(2)
    file = cluster.directory / "keepalived.conf"
    file.write_text(KEEPALIVED.format(vip=VIP))
    host = cluster.net.hosts["n1"]
    with (cluster.directory / "keepalived.log").open("wb") as log:
        rival = subprocess.Popen(
            host.ns.command("keepalived", "--dont-fork", "--log-console", "--vrrp", "--use-file",
                            str(file), "--pid", str(cluster.directory / "k.pid"), "--vrrp_pid",
                            str(cluster.directory / "v.pid")), stdout=log, stderr=log)
    try:
        cluster.wait_holder("n1", seconds=20)
        assert_line(doctor(cluster["n1"])["address"], "fail", VIP, "keepalived (pid",
                    "systemctl disable --now keepalived")
        found = doctor(cluster["n2"])
        assert_line(found["vrrp"], "fail", "10.77.0.1 announces", VIP, "VIP web",
                    "systemctl disable --now keepalived' on 10.77.0.1")
        assert_line(found["rivals"], "ok", "no keepalived")  # on n2
    finally:
        rival.terminate()
        rival.wait(10)


@pytest.mark.parametrize("version", [2, 3])
def test_vrrp_on_the_link_fails_only_for_an_address_of_ours(make_cluster, version):
    cluster = make_cluster(1)
    stranger = cluster.net.hosts["client"]
    with Speaker(stranger, vrrp(version, "10.77.0.55", VIP)):
        assert_line(doctor(cluster["n1"])["vrrp"], "fail", stranger.v4, VIP, "router id 51")
    with Speaker(stranger, vrrp(version, "10.77.0.55")):
        assert_line(doctor(cluster["n1"])["vrrp"], "ok", stranger.v4, "no VIP of ours")


@pytest.mark.parametrize("value", [0, 1, 2, 3, 8])
def test_arp_ignore_is_judged_as_it_behaves(make_cluster, value):
    """An address as vipgossipd makes it; its announcements would teach the client without ARP."""
    cluster = make_cluster(1)
    cluster.net.hosts["n1"].ns.ip(f"addr add {VIP}/32 dev eth0 scope host preferred_lft 0")
    cluster.net.hosts["n1"].ns.sysctl(net__ipv4__conf__eth0__arp_ignore=value)
    cluster.net.flush_neighbours()
    ping = cluster.net.hosts["client"].ns.command("ping", "-c", "1", "-W", "1", VIP)
    answers = subprocess.run(ping, capture_output=True, timeout=10, check=False).returncode == 0
    line = doctor(cluster["n1"])["arp_ignore"]
    assert_line(line, "ok" if answers else "fail", str(value))
    if not answers:
        assert "sysctl -w net.ipv4.conf.eth0.arp_ignore=1" in line["remedy"]


def test_settings_of_the_kernel_that_hurt_are_named(make_cluster):
    cluster = make_cluster(2, vip={"six": {"address": ["fd77::100"]},
                                   "wide": {"address": ["10.77.0.101/16"]}})
    ns = cluster.net.hosts["n1"].ns
    ns.ip("link add other type veth peer name far", "link set other up",
          "addr add 192.0.2.1/24 dev other", "route add default dev other")
    ns.sysctl(net__ipv4__conf__eth0__rp_filter=1, net__ipv4__conf__eth0__drop_gratuitous_arp=1,
              net__ipv4__conf__eth0__promote_secondaries=0,
              net__ipv4__conf__all__promote_secondaries=0)
    found = doctor(cluster["n1"])
    assert_line(found["rp_filter"], "warn", "leaves by other", "rp_filter=2")
    assert_line(found["arp_ignore"], "warn", "drop_gratuitous_arp=0")
    assert_line(found["promote_secondaries"], "warn", "10.77.0.101/16", "promote_secondaries=1")
    assert_line(found["ipv6"], "ok", "eth0")
    ns.ip("link set eth0 mtu 1300")
    ns.sysctl(net__ipv6__conf__eth0__disable_ipv6=1, net__ipv4__ip_nonlocal_bind=1)
    found = doctor(cluster["n1"])
    assert_line(found["mtu"], "warn", "1300", "ip link set eth0 mtu 1500")
    assert_line(found["ip_nonlocal_bind"], "ok", "1: ")
    # A route to fd77::100 went with IPv6, so the interface has to be named.
    named_config = config.merge(cluster.config, {"vip": {"six": {"interface": "eth0"}}})
    cluster["n1"].write_config(named_config)
    assert_line(doctor(cluster["n1"])["ipv6"], "fail",
                "sysctl -w net.ipv6.conf.eth0.disable_ipv6=0")


def test_capabilities_that_a_container_was_not_given_fail(make_cluster):
    node = make_cluster(1)["n1"]
    without = ("setpriv", "--bounding-set=-net_admin")
    assert_line(doctor(node, before=without)["capabilities"], "fail", "CAP_NET_ADMIN",
                "--cap-add NET_ADMIN")


def test_port_of_another_program_fails_with_its_name(make_cluster):
    cluster = make_cluster(1)
    with cluster.net.hosts["n1"].ns.inside(), \
            socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as rival:
        rival.bind(("10.77.0.1", 7112))
        assert_line(doctor(cluster["n1"])["port"], "fail", str(os.getpid()), "kill")


# The network.


def filter_on(cluster, name, hook, verdict):
    cluster.net.hosts[name].ns.run("nft", "-f", "-", stdin=(
        "add table inet doctor\n"
        f"add chain inet doctor only {{ type filter hook {hook} priority 0; }}\n"
        f"add rule inet doctor only udp dport 7112 {verdict}\n"))


def test_firewall_is_told_from_a_missing_daemon_and_from_a_missing_host(make_cluster):
    cluster = make_cluster(4)
    filter_on(cluster, "n2", "input", "reject with icmpx admin-prohibited")
    filter_on(cluster, "n3", "input", "drop")
    cluster.net.link("n4", up=False)
    line = doctor(cluster["n1"])["reachable"]
    assert_line(line, "fail", "n2: a firewall on the way to 10.77.0.2", "Let UDP port 7112 in")
    cluster.net.hosts["n2"].ns.run("nft", "delete", "table", "inet", "doctor")
    line = doctor(cluster["n1"])["reachable"]
    assert_line(line, "warn", "n4: nobody answers at 10.77.0.4", "ping 10.77.0.4")
    cluster.net.link("n4", up=True)
    line = doctor(cluster["n1"])["reachable"]
    assert_line(line, "ok", "n2: 10.77.0.2 refuses", "n3: 10.77.0.3 says nothing")
    filter_on(cluster, "n1", "output", "drop")
    line = doctor(cluster["n1"])["reachable"]
    assert_line(line, "fail", "this host's own firewall", "out here")


def test_one_direction_that_is_cut_is_named_from_both_ends(three):
    three.net.cut("n2", "n1", both=False)
    three.wait_until(lambda: (three["n1"].sees("n2")["path"] or "").startswith("relayed") and
                     three["n2"].sees("n1")["hears_me"] is False, "the cut is seen")
    found = doctor(three["n1"])
    assert_line(found["peers"], "fail", "n2 hears this node, but is not heard directly",
                "blocked from 10.77.0.2 to here", "in on this host")
    found = doctor(three["n2"])
    assert_line(found["peers"], "fail", "n1 does not hear this node directly",
                "blocked from here to 10.77.0.1")


def test_dead_peer_and_wrong_key_are_told_apart(make_cluster):
    cluster = make_cluster(3)
    cluster["n3"].write_key(lab.keygen())
    cluster.start("n1", "n2", "n3")
    cluster.wait_alive("n1", "n2")
    cluster.wait_until(lambda: cluster["n1"].sees("n3")["mac_failures"] > 0, "n3 is refused")
    found = doctor(cluster["n1"])
    assert_line(found["peers"], "fail", "n3", "another key", "key_file")
    cluster.net.isolate("n2")
    cluster["n3"].kill()
    cluster.wait_alive("n1", "n2", state="dead")
    # A host answers "port unreachable" once a second, and n1's own heartbeats may have been first.
    lines = (doctor(cluster["n1"])["reachable"] for _ in range(5))
    line = next(line for line in lines if "n3: 10.77.0.3 refuses" in line["detail"])
    assert_line(line, "warn", "systemctl start vipgossipd")


def test_address_that_two_machines_answer_for_fails_on_holder_and_standby(two):
    two.net.hosts["client"].add_address(f"{VIP}/32")
    mac = two.net.hosts["client"].mac
    for name in ("n1", "n2"):
        assert_line(doctor(two[name])["duplicate"], "fail", VIP, mac, f"ip addr del {VIP}/32")


def test_address_that_a_stranger_uses_is_seen_before_the_first_start(make_cluster):
    cluster = make_cluster(1)
    stranger = cluster.net.hosts["client"]
    stranger.add_address(f"{VIP}/32")
    assert_line(doctor(cluster["n1"])["duplicate"], "warn", VIP, stranger.mac)


def test_configuration_that_differs_or_changed_since_is_a_warning(two):
    other = config.merge(two.config, {"vip": {"web": {"preempt": False}}})
    two["n2"].write_config(other)
    assert two["n2"].tool("reload").returncode == 0
    two.wait_until(lambda: two["n1"].sees("n2")["config"] == "differs", "n2 differs")
    assert_line(doctor(two["n1"])["agreement"], "warn", "n2", "vipgossip reload")
    two["n1"].write_config(config.merge(two.config, {"vip": {"web": {"address": ["10.77.0.102"]}}}))
    assert_line(doctor(two["n1"])["agreement"], "warn", "not what vipgossipd runs with",
                "vipgossip reload")
