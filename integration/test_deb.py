# SPDX-License-Identifier: MIT
"""The Debian package: built, judged by lintian, and installed, upgraded, removed and purged on a
Debian of its own that systemd has booted. Run by `scripts/test --long deb`."""
import os
import pathlib
import re
import shutil
import subprocess

import pytest

from lab import cluster as lab_cluster
from lab import config, network, paths, roots, systemd

pytestmark = pytest.mark.long
# Beside what the package itself depends on.
SYSTEM = ["systemd", "systemd-sysv", "dbus", "libpam-systemd"]
APT_SECONDS = 120
# Not the package's: what dpkg, apt and systemd keep about all packages and all that ever ran.
KEPT = re.compile(r"(proc|sys|dev|run|tmp)/|var/(log|cache|tmp)/|var/lib/(dpkg|apt|systemd|dbus)/"
                  r"|etc/(machine-id|hostname|resolv.conf|passwd-|group-|shadow-|gshadow-"
                  r"|\.pwd\.lock|\.updated|ld\.so\.cache)|var/\.updated|root/")


@pytest.fixture(scope="module")
def packages(tmp_path_factory):
    """The package of this tree, and the same as a newer and as a still newer version."""
    directory = tmp_path_factory.mktemp("packages")
    done = subprocess.run([paths.ROOT / "scripts" / "package", directory], capture_output=True,
                          text=True, timeout=900, check=False)
    assert done.returncode == 0, done.stderr
    first = pathlib.Path(done.stdout.splitlines()[-1])
    return [first, *(newer(first, directory, number) for number in (1, 2))]


def newer(package, directory, number):
    content = directory / f"newer{number}"
    subprocess.run(["dpkg-deb", "-R", package, content], check=True)
    control = content / "DEBIAN" / "control"
    control.write_text(re.sub(r"^(Version: .*)$", rf"\1+{number}", control.read_text(), 1, re.M))
    made = directory / f"vipgossip_newer{number}.deb"
    subprocess.run(["dpkg-deb", "--root-owner-group", "-b", content, made], check=True,
                   capture_output=True)
    shutil.rmtree(content)
    return made


@pytest.fixture
def three(make_cluster, packages):
    """n1, which is preferred, is a Debian on which nothing is installed yet; n2 and n3 run."""
    for reason in (systemd.missing(), roots.missing()):
        if reason:
            pytest.skip(reason)
    cluster = make_cluster(3)
    machine = systemd.Debian(cluster["n1"].host,
                             roots.debian([*SYSTEM, *roots.group("run")]))
    cluster.closers.append(machine.close)
    machine.cluster = cluster
    for package in packages:
        shutil.copy(package, machine.root / "root")
    machine.boot()
    cluster.start("n2", "n3")
    cluster.wait_holder("n2")
    return machine


def apt(machine, *arguments):
    done = machine.call("env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-q", "-y",
                        *arguments, seconds=APT_SECONDS)
    assert done.returncode == 0, done.stdout
    return done.stdout


def install(machine, package):
    return apt(machine, "install", f"/root/{package.name}")


def configure(machine, **changes):
    cluster = machine.cluster
    machine.write("cluster.key", cluster.key)
    machine.write("vipgossip.conf", config.text(config.merge(
        cluster.config, {"key_file": "/etc/vipgossip/cluster.key", **changes})), 0o644)


def install_and_start(machine, package):
    install(machine, package)
    configure(machine)
    assert machine.call("systemctl", "start", "vipgossipd").returncode == 0
    machine.cluster.wait_holder("n1")


def moves(cluster):
    return cluster.changes(lab_cluster.VIP)


def files(machine):
    found = set()
    for at, directories, names in os.walk(machine.root):
        for name in names + directories:
            path = os.path.relpath(os.path.join(at, name), machine.root)
            if not KEPT.match(f"{path}/") and not KEPT.match(path):
                found.add(path)
    return found


def names(machine):
    return [line.split(":")[0] for file in ("passwd", "group")
            for line in (machine.root / "etc" / file).read_text().splitlines()]


def programs(machine):
    """What runs there, by name."""
    return [pathlib.Path(f"/proc/{pid}/comm").read_text().strip()
            for pid in network.children(machine.init) if not network.gone(pid)]


def test_lintian_has_nothing_to_say(packages):
    if shutil.which("lintian") is None:
        pytest.skip("lintian is not installed")
    done = subprocess.run(["lintian", "--allow-root", "--fail-on", "error,warning", packages[0]],
                          capture_output=True, text=True, timeout=300, check=False)
    assert (done.returncode, done.stdout) == (0, ""), done.stdout + done.stderr


