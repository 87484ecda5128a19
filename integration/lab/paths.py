# SPDX-License-Identifier: MIT
"""Where the tree and its build are. VG_BUILD names another build directory."""
import os
import pathlib

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("VG_BUILD", ROOT / "build")).resolve()
DAEMON = BUILD / "vipgossipd"
TOOL = BUILD / "vipgossip"


def tool(name):
    """An instrument of test/bench."""
    return str(BUILD / "test" / "bench" / name)
