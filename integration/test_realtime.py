# SPDX-License-Identifier: MIT
"""realtime = true: who has to be in time comes before everybody else, where that is allowed."""
import os
import subprocess

import pytest

RR_ON_FORK = os.SCHED_RR | os.SCHED_RESET_ON_FORK
EXEC = {"mine": {"exec": ["/bin/sleep", "1"], "timeout": "2s"}}


def is_allowed():
    done = subprocess.run(["chrt", "-r", "3", "true"], capture_output=True, check=False)
    return done.returncode == 0


def policies(node):
    """Program to the policies of its processes; the keeper is the first."""
    found = {}
    for pid in node.pids():
        try:
            program = os.path.basename(os.readlink(f"/proc/{pid}/exe"))
            found.setdefault(program, []).append(os.sched_getscheduler(pid))
        except (FileNotFoundError, ProcessLookupError):
            continue  # a check that has ended
    return found


@pytest.mark.skipif(not is_allowed(), reason="no real-time priority here")
def test_keeper_and_engine_have_real_time_priority_and_nobody_else(make_cluster):
    cluster = make_cluster(2, realtime=True, check=EXEC)
    cluster.start()
    cluster.settle("n1")
    found = policies(cluster["n1"])
    keeper, *others = found.pop("vipgossipd")
    assert keeper == RR_ON_FORK
    assert found.pop("vipgossip-engine") == [RR_ON_FORK]
    others += [one for own in found.values() for one in own]
    assert len(others) >= 2 and set(others) == {os.SCHED_OTHER}
    keeper, engine = cluster["n1"].process.pid, cluster["n1"].engine_pid()
    assert os.sched_getparam(keeper).sched_priority > os.sched_getparam(engine).sched_priority
    assert "real-time priority" not in cluster["n1"].log_text()
    assert cluster["n1"].stop() == 0


def test_without_permission_it_warns_and_goes_on(make_cluster):
    """As a container without CAP_SYS_NICE."""
    cluster = make_cluster(2, realtime=True)
    plain = cluster["n1"].command
    cluster["n1"].command = lambda: ["prlimit", "--rtprio=0", "setpriv",
                                     "--bounding-set=-sys_nice", *plain()]
    cluster.start()
    cluster.settle("n1")
    assert policies(cluster["n1"])["vipgossip-engine"] == [os.SCHED_OTHER]
    text = cluster["n1"].log_text()
    assert text.count("realtime: the system gives no real-time priority") == 1
    assert "CAP_SYS_NICE" in text and "LimitRTPRIO" in text
    assert cluster["n1"].stop() == 0


def test_by_default_nobody_asks_for_it(make_cluster):
    cluster = make_cluster(1)
    cluster.start()
    cluster.settle("n1")
    assert {one for own in policies(cluster["n1"]).values() for one in own} == {os.SCHED_OTHER}
