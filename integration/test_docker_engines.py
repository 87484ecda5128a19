# SPDX-License-Identifier: MIT
"""Real Docker engines in a real swarm of three: n1, which is preferred, is a worker; n2 and n3 are
the managers. Run by `scripts/test --long docker`."""
import signal

import pytest

from lab import cluster as lab_cluster
from lab import engine as lab_engine

pytestmark = pytest.mark.docker
CHECK = {"interval": "500ms", "timeout": "2s", "rise": 1, "fall": 2}
PATIENCE = 60


@pytest.fixture(scope="module")
def lab():
    """The cluster, and the swarm that its nodes are in. Each test leaves both as they were."""
    why_not = lab_engine.probe()
    if why_not:
        pytest.skip(why_not)
    cluster = lab_cluster.Cluster(3)
    engines = {name: lab_engine.Engine(cluster.net.hosts[name]) for name in cluster.nodes}
    try:
        try:
            for engine in engines.values():
                engine.start()
            swarm = lab_engine.Swarm(engines, ["n2", "n3"])
        except lab_engine.Unable as reason:
            pytest.skip(str(reason))
        for name, node in cluster.nodes.items():
            node.write_config({**cluster.config, "check": {
                "docker": {**CHECK, "docker": str(engines[name].socket)}}})
        cluster.start()
        cluster.wait_holder("n1", seconds=PATIENCE)
        yield cluster, swarm
    finally:
        for node in cluster.nodes.values():
            node.close()
        for engine in engines.values():
            engine.close()
        cluster.close()


def says(cluster, name, text):
    cluster.wait_until(lambda: text in cluster[name].tool("status").stdout,
                       f"status of {name} says: {text}", seconds=PATIENCE)


def knows(cluster, name):
    """The manager is sure who is drained."""
    def seen():
        status = cluster[name].status()
        return status and status["checks"][0]["detail"] == "swarm active, manager"
    cluster.wait_until(seen, f"{name} is a manager that knows", seconds=PATIENCE)


def test_a_drained_worker_gives_the_vip_away_and_takes_it_back(lab):
    cluster, swarm = lab
    knows(cluster, "n2")
    swarm.update("n1", "drain")
    cluster.wait_holder("n2", seconds=PATIENCE)
    for name in ("n1", "n2", "n3"):
        says(cluster, name, "n1 is drained in the swarm, says n")
    swarm.update("n1", "active", by="n3")
    cluster.wait_holder("n1", seconds=PATIENCE)


def test_a_drained_manager_gives_the_vip_away_as_well(lab):
    cluster, swarm = lab
    swarm.update("n1", "pause")
    cluster.wait_holder("n2", seconds=PATIENCE)
    says(cluster, "n1", "n1 is paused in the swarm, says n")
    swarm.update("n2", "drain")
    cluster.wait_holder("n3", seconds=PATIENCE)
    says(cluster, "n2", "n2 is drained in the swarm, says n")
    swarm.update("n2", "active")
    swarm.update("n1", "active")
    cluster.wait_holder("n1", seconds=PATIENCE)


def test_an_engine_that_stands_still_loses_the_vip(lab):
    cluster, swarm = lab
    swarm.engines["n1"].signal(signal.SIGSTOP)
    cluster.wait_holder("n2", seconds=PATIENCE)
    says(cluster, "n1", "the Docker engine does not answer within 2000 ms: it hangs")
    swarm.engines["n1"].signal(signal.SIGCONT)
    cluster.wait_holder("n1", seconds=PATIENCE)


def test_an_engine_that_is_killed_loses_the_vip(lab):
    cluster, swarm = lab
    swarm.engines["n1"].kill()
    cluster.wait_holder("n2", seconds=PATIENCE)
    says(cluster, "n1", "the Docker engine is down: its socket takes no connection")
    swarm.engines["n1"].start()
    cluster.wait_holder("n1", seconds=PATIENCE)


def test_managers_without_a_majority_change_nothing(lab):
    cluster, swarm = lab
    swarm.engines["n3"].kill()
    # The list of nodes is stale at first, and hangs later; this takes the swarm some 20 s.
    cluster.wait_until(lambda: cluster["n2"].status()["checks"][0]["detail"]
                       != "swarm active, manager", "n2 has lost the majority", seconds=PATIENCE)
    cluster.quiet(10, lambda: cluster.holders() == {"n1"})
    assert cluster["n2"].status()["checks"][0]["ok"] is True
    assert cluster["n1"].sees("n1")["availability"] == "active"
    swarm.engines["n3"].start()
    knows(cluster, "n2")
    assert cluster.holders() == {"n1"}
