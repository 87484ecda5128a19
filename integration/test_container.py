# SPDX-License-Identifier: MIT
"""The image of scripts/container in real Docker engines: built, and run as README.md, compose.yml
and stack.yml say. Run by `scripts/test --long container`."""
import os
import re
import shutil
import subprocess
import time

import pytest

from lab import cluster as lab_cluster
from lab import engine as lab_engine
from lab import paths, roots

pytestmark = pytest.mark.docker
SCRIPTS = paths.ROOT / "scripts" / "container"
IMAGE = "vipgossip"
VIP = "192.168.4.3"
ADDRESSES = {"n1": "192.168.4.1", "n2": "192.168.4.2", "n3": "192.168.4.5"}
PEERS = "192.168.4.1=200,192.168.4.2=100,192.168.4.5=50"
# kernel_lease of 2 s, which the kernel counts in whole seconds, and a busy machine.
DUAL_MS = 3500
IN_ORDER_MS = 100
PATIENCE = 60
KEY_PATH = "/etc/vipgossip/cluster.key"
# What the packages are that the image is made of, where no registry is within reach.
RUN = ["systemd", "systemd-sysv", "dbus", "libpam-systemd"]


class Lab:
    """Three hosts, each with an engine that has the image, and no container yet."""

    def __init__(self, cluster, engines, directory):
        self.cluster = cluster
        self.engines = engines
        self.directory = directory
        self.key = directory / "cluster.key"
        self.key.touch(0o600)
        self.key.write_text(cluster.key)
        self.since_ns = 0

    def run(self, name, *changes):
        """The line of the README, for three nodes."""
        words = ["run", "-d", "--name", "vipgossip", "--restart=always", "--net=host",
                 "--cap-drop=ALL", "--cap-add=NET_ADMIN", "--cap-add=NET_RAW", "--read-only",
                 "--tmpfs", "/run/vipgossip", "-v", "vipgossip:/var/lib/vipgossip",
                 "-e", f"VIPGOSSIP_PEERS={PEERS}", "-e", f"VIPGOSSIP_VIRTUAL_IPS={VIP}",
                 "-e", f"VIPGOSSIP_KEY={self.cluster.key.strip()}", *changes, IMAGE]
        self.engines[name].docker(*words)

    def docker(self, name, *words, **options):
        return self.engines[name].docker(*words, **options)

    def tool(self, name, *words):
        return self.docker(name, "exec", "vipgossip", "vipgossip", *words, check=False)

    def wait_holder(self, name):
        self.cluster.wait_holder(name, VIP, seconds=PATIENCE)

    def wait_status(self, name, code):
        """Until `vipgossip status` there exits with that code."""
        done = None
        deadline = time.monotonic() + PATIENCE
        while done is None or done.returncode != code:
            assert done is None or time.monotonic() < deadline, done.stdout + done.stderr
            done = self.tool(name, "status")

    def dual_ms(self):
        """How long two nodes had the VIP in this test, in all; also for who reads along."""
        result = self.cluster.dual_ms(VIP, self.since_ns)
        print(f"two holders for {result:.0f} ms, nobody for at most "
              f"{self.cluster.max_gap_ms(VIP, self.since_ns):.0f} ms")
        return result

    def wait_settled(self):
        """n1 holds, and all is well; what happens from now on counts."""
        self.wait_holder("n1")
        for name in self.engines:
            self.wait_status(name, 0)
        self.since_ns = time.monotonic_ns()

    def clear(self):
        for one in self.engines.values():
            one.docker("rm", "-f", "vipgossip", check=False)
            one.docker("volume", "rm", "vipgossip", check=False)
        self.wait_holder(None)
        self.since_ns = time.monotonic_ns()


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    for reason in (lab_engine.probe(), roots.missing()):
        if reason:
            pytest.skip(reason)
    run_root = roots.debian([*RUN, *roots.group("run")])
    build_root = roots.debian(roots.group("build"))
    cluster = lab_cluster.Cluster(3)
    engines = {name: lab_engine.Engine(cluster.net.hosts[name]) for name in cluster.nodes}
    try:
        for name, one in engines.items():
            cluster.net.hosts[name].add_address(f"{ADDRESSES[name]}/24")
            one.start()
        first = engines["n1"]
        first.import_root(run_root, "debian:bookworm-slim")
        first.import_root(build_root, "with-what-it-is-built-of")
        first.docker("build", "-t", IMAGE, "-f", SCRIPTS / "Dockerfile", "--build-arg",
                     "BUILD_BASE=with-what-it-is-built-of", paths.ROOT, seconds=900)
        for name in ("n2", "n3"):
            first.give(IMAGE, engines[name])
        yield Lab(cluster, engines, tmp_path_factory.mktemp("container"))
    finally:
        for one in engines.values():
            one.close()
        cluster.close()


