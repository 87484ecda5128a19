# SPDX-License-Identifier: MIT
"""The ways in which the daemon is started, and what its two processes may do in each."""
import os
import pathlib
import shutil
import socket
import subprocess

import pytest

from lab import memory, paths

USER = 64112  # nobody's on any host
KILL, NET_ADMIN, NET_RAW = 1 << 5, 1 << 12, 1 << 13
NET = NET_ADMIN | NET_RAW
SETS = ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb")
TWO = "-all,+net_admin,+net_raw"

# A mount namespace of its own: what the script does there, nobody else sees.
PASSWD = """
cp /etc/passwd "$1/passwd" && echo "vipgossip:x:{user}:{user}::/:/usr/sbin/nologin" >>"$1/passwd" &&
mount --bind "$1/passwd" /etc/passwd && shift && exec "$@"
""".format(user=USER)
READ_ONLY = """
mkdir -p /run/vipgossip && mount -t tmpfs none /run/vipgossip &&
mount -o remount,bind,ro / && ! touch "$1/x" 2>/dev/null && shift && exec "$@"
"""


class Way:
    """A cluster of two in which n1 is started in this way, from copies of the programs that every
    user can reach."""

    def __init__(self, make_cluster, prefix=(), script=None, **changes):
        self.cluster = make_cluster(2, services=True, **changes)
        self.node = self.cluster["n1"]
        programs = self.cluster.directory / "programs"
        (programs / "libexec").mkdir(parents=True)
        shutil.copy(paths.DAEMON, programs)
        shutil.copy(paths.BUILD / "libexec" / "vipgossip-engine", programs / "libexec")
        self.cluster.directory.chmod(0o755)
        command = [*prefix, str(programs / "vipgossipd"), *self.node.command()[1:]]
        if script is not None:
            command = ["unshare", "--mount", "sh", "-c", script, "sh",
                       str(self.cluster.directory), *command]
        self.node.command = lambda: command

    def start(self, env=None):
        self.node.start(env=env)
        self.cluster.start("n2")
        self.cluster.settle("n1")
        return self

    def status(self):
        """/proc/PID/status of keeper and engine."""
        return memory.status(self.node.pids()[0]), memory.status(self.node.engine_pid())

    def assert_capabilities(self, keeper_has):
        keeper, engine = self.status()
        assert int(keeper["CapEff"], 16) == int(keeper["CapPrm"], 16) == keeper_has
        assert int(keeper["CapInh"], 16) & ~NET == 0
        assert int(keeper["CapAmb"], 16) == 0
        for name in ("CapInh", "CapPrm", "CapEff", "CapAmb"):
            assert int(engine[name], 16) == 0, name
        for status in (keeper, engine):
            assert status["NoNewPrivs"] == "1"
            assert status["Seccomp"] == ("2" if paths.filtered() else "0")

    def assert_users(self, keeper, engine):
        for status, user in zip(self.status(), (keeper, engine)):
            assert status["Uid"].split() == [str(user)] * 4
            assert status["Gid"].split() == [str(user)] * 4
            if user != 0:
                assert status["Groups"] in ("", str(user))

    def assert_bounds(self, keeper, engine):
        assert [int(status["CapBnd"], 16) for status in self.status()] == [keeper, engine]

    def assert_works(self):
        """The address answers, goes with a killed engine, and nothing is left at the end."""
        client = self.cluster.client()
        self.cluster.quiet(0.5, lambda: self.cluster.holders() == {"n1"})
        report = client.stop()
        assert report.answered_by() == ["n1"] and report.lost * 20 < report.sent
        os.kill(self.node.engine_pid(), 9)
        self.cluster.wait_holder("n2")
        assert self.node.wait_exit() == 1


def test_plain_root_leaves_two_capabilities_to_the_keeper_and_none_to_the_engine(make_cluster):
    way = Way(make_cluster).start()
    way.assert_users(0, 0)
    way.assert_capabilities(NET)
    way.assert_bounds(0, 0)
    way.assert_works()


