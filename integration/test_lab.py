# SPDX-License-Identifier: MIT
"""The laboratory itself: an instrument that errs would make every other test worthless."""
import time

import pytest

from lab import client, network, watch

ADDRESS = "10.77.0.100"


@pytest.fixture
def lab():
    net = network.Network(2)
    try:
        yield net
    finally:
        net.close()


@pytest.fixture
def watched(lab):
    one = watch.Watch(lab)
    yield one
    one.close()


def add(lab, name, address=ADDRESS):
    lab.hosts[name].ns.ip(f"addr add {address}/32 dev eth0")


def remove(lab, name, address=ADDRESS):
    lab.hosts[name].ns.ip(f"addr del {address}/32 dev eth0")


def wait_holders(watched, names):
    deadline = time.monotonic() + 5
    while watched.holders(ADDRESS) != names:
        assert time.monotonic() < deadline, watched.holders(ADDRESS)
        watched.wait(0.05)


def reaches(lab, source, target):
    return "1 received" in lab.hosts[source].ns.run(
        "ping", "-c", "1", "-W", "1", lab.hosts[target].v4, check=False)


def test_watch_measures_two_holders_and_the_gap_between_holders(lab, watched):
    add(lab, "n1")
    add(lab, "n2")
    time.sleep(0.1)
    remove(lab, "n1")
    remove(lab, "n2")
    time.sleep(0.2)
    add(lab, "n1")
    wait_holders(watched, {"n1"})
    assert 90 < watched.dual_ms(ADDRESS) < 1000
    assert 190 < watched.max_gap_ms(ADDRESS) < 1500
    assert watched.changes(ADDRESS) == 3


def test_watch_sees_an_address_that_was_there_before_it(lab):
    add(lab, "n2")
    one = watch.Watch(lab)
    assert one.holders(ADDRESS) == {"n2"}
    one.close()


def test_cut_in_one_direction_lets_the_other_pass(lab):
    assert reaches(lab, "n1", "n2")
    lab.cut("n1", "n2")
    assert not reaches(lab, "n1", "n2")
    lab.heal()
    assert reaches(lab, "n1", "n2")
    lab.cut("n1", "n2", both=False)
    assert not reaches(lab, "n2", "n1")
    assert reaches(lab, "client", "n2")


def test_loss_drops_about_the_part_asked_for(lab):
    services = client.Services(lab)
    lab.loss(20)
    one = client.Client(lab, lab.hosts["n1"].v4)
    time.sleep(1)
    report = one.stop()
    services.close()
    # Question and answer both run the risk: 1 - 0.8 * 0.8 = 36 %.
    assert 0.2 < report.lost / report.sent < 0.5


@pytest.mark.parametrize("address", ["10.77.0.100", "fd77::100"])
def test_client_measures_an_outage_and_who_answers(lab, address):
    def nodad(name):
        return f"addr add {address} dev eth0" + (" nodad" if ":" in address else "")

    services = client.Services(lab)
    lab.hosts["n1"].ns.ip(nodad("n1"))
    one = client.Client(lab, address)
    time.sleep(0.5)
    lab.hosts["n1"].ns.ip(f"addr del {address} dev eth0")
    time.sleep(0.3)
    lab.hosts["n1"].ns.ip(nodad("n1"))
    time.sleep(0.5)
    report = one.stop()
    services.close()
    assert 250 < report.outage_ms < 2000
    assert report.answered_by() == ["n1"]
    assert report.lost <= report.sent // 2
