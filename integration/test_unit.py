# SPDX-License-Identifier: MIT
"""The unit for systemd: as systemd-analyze sees it, and as a real systemd runs it."""
import os
import pathlib
import re
import shutil
import signal
import subprocess

import pytest

from lab import config, memory, paths, systemd

EXPOSURE_MAX = 2.0
UNIT = paths.ROOT / "scripts" / "systemd" / "vipgossipd.service"
NET_RAW = 1 << 13
NET = 1 << 12 | NET_RAW


@pytest.fixture
def unit(tmp_path):
    """The unit with the daemon of the build in it: systemd-analyze looks whether it is there."""
    if shutil.which("systemd-analyze") is None:
        pytest.skip("systemd-analyze is not installed")
    copy = tmp_path / UNIT.name
    copy.write_text(UNIT.read_text().replace("/usr/sbin/vipgossipd", str(paths.DAEMON))
                    .replace("/usr/bin/vipgossip", str(paths.TOOL)))
    return copy


def analyze(*arguments):
    return subprocess.run(["systemd-analyze", *arguments], capture_output=True, text=True,
                          timeout=30, check=False)


def test_unit_has_no_mistake(unit):
    done = analyze("verify", "--man=no", str(unit))
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_unit_is_exposed_at_most_2_0(unit):
    done = analyze("security", "--offline=true", "--no-pager", str(unit))
    found = re.search(r"Overall exposure level for vipgossipd.service: ([0-9.]+)", done.stdout)
    assert done.stderr == ""
    assert float(found.group(1)) <= EXPOSURE_MAX, done.stdout


def test_systemd_waits_until_the_longest_kernel_lease_without_a_note_is_over(tmp_path):
    def seconds(key):
        return int(re.search(rf"^{key}=([0-9]+)s$", UNIT.read_text(), re.M).group(1))

    def notes(lease):
        file = tmp_path / "vipgossip.conf"
        file.write_text(config.text({"cluster": "x", "node": {"a": {"address": ["10.0.0.1"]}},
                                     "vip": {"w": {"address": ["10.0.0.2"],
                                                   "kernel_lease": f"{lease}s"}}}))
        return subprocess.run([paths.DAEMON, "-t", "-c", file], capture_output=True, text=True,
                              timeout=10, check=True).stdout

    longest = min(seconds("TimeoutStopSec"), seconds("WatchdogSec") // 2) - 1
    assert "vipgossipd.service" not in notes(longest)
    assert "vipgossipd.service waits for" in notes(longest + 1)


@pytest.fixture
def machine(make_cluster):
    """n1 runs under a systemd, n2 as ever."""
    if systemd.missing():
        pytest.skip(systemd.missing())
    if not paths.filtered():
        pytest.skip("a sanitizer needs what the unit forbids")
    cluster = make_cluster(2)
    node = cluster["n1"]
    one = systemd.Machine(node.host)
    cluster.closers.append(one.close)
    one.cluster = cluster
    one.write("cluster.key", cluster.key)
    one.write("vipgossip.conf", config.text(config.merge(
        cluster.config, {"key_file": "/etc/vipgossip/cluster.key"})), 0o644)
    one.boot()
    cluster.start("n2")
    cluster.wait_holder("n1")
    return one


def test_a_real_systemd_runs_the_unit_and_restarts_what_crashed(machine):
    pids = machine.pids()
    # keeper, engine, steward
    for pid, capabilities in zip(pids, (NET, 0, NET_RAW), strict=True):
        status = memory.status(pid)
        assert status["Uid"].split()[0] != "0"
        assert int(status["CapEff"], 16) == capabilities
        assert int(status["CapBnd"], 16) == NET
        assert (status["NoNewPrivs"], status["Seccomp"]) == ("1", "2")
    assert machine.show("StatusText").startswith("node n1 of cluster lab")
    assert machine.show("WatchdogUSec") == "30s"
    socket = pathlib.Path(f"/proc/{machine.init}/root/run/vipgossip/control.sock")
    assert socket.stat().st_mode & 0o777 == 0o660
    journal = machine.journal()
    assert "warning" not in journal and "cannot" not in journal and "failed" not in journal
    assert "Landlock" not in journal
    os.kill(pids[1], signal.SIGKILL)
    machine.cluster.wait_holder("n2")
    machine.cluster.wait_holder("n1")  # systemd started it again, and it is preferred
    assert machine.show("NRestarts") == "1"
    machine.run("stop", "vipgossipd")
    machine.cluster.wait_holder("n2")
    assert machine.show("Result") == "success"
    assert not socket.exists()


def reload(machine):
    """`systemctl reload`: its exit code and what it says."""
    said = machine.run("-c", "systemctl reload vipgossipd; echo code $?", program="sh")
    return int(said.rsplit("code ", 1)[1]), said


def test_systemctl_reload_says_whether_it_was_applied(machine):
    pids = machine.pids()
    machine.cluster.config["vip"]["other"] = {"address": ["10.77.0.101"]}
    own = {"key_file": "/etc/vipgossip/cluster.key"}
    machine.write("vipgossip.conf", config.text(config.merge(machine.cluster.config, own)), 0o644)
    assert reload(machine)[0] == 0
    machine.cluster.wait_holder("n1", "10.77.0.101")
    assert "applied: 1 VIP added" in machine.journal()
    machine.write("vipgossip.conf", "cluster = ", 0o644)
    code, said = reload(machine)
    assert code != 0, said
    assert "vipgossip.conf:1: " in machine.journal()
    assert "the running configuration stays" in machine.journal()
    assert machine.show("ActiveState") == "active"
    assert machine.pids()[:2] == pids[:2]
    assert machine.cluster.holders() == {"n1"} == machine.cluster.holders("10.77.0.101")


@pytest.mark.parametrize("nonlocal_bind", (0, 1))
def test_named_node_waits_for_its_address_whether_or_not_others_can_be_bound(make_cluster,
                                                                           nonlocal_bind):
    cluster = make_cluster(2)
    host = cluster["n1"].host
    host.ns.sysctl(net__ipv4__ip_nonlocal_bind=nonlocal_bind)
    host.ns.ip(f"addr del {host.v4}/16 dev eth0")
    cluster.config["vip"]["web"]["interface"] = "eth0"
    for node in cluster.nodes.values():
        node.write_config(cluster.config)
    cluster.start("n2")
    cluster.wait_holder("n2")
    cluster["n1"].start("-n", "n1")
    cluster.wait_until(lambda: "waiting for it" in cluster["n1"].log_text(), "n1 says so")
    host.add_address(f"{host.v4}/16")
    cluster.settle("n1", seconds=20)