def test_plain_root_runs_the_engine_as_its_own_user_where_there_is_one(make_cluster):
    way = Way(make_cluster, script=PASSWD).start()
    way.assert_users(0, USER)
    way.assert_capabilities(NET | KILL)
    way.assert_bounds(0, 0)
    way.assert_works()


def test_keeper_can_end_a_frozen_engine_of_another_user(make_cluster):
    way = Way(make_cluster, script=PASSWD).start()
    os.kill(way.node.engine_pid(), 19)
    way.cluster.wait_holder("n2")
    assert way.node.wait_exit() == 1


@pytest.fixture
def like_the_unit(make_cluster):
    """A user of its own with two ambient capabilities, as scripts/systemd/vipgossipd.service has
    it, and somebody who listens as systemd does."""
    prefix = ["setpriv", f"--reuid={USER}", f"--regid={USER}", "--clear-groups",
              f"--inh-caps={TWO}", f"--ambient-caps={TWO}", f"--bounding-set={TWO}",
              "--no-new-privs"]
    way = Way(make_cluster, prefix)
    for path in (way.node.directory, way.node.key):
        os.chown(path, USER, USER)
    way.notify = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    way.notify.bind(str(way.node.directory / "notify"))
    os.chown(way.node.directory / "notify", USER, USER)
    way.notify.settimeout(10)
    way.start(env={**os.environ, "NOTIFY_SOCKET": str(way.node.directory / "notify"),
                   "WATCHDOG_USEC": "400000"})
    yield way
    way.notify.close()


def test_user_of_the_unit_needs_two_ambient_capabilities_and_no_more(like_the_unit):
    like_the_unit.assert_users(USER, USER)
    like_the_unit.assert_capabilities(NET)
    like_the_unit.assert_bounds(NET, NET)
    like_the_unit.assert_works()


def test_systemd_hears_ready_and_the_watchdog_and_the_stop(like_the_unit):
    told = [like_the_unit.notify.recv(4096).decode() for _ in range(4)]
    assert told[0].startswith("READY=1\nSTATUS=node n1 ")
    assert told[1:] == ["WATCHDOG=1"] * 3
    assert like_the_unit.node.stop() == 0
    while not told[-1].startswith("STOPPING=1"):
        told.append(like_the_unit.notify.recv(4096).decode())
    assert not like_the_unit.node.socket.exists()


def test_container_with_two_capabilities_and_a_read_only_root(make_cluster):
    prefix = ["setpriv", f"--bounding-set={TWO}", "--inh-caps=-all"]
    way = Way(make_cluster, prefix, READ_ONLY)
    config = way.node.file.read_text().replace(str(way.node.socket), "/run/vipgossip/control.sock")
    way.node.file.write_text(config)
    way.node.start()
    way.node.socket = pathlib.Path(f"/proc/{way.node.process.pid}/root/run/vipgossip/control.sock")
    way.cluster.start("n2")
    way.cluster.settle("n1")
    way.assert_users(0, 0)
    way.assert_capabilities(NET)
    way.assert_bounds(NET, NET)
    way.assert_works()


@pytest.mark.parametrize("missing", ("net_admin", "net_raw"))
def test_a_missing_capability_is_named_with_the_remedy(make_cluster, missing):
    cluster = make_cluster(2)
    node = cluster["n1"]
    plain = node.command()
    node.command = lambda: ["setpriv", f"--bounding-set=-{missing}", "--inh-caps=-all", *plain]
    node.start()
    assert node.wait_exit() == 1
    log = node.log_text()
    assert f"CAP_{missing.upper()} is missing" in log and "--cap-add" in log


def test_engine_links_no_more_than_it_calls():
    needed = subprocess.run(["ldd", paths.BUILD / "libexec" / "vipgossip-engine"],
                            capture_output=True, text=True, check=True).stdout
    for library in ("libnl", "libconfuse", "libcurl", "libjansson", "libcap-ng"):
        assert library not in needed
