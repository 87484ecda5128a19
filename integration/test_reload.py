# SPDX-License-Identifier: MIT
"""vipgossip reload and SIGHUP: a running daemon takes another configuration, and nothing that did
not change is touched."""
import copy
import itertools
import os
import signal
import time

from lab import cluster as lab
from lab import paths

VIP = lab.VIP
OTHER = "10.77.0.101"
MORE = "10.77.0.102"


def removals(cluster, address=VIP):
    """How often any host gave the address up."""
    return sum(1 for event in cluster.watch.of(address) if not event.added)


def write(cluster, *names):
    for name in names or cluster.nodes:
        cluster[name].write_config(cluster.config)


def reload(cluster, *names):
    """In that order; the last answer."""
    for name in names or cluster.nodes:
        done = cluster[name].tool("reload")
        assert done.returncode == 0, done.stderr
    return done.stdout


def agree(cluster, seconds=10):
    def same():
        views = [cluster[name].status() for name in cluster.running()]
        return all(view and all(node["config"] != "differs" for node in view["nodes"])
                   for view in views)
    cluster.wait_until(same, "the configuration is the same everywhere", seconds)


def test_a_file_that_did_not_change_changes_nothing(three):
    before = removals(three)
    pids = three["n1"].pids()
    for _ in range(5):
        assert "no node, VIP or check came or went" in reload(three)
    assert removals(three) == before and three.holders() == {"n1"}
    assert three["n1"].pids() == pids
    assert three.watch.changes(VIP) == 1


def test_vips_come_and_go_beside_one_that_stays(three):
    three.config["vip"]["other"] = {"address": [OTHER], "node": {"n2": {"priority": 255}}}
    write(three)
    assert "1 VIP added" in reload(three)
    three.wait_holder("n2", OTHER)
    three.wait_agreed("n2", "other")
    agree(three)
    del three.config["vip"]["other"]
    write(three)
    assert "1 VIP removed" in reload(three)
    three.wait_holder(None, OTHER)
    agree(three)
    assert removals(three) == 0 and three.watch.changes(VIP) == 1
    assert three.dual_ms() == 0


def test_a_vip_that_goes_is_released_to_another_node_that_still_has_it(three):
    three.config["vip"]["other"] = {"address": [OTHER]}
    write(three)
    reload(three)
    three.wait_holder("n1", OTHER)
    del three.config["vip"]["other"]
    write(three, "n1")
    reload(three, "n1")
    three.wait_holder("n2", OTHER)
    assert three.watch.dual_ms(OTHER) == 0
    assert "differs" in [node["config"] for node in three["n2"].status()["nodes"]]
    write(three)
    reload(three)
    three.wait_holder(None, OTHER)
    assert removals(three) == 0


def test_addresses_of_a_vip_come_and_go_while_the_others_stay(three):
    three.config["vip"]["web"]["address"] = [OTHER, VIP, MORE]
    write(three)
    reload(three)
    for address in (OTHER, VIP, MORE):
        three.wait_holder("n1", address)
    three.config["vip"]["web"]["address"] = [MORE, VIP]
    write(three)
    assert "1 VIP with other addresses" in reload(three)
    three.wait_holder(None, OTHER)
    agree(three)
    assert removals(three) == removals(three, MORE) == 0
    assert three.holders() == three.holders(MORE) == {"n1"}
    assert three["n1"].stop() == 0
    for address in (VIP, MORE):
        three.wait_holder("n2", address)


def test_a_vip_follows_another_priority(three):
    three.config["node"]["n2"]["priority"] = 250
    write(three)
    reload(three)
    three.wait_agreed("n2")
    assert three.holders() == {"n2"} and three.dual_ms() == 0
    three.config["node"]["n2"]["priority"] = 10
    write(three)
    for name in three.nodes:
        three[name].process.send_signal(signal.SIGHUP)
    three.wait_agreed("n1")
    assert three.holders() == {"n1"} and three.dual_ms() == 0


def test_a_node_is_added_in_whatever_order_the_others_learn_of_it(make_cluster):
    for order in itertools.permutations(("n1", "n2", "n3")):
        cluster = make_cluster(4)
        whole = copy.deepcopy(cluster.config)
        fourth = cluster.config["node"].pop("n4")
        write(cluster)
        cluster.start("n1", "n2", "n3")
        cluster.settle("n1")
        cluster.config = whole
        write(cluster, order[0])
        reload(cluster, order[0])
        cluster["n4"].write_config(whole)
        cluster.start("n4")
        for name in order[1:]:
            write(cluster, name)
            reload(cluster, name)
        cluster.settle("n1")
        agree(cluster)
        assert cluster.watch.changes(VIP) == 1 and removals(cluster) == 0, fourth
        del cluster.config["node"]["n4"]
        assert cluster["n4"].stop() == 0
        write(cluster, *order)
        reload(cluster, *reversed(order))
        agree(cluster)
        assert removals(cluster) == 0


