# SPDX-License-Identifier: MIT
"""Checks: who cannot serve does not hold, whatever the check does."""
import json
import os
import signal
import socket
import time

import pytest

from lab import network, paths

TRUE = ["/usr/bin/test", "-e"]


def flag_check(**changes):
    """A check that is ok as long as the node's file `fit` exists."""
    return {"interval": "100ms", "timeout": "2s", "rise": 1, "fall": 1, **changes}


def with_flags(make_cluster, nodes=3, check=None, **changes):
    """Each node has a file of its own that a check looks for; it is there."""
    cluster = make_cluster(nodes, **changes)
    for name, node in cluster.nodes.items():
        flag = node.directory / "fit"
        flag.touch()
        one = {**(check or flag_check()), "exec": [*TRUE, str(flag)]}
        node.write_config({**cluster.config, "check": {"fit": one}})
    return cluster


def unfit(cluster, name):
    (cluster[name].directory / "fit").unlink()


def fit(cluster, name):
    (cluster[name].directory / "fit").touch()


def check_of(node, name="fit"):
    return next(one for one in node.status()["checks"] if one["name"] == name)


def checker_pid(node):
    for pid in node.pids()[1:]:
        try:
            if os.readlink(f"/proc/{pid}/exe").endswith("vipgossip-checker"):
                return pid
        except OSError:
            pass
    return None


def test_a_failed_check_moves_the_vip_and_a_good_one_brings_it_back(make_cluster):
    cluster = with_flags(make_cluster).start()
    cluster.settle("n1")
    unfit(cluster, "n1")
    cluster.wait_holder("n2")
    cluster.wait_agreed("n2")
    assert cluster.dual_ms() < 50
    done = cluster["n1"].tool("status")
    assert done.returncode == 1
    assert "check fit fails on n1 (exit code 1)" in done.stdout
    assert "failed" in done.stdout
    assert "node n1 is unhealthy" in cluster["n2"].tool("status").stdout
    fit(cluster, "n1")
    cluster.wait_holder("n1")
    cluster.wait_until(lambda: cluster["n1"].tool("status").returncode == 0, "status is OK")


def test_every_change_of_a_check_is_an_event_with_what_it_said(make_cluster):
    cluster = with_flags(make_cluster, nodes=2).start()
    cluster.settle("n1")
    unfit(cluster, "n1")
    cluster.wait_holder("n2")
    cluster.wait_agreed("n2")
    lines = cluster["n1"].tool("events", "--json").stdout.splitlines()
    events = [json.loads(line) for line in lines if '"check"' in line]
    found = [(one["from"], one["to"], one["detail"]) for one in events if one["kind"] == "check"]
    assert found == [("unknown", "ok", "exit code 0"), ("ok", "failed", "exit code 1")]
    reasons = [json.loads(line)["reason"]
               for line in cluster["n2"].tool("events", "--json").stdout.splitlines()]
    assert "the holder is not healthy" in reasons


def test_nothing_is_claimed_before_the_first_result(make_cluster):
    slow = ["/bin/sh", "-c", "sleep 1.5"]
    cluster = make_cluster(1, check={"slow": flag_check(exec=slow)})
    begun = time.monotonic()
    cluster.start()
    cluster.wait_holder("n1")
    assert time.monotonic() - begun > 1.4
    assert check_of(cluster["n1"], "slow")["ok"] is True


def test_a_node_claims_nothing_before_its_checks_have_risen(make_cluster):
    """The first results are good at once, and that is not enough; the third one takes its time."""
    cluster = make_cluster(1)
    node = cluster["n1"]
    at = node.directory
    script = (f"echo >> {at}/runs; [ $(wc -l < {at}/runs) -lt 3 ] || "
              f"while [ ! -e {at}/go ]; do sleep 0.05; done")
    node.write_config({**cluster.config, "check": {"slow": flag_check(
        exec=["/bin/sh", "-c", script], rise=3, timeout="30s")}})
    cluster.start()
    runs = at / "runs"
    cluster.wait_until(lambda: runs.exists() and len(runs.read_text()) == 3, "two were good")
    cluster.quiet(1, lambda: cluster.holders() == set())
    assert check_of(node, "slow")["ok"] is None
    assert check_of(node, "slow")["streak"] == 2
    assert "rising" in node.tool("status").stdout
    (at / "go").touch()
    cluster.wait_holder("n1")
    assert check_of(node, "slow")["ok"] is True