def test_installed_it_waits_for_its_configuration_and_then_serves(three, packages):
    said = install(three, packages[0])
    assert "nothing runs yet. Write /etc/vipgossip/vipgossip.conf" in said
    assert three.show("ActiveState") == "inactive"
    assert three.show("ConditionResult") == "no"
    assert three.run("is-enabled", "vipgossipd").strip() == "enabled"
    assert three.run("is-system-running").strip() == "running"
    assert three.call("cat", "/proc/sys/net/ipv4/ip_nonlocal_bind").stdout == "1\n"
    moved = moves(three.cluster)
    configure(three)
    assert three.call("vipgossipd", "-t").returncode == 0
    assert three.call("systemctl", "start", "vipgossipd").returncode == 0
    three.cluster.wait_holder("n1")
    assert moves(three.cluster) == moved + 1
    assert three.call("vipgossip", "status").returncode == 0
    for page in ("man8/vipgossipd.8", "man8/vipgossip.8", "man5/vipgossip.conf.5"):
        assert (three.root / "usr/share/man" / f"{page}.gz").exists(), page


def test_upgrade_moves_the_vip_once_where_it_stays_and_back_where_it_prefers_a_node(three,
                                                                                  packages):
    install_and_start(three, packages[0])
    cluster = three.cluster
    moved = moves(cluster)
    assert "nothing runs yet" not in install(three, packages[1])
    cluster.wait_until(lambda: moves(cluster) >= moved + 2, "it went, and came back")
    cluster.wait_holder("n1")
    cluster.quiet(2, lambda: cluster.holders() == {"n1"})
    assert moves(cluster) == moved + 2
    assert three.show("NRestarts") == "0"
    assert cluster.dual_ms() < 50


def test_upgrade_moves_the_vip_once_with_preempt_off_and_not_at_all_on_a_standby(three, packages):
    cluster = three.cluster
    cluster.config["vip"]["web"]["preempt"] = False
    for node in (cluster["n2"], cluster["n3"]):
        node.write_config(cluster.config)
        assert node.tool("reload").returncode == 0
    install(three, packages[0])
    configure(three)
    three.call("systemctl", "start", "vipgossipd")
    cluster.wait_agreed("n2", nodes=["n2", "n3"])
    cluster.wait_alive("n2", "n1")
    assert cluster["n2"].tool("drain", "--wait", "10s").returncode == 0
    cluster.wait_holder("n1")
    assert cluster["n2"].tool("undrain").returncode == 0
    moved = moves(cluster)
    install(three, packages[1])
    cluster.wait_holder("n2")
    cluster.wait_alive("n2", "n1")
    cluster.quiet(2, lambda: cluster.holders() == {"n2"})
    assert moves(cluster) == moved + 1
    install(three, packages[2])
    cluster.wait_alive("n2", "n1")
    cluster.quiet(2, lambda: cluster.holders() == {"n2"})
    assert moves(cluster) == moved + 1
    assert cluster.dual_ms() < 50


def test_upgrade_to_a_version_that_refuses_the_file_leaves_the_former_one_running(three, packages):
    install_and_start(three, packages[0])
    moved, pid = moves(three.cluster), three.show("MainPID")
    three.write("vipgossip.conf", "cluster = ", 0o644)
    said = install(three, packages[1])
    assert "vipgossip.conf:1: " in said
    assert "the former one runs, it goes" in said
    three.cluster.quiet(2, lambda: three.cluster.holders() == {"n1"})
    assert (moves(three.cluster), three.show("MainPID")) == (moved, pid)
    configure(three)
    install(three, packages[2])
    assert three.show("MainPID") != pid
    three.cluster.wait_holder("n1")


def test_remove_keeps_what_is_the_administrators_and_purge_leaves_nothing(three, packages):
    before, users = files(three), names(three)
    install_and_start(three, packages[0])
    moved = moves(three.cluster)
    apt(three, "remove", "vipgossip")
    three.cluster.wait_holder("n2")
    assert moves(three.cluster) == moved + 1
    assert three.cluster.dual_ms() < 50
    assert not [name for name in programs(three) if name.startswith("vipgossip")]
    assert (three.root / "etc/vipgossip/vipgossip.conf").exists()
    assert (three.root / "etc/vipgossip/cluster.key").exists()
    apt(three, "purge", "vipgossip")
    assert files(three) == before
    assert names(three) == users
    assert not three.call("sh", "-c", "ls -d /run/vipgossip /run/systemd/*/vipgossip* "
                          "2>/dev/null || true").stdout