def test_in_every_order_of_the_nodes_a_vip_and_a_check_come_and_go_beside_what_stays(three):
    """test/unit/core_orders.c does the same with nodes, priorities and votes."""
    for order in itertools.permutations(three.nodes):
        three.config["vip"]["other"] = {"address": [OTHER]}
        three.config["check"] = {"up": {"exec": ["/bin/true"], "interval": "100ms"}}
        for name in order:
            write(three, name)
            reload(three, name)
        three.wait_holder("n1", OTHER)
        agree(three)
        del three.config["vip"]["other"]
        three.config["check"] = {}
        for name in order:
            write(three, name)
            reload(three, name)
        three.wait_holder(None, OTHER)
        agree(three)
        assert removals(three) == 0 and three.watch.changes(VIP) == 1, order
    assert three.dual_ms() == 0 and three.dual_ms(OTHER) == 0


def test_keys_are_rotated_in_three_steps_without_a_lost_heartbeat(three):
    former, new = three.key.strip(), lab.keygen().strip()
    before = {name: three[name].drops()["mac"] for name in three.nodes}
    for lines in ((former, new), (new, former), (new,)):
        for name in three.nodes:
            three[name].write_key("\n".join(lines) + "\n")
            reload(three, name)
    three.settle("n1")
    assert {name: three[name].drops()["mac"] for name in three.nodes} == before
    for name in three.nodes:
        assert three[name].status()["counters"]["deaths"] == 0
    assert removals(three) == 0 and three.watch.changes(VIP) == 1


def test_a_bad_file_changes_nothing_and_is_reported(three):
    good = three["n1"].file.read_text()
    three["n1"].file.write_text(good + "\nnonsense = 1\n")
    done = three["n1"].tool("reload")
    assert done.returncode == 1 and f"{three['n1'].file}:" in done.stderr
    status = three["n1"].tool("status")
    assert status.returncode == 1 and "the last reload of n1 failed" in status.stdout
    three["n1"].file.unlink()
    assert three["n1"].tool("reload").returncode == 1
    three["n1"].file.mkdir()
    assert three["n1"].tool("reload").returncode == 1
    three["n1"].file.rmdir()
    three["n1"].file.write_text(good)
    three["n1"].key.write_text("no key\n")
    assert three["n1"].tool("reload").returncode == 1
    three["n1"].write_key(three.key)
    assert "n1" in three["n1"].tool("status").stdout
    reload(three)
    assert three["n1"].tool("status").returncode == 0
    assert removals(three) == 0 and three.watch.changes(VIP) == 1


def test_what_a_running_daemon_keeps_is_refused_with_the_reason(three):
    for change, reason in ((("cluster", "else"), '"cluster" has changed'),
                           (("port", 7113), '"port" has changed'),
                           (("node", {"n2": three.config["node"]["n2"]}), "n1")):
        cluster = dict(three.config, **{change[0]: change[1]})
        three["n1"].write_config(cluster)
        done = three["n1"].tool("reload")
        assert done.returncode == 1 and reason in done.stderr, done.stderr
    three["n1"].write_config(three.config)
    reload(three, "n1")
    assert removals(three) == 0


def test_a_named_pipe_in_place_of_the_file_is_refused(three):
    three["n1"].file.unlink()
    os.mkfifo(three["n1"].file)
    done = three["n1"].tool("reload")
    assert done.returncode == 1 and "is not a regular file" in done.stderr
    three["n1"].file.unlink()
    write(three, "n1")
    reload(three, "n1")
    assert three.holders() == {"n1"} and removals(three) == 0


