# SPDX-License-Identifier: MIT
"""vipgossip drain and undrain: a node gives its VIPs away, and stays the last resort."""
import contextlib
import os
import pathlib
import signal
import subprocess
import time

import pytest

from lab import cluster as lab
from lab import paths

OTHER = "10.77.0.101"


def drained(node):
    return node.status()["drain"]


def test_drain_moves_the_vip_and_undrain_brings_it_back(three):
    done = three["n1"].tool("drain", "--wait", "5s")
    assert done.returncode == 0, done.stderr
    assert "n1 is drained" in done.stdout and "held by n2" in done.stdout
    assert three.holders() == {"n2"}
    three.wait_until(lambda: three["n3"].sees("n1")["drained"], "n3 knows")
    status = three["n2"].tool("status")
    assert status.returncode == 0 and "n1 drained" in status.stdout
    assert three["n1"].tool("undrain").returncode == 0
    three.settle("n1")
    assert three.dual_ms() == 0


def test_drain_outlives_a_restart_and_a_crash(three):
    assert three["n1"].tool("drain", "--wait", "5s").returncode == 0
    for end in (three["n1"].stop, three["n1"].kill):
        end()
        three.start("n1")
        three.wait_alive("n2", "n1")
        three.wait_until(lambda: three["n1"].status() and drained(three["n1"])["node"], "drained")
        three.quiet(1, lambda: three.holders() == {"n2"})
    assert three["n1"].tool("undrain").returncode == 0
    assert (three["n1"].state / "drained").read_text() == ""
    three.settle("n1")
    assert three["n1"].stop() == 0
    three.start("n1")
    three.settle("n1")


def test_drain_of_one_vip_leaves_the_other_where_it_is(make_cluster):
    cluster = make_cluster(2, vip={"other": {"address": [OTHER]}})
    cluster.start()
    cluster.wait_holder("n1")
    cluster.wait_holder("n1", OTHER)
    done = cluster["n1"].tool("drain", "--vip", "other", "--wait", "5s")
    assert done.returncode == 0, done.stderr
    cluster.wait_holder("n2", OTHER)
    assert cluster.holders() == {"n1"}
    assert drained(cluster["n1"]) == {"node": False, "vips": ["other"], "kept": True,
                                      "error": None}
    cluster.wait_until(lambda: cluster["n2"].sees("n1")["drained_vips"] == ["other"], "n2 knows")
    assert not cluster["n2"].sees("n1")["drained"]
    assert cluster["n1"].stop() == 0
    cluster.start("n1")
    cluster.wait_holder("n1")
    cluster.quiet(1, lambda: cluster.holders(OTHER) == {"n2"})
    assert cluster["n1"].tool("undrain", "--vip", "other").returncode == 0
    cluster.wait_holder("n1", OTHER)


def test_last_resort_keeps_the_vip_and_says_so(make_cluster):
    cluster = make_cluster(2)
    cluster.start("n1")
    cluster.wait_holder("n1")
    done = cluster["n1"].tool("drain", "--wait", "300ms")
    assert done.returncode == 1
    assert "no other candidate lives" in done.stdout
    assert "after 300 ms" in done.stderr
    assert cluster.holders() == {"n1"}
    status = cluster["n1"].status()
    assert any("although it is drained" in problem for problem in status["problems"])
    assert cluster["n1"].tool("drain").returncode == 0  # without --wait that is no failure
    cluster.start("n2")
    cluster.settle("n2")


def test_without_fail_open_a_drained_node_holds_nothing(make_cluster):
    cluster = make_cluster(2, fail_open=False)
    cluster.start("n1")
    cluster.wait_holder("n1")
    assert cluster["n1"].tool("drain").returncode == 0
    cluster.wait_until(lambda: cluster.holders() == set(), "nobody holds it")
    assert cluster["n1"].tool("undrain").returncode == 0
    cluster.wait_holder("n1")


def test_what_cannot_be_kept_is_said(make_cluster):
    cluster = make_cluster(2)
    cluster["n1"].state.write_text("in the way")
    cluster.start()
    cluster.wait_holder("n1")
    done = cluster["n1"].tool("drain", "--wait", "5s")
    assert done.returncode == 1
    assert "state_dir" in done.stderr and "Not a directory" in done.stderr
    cluster.wait_holder("n2")
    assert drained(cluster["n1"])["kept"] is False