def test_a_check_with_a_long_interval_rises_within_seconds(make_cluster):
    """A node alone must not wait for the interval before it serves again."""
    cluster = make_cluster(1, check={"rare": flag_check(exec=["/bin/true"], rise=3,
                                                        interval="60m")})
    cluster.start()
    cluster.wait_holder("n1")
    assert cluster["n1"].stop() == 0
    cluster.start()
    cluster.wait_holder("n1")


def test_who_comes_back_takes_the_vip_only_when_its_checks_have_risen(make_cluster):
    cluster = with_flags(make_cluster, nodes=2, check=flag_check(rise=15)).start()
    cluster.settle("n1")
    assert cluster["n1"].stop() == 0
    cluster.wait_holder("n2")
    cluster.start("n1")
    cluster.wait_alive("n2", "n1")
    cluster.wait_until(lambda: check_of(cluster["n1"])["streak"] > 2, "it was good thrice")
    assert cluster.holders() == {"n2"}
    cluster.settle("n1")


def test_rise_and_fall_count_results_in_a_row(make_cluster):
    cluster = with_flags(make_cluster, nodes=1, check=flag_check(fall=20, rise=2)).start()
    cluster.wait_holder("n1")
    unfit(cluster, "n1")
    cluster.wait_until(lambda: check_of(cluster["n1"])["streak"] > 2, "it has failed thrice")
    assert check_of(cluster["n1"])["ok"] is True
    cluster.wait_until(lambda: check_of(cluster["n1"])["ok"] is False, "it has failed")


def test_all_unhealthy_the_best_keeps_the_address_and_status_says_why(make_cluster):
    cluster = with_flags(make_cluster, nodes=2).start()
    cluster.settle("n1")
    unfit(cluster, "n2")
    cluster.wait_until(lambda: check_of(cluster["n2"])["ok"] is False, "n2 is unhealthy")
    unfit(cluster, "n1")
    cluster.wait_until(lambda: check_of(cluster["n1"])["ok"] is False, "n1 is unhealthy")
    cluster.quiet(1, lambda: cluster.holders() == {"n1"})
    done = cluster["n2"].tool("status")
    assert done.returncode == 1
    assert "held by n1 although it is unhealthy" in done.stdout


def test_without_fail_open_nobody_holds_when_all_are_unhealthy(make_cluster):
    cluster = with_flags(make_cluster, nodes=2, fail_open=False).start()
    cluster.settle("n1")
    unfit(cluster, "n1")
    cluster.wait_holder("n2")
    unfit(cluster, "n2")
    cluster.wait_holder(None)
    fit(cluster, "n2")
    cluster.wait_holder("n2")


def test_a_weight_changes_the_priority_and_not_the_health(make_cluster):
    cluster = with_flags(make_cluster, check=flag_check(weight=-60)).start()
    cluster.settle("n1")
    unfit(cluster, "n1")  # 200 - 60 < 150
    cluster.wait_holder("n2")
    me = cluster["n2"].sees("n1")
    assert me["healthy"] is True
    assert me["effective_priority"] == {"web": 140}
    unfit(cluster, "n2")  # 150 - 60 < 140
    cluster.wait_holder("n1")


def test_a_check_for_one_vip_moves_no_other(make_cluster):
    cluster = with_flags(
        make_cluster, nodes=2, check=flag_check(vip=["web"]),
        vip={"mail": {"address": ["10.77.0.101"]}}).start()
    cluster.settle("n1")
    cluster.wait_holder("n1", "10.77.0.101")
    unfit(cluster, "n1")
    cluster.wait_holder("n2")
    assert cluster.holders("10.77.0.101") == {"n1"}
    assert "unhealthy for VIP web" in cluster["n2"].tool("status").stdout


