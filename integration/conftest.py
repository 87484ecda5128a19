# SPDX-License-Identifier: MIT
"""Fixtures of the integration tests. `make_cluster` is the one that nearly every test asks for."""
import os
import pathlib
import signal
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).parent))

from lab import cluster as lab_cluster  # noqa: E402
from lab import netns, paths  # noqa: E402

TEST_SECONDS = 90
# What VG_MINUTES asks for, and room for what comes before and after.
LONG_TEST_SECONDS = 60 * int(os.environ.get("VG_MINUTES", "10")) + 1200


def pytest_collection_modifyitems(config, items):
    """Tests marked long or docker run only when asked for by -m."""
    if config.getoption("-m"):
        return
    chosen = [item for item in items if not {"long", "docker"} & set(item.keywords)]
    config.hook.pytest_deselected(items=[item for item in items if item not in chosen])
    items[:] = chosen


def pytest_sessionstart(session):
    """Without the programs every test would wait for its time limit."""
    if paths.missing() and not session.config.getoption("--collect-only"):
        pytest.exit(f"not built: {' '.join(paths.missing())}", returncode=1)


def stop_on_signal(number, _frame):
    """SIGTERM ends the run as Ctrl-C does: with all fixtures torn down."""
    raise KeyboardInterrupt(f"signal {number}")


@pytest.fixture(scope="session", autouse=True)
def clean_machine():
    signal.signal(signal.SIGTERM, stop_on_signal)
    netns.sweep()
    yield


@pytest.fixture(autouse=True)
def time_limit(request):
    """No test may hang: it fails where it stands."""
    is_long = "long" in request.keywords or "docker" in request.keywords
    seconds = LONG_TEST_SECONDS if is_long else TEST_SECONDS

    def expire(_number, _frame):
        raise TimeoutError(f"test took more than {seconds} s")

    signal.signal(signal.SIGALRM, expire)
    signal.alarm(seconds)
    yield
    signal.alarm(0)


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    """Leaves word for the fixtures whether the test itself failed."""
    outcome = yield
    if call.when == "call":
        item.has_failed = outcome.get_result().failed


@pytest.fixture
def make_cluster(request):
    """Makes clusters (see lab.cluster.Cluster), and takes each away at the end of the test. The
    logs of a failed test are printed before they go."""
    made = []

    def make(*arguments, **changes):
        made.append(lab_cluster.Cluster(*arguments, **changes))
        return made[-1]

    yield make
    for one in reversed(made):
        if getattr(request.node, "has_failed", False):
            print(one.report())
        one.close()


@pytest.fixture
def three(make_cluster):
    """n1 (200), n2 (150), n3 (100), running; n1 holds the VIP and all agree."""
    cluster = make_cluster(3)
    cluster.start()
    cluster.settle("n1")
    return cluster


@pytest.fixture
def two(make_cluster):
    """n1 (200) and n2 (150), running; n1 holds the VIP and both agree."""
    cluster = make_cluster(2)
    cluster.start()
    cluster.settle("n1")
    return cluster
