# SPDX-License-Identifier: MIT
"""The threat model of the keeper: an engine that does whatever it likes (lab/evil_engine.py, in the
place of the real one). At worst it holds or releases the configured addresses on the configured
interfaces; see docs/SECURITY.md."""
import json
import os
import pathlib
import shutil

import pytest

from lab import memory, network, paths

VIP = "10.77.0.100"
EVIL = pathlib.Path(__file__).parent / "lab" / "evil_engine.py"


class Host:
    """n1 with an evil engine, alone."""

    def __init__(self, make_cluster):
        self.cluster = make_cluster(2)
        self.node = self.cluster["n1"]
        self.programs = self.cluster.directory / "programs"
        (self.programs / "libexec").mkdir(parents=True)
        shutil.copy(paths.DAEMON, self.programs)
        self.engine = self.programs / "libexec" / "vipgossip-engine"
        shutil.copy(EVIL, self.engine)
        arguments = self.node.command()[1:]
        self.node.command = lambda: [str(self.programs / "vipgossipd"), *arguments]
        self.before = self.state()

    def start(self, deed):
        self.engine.with_suffix(".deed").write_text(deed)
        self.node.start()
        return self

    def state(self):
        """Everything of this host that a network program can change, but its VIP."""
        run = self.node.host.ns.run
        found = {}
        for kind in ("link", "addr", "route", "rule"):
            for family in ("-4", "-6"):
                items = json.loads(run("ip", "-j", family, kind) or "[]")
                for item in items:
                    for info in item.get("addr_info", []):
                        for volatile in ("valid_life_time", "preferred_life_time"):
                            info.pop(volatile, None)
                    item["addr_info"] = [info for info in item.get("addr_info", [])
                                         if info["local"] != VIP]
                found[kind + family] = items
        found["nft"] = run("nft", "list", "ruleset")
        return found

    def assert_untouched(self):
        assert self.state() == self.before

    def assert_ended(self, why):
        """The keeper has ended it, said why, and left nothing."""
        assert self.node.wait_exit() == 1
        assert why in self.node.log_text()
        self.cluster.wait_holder(None)
        self.assert_untouched()


@pytest.fixture
def host(make_cluster):
    return Host(make_cluster)


def test_worst_case_is_that_it_holds_the_configured_address(host):
    host.start("hold_for_ever")
    host.cluster.wait_holder("n1")
    host.cluster.quiet(3, lambda: host.cluster.holders() == {"n1"})
    host.assert_untouched()
    network.kill(host.node.pids()[1:])
    host.assert_ended("was killed by signal 9")


@pytest.mark.parametrize("deed", ("name_another_vip", "say_nonsense", "say_too_much",
                                  "will_to_nobody"))
def test_a_message_that_is_not_valid_ends_it_and_removes_the_address(host, deed):
    host.start(deed).assert_ended("sent a message that is not valid")


def test_a_flood_of_messages_neither_grows_the_keeper_nor_stops_it(host):
    host.start("flood")
    host.cluster.wait_holder("n1")
    keeper = host.node.pids()[0]
    before = int(memory.status(keeper)["VmRSS"].split()[0])
    host.cluster.quiet(2, lambda: host.cluster.holders() == {"n1"})
    assert int(memory.status(keeper)["VmRSS"].split()[0]) - before < 512  # KiB
    host.node.process.terminate()
    host.node.process.terminate()
    assert host.node.process.wait(20) in (0, 1)
    host.cluster.wait_holder(None)
    host.assert_untouched()


def test_death_by_the_sandbox_is_named_as_such(host):
    host.start("die_of_a_forbidden_call")
    host.assert_ended("killed by signal 31 (Bad system call): its own line in the log names")


def test_its_word_that_it_stopped_leaves_no_address_and_sends_no_will(host):
    host.start("say_that_it_stops")
    host.assert_ended("exited with code 3 after it had said that it stops")
    assert "told" not in host.node.log_text()


def test_it_gains_nothing_even_without_the_filter_of_system_calls(host):
    host.start("gain").assert_ended("exited with code 42")


def test_evil_engine_of_these_tests_has_what_the_real_one_has(host):
    """No filter, which is the engine's own doing; else the same: so the tests above mean more."""
    host.start("hold_for_ever")
    host.cluster.wait_holder("n1")
    pid = next(pid for pid in host.node.pids()[1:])
    status = memory.status(pid)
    assert int(status["CapEff"], 16) == int(status["CapBnd"], 16) == 0
    assert status["NoNewPrivs"] == "1"
    names = {os.readlink(f"/proc/{pid}/fd/{fd}").split(":")[0]
             for fd in os.listdir(f"/proc/{pid}/fd")}
    assert not [name for name in names if name.startswith(("/etc", "/run", "/var"))]
