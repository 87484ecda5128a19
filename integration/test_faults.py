# SPDX-License-Identifier: MIT
"""Random faults against real daemons, for long runs: scripts/test --long faults."""
import os
import random
import time

import pytest

VIP = "10.77.0.100"
STEPS = 25
PAUSE_SECONDS = (0.05, 1.5)
CONVERGE_SECONDS = 20


def fault(cluster, generator):
    """One fault; a sentence that says which."""
    names = sorted(cluster.nodes)
    a, b = generator.sample(names, 2)
    kind = generator.choice(["cut", "one-way cut", "isolate", "loss", "stop", "kill", "heal",
                             "heal", "restart"])
    if kind == "cut":
        cluster.net.cut(a, b)
    elif kind == "one-way cut":
        cluster.net.cut(a, b, both=False)
    elif kind == "isolate":
        cluster.net.isolate(a)
    elif kind == "loss":
        cluster.net.loss(generator.choice([10, 20, 40]))
    elif kind == "stop" and cluster[a].pids():
        assert cluster[a].stop() == 0
    elif kind == "kill":
        cluster[a].close()
    elif kind == "heal":
        cluster.net.heal()
    elif kind == "restart" and not cluster[a].pids():
        cluster[a].start()
    return f"{kind} {a} {b}"


@pytest.mark.long
@pytest.mark.parametrize("nodes", [2, 3, 5])
def test_whatever_happened_the_best_node_holds_alone_once_faults_are_healed(make_cluster, nodes):
    seed = int.from_bytes(os.urandom(4), "big")
    generator = random.Random(seed)
    cluster = make_cluster(nodes)
    cluster.start()
    cluster.settle("n1")
    story = [f"seed {seed}"]
    for _ in range(STEPS):
        story.append(fault(cluster, generator))
        time.sleep(generator.uniform(*PAUSE_SECONDS))
    cluster.net.heal()
    for name, node in cluster.nodes.items():
        if not node.pids():
            story.append(f"start {name}")
            node.start()
    print("\n".join(story))
    cluster.settle("n1", seconds=CONVERGE_SECONDS)


@pytest.mark.long
@pytest.mark.parametrize("percent", [20, 30])
def test_loss_for_a_minute_moves_nothing(make_cluster, percent):
    cluster = make_cluster(3)
    cluster.start()
    cluster.settle("n1")
    cluster.net.loss(percent)
    cluster.quiet(60, lambda: len(cluster.holders()) == 1)
    assert cluster.changes() == 1
