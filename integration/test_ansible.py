# SPDX-License-Identifier: MIT
"""The role of scripts/ansible, by a real ansible over ssh, on hosts with a systemd of their own.
One fleet for all tests: each starts where the one before has ended, and a client asks the VIP once
per millisecond. Run by `scripts/test --long ansible`."""
import json
import os
import subprocess
import time

import pytest

from lab import ansible, paths

pytestmark = pytest.mark.long
# Lets in what ansible and the client need; nothing of vipgossip.
NFTABLES = """flush ruleset
table inet filter {
    chain input {
        type filter hook input priority 0; policy drop;
        ct state established accept
        meta l4proto { icmp, icmpv6 } accept
        tcp dport 22 accept
        udp dport 9000 accept
    }
}
"""
CONTROL = """Package: vipgossip
Version: {}
Architecture: all
Maintainer: nobody <nobody@localhost>
Description: the programs of a build, for a test
"""
POSTINST = """#!/bin/sh
set -e
systemd-sysusers /usr/local/lib/sysusers.d/vipgossip.conf
systemctl daemon-reload
[ -z "$2" ] || systemctl try-restart vipgossipd
"""


ROLE = ansible.PLAYBOOKS / "roles" / "vipgossip"
# Every shape of a value, and text that looks like something else.
EVERYTHING = {"vipgossip": {
    "hosts": {
        "a": {"ansible_host": "10.0.0.1", "vipgossip_priority": 200, "vipgossip_node_key": "-"},
        "b": {"vipgossip_address": ["10.0.0.2", "fd00::2"]},
        "c.example": {"ansible_host": "10.0.0.3", "vipgossip_witness": True}},
    "vars": {
        "ansible_connection": "local",
        "ansible_python_interpreter": "/usr/bin/python3",
        "vipgossip_cluster": "lab",
        "vipgossip_options": {"fail_open": False, "port": 7113,
                              "hook": ["/bin/echo", 'a "b" \\', "it's ${HOME}"]},
        "vipgossip_vips": [
            {"name": "web", "address": "10.0.0.9", "mode": "quorum", "lease": "2500ms",
             "kernel_lease": "1s", "preempt": False, "priorities": {"b": 250}},
            {"name": "two", "address": ["10.0.0.10/24", "fd00::9"], "nodes": ["a", "b"]}],
        "vipgossip_checks": [
            {"name": "docker", "docker": "/var/run/docker.sock", "weight": -50},
            {"name": "spare", "exec": ["/usr/bin/test", "!", "-e", "/spare"], "vip": "web"}],
    }}}
RENDERED = """cluster = "lab"
key_file = "/etc/vipgossip/cluster.key"
node_key_file = "/etc/vipgossip/node.key"
fail_open = false
port = 7113
hook = {"/bin/echo", "a \\"b\\" \\\\", 'it\\'s ${HOME}'}

node "a" {
    address = "10.0.0.1"
    priority = 200
}

node "b" {
    address = {"10.0.0.2", "fd00::2"}
    priority = 100
}

node "c.example" {
    address = "10.0.0.3"
    witness = true
}

vip "web" {
    address = "10.0.0.9"
    mode = "quorum"
    lease = "2500ms"
    kernel_lease = "1s"
    preempt = false
    node "b" { priority = 250 }
}

vip "two" {
    address = {"10.0.0.10/24", "fd00::9"}
    nodes = {"a", "b"}
}

check "docker" {
    docker = "/var/run/docker.sock"
    weight = -50
}

check "spare" {
    exec = {"/usr/bin/test", "!", "-e", "/spare"}
    vip = "web"
}
"""


