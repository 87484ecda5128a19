# SPDX-License-Identifier: MIT
"""Two versions of the daemon in one cluster [SPEC D9]: this one, and that of integration/
earlier-version. Each holds and each stands by; nothing moves that would not move among equals."""
import contextlib
import os
import pathlib
import re
import shutil
import signal
import time

import pytest

from lab import cluster as lab
from lab import earlier, paths

BOOT_ID = pathlib.Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
LEASE_MS = 400
MODES = ("available", "quorum")
VERSIONS = ("earlier", "this")
CHECKER = "vipgossip-check\n"  # what the kernel keeps of its name


@pytest.fixture(scope="session")
def programs():
    """Version to where its programs are."""
    reason = earlier.missing()
    if reason:
        pytest.skip(reason)
    return {"this": paths.BUILD, "earlier": earlier.programs()}


@pytest.fixture
def mixed(make_cluster, programs):
    """Makes clusters of three from the version of each node; n1 holds."""
    def make(versions, mode="available", **changes):
        cluster = make_cluster(len(versions), services=True,
                               vip={"web": {"mode": mode, **changes.pop("web", {})}}, **changes)
        for node, version in zip(cluster.nodes.values(), versions):
            node.programs = programs[version]
            if mode == "quorum":  # as if it had run before: else it would abstain for 10 s
                note = node.socket.with_name(node.socket.name + ".voted")
                note.write_text(f"vipgossip-voted 1 {BOOT_ID} {LEASE_MS} 0\n")
        cluster.start()
        cluster.settle("n1", seconds=30)
        return cluster
    return make


def other(version):
    return VERSIONS[1 - VERSIONS.index(version)]


def all_is_well(cluster, programs):
    """What every node says, asked by the tool of each version."""
    for name in cluster.running():
        node = cluster[name]
        own = node.programs
        for node.programs in programs.values():
            status = node.status()
            assert status["status"] == "ok", status["problems"]
            assert {one["config"] for one in status["nodes"]} == {"same"}
            assert node.tool("status").returncode == 0
        node.programs = own


def votes(node):
    """In mode quorum one that was restarted gives its vote to nobody for a lease. An earlier one
    does not say so."""
    status = node.status()
    if "abstains_ms" in status:
        return status["abstains_ms"] == 0
    return status["uptime_ms"] > 2 * LEASE_MS


def exchange(cluster, name, to):
    """Stops a node in order and starts it with the programs of another version."""
    assert cluster[name].stop() == 0
    cluster[name].programs = to
    cluster.start(name)
    cluster.settle("n1", seconds=30)
    cluster.wait_until(lambda: votes(cluster[name]), f"{name} votes")


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("version", VERSIONS)
def test_rolling_change_of_the_version_moves_the_vip_once_and_back(mixed, programs, mode, version):
    """To the later version or back to the earlier one, the holder last."""
    cluster = mixed([version] * 3, mode)
    client = cluster.client()
    for name in ("n3", "n2"):
        exchange(cluster, name, programs[other(version)])
        all_is_well(cluster, programs)
        assert cluster.changes() == 1
    exchange(cluster, "n1", programs[other(version)])
    all_is_well(cluster, programs)
    assert cluster.changes() == 3
    assert cluster.dual_ms() < (5 if mode == "available" else 0.001)
    report = client.stop()
    assert report.answered_by() == ["n1", "n2", "n1"]
    assert report.outage_ms < 1000 or report.stalls, report.data


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("version", VERSIONS)
def test_a_holder_that_ends_in_any_way_is_followed_by_the_other_version(mixed, programs, mode,
                                                                        version):
    cluster = mixed([version, other(version), other(version)], mode)
    holder = cluster["n1"]
    # Its engine alone: the keeper removes the address and sends the last will.
    os.kill(holder.engine_pid(), signal.SIGKILL)
    assert holder.wait_exit() == 1
    cluster.wait_holder("n2")
    reasons = cluster["n2"].tool("events").stdout
    assert "ended without being stopped" in reasons or "crash" in reasons, reasons
    cluster.start("n1")
    cluster.settle("n1", seconds=30)
    # All of it: the others find out, and the kernel lets go of the address.
    holder.kill()
    cluster.wait_until(lambda: "n2" in cluster.holders(), "n2 holds")
    cluster.wait_holder("n2")
    cluster.wait_alive("n3", "n1", "dead")
    cluster.start("n1")
    cluster.settle("n1", seconds=30)
    # Cut off from all others, and back.
    since = time.monotonic_ns()
    cluster.net.cut("n1", "n2")
    cluster.net.cut("n1", "n3")
    if mode == "quorum":
        cluster.wait_holder("n2")
    else:
        cluster.wait_until(lambda: cluster.holders() == {"n1", "n2"}, "each part has a holder")
    cluster.net.heal()
    cluster.settle("n1", seconds=30)
    if mode == "quorum":
        assert cluster.dual_ms(since_ns=since) == 0
    cluster.wait_until(lambda: all(cluster[name].status()["status"] == "ok"
                                   for name in ("n1", "n2", "n3")), "all is well", 90)