def test_a_disk_that_hangs_is_said_and_costs_no_deadline(two):
    """In its place the process that writes stands still."""
    steward = two["n1"].pids()[2]
    since = time.monotonic_ns()
    os.kill(steward, signal.SIGSTOP)
    try:
        done = two["n1"].tool("drain", "--vip", "web")
        assert done.returncode == 1
        assert "the disk has not answered in time" in done.stderr
        assert "not kept across restarts" in two["n1"].log_text()
        two.wait_holder("n2")
        assert two["n1"].tool("undrain").returncode == 1
        two.wait_holder("n1")  # the keeper adds and removes all the while
        assert drained(two["n1"])["kept"] is False
        assert "deadline" not in two["n1"].log_text()
    finally:
        os.kill(steward, signal.SIGCONT)
    two.wait_until(lambda: drained(two["n1"])["kept"], "the last order is kept")
    assert (two["n1"].state / "drained").read_text() == ""
    assert "is kept now" in two["n1"].log_text()
    assert two.dual_ms(since_ns=since) == 0


def hanging_reload(node):
    """A reload, and who reads the file for it: that one stands still, as on a disk that does not
    answer. It lives for some milliseconds only, and is not caught each time."""
    node.file.write_text(node.file.read_text() + 30000 * "# long enough to be caught\n")
    children = pathlib.Path("/proc/{0}/task/{0}/children".format(node.pids()[2]))
    for _ in range(20):
        reload = subprocess.Popen([paths.TOOL, "reload", "--socket", node.socket],
                                  stdout=subprocess.PIPE, text=True)
        found = []
        while not found and reload.poll() is None:
            found = children.read_text().split()
        with contextlib.suppress(IndexError, ProcessLookupError):
            os.kill(int(found[0]), signal.SIGSTOP)
            try:
                reload.wait(0.5)
            except subprocess.TimeoutExpired:
                return reload, int(found[0])
            os.kill(int(found[0]), signal.SIGCONT)
        reload.communicate(timeout=20)
    raise AssertionError("it was never caught")


def test_a_reload_that_hangs_does_not_keep_a_drain_from_the_disk(two):
    node = two["n1"]
    reload, reader = hanging_reload(node)
    try:
        done = node.tool("drain", "--wait", "5s")
        assert (done.returncode, done.stderr) == (0, "")
        assert drained(node)["kept"] is True
        assert reload.poll() is None
    finally:
        os.kill(reader, signal.SIGCONT)
        out, _ = reload.communicate(timeout=20)
    assert reload.returncode == 0 and "applied" in out
    assert (node.state / "drained").read_text() == "*\n"


def test_without_a_file_what_is_drained_is_kept_too(make_cluster):
    """No configuration file and no check: there is still a process that writes."""
    cluster = make_cluster(1)
    node = cluster["n1"]
    node.command = lambda: [str(paths.DAEMON)]
    node.socket = "/run/vipgossip/control.sock"
    node.start(env={"VIPGOSSIP_PEERS": node.host.v4, "VIPGOSSIP_VIRTUAL_IPS": lab.VIP,
                    "VIPGOSSIP_KEY": cluster.key.strip()})
    cluster.wait_holder("n1")
    done = node.tool("drain")
    assert node.tool("undrain").returncode == 0
    assert (done.returncode, done.stderr) == (0, "")
    assert node.stop() == 0


def test_a_file_that_cannot_be_read_keeps_the_daemon_from_starting(make_cluster):
    cluster = make_cluster(1)
    (cluster["n1"].state / "drained").mkdir(parents=True)
    cluster.start("n1")
    assert cluster["n1"].wait_exit() == 1
    assert "drained" in cluster["n1"].log_text()


@pytest.mark.parametrize("arguments, code, word", [
    (("drain", "--vip", "nothing"), 1, "status"),
    (("drain", "--vip", "a\nb"), 1, "status"),
    (("drain", "--wait", "5"), 2, "duration"),
    (("undrain", "--wait", "5s"), 2, "usage"),
    (("drain", "web"), 2, "usage"),
])
def test_mistakes_are_named(two, arguments, code, word):
    done = two["n1"].tool(*arguments)
    assert done.returncode == code
    assert word in done.stderr
    assert drained(two["n1"])["node"] is False


def test_undrain_of_a_vip_does_not_undrain_the_node(two):
    assert two["n1"].tool("drain").returncode == 0
    done = two["n1"].tool("undrain", "--vip", "web")
    assert done.returncode == 1 and "without naming" in done.stderr
    assert drained(two["n1"])["node"] is True


def test_drain_without_a_daemon_exits_3(make_cluster):
    assert make_cluster(1)["n1"].tool("drain").returncode == 3
