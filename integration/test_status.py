# SPDX-License-Identifier: MIT
"""What the tool says: exit codes, JSON, events."""
import json
import re
import time

VIP = "10.77.0.100"
STATUS_KEYS = {"version", "cluster", "node", "status", "problems", "vips", "nodes", "checks",
               "counters"}
VIP_KEYS = {"name", "addresses", "interface", "mode", "state", "holder", "next", "since_ms",
            "reason", "in_kernel", "votes", "verified_by", "unverified_by", "conflict"}
NODE_KEYS = {"name", "self", "state", "addresses", "priority", "effective_priority", "healthy",
             "witness", "drained", "last_heard_ms", "rtt_us", "loss_percent", "path", "config",
             "elects"}


def test_status_of_a_whole_cluster_is_ok_and_exits_0(three):
    three.wait_stable()
    done = three["n1"].tool("status")
    assert done.returncode == 0, done.stdout
    assert "n1" in done.stdout and VIP in done.stdout
    assert "\x1b" not in done.stdout  # no colours into a pipe


def test_status_with_a_dead_node_is_a_warning_and_exits_1(three):
    three.net.isolate("n3")  # before: an engine whose keeper is killed first may say that it leaves
    three["n3"].kill()
    three.wait_alive("n1", "n3", state="dead")
    done = three["n1"].tool("status")
    assert done.returncode == 1
    assert "n3" in done.stdout


def test_status_of_a_node_that_left_is_ok_and_names_it(three):
    assert three["n3"].stop() == 0
    three.wait_alive("n1", "n3", state="left")
    three.wait_until(lambda: three["n1"].tool("status").returncode == 0, "status is OK")
    assert "left" in three["n1"].tool("status").stdout


def test_status_of_a_vip_without_a_holder_is_critical_and_exits_2(make_cluster):
    cluster = make_cluster(2, vip={"web": {"nodes": ["n2"]}})
    cluster.start("n1")
    cluster.wait_until(lambda: cluster["n1"].tool("status").returncode == 2, "status is CRITICAL")
    status = cluster["n1"].status()
    assert status["status"] == "critical"
    assert "web" in " ".join(status["problems"])


def test_status_without_a_daemon_is_unknown_and_exits_3(make_cluster):
    cluster = make_cluster(1)
    assert cluster["n1"].tool("status").returncode == 3
    assert cluster["n1"].tool("status", "--no-such-option").returncode == 3


def test_other_commands_without_a_daemon_exit_3_and_with_bad_usage_2(make_cluster):
    cluster = make_cluster(1)
    assert cluster["n1"].tool("events").returncode == 3
    assert cluster["n1"].tool("events", "--no-such-option").returncode == 2


def test_json_has_every_key_and_each_kind_of_value(three):
    three.wait_stable()
    status = three["n2"].status()
    assert status.keys() >= STATUS_KEYS
    assert status["node"] == "n2"
    assert status["cluster"] == "lab"
    assert status["status"] == "ok"
    assert status["problems"] == []
    vip, = status["vips"]
    assert vip.keys() >= VIP_KEYS
    assert vip["addresses"] == [f"{VIP}/32"]
    assert vip["interface"] == "eth0"
    assert (vip["mode"], vip["state"]) == ("available", "standby")
    assert (vip["holder"], vip["next"]) == ("n1", "n2")
    assert vip["in_kernel"] is False
    assert vip["votes"]["needed"] == 1
    assert [node["name"] for node in status["nodes"]] == ["n1", "n2", "n3"]
    for node in status["nodes"]:
        assert node.keys() >= NODE_KEYS
        assert node["elects"] == {"web": "n1"}
        if node["self"]:
            assert node["last_heard_ms"] is node["rtt_us"] is node["path"] is None
        else:
            assert node["path"] == "direct"
            assert node["last_heard_ms"] >= 0


def test_holder_says_that_the_kernel_confirmed(three):
    vip = three["n1"].vip()
    assert vip["state"] == "holding"
    assert vip["in_kernel"] is True


def test_since_ms_is_an_age_that_grows(two):
    first = two["n1"].vip()["since_ms"]
    time.sleep(0.2)  # an age is what is measured
    assert 100 <= two["n1"].vip()["since_ms"] - first < 10000


def test_every_change_of_holder_has_a_reason(three):
    assert three["n1"].stop() == 0
    three.wait_holder("n2")
    three.wait_agreed("n2")
    lines = three["n3"].tool("events", "--json").stdout.splitlines()
    events = [json.loads(line) for line in lines]
    assert events
    for event in events:
        assert event.keys() >= {"time", "vip", "from", "to", "reason"}
        assert re.match(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d", event["time"])
        assert event["reason"]
    assert any("n2" in json.dumps(event) for event in events)


def test_events_for_people_name_vip_and_node(two):
    done = two["n1"].tool("events")
    assert done.returncode == 0
    assert "web" in done.stdout


SAMPLE = re.compile(r'vipgossip_[a-z_]+(\{[a-z_]+="[^"]*"(,[a-z_]+="[^"]*")*\})? -?[0-9.e+-]+')


def test_metrics_are_lines_of_openmetrics_and_agree_with_the_status(three):
    three.settle("n1")
    done = three["n2"].tool("metrics")
    assert done.returncode == 0
    *lines, end = done.stdout.splitlines()
    assert end == "# EOF"
    for line in lines:
        assert line.startswith(("# TYPE vipgossip_", "# HELP vipgossip_")) or SAMPLE.fullmatch(line)
    assert 'vipgossip_vip_holder{vip="web",node="n1"} 1' in lines
    assert 'vipgossip_node_state{node="n3",vipgossip_node_state="alive"} 1' in lines
    assert "vipgossip_status 0" in lines
    three["n2"].stop()
    done = three["n2"].tool("metrics")
    assert done.returncode == 3 and done.stdout == ""
