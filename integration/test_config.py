# SPDX-License-Identifier: MIT
"""Files that are wrong, files that differ, and no file at all."""
import os
import subprocess

import pytest

from lab import cluster as lab_cluster
from lab import daemon, network, paths

VIP = "10.77.0.100"

GOOD = """cluster = "lab"
key_file = "/nonexistent/cluster.key"
node "n1" { address = {"10.77.0.1"} priority = 200 }
node "n2" { address = {"10.77.0.2"} }
vip "web" { address = {"10.77.0.100"} }
"""

# What is wrong, the line that replaces or follows, the number of the line that is blamed.
BAD = [
    ("unknown key", GOOD + 'colour = "red"\n', 6),
    ("unknown key in a section", GOOD.replace("priority = 200", "weight = 200"), 3),
    ("address that is none", GOOD.replace("10.77.0.2", "10.77.0.256"), 4),
    ("vip address that is none", GOOD.replace("10.77.0.100", "web.example"), 5),
    ("duplicate node", GOOD.replace('node "n2"', 'node "n1"'), 4),
    ("two nodes with one address", GOOD.replace("10.77.0.2", "10.77.0.1"), 4),
    ("priority out of range", GOOD.replace("priority = 200", "priority = 256"), 3),
    ("priority 0", GOOD.replace("priority = 200", "priority = 0"), 3),
    ("duration without a unit", GOOD + 'interval = "100"\n', 6),
    ("duration out of range", GOOD + 'interval = "1ms"\n', 6),
    ("duration with a blank", GOOD + 'interval = "100 ms"\n', 6),
    ("number with a leading 0", GOOD + "port = 07112\n", 6),
    ("scalar given twice", GOOD + 'cluster = "other"\n', 6),
    ("check of nothing", GOOD + 'check "docker" { rise = 2 }\n', 6),
    ("check of two things", GOOD + 'check "x" {\n tcp = "a:1"\n interface = "eth0"\n}\n', 8),
    ("hook without a path", GOOD + 'hook = "logger"\n', 6),
    ("a lease of less than three intervals in mode quorum",
     GOOD.replace('address = {"10.77.0.100"}',
                  'address = {"10.77.0.100"} mode = "quorum" lease = "500ms"'), 5),
]


@pytest.mark.parametrize("what,text,line", BAD, ids=[bad[0] for bad in BAD])
@pytest.mark.parametrize("option", [["-t"], []], ids=["test", "start"])
def test_bad_configuration_exits_2_and_names_file_and_line(tmp_path, what, text, line, option):
    path = tmp_path / "vipgossip.conf"
    path.write_text(text)
    done = subprocess.run([paths.DAEMON, *option, "-c", path], capture_output=True, text=True,
                          timeout=10, check=False)
    assert done.returncode == 2, what
    assert f"{path}:{line}: " in done.stderr


@pytest.mark.parametrize("text", [GOOD.rstrip().removesuffix("}"), "", "node {", "\0\xff\xfe"],
                         ids=["missing brace", "empty", "no title", "no text at all"])
def test_broken_file_exits_2(tmp_path, text):
    path = tmp_path / "vipgossip.conf"
    path.write_text(text, encoding="latin-1")
    done = subprocess.run([paths.DAEMON, "-t", "-c", path], capture_output=True, text=True,
                          timeout=10, check=False)
    assert done.returncode == 2
    assert str(path) in done.stderr


@pytest.mark.parametrize("path", ["/tmp", "/nonexistent/vipgossip.conf"])
def test_directory_or_missing_file_exits_2(path):
    done = subprocess.run([paths.DAEMON, "-t", "-c", path], capture_output=True, text=True,
                          timeout=10, check=False)
    assert done.returncode == 2
    assert path in done.stderr


def test_good_file_passes_the_test_without_key_or_local_address(tmp_path):
    path = tmp_path / "vipgossip.conf"
    path.write_text(GOOD)
    done = subprocess.run([paths.DAEMON, "-t", "-c", path], capture_output=True, text=True,
                          timeout=10, check=False)
    assert done.returncode == 0, done.stderr


def test_usage_error_exits_2():
    assert subprocess.run([paths.DAEMON, "--no-such-option"], capture_output=True, timeout=10,
                          check=False).returncode == 2


