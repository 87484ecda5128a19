# SPDX-License-Identifier: MIT
"""Where the key is, and where it is not: memory, logs, answers, core files."""
import base64
import binascii
import os
import pathlib
import sys

import pytest

from lab import daemon, memory, paths

sys.path.insert(0, str(paths.ROOT / "proto" / "reference"))
import keys as reference  # noqa: E402


pytestmark = pytest.mark.skipif(
    not paths.filtered(), reason="a sanitizer has terabytes of memory and locks none of it")


def forms(secret):
    """A secret as bytes and as people and programs write it; halves, too."""
    half = secret[:16]
    return {secret, half, secret[16:], base64.b64encode(secret), base64.b64encode(half)[:20],
            binascii.hexlify(half), binascii.hexlify(half).upper()}


class Secrets:
    """Every secret of node n1 of a cluster, by name."""

    def __init__(self, cluster):
        key = base64.b64decode(cluster.key)
        name = cluster.config["cluster"]
        seeds = {node: reference.node_seed(key, name, node) for node in cluster.nodes}
        public = reference.public_of_seed(seeds["n2"])
        self.key = key
        self.seed = seeds["n1"]
        self.pair = reference.pair_key(seeds["n1"], public)

    def all(self):
        return {"cluster key": self.key, "seed": self.seed, "pair key": self.pair}


@pytest.fixture
def verbose(make_cluster):
    """Two nodes that log everything."""
    cluster = make_cluster(2, log_level="debug")
    cluster.start()
    cluster.settle("n1")
    return cluster


def has(area, secret):
    return any(form in area.data for form in forms(secret))


def test_keeper_has_no_key_in_its_memory(verbose):
    areas = memory.areas(verbose["n1"].pids()[0])
    text = b"".join(area.data for area in areas)
    assert b"lab" in text and len(text) > 1_000_000  # that it was looked at
    for name, secret in Secrets(verbose).all().items():
        for form in forms(secret):
            assert form not in text, f"the keeper's memory has the {name}"


def test_engine_keeps_only_keys_that_it_uses_locked_and_out_of_core_files(verbose):
    secrets = Secrets(verbose)
    areas = memory.areas(verbose["n1"].engine_pid())
    assert not [area.name for area in areas if has(area, secrets.key)], "the cluster key"
    for secret in (secrets.seed, secrets.pair):
        found = [area for area in areas if has(area, secret)]
        assert found, "the keys that it uses are not where the test looks"
        for area in found:
            assert "lo" in area.flags, f"{area.name}: not locked in memory"
            assert "dd" in area.flags, f"{area.name}: would be in a core file"


def test_no_key_is_in_a_log_or_in_an_answer(verbose):
    node = verbose["n1"]
    told = [node.log_text(), node.tool("status", "--json").stdout, node.tool("status").stdout,
            node.tool("events", "--json").stdout, node.tool("events").stdout]
    assert all(told)
    for name, secret in Secrets(verbose).all().items():
        for form in forms(secret):
            for text in told:
                assert form not in text.encode(), name


def test_key_of_the_environment_is_wiped_from_it(make_cluster):
    cluster = make_cluster(2)
    start_without_a_file(cluster, "n1")
    cluster.wait_holder("n1")
    areas = [memory.areas(pid) for pid in cluster["n1"].pids()]
    assert len(areas) == 3
    for one in areas:
        for area in one:
            assert not has(area, base64.b64decode(cluster.key)), area.name
    for pid in cluster["n1"].pids():
        environment = pathlib.Path(f"/proc/{pid}/environ").read_bytes()
        assert cluster.key.strip().encode() not in environment


PRIVATE_RUN = "mkdir -p /run/vipgossip && mount -t tmpfs none /run/vipgossip && exec "


def start_without_a_file(cluster, name):
    """Everything is in the environment; the control socket is where nobody else's is."""
    node = cluster[name]
    node.command = lambda: ["unshare", "--mount", "sh", "-c", PRIVATE_RUN + str(paths.DAEMON)]
    peers = ",".join(f"{one.host.v4}={100 + number}"
                     for number, one in enumerate(cluster.nodes.values()))
    node.start(env={
        **os.environ, "VIPGOSSIP_PEERS": peers, "VIPGOSSIP_CLUSTER": "lab",
        "VIPGOSSIP_VIRTUAL_IPS": cluster.config["vip"]["web"]["address"][0],
        "VIPGOSSIP_KEY": cluster.key.strip(), "VIPGOSSIP_INTERVAL": "100ms"})


def test_neither_process_leaves_a_core_file_or_lets_others_look(verbose):
    for pid in verbose["n1"].pids():
        limits = pathlib.Path(f"/proc/{pid}/limits").read_text(encoding="ascii")
        line = next(line for line in limits.splitlines() if line.startswith("Max core file size"))
        assert line.split()[4:6] == ["0", "0"]
        # What is not dumpable belongs to root in /proc, whoever's process it is.
        assert os.stat(f"/proc/{pid}/mem").st_uid == 0


def test_without_the_right_to_lock_memory_the_daemon_says_so_and_runs(make_cluster):
    cluster = make_cluster(2)
    node = cluster["n1"]
    plain = daemon.Vipgossip.command(node)
    node.command = lambda: ["prlimit", "--memlock=0:0", "setpriv", "--bounding-set=-ipc_lock",
                            "--inh-caps=-ipc_lock", *plain]
    cluster.start()
    cluster.settle("n1")
    assert "cannot lock the keys in memory" in node.log_text()