@pytest.fixture
def empty(lab):
    lab.clear()
    yield lab
    lab.clear()


@pytest.fixture
def three(empty):
    """A container on each node; n1 holds."""
    for name in empty.engines:
        empty.run(name)
    empty.wait_settled()
    return empty


def readme_line():
    """From `docker run -d --name vipgossip` to the end of the command."""
    text = (paths.ROOT / "README.md").read_text()
    return re.search(r"^docker run -d --name vipgossip (.*\\\n)*.*$", text, re.M).group(0)


def test_the_line_of_the_readme_works_as_written_on_both_nodes(empty):
    line = readme_line()
    assert KEY_PATH in line
    for name in ("n1", "n2"):
        done = subprocess.run(
            ["bash", "-c", line.replace(KEY_PATH, str(empty.key))], capture_output=True, text=True,
            timeout=60, check=False, env={
                "DOCKER_HOST": f"unix://{empty.engines[name].socket}", "PATH": "/usr/bin:/bin"})
        assert done.returncode == 0, done.stderr
    empty.wait_holder("n1")
    for name in ("n1", "n2"):
        empty.wait_status(name, 0)
        health = lambda: empty.docker(name, "inspect", "-f", "{{.State.Health.Status}}",  # noqa
                                      "vipgossip").stdout.strip() == "healthy"
        empty.cluster.wait_until(health, f"{name} is healthy", seconds=PATIENCE)


def test_image_makes_a_key_and_has_no_default_one(empty):
    key = empty.docker("n1", "run", "--rm", IMAGE, "vipgossip", "keygen").stdout
    assert re.fullmatch(r"[A-Za-z0-9+/]{43}=\n", key)
    done = empty.docker("n1", "run", "--rm", "--net=host", "-e", f"VIPGOSSIP_PEERS={PEERS}",
                        "-e", f"VIPGOSSIP_VIRTUAL_IPS={VIP}", IMAGE, check=False)
    assert done.returncode == 2
    assert "VIPGOSSIP_KEY or VIPGOSSIP_KEY_FILE is needed" in done.stderr


def test_a_dead_node_makes_nobody_unhealthy(three):
    three.docker("n3", "pause", "vipgossip")
    three.wait_status("n1", 1)
    command = three.docker("n1", "inspect", "-f", "{{index .Config.Healthcheck.Test 3}}",
                           IMAGE).stdout.strip()
    assert three.docker("n1", "exec", "vipgossip", "sh", "-c", command).returncode == 0
    assert three.docker("n1", "run", "--rm", IMAGE, "sh", "-c", command,
                        check=False).returncode == 1


@pytest.mark.parametrize("how", (("stop",), ("kill",), ("rm", "-f"), ("pause",)))
def test_a_container_that_ends_or_stands_still_loses_the_vip(three, how):
    three.docker("n1", *how, "vipgossip")
    three.wait_holder("n2")
    assert three.dual_ms() < (IN_ORDER_MS if how == ("stop",) else DUAL_MS)
    if how == ("rm", "-f"):
        three.run("n1")
    else:
        three.docker("n1", "unpause" if how == ("pause",) else "start", "vipgossip")
    three.wait_holder("n1")
    assert three.dual_ms() < DUAL_MS


@pytest.mark.parametrize("how", ("kill", "pause"))
def test_in_mode_quorum_with_a_long_lease_there_are_never_two_holders(empty, how):
    for name in empty.engines:
        empty.run(name, "-e", "VIPGOSSIP_MODE=quorum", "-e", "VIPGOSSIP_INTERVAL=750ms")
    empty.wait_settled()
    empty.docker("n1", how, "vipgossip")
    empty.wait_holder("n2")
    empty.docker("n1", "unpause" if how == "pause" else "start", "vipgossip")
    empty.wait_holder("n1")
    assert empty.dual_ms() == 0