def test_checks_come_and_go_and_keep_what_they_know(make_cluster, tmp_path):
    cluster = make_cluster(2, check={"up": {"exec": ["/bin/true"], "interval": "100ms"}})
    cluster.start()
    cluster.settle("n1")
    flag = tmp_path / "flag"
    flag.touch()
    flag.chmod(0o644)
    tmp_path.chmod(0o755)
    cluster.config["check"]["flag"] = {"exec": ["/usr/bin/test", "-e", str(flag)],
                                       "interval": "100ms", "fall": 1, "rise": 1}
    settled_ns = time.monotonic_ns()
    before = removals(cluster)  # its own check may have let the other node be first
    write(cluster)
    reload(cluster)

    def states(name):
        return {check["name"]: check["ok"] for check in cluster[name].status()["checks"]}
    assert states("n1")["up"] is True
    cluster.wait_until(lambda: states("n1") == {"up": True, "flag": True}, "both have passed")
    assert removals(cluster) == before
    del cluster.config["check"]["flag"]
    cluster.config["check"]["gone"] = {"exec": ["/bin/false"], "interval": "100ms", "fall": 1}
    write(cluster, "n1")
    reload(cluster, "n1")
    cluster.wait_holder("n2")
    cluster.config["check"] = {}
    write(cluster, "n1")
    reload(cluster, "n1")
    cluster.wait_holder("n1")
    assert cluster["n1"].status()["checks"] == []
    assert cluster.watch.dual_ms(VIP, settled_ns) == 0


def test_a_check_that_runs_is_not_disturbed_by_a_reload(make_cluster, tmp_path):
    """It writes down each start and each end, and takes its time."""
    tmp_path.chmod(0o777)
    script = f"echo start.$$ >> {tmp_path}/log; sleep 2; echo end.$$ >> {tmp_path}/log"
    cluster = make_cluster(1, check={"slow": {"exec": ["/bin/sh", "-c", script], "rise": 1,
                                              "timeout": "20s", "interval": "1s"}})
    cluster.start()
    cluster.wait_holder("n1")

    def log():
        return (tmp_path / "log").read_text().split()

    def pids(what):
        return {one.split(".")[1] for one in log() if one.startswith(what)}
    cluster.wait_until(lambda: len(log()) == 3, "the second one has begun")
    cluster.config["check"]["slow"].update(fall=9, weight=-5)
    cluster.config["node"]["n1"]["priority"] = 77
    cluster.config["vip"]["other"] = {"address": [OTHER]}
    write(cluster)
    reload(cluster)  # that does not concern it
    cluster.wait_until(lambda: len(log()) == 5, "and the third one")
    assert [one.split(".")[0] for one in log()] == ["start", "end", "start", "end", "start"]
    assert cluster["n1"].status()["checks"][0]["ok"] is True
    cluster.config["check"]["other"] = {"exec": ["/bin/false"], "interval": "100ms"}
    begun = pids("start")
    write(cluster)
    reload(cluster)  # that does, but it may come to its end
    cluster.wait_until(lambda: begun <= pids("end"), "what ran has ended by itself")
    cluster.config["check"]["slow"]["exec"] = ["/bin/false"]
    write(cluster)
    reload(cluster)
    cluster.wait_until(lambda: cluster["n1"].status()["checks"][0]["detail"] == "exit code 1",
                       "the new one has run")


def test_the_environment_cannot_be_read_again(make_cluster):
    cluster = make_cluster(2)
    node = cluster["n1"]
    env = {"PATH": os.environ["PATH"], "VIPGOSSIP_KEY": cluster.key.strip(),
           "VIPGOSSIP_PEERS": ",".join(cluster.net.hosts[name].v4 for name in ("n1", "n2")),
           "VIPGOSSIP_VIRTUAL_IPS": VIP}
    node.command = lambda: [str(paths.DAEMON)]
    node.socket = "/run/vipgossip/control.sock"
    node.start(env=env)
    cluster.wait_holder("n1")
    node.process.send_signal(signal.SIGHUP)
    cluster.wait_until(lambda: "the configuration is the environment" in node.log_text(),
                       "it is refused")
    assert cluster.holders() == {"n1"} and removals(cluster) == 0


def test_reloads_in_a_row_under_load_touch_no_address(three):
    burners = []
    pid = os.fork()
    if pid == 0:
        while True:
            pass
    burners.append(pid)
    try:
        for turn in range(15):
            three.config["vip"].pop("other", None)
            if turn % 2 == 0:
                three.config["vip"]["other"] = {"address": [OTHER]}
            write(three)
            for name in three.nodes:
                three[name].process.send_signal(signal.SIGHUP)
            reload(three)
    finally:
        for pid in burners:
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
    three.wait_holder("n1", OTHER)
    assert three.holders() == {"n1"} and removals(three) == 0
    assert three.dual_ms() == 0