def test_tcp_follows_a_listener(make_cluster):
    cluster = make_cluster(2, check={"port": flag_check(tcp="127.0.0.1:8080")})
    listeners = {}
    for name in cluster.nodes:
        with cluster.net.hosts[name].ns.inside():
            listeners[name] = socket.create_server(("127.0.0.1", 8080))
    cluster.start()
    cluster.settle("n1")
    assert check_of(cluster["n1"], "port")["detail"] == "127.0.0.1:8080 takes connections"
    listeners["n1"].close()
    cluster.wait_holder("n2")
    assert "connection refused" in check_of(cluster["n1"], "port")["detail"]
    listeners["n2"].close()


HOSTILE = {
    "hangs": (["/bin/sh", "-c", "trap '' TERM; while :; do sleep 60; done"],
              "not done within its timeout, 300 ms"),
    "floods": (["/usr/bin/yes", "flood"], "it printed more than 64 KiB and was killed"),
    "dies": (["/bin/sh", "-c", "echo bye; kill -SEGV $$"],
             "killed by signal 11 (Segmentation fault): bye"),
    "is not there": (["/no/such/program"],
                     "exit code 127: cannot be started: No such file or directory"),
    "binary": (["/bin/sh", "-c", "printf 'a\\\\001\\\\377b\\\\n'; exit 9"], "exit code 9: a??b"),
}


@pytest.mark.parametrize("what", HOSTILE)
def test_whatever_a_check_does_it_fails_and_is_ended(make_cluster, what):
    program, detail = HOSTILE[what]
    cluster = make_cluster(1, check={
        "bad": {"exec": program, "interval": "200ms",
                "timeout": "300ms" if what == "hangs" else "5s"},
        "good": flag_check(exec=["/bin/true"])})
    cluster.start()
    cluster.wait_until(lambda: (cluster["n1"].status() or {"checks": [{"ok": None}]})
                       ["checks"][0]["ok"] is False, "the check has failed")
    assert check_of(cluster["n1"], "bad")["detail"] == detail
    cluster.wait_until(lambda: check_of(cluster["n1"], "good")["ok"] is True, "the other passes")
    cluster.wait_holder("n1")  # fail_open
    assert cluster["n1"].stop() == 0


def test_what_a_check_leaves_behind_is_ended_with_it(make_cluster):
    cluster = make_cluster(1)
    pids = cluster["n1"].directory / "pids"
    script = f"sleep 1000 & echo $! >> {pids}; wait"
    cluster["n1"].write_config({**cluster.config, "check": {
        "forks": {"exec": ["/bin/sh", "-c", script], "interval": "200ms", "timeout": "300ms"}}})
    cluster.start()
    cluster.wait_until(lambda: pids.exists() and len(pids.read_text().split()) > 2, "some ran")
    first = int(pids.read_text().split()[0])
    assert network.wait_gone([first])


ESCAPE = """import os, sys, time
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        os.closerange(0, 3)
        with open(sys.argv[1], "a") as file:
            print(os.getpid(), file=file)
        time.sleep(1000)
    os._exit(0)
os.wait()
if sys.argv[2] == "hangs":
    time.sleep(1000)
"""


def with_escape(make_cluster, how, **check):
    """One node with such a check, and the file with the process numbers."""
    cluster = make_cluster(1)
    node = cluster["n1"]
    program = node.directory / "escape.py"
    program.write_text(ESCAPE)
    pids = node.directory / "pids"
    node.write_config({**cluster.config, "check": {"escapes": {
        "exec": ["/usr/bin/python3", str(program), str(pids), how], **check}}})
    return cluster.start(), pids


@pytest.mark.parametrize("how", ["ends", "hangs"])
def test_what_leaves_session_and_group_of_a_check_is_ended_with_it_too(make_cluster, how):
    """A daemon, as people write them: two forks and a session of its own."""
    cluster, pids = with_escape(make_cluster, how, interval="1s", timeout="2s")
    cluster.wait_until(lambda: pids.exists() and len(pids.read_text().split()) > 1, "two ran")
    first = int(pids.read_text().split()[0])
    assert network.wait_gone([first])
    cluster.wait_until(lambda: check_of(cluster["n1"], "escapes")["ok"] is (how == "ends"),
                       "the check itself is judged as ever")
    checker = checker_pid(cluster["n1"])
    assert cluster["n1"].stop() == 0
    assert network.wait_gone([int(pid) for pid in pids.read_text().split()])
    assert network.wait_gone([checker])