def test_a_cut_between_two_versions_moves_nothing_while_another_node_sees_both(mixed, programs):
    cluster = mixed(["this", "earlier", "earlier"])
    cluster.net.cut("n1", "n2")
    cluster.quiet(2, lambda: cluster.holders() == {"n1"})
    assert cluster["n2"].sees("n1")["path"] == "relayed via n3"
    assert cluster["n1"].sees("n2")["path"] == "relayed via n3"
    cluster.net.heal()
    cluster.wait_until(lambda: cluster["n2"].sees("n1")["path"] == "direct", "direct again")
    all_is_well(cluster, programs)


def test_a_node_of_another_version_is_no_host_outside_the_cluster(mixed, programs):
    """Its frames are on the wire, and its records may tell no MAC address [SPEC R82]."""
    cluster = mixed(["earlier", "this", "earlier"])

    def stays_well(seconds):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            all_is_well(cluster, programs)
            time.sleep(0.5)

    stays_well(11)  # longer than the patience with those who have not told theirs
    assert cluster["n1"].tool("drain", "--wait", "5s").returncode == 0
    cluster.wait_holder("n2")
    stays_well(1)
    assert cluster["n1"].tool("undrain").returncode == 0
    cluster.settle("n1")
    stays_well(1)


@pytest.mark.parametrize("version", VERSIONS)
def test_what_a_node_keeps_is_read_by_the_other_version(mixed, programs, version):
    """That it is drained, and how long it may have promised its vote [SPEC R99]."""
    cluster = mixed([version, "this", "this"], "quorum")
    node = cluster["n1"]
    assert node.tool("drain", "--wait", "5s").returncode == 0
    cluster.wait_holder("n2")
    assert node.stop() == 0
    node.programs = programs[other(version)]
    mark = len(node.log_text())
    node.start()
    cluster.wait_until(lambda: node.status() and node.status()["drain"]["node"], "still drained")
    found = re.search(r"does not vote for the first ([\d.]+) s", node.log_text()[mark:])
    assert float(found.group(1)) == LEASE_MS / 1000
    cluster.quiet(1, lambda: cluster.holders() == {"n2"})
    assert node.tool("undrain").returncode == 0
    cluster.settle("n1", seconds=30)


def installed(directory, daemon, **others):
    """A daemon and its programs in one place: which one comes from where."""
    places = {"vipgossipd": daemon, "vipgossip": daemon, "libexec/vipgossip-engine": daemon,
              "libexec/vipgossip-checker": daemon}
    places.update({f"libexec/vipgossip-{name}": place for name, place in others.items()})
    (directory / "libexec").mkdir(parents=True)
    directory.chmod(0o755)
    for name, place in places.items():
        shutil.copy2(place / name, directory / name)
    return directory


@pytest.mark.parametrize("version", VERSIONS)
def test_engine_of_another_version_is_refused_with_a_sentence(make_cluster, programs, version):
    cluster = make_cluster(1)
    node = cluster["n1"]
    node.programs = installed(cluster.directory / "programs", programs[version],
                              engine=programs[other(version)])
    node.start()
    assert node.wait_exit() == 1
    assert "are vipgossipd and vipgossip-engine of one installation?" in node.log_text()
    assert cluster.holders() == set()


def replace(directory, place):
    """As a package is upgraded: each new file takes the place of the former one in a moment."""
    for file in directory.rglob("vipgossip*"):
        draft = file.with_suffix(".new")
        shutil.copy2(place / file.relative_to(directory), draft)
        draft.replace(file)


def checker(node):
    """Its process, found by its name, and which file it runs, whatever that is called now."""
    for pid in node.pids()[1:]:
        with contextlib.suppress(FileNotFoundError):  # it has ended meanwhile
            if pathlib.Path(f"/proc/{pid}/comm").read_text(encoding="ascii") == CHECKER:
                return pid, os.stat(f"/proc/{pid}/exe").st_ino
    return None, None


def test_a_running_daemon_goes_on_with_its_own_checker_when_the_files_are_replaced(
        make_cluster, programs):
    """Until it is restarted: also when the checker has to be started anew."""
    check = {"exec": ["/bin/true"], "interval": "200ms", "timeout": "100ms"}
    cluster = make_cluster(2, check={"serves": check})
    node = cluster["n1"]
    node.programs = installed(cluster.directory / "programs", paths.BUILD)
    cluster.start()
    cluster.settle("n1")
    replace(node.programs, programs["earlier"])
    former, file = checker(node)
    os.kill(former, signal.SIGKILL)
    cluster.wait_until(lambda: checker(node)[0] not in (None, former), "a checker runs again")
    assert checker(node)[1] == file
    node.write_config(cluster.config | {"check": {"serves": check | {"interval": "300ms"}}})
    assert node.tool("reload").returncode == 0
    cluster.quiet(3, lambda: cluster.holders() == {"n1"})
    assert checker(node)[1] == file
    assert node.status()["checks"][0]["ok"] is True
    assert node.stop() == 0
    node.start()
    cluster.settle("n1")
    assert lab.VIP in node.tool("status").stdout