def test_an_engine_that_is_restarted_gives_the_vip_away_and_takes_it_back(three):
    three.engines["n1"].restart()
    three.wait_holder("n1")
    three.wait_status("n1", 0)
    assert three.dual_ms() < DUAL_MS


def test_an_engine_that_is_killed_leaves_one_holder_and_starts_the_container_anew(three):
    three.engines["n1"].kill()
    three.cluster.quiet(2, lambda: three.cluster.holders(VIP) == {"n1"})
    three.engines["n1"].start()
    three.wait_status("n1", 0)
    three.wait_holder("n1")
    assert three.dual_ms() < DUAL_MS


def test_a_drain_outlives_the_container(three):
    assert three.tool("n1", "drain", "--wait", "10s").returncode == 0
    three.wait_holder("n2")
    three.docker("n1", "rm", "-f", "vipgossip")
    three.run("n1")
    three.wait_status("n2", 0)
    three.cluster.quiet(2, lambda: three.cluster.holders(VIP) == {"n2"})
    assert three.tool("n1", "undrain").returncode == 0
    three.wait_holder("n1")


def test_the_check_of_the_engine_reaches_its_socket_from_inside(empty):
    empty.run("n1", "-v", f"{empty.engines['n1'].socket}:/var/run/docker.sock", "-e",
              "VIPGOSSIP_DOCKER=/var/run/docker.sock")
    empty.wait_holder("n1")
    empty.cluster.wait_until(
        lambda: "this node is in no swarm" in empty.tool("n1", "status").stdout,
        "the engine has answered the check", seconds=PATIENCE)


def test_compose_file_works_as_written(empty):
    if shutil.which("docker-compose") is None:
        pytest.skip("docker-compose is not installed")
    file = empty.directory / "compose.yml"
    shutil.copy(SCRIPTS / "compose.yml", file)
    shutil.copy(empty.key, empty.directory / "vipgossip.key")

    def compose(name, *words):
        subprocess.run(["docker-compose", "-f", file, *words], check=True, timeout=120, env={
            **os.environ, "DOCKER_HOST": f"unix://{empty.engines[name].socket}"},
            capture_output=True)

    try:
        for name in ("n1", "n2"):
            compose(name, "up", "-d", "--no-build")
        empty.wait_holder("n1")
        compose("n1", "down")
        empty.wait_holder("n2")
        assert empty.dual_ms() < IN_ORDER_MS
    finally:
        for name in ("n1", "n2"):
            compose(name, "down", "-v")


def test_stack_file_works_as_written(empty):
    engines = {name: empty.engines[name] for name in ("n1", "n2")}
    lab_engine.Swarm(engines, ["n2"])
    manager = engines["n2"]
    try:
        manager.docker("secret", "create", "vipgossip.key", "-", stdin=empty.cluster.key)
        manager.docker("stack", "deploy", "--resolve-image", "never", "-c", SCRIPTS / "stack.yml",
                       "vipgossip")
        empty.wait_holder("n1")
        task = engines["n1"].docker("ps", "-q").stdout.split()[0]
        # The task of the other node may start later than this one holds.
        empty.cluster.wait_until(
            lambda: engines["n1"].docker("exec", task, "vipgossip", "status",
                                         check=False).returncode == 0, "all is well", PATIENCE)
        engines["n1"].docker("kill", task)
        empty.wait_holder("n2")
        empty.wait_holder("n1")
        assert empty.dual_ms() < DUAL_MS
        empty.since_ns = time.monotonic_ns()
        manager.docker("service", "update", "--force", "--detach=false", "vipgossip_vipgossip",
                       seconds=180)
        empty.wait_holder("n1")
        assert empty.dual_ms() < IN_ORDER_MS
        manager.docker("node", "update", "--availability", "drain", "n1")
        empty.wait_holder("n2")
        assert empty.dual_ms() < IN_ORDER_MS
    finally:
        manager.docker("stack", "rm", "vipgossip", check=False)
        empty.wait_holder(None)
        for one in engines.values():
            one.docker("swarm", "leave", "--force", check=False)