MANY = """import os, sys, time
left, right = os.pipe()
for _ in range(150):
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            os.setsid()
            os.closerange(0, 3)
            os.write(right, b"%d " % os.getpid())
            time.sleep(1000)
        os._exit(0)
    os.wait()
pids = b""
while len(pids.split()) < 150 or not pids.endswith(b" "):
    pids += os.read(left, 4096)
with open(sys.argv[1], "wb") as file:
    file.write(pids)
os.rename(sys.argv[1], sys.argv[2])
time.sleep(1000)
"""


def test_many_that_left_session_and_group_are_ended_together(make_cluster):
    cluster = make_cluster(1)
    node = cluster["n1"]
    program = node.directory / "many.py"
    program.write_text(MANY)
    pids = node.directory / "pids"
    node.write_config({**cluster.config, "check": {"many": {
        "exec": ["/usr/bin/python3", str(program), f"{pids}.new", str(pids)], "interval": "60s",
        "timeout": "8s"}}})
    cluster.start()
    cluster.wait_until(pids.exists, "all have left")
    left = [int(pid) for pid in pids.read_text().split()]
    assert len(left) == 150
    assert network.wait_gone(left, timeout=15)


def test_nothing_that_a_check_started_outlives_a_killed_checker(make_cluster):
    cluster, pids = with_escape(make_cluster, "hangs", interval="60s", timeout="50s")
    cluster.wait_until(pids.exists, "it ran")
    cluster.wait_until(lambda: pids.read_text().endswith("\n"), "it has left its group")
    os.kill(checker_pid(cluster["n1"]), signal.SIGKILL)
    assert network.wait_gone([int(pids.read_text().split()[0])])


def test_a_killed_checker_is_started_again_and_the_last_results_count_on(make_cluster):
    cluster = with_flags(make_cluster, nodes=2).start()
    cluster.settle("n1")
    first = checker_pid(cluster["n1"])
    os.kill(first, signal.SIGKILL)
    cluster.quiet(0.5, lambda: cluster.holders() == {"n1"})
    cluster.wait_until(lambda: checker_pid(cluster["n1"]) not in (None, first), "a new checker")
    assert "the checker was killed by signal 9" in cluster["n1"].log_text()
    unfit(cluster, "n1")
    cluster.wait_holder("n2")


def test_a_checker_that_stands_still_is_named_and_replaced(make_cluster):
    cluster = with_flags(make_cluster, nodes=1).start()
    cluster.wait_holder("n1")
    first = checker_pid(cluster["n1"])
    os.kill(first, signal.SIGSTOP)
    cluster.wait_until(
        lambda: "check fit has had no result on n1" in cluster["n1"].tool("status").stdout,
        "status says so", seconds=20)
    cluster.wait_until(lambda: checker_pid(cluster["n1"]) not in (None, first), "a new checker",
                       seconds=20)
    cluster.wait_until(lambda: cluster["n1"].tool("status").returncode == 0, "status is OK")
    assert cluster.holders() == {"n1"}


def test_checker_and_what_it_started_end_with_the_daemon(make_cluster):
    cluster = make_cluster(1, check={"hangs": flag_check(exec=["/bin/sleep", "1000"])})
    cluster.start()
    node = cluster["n1"]
    cluster.wait_until(lambda: len(node.pids()) >= 5, "keeper, engine, supervisor, checker, sleep")
    pids = node.pids()
    assert node.stop() == 0
    assert network.wait_gone(pids)
    node.start()
    cluster.wait_until(lambda: len(node.pids()) >= 5, "all of them again")
    pids = node.pids()
    os.kill(pids[0], signal.SIGKILL)
    network.reap(pids[1:])
    assert network.wait_gone(pids[1:], timeout=15)


def test_without_checks_there_is_no_checker(make_cluster):
    cluster = make_cluster(1).start()
    cluster.wait_holder("n1")
    assert checker_pid(cluster["n1"]) is None
    assert len(cluster["n1"].pids()) == 3  # keeper, engine, steward


def test_the_engine_links_nothing_that_a_check_needs():
    linked = network.netns.run("ldd", str(paths.BUILD / "libexec/vipgossip-engine"))
    assert "libuv" in linked
    for library in ("curl", "jansson", "confuse", "libnl"):
        assert library not in linked