def test_start_on_a_host_with_no_nodes_address_names_both_lists(make_cluster):
    cluster = make_cluster(2)
    stranger = cluster.add_node("stranger", cluster.net.hosts[network.CLIENT])
    stranger.start()
    assert stranger.wait_exit() == 2
    assert "10.77.0.1" in stranger.log_text()
    assert stranger.host.v4 in stranger.log_text()


def test_different_files_still_make_one_holder_each_and_status_warns(make_cluster):
    cluster = make_cluster(2)
    more = {"extra": {"address": ["10.77.0.101"]}}
    cluster["n2"].write_config({**cluster.config, "vip": {**cluster.config["vip"], **more}})
    cluster.start()
    cluster.settle("n1")
    cluster.wait_holder("n2", "10.77.0.101")
    cluster.wait_until(lambda: cluster["n1"].sees("n2")["config"] == "differs",
                       "n1 says that n2's configuration differs")
    assert cluster["n2"].sees("n1")["config"] == "differs"
    assert cluster["n1"].tool("status").returncode == 1
    assert cluster.dual_ms() < 5


def test_same_files_are_the_same(two):
    assert two["n1"].sees("n2")["config"] == "same"
    assert two["n2"].sees("n1")["config"] == "same"


class Environment(daemon.Daemon):
    """vipgossipd as in a container: no file, and a /run of its own."""

    def __init__(self, host, directory, **variables):
        super().__init__(host, directory)
        self.environment = {"PATH": os.environ["PATH"],
                            **{f"VIPGOSSIP_{key}": text for key, text in variables.items()}}

    def command(self):
        return ["unshare", "--mount", "sh", "-c",
                f"mount -t tmpfs tmpfs /run && exec {paths.DAEMON}"]

    def status(self):
        done = subprocess.run(
            ["nsenter", f"--mount=/proc/{self.process.pid}/ns/mnt", paths.TOOL, "status"],
            capture_output=True, text=True, timeout=10, check=False)
        return done.returncode, done.stdout


def environment_node(cluster, name, **variables):
    key = {} if "KEY" in variables else {"KEY": cluster.key.strip()}
    node = Environment(cluster.net.hosts[name], cluster.directory / f"env-{name}",
                       PEERS="10.77.0.1=200,10.77.0.2=100", VIRTUAL_IPS=VIP, INTERVAL="100ms",
                       **key, **variables)
    cluster.closers.append(node.close)
    node.start(env=node.environment)
    return node


def test_environment_alone_makes_a_cluster(make_cluster):
    cluster = make_cluster(2)
    first = environment_node(cluster, "n1")
    environment_node(cluster, "n2")
    cluster.wait_holder("n1")
    cluster.wait_until(lambda: first.status()[0] == 0, "status is OK in the container")
    assert first.stop() == 0
    cluster.wait_holder("n2")


def test_environment_priority_overrides_that_of_the_list(make_cluster):
    cluster = make_cluster(2)
    environment_node(cluster, "n1")
    environment_node(cluster, "n2", PRIORITY="250")
    cluster.wait_holder("n2")


@pytest.mark.parametrize("variables", [
    {"PEERS": "10.77.0.1", "VIRTUAL_IPS": VIP},
    {"PEERS": "10.77.0.1", "VIRTUAL_IPS": VIP, "KEY": ""},
    {"PEERS": "10.77.0.1", "VIRTUAL_IPS": VIP, "KEY": "short"},
    {"PEERS": "10.77.0.1", "KEY": lab_cluster.KEY_EXAMPLE},
    {"PEERS": "10.77.0.1=300", "VIRTUAL_IPS": VIP, "KEY": lab_cluster.KEY_EXAMPLE},
    {"PEERS": "10.77.0.1", "VIRTUAL_IPS": VIP, "KEY": lab_cluster.KEY_EXAMPLE, "COLOUR": "red"},
], ids=["no key", "empty key", "short key", "no virtual ip", "priority 300", "unknown name"])
def test_bad_environment_exits_2_and_names_the_variable(make_cluster, variables):
    cluster = make_cluster(1)
    node = Environment(cluster.net.hosts["n1"], cluster.directory / "env", **variables)
    cluster.closers.append(node.close)
    node.start(env=node.environment)
    assert node.wait_exit() == 2
    assert "VIPGOSSIP_" in node.log_text()


def test_environment_together_with_a_file_exits_2(make_cluster):
    cluster = make_cluster(1)
    cluster["n1"].start(env={"PATH": os.environ["PATH"], "VIPGOSSIP_PEERS": "10.77.0.1"})
    assert cluster["n1"].wait_exit() == 2
