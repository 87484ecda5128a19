# SPDX-License-Identifier: MIT
"""What the managers of a Docker Swarm say of its nodes, with engines that are none: n1, which is
preferred, is a worker; n2 and n3 are managers. scripts/long/docker does it with real engines."""
import json

import pytest

from lab import answering

FAST = {"interval": "100ms", "timeout": "400ms", "rise": 1, "fall": 1}
ROLES = {"n1": "worker", "n2": "manager", "n3": "manager"}


@pytest.fixture
def swarm(make_cluster):
    """A cluster, and its engines by name."""
    cluster = make_cluster(3)
    engines = {}
    for name, node in cluster.nodes.items():
        path = node.directory / "docker.sock"
        node.write_config({**cluster.config, "check": {"docker": {**FAST, "docker": str(path)}}})
        engines[name] = answering.Answering(
            path, answering.docker(role=ROLES[name], api="1.41", name=name))
    cluster.start()
    cluster.settle("n1")
    yield cluster, engines
    for engine in engines.values():
        engine.close()


def say(engine, index, **availability):
    engine.answers["/nodes"] = answering.swarm_nodes(index, **availability)


def is_drained(cluster, name, seen_by="n1"):
    return cluster[seen_by].sees(name)["availability"] == "drain"


def test_a_worker_that_is_drained_serves_last_until_it_is_active_again(swarm):
    cluster, engines = swarm
    say(engines["n2"], 7, n1="drain", n2="active")
    cluster.wait_holder("n2")
    cluster.wait_agreed("n2")
    assert cluster.dual_ms() < 50
    for name in ("n1", "n3"):
        done = cluster[name].tool("status")
        assert done.returncode == 0, done.stdout
        assert "n1 drained in the swarm" in done.stdout
        assert ("Note: n1 is drained in the swarm, says n2: docker node update --availability "
                "active n1") in done.stdout
    events = [json.loads(line) for line in
              cluster["n1"].tool("events", "--json").stdout.splitlines()]
    assert [(one["from"], one["to"], one["node"]) for one in events if one["kind"] == "swarm"] == [
        ("active", "drain", "n2")]
    say(engines["n3"], 9, n1="active")
    cluster.wait_holder("n1")
    assert not is_drained(cluster, "n1")


def test_a_manager_that_is_drained_sees_it_itself(swarm):
    cluster, engines = swarm
    say(engines["n2"], 7, n1="drain", n2="drain")
    cluster.wait_holder("n3")


def test_a_paused_node_comes_after_the_active_ones(swarm):
    cluster, engines = swarm
    say(engines["n3"], 7, n1="pause")
    cluster.wait_holder("n2")
    cluster.wait_until(lambda: cluster["n3"].sees("n1")["effective_priority"] == {"web": 1},
                       "n3 knows")
    cluster.wait_until(lambda: "n1 is paused in the swarm, says n3"
                       in cluster["n2"].tool("status").stdout, "n2 says so")
    cluster["n2"].kill()
    cluster["n3"].kill()
    cluster.wait_holder("n1", seconds=20)


def test_a_manager_that_knows_nothing_changes_nothing(swarm):
    cluster, engines = swarm
    for name in ("n2", "n3"):
        engines[name].answers["/nodes"] = (500, {}, b"")
    cluster.quiet(1, lambda: cluster.holders() == {"n1"})
    say(engines["n2"], 7, n1="drain")
    cluster.wait_holder("n2")
    engines["n2"].answers["/nodes"] = (500, {}, b"")
    cluster.quiet(1, lambda: cluster.holders() == {"n2"})
    assert is_drained(cluster, "n1", seen_by="n3")
    assert "as a manager said last" in cluster["n3"].tool("status").stdout
    assert cluster["n2"].status()["checks"][0]["ok"] is True


def test_without_quorum_the_list_of_nodes_is_not_believed(swarm):
    cluster, engines = swarm
    lost = answering.docker(role="manager", api="1.41", name="n2", error="no leader")
    engines["n2"].answers["/info"] = lost["/info"]
    cluster.wait_until(lambda: "no leader" in cluster["n2"].status()["checks"][0]["detail"],
                       "n2 has lost the quorum")
    say(engines["n2"], 99, n1="drain")
    cluster.quiet(1, lambda: cluster.holders() == {"n1"})