def test_template_takes_every_key_and_text_as_it_stands(tmp_path):
    if ansible.missing():
        pytest.skip(ansible.missing())
    out = tmp_path / "vipgossip.conf"
    (tmp_path / "hosts.yml").write_text(json.dumps(EVERYTHING))
    (tmp_path / "play.yml").write_text(json.dumps([{
        "hosts": "a", "gather_facts": False, "vars_files": [str(ROLE / "vars" / "main.yml")],
        "vars": {"vipgossip_group": "vipgossip"},
        "tasks": [{"ansible.builtin.template": {
            "src": str(ROLE / "templates" / "vipgossip.conf.j2"), "dest": str(out),
            "validate": f"{paths.DAEMON} -t -c %s"}}]}]))
    done = subprocess.run(["ansible-playbook", "-i", "hosts.yml", "play.yml"], cwd=tmp_path,
                          capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stdout
    assert out.read_text().partition("\n\n")[2] == RENDERED


def stage(directory):
    subprocess.run(["cmake", "--install", paths.BUILD, "--prefix", "/usr/local"], check=True,
                   capture_output=True, timeout=60, env={**os.environ, "DESTDIR": str(directory)})
    return directory


def package(directory, version):
    """A package of the programs of the build; scripts/package would build them again."""
    root = stage(directory / version)
    (root / "DEBIAN").mkdir()
    (root / "DEBIAN" / "control").write_text(CONTROL.format(version))
    (root / "DEBIAN" / "postinst").write_text(POSTINST)
    (root / "DEBIAN" / "postinst").chmod(0o755)
    file = directory / f"vipgossip_{version}.deb"
    subprocess.run(["dpkg-deb", "-Zgzip", "-z1", "--root-owner-group", "-b", root, file],
                   check=True, capture_output=True, timeout=60)
    return str(file)


def archive(directory):
    root = stage(directory / "archive")
    file = directory / "vipgossip.tar.gz"
    subprocess.run(["tar", "-C", root, "-czf", file, "."], check=True, timeout=60)
    return str(file)


@pytest.fixture(scope="module")
def fleet(tmp_path_factory):
    """n1 and n2, then n3 as well, are deployed from a package, n1 behind a firewall; n4 waits."""
    if ansible.missing():
        pytest.skip(ansible.missing())
    directory = tmp_path_factory.mktemp("ansible")
    one = ansible.Fleet(4, members=3)
    try:
        one.packages = [package(directory, version) for version in ("0.1.0-1", "0.1.0-2")]
        one.archive = archive(directory)
        one.inventory = one.vary(vipgossip_install="deb", vipgossip_prefix="/usr/local",
                                 vipgossip_deb=one.packages[0])
        one.hosts["n1"].path("etc/nftables.conf").write_text(NFTABLES)
        one.hosts["n1"].run("start", "nftables")
        two = {"n1": one.inventory["vipgossip"]["hosts"]["n1"],
               "n2": one.inventory["vipgossip"]["hosts"]["n2"]}
        first = {"vipgossip": {**one.inventory["vipgossip"], "hosts": two}}
        good(one.play("deploy", "--check", "--diff", inventory=first))
        assert not (one.directory / "vipgossip-lab.key").exists()
        assert not one.hosts["n1"].path("etc/vipgossip").exists()
        good(one.play("deploy", inventory=first))
        one.settle(nodes=("n1", "n2"))
        good(one.play("deploy"))
        one.settle()
        yield one
    finally:
        one.close()


def good(result):
    assert result.code == 0, result.text
    return result


class Watched:
    """What happens to the VIP between begin and end, for a client and for the kernels."""

    def __init__(self, fleet):
        self.fleet = fleet
        self.before = len(fleet.turns())
        self.since_ns = time.monotonic_ns()
        self.client = fleet.client()

    def moves(self):
        """How often another node took it. One that takes it again after this machine stood still
        for longer than a heartbeat has not moved it."""
        return len(self.fleet.turns()) - self.before

    def end(self):
        report = self.client.stop()
        assert self.fleet.watch.dual_ms(ansible.VIP, self.since_ns) < 5
        return report


def unmoved(watched):
    """Nobody else ever had it; what the client lost, it lost because this machine stood still."""
    report = watched.end()
    assert watched.moves() == 0
    assert report.lost == 0 or report.stalls, report.data


def test_first_run_opened_the_firewall_and_left_the_key_to_the_daemon_alone(fleet):
    chain = fleet.hosts["n1"].call("nft", "list", "chain", "inet", "filter", "input").stdout
    assert 'udp dport 7112 accept comment "vipgossip"' in chain
    for name in ("n1", "n2", "n3"):
        key = fleet.hosts[name].path("etc/vipgossip/cluster.key")
        assert key.read_text() == fleet.key()
        assert key.stat().st_mode & 0o777 == 0o640
        assert fleet.hosts[name].tool("status").returncode == 0
    assert (fleet.directory / "vipgossip-lab.key").stat().st_mode & 0o777 == 0o600


def test_second_run_changes_nothing(fleet):
    watched = Watched(fleet)
    result = good(fleet.play("deploy"))
    assert result.changed() == {}, result.text
    assert fleet.key().strip() not in result.text
    unmoved(watched)


def test_key_may_be_in_a_vault(fleet):
    """The file of the controller, encrypted."""
    password = fleet.directory / "password"
    password.write_text("not a secret\n")
    vault = ["--vault-password-file", str(password)]
    file, key = fleet.directory / "vipgossip-lab.key", fleet.key()
    subprocess.run(["ansible-vault", "encrypt", *vault, file], check=True, capture_output=True,
                   timeout=60)
    try:
        assert key.strip() not in file.read_text()
        result = good(fleet.play("deploy", *vault))
    finally:
        file.write_text(key)
    assert result.changed() == {}, result.text
    assert key.strip() not in result.text


def test_check_mode_shows_a_change_and_makes_none(fleet):
    files = fleet.files()
    changed = fleet.vary({"n3": {"vipgossip_priority": 240}})
    result = good(fleet.play("deploy", "--check", "--diff", inventory=changed))
    assert set(result.changed()) == {"n1", "n2", "n3"}
    assert "+    priority = 240" in result.text
    assert fleet.files() == files and fleet.holders() == {fleet.preferred()}


def test_changed_priority_moves_the_vip_once(fleet):
    watched = Watched(fleet)
    pids = fleet.pids()
    fleet.inventory = fleet.vary({"n2": {"vipgossip_priority": 250}})
    good(fleet.play("deploy"))
    fleet.settle()
    watched.end()
    assert watched.moves() == 1
    assert fleet.pids() == pids  # reloaded, not restarted


def test_node_comes_and_goes_and_the_vip_stays(fleet):
    watched = Watched(fleet)
    new = {**fleet.host_vars(4), "vipgossip_install": "archive",
           "vipgossip_archive": fleet.archive}
    four = fleet.vary({"n4": new})
    good(fleet.play("deploy", inventory=four))
    fleet.settle(nodes=("n1", "n2", "n3", "n4"))
    good(fleet.play("remove", "-e", "node=n4", inventory=four))
    fleet.settle()
    unmoved(watched)
    left = fleet.hosts["n4"]
    for name in ("etc/vipgossip", "var/lib/vipgossip", "usr/local/sbin/vipgossipd",
                 "usr/local/libexec/vipgossip", "var/cache/vipgossip"):
        assert not left.path(name).exists(), name
    assert left.call("id", "vipgossip").returncode != 0


def test_rotated_key_costs_no_heartbeat(fleet):
    watched = Watched(fleet)
    former = fleet.key()
    before = {name: fleet.hosts[name].status()["counters"] for name in ("n1", "n2", "n3")}
    result = good(fleet.play("rotate-key"))
    unmoved(watched)
    assert fleet.key() != former
    assert former.strip() not in result.text and fleet.key().strip() not in result.text
    for name, counters in before.items():
        assert fleet.hosts[name].path("etc/vipgossip/cluster.key").read_text() == fleet.key()
        status = fleet.hosts[name].status()
        assert status["counters"]["deaths"] == counters["deaths"]
        assert all(node["mac_failures"] == 0 for node in status["nodes"])


def test_upgrade_moves_the_vip_away_and_back(fleet):
    watched = Watched(fleet)
    fleet.inventory = fleet.vary(vipgossip_deb=fleet.packages[1])
    result = good(fleet.play("upgrade"))
    fleet.settle()
    watched.end()
    assert watched.moves() == 2
    order = sorted(fleet.members(), key=lambda name: result.text.index(f"changed: [{name}]"))
    assert order[-1] == fleet.preferred()
    for name in ("n1", "n2", "n3"):
        shown = fleet.hosts[name].call("dpkg-query", "-W", "-f=${Version}", "vipgossip")
        assert shown.stdout == "0.1.0-2"
    watched = Watched(fleet)
    assert good(fleet.play("upgrade")).changed() == {}
    unmoved(watched)


@pytest.mark.parametrize("options, why", [
    ({"interval": "1ms"}, "10ms"),                    # the file is wrong: vipgossipd -t
    ({"port": 7113}, "port"),                         # the daemon refuses the reload
])
def test_refused_change_ends_the_run_and_leaves_all_as_it_was(fleet, options, why):
    watched = Watched(fleet)
    files = fleet.files()
    result = fleet.play("deploy", inventory=fleet.vary(vipgossip_options=options))
    assert result.code != 0 and why in result.text
    assert "was put back" in result.text
    assert fleet.files() == files
    failed = [name for name, host in result.hosts.items() if host["failed"]]
    assert len(failed) == 1 and failed != [fleet.preferred()]  # a standby; nobody after it
    fleet.settle()  # nobody complains of the refusal any more
    unmoved(watched)


def test_drain_moves_the_vip_and_undrain_brings_it_back(fleet):
    watched = Watched(fleet)
    top = fleet.preferred()
    assert fleet.play("drain").code != 0
    good(fleet.play("drain", "--limit", top))
    assert len(fleet.holders() - {top}) == 1
    assert good(fleet.play("drain", "--limit", top)).changed() == {}
    good(fleet.play("undrain", "--limit", top))
    fleet.settle()
    watched.end()
    assert watched.moves() == 2


def test_voters_come_and_go_one_at_a_time(fleet):
    for name in ("n1", "n2", "n3"):
        fleet.hosts[name].run("stop", "vipgossipd")
    fleet.inventory = fleet.vary(vipgossip_vips=[{"name": "web", "address": ansible.VIP,
                                                  "mode": "quorum"}])
    good(fleet.play("deploy"))
    fleet.settle()
    watched = Watched(fleet)
    new = {**fleet.host_vars(4), "vipgossip_install": "archive",
           "vipgossip_archive": fleet.archive}
    exchanged = fleet.vary({"n4": new})
    del exchanged["vipgossip"]["hosts"]["n3"]
    files = fleet.files()
    result = fleet.play("deploy", inventory=exchanged)
    assert result.code != 0 and "n3 and n4 would come or go at once" in result.text
    assert fleet.files() == files
    fleet.inventory = fleet.vary({"n4": new})
    good(fleet.play("deploy"))
    fleet.settle()
    assert fleet.hosts["n1"].status()["vips"][0]["votes"]["needed"] == 3
    unmoved(watched)


def test_removal_of_all_leaves_nothing(fleet):
    good(fleet.play("remove", "-e", "node=all"))
    assert fleet.holders() == set()
    for name, host in fleet.hosts.items():
        for path in ("etc/vipgossip", "var/lib/vipgossip", "usr/local/sbin/vipgossipd",
                     "etc/sysctl.d/50-vipgossip.conf", "etc/nftables.d/vipgossip.nft"):
            assert not host.path(path).exists(), (name, path)
        assert host.call("id", "vipgossip").returncode != 0
    chain = fleet.hosts["n1"].call("nft", "list", "chain", "inet", "filter", "input").stdout
    assert "dport 22" in chain and "vipgossip" not in chain
